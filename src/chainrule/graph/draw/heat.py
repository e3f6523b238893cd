"""Small pictures of arrays: a cell a number, or a cell for several neighbours of a larger array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CELL = 5.0
MOST_ROWS, MOST_COLUMNS = 8, 14
_ZERO, _ABOVE, _BELOW, _NOT_FINITE = (236, 239, 244), (11, 87, 168), (200, 68, 8), "#8a93a3"


def heat_map(array: Array) -> list[list[str]]:
    """Return colours for an array, one list a row: blue above 0, orange below, stronger for larger sizes.

    An array of more numbers than there are cells is shown by the means of its parts. One axis is a row; of more
    than two, the last ones become one.

    >>> heat_map(np.array([0.0, 2.0]))
    [['#eceff4', '#0b57a8']]
    """
    table = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
    for axis, most in ((0, MOST_ROWS), (1, MOST_COLUMNS)):
        if table.shape[axis] > most:
            parts = np.array_split(table, most, axis=axis)
            table = np.stack([part.mean(axis=axis) for part in parts], axis=axis)
    finite = np.abs(table[np.isfinite(table)])
    largest = float(finite.max(initial=0.0)) or 1.0
    return [[_color(float(value) / largest) for value in row] for row in table]


def _color(share: float) -> str:
    if not np.isfinite(share):
        return _NOT_FINITE
    goal = _ABOVE if share > 0 else _BELOW
    mixed = (round(zero + abs(share) * (end - zero)) for zero, end in zip(_ZERO, goal, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
