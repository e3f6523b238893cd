"""Drawings of graphs and traces: every node, edge and number is there, in its place."""

from __future__ import annotations

import shutil
import subprocess
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.draw.colors import ROLES
from chainrule.graph.draw.views import rounded
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import fixed
from chainrule.graph.trace.trace import Trace
from tests.graph.draw.reader import boxes, groups, overlapping, picture_room, texts, words


def slide() -> Trace:
    """The graph of the first lecture: J = 5 (a b + c)."""
    a, b, c = cr.variables("a b c")
    v = ((a * b).named("u") + c).named("v")
    return cr.trace(5 * v, a=3, b=2, c=1).backward()


def neuron(**values: float) -> Trace:
    x, y = cr.variables("x y")
    z = (cr.parameter("w") * x + cr.parameter("b")).named("z")
    L = cr.binary_cross_entropy(cr.sigmoid(z).named("a"), y).named("L")
    return cr.trace(L, {"w": 0.5, "b": 0.1, "x": 2.0, "y": 1.0} | values)


def network(m: int = 5) -> Trace:
    X, y = cr.examples("X", features=2), cr.examples("y", features=1)
    connected = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]).connect(X)
    J = cr.mean(cr.binary_cross_entropy(connected.output, y).named("L")).named("J")
    rng = np.random.default_rng(0)
    given: dict[Any, Any] = {node: rng.normal(size=fixed(node.shape)) for node in connected.parameters}
    return cr.trace(J, {**given, X: rng.normal(size=(m, 2)), y: rng.integers(0, 2, (m, 1))}).backward()


def edges(svg: str) -> set[tuple[str | None, str | None]]:
    return {(group.get("data-source"), group.get("data-target")) for group in groups(svg, "edge")}


def node(svg: str, name: str) -> list[str]:
    (group,) = (group for group in groups(svg, "node") if group.get("data-name") == name)
    return words(group)


def edge(svg: str, source: str, target: str) -> list[str]:
    (group,) = (
        group
        for group in groups(svg, "edge")
        if (group.get("data-source"), group.get("data-target")) == (source, target)
    )
    return words(group)


def test_every_node_and_every_edge_is_there_once() -> None:
    svg = slide().draw().svg
    assert [group.get("data-name") for group in groups(svg, "node")] == ["a", "b", "u", "c", "v", "J"]
    assert edges(svg) == {("a", "u"), ("b", "u"), ("u", "v"), ("c", "v"), ("v", "J")}
    assert len(groups(svg, "edge")) == 5


def test_values_and_derivatives_stand_where_they_belong() -> None:
    svg = slide().draw().svg
    assert node(svg, "u") == ["u = a * b", "= 6", "dJ/du = 5 * 1 = 5"]
    assert node(svg, "b") == ["b", "= 2", "dJ/db = 5 * 3 = 15"]
    assert edge(svg, "a", "u") == ["du/da = b = 2"]
    assert edge(svg, "c", "v") == ["dv/dc = 1"]


def test_inputs_stand_to_the_left_of_what_uses_them() -> None:
    svg = network().draw().svg
    places = boxes(svg)
    assert all(places[source or ""][2] < places[target or ""][0] for source, target in edges(svg))


def test_without_backward_there_are_values_alone() -> None:
    svg = neuron().draw().svg
    assert node(svg, "z") == ["z = v1 + b", "= 1.1"]
    assert not any("d" in text.content and "/d" in text.content for text in texts(svg))
    assert "derivatives, backward" not in svg


def test_an_expression_without_numbers_shows_formulas_and_shapes() -> None:
    X = cr.examples("X", features=3)
    svg = (X @ cr.parameter("W", (3, 2))).named("Z").draw().svg
    assert node(svg, "X") == ["X", "shape (m, 3)"]
    assert node(svg, "Z") == ["Z = X @ W", "shape (m, 2)"]


def test_an_expression_shows_its_local_derivatives_where_asked_for() -> None:
    a, b = cr.variables("a b")
    svg = ((a * b).named("u") ** 2).draw(backward=True).svg
    assert edge(svg, "a", "u") == ["du/da = b"]
    assert edge(svg, "u", "J") == ["dJ/du = 2 * u"]


def test_parameters_and_inputs_are_told_apart() -> None:
    kinds = {group.get("data-name"): group.get("data-kind") for group in groups(neuron().draw().svg, "node")}
    assert (kinds["w"], kinds["x"], kinds["z"], kinds["L"]) == ("parameter", "input", "inner", "root")


def test_gradients_of_data_are_shown_where_asked_for() -> None:
    trace = neuron().backward()
    assert node(trace.draw().svg, "x") == ["x", "= 2"]
    assert node(trace.draw(every_gradient=True).svg, "x")[-1].startswith("dL/dx = ")


def test_the_trained_form_stands_beside_the_chain() -> None:
    svg = neuron().backward().draw().svg
    assert node(svg, "z")[-2:] == [
        "dL/dz = (-1.333) * 0.1874 = -0.2497",
        "in training: dL/dz = a - y = -0.2497",
    ]


def test_an_update_is_shown_with_its_result_and_an_arrow_back() -> None:
    trace = neuron().backward()
    svg = trace.draw(update=0.1).svg
    updated = float(trace.value("w")) - 0.1 * float(trace.gradient("w"))
    assert node(svg, "w")[-1] == f"w := w - 0.1 * dL/dw = {rounded(updated)}"
    plain = sum(len(list(group.iter())) for group in groups(trace.draw().svg, "node"))
    assert sum(len(list(group.iter())) for group in groups(svg, "node")) == plain + 2 * 3  # text, arrow, its head


def test_level_names_folds_what_has_no_name() -> None:
    svg = network().draw(level="names").svg
    names = ["y", "X", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "A2", "L", "J"]
    assert [group.get("data-name") for group in groups(svg, "node")] == names
    assert node(svg, "Z1")[0] == "Z1 = X @ W1 + b1"
    assert edge(svg, "W1", "Z1") == ["dJ/dW1 = X.T @ dJ/dZ1"]
    assert edge(svg, "A2", "L")[0] == "dL/dA2 = (1 - y) / (1 - A2) - y / A2"


def test_the_numbers_on_named_edges_are_the_derivatives() -> None:
    svg = neuron().backward().draw(level="names").svg
    a = 1 / (1 + np.exp(-1.1))
    assert edge(svg, "a", "L") == ["dL/da = (1 - y) / (1 - a) - y / a", f"= {rounded(-1 / a)}"]
    assert edge(svg, "z", "a") == ["da/dz = a * (1 - a)", f"= {rounded(a * (1 - a))}"]


def test_columns_turn_shapes_and_products_round() -> None:
    svg = network().draw(level="names", notation="columns").svg
    assert node(svg, "Z1")[:2] == ["Z1 = W1 @ X + b1", "shape (4, 5)"]
    assert edge(svg, "W1", "Z1") == ["dJ/dW1 = dJ/dZ1 @ X.T"]


@pytest.mark.parametrize("level", ["ops", "names"])
def test_no_texts_overlap_and_none_leaves_the_picture(level: Any) -> None:
    for trace in (slide(), neuron().backward(), network(), network(200)):
        svg = trace.draw(level=level, update=0.1, every_gradient=True).svg
        assert overlapping(svg) == []
        left, top, right, bottom = picture_room(svg)
        for text in texts(svg):
            x0, y0, x1, y1 = text.room
            assert left <= x0 and top <= y0 and x1 <= right and y1 <= bottom, text.content  # noqa: PT018


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    """Random graphs of numbers in which nodes are used again."""
    nodes: list[Expression] = [cr.variable("x"), cr.parameter("w")]
    for number in range(draw(st.integers(1, 14))):
        one, other = (nodes[draw(st.integers(0, len(nodes) - 1))] for _ in range(2))
        made = draw(st.sampled_from([one * other, one + other, cr.tanh(one), one - cr.exp(other)]))
        nodes.append(made.named(f"u{number}") if draw(st.booleans()) else made)
    return sum(nodes[1:], nodes[0])


@settings(max_examples=25)
@given(expressions(), st.sampled_from(["ops", "names"]))
def test_drawings_of_random_graphs_are_whole_and_nothing_overlaps(J: Expression, level: Any) -> None:
    trace = cr.trace(J, x=0.3, w=-0.2).backward()
    svg = trace.draw(level=level).svg
    if level == "ops":
        assert [g.get("data-name") for g in groups(svg, "node")] == [trace.label(one) for one in trace.shown]
        assert len(groups(svg, "edge")) == len(trace.edges)
    for one, other in combinations(boxes(svg).values(), 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    assert overlapping(svg) == []


def test_large_arrays_are_small_pictures_with_their_range() -> None:
    svg = network(200).draw().svg
    lines = node(svg, "X")
    assert lines[:2] == ["X", "shape (200, 2)"]
    assert len(svg) < 120_000


def test_a_value_that_is_not_finite_is_said() -> None:
    x = cr.examples("x")
    svg = cr.trace(cr.log(x).named("u"), x=[0.0, 1.0, 2.0]).draw().svg
    assert "1 not finite" in node(svg, "u")


@pytest.mark.parametrize("side", [0, 1])
def test_a_theme_has_its_own_colors(side: int) -> None:
    svg = slide().draw(theme=("light", "dark")[side]).svg
    assert ROLES["forward"][side] in svg
    assert ROLES["forward"][1 - side] not in svg


def test_notebooks_show_expressions_and_traces() -> None:
    trace = slide()
    for shown in (trace, trace.J):
        bundle = shown._repr_mimebundle_()
        assert bundle["image/svg+xml"] == shown._repr_svg_() == shown.draw().svg
        assert bundle["text/plain"] == repr(shown)


def long_sum(count: int) -> Expression:
    x = cr.variable("x")
    J = x
    for _ in range(count):
        J = cr.tanh(J) + x
    return J


def test_a_graph_too_large_to_read_is_refused_and_shown_as_text() -> None:
    J = long_sum(160)
    with pytest.raises(cr.UserError, match=r"321 nodes, too many .* draw\(max_nodes=321\)"):
        J.draw()
    assert list(J._repr_mimebundle_()) == ["text/plain"]
    assert len(groups(J.draw(max_nodes=321).svg, "node")) == 321


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": "layers"}, 'level is "ops"'),
        ({"notation": "row"}, 'notation is "rows"'),
        ({"theme": "blue"}, 'theme is "auto"'),
        ({"update": 0.0}, "a number above 0, not 0.0"),
        ({"update": "fast"}, "a number above 0, not 'fast'"),
        ({"max_nodes": 0}, "max_nodes"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        slide().draw(**arguments)


def test_an_update_needs_gradients() -> None:
    with pytest.raises(cr.UserError, match=r"call trace\.backward\(\) first"):
        neuron().draw(update=0.1)


def test_two_hundred_nodes_are_drawn_in_less_than_three_tenths_of_a_second() -> None:
    trace = cr.trace(long_sum(100), x=0.5).backward()
    assert len(trace.shown) == 201
    trace.draw()
    times = []
    for _ in range(3):
        start = time.process_time()
        trace.draw()
        times.append(time.process_time() - start)
    assert min(times) < 0.3, times


def test_names_that_look_like_markup_do_no_harm() -> None:
    svg = cr.trace((cr.variable("<b>&\"'") * 2).named("</svg>"), {"<b>&\"'": 1.0}).draw().svg
    assert {group.get("data-name") for group in groups(svg, "node")} == {"<b>&\"'", "</svg>"}


def test_dot_has_every_node_and_edge_and_is_read_by_graphviz(tmp_path: Path) -> None:
    dot = network().dot(level="names")
    assert dot.count("->") == 11
    assert '[label="dJ/dW1 = X.T @ dJ/dZ1"]' in dot
    program = shutil.which("dot")
    if program is None:
        pytest.skip("Graphviz is not installed")
    file = tmp_path / "graph.dot"
    file.write_text(dot)
    done = subprocess.run([program, "-Tplain", file], capture_output=True, text=True, check=True)
    assert sum(line.startswith("node ") for line in done.stdout.splitlines()) == 12
