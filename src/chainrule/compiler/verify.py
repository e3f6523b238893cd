"""What a program must fulfil before it may run: every rule that the machine relies on."""

from __future__ import annotations

from collections.abc import Sequence

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
    memory_of,
    sources_of,
)
from chainrule.errors import UserError
from chainrule.opcodes import OPCODES

_READ_ONLY = {"data", "scalar", "constant", "view"}


class MalformedProgram(UserError):
    """Raised for a program that breaks a rule; the message names the entry, the instruction and the rule."""


def verify(program: Program) -> None:
    """Check a program; MalformedProgram names the first rule that it breaks.

    Example:
        >>> verify(Program((), {}))
    """
    for number, buffer in enumerate(program.buffers):
        _check_buffer(program.buffers, number, buffer)
    for entry in program.entries.values():
        _EntryCheck(program.buffers, entry).run()


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise MalformedProgram(f"malformed program: {message}")


def _check_buffer(buffers: Sequence[Buffer], number: int, buffer: Buffer) -> None:
    where = f"buffer {number} ({buffer.name})"
    shape = buffer.shape
    _require(shape.count("m") <= 1, f"{where} has the axis of examples twice")
    _require(all(axis == "m" or axis >= 1 for axis in shape), f"{where} has an axis that is not positive")
    by_row = "m" in shape
    if buffer.kind in {"data", "rows"}:
        _require(
            bool(shape) and shape[0] == "m", f"{where}: the first axis of {buffer.kind} is that of the examples"
        )
    if buffer.kind in {"state", "scalar", "constant", "accumulator", "result"}:
        _require(not by_row, f"{where}: a {buffer.kind} has no axis of examples")
    _require((buffer.kind == "temporary") == (buffer.slot is not None), f"{where}: temporaries alone have slots")
    _require((buffer.kind == "view") == (buffer.base is not None), f"{where}: views alone have a base")
    _require((buffer.kind == "constant") == (buffer.value is not None), f"{where}: constants alone have a value")
    if buffer.value is not None:
        _require(tuple(buffer.value.shape) == shape, f"{where}: its value has shape {buffer.value.shape}")
    if buffer.base is not None:
        _require(0 <= buffer.base < len(buffers), f"{where}: there is no buffer {buffer.base}")
        base = buffers[buffer.base]
        _require(base.kind != "view", f"{where} shows another view")
        same = _elements(base.shape) == _elements(shape) and ("m" in base.shape) == by_row
        _require(same, f"{where} has another number of elements than {base.name}")


def _elements(shape: Shape) -> int:
    product = 1
    for axis in shape:
        product *= 1 if axis == "m" else axis
    return product


class _EntryCheck:
    """Walks through an entry and keeps track of what has been written and who owns each slot."""

    def __init__(self, buffers: tuple[Buffer, ...], entry: Entry) -> None:
        self.buffers = buffers
        self.entry = entry
        self.written: set[int] = set()
        self.owner: dict[int, int] = {}
        self.where = entry.name

    def run(self) -> None:
        for title, section in self.entry.sections():
            in_block = title.startswith("block")
            for number, item in enumerate(section):
                self.where = f"entry {self.entry.name}, {title}, instruction {number}"
                self._check(item, in_block)
            if in_block:
                # A block may run any number of times, also none: only its sums and rows outlast it.
                self.written -= {at for at in self.written if self._by_row_temporary(at)}
        for name, at in self.entry.outputs.items():
            self.where = f"entry {self.entry.name}, output {name}"
            self._exists(at)
            self._must(self.buffers[at].kind in {"rows", "result", "accumulator"}, "is not a result")
            self._must(at in self.written, "is never written")

    def _by_row_temporary(self, at: int) -> bool:
        return self.buffers[at].kind == "temporary" and "m" in self.buffers[at].shape

    def _must(self, condition: bool, message: str) -> None:
        _require(condition, f"{self.where}: {message}")

    def _exists(self, at: int) -> None:
        self._must(0 <= at < len(self.buffers), f"there is no buffer {at}")

    def _check(self, item: Instruction, in_block: bool) -> None:
        for at in (*sources_of(item), *destinations_of(item)):
            self._exists(at)
        for at in sources_of(item):
            self._readable(at, in_block)
        self._shapes(item, in_block)
        for at in destinations_of(item):
            self._writable(at, item, in_block)
        for at in destinations_of(item):
            self.written.add(at)
            slot = self.buffers[at].slot
            if slot is not None:
                self.owner[slot] = at

    def _readable(self, at: int, in_block: bool) -> None:
        memory = memory_of(self.buffers, at)
        buffer = self.buffers[memory]
        self._must(in_block or "m" not in buffer.shape, f"{buffer.name} has examples, outside a block")
        if buffer.kind in {"temporary", "accumulator", "rows", "result"}:
            self._must(memory in self.written, f"{buffer.name} is read before it is written")
        if buffer.slot is not None:
            self._must(self.owner.get(buffer.slot) == memory, f"{buffer.name} was overwritten in its slot")
        if buffer.kind == "accumulator":
            self._must(not in_block or not self._of_this_block(memory), f"the sum {buffer.name} is not finished")

    def _of_this_block(self, at: int) -> bool:
        for title, section in self.entry.sections():
            if title.startswith("block") and self.where.startswith(f"entry {self.entry.name}, {title},"):
                return any(at in destinations_of(item) for item in section)
        return False

    def _writable(self, at: int, item: Instruction, in_block: bool) -> None:
        buffer = self.buffers[at]
        self._must(buffer.kind not in _READ_ONLY, f"{buffer.name} is a {buffer.kind} and cannot be written")
        accumulates = isinstance(item, Matmul | Reduce) and item.accumulate
        self._must((buffer.kind == "accumulator") == accumulates, f"{buffer.name}: only sums accumulate, always")
        if in_block:
            allowed = buffer.kind == "accumulator" or "m" in buffer.shape
            self._must(allowed, f"{buffer.name} has no examples and is written in a block")
        else:
            self._must("m" not in buffer.shape, f"{buffer.name} has examples, outside a block")
        if buffer.kind == "state":
            self._must(self.where.startswith(f"entry {self.entry.name}, epilogue"), "state changes in the epilogue")
        if not isinstance(item, Map):
            taken = {self._memory_key(source) for source in sources_of(item)}
            self._must(self._memory_key(at) not in taken, f"{buffer.name} is written over what is being read")

    def _memory_key(self, at: int) -> tuple[str, int]:
        memory = memory_of(self.buffers, at)
        slot = self.buffers[memory].slot
        return ("buffer", memory) if slot is None else ("slot", slot)

    def _shapes(self, item: Instruction, in_block: bool) -> None:
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
                self._must(item.node >= 0, "the node of a draw is not negative")

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
        self._must(len(set(item.destinations)) == len(item.destinations), "a map writes a buffer twice")
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


def _broadcasts(source: Shape, target: Shape) -> bool:
    if len(source) > len(target):
        return all(axis == 1 for axis in source[: len(source) - len(target)]) and _broadcasts(
            source[len(source) - len(target) :], target
        )
    return all(a in (1, b) for a, b in zip(reversed(source), reversed(target), strict=False))
