"""A machine in NumPy: runs a program on buffers. It never sees an expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.compiler.map_plan import MapPlan
from chainrule.compiler.program import (
    Buffer,
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Phase,
    Program,
    Reduce,
    Shape,
    Transpose,
    destinations_of,
    memory_of,
    sources_of,
)
from chainrule.errors import UserError
from chainrule.random import uniform

Array = NDArray[Any]

# Rows are taken in blocks whose buffers stay within this many bytes.
_BLOCK_BYTES = 64 << 20


@dataclass(frozen=True)
class StepKey:
    """What random numbers depend on, besides their node and position."""

    seed: int = 0
    step: int = 0


class NumpyRun:
    """Holds the state of a program and runs its entries.

    Args:
        program: a program; verified when it was read or made.
        state: the first value of each state buffer by name; copied.
        dtype: float32 as in the engine, or float64 as a reference.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.compiler.lower import EntrySpec, compile_program
        >>> x, w = cr.examples("x", features=2), cr.parameter("w", (2,))
        >>> program = compile_program({"forward": EntrySpec({"z": x @ w})}).program
        >>> machine = NumpyRun(program, {"w": np.array([1.0, 2.0])})
        >>> machine.run("forward", {"x": np.ones((3, 2))})["z"].tolist()
        [3.0, 3.0, 3.0]
    """

    def __init__(self, program: Program, state: Mapping[str, Array], *, dtype: DTypeLike = np.float32) -> None:
        self.program = program
        self.dtype = np.dtype(dtype)
        self.arrays: dict[int, Array] = {}
        for name, at in program.named("state").items():
            self.arrays[at] = self._checked_state(name, program.buffers[at], state)
        for at, buffer in enumerate(program.buffers):
            if buffer.value is not None:
                self.arrays[at] = buffer.value.astype(self.dtype)
        self._plans: dict[Map, MapPlan] = {}
        self._slots: dict[int, Array] = {}

    def _checked_state(self, name: str, buffer: Buffer, state: Mapping[str, Array]) -> Array:
        if name not in state:
            raise UserError(f"the state {name} has no first value")
        array = np.array(state[name], dtype=self.dtype, order="C")
        if array.shape != buffer.shape:
            raise UserError(f"the state {name} has shape {buffer.shape}, but its value has shape {array.shape}")
        return array

    @property
    def state(self) -> dict[str, Array]:
        """The state as it is now: the arrays themselves, which the next step changes."""
        return {name: self.arrays[at] for name, at in self.program.named("state").items()}

    def run(
        self,
        entry: str,
        data: Mapping[str, Array],
        *,
        rows: NDArray[np.int64] | None = None,
        scalars: Mapping[str, float] | None = None,
        key: StepKey | None = None,
    ) -> dict[str, Array]:
        """Run an entry once, on all rows of the data or on the rows with the given numbers.

        Args:
            entry: its name.
            data: arrays by name, one row an example; any real dtype.
            rows: which rows form the batch, in order.
            scalars: inputs of the step by name.
            key: what random numbers depend on.

        Returns:
            The outputs by name.
        """
        return _OneRun(self, self.program.entries[entry], data, rows, scalars or {}, key or StepKey()).outputs()

    def plan(self, item: Map) -> MapPlan:
        """Return the plan of a map, made once."""
        if item not in self._plans:
            self._plans[item] = MapPlan(item, self.program.buffers)
        return self._plans[item]

    def slot_memory(self, slot: int, size: int) -> Array:
        """Return memory for a temporary; it is kept from run to run."""
        memory = self._slots.get(slot)
        if memory is None or memory.size < size:
            memory = self._slots[slot] = np.empty(size, self.dtype)
        return memory[:size]


class _OneRun:
    """One run of an entry: its batch, its sums, its results."""

    def __init__(
        self,
        machine: NumpyRun,
        entry: Entry,
        data: Mapping[str, Array],
        rows: NDArray[np.int64] | None,
        scalars: Mapping[str, float],
        key: StepKey,
    ) -> None:
        self.machine = machine
        self.entry = entry
        self.buffers = machine.program.buffers
        self.arrays = dict(machine.arrays)
        self.rows = rows
        self.key = key
        self.data = self._needed_data(data)
        self.count = self._count_rows(data)
        self.started: set[int] = set()
        for name, at in machine.program.named("scalar").items():
            given = self.count if name == "m" else scalars.get(name)
            if given is not None:
                self.arrays[at] = np.asarray(given, dtype=machine.dtype)

    def _needed_data(self, data: Mapping[str, Array]) -> dict[int, Array]:
        used = self._used()
        found: dict[int, Array] = {}
        for name, at in self.machine.program.named("data").items():
            if at in used:
                if name not in data:
                    raise UserError(f"the data {name} is missing")
                if data[name].shape[1:] != self.buffers[at].shape[1:]:
                    raise UserError(f"the data {name} has shape {data[name].shape}, not {self.buffers[at].shape}")
                found[at] = data[name]
        return found

    def _used(self) -> set[int]:
        return {memory_of(self.buffers, at) for item in self.entry.instructions() for at in sources_of(item)}

    def _count_rows(self, data: Mapping[str, Array]) -> int:
        if self.rows is not None:
            return len(self.rows)
        counts = {len(array) for array in data.values()}
        if len(counts) > 1:
            raise UserError(f"the data differ in their number of rows: {sorted(counts)}")
        return counts.pop() if counts else 0

    def outputs(self) -> dict[str, Array]:
        """Run everything and return the results."""
        with np.errstate(all="ignore"):
            for phase in self.entry.phases:
                self._prepare_sums(phase)
                self._execute(phase.prologue, 0, 0)
                self._run_blocks(phase)
            self._execute(self.entry.epilogue, 0, 0)
        return {name: self._result(at) for name, at in self.entry.outputs.items()}

    def _result(self, at: int) -> Array:
        if self.buffers[at].kind == "rows" and at not in self.arrays:
            return self._whole_rows(at)
        return self.arrays[at]

    def _prepare_sums(self, phase: Phase) -> None:
        for item in phase.block:
            if isinstance(item, Matmul | Reduce) and item.accumulate:
                start = -np.inf if isinstance(item, Reduce) and item.kind == "max" else 0.0
                shape = _concrete(self.buffers[item.destination].shape, 0)
                self.arrays[item.destination] = np.full(shape, start, self.machine.dtype)

    def _run_blocks(self, phase: Phase) -> None:
        size = self._block_rows(phase)
        for start in range(0, self.count, size):
            stop = min(start + size, self.count)
            self._gather(phase, start, stop)
            self._execute(phase.block, start, stop)

    def _block_rows(self, phase: Phase) -> int:
        touched = {at for item in phase.block for at in (*sources_of(item), *destinations_of(item))}
        width = sum(_elements(self.buffers[at].shape, 1) for at in touched if "m" in self.buffers[at].shape)
        return max(1, _BLOCK_BYTES // (self.machine.dtype.itemsize * max(width, 1)))

    def _gather(self, phase: Phase, start: int, stop: int) -> None:
        for at, array in self.data.items():
            rows = slice(start, stop) if self.rows is None else self.rows[start:stop]
            block = np.ascontiguousarray(array[rows], dtype=self.machine.dtype)
            self.arrays[at] = block

    def _execute(self, section: tuple[Instruction, ...], start: int, stop: int) -> None:
        for item in section:
            match item:
                case Matmul():
                    self._matmul(item, start, stop)
                case Map():
                    self._map(item, start, stop)
                case Reduce():
                    self._reduce(item, start, stop)
                case Transpose():
                    self._write(item.destination, start, stop)[...] = self._read(item.source, start, stop).T
                case Draw():
                    self._draw(item, start, stop)

    def _read(self, at: int, start: int, stop: int) -> Array:
        buffer = self.buffers[at]
        if buffer.base is not None:
            return self._read(buffer.base, start, stop).reshape(_concrete(buffer.shape, stop - start))
        array = self.arrays.get(at)
        if array is None:
            raise UserError(f"the input {buffer.name} of the step is missing")
        return array[start:stop] if buffer.kind == "rows" else array

    def _write(self, at: int, start: int, stop: int) -> Array:
        """Return the array to write: fresh for a temporary, the rows of this block, or what is there."""
        buffer = self.buffers[at]
        if buffer.kind == "rows":
            return self._whole_rows(at)[start:stop]
        if buffer.kind == "state":
            return self.arrays[at]
        shape = _concrete(buffer.shape, stop - start)
        if buffer.slot is not None:
            memory = self.machine.slot_memory(buffer.slot, _elements(buffer.shape, stop - start))
            self.arrays[at] = memory.reshape(shape)
        else:
            self.arrays[at] = np.empty(shape, self.machine.dtype)
        return self.arrays[at]

    def _whole_rows(self, at: int) -> Array:
        if at not in self.arrays:
            self.arrays[at] = np.empty(_concrete(self.buffers[at].shape, self.count), self.machine.dtype)
        return self.arrays[at]

    def _matmul(self, item: Matmul, start: int, stop: int) -> None:
        a, b = self._read(item.a, start, stop), self._read(item.b, start, stop)
        a, b = (a.T if item.transpose_a else a), (b.T if item.transpose_b else b)
        if item.accumulate:
            self.arrays[item.destination] += a @ b
        else:
            np.matmul(a, b, out=self._write(item.destination, start, stop))

    def _map(self, item: Map, start: int, stop: int) -> None:
        sources = [self._read(at, start, stop) for at in item.sources]
        targets = [self._write(at, start, stop) for at in item.destinations]
        self.machine.plan(item).run(sources, targets)

    def _reduce(self, item: Reduce, start: int, stop: int) -> None:
        source = self._read(item.source, start, stop)
        function = np.add.reduce if item.kind == "sum" else np.maximum.reduce
        result = np.asarray(function(source, axis=item.axes))
        if not item.accumulate:
            target = self._write(item.destination, start, stop)
            target[...] = result.reshape(target.shape)
            return
        target = self.arrays[item.destination]
        combine = np.add if item.kind == "sum" else np.maximum
        combine(target, result.reshape(target.shape), out=target)

    def _draw(self, item: Draw, start: int, stop: int) -> None:
        target = self._write(item.destination, start, stop)
        width = _elements(self.buffers[item.destination].shape, 1)
        key = (self.key.seed, self.key.step, item.node)
        target[...] = uniform(key, target.size, start * width).reshape(target.shape)


def _concrete(shape: Shape, count: int) -> tuple[int, ...]:
    return tuple(count if axis == "m" else axis for axis in shape)


def _elements(shape: Shape, count: int) -> int:
    product = 1
    for axis in _concrete(shape, count):
        product *= axis
    return product
