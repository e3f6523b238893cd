"""How large the numbers of a table are, and which of them stand far outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Numbers looked at in one go.
_NUMBERS_AT_ONCE = 1 << 18
# The usual range of a column is read off so many rows, of wide tables off fewer.
_ROWS_TO_SAMPLE, _NUMBERS_TO_SAMPLE = 1000, 1 << 21
# What lies so many times the usual range of its column away from its middle is no tail of a usual distribution:
# of a normal one a thousandth lies one range away, of a log-normal one with deviation 1 a millionth thirty.
_FAR = 100.0
# The usual range is that in which nine of ten values lie.
_LOW, _MIDDLE, _HIGH = 0.05, 0.5, 0.95


@dataclass(frozen=True)
class Range:
    """How large the numbers of a table are.

    Attributes:
        largest: the number of the largest magnitude.
        row, column: where it stands, counted from 0.
        root_mean_square: of all numbers.
        row_square: the mean over the rows of the sum of their squares.
    """

    largest: float
    row: int
    column: int
    root_mean_square: float
    row_square: float


@dataclass(frozen=True)
class Outlier:
    """A number far outside the range in which nine of ten of its column lie.

    Attributes:
        value: the number.
        row, column: where it stands, counted from 0.
        low, high: the range of the others.
    """

    value: float
    row: int
    column: int
    low: float
    high: float


def range_of(X: Array, rows: NDArray[np.int64], read: Callable[[Array], Array]) -> Range:
    """Measure a table as it is read.

    Args:
        X: the table, shape (m, features).
        rows: which of its rows count.
        read: what becomes of rows before they are measured, such as preprocessing.

    Example:
        >>> found = range_of(np.array([[3.0, 4.0], [0.0, -5.0]]), np.arange(2), lambda X: 2 * X)
        >>> found.largest, found.row, found.column, found.row_square
        (-10.0, 1, 1, 100.0)
    """
    largest, row, column = 0.0, 0, 0
    # The sum of squares over the square of the largest, as squares of large numbers may overflow.
    total = 0.0
    for numbers, piece in _pieces(X, rows):
        values = np.asarray(read(piece), np.float64)
        place = np.unravel_index(np.abs(values).argmax(), values.shape)
        found = float(values[place])
        if abs(found) > abs(largest):
            total *= (largest / found) ** 2
            largest, row, column = found, int(numbers[place[0]]), int(place[1])
        total += float(np.square(values / largest).sum()) if largest else 0.0
    mean = total / max(len(rows), 1)
    with np.errstate(over="ignore"):
        row_square = float(np.square(largest) * mean)
    return Range(largest, row, column, abs(largest) * math.sqrt(mean / X.shape[1]), row_square)


def outlier_of(X: Array, rows: NDArray[np.int64]) -> Outlier | None:
    """Find the number that is farthest outside its column, by the range of the others; None where all are near.

    Args:
        X: a table of finite numbers, shape (m, features).
        rows: which of its rows count.

    Example:
        >>> X = np.linspace(0, 1, 200).reshape(100, 2)
        >>> X[7, 1] = 5000
        >>> found = outlier_of(X, np.arange(100))
        >>> found.value, found.row, found.column
        (5000.0, 7, 1)
    """
    if X.dtype == np.uint8 or not len(rows):
        return None
    count = min(len(rows), _ROWS_TO_SAMPLE, max(1, _NUMBERS_TO_SAMPLE // X.shape[1]))
    sample = X[evenly(rows, count)].astype(np.float64)
    low, middle, high = np.quantile(sample, [_LOW, _MIDDLE, _HIGH], axis=0)
    # A column that hardly varies is measured by its own size, or by the range of the others.
    usual = np.maximum(high - low, np.abs(middle))
    usual = np.maximum(usual, np.median(usual))
    best, found = _FAR, None
    for numbers, piece in _pieces(X, rows):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            far = np.where(usual > 0, np.abs(piece - middle) / usual, 0.0)
        row, column = divmod(int(far.argmax()), X.shape[1])
        if far[row, column] > best:
            best = float(far[row, column])
            place = float(low[column]), float(high[column])
            found = Outlier(float(piece[row, column]), int(numbers[row]), column, *place)
    return found


def evenly(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Take so many row numbers, or all where there are fewer, evenly from the whole.

    >>> evenly(np.arange(10), 4).tolist()
    [0, 2, 5, 7]
    """
    if len(rows) <= count:
        return rows
    return rows[np.arange(count) * len(rows) // count]


def _pieces(X: Array, rows: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Array]]:
    step = max(1, _NUMBERS_AT_ONCE // X.shape[1])
    for start in range(0, len(rows), step):
        numbers = rows[start : start + step]
        yield numbers, X[numbers]
