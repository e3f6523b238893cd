"""The order of what stands in each column of a layered drawing, so that few wires cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

from chainrule.graph.draw.columns import Columns, Item

# Sweeps end after so many, or when so many in a row brought nothing.
_SWEEPS, _IN_VAIN = 12, 3


def put_in_order(columns: Columns) -> None:
    """Order every column by the means of what its items connect to, in sweeps from side to side.

    The method is that of Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system
    structures", IEEE Transactions on Systems, Man, and Cybernetics 11(2), 1981.
    """
    _begin(columns)
    best = [list(column) for column in columns.columns]
    fewest = crossings(columns.columns)
    in_vain = 0
    for sweep in range(_SWEEPS):
        if not fewest or in_vain == _IN_VAIN:
            break
        _sweep(columns.columns, from_right=sweep % 2 == 0)
        found = crossings(columns.columns)
        if found < fewest:
            fewest, best, in_vain = found, [list(column) for column in columns.columns], 0
        else:
            in_vain += 1
    columns.columns[:] = best


def _begin(columns: Columns) -> None:
    """Order columns as the boxes are met on the way back from the last one, inputs in the order of their wires."""
    met: dict[Item, int] = {}
    for box in reversed(columns.boxes):
        stack: list[Item] = [box]
        while stack:
            item = stack.pop()
            if item not in met:
                met[item] = len(met)
                stack.extend(reversed(item.left))
    for column in columns.columns:
        column.sort(key=met.__getitem__)


def _sweep(columns: Sequence[list[Item]], *, from_right: bool) -> None:
    places: dict[Item, int] = {item: place for column in columns for place, item in enumerate(column)}

    def mean(item: Item) -> float:
        beside = item.right if from_right else item.left
        return sum(places[one] for one in beside) / len(beside) if beside else places[item]

    for column in reversed(columns) if from_right else columns:
        column.sort(key=mean)
        places.update((item, place) for place, item in enumerate(column))


def crossings(columns: Sequence[Sequence[Item]]) -> int:
    """Count how often wires cross between neighbouring columns."""
    total = 0
    for column, after in pairwise(columns):
        places = {item: place for place, item in enumerate(after)}
        seen: list[int] = []
        for item in column:
            ends = sorted(places[other] for other in item.right)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
