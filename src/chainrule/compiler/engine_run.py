"""The machine in C++: runs a program on buffers, as the machine in NumPy does, at the speed of the hardware."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._engine import Machine
from chainrule.augment import Augmented
from chainrule.compiler.machine import Batches, readable, scalar_table
from chainrule.compiler.program import Buffer, Entry, Program, concrete, elements, memory_of, sources_of
from chainrule.compiler.run_inputs import (
    SECONDS_A_CALL,
    StepKey,
    check_gives_numbers,
    checked_data,
    count_rows,
    entry_of,
    first_values,
    scalar_value,
)
from chainrule.compiler.words import words_of
from chainrule.threads import thread_count

Array = NDArray[Any]


@dataclass(frozen=True)
class _EntryInputs:
    """What an entry reads and gives.

    `data` are the data that it reads, by their place among the program's data; `scalars` the names of its inputs;
    `outputs` what it gives.
    """

    number: int
    data: tuple[tuple[int, Buffer], ...]
    scalars: frozenset[str]
    outputs: tuple[_Output, ...]
    gives_only_rows: bool


@dataclass(frozen=True)
class _Output:
    """What an entry gives: its name, the buffer's number, and its shape, that of a row where it has rows.

    A program may give one buffer out under two names: `first` is the first of them.
    """

    name: str
    buffer: int
    shape: tuple[int, ...]
    has_rows: bool
    first: str


class EngineRun:
    """Holds the state of a program and runs its entries, in float32.

    Args:
        program: a program; verified again by the engine.
        state: the first value of each state buffer by name; copied.
        threads: how many threads to use; None for all that this process may use. Results do not depend on it.
        kernels: the instruction set, "scalar", "avx2", "avx512" or "neon"; "" for the best. The same bits in all.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.compiler.lower import EntrySpec, compile_program
        >>> x, w = cr.examples("x", features=2), cr.parameter("w", (2,))
        >>> program = compile_program({"forward": EntrySpec({"z": x @ w})}).program
        >>> machine = EngineRun(program, {"w": np.array([1.0, 2.0])})
        >>> machine.run("forward", {"x": np.ones((3, 2))})["z"].tolist()
        [3.0, 3.0, 3.0]
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self, program: Program, state: Mapping[str, Array], *, threads: int | None = None, kernels: str = ""
    ) -> None:
        self.program = program
        self.state = first_values(program, state, self.dtype)
        self._machine = Machine(*words_of(program), list(self.state.values()), thread_count(threads), kernels)
        # Outputs that are no rows stay in the machine until they are read: no other thread may run it in between.
        self._alone = threading.Lock()
        self._scalars = [buffer for buffer in program.buffers if buffer.kind == "scalar"]
        self._data = sum(buffer.kind == "data" for buffer in program.buffers)
        self._entries = {
            name: _inputs(program, number, entry) for number, (name, entry) in enumerate(program.entries.items())
        }

    def run(
        self,
        entry: str,
        data: Mapping[str, Array],
        *,
        rows: NDArray[np.int64] | None = None,
        scalars: Mapping[str, float] | None = None,
        key: StepKey | None = None,
    ) -> dict[str, Array]:
        """Run an entry once; arguments, results and errors are those of `NumpyRun.run`."""
        inputs = self._entry(entry)
        arrays = self._arrays(inputs, data)
        count = count_rows(data, arrays, rows)
        chosen = None if rows is None else np.ascontiguousarray(rows, np.int64)
        values = self._scalar_values(inputs, scalars or {}, count) if self._scalars else None
        seed, step = (0, 0) if key is None else (key.seed, key.step)
        # Loops and a plain call: for a single row, Python takes longer than the engine.
        found: dict[str, Any] = {}
        for one in inputs.outputs:
            new = one.has_rows and one.name == one.first
            found[one.name] = np.empty((count, *one.shape), np.float32) if new else found.get(one.first)
        outputs = list(found.values())
        if inputs.gives_only_rows:
            self._machine.run(inputs.number, arrays, chosen, count, values, seed, step, outputs)
            return found
        with self._alone:
            self._machine.run(inputs.number, arrays, chosen, count, values, seed, step, outputs)
            return {one.name: found[one.name] if one.has_rows else self._read(one) for one in inputs.outputs}

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
        """Run an entry for many steps without Python in between: see `Machine.run_steps`."""
        inputs = self._entry(entry)
        check_gives_numbers(self.program, entry_of(self.program, entry))
        arrays = self._arrays(inputs, data)
        batches.check(data, arrays)
        outputs = np.empty((len(batches), len(inputs.outputs)), np.float32)
        done = self._machine.run_steps(
            inputs.number,
            arrays,
            batches.rows,
            batches.bounds,
            scalar_table(self._scalars, inputs.scalars, scalars, batches),
            key.seed,
            key.step,
            outputs,
            SECONDS_A_CALL,
            None if augmented is None else self._augmentation(augmented),
        )
        return {one.name: outputs[:done, place] for place, one in enumerate(inputs.outputs)}

    def _entry(self, name: str) -> _EntryInputs:
        return self._entries.get(name) or self._entries[entry_of(self.program, name).name]

    def _scalar_values(self, inputs: _EntryInputs, scalars: Mapping[str, float], count: int) -> NDArray[np.float32]:
        """The inputs of a step, one after the other in the order of the program's buffers; 0 for those not read."""
        values = [
            scalar_value(buffer, scalars, count, np.float32).ravel()
            if buffer.name in inputs.scalars
            else np.zeros(elements(buffer.shape), np.float32)
            for buffer in self._scalars
        ]
        return np.concatenate(values)

    def _arrays(self, inputs: _EntryInputs, data: Mapping[str, Array]) -> list[Array | None]:
        """The data in the order of the program's buffers, as the engine reads them; None for those not read."""
        found: list[Array | None] = [None] * self._data
        for place, buffer in inputs.data:
            found[place] = readable(checked_data(buffer, data))
        return found

    def _augmentation(self, augmented: Augmented) -> NDArray[np.int64]:
        names = [buffer.name for buffer in self.program.buffers if buffer.kind == "data"]
        return np.array([names.index(augmented.name), *augmented.amounts()], np.int64)

    def _read(self, output: _Output) -> Array:
        found = np.empty(output.shape, np.float32)
        self._machine.read(output.buffer, found)
        return found


def _inputs(program: Program, number: int, entry: Entry) -> _EntryInputs:
    read = {memory_of(program.buffers, at) for item in entry.instructions() for at in sources_of(item)}
    places = [at for at, buffer in enumerate(program.buffers) if buffer.kind == "data"]
    data = tuple((place, program.buffers[at]) for place, at in enumerate(places) if at in read)
    scalars = frozenset(program.buffers[at].name for at in read if program.buffers[at].kind == "scalar")
    names = list(entry.outputs.items())
    first = {at: name for name, at in reversed(names)}
    outputs = tuple(_output(name, at, program.buffers[at], first[at]) for name, at in names)
    return _EntryInputs(number, data, scalars, outputs, all(one.has_rows for one in outputs))


def _output(name: str, at: int, buffer: Buffer, first: str) -> _Output:
    has_rows = buffer.kind == "rows"
    return _Output(name, at, concrete(buffer.shape[1:] if has_rows else buffer.shape, 0), has_rows, first)
