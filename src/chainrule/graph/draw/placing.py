"""How high everything stands in a layered drawing: wires as level as can be, and nothing on top of another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from chainrule.graph.draw.columns import Columns, Item

_SWEEPS = 10
_BETWEEN_BOXES, _BETWEEN = 22.0, 10.0
# What passes by is kept level before boxes are brought near each other.
_LEVEL = 3.0


def place(columns: Columns) -> None:
    """Set `y` of every item: near the mean of what it connects to, in the given order, without overlaps."""
    for column in columns.columns:
        _stack(column)
    for sweep in range(_SWEEPS):
        both = sweep >= _SWEEPS // 2
        for column in columns.columns[1:]:
            _settle(column, right=both)
        for column in reversed(columns.columns[:-1]):
            _settle(column, left=both, right=True, only_right=not both)


def _stack(column: Sequence[Item]) -> None:
    y = 0.0
    for place, item in enumerate(column):
        y += _apart(column[place - 1], item) if place else 0.0
        item.y = y
    for item in column:
        item.y -= y / 2


def _settle(column: Sequence[Item], *, left: bool = True, right: bool = False, only_right: bool = False) -> None:
    wanted, weights = [], []
    for item in column:
        beside = (item.left if left and not only_right else []) + (item.right if right else [])
        beside = beside or item.right or item.left
        pulls = [_LEVEL if item.passing or one.passing else 1.0 for one in beside]
        total = sum(pulls)
        mean = sum(pull * one.y for pull, one in zip(pulls, beside, strict=True)) / total if total else item.y
        wanted.append(mean)
        weights.append(total or 1.0)
    gaps = [_apart(one, other) for one, other in itertools.pairwise(column)]
    for item, y in zip(column, nearest_apart(wanted, weights, gaps), strict=True):
        item.y = y


def _apart(one: Item, other: Item) -> float:
    """How far apart the middles of two neighbours must be."""
    between = _BETWEEN_BOXES if one.is_box and other.is_box else _BETWEEN
    return (one.height + other.height) / 2 + between


def nearest_apart(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Return the positions nearest to the wanted ones (least weighted squares) that keep the gaps.

    Pool adjacent violators: Ayer, Brunk, Ewing, Reid, Silverman, "An empirical distribution function for sampling
    with incomplete information", Annals of Mathematical Statistics 26(4), 1955.

    >>> nearest_apart([0.0, 0.0, 10.0], [1.0, 1.0, 1.0], [4.0, 4.0])
    [-2.0, 2.0, 10.0]
    """
    shifts = [0.0]
    for gap in gaps:
        shifts.append(shifts[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # the mean, the weight and the size of each
    for target, weight, shift in zip(wanted, weights, shifts, strict=False):
        mean, total, size = target - shift, weight, 1
        while pools and pools[-1][0] > mean:
            before, heavy, many = pools.pop()
            mean, total, size = (before * heavy + mean * total) / (heavy + total), heavy + total, many + size
        pools.append((mean, total, size))
    flat = [mean for mean, _, size in pools for _ in range(size)]
    return [mean + shift for mean, shift in zip(flat, shifts, strict=False)]
