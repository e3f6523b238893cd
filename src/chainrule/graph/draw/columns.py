"""The columns of a layered drawing: which box stands in which, and what passes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True)
class Wire:
    """A connection from one box to another, further to the right.

    Attributes:
        source, target: the positions of its boxes.
        label: the width and height of what is written on it; zeros for nothing.
    """

    source: int
    target: int
    label: tuple[float, float] = (0.0, 0.0)


@dataclass(eq=False)
class Item:
    """What takes room in a column: a box, the label of a wire, or wires of one box that pass by together.

    Attributes:
        column: its column; boxes stand in even columns, labels in the odd ones before their targets.
        width, height: its size.
        box: the position of the box that it is, or whose wires pass by.
        wire: the position of the wire whose label it is; None otherwise.
        passing: whether it only passes by.
        left, right: what it connects to in the columns beside it.
        y: the middle of its height.
    """

    column: int
    width: float
    height: float
    box: int
    wire: int | None = None
    passing: bool = False
    left: list[Item] = field(default_factory=list)
    right: list[Item] = field(default_factory=list)
    y: float = 0.0

    @property
    def is_box(self) -> bool:
        """Whether it is a box itself."""
        return self.wire is None and not self.passing


# What passes by needs room for its lines.
_PASSING = 14.0


@dataclass(frozen=True, eq=False)
class Columns:
    """Everything that takes room, by column from left to right, in the order from top to bottom.

    Attributes:
        columns: the items of each column.
        boxes: the item of each box.
        routes: for each wire the items on its way, from its source to its target.
    """

    columns: list[list[Item]]
    boxes: list[Item]
    routes: list[list[Item]]


def ranks(count: int, wires: Sequence[Wire]) -> list[int]:
    """Return for each box how many boxes stand to the left of it, on the longest way.

    Boxes are numbered so that every wire runs from a smaller to a larger number. What no other box leads to stands
    right before the first box that uses it.

    >>> ranks(4, [Wire(0, 2), Wire(1, 3), Wire(2, 3)])
    [0, 1, 1, 2]
    """
    found = [0] * count
    by_target: dict[int, list[int]] = {}
    by_source: dict[int, list[int]] = {}
    for wire in wires:
        by_target.setdefault(wire.target, []).append(wire.source)
        by_source.setdefault(wire.source, []).append(wire.target)
    for box in range(count):
        found[box] = max((found[source] + 1 for source in by_target.get(box, [])), default=0)
    for box in range(count - 1, -1, -1):
        only_leaves = all(source not in by_target for source in by_target.get(box, []))
        if only_leaves and box in by_source:
            found[box] = min(found[target] for target in by_source[box]) - 1
    return found


def columns_of(sizes: Sequence[tuple[float, float]], wires: Sequence[Wire]) -> Columns:
    """Put boxes, labels and what passes by into columns; wires of one box share a way as far as they can."""
    rank = ranks(len(sizes), wires)
    boxes = [Item(2 * rank[box], *size, box) for box, size in enumerate(sizes)]
    labels = [
        Item(2 * rank[wire.target] - 1, *wire.label, wire.source, wire=place) for place, wire in enumerate(wires)
    ]
    trunks: dict[int, list[Item]] = {}
    for box in {wire.source for wire in wires}:
        trunks[box] = _trunk(box, rank, wires)
        for pair in pairwise([boxes[box], *trunks[box]]):
            _connect(*pair)
    routes = []
    for wire, label in zip(wires, labels, strict=True):
        before = trunks[wire.source][: 2 * (rank[wire.target] - rank[wire.source] - 1)]
        routes.append([boxes[wire.source], *before, label, boxes[wire.target]])
        _connect(routes[-1][-3], label)
        _connect(label, boxes[wire.target])
    columns: list[list[Item]] = [[] for _ in range(2 * max(rank, default=0) + 1)]
    for item in [*boxes, *labels, *(one for trunk in trunks.values() for one in trunk)]:
        columns[item.column].append(item)
    return Columns(columns, boxes, routes)


def _connect(one: Item, other: Item) -> None:
    one.right.append(other)
    other.left.append(one)


def _trunk(box: int, rank: Sequence[int], wires: Sequence[Wire]) -> list[Item]:
    """Return what passes by on the way from a box to the farthest box that uses it."""
    farthest = max(rank[wire.target] for wire in wires if wire.source == box)
    return [Item(column, 0.0, _PASSING, box, passing=True) for column in range(2 * rank[box] + 1, 2 * farthest - 1)]
