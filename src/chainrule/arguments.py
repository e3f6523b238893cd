"""Arguments that people give, checked one by one: whole numbers, numbers, arrays."""

from __future__ import annotations

import math
import operator
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.errors import UserError


def whole(value: SupportsIndex, name: str, *, least: int | None = None) -> int:
    """Return a whole number, NumPy's too, as Python's.

    Raises:
        UserError: something else, or a number below `least`.

    >>> whole(np.int64(3), "epochs", least=0)
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if isinstance(value, bool) or number is None or (least is not None and number < least):
        bound = "" if least is None else f" from {least} up"
        raise UserError(f"{name} must be a whole number{bound}, not {value!r}")
    return number


def positive(value: object, name: str) -> float:
    """Return a number above 0.

    >>> positive(0, "the learning rate")
    Traceback (most recent call last):
    chainrule.errors.UserError: the learning rate must be a positive number, not 0
    """
    if not (_is_number(value) and float(value) > 0):  # type: ignore[arg-type]
        raise UserError(f"{name} must be a positive number, not {value!r}")
    return float(value)  # type: ignore[arg-type]


def from_zero(value: object, name: str, *, below: float = math.inf) -> float:
    """Return a number from 0 up, below a bound where there is one.

    >>> from_zero(0.9, "momentum", below=1)
    0.9
    """
    if not (_is_number(value) and 0 <= float(value) < below):  # type: ignore[arg-type]
        bound = "up" if below == math.inf else f"to below {below:g}"
        raise UserError(f"{name} must be a number from 0 {bound}, not {value!r}")
    return float(value)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and math.isfinite(value)  # type: ignore[arg-type]


def array_of(value: Any, name: str) -> NDArray[Any]:
    """Return an array of what was given; an array stays what it is.

    >>> array_of([[1, 2], [3]], "X")
    Traceback (most recent call last):
    chainrule.errors.UserError: X must be an array: rows of one length, not ...
    """
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as reason:
        raise UserError(
            f"{name} must be an array: rows of one length, not {type(value).__name__}: {reason}"
        ) from None


def float_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return the dtype to compute in.

    >>> float_dtype("float64")
    dtype('float64')
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise UserError(f"dtype is float32 or float64, not {dtype!r}")
    return found
