"""What a run is given: data, rows and scalars, checked against what the program reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.compiler.program import Buffer
from chainrule.errors import UserError

Array = NDArray[Any]


@dataclass(frozen=True)
class StepKey:
    """What random numbers depend on, besides their node and position."""

    seed: int = 0
    step: int = 0


def checked_data(buffer: Buffer, data: Mapping[str, Array]) -> Array:
    """Return the array of a data buffer.

    Raises:
        UserError: it is missing, or its rows have another shape.
    """
    if buffer.name not in data:
        raise UserError(f"the data {buffer.name} is missing")
    array = data[buffer.name]
    if array.ndim != len(buffer.shape) or array.shape[1:] != buffer.shape[1:]:
        raise UserError(f"the data {buffer.name} has shape {array.shape}, not {buffer.shape}")
    return array


def count_rows(data: Mapping[str, Array], read: Iterable[Array], rows: NDArray[np.int64] | None) -> int:
    """Return how many rows a batch has.

    Args:
        data: everything that was given; without `rows` all must have as many rows.
        read: the arrays that the entry reads.
        rows: which rows form the batch; None for all.

    Raises:
        UserError: rows that the data do not have, or data that differ in their number of rows.
    """
    if rows is not None:
        least = min(map(len, read), default=None)
        if least is not None and len(rows) and not 0 <= rows.min() <= rows.max() < least:
            raise UserError(f"rows {rows.min()} to {rows.max()} were asked for, but the data have {least} rows")
        return len(rows)
    counts = {len(array) for array in data.values()}
    if len(counts) > 1:
        raise UserError(f"the data differ in their number of rows: {sorted(counts)}")
    return counts.pop() if counts else 0


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
