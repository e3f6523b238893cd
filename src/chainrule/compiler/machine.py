"""What a machine is: it holds the state of a program and runs its entries. There are two, in C++ and in NumPy."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.augment import Augmented
from chainrule.compiler.program import Buffer, Program, elements
from chainrule.compiler.run_inputs import OneHot, StepKey, count_rows
from chainrule.errors import UserError

Array = NDArray[Any]

# The machine in C++, or the one in NumPy that it is compared with.
Engine = Literal["engine", "reference"]

# Rows of these types are read as they are; others are converted first.
READABLE = frozenset(np.dtype(kind) for kind in ("float32", "float64", "float16", "uint8"))


class Machine(Protocol):
    """Holds the state of a program and runs its entries."""

    @property
    def program(self) -> Program:
        """What it runs."""

    @property
    def state(self) -> Mapping[str, Array]:
        """The state as it is now: the arrays themselves, which the next step changes."""

    def run(
        self,
        entry: str,
        data: Mapping[str, Array],
        *,
        rows: NDArray[np.int64] | None = None,
        scalars: Mapping[str, float] | None = None,
        key: StepKey | None = None,
    ) -> dict[str, Array]:
        """Run an entry once, on all rows of the data or on the rows with the given numbers."""

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
        """Run an entry whose outputs are single numbers for many steps.

        Args:
            entry: its name.
            data: arrays by name, one row an example.
            batches: the rows of each step.
            scalars: the inputs of the steps by name, each of shape (steps,).
            key: what random numbers depend on in the first step; the next steps count on from it.
            augmented: which data are pictures that are changed at random, and how; they are bytes.

        Returns:
            The outputs by name, one number for each step that was taken: all, or fewer where a tenth of a second is
            over, or where the first output is not finite; that step is the last.

        Raises:
            UserError: as `run`; an output that is no single number.
        """


@dataclass(frozen=True, eq=False)
class Batches:
    """The rows of many steps.

    Attributes:
        rows: the rows of all steps, one step's after the other's; None where each step takes all rows of the data.
        bounds: where each step's rows begin and the last one's end, shape (steps + 1,).

    Example:
        >>> batches = Batches(np.array([4, 0, 2]), np.array([0, 2, 3]))
        >>> len(batches), batches.counts.tolist(), [batches.rows_of(i).tolist() for i in range(2)]
        (2, [2, 1], [[4, 0], [2]])
        >>> batches.between(1, 2).rows_of(0).tolist()
        [2]
    """

    rows: NDArray[np.int64] | None
    bounds: NDArray[np.int64]

    @classmethod
    def all_rows(cls, count: int, steps: int) -> Batches:
        """Take all rows of the data, `count`, in each step."""
        return cls(None, np.arange(steps + 1, dtype=np.int64) * count)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows each step has, shape (steps,)."""
        return self.bounds[1:] - self.bounds[:-1]

    def rows_of(self, number: int) -> NDArray[np.int64] | None:
        """The rows of a step, counted from 0; None for all."""
        return None if self.rows is None else self.rows[self.bounds[number] : self.bounds[number + 1]]

    def between(self, start: int, stop: int) -> Batches:
        """The steps from `start` to before `stop`."""
        return Batches(self.rows, self.bounds[start : stop + 1])

    def check(self, data: Mapping[str, Array], read: Sequence[Array | None]) -> None:
        """Check once for all steps that the data have these rows.

        Args:
            data: everything that was given.
            read: the arrays that the entry reads; None for those that it does not.

        Raises:
            UserError: rows that the data do not have, or data that differ in their number of rows.
        """
        if self.rows is not None:
            count_rows(data, read, self.rows[self.bounds[0] : self.bounds[-1]])
        else:
            count = count_rows(data, read, None)
            if (self.counts != count).any():
                raise UserError(f"the steps take {self.counts[0]} rows each, but the data have {count}")


def check_scalars(buffers: Iterable[Buffer], scalars: Mapping[str, Array], batches: Batches) -> None:
    """Check that there is one number a step of each scalar; the one named m follows from the batches.

    Raises:
        UserError: an input is missing, or is not one number a step.
    """
    for buffer in buffers:
        given = batches.counts if buffer.name == "m" else scalars.get(buffer.name)
        if given is None:
            raise UserError(f"the input {buffer.name} of the step is missing")
        if buffer.shape or given.shape != (len(batches),):
            raise UserError(f"the input {buffer.name} of the step is not one number a step: run it step by step")


def scalar_table(
    buffers: Sequence[Buffer], read: Container[str], scalars: Mapping[str, Array], batches: Batches
) -> NDArray[np.float32]:
    """Return the inputs of many steps as a table, shape (steps, numbers).

    Args:
        buffers: the scalars of the program, in the order of the columns.
        read: the names of those that are read; the others are 0.
        scalars: the inputs by name.
        batches: the rows of the steps.

    Raises:
        UserError: as `check_scalars`.
    """
    check_scalars([buffer for buffer in buffers if buffer.name in read], scalars, batches)
    widths = [elements(buffer.shape) for buffer in buffers]
    table = np.zeros((len(batches), sum(widths)), np.float32)
    place = 0
    for buffer, width in zip(buffers, widths, strict=True):
        if buffer.name in read:
            table[:, place] = batches.counts if buffer.name == "m" else scalars[buffer.name]
        place += width
    return table


def readable(array: Array) -> Array:
    """Return rows as the engine reads them: as they are, or converted where it cannot read them.

    >>> readable(np.array([[1, 2]])).dtype
    dtype('float32')
    """
    known = array.dtype in READABLE
    if known and array.flags.carray:
        return array
    if isinstance(array, OneHot):
        return array
    # Each row lies in one piece; the next one may be anywhere after it.
    if known and array.flags.aligned and (array.flags.c_contiguous or _rows_in_one_piece(array)):
        return array
    # Numbers too large for float32 become infinite there, as in every later computation.
    with np.errstate(over="ignore"):
        return np.require(array, array.dtype if known else np.float32, ["C", "A"])


def _rows_in_one_piece(array: Array) -> bool:
    step = array.strides[0]
    return array[:1].flags.c_contiguous and step >= 0 and step % array.itemsize == 0


def engine_of(name: object) -> Engine:
    """Return the name of a machine if there is one.

    >>> engine_of("numpy")
    Traceback (most recent call last):
    chainrule.errors.UserError: the engine is "engine" or "reference", not 'numpy'
    """
    if name not in get_args(Engine):
        raise UserError(f'the engine is "engine" or "reference", not {name!r}')
    return name  # type: ignore[return-value]


def machine_for(
    program: Program,
    state: Mapping[str, Array],
    *,
    engine: Engine,
    threads: int | None = None,
    dtype: DTypeLike = np.float32,
) -> Machine:
    """Make a machine that runs a program.

    Args:
        program: what to run.
        state: the first value of each state buffer by name; copied.
        engine: "engine" computes in float32; float64 is always the reference's.
        threads: how many threads the engine uses; None for all that this process may use.
        dtype: float32 or float64.
    """
    # Each machine is loaded only where it is used.
    if engine == "engine" and np.dtype(dtype) == np.float32:
        from chainrule.compiler.engine_run import EngineRun

        return EngineRun(program, state, threads=threads)
    from chainrule.compiler.numpy_run import NumpyRun

    return NumpyRun(program, state, dtype=dtype)
