"""What a run is given: data, rows and scalars, checked against what the program reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.compiler.aligned import aligned_zeros
from chainrule.compiler.program import Buffer, Entry, Program
from chainrule.errors import UserError

Array = NDArray[Any]

# A call of many steps comes back after so many seconds, so that Ctrl-C and progress bars are served.
SECONDS_A_CALL = 0.1


@dataclass(frozen=True)
class StepKey:
    """What random numbers depend on, besides their node and position."""

    seed: int = 0
    step: int = 0


class OneHot(np.ndarray[tuple[int], np.dtype[np.int32]]):
    """Rows of zeros with a single 1 each, as data of a product: kept as the place of each row's 1; -1 for none.

    >>> OneHot.at(np.array([1, -1])).rows(3).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """

    @classmethod
    def at(cls, places: NDArray[np.integer[Any]]) -> OneHot:
        """Make the rows with their ones at these places."""
        return np.ascontiguousarray(places, np.int32).view(cls)

    def rows(self, width: int, dtype: DTypeLike = np.float32) -> Array:
        """Return the rows as they stand for."""
        return np.equal.outer(np.asarray(self), np.arange(width)).astype(dtype)


def checked_data(buffer: Buffer, data: Mapping[str, Array]) -> Array:
    """Return the array of a data buffer.

    Raises:
        UserError: it is missing, or its rows have another shape.
    """
    array = data.get(buffer.name)
    if array is None:
        raise UserError(f"the data {buffer.name} is missing")
    if array.shape[1:] == buffer.shape[1:] and array.shape:
        return array
    if isinstance(array, OneHot) and len(buffer.shape) == 2:
        return array
    raise UserError(f"the data {buffer.name} has shape {array.shape}, not {buffer.shape}")


def count_rows(data: Mapping[str, Array], read: Iterable[Array | None], rows: NDArray[np.int64] | None) -> int:
    """Return how many rows a batch has.

    Args:
        data: everything that was given; without `rows` all must have as many rows.
        read: the arrays that the entry reads; None for those that it does not.
        rows: which rows form the batch; None for all.

    Raises:
        UserError: rows that the data do not have, or data that differ in their number of rows.
    """
    if rows is not None:
        least = min((len(array) for array in read if array is not None), default=None)
        if least is not None and len(rows) and not 0 <= rows.min() <= rows.max() < least:
            raise UserError(f"rows {rows.min()} to {rows.max()} were asked for, but the data have {least} rows")
        return len(rows)
    counts = [len(array) for array in data.values()]
    if len(counts) > 1 and len(set(counts)) > 1:
        raise UserError(f"the data differ in their number of rows: {sorted(set(counts))}")
    return counts[0] if counts else 0


def scalar_value(buffer: Buffer, scalars: Mapping[str, float], count: int, dtype: DTypeLike) -> Array:
    """Return an input of a step as an array; the one named m is the number of examples.

    Raises:
        UserError: it is missing, or has another shape.
    """
    given = count if buffer.name == "m" else scalars.get(buffer.name)
    if given is None:
        raise UserError(f"the input {buffer.name} of the step is missing")
    array = np.asarray(given, dtype=dtype)
    if array.shape != buffer.shape:
        raise UserError(f"the input {buffer.name} of the step has shape {array.shape}, not {buffer.shape}")
    return array


def converted(array: Array, dtype: DTypeLike) -> Array:
    """Copy an array into one of another type; numbers too large for float32 become infinite, as they always do.

    >>> converted(np.array([1e300]), np.float32).tolist()
    [inf]
    """
    copy = aligned_zeros(np.shape(array), dtype)
    with np.errstate(over="ignore"):
        copy[...] = array
    return copy


def first_values(program: Program, state: Mapping[str, Array], dtype: DTypeLike) -> dict[str, Array]:
    """Copy the first value of each state buffer, by name in the order of the program.

    Raises:
        UserError: one is missing, or has another shape.
    """
    found = {}
    for name, at in program.named("state").items():
        if name not in state:
            raise UserError(f"the state {name} has no first value")
        shape, found[name] = program.buffers[at].shape, converted(state[name], dtype)
        if found[name].shape != shape:
            raise UserError(f"the state {name} has shape {shape}, but its value has shape {found[name].shape}")
    return found


def check_gives_numbers(program: Program, entry: Entry) -> None:
    """Check that an entry may be run for many steps.

    Raises:
        UserError: it gives an output that is no single number.
    """
    if any(program.buffers[at].shape for at in entry.outputs.values()):
        raise UserError(f"the entry {entry.name} gives more than single numbers: run it step by step")


def entry_of(program: Program, name: str) -> Entry:
    """Return an entry by its name.

    Raises:
        UserError: there is none.
    """
    if name not in program.entries:
        raise UserError(f"the program has no entry {name!r}; it has: {', '.join(program.entries)}")
    return program.entries[name]
