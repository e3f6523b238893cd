"""Numbers and arrays in a few words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph import shapes
from chainrule.graph.text import Notation

Array = NDArray[Any]

# Arrays of up to so many numbers are written out.
_WRITTEN_OUT = 6
_LARGEST_PLAIN, _SMALLEST_PLAIN = 1e6, 1e-4


def number_text(value: float) -> str:
    """Write a number with at most six significant digits.

    >>> [number_text(x) for x in (35.0, -0.0, 1 / 3, 1e-7, 123456789.0, float("nan"))]
    ['35', '0', '0.333333', '1e-7', '1.23457e8', 'nan']
    """
    value = float(value)
    if value == 0:
        return "0"
    if np.isfinite(value) and not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        digits, exponent = f"{value:.5e}".split("e")
        return f"{float(digits):g}e{int(exponent)}"
    return f"{value:.6g}"


def significant(value: float, digits: int) -> str:
    """Write a number with so many significant digits.

    >>> significant(-1.91496, 4), significant(-12345.0, 3)
    ('-1.915', '-12300')
    """
    return number_text(float(f"{value:.{digits}g}"))


@dataclass(frozen=True)
class Summary:
    """An array in a few numbers; those of no finite element are NaN.

    Attributes:
        shape: its shape.
        min, mean, max: over the finite elements.
        not_finite: how many elements are NaN or infinite.
    """

    shape: tuple[int, ...]
    min: float
    mean: float
    max: float
    not_finite: int

    def __str__(self) -> str:
        words = (
            f"shape {shapes.text(self.shape)}, min {number_text(self.min)}, mean {number_text(self.mean)}, "
            f"max {number_text(self.max)}"
        )
        return words + (f", {self.not_finite} not finite" if self.not_finite else "")


def summary(array: Array) -> Summary:
    """Summarise an array.

    >>> print(summary(np.array([[1.0, 2.0], [3.0, 6.0]])))
    shape (2, 2), min 1, mean 3, max 6
    """
    finite = array[np.isfinite(array)]
    if not finite.size:
        return Summary(array.shape, np.nan, np.nan, np.nan, array.size)
    low, mean, high = float(finite.min()), float(finite.mean()), float(finite.max())
    return Summary(array.shape, low, mean, high, array.size - finite.size)


def in_notation(array: Array, notation: Notation) -> Array:
    """Return an array as it stands in a notation: a matrix of columns is the transpose of ours."""
    return array.T if notation == "columns" else array


def value_text(array: Array, notation: Notation = "rows") -> str:
    """Write a value: a number, a short array in full, a longer one by its summary.

    >>> value_text(np.array(2.5)), value_text(np.array([1.0, 0.25]))
    ('2.5', '[1, 0.25]')
    >>> value_text(np.zeros((3, 4)), "columns")
    'shape (4, 3), min 0, mean 0, max 0'
    """
    array = in_notation(array, notation)
    return _written_out(array) if array.size <= _WRITTEN_OUT else str(summary(array))


def _written_out(array: Array) -> str:
    if array.ndim == 0:
        return number_text(float(array))
    return "[" + ", ".join(_written_out(part) for part in array) + "]"


def put_in(array: Array, notation: Notation = "rows") -> str:
    """Write what stands in a formula in the place of a node: its number, or the shape of its array.

    >>> put_in(np.array(-2.0)), put_in(np.zeros((3, 4)))
    ('-2', '(3, 4)')
    """
    array = in_notation(array, notation)
    return number_text(float(array)) if array.ndim == 0 else shapes.text(array.shape)


def value_data(array: Array, notation: Notation = "rows") -> dict[str, Any]:
    """Return a value as plain data for JSON: `value` is None for arrays that are not written out.

    >>> value_data(np.array(2.5))
    {'shape': [], 'value': 2.5, 'min': 2.5, 'mean': 2.5, 'max': 2.5}
    """
    array = in_notation(array, notation)
    found = summary(array)
    written = array.tolist() if array.size <= _WRITTEN_OUT else None
    return {
        "shape": list(array.shape),
        "value": _without_nan(written),
        **{name: _without_nan(getattr(found, name)) for name in ("min", "mean", "max")},
    }


def _without_nan(value: Any) -> Any:
    """Replace what JSON has no word for by its name as text."""
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return value if value is None or np.isfinite(value) else number_text(value)
