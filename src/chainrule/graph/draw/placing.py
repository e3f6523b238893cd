"""How high everything stands in a layered drawing: wires as level as can be, and nothing on top of another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

from chainrule.graph.draw.columns import Columns, Item

_SWEEPS = 8
_BETWEEN_BOXES, _BETWEEN = 22.0, 10.0
# What passes by is kept level before boxes are brought near each other.
_LEVEL = 3.0


def place(columns: Columns) -> None:
    """Set `y` of every item: near the mean of what it connects to, in the given order, without overlaps."""
    stacks = [(column, [_apart(*pair) for pair in pairwise(column)]) for column in columns.columns]
    for column, gaps in stacks:
        _stack(column, gaps)
    for sweep in range(_SWEEPS):
        both = sweep >= _SWEEPS // 2
        for column, gaps in stacks[1:]:
            _settle([(item, item.left + item.right if both else item.left) for item in column], gaps)
        for column, gaps in stacks[-2::-1]:
            _settle([(item, item.left + item.right if both else item.right) for item in column], gaps)
    _straighten(columns)


def _stack(column: Sequence[Item], gaps: Sequence[float]) -> None:
    y = -sum(gaps) / 2
    for item, gap in zip(column, [*gaps, 0.0], strict=True):
        item.y = y
        y += gap


def _settle(column: Sequence[tuple[Item, list[Item]]], gaps: Sequence[float]) -> None:
    """Bring each item near the mean of the others beside it."""
    wanted, weights = [], []
    for item, beside in column:
        level = item.passing
        total = pulled = 0.0
        for one in beside:
            pull = _LEVEL if level or one.passing else 1.0
            total += pull
            pulled += pull * one.y
        wanted.append(pulled / total if total else item.y)
        weights.append(total or 1.0)
    for (item, _), y in zip(column, nearest_apart(wanted, weights, gaps), strict=True):
        item.y = y


def _straighten(columns: Columns) -> None:
    """Let what passes by run level over as many columns as what stands there leaves room for."""
    room: dict[Item, tuple[Item | None, Item | None]] = {}
    passing: dict[int, list[Item]] = {}
    for column in columns.columns:
        for above, item, below in zip([None, *column[:-1]], column, [*column[1:], None], strict=True):
            if item.passing:
                room[item] = above, below
                passing.setdefault(item.box, []).append(item)
    for items in passing.values():
        stretch: list[Item] = []
        low, high = -inf, inf
        for item in items:
            above, below = room[item]
            least = -inf if above is None else above.y + _apart(above, item)
            most = inf if below is None else below.y - _apart(item, below)
            if max(low, least) > min(high, most):
                _set_level(stretch, low, high)
                stretch, low, high = [], -inf, inf
            stretch.append(item)
            low, high = max(low, least), min(high, most)
        _set_level(stretch, low, high)


def _set_level(stretch: Sequence[Item], low: float, high: float) -> None:
    mean = sum(item.y for item in stretch) / len(stretch) if stretch else 0.0
    for item in stretch:
        item.y = min(max(mean, low), high)


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
