"""Networks as one box a layer: every value, derivative and gradient, the chain of each, the update."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.draw.drawing import Drawing
from chainrule.network.drawing.words import short
from tests.network.drawing.levels import assert_clear, dense, edges, groups, node, numbers, traced, written
from tests.network.drawing.rectangles import texts

SIZES = (2, 4, 1)
NETWORK = dense(SIZES)
NUMBERS = numbers(SIZES)


def layers(network: cr.Network = NETWORK, *args: Any, **options: Any) -> Drawing:
    return network.draw(*args, level="layers", **options)


def chain(drawing: Drawing, gradient: str) -> list[str]:
    """The factors of a gradient's chain."""
    (found,) = groups(drawing, "chain", name=gradient)
    assert found.texts[0] == f"{gradient} ="
    factors = [text for text in found.texts[1:] if text != "×"]
    assert found.texts.count("×") == len(factors) - 1
    return factors


def update_of_b2(lines: Sequence[str]) -> tuple[float, float, float]:
    """The value before, the value after and the change that an update's box prints for one number."""
    before, sign, changed, _, after = lines[-1].split()
    return float(before), float(after), float(sign + changed)


def test_values_go_from_X_through_every_layer_to_J() -> None:
    names = ["X", "Z1", "A1", "Z2", "A2", "L", "J"]
    assert edges(layers(), "forward") == [*pairwise(names), ("y", "L")]
    assert edges(layers(), "parameter") == [("W1 b1", "Z1"), ("W2 b2", "Z2")]
    assert edges(layers(), "backward") == []


def test_a_box_has_formula_and_shape() -> None:
    drawing = layers(NETWORK, 2)
    assert node(drawing, "X").texts == ("X", "input", "(m, 2)")
    assert node(drawing, "Z1").texts == ("Z1 = X @ W1 + b1", "(m, 4)")
    assert node(drawing, "A1").texts == ("A1 = relu(Z1)", "(m, 4)")
    assert node(drawing, "J").texts == ("J = mean(L)",)
    assert [group.texts for group in groups(drawing, "parameters")] == [
        ("W1  (2, 4)", "b1  (4,)"),
        ("W2  (4, 1)", "b2  (1,)"),
    ]
    assert "hidden layer 1: 4 neurons, relu" in written(drawing)


def test_columns_have_transposed_shapes_and_brackets() -> None:
    drawing = layers(NETWORK, 2, notation="columns", backward=True)
    assert node(drawing, "Z^{[2]}").texts == ("Z[2] = W[2] A[1] + b[2]", "(1, m)")
    assert "W[1]  (4, 2)" in written(drawing)
    gradients = groups(drawing, "parameters", kind="gradient")
    assert gradients[1].texts[:2] == ("dJ/dW[2] = dJ/dZ[2] A[1]T", "(1, 4)")


def test_features_left_open_are_n() -> None:
    assert node(layers(), "X").texts[-1] == "(m, n)"
    assert "W1  (n, 4)" in written(layers())


def test_gradients_go_from_J_to_the_first_layer_and_into_its_parameters() -> None:
    drawing = layers(backward=True)
    names = [f"dJ/d{name}" for name in ("J", "L", "A2", "Z2", "A1", "Z1")]
    back = edges(drawing, "backward")
    assert sorted(back[:5]) == sorted(pairwise(names))
    assert back[5:] == [("Z1", "W1 b1"), ("Z2", "W2 b2")]
    assert edges(drawing, "turn") == [("J", "dJ/dJ")]


def test_the_derivatives_stand_under_the_boxes() -> None:
    found = [group.written for group in groups(layers(backward=True), "derivative")]
    assert found == [
        "dZ1/dW1 = X dZ1/db1 = 1",
        "dA1/dZ1 = A1 > 0",
        "dZ2/dA1 = W2 dZ2/dW2 = A1 dZ2/db2 = 1",
        "dA2/dZ2 = A2 * (1 - A2)",
        "dL/dA2 = (1 - y) / (1 - A2) - y / A2",
        "dJ/dL = 1 / m",
    ]


def test_the_chain_of_a_gradient_has_a_factor_for_every_step() -> None:
    drawing = layers(backward=True)
    assert chain(drawing, "dJ/dW2") == ["dZ2/dW2", "dA2/dZ2", "dL/dA2", "dJ/dL"]
    assert chain(drawing, "dJ/dW1") == ["dZ1/dW1", "dA1/dZ1", "dZ2/dA1", "dA2/dZ2", "dL/dA2", "dJ/dL"]


def test_a_factor_stands_under_the_box_of_its_step() -> None:
    drawing = layers(backward=True)
    middles = {text.what: (text.left + text.right) / 2 for text in texts(drawing.svg)}
    assert middles["dA1/dZ1"] == pytest.approx(middles["A1 = relu(Z1)"], abs=0.1)
    assert middles["dJ/dL"] == pytest.approx(middles["J = mean(L)"], abs=0.1)


def test_training_s_form_stands_beside_the_chain() -> None:
    found = node(layers(backward=True), "dJ/dZ2").written
    assert "dJ/dZ2 = dJ/dA2 * A2 * (1 - A2)" in found
    assert "as training computes it: dJ/dZ2 = 1 / m * (A2 - y)" in found


def test_numbers_are_those_of_the_trace() -> None:
    drawing = layers(backward=True, **NUMBERS)
    trace = traced(NETWORK, NUMBERS)
    assert node(drawing, "J").texts[-1] == f"= {short(float(trace.value('J')))}"
    Z1 = trace.value("Z1")
    assert f"{short(Z1.min())} to {short(Z1.max())}" in node(drawing, "Z1").texts
    slope = trace.gradient("Z2")
    assert f"{short(slope.min())} to {short(slope.max())}" in node(drawing, "dJ/dZ2").texts
    dW2 = ", ".join(f"[{short(x)}]" for x in trace.gradient("W2")[:, 0])
    assert f"(4, 1):  [{dW2}]" in groups(drawing, "parameters", kind="gradient")[1].texts
    assert "(m, 2), m = 5" in node(drawing, "X").texts


def test_a_trace_gives_the_same_drawing_as_its_numbers() -> None:
    trace = traced(NETWORK, NUMBERS)
    assert layers(trace=trace, backward=True).svg == layers(backward=True, **NUMBERS).svg


def test_the_update_is_shown_with_its_way_back() -> None:
    drawing = layers(backward=True, learning_rate=0.5, **NUMBERS)
    trace = traced(NETWORK, NUMBERS)
    first, second = groups(drawing, "parameters", kind="update")
    assert "W1 := W1 - 0.5 * dJ/dW1" in first.texts
    before, after, changed = update_of_b2(second.texts)
    gradient = trace.gradient("b2")
    assert before == pytest.approx(NUMBERS["parameters"]["b2"][0], abs=1e-3)
    assert changed == pytest.approx(-0.5 * gradient[0], rel=0.05)
    assert after == pytest.approx(before + changed, abs=1e-12)
    assert after != before
    dW2 = ", ".join(f"[{short(x)}]" for x in -0.5 * trace.gradient("W2")[:, 0])
    assert f"change [{dW2}]" in second.texts
    assert "update, learning rate 0.5" in written(drawing)
    assert ("W1 b1", "W1 b1") in edges(drawing, "update")
    assert groups(layers(backward=True), "parameters", kind="update") == []


def test_layers_that_are_left_out_are_counted_and_stand_in_the_chain() -> None:
    network = dense((4, 3, 3, 3, 3, 3, 1), hidden="tanh")
    drawing = layers(network, backward=True, max_layers=4)
    assert "3 more layers" in written(drawing)
    assert [group.data["name"] for group in groups(drawing, "layer")] == ["1", "2", "6"]
    assert chain(drawing, "dJ/dW2") == ["dZ2/dW2", "dA2/dZ2", "···", "dZ6/dA5", "dA6/dZ6", "dL/dA6", "dJ/dL"]
    assert_clear(drawing)


def test_dropout_is_a_step_of_its_own() -> None:
    network = cr.Network([cr.Dropout(0.2), cr.Dense(3, "relu"), cr.Dropout(0.5), cr.Dense(1, "sigmoid")])
    drawing = layers(network, backward=True)
    assert chain(drawing, "dJ/dW1")[:4] == ["dZ1/dW1", "dA1/dZ1", "dD1/dA1", "dZ2/dD1"]
    assert ("dJ/dD1", "dJ/dA1") in edges(drawing, "backward")
    assert not any(target == "dJ/dD0" for _, target in edges(drawing, "backward"))
    assert "D1" not in {target for _, target in edges(layers(network), "forward")}
    assert_clear(drawing)


def test_the_identity_is_no_step() -> None:
    network = cr.Network([cr.Dense(2), cr.Dense(1, bias=False)])
    drawing = layers(network, backward=True, learning_rate=0.1)
    assert chain(drawing, "dJ/dW1") == ["dZ1/dW1", "dZ2/dZ1", "dL/dZ2", "dJ/dL"]
    assert "b2" not in " ".join(written(drawing))
    assert_clear(drawing)


def test_a_penalty_is_part_of_the_gradient() -> None:
    X, y = cr.examples("X", features=2), cr.examples("y", features=1)
    connected = NETWORK.connect(X)
    loss = cr.mean(cr.binary_cross_entropy(connected.output, y).named("L"))
    J = (loss + 0.5 * cr.sum(connected.weights[0] ** 2)).named("J")
    trace = cr.trace(J, {X: NUMBERS["X"], y: NUMBERS["y"][:, None], **NUMBERS["parameters"]})
    drawing = layers(trace=trace, backward=True)
    assert "dJ/dW1 = X.T @ dJ/dZ1 + W1" in written(drawing)
    assert "dJ/dW2 = A1.T @ dJ/dZ2" in written(drawing)
    assert any("penalty" in text for text in written(drawing))
    assert_clear(drawing)


def test_a_softmax_s_derivative_is_no_number_an_element() -> None:
    network = dense((2, 3, 3))
    drawing = layers(network, backward=True)
    assert groups(drawing, "derivative", kind="A")[1].texts == ("dA2/dZ2", "each depends on its whole row")
    assert "dJ/dZ2 = A2 * (dJ/dA2 - sum(dJ/dA2 * A2, axis=1))" in node(drawing, "dJ/dZ2").written


def test_a_trace_of_the_output_alone_has_no_cost_and_no_gradients() -> None:
    X = cr.examples("X", features=2)
    trace = cr.trace(NETWORK.connect(X).output, {X: NUMBERS["X"], **NUMBERS["parameters"]})
    assert edges(layers(trace=trace), "forward")[-1] == ("Z2", "A2")
    with pytest.raises(cr.errors.UserError, match="cost"):
        layers(trace=trace, backward=True)


def test_the_update_needs_gradients() -> None:
    with pytest.raises(cr.errors.UserError, match="backward=True"):
        layers(learning_rate=0.1)


def test_numbers_that_are_not_finite_are_drawn() -> None:
    given = numbers(SIZES)
    given["parameters"]["W1"][0, 0] = np.inf
    with np.errstate(all="ignore"):
        assert_clear(layers(backward=True, **given))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from([1, 2, 3, 5, 20, 12288]), min_size=2, max_size=5),
    st.sampled_from(["relu", "tanh", "gelu", "identity"]),
    st.sampled_from(["rows", "columns"]),
    st.booleans(),
    st.booleans(),
)
def test_nothing_overlaps_at_any_size(
    sizes: list[int], hidden: str, notation: Any, with_numbers: bool, backward: bool
) -> None:
    sizes = [*sizes[:1], *(min(size, 20) for size in sizes[1:])]
    given = numbers(sizes) if with_numbers else {}
    network = dense(sizes, hidden=hidden)
    options: dict[str, Any] = {"learning_rate": 0.01} if backward else {}
    assert_clear(layers(network, sizes[0], notation=notation, backward=backward, **given, **options))


def test_a_drawing_is_the_same_each_time_and_quick() -> None:
    sizes = (12288, 20, 7, 5, 1)
    network, given = dense(sizes), numbers(sizes)
    trace = traced(network, given)
    first = layers(network, trace=trace, backward=True)
    times = []
    for _ in range(3):
        start = time.process_time()
        assert layers(network, trace=trace, backward=True).svg == first.svg
        times.append(time.process_time() - start)
    assert min(times) < 0.3
