"""A layered layout: boxes in columns from left to right, and wires between them that cross no box and no label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.graph.draw.columns import Columns, Item, Wire, columns_of
from chainrule.graph.draw.ordering import put_in_order
from chainrule.graph.draw.paths import Point
from chainrule.graph.draw.placing import place

# How far wires that meet one side of a box are apart, at most.
PITCH = 21.0
_SAME = 0.05
_LEAST_BEND, _MOST_BEND, _STEEPEST = 26.0, 130.0, 2.5


@dataclass(frozen=True)
class Way:
    """The way of a wire.

    Attributes:
        points: where it runs level, from the right side of its source to the left side of its target.
        label: the middle of its label.
        beside_label: which of the points are the ends of the stretch that runs along the label.
    """

    points: tuple[Point, ...]
    label: Point
    beside_label: tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Where everything stands.

    Attributes:
        boxes: the left upper corner of each box.
        ways: the way of each wire.
    """

    boxes: tuple[Point, ...]
    ways: tuple[Way, ...]


def layout(sizes: Sequence[tuple[float, float]], wires: Sequence[Wire]) -> Layout:
    """Lay out boxes and wires; no two boxes or labels overlap, and no wire runs over one that is not its own.

    Args:
        sizes: the width and height of each box, numbered so that wires run from smaller to larger numbers.
        wires: what connects them.

    >>> found = layout([(40, 20), (40, 20)], [Wire(0, 1)])
    >>> found.boxes[0][0] + 40 < found.boxes[1][0]
    True
    """
    columns = columns_of(sizes, wires)
    put_in_order(columns)
    place(columns)
    ports = _ports(columns)
    sides = _sides(columns, ports)
    middles = [(left + right) / 2 for left, right in sides]
    corners = tuple((middles[item.column] - item.width / 2, item.y - item.height / 2) for item in columns.boxes)
    ways = tuple(_way(route, sides, ports) for route in columns.routes)
    return Layout(corners, ways)


def ports_height(count: int) -> float:
    """How high a box must be for so many wires on one side."""
    return PITCH * count


# Where a wire leaves (or meets) the side of a box: by the box and the item next to it.
_Ports = dict[tuple[Item, Item], float]


def _ports(columns: Columns) -> _Ports:
    places = {item: at for column in columns.columns for at, item in enumerate(column)}
    found: _Ports = {}
    for box in columns.boxes:
        for beside in (box.left, box.right):
            beside = sorted(beside, key=places.__getitem__)
            pitch = min(PITCH, box.height / max(len(beside), 1))
            for at, item in enumerate(beside):
                found[box, item] = box.y + (at - (len(beside) - 1) / 2) * pitch
    return found


def _sides(columns: Columns, ports: _Ports) -> list[tuple[float, float]]:
    """Return the left and the right side of each column, far enough apart for the wires to bend between them."""
    sides: list[tuple[float, float]] = []
    x = 0.0
    for at, column in enumerate(columns.columns):
        width = max((item.width for item in column), default=0.0)
        sides.append((x, x + width))
        bends = [
            abs(_level(item, other, ports) - _level(other, item, ports)) for item in column for other in item.right
        ]
        nothing = at % 2 == 1 and width == 0  # no labels, so one bend is enough for both sides
        bend = min(max(_LEAST_BEND, max(bends, default=0.0) / _STEEPEST), _MOST_BEND)
        x += width + (bend / 2 if nothing else bend)
    return sides


def _level(item: Item, beside: Item, ports: _Ports) -> float:
    return ports.get((item, beside), item.y)


def _way(route: Sequence[Item], sides: Sequence[tuple[float, float]], ports: _Ports) -> Way:
    source, target, label = route[0], route[-1], route[-2]
    start, end = ports[source, route[1]], ports[target, label]
    left, right = sides[source.column]
    points: list[Point] = [((left + right + source.width) / 2, start), (right, start)]
    for item in route[1:-2]:
        left, right = sides[item.column]
        y = item.y
        if abs(points[-1][1] - y) < _SAME and abs(points[-2][1] - y) < _SAME:
            points[-1] = (right, y)  # the level stretch goes on
        else:
            points += [(left, y), (right, y)]
    at = len(points)
    left, right = sides[label.column]
    points += [(left, label.y), (right, label.y)]
    middle = (left + right) / 2
    left, right = sides[target.column]
    points += [(left, end), ((left + right - target.width) / 2, end)]
    return Way(tuple(points), (middle, label.y), (at, at + 1))
