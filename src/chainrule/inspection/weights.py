"""What a model's parameters look like, in a few numbers each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ArrayStatistics:
    """An array in a few numbers.

    Attributes:
        name: W1, b1, ...
        shape, dtype: of the array.
        min, mean, std, max: over all its numbers; the standard deviation is that of all, not of a sample.
        zeros: the share of numbers that are exactly 0.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    min: float
    mean: float
    std: float
    max: float
    zeros: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain values, ready for JSON."""
        return asdict(self) | {"shape": list(self.shape)}


def statistics(parameters: Mapping[str, NDArray[Any]]) -> tuple[ArrayStatistics, ...]:
    """Return the statistics of each array.

    Example:
        >>> found = statistics({"W1": np.array([[0.0, 2.0], [4.0, 2.0]])})
        >>> found[0].mean, found[0].max, found[0].zeros
        (2.0, 4.0, 0.25)
    """
    return tuple(_of(name, np.asarray(array)) for name, array in parameters.items())


def _of(name: str, array: NDArray[Any]) -> ArrayStatistics:
    numbers = array.astype(np.float64)
    # As shares of the largest, so that the squares of no number that a file may hold overflow.
    largest = float(np.abs(numbers).max()) or 1.0
    shares = numbers / largest
    return ArrayStatistics(
        name,
        array.shape,
        array.dtype.name,
        float(numbers.min()),
        float(shares.mean()) * largest,
        float(shares.std()) * largest,
        float(numbers.max()),
        float((numbers == 0).mean()),
    )
