"""The layout of graphs: nothing overlaps, and no wire runs over what is not its own."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.graph.draw.columns import Wire, ranks
from chainrule.graph.draw.layout import Layout, Way, layout
from chainrule.graph.draw.placing import nearest_apart

Rectangle = tuple[float, float, float, float]
Sizes = list[tuple[float, float]]

SIZE = st.tuples(st.floats(10, 300), st.floats(10, 120))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Sizes, list[Wire]]:
    """Boxes, and wires from smaller to larger numbers so that every box but the last leads somewhere."""
    count = draw(st.integers(1, 14))
    sizes = draw(st.lists(SIZE, min_size=count, max_size=count))
    pairs: set[tuple[int, int]] = set()
    for box in range(count - 1):
        targets = draw(st.lists(st.integers(box + 1, count - 1), min_size=1, max_size=4))
        pairs |= {(box, target) for target in targets}
    label = st.just((0.0, 0.0)) | SIZE
    return sizes, [Wire(source, target, draw(label)) for source, target in sorted(pairs)]


def rectangles(sizes: Sizes, wires: list[Wire], found: Layout) -> list[Rectangle]:
    """The boxes, and then the labels."""
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(found.boxes, sizes, strict=True)]
    labels = []
    for way, wire in zip(found.ways, wires, strict=True):
        (x, y), (w, h) = way.label, wire.label
        labels.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    return boxes + labels


def overlap(one: Rectangle, other: Rectangle) -> bool:
    slack = 1e-6
    return (
        one[0] < other[2] - slack
        and other[0] < one[2] - slack
        and one[1] < other[3] - slack
        and other[1] < one[3] - slack
    )


def on_the_way(way: Way) -> list[tuple[float, float]]:
    """Points along the curve of a way, which runs level at each of its corners."""
    found = []
    for (x0, y0), (x1, y1) in pairwise(way.points):
        for step in range(17):
            t = step / 16
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            middle = (x0 + x1) / 2
            found.append((a * x0 + (b + c) * middle + d * x1, (a + b) * y0 + (c + d) * y1))
    return found


@settings(max_examples=60)
@given(graphs())
def test_no_boxes_and_labels_overlap(graph: tuple[Sizes, list[Wire]]) -> None:
    sizes, wires = graph
    found = layout(sizes, wires)
    for one, other in combinations(rectangles(sizes, wires, found), 2):
        assert not overlap(one, other), (one, other)


@settings(max_examples=60)
@given(graphs())
def test_no_wire_runs_over_a_box_or_over_the_label_of_another(graph: tuple[Sizes, list[Wire]]) -> None:
    sizes, wires = graph
    found = layout(sizes, wires)
    all_rectangles = rectangles(sizes, wires, found)
    for place, way in enumerate(found.ways):
        foreign = [one for at, one in enumerate(all_rectangles) if at != len(sizes) + place]
        for x, y in on_the_way(way):
            for left, top, right, bottom in foreign:
                assert not (left + 0.01 < x < right - 0.01 and top + 0.01 < y < bottom - 0.01)


@settings(max_examples=60)
@given(graphs())
def test_every_wire_runs_from_the_right_of_its_source_to_the_left_of_its_target(
    graph: tuple[Sizes, list[Wire]],
) -> None:
    sizes, wires = graph
    found = layout(sizes, wires)
    for wire, way in zip(wires, found.ways, strict=True):
        (x, y), (width, height) = found.boxes[wire.source], sizes[wire.source]
        assert way.points[0][0] == pytest.approx(x + width)
        assert y - 1e-6 <= way.points[0][1] <= y + height + 1e-6
        (x, y), (_, height) = found.boxes[wire.target], sizes[wire.target]
        assert way.points[-1][0] == pytest.approx(x)
        assert y - 1e-6 <= way.points[-1][1] <= y + height + 1e-6
        assert all(before[0] <= after[0] + 1e-6 for before, after in pairwise(way.points))


def test_a_chain_is_one_level_line() -> None:
    found = layout([(40.0, 20.0), (60.0, 50.0), (40.0, 20.0)], [Wire(0, 1), Wire(1, 2, (30.0, 10.0))])
    heights = [y for way in found.ways for _, y in way.points]
    assert heights == pytest.approx([heights[0]] * len(heights))


def test_inputs_stand_in_the_order_in_which_they_are_used() -> None:
    found = layout([(40.0, 20.0)] * 4, [Wire(0, 3), Wire(1, 3), Wire(2, 3)])
    assert found.boxes[0][1] < found.boxes[1][1] < found.boxes[2][1]


def test_wires_that_need_not_cross_do_not_cross() -> None:
    found = layout([(40.0, 20.0)] * 5, [Wire(0, 2), Wire(1, 3), Wire(3, 4), Wire(2, 4)])
    (_, y0), (_, y1), (_, y2), (_, y3), _ = found.boxes
    assert (y0 < y1) == (y2 < y3)


def test_an_input_stands_right_before_what_uses_it_first() -> None:
    assert ranks(5, [Wire(0, 1), Wire(1, 2), Wire(2, 4), Wire(3, 4)]) == [0, 1, 2, 2, 3]


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10), st.floats(0, 50)), min_size=1, max_size=12))
def test_positions_keep_their_gaps_and_no_move_of_one_brings_it_nearer(
    items: list[tuple[float, float, float]],
) -> None:
    wanted, weights, gaps = (list(column) for column in zip(*items, strict=True))
    gaps = gaps[:-1]
    found = nearest_apart(wanted, weights, gaps)
    assert all(after - before >= gap - 1e-6 for before, after, gap in zip(found, found[1:], gaps, strict=False))

    def cost(positions: list[float]) -> float:
        return math.fsum(w * (p - goal) ** 2 for w, p, goal in zip(weights, positions, wanted, strict=True))

    for place in range(len(found)):
        for move in (-0.01, 0.01):
            moved = [p + move * (at == place) for at, p in enumerate(found)]
            if all(b - a >= gap - 1e-9 for a, b, gap in zip(moved, moved[1:], gaps, strict=False)):
                assert cost(moved) >= cost(found) - 1e-6
