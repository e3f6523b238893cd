"""What a program must fulfil before it may run: every rule that the machine relies on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.compiler.program import (
    Buffer,
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Program,
    Reduce,
    Shape,
    Transpose,
    destinations_of,
    elements,
    memory_key,
    memory_of,
    sources_of,
)
from chainrule.errors import UserError
from chainrule.opcodes import OPCODES

_READ_ONLY = {"data", "scalar", "constant", "view"}
_FROM_OUTSIDE = {"data", "state", "scalar"}

# What machines may rely on when they count axes and bytes.
MOST_AXES = 8
MOST_ELEMENTS = 2**40
_LARGEST_NODE = 2**63 - 1


class MalformedProgram(UserError):
    """Raised for a program that breaks a rule; the message names the entry, the instruction and the rule."""


def verify(program: Program) -> None:
    """Check a program; MalformedProgram names the first rule that it breaks.

    Example:
        >>> verify(Program((), {}))
    """
    for number, buffer in enumerate(program.buffers):
        _check_buffer(number, buffer)
    for number, buffer in enumerate(program.buffers):
        if buffer.base is not None:
            _check_view(program.buffers, number, buffer, buffer.base)
    total = sum(elements(buffer.shape) for buffer in program.buffers if buffer.kind != "view")
    _require(total <= MOST_ELEMENTS, f"the buffers have more than {MOST_ELEMENTS} elements together")
    _check_names(program.buffers)
    _check_slots(program.buffers)
    for name, entry in program.entries.items():
        _require(name == entry.name, f"the entry {entry.name} is found under the name {name}")
        _EntryCheck(program.buffers, entry).run()


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise MalformedProgram(f"malformed program: {message}")


def _check_buffer(number: int, buffer: Buffer) -> None:
    where = f"buffer {number} ({buffer.name})"
    shape = buffer.shape
    _require(shape.count("m") <= 1, f"{where} has the axis of examples twice")
    _require(all(axis == "m" or axis >= 1 for axis in shape), f"{where} has an axis that is not positive")
    _require(len(shape) <= MOST_AXES, f"{where} has {len(shape)} axes; there are at most {MOST_AXES}")
    _require(elements(shape) <= MOST_ELEMENTS, f"{where} has more than {MOST_ELEMENTS} elements")
    by_row = "m" in shape
    if buffer.kind in {"data", "rows"}:
        _require(
            bool(shape) and shape[0] == "m", f"{where}: the first axis of {buffer.kind} is that of the examples"
        )
    if buffer.kind in {"state", "scalar", "constant", "accumulator", "result"}:
        _require(not by_row, f"{where}: kind {buffer.kind} has no axis of examples")
    _require((buffer.kind == "temporary") == (buffer.slot is not None), f"{where}: temporaries alone have slots")
    _require((buffer.kind == "view") == (buffer.base is not None), f"{where}: views alone have a base")
    _require((buffer.kind == "constant") == (buffer.value is not None), f"{where}: constants alone have a value")
    if buffer.value is not None:
        _require(buffer.value.dtype == np.float64, f"{where}: its value is {buffer.value.dtype}, not float64")
        _require(tuple(buffer.value.shape) == shape, f"{where}: its value has shape {buffer.value.shape}")


def _check_view(buffers: Sequence[Buffer], number: int, buffer: Buffer, at: int) -> None:
    where = f"buffer {number} ({buffer.name})"
    _require(0 <= at < len(buffers), f"{where}: there is no buffer {at}")
    base = buffers[at]
    _require(base.kind != "view", f"{where} shows another view")
    by_row = "m" in buffer.shape
    same = elements(base.shape) == elements(buffer.shape) and ("m" in base.shape) == by_row
    _require(same, f"{where} has another number of elements than {base.name}")
    mixes = by_row and _before_examples(base.shape) != _before_examples(buffer.shape)
    _require(not mixes, f"{where} mixes the examples")


def _before_examples(shape: Shape) -> int:
    return elements(shape[: shape.index("m")])


def _check_names(buffers: Sequence[Buffer]) -> None:
    """What comes from outside is found by its name; the scalar m is the number of examples."""
    names: set[str] = set()
    for buffer in buffers:
        if buffer.kind in _FROM_OUTSIDE:
            _require(buffer.name not in names, f"two buffers from outside have the name {buffer.name!r}")
            names.add(buffer.name)
            is_count = buffer.kind == "scalar" and buffer.name == "m"
            _require(not is_count or buffer.shape == (), "the scalar m, the number of examples, is a single number")


def _check_slots(buffers: Sequence[Buffer]) -> None:
    """A slot holds rows of a block, of which each thread may have its own, or other values; not both."""
    by_row: dict[int, bool] = {}
    for buffer in buffers:
        if buffer.slot is not None:
            _require(0 <= buffer.slot < len(buffers), f"{buffer.name}: slots are numbered below {len(buffers)}")
            same = by_row.setdefault(buffer.slot, "m" in buffer.shape) == ("m" in buffer.shape)
            _require(same, f"{buffer.name}: the slot {buffer.slot} is for rows and for other values")


class _EntryCheck:
    """Walks through an entry and keeps track of what has been written and who owns each slot."""

    def __init__(self, buffers: tuple[Buffer, ...], entry: Entry) -> None:
        self.buffers = buffers
        self.entry = entry
        self.written: set[int] = set()
        self.owner: dict[int, int] = {}
        self.where = entry.name
        # The section that is being checked: whether it is a block or the epilogue, and the sums that it adds to.
        self.in_block = self.in_epilogue = False
        self.sums: list[int] = []

    def run(self) -> None:
        finished: set[int] = set()
        for title, section in self.entry.sections():
            self.in_block, self.in_epilogue = title.startswith("block"), title == "epilogue"
            self.sums = [at for item in section if _accumulates(item) for at in destinations_of(item)]
            self._section(title, section)
            self._must(len({*finished, *self.sums}) == len(finished) + len(self.sums), "a sum is written twice")
            finished.update(self.sums)
        for name, at in self.entry.outputs.items():
            self.where = f"entry {self.entry.name}, output {name}"
            self._exists(at)
            self._must(self.buffers[at].kind in {"rows", "result", "accumulator"}, "is not a result")
            self._must(at in self.written, "is never written")
        self.where = f"entry {self.entry.name}"
        for at in sorted(self.written):
            lost = self.buffers[at].kind == "rows" and at not in self.entry.outputs.values()
            self._must(not lost, f"the rows {self.buffers[at].name} are no output")

    def _section(self, title: str, section: Sequence[Instruction]) -> None:
        for number, item in enumerate(section):
            self.where = f"entry {self.entry.name}, {title}, instruction {number}"
            self._check(item)
        if self.in_block:
            # A block may run any number of times, also none: only its sums and rows outlast it, and as it writes to
            # no slots but those of rows, each of its runs finds what the first one found.
            self.written -= {at for at in self.written if self._by_row_temporary(at)}

    def _by_row_temporary(self, at: int) -> bool:
        return self.buffers[at].kind == "temporary" and "m" in self.buffers[at].shape

    def _must(self, condition: bool, message: str) -> None:
        _require(condition, f"{self.where}: {message}")

    def _exists(self, at: int) -> None:
        self._must(0 <= at < len(self.buffers), f"there is no buffer {at}")

    def _check(self, item: Instruction) -> None:
        for at in (*sources_of(item), *destinations_of(item)):
            self._exists(at)
        for at in sources_of(item):
            self._readable(at)
        self._shapes(item)
        for at in destinations_of(item):
            self._writable(at, item)
        for at in destinations_of(item):
            self.written.add(at)
            slot = self.buffers[at].slot
            if slot is not None:
                self.owner[slot] = at

    def _readable(self, at: int) -> None:
        memory = memory_of(self.buffers, at)
        buffer = self.buffers[memory]
        self._must(self.in_block or "m" not in buffer.shape, f"{buffer.name} has examples, outside a block")
        self._must(memory not in self.sums, f"the sum {buffer.name} is not finished")
        if buffer.kind in {"temporary", "accumulator", "rows", "result"}:
            self._must(memory in self.written, f"{buffer.name} is read before it is written")
        if buffer.slot is not None:
            self._must(self.owner.get(buffer.slot) == memory, f"{buffer.name} was overwritten in its slot")

    def _writable(self, at: int, item: Instruction) -> None:
        buffer = self.buffers[at]
        self._must(buffer.kind not in _READ_ONLY, f"{buffer.name} is a {buffer.kind} and cannot be written")
        sums = buffer.kind == "accumulator"
        self._must(sums == _accumulates(item), f"{buffer.name}: only sums accumulate, always")
        by_row = "m" in buffer.shape
        self._must(not by_row or self.in_block, f"{buffer.name} has examples, outside a block")
        self._must(by_row or sums or not self.in_block, f"{buffer.name} has no examples and is written in a block")
        self._must(buffer.kind != "state" or self.in_epilogue, "state changes in the epilogue")
        if not isinstance(item, Map):
            taken = {self._memory_key(source) for source in sources_of(item)}
            self._must(self._memory_key(at) not in taken, f"{buffer.name} is written over what is being read")

    def _memory_key(self, at: int) -> tuple[str, int]:
        return memory_key(self.buffers, at)

    def _shapes(self, item: Instruction) -> None:
        match item:
            case Matmul():
                self._matmul(item)
            case Map():
                self._map(item)
            case Reduce():
                self._reduce(item)
            case Transpose():
                source = self.buffers[item.source].shape
                self._must(len(source) == 2, "a transpose is of a matrix")
                self._result(item.destination, source[::-1])
            case Draw():
                self._must(0 <= item.node <= _LARGEST_NODE, f"the node of a draw is from 0 to {_LARGEST_NODE}")
                first = "m" not in self.buffers[item.destination].shape[1:]
                self._must(first, "draws by example have the axis of examples first")

    def _result(self, at: int, shape: Shape) -> None:
        found = self.buffers[at].shape
        self._must(found == shape, f"{self.buffers[at].name} has shape {found}, not {shape}")

    def _matmul(self, item: Matmul) -> None:
        a, b = self.buffers[item.a].shape, self.buffers[item.b].shape
        self._must(len(a) == 2 and len(b) == 2, "a product is of matrices")
        a = a[::-1] if item.transpose_a else a
        b = b[::-1] if item.transpose_b else b
        self._must(a[1] == b[0], f"the inner axes of a product are {a[1]} and {b[0]}")
        self._must((a[1] == "m") == item.accumulate, "a product accumulates exactly if it sums over the examples")
        self._must((a[0], b[1]).count("m") < 2, "a product has the axis of examples twice")
        self._result(item.destination, (a[0], b[1]))

    def _map(self, item: Map) -> None:
        self._must(bool(item.destinations), "a map writes something")
        self._must(len(item.destinations) == len(item.results), "a map has one result a destination")
        memory = {self._memory_key(at) for at in item.destinations}
        self._must(len(memory) == len(item.destinations), "a map writes twice to the same memory")
        shape = self.buffers[item.destinations[0]].shape
        for at in item.destinations:
            self._result(at, shape)
        for at in item.sources:
            self._must(_broadcasts(self.buffers[at].shape, shape), f"{self.buffers[at].name} does not broadcast")
        for number, step in enumerate(item.steps):
            self._must(step.opcode in OPCODES, f"unknown opcode {step.opcode!r}")
            self._must(len(step.operands) == OPCODES[step.opcode].arity, f"{step.opcode}: wrong number of operands")
            for operand in step.operands:
                bound = {"source": len(item.sources), "step": number}.get(operand.kind)
                if bound is not None:
                    whole = isinstance(operand.value, int) and 0 <= operand.value < bound
                    self._must(whole, f"there is no {operand.kind} {operand.value}")
        for result in item.results:
            self._must(0 <= result < len(item.steps), f"there is no step {result}")
        self._overwrites(item)

    def _overwrites(self, item: Map) -> None:
        """A map may write over a source only where both go element by element in step."""
        for at in item.destinations:
            for source in item.sources:
                if self._memory_key(at) == self._memory_key(source):
                    same = self.buffers[at].shape == self.buffers[memory_of(self.buffers, source)].shape
                    self._must(same, f"{self.buffers[at].name} is written over a source of another shape")

    def _reduce(self, item: Reduce) -> None:
        source = self.buffers[item.source].shape
        self._must(item.kind in {"sum", "max"}, f"unknown reduction {item.kind!r}")
        good = all(0 <= axis < len(source) for axis in item.axes) and len(set(item.axes)) == len(item.axes)
        self._must(good and bool(item.axes), f"axes {item.axes} are not those of {source}")
        over_examples = any(source[axis] == "m" for axis in item.axes)
        self._must(over_examples == item.accumulate, "a reduction accumulates exactly if it goes over the examples")
        kept = tuple(1 if i in item.axes else axis for i, axis in enumerate(source))
        dropped = tuple(axis for i, axis in enumerate(source) if i not in item.axes)
        found = self.buffers[item.destination].shape
        self._must(found in {kept, dropped}, f"{self.buffers[item.destination].name} has shape {found}")


def _accumulates(item: Instruction) -> bool:
    return isinstance(item, Matmul | Reduce) and item.accumulate


def _broadcasts(source: Shape, target: Shape) -> bool:
    fits = all(a in (1, b) for a, b in zip(reversed(source), reversed(target), strict=False))
    return fits and len(source) <= len(target)
