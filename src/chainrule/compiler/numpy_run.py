"""A machine in NumPy: runs a program on buffers. It never sees an expression."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.augment import Augmented
from chainrule.compiler.entry_plan import EntryPlan, PhasePlan, Section, plan_entry
from chainrule.compiler.machine import Batches, check_scalars
from chainrule.compiler.program import Draw, Map, Matmul, Program, Reduce, Transpose, concrete, elements
from chainrule.compiler.run_inputs import (
    SECONDS_A_CALL,
    OneHot,
    StepKey,
    check_gives_numbers,
    checked_data,
    converted,
    count_rows,
    entry_of,
    first_values,
    scalar_value,
)
from chainrule.errors import WorkFailed
from chainrule.random import uniform

Array = NDArray[Any]

# Rows are taken in blocks whose buffers stay within this many bytes.
_BLOCK_BYTES = 64 << 20


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
        self._state = program.named("state")
        for name, array in first_values(program, state, self.dtype).items():
            self.arrays[self._state[name]] = array
        for at, buffer in enumerate(program.buffers):
            if buffer.value is not None:
                self.arrays[at] = converted(buffer.value, self.dtype)
        self._plans: dict[str, EntryPlan] = {}
        # Temporaries are shared by all runs: Python threads take turns.
        self._alone = threading.Lock()
        self._slots: dict[int, Array] = {}

    @property
    def state(self) -> dict[str, Array]:
        """The state as it is now: the arrays themselves, which the next step changes."""
        return {name: self.arrays[at] for name, at in self._state.items()}

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

        Raises:
            UserError: no such entry, or data, rows or scalars that are missing or have the wrong shape.
            WorkFailed: the memory does not suffice.
        """
        with self._alone, np.errstate(all="ignore"):
            run = _OneRun(self, self._plan(entry), data, rows, scalars or {}, key or StepKey())
            try:
                return run.outputs()
            except MemoryError as reason:
                raise WorkFailed(f"entry {entry}: there is not enough memory: {reason}") from None

    def run_steps(
        self,
        entry: str,
        data: Mapping[str, Array],
        batches: Batches,
        scalars: Mapping[str, Array],
        *,
        key: StepKey,
        augmented: Augmented | None = None,
    ) -> dict[str, Array]:
        """Run an entry for many steps: see `Machine.run_steps`."""
        plan = self._plan(entry)
        outputs = plan.entry.outputs
        check_gives_numbers(self.program, plan.entry)
        given = [buffer for _, buffer in plan.scalars if buffer.name != "m"]
        check_scalars(given, scalars, batches)
        batches.check(data, [checked_data(buffer, data) for _, buffer in plan.data])
        found = np.empty((len(batches), len(outputs)), self.dtype)
        end, done = time.perf_counter() + SECONDS_A_CALL, 0
        while done < len(batches):
            one = {str(buffer.name): scalars[str(buffer.name)][done] for buffer in given}
            step = StepKey(key.seed, key.step + done)
            rows = batches.rows_of(done)
            if augmented is None:
                results = self.run(entry, data, rows=rows, scalars=one, key=step)
            else:
                changed = _changed(data, rows, augmented, step)
                results = self.run(entry, changed, scalars=one, key=step)
            found[done] = list(results.values())
            done += 1
            if not np.isfinite(found[done - 1, :1]).all() or time.perf_counter() > end:
                break
        return {name: found[:done, place] for place, name in enumerate(outputs)}

    def _plan(self, name: str) -> EntryPlan:
        if name not in self._plans:
            self._plans[name] = plan_entry(self.program, entry_of(self.program, name), self.dtype, _BLOCK_BYTES)
        return self._plans[name]

    def slot_memory(self, slot: int, size: int) -> Array:
        """Return memory for a temporary; it is kept from run to run."""
        memory = self._slots.get(slot)
        if memory is None or memory.size < size:
            memory = self._slots[slot] = np.empty(size, self.dtype)
        return memory[:size]


def _changed(
    data: Mapping[str, Array], rows: NDArray[np.int64] | None, augmented: Augmented, key: StepKey
) -> dict[str, Array]:
    """The rows of a step, with its pictures changed."""
    numbers = np.arange(len(data[augmented.name])) if rows is None else rows
    chosen = {name: array[numbers] for name, array in data.items()}
    pictures = augmented.of_step(chosen[augmented.name], key.seed, key.step, numbers)
    return {**chosen, augmented.name: pictures}


class _OneRun:
    """One run of an entry: its batch, its sums, its results."""

    def __init__(
        self,
        machine: NumpyRun,
        plan: EntryPlan,
        data: Mapping[str, Array],
        rows: NDArray[np.int64] | None,
        scalars: Mapping[str, float],
        key: StepKey,
    ) -> None:
        self.machine = machine
        self.plan = plan
        self.buffers = machine.program.buffers
        self.arrays = dict(machine.arrays)
        self.rows = rows
        self.key = key
        self.data = {at: checked_data(buffer, data) for at, buffer in plan.data}
        self.count = count_rows(data, self.data.values(), rows)
        for at, buffer in plan.scalars:
            self.arrays[at] = scalar_value(buffer, scalars, self.count, machine.dtype)

    def outputs(self) -> dict[str, Array]:
        """Run everything and return the results."""
        for phase in self.plan.phases:
            for item in phase.sums:
                self.arrays[item.at] = np.full(item.shape, item.start, self.machine.dtype)
            self._execute(phase.prologue, 0, 0)
            self._run_blocks(phase)
        self._execute(self.plan.entry.epilogue, 0, 0)
        return {name: self._result(at) for name, at in self.plan.entry.outputs.items()}

    def _result(self, at: int) -> Array:
        return self._whole_rows(at) if self.buffers[at].kind == "rows" else self.arrays[at]

    def _run_blocks(self, phase: PhasePlan) -> None:
        for start in range(0, self.count, phase.block_rows):
            stop = min(start + phase.block_rows, self.count)
            for at in phase.data:
                rows = slice(start, stop) if self.rows is None else self.rows[start:stop]
                self.arrays[at] = self._as_numbers(self.data[at][rows], at)
            self._execute(phase.block, start, stop)

    def _as_numbers(self, rows: Array, at: int) -> Array:
        if isinstance(rows, OneHot):
            return rows.rows(elements(self.buffers[at].shape), self.machine.dtype)
        return np.ascontiguousarray(rows, dtype=self.machine.dtype)

    def _execute(self, section: Section, start: int, stop: int) -> None:
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
            return self._read(buffer.base, start, stop).reshape(concrete(buffer.shape, stop - start))
        array = self.arrays[at]
        return array[start:stop] if buffer.kind == "rows" else array

    def _write(self, at: int, start: int, stop: int) -> Array:
        """Return the array to write: fresh for a temporary, the rows of this block, or what is there."""
        buffer = self.buffers[at]
        if buffer.kind == "rows":
            return self._whole_rows(at)[start:stop]
        if buffer.kind == "state":
            return self.arrays[at]
        shape = concrete(buffer.shape, stop - start)
        if buffer.slot is not None:
            memory = self.machine.slot_memory(buffer.slot, elements(buffer.shape, stop - start))
            self.arrays[at] = memory.reshape(shape)
        else:
            self.arrays[at] = np.empty(shape, self.machine.dtype)
        return self.arrays[at]

    def _whole_rows(self, at: int) -> Array:
        if at not in self.arrays:
            self.arrays[at] = np.empty(concrete(self.buffers[at].shape, self.count), self.machine.dtype)
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
        self.plan.maps[id(item)].run(sources, targets)

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
        width = elements(self.buffers[item.destination].shape)
        key = (self.key.seed, self.key.step, item.node)
        target[...] = uniform(key, target.size, start * width).reshape(target.shape)
