"""Which rows of X a fit trains on, and which it checks on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of
from chainrule.data.splits import Splits, split
from chainrule.errors import UserError
from chainrule.training.labels import Labels


def parts_of(labels: Labels, validation: Any, rows: NDArray[np.int64] | None, seed: int) -> Splits:
    """Decide which rows to train on and which to check on.

    Args:
        labels: of all rows; classes are held out in equal shares.
        validation: a share, row numbers, other examples, or None.
        rows: those to train on; None for all.
        seed: decides which are held out.

    Raises:
        UserError: no row numbers of X, or nothing left to train on.

    >>> labels = Labels(np.array([0, 1, 0, 1]), (0, 1))
    >>> parts_of(labels, np.array([2, 3]), None, seed=0).train.tolist()
    [0, 1]
    """
    count = len(labels.values)
    every = np.arange(count) if rows is None else _row_numbers(rows, count, "rows")
    none = np.empty(0, np.int64)
    if validation is None or isinstance(validation, tuple):
        return Splits(every, none, none)
    if isinstance(validation, int | float | np.number):
        # Numbers are one mix, classes are held out in equal shares.
        mix = np.zeros(len(every)) if labels.classes is None else labels.values[every]
        parts = split(mix, validation=float(validation), test=0.0, seed=seed)
        return Splits(every[parts.train], every[parts.validation], none)
    held_out = _row_numbers(validation, count, "validation")
    left = every[~np.isin(every, held_out)]
    if not len(left):
        raise UserError("validation holds out every row: there is nothing left to learn from")
    return Splits(left, held_out, none)


def _row_numbers(rows: ArrayLike, count: int, name: str) -> NDArray[np.int64]:
    numbers = array_of(rows, name)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (numbers < 0).any() or (numbers >= count).any():
        raise UserError(f"{name} must be row numbers of X from 0 to {count - 1}: a list of whole numbers")
    if not len(numbers):
        raise UserError(f"{name} names no rows of X; leave it out to take them all")
    return numbers.astype(np.int64)
