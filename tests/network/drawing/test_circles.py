"""Networks as circles and lines: every neuron, every weight, every number, and nothing that overlaps."""

from __future__ import annotations

import time
from itertools import combinations
from math import dist
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.draw.drawing import Drawing
from tests.network.drawing.circle_drawings import Line, circles, lines, written
from tests.network.drawing.rectangles import outside, overlapping, texts

SMALL = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
WIDE = cr.Network([cr.Dense(20, "relu"), cr.Dense(7, "relu"), cr.Dense(5, "relu"), cr.Dense(1, "sigmoid")])
SOFTMAX = cr.Network([cr.Dense(3, "relu"), cr.Dense(3, "softmax")])
X = np.array([[1.0, -2.0], [0.5, 1.0], [2.0, 0.0], [-1.0, 1.5]])
Y = np.array([1, 0, 1, 0])


def parameters(network: cr.Network, features: int) -> dict[str, Any]:
    nodes = network.connect(cr.examples("X", features=features)).parameters
    found = {str(node.name): np.array(a) for node, a in zip(nodes, cr.initial_values(nodes, seed=1), strict=True)}
    for place, name in enumerate(found):
        if name.startswith("b"):
            found[name] += 0.1 * (place + 1)
    return found


PARAMETERS = parameters(SMALL, 2)


def by_ends(drawing: Drawing) -> dict[tuple[str, str], Line]:
    return {(line.source, line.target): line for line in lines(drawing)}


def names(drawing: Drawing, layer: int) -> list[str]:
    return [circle.name for circle in circles(drawing) if circle.layer == layer]


def test_a_circle_is_a_neuron_and_a_line_a_weight() -> None:
    drawing = SMALL.draw(2)
    assert names(drawing, 0) == ["x_{1}", "x_{2}"]
    assert names(drawing, 1) == ["a1_{1}", "a1_{2}", "a1_{3}", "a1_{4}"]
    assert names(drawing, 2) == ["a2"]
    hidden = names(drawing, 1)
    assert set(by_ends(drawing)) == {(x, a) for x in ("x_{1}", "x_{2}") for a in hidden} | {
        (a, "a2") for a in hidden
    }
    assert len(lines(drawing)) == 12


def test_layers_are_named_with_their_sizes_and_shapes() -> None:
    found = written(SMALL.draw(2))
    expected = (
        "input|2 numbers|hidden layer 1|4 neurons|tanh|output layer|1 neuron|sigmoid|ŷ|12 + 5 = 17 parameters"
    )
    assert set(expected.split("|")) <= set(found)
    shapes = {"X  (m, 2)", "W1  (2, 4)", "b1  (4,)", "A1  (m, 4)", "W2  (4, 1)", "b2  (1,)", "A2  (m, 1)"}
    assert shapes <= set(found)


def test_columns_turn_shapes_over_and_put_layers_in_brackets() -> None:
    drawing = SMALL.draw(notation="columns", parameters=PARAMETERS, X=X, example=3)
    shapes = {"X  (2, m)", "W[1]  (4, 2)", "b[1]  (4, 1)", "A[1]  (4, m)", "W[2]  (1, 4)"}
    assert shapes <= set(written(drawing))
    assert names(drawing, 0) == ["x^{(3)}_{1}", "x^{(3)}_{2}"]
    assert names(drawing, 1)[0] == "a^{[1](3)}_{1}"
    line = by_ends(drawing)["x^{(3)}_{2}", "a^{[1](3)}_{4}"]
    assert line.tooltip.startswith("from x(3)_2 to a[1](3)_4: W[1][3, 1] = ")


def test_the_wider_a_line_the_larger_its_weight() -> None:
    drawing = SMALL.draw(parameters=PARAMETERS)
    W = PARAMETERS["W1"]
    found = by_ends(drawing)
    drawn = [(abs(W[i, j]), found[f"x_{{{i + 1}}}", f"a1_{{{j + 1}}}"].width) for i in range(2) for j in range(4)]
    assert [width for _, width in sorted(drawn)] == sorted(width for _, width in drawn)
    assert max(width for _, width in drawn) == 5
    for i, j in np.ndindex(2, 4):
        line = found[f"x_{{{i + 1}}}", f"a1_{{{j + 1}}}"]
        assert line.ink == ("negative" if W[i, j] < 0 else "positive")
        assert line.tooltip == f"from x_{i + 1} to a1_{j + 1}: W1[{i}, {j}] = {float(f'{W[i, j]:.3g}'):g}"
    assert f"weights up to ±{float(f'{abs(W).max():.3g}'):g}" in written(drawing)
    assert {"weight > 0", "weight < 0"} <= set(written(drawing, "legend"))


def test_wide_lines_lie_on_thin_ones() -> None:
    first = [line.width for line in lines(SMALL.draw(parameters=PARAMETERS)) if line.source.startswith("x")]
    assert first == sorted(first)


def test_the_weights_of_one_neuron_stand_on_its_lines() -> None:
    network = cr.Network([cr.Dense(1, "sigmoid")])
    drawing = network.draw(parameters={"W1": [[0.5], [-2.0], [0.0]], "b1": [1.0]})
    assert {line.source: line.number for line in lines(drawing)} == {"x_{1}": "0.5", "x_{2}": "-2", "x_{3}": "0"}
    assert {line.source: line.ink for line in lines(drawing)}["x_{3}"] == "line"


@pytest.mark.parametrize(
    ("weight", "text", "inks"),
    [
        (0.0, "weights all 0", {"line"}),
        (np.nan, "weights not finite", {"line"}),
        (np.inf, "weights not finite", {"positive"}),
    ],
)
def test_weights_without_a_size_are_drawn_all_the_same(weight: float, text: str, inks: set[str]) -> None:
    drawing = SMALL.draw(parameters={**PARAMETERS, "W1": np.full((2, 4), weight)})
    assert text in written(drawing)
    assert {line.ink for line in lines(drawing) if line.source.startswith("x")} == inks


def test_rows_that_are_not_numbers_are_shown_as_they_are() -> None:
    drawing = SMALL.draw(parameters=PARAMETERS, X=[[np.nan, np.inf]], y=[1], backward=True)
    assert [circle.written[1] for circle in circles(drawing)][:2] == ["nan", "inf"]
    assert not any(text.startswith("nan: ") for text in written(drawing, "legend"))


def test_without_numbers_all_lines_look_alike() -> None:
    drawing = SMALL.draw(2)
    assert {(line.width, line.ink) for line in lines(drawing)} == {(1.2, "line")}
    assert written(drawing, "legend") == ["12 + 5 = 17 parameters"]


def test_the_values_of_the_chosen_example_stand_in_the_circles() -> None:
    drawing = SMALL.draw(parameters=PARAMETERS, X=X, y=Y, example=2, classes=["cat", "dog"])
    A1 = np.tanh(X[1] @ PARAMETERS["W1"] + PARAMETERS["b1"])
    y_hat = 1 / (1 + np.exp(-(A1 @ PARAMETERS["W2"] + PARAMETERS["b2"])))
    drawn = {circle.name: float(circle.written[1]) for circle in circles(drawing)}
    for name, value in zip(drawn, [*X[1], *A1, *y_hat], strict=True):
        assert drawn[name] == pytest.approx(value, rel=5e-3)
    legend = written(drawing, "legend")
    assert "the numbers in the circles: example 2 of 4, label y = 0 (cat)" in legend
    assert written(drawing, "output") == ["ŷ", "probability of dog"]


def test_backward_shows_the_gradients() -> None:
    drawing = SMALL.draw(parameters=PARAMETERS, X=X, y=Y, backward=True)
    trace = cost_trace().backward()
    dW, dA = trace.gradient("W1"), trace.gradient("A1")
    found = by_ends(drawing)
    largest = np.unravel_index(np.abs(dW).argmax(), dW.shape)
    for i, j in np.ndindex(dW.shape):
        line = found[f"x_{{{i + 1}}}", f"a1_{{{j + 1}}}"]
        assert line.ink == "backward"
        assert line.dashed == (dW[i, j] < 0)
        assert float(line.tooltip.split("dJ/dW1")[1].split(" = ")[1]) == pytest.approx(dW[i, j], rel=5e-3)
        assert (line.width == 5) == ((i, j) == largest)
    drawn = [float(circle.written[2]) for circle in circles(drawing) if circle.layer == 1]
    assert drawn == pytest.approx(dA[0].tolist(), rel=5e-3)
    assert written(drawing, "backward") == ["J", "backward: the gradients of the cost J"]
    assert {"dJ/dW1  (2, 4)", "dJ/db2  (1,)"} <= set(written(drawing))


def cost_trace() -> cr.Trace:
    y_hat = SMALL.connect(cr.examples("X", features=2)).output
    L = cr.binary_cross_entropy(y_hat, cr.examples("y", features=1)).named("L")
    return cr.trace(cr.mean(L).named("J"), {**PARAMETERS, "X": X, "y": Y[:, None]})


def test_a_trace_of_the_cost_gives_the_same_drawing() -> None:
    drawing = SMALL.draw(trace=cost_trace(), backward=True, example=2)
    assert drawing.svg == SMALL.draw(parameters=PARAMETERS, X=X, y=Y, backward=True, example=2).svg


def test_gradients_stay_numbers_where_a_probability_rounds_to_1() -> None:
    network = cr.Network([cr.Dense(1, "sigmoid")])
    rows = np.array([[800.0], [-1.0]])
    drawing = network.draw(parameters={"W1": [[1.0]], "b1": [0.0]}, X=rows, y=[1, 0], backward=True)
    (line,) = lines(drawing)
    assert float(line.number) == pytest.approx(-1 / (1 + np.e) / 2, rel=5e-3)
    assert "cost J = 0.157 over 2 examples" in written(drawing, "legend")
    assert any(text.startswith("nan: ") for text in written(drawing, "legend"))


def test_a_wide_layer_shows_its_first_neurons_and_its_last() -> None:
    drawing = WIDE.draw(12288)
    assert names(drawing, 0) == [*(f"x_{{{i}}}" for i in range(1, 7)), "x_{12288}"]
    assert names(drawing, 1) == [*(f"a1_{{{i}}}" for i in range(1, 7)), "a1_{20}"]
    assert drawing.svg.count('class="cr-ellipsis"') == 2
    assert len(lines(drawing)) == 7 * 7 + 7 * 7 + 7 * 5 + 5
    assert by_ends(drawing)["x_{12288}", "a1_{20}"].tooltip == "from x_12288 to a1_20: W1[12287, 19]"
    assert {"12,288 numbers", "W1  (12288, 20)", "245,780 + 147 + 40 + 6 = 245,973 parameters"} <= set(
        written(drawing)
    )
    assert len(names(WIDE.draw(12288, max_neurons=4), 1)) == 3
    assert [text for text in written(drawing) if text.endswith("shown")] == ["7 of 12,288 shown", "7 of 20 shown"]


def test_an_open_number_of_features_ends_with_x_n() -> None:
    drawing = SMALL.draw()
    assert names(drawing, 0) == ["x_{1}", "x_{2}", "x_{3}", "x_{n}"]
    assert {"n numbers", "X  (m, n)", "W1  (n, 4)", "4n + 9 parameters"} <= set(written(drawing))
    assert by_ends(drawing)["x_{n}", "a1_{1}"].tooltip == "from x_n to a1_1: W1[n - 1, 0]"


def test_layers_of_a_deep_network_are_left_out_and_counted() -> None:
    deep = cr.Network([*(cr.Dense(3, "sigmoid") for _ in range(30)), cr.Dense(1, "sigmoid")])
    drawing = deep.draw(3)
    assert {circle.layer for circle in circles(drawing)} == {*range(7), 31}
    assert "24 more layers" in written(drawing)
    assert names(drawing, 31) == ["a31"]
    assert not any(line.target == "a31" for line in lines(drawing))
    assert "…" in repr(drawing)


def test_every_output_has_the_name_of_its_class() -> None:
    drawing = SOFTMAX.draw(4, classes=["setosa", "versicolor", "virginica"])
    assert written(drawing, "output") == ["ŷ1", "setosa", "ŷ2", "versicolor", "ŷ3", "virginica"]


def test_dropout_and_a_missing_bias_are_said() -> None:
    network = cr.Network([cr.Dropout(0.3), cr.Dense(3, "relu", bias=False), cr.Dropout(0.2), cr.Dense(1)])
    found = written(network.draw(2))
    assert {"dropout 0.3 in training", "dropout 0.2 in training", "no bias"} <= set(found)
    assert not any(text.startswith("b1") for text in found)


def test_the_theme_changes_nothing_but_colours() -> None:
    light, dark = (SMALL.draw(parameters=PARAMETERS, X=X, theme=theme) for theme in ("light", "dark"))
    assert circles(light) == circles(dark)
    assert lines(light) == lines(dark)
    assert light.svg != dark.svg


def test_a_network_for_pictures_is_drawn_in_under_a_third_of_a_second() -> None:
    values = parameters(WIDE, 12288)
    rows = np.random.default_rng(0).random((5, 12288))

    def seconds() -> float:
        start = time.process_time()
        WIDE.draw(parameters=values, X=rows, y=[1, 0, 1, 0, 1], backward=True)
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 0.3


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Networks of many sizes, with and without numbers, gradients, names and open ends."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    features = draw(st.sampled_from([1, 2, 5, 30, 12288]))
    last = "sigmoid" if sizes[-1] == 1 else "softmax"
    names = st.sampled_from([None, "first", "a layer whose name is far too long for its place"])
    layers: list[Any] = [cr.Dense(units, "tanh", name=draw(names)) for units in sizes[:-1]]
    if draw(st.booleans()):
        layers.append(cr.Dropout(0.5))
    network = cr.Network([*layers, cr.Dense(sizes[-1], last, bias=draw(st.booleans()))])
    choices: dict[str, Any] = {
        "notation": draw(st.sampled_from(["rows", "columns"])),
        "backward": draw(st.booleans()),
        "max_neurons": draw(st.sampled_from([3, 5, 8])),
        "max_layers": draw(st.sampled_from([3, 8])),
        "classes": draw(
            st.sampled_from([None, [f"the class with the number {i}" for i in range(max(2, sizes[-1]))]])
        ),
    }
    what = draw(st.sampled_from(["nothing", "an open width", "parameters", "values"]))
    if what == "an open width":
        return network.draw(**choices)
    scale = draw(st.sampled_from([1.0, 1e-7, 3e5]))
    values = {name: array * scale for name, array in parameters(network, features).items()}
    if what == "parameters":
        choices["backward"] = False
    if what == "values":
        choices["X"] = np.random.default_rng(0).normal(size=(2, features)) * scale
        choices["y"] = [0, sizes[-1] - 1]
    return network.draw(features, parameters=None if what == "nothing" else values, **choices)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(drawings())
def test_nothing_overlaps(drawing: Drawing) -> None:
    found = circles(drawing)
    boxes = texts(drawing.svg)
    assert all(dist((a.x, a.y), (b.x, b.y)) > a.r + b.r for a, b in combinations(found, 2))
    assert overlapping(boxes) == []
    assert outside(drawing.svg) == []
    own = {text for circle in found for text in circle.texts}
    assert len(own) == sum(len(circle.texts) for circle in found)
    assert all(circle.holds(text) for circle in found for text in circle.texts)
    others = [box for box in boxes if box not in own]
    assert [(circle.name, box.what) for circle in found for box in others if circle.touches(box)] == []
