"""The program: buffers, instructions, and the entries that run them. It knows nothing of graphs.

An entry (`step`, `value_and_gradient`, `forward`) runs in this order:

    prologue of phase 1, once         what depends on parameters alone
    block of phase 1, for each block  everything with the axis of examples; sums go to accumulators
    prologue and block of phase 2...  where a value needs a finished sum
    epilogue, once                    what remains: cost, gradients, the update of parameters
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

Axis = int | Literal["m"]
Shape = tuple[Axis, ...]

BufferKind = Literal["data", "state", "scalar", "constant", "temporary", "accumulator", "rows", "result", "view"]
ReduceKind = Literal["sum", "max"]
OperandKind = Literal["source", "step", "number"]


@dataclass(frozen=True, eq=False)
class Buffer:
    """An array that instructions read or write.

    Attributes:
        name: how the listing shows it.
        kind: `data` (rows of the batch), `state` (parameters, optimizer state), `scalar` (inputs of a step),
            `constant`, `temporary`, `accumulator` (sums over examples), `rows` (results by row), `result`
            (results of the epilogue) or `view` (another shape of the same memory).
        shape: whole numbers; "m" is the axis of examples.
        slot: temporaries with the same slot share memory, one after the other.
        base: for a view, the index of the buffer whose memory it shows.
        value: for a constant, its numbers.
    """

    name: str
    kind: BufferKind
    shape: Shape
    slot: int | None = None
    base: int | None = None
    value: NDArray[Any] | None = None


@dataclass(frozen=True)
class Matmul:
    """destination = a @ b (or += over blocks of examples), each operand transposed if said."""

    destination: int
    a: int
    b: int
    transpose_a: bool = False
    transpose_b: bool = False
    accumulate: bool = False


@dataclass(frozen=True)
class Operand:
    """What a step of a map reads: a source of the map, an earlier step, or a number."""

    kind: OperandKind
    value: int | float


@dataclass(frozen=True)
class ScalarStep:
    """One scalar operation inside a map."""

    opcode: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Map:
    """A fused chain of elementwise operations with broadcasting; destination i gets the step `results[i]`."""

    destinations: tuple[int, ...]
    sources: tuple[int, ...]
    steps: tuple[ScalarStep, ...]
    results: tuple[int, ...]


@dataclass(frozen=True)
class Reduce:
    """Sum or maximum of the source over axes; over the examples it accumulates from block to block."""

    destination: int
    source: int
    kind: ReduceKind
    axes: tuple[int, ...]
    accumulate: bool = False


@dataclass(frozen=True)
class Draw:
    """Uniform random numbers in [0, 1), keyed by the run's seed, the step, `node` and the position."""

    destination: int
    node: int


@dataclass(frozen=True)
class Transpose:
    """A transposed copy, for the rare transpose that no product absorbs."""

    destination: int
    source: int


Instruction = Matmul | Map | Reduce | Draw | Transpose


@dataclass(frozen=True)
class Phase:
    """Work once before the blocks, then the work of each block of examples."""

    prologue: tuple[Instruction, ...] = ()
    block: tuple[Instruction, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One way to run a program, and the buffers in which its results are found by name."""

    name: str
    phases: tuple[Phase, ...]
    epilogue: tuple[Instruction, ...]
    outputs: Mapping[str, int] = field(default_factory=dict)

    def instructions(self) -> Iterator[Instruction]:
        """All instructions in the order in which they first run."""
        for phase in self.phases:
            yield from phase.prologue
            yield from phase.block
        yield from self.epilogue

    def sections(self) -> Iterator[tuple[str, tuple[Instruction, ...]]]:
        """Name and instructions of each section, in order."""
        for number, phase in enumerate(self.phases):
            suffix = f" {number + 1}" if len(self.phases) > 1 else ""
            yield f"prologue{suffix}", phase.prologue
            yield f"block{suffix}", phase.block
        yield "epilogue", self.epilogue


@dataclass(frozen=True, eq=False)
class Program:
    """Buffers and entries."""

    buffers: tuple[Buffer, ...]
    entries: Mapping[str, Entry]

    def listing(self, entry: str | None = None) -> str:
        """Write the program (or one entry) as readable text."""
        from chainrule.compiler.listing import listing

        return listing(self, entry)

    def to_bytes(self) -> bytes:
        """Pack the program; `Program.from_bytes` reads it back."""
        from chainrule.compiler.storage import to_bytes

        return to_bytes(self)

    @staticmethod
    def from_bytes(data: bytes) -> Program:
        """Read a packed program and verify it; UserError where it is malformed."""
        from chainrule.compiler.storage import from_bytes

        return from_bytes(data)

    def named(self, kind: BufferKind) -> dict[str, int]:
        """The buffers of one kind by name."""
        return {buffer.name: index for index, buffer in enumerate(self.buffers) if buffer.kind == kind}


def sources_of(instruction: Instruction) -> tuple[int, ...]:
    """The buffers that an instruction reads."""
    match instruction:
        case Matmul():
            return (instruction.a, instruction.b)
        case Map():
            return instruction.sources
        case Reduce() | Transpose():
            return (instruction.source,)
        case Draw():
            return ()


def destinations_of(instruction: Instruction) -> tuple[int, ...]:
    """The buffers that an instruction writes."""
    return instruction.destinations if isinstance(instruction, Map) else (instruction.destination,)


def memory_of(buffers: Sequence[Buffer], index: int) -> int:
    """The buffer whose memory a buffer uses: itself, or what a view shows."""
    base = buffers[index].base
    return index if base is None else base


def memory_key(buffers: Sequence[Buffer], index: int) -> tuple[str, int]:
    """Name the memory that a buffer uses: equal for two buffers that one would overwrite with the other."""
    memory = memory_of(buffers, index)
    slot = buffers[memory].slot
    return ("buffer", memory) if slot is None else ("slot", slot)


def concrete(shape: Shape, count: int) -> tuple[int, ...]:
    """Put the number of examples in the place of "m"."""
    return tuple(count if axis == "m" else axis for axis in shape)


def elements(shape: Shape, count: int = 1) -> int:
    """Count the elements of a shape with so many examples.

    >>> elements(("m", 3)), elements(("m", 3), 10)
    (3, 30)
    """
    return math.prod(concrete(shape, count))
