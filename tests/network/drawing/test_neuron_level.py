"""One neuron, closed and opened: its inputs, products, z and a, the curve, and the derivatives."""

from __future__ import annotations

import math
import re
import time
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.draw.drawing import Drawing
from chainrule.network.drawing.arithmetic import step
from chainrule.network.drawing.neuron_values import without_mean
from chainrule.network.drawing.words import short
from tests.network.drawing.levels import dense, edges, groups, numbers, tangled, traced, written
from tests.network.drawing.rectangles import Rectangle, boxes, cut_by, outside, overlapping, texts

SIZES = (2, 4, 1)
NETWORK = dense(SIZES, hidden="tanh")
NUMBERS = numbers(SIZES)
SVG = "{http://www.w3.org/2000/svg}"


def neuron(network: cr.Network = NETWORK, *args: Any, **options: Any) -> Drawing:
    return network.draw(*args, level="neuron", **options)


def factors_of(row: str) -> list[float]:
    """The factors of the product that a line prints before its result."""
    return [float(text.strip("()")) for text in row.split(" = ")[-2].removeprefix("= ").split(" × ")]


def assert_clear(drawing: Drawing) -> None:
    """Nothing overlaps, nothing is cut or lies outside; lines run under the numbers of their weights alone."""
    assert overlapping(texts(drawing.svg)) == []
    assert cut_by(boxes(drawing.svg), texts(drawing.svg)) == []
    assert tangled([*boxes(drawing.svg), *rounds(drawing)]) == []
    assert outside(drawing.svg) == []


def rounds(drawing: Drawing) -> list[Rectangle]:
    """The squares around the circles of inputs and of the closed neuron."""
    found = []
    for group in ElementTree.fromstring(drawing.svg).iter(f"{SVG}g"):
        if group.get("class") == "cr-node":
            for circle in group.iter(f"{SVG}circle"):
                x, y, r = (float(circle.attrib[name]) for name in ("cx", "cy", "r"))
                found.append(Rectangle(x - r, y - r, x + r, y + r, group.attrib["data-name"]))
    return found


def loss_gradients(row: int) -> dict[str, Any]:
    """The gradients of one example's loss, from a trace of that example alone."""
    one = {**NUMBERS, "X": NUMBERS["X"][row : row + 1], "y": NUMBERS["y"][row : row + 1]}
    trace = traced(NETWORK, one)
    return {name: trace.gradient(name) for name in ("A1", "Z1", "W1", "b1", "A2", "Z2", "W2")}


def test_the_circle_stands_beside_the_opened_one() -> None:
    drawing = neuron(NETWORK, 2, layer=1, neuron=3)
    (closed,) = groups(drawing, "node", kind="closed")
    assert closed.data["name"] == "a1_{3}"
    assert len(groups(drawing, "opened")) == 1
    assert {"linear part", "activation part", "=", "hidden layer 1: neuron 3 of 4, tanh"} <= set(written(drawing))
    assert "w is column 3 of W1, b is number 3 of b1" in written(drawing)


def test_every_input_has_its_weight_on_its_line() -> None:
    drawing = neuron(NETWORK, 2)
    weights = edges(drawing, "weight")
    assert weights == [("x_{1}", "a"), ("x_{2}", "a"), ("x_{1}", "z"), ("x_{2}", "z")]
    assert [group.written for group in groups(drawing, "edge", kind="weight")] == ["", "", "w1", "w2"]
    assert edges(drawing, "parameter") == [("b", "z")]
    assert {"z = w1 x1 + w2 x2 + b", "a = tanh(z)"} <= set(written(drawing))


def test_each_product_is_shown_and_adds_up_to_z() -> None:
    drawing = neuron(layer=1, neuron=2, example=3, **NUMBERS)
    x, w = NUMBERS["X"][2], NUMBERS["parameters"]["W1"][:, 1]
    b = NUMBERS["parameters"]["b1"][1]
    z = float(x @ w + b)
    (row,) = [text for text in written(drawing) if text.startswith("w1 x1 = ")]
    assert factors_of(row) == pytest.approx([w[0], x[0]], rel=5e-3)
    assert row.endswith(f" = {short(float(w[0] * x[0]))}")
    assert f"b = {short(float(b))}" in written(drawing)
    assert {f"z = the sum of all {sign} {short(z)}" for sign in "=≈"} & {*written(drawing)}
    assert f"a = tanh({short(z)}) = {short(float(np.tanh(z)))}" in written(drawing)
    assert "the numbers are those of example 3 of 5" in written(drawing)


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("example", [1, 2, 3, 4, 5])
def test_what_is_printed_as_a_product_is_the_product_of_what_is_printed(layer: int, example: int) -> None:
    drawing = neuron(layer=layer, example=example, backward=True, **NUMBERS)
    rows = [text for text in written(drawing) if "×" in text and text.count("=") > 1 and ":=" not in text]
    rows += [f"= {text}" for text in written(drawing) if re.match(r"= .* × .* = ", text)]
    assert len(rows) > 5
    for row in rows:
        assert short(math.prod(factors_of(row))) == row.rpartition(" = ")[2]


def test_a_sum_that_does_not_add_up_to_the_last_digit_says_so() -> None:
    for example in range(1, 6):
        drawing = neuron(layer=1, neuron=2, example=example, **NUMBERS)
        terms = [row.rpartition(" = ")[2] for row in written(drawing) if re.match(r"(w\d x\d|b) = ", row)]
        total = next(row for row in written(drawing) if row.startswith("z = the sum of all "))
        assert (short(sum(map(float, terms))) == total.split()[-1]) == (" = " in total.removeprefix("z = "))


def test_what_is_left_out_of_many_inputs_still_counts() -> None:
    sizes = (12288, 3, 1)
    given = numbers(sizes)
    drawing = neuron(dense(sizes), **given)
    x, w = given["X"][0], given["parameters"]["W1"][:, 0]
    rest = float(x[6:-1] @ w[6:-1])
    assert f"12,281 more: {short(rest)}" in written(drawing)
    assert any(text.startswith("w12288 x12288 = ") for text in written(drawing))
    assert len(groups(drawing, "node", kind="input")) == 14
    assert_clear(drawing)


def test_the_point_lies_on_the_curve_at_the_example() -> None:
    drawing = neuron(layer=2, backward=True, **NUMBERS)
    (curve,) = [g for g in ElementTree.fromstring(drawing.svg).iter(f"{SVG}g") if g.get("class") == "cr-curve"]
    (point,) = curve.iter(f"{SVG}circle")
    x, y = float(point.attrib["cx"]), float(point.attrib["cy"])
    paths = [
        [tuple(map(float, pair)) for pair in re.findall(r"([-\d.]+) ([-\d.]+)", path.attrib["d"])]
        for path in curve.iter(f"{SVG}path")
        if "cr-s-" in path.get("class", "")
    ]
    line = max(paths, key=len)
    assert len(line) == 81
    assert np.interp(x, [at for at, _ in line], [up for _, up in line]) == pytest.approx(y, abs=0.5)
    tangent = next(
        path for path in paths if len(path) == 2 and path[0][0] != path[1][0] and path[0][1] != path[1][1]
    )
    (x0, y0), (x1, y1) = tangent
    near = [i for i, (at, _) in enumerate(line) if at <= x][-1]
    (l0, u0), (l1, u1) = line[near], line[near + 1]
    assert {"this example", "slope da/dz"} <= set(written(drawing))
    assert (y1 - y0) / (x1 - x0) == pytest.approx((u1 - u0) / (l1 - l0), rel=0.05)


def test_the_way_back_goes_from_dL_da_to_the_weights() -> None:
    drawing = neuron(layer=2, backward=True)
    names = ["dL/da", "da/dz", "dL/dz", "dL/dw"]
    assert sorted(edges(drawing, "backward")) == sorted(pairwise(names))
    assert "dL/da = (1 - y) / (1 - a) - y / a" in written(drawing)
    assert "da/dz = a * (1 - a)" in written(drawing)
    assert "dL/dz = dL/da × da/dz" in written(drawing)
    assert "dL/dw1 = dL/dz × a11" in written(drawing)
    (chain,) = groups(drawing, "chain")
    assert chain.written == "The chain: dL/dw1 = dL/da × da/dz × dz/dw1"


@pytest.mark.parametrize("layer", [1, 2])
def test_the_derivatives_are_those_of_the_example_s_loss(layer: int) -> None:
    drawing = neuron(layer=layer, example=2, backward=True, **NUMBERS)
    found = loss_gradients(1)
    (chain,) = groups(drawing, "chain")
    gradient = found[f"W{layer}"][:, 0]
    largest = int(np.argmax(np.abs(gradient)))
    assert chain.data["name"] == f"dL/dw_{{{largest + 1}}}"
    assert chain.written.endswith(f" = {short(float(gradient[largest]))}")
    (box,) = groups(drawing, "node", name="dL/dz")
    assert any(text.endswith(f" = {short(float(found[f'Z{layer}'][0, 0]))}") for text in box.texts)
    (box,) = groups(drawing, "node", name="dL/da")
    assert f"= {short(float(found[f'A{layer}'][0, 0]))}" in box.texts


def test_the_update_of_a_weight_uses_the_gradient_of_the_cost() -> None:
    drawing = neuron(layer=1, backward=True, learning_rate=0.5, **NUMBERS)
    after = NUMBERS["parameters"]["W1"] - 0.5 * traced(NETWORK, NUMBERS).gradient("W1")
    (update,) = groups(drawing, "update")
    place = int(np.argmax(np.abs(NUMBERS["X"][0])))
    w = f"w{place + 1}"
    assert update.written.startswith(f"The update: {w} := {w} - 0.5 × dJ/d{w} = ")
    assert float(update.written.split(" = ")[-1]) == pytest.approx(after[place, 0], rel=5e-3)


def test_a_hidden_neuron_hears_from_the_next_layer() -> None:
    drawing = neuron(layer=1, backward=True)
    assert "from layer 2" in written(drawing)
    assert "goes on to layer 2" in written(drawing)
    assert "from the loss" in written(neuron(layer=2, backward=True))


def test_columns_name_layer_example_and_neuron() -> None:
    drawing = neuron(layer=2, example=2, notation="columns", **NUMBERS)
    assert "w is all of W[2], b is all of b[2]" in written(drawing)
    assert [group.data["name"] for group in groups(drawing, "node", kind="input")][:2] == [
        "a^{[1](2)}_{1}",
        "a^{[1](2)}_{2}",
    ]
    assert "w is row 3 of W[1], b is number 3 of b[1]" in written(neuron(neuron=3, notation="columns"))


def test_softmax_has_no_curve_and_no_da_dz() -> None:
    network = dense((2, 3, 3))
    given = numbers((2, 3, 3))
    drawing = neuron(network, layer=2, neuron=2, backward=True, **given)
    assert groups(drawing, "curve") == []
    assert groups(drawing, "node", name="da/dz") == []
    assert (
        edges(drawing, "backward") == [("dL/dz", "dL/dw"), ("dL/da", "dL/dz")]
        or len(edges(drawing, "backward")) == 2
    )
    assert "a = softmax(all z of the layer)" in written(drawing)
    assert_clear(drawing)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 / m * (a - y)", "a - y"),
        ("1 / m * (a - y) * (b + 1)", "(a - y) * (b + 1)"),
        ("1 / m * a - 1 / m * one_hot(y, classes=3)", "a - one_hot(y, classes=3)"),
        ("1 / m * a - one_hot(y)", ""),
        ("2 / m * (a - y)", ""),
        ("", ""),
    ],
)
def test_one_example_s_part_of_a_gradient_loses_the_mean_in_every_term(formula: str, expected: str) -> None:
    assert without_mean(formula) == expected


def test_training_s_step_is_said_for_one_example_and_for_all() -> None:
    drawing = neuron(layer=2, example=2, backward=True, **NUMBERS)
    (box,) = groups(drawing, "node", name="dL/dz")
    a = traced(NETWORK, NUMBERS).value("A2")[1, 0]
    label = short(float(NUMBERS["y"][1]))
    assert f"dL/dz = a - y = {short(float(a))} - {label}" in box.texts
    assert any("training computes dJ/dz = 1 / m * (a - y)" in text for text in written(drawing))


@pytest.mark.parametrize(
    ("before", "rate", "slope"), [(-0.0105529, 0.01, -0.164098), (2.71, 0.1, -0.0205), (1, 1, 0)]
)
def test_an_update_is_seen_and_its_printed_numbers_check(before: float, rate: float, slope: float) -> None:
    text, found = step(before, rate, slope)
    old, share, gradient = (
        float(one.strip("()")) for one in re.split(" - (?=[\\d.])| × ", text.removesuffix(" ="))
    )
    assert float(f"{old - share * gradient:.{len(found.strip('-0.').replace('.', ''))}g}") == float(found)
    assert found != text.split()[0] or slope == 0


def test_a_neuron_without_bias_or_activation() -> None:
    network = cr.Network([cr.Dense(1, bias=False)])
    drawing = neuron(network, 3, backward=True)
    assert "z = w1 x1 + w2 x2 + w3 x3" in written(drawing)
    assert "a = z" in written(drawing)
    assert not any("db" in text for text in written(drawing))
    assert_clear(drawing)


def test_a_person_s_own_activation_is_drawn_as_it_is() -> None:
    network = cr.Network([cr.Dense(3, lambda z: cr.maximum(z, 0.0) ** 2), cr.Dense(1, "sigmoid")])
    drawing = neuron(network, backward=True, **numbers((2, 3, 1)))
    assert len(groups(drawing, "curve")) == 1
    assert "a = maximum(z, 0) ** 2" in written(drawing)
    assert_clear(drawing)


def test_what_has_no_number_is_drawn() -> None:
    network = cr.Network([cr.Dense(3, lambda z: cr.log(z)), cr.Dense(1, "sigmoid")])
    given = numbers((2, 3, 1))
    given["parameters"]["W1"][:] = np.nan
    drawing = neuron(network, backward=True, **given)
    assert "z = the sum of all = nan" in written(drawing)
    assert_clear(drawing)


def test_a_neuron_that_is_not_there_is_an_error() -> None:
    with pytest.raises(cr.errors.UserError, match="neurons of layer 2 count from 1 to 1"):
        neuron(layer=2, neuron=2)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from([1, 2, 5, 20, 300]), min_size=2, max_size=4),
    st.sampled_from(["relu", "sigmoid", "gelu", "identity"]),
    st.sampled_from(["rows", "columns"]),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_nothing_overlaps_at_any_size(
    sizes: list[int], hidden: str, notation: Any, with_numbers: bool, backward: bool, data: st.DataObject
) -> None:
    layer = data.draw(st.integers(1, len(sizes) - 1))
    given = numbers(sizes, seed=data.draw(st.integers(0, 3))) if with_numbers else {}
    if with_numbers:
        given["parameters"]["W1"] *= data.draw(st.sampled_from([1e-6, 1.0, 1e5]))
    with np.errstate(all="ignore"):
        drawing = neuron(
            dense(sizes, hidden=hidden), sizes[0], layer=layer, notation=notation, backward=backward, **given
        )
    assert_clear(drawing)


def test_a_drawing_is_quick() -> None:
    sizes = (12288, 20, 7, 5, 1)
    network, given = dense(sizes), numbers(sizes)
    trace = traced(network, given)
    times = []
    for _ in range(3):
        start = time.process_time()
        neuron(network, trace=trace, backward=True)
        times.append(time.process_time() - start)
    assert min(times) < 0.3
