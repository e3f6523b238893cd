"""Numerically sound copies: cross-entropies in every spelling, exact for large logits, and the graph as written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.expression import Expression, apply
from chainrule.graph.rewrite import merge_common, stable
from chainrule.graph.walk import topological

from .cases import ALL, Case

Loss = Callable[[Expression, Expression, Expression], Expression]

# Each from a = sigmoid(z), y and z to the cross-entropy.
BINARY: dict[str, Loss] = {
    "as in the book": lambda a, y, z: -(y * cr.log(a) + (1 - y) * cr.log(1 - a)),
    "a minus each": lambda a, y, z: -y * cr.log(a) - (1 - y) * cr.log(1 - a),
    "a minus before each": lambda a, y, z: -(y * cr.log(a)) - ((1 - y) * cr.log(1 - a)),
    "a minus inside": lambda a, y, z: y * -cr.log(a) + (1 - y) * -cr.log(1 - a),
    "other order of terms": lambda a, y, z: -((1 - y) * cr.log(1 - a) + y * cr.log(a)),
    "other order of factors": lambda a, y, z: -(cr.log(a) * y + cr.log(1 - a) * (1 - y)),
    "y - 1": lambda a, y, z: (y - 1) * cr.log(1 - a) - y * cr.log(a),
    "times -1": lambda a, y, z: -1 * (y * cr.log(a) + (1 - y) * cr.log(1 - a)),
    "log1p": lambda a, y, z: -(y * cr.log(a) + (1 - y) * cr.log1p(-a)),
    "hand-written sigmoid": lambda a, y, z: BINARY["as in the book"](1 / (1 + cr.exp(-z)), y, z),
    "hand-written sigmoid, one last": lambda a, y, z: BINARY["as in the book"](1 / (cr.exp(-z) + 1), y, z),
    "hand-written sigmoid, of exp(z)": lambda a, y, z: BINARY["as in the book"](
        cr.exp(z) / (1 + cr.exp(z)), y, z
    ),
    "hand-written sigmoid, a power": lambda a, y, z: BINARY["as in the book"]((1 + cr.exp(-z)) ** -1, y, z),
    "of the other class": lambda a, y, z: -(y * cr.log(1 - cr.sigmoid(-z)) + (1 - y) * cr.log(cr.sigmoid(-z))),
    "reciprocals": lambda a, y, z: y * cr.log(1 / a) + (1 - y) * cr.log(1 / (1 - a)),
    "a likelihood": lambda a, y, z: -cr.log(a**y * (1 - a) ** (1 - y)),
    "softplus": lambda a, y, z: y * cr.softplus(-z) + (1 - y) * cr.softplus(z),
    "log(1 + exp)": lambda a, y, z: y * cr.log(1 + cr.exp(-z)) + (1 - y) * cr.log(cr.exp(z) + 1),
    "log1p(exp)": lambda a, y, z: y * cr.log1p(cr.exp(-z)) + (1 - y) * cr.log1p(cr.exp(z)),
}  # fmt: skip
EXTREMES = np.array([1000.0, -1000.0, 1000.0, -1000.0, 0.0, 30.0])
LABELS = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.3])
EXACT = np.array([0.0, 0.0, 1000.0, 1000.0, np.log(2), 21 + np.log1p(np.exp(-30.0))])


def binary(spelling: str) -> tuple[Expression, Expression, Expression]:
    z, y = cr.examples("z"), cr.examples("y")
    return BINARY[spelling](cr.sigmoid(z), y, z), z, y


@pytest.mark.parametrize("spelling", BINARY)
def test_binary_cross_entropy_is_recognised(spelling: str) -> None:
    loss, _, _ = binary(spelling)
    assert str(stable([loss])[0]).removeprefix("1 * ") == "logit_cross_entropy(z, y)"


@pytest.mark.parametrize("spelling", BINARY)
def test_binary_cross_entropy_is_exact_for_any_logit(spelling: str) -> None:
    loss, z, y = binary(spelling)
    np.testing.assert_allclose(cr.value(loss, {z: EXTREMES, y: LABELS}), EXACT, rtol=1e-15)


@pytest.mark.parametrize("spelling", BINARY)
def test_the_derivative_of_binary_cross_entropy_is_a_minus_y(spelling: str) -> None:
    loss, z, y = binary(spelling)
    gradient = cr.value(cr.grad(stable([loss])[0], z), {z: EXTREMES, y: LABELS})
    with np.errstate(over="ignore"):
        assert gradient.tolist() == (1 / (1 + np.exp(-EXTREMES)) - LABELS).tolist()


@pytest.mark.parametrize("spelling", BINARY)
def test_a_rewrite_leaves_the_graph_as_it_was_written(spelling: str) -> None:
    loss, _, _ = binary(spelling)
    before = topological([loss])
    text = str(loss)
    stable([loss])
    assert topological([loss]) == before
    assert str(loss) == text


def test_the_derivatives_inside_a_loss_can_be_seen() -> None:
    z, y = cr.variables("z y")
    a = cr.sigmoid(z).named("a")
    L = -(y * cr.log(a) + (1 - y) * cr.log(1 - a))
    assert str(cr.grad(L, a)) == "(1 - y) / (1 - a) - y / a"
    assert str(cr.grad(a, z)) == "a * (1 - a)"
    assert a in topological([L])


@pytest.mark.parametrize(
    "weigh",
    [
        lambda y, w, first, second: -(w * y * first + w * (1 - y) * second),
        lambda y, w, first, second: -(y * first * w + (1 - y) * w * second),
        lambda y, w, first, second: -(y * first + (1 - y) * second) * w,
        lambda y, w, first, second: -(y * first / w + (1 - y) * second / w),
        lambda y, w, first, second: -(y * w * first * w + w * w * (1 - y) * second),
    ],
    ids=["first", "anywhere", "outside", "divided", "twice"],
)
def test_common_factors_are_carried_along(weigh: Callable[..., Expression]) -> None:
    z, y, w = cr.examples("z"), cr.examples("y"), cr.variable("w")
    a = cr.sigmoid(z)
    loss = weigh(y, w, cr.log(a), cr.log(1 - a))
    assert "logit_cross_entropy(z, y)" in str(stable([loss])[0])
    values: dict[Expression, Any] = {z: [0.3, -2.0], y: [1.0, 0.25], w: 0.7}
    np.testing.assert_allclose(cr.value(loss, values), cr.value(loss, values, rewrite=False), rtol=1e-14)


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, y, w: -(2 * y * cr.log(a) + 3 * (1 - y) * cr.log(1 - a)),  # class weights
        lambda a, y, w: -(w * w * y * cr.log(a) + w * (1 - y) * cr.log(1 - a)),
        lambda a, y, w: -(y * cr.log(a) / w + (1 - y) * cr.log(1 - a)),
        lambda a, y, w: y * cr.log(a) - (1 - y) * cr.log(1 - a),
        lambda a, y, w: -(y * cr.log(a) + (np.ones(3) - y) * cr.log(1 - a)),
        lambda a, y, w: cr.where(y > 0.5, -cr.log(a), -cr.log(1 - a)),
        lambda a, y, w: -cr.log(cr.where(y > 0.5, a, 1 - a)),
    ],
    ids=["class weights", "other powers", "one divided", "other sign", "array of ones", "choice", "choice inside"],
)
def test_what_only_looks_like_cross_entropy_keeps_its_value_and_is_exact(loss: Loss) -> None:
    z, y, w = cr.variables("z y w")
    L = loss(cr.sigmoid(z), y, w)
    assert "logit_cross_entropy" not in str(stable([L])[0])
    values = {z: 0.8, y: 0.3, w: 2.0}
    np.testing.assert_allclose(cr.value(L, values), cr.value(L, values, rewrite=False), rtol=1e-14)
    assert np.isfinite(cr.value(L, {z: 1000.0, y: 0.0, w: 2.0})).all()
    assert np.isfinite(cr.value(cr.grad(stable([L])[0], z), {z: -1000.0, y: 1.0, w: 2.0})).all()


@pytest.mark.parametrize(
    "reshape",
    [lambda a: cr.reshape(a, "m"), lambda a: cr.sum(a, axis=1), lambda a: cr.mean(a, axis=-1)],
    ids=["reshape", "sum", "mean"],
)
def test_a_reshape_between_sigmoid_and_loss_is_no_obstacle(reshape: Callable[[Expression], Expression]) -> None:
    X, W, b, y = cr.examples("X", features=2), cr.parameter("W", (2, 1)), cr.parameter("b", (1,)), cr.examples("y")
    a = reshape(cr.sigmoid(X @ W + b))
    J = cr.mean(-(y * cr.log(a) + (1 - y) * cr.log(1 - a)))
    assert str(stable([J])[0]) == "mean(logit_cross_entropy(X @ W + b, y))"


def test_labels_may_be_arrays() -> None:
    z, y = cr.variable("z", (2,)), np.array([1.0, 0.0])
    a = cr.sigmoid(z)
    L = -(y * cr.log(a) + (1 - y) * cr.log(1 - a))
    assert "logit_cross_entropy" in str(stable([L])[0])
    assert cr.value(L, z=[1000.0, 1000.0]).tolist() == [0.0, 1000.0]


def test_the_cost_over_examples_may_be_a_sum_or_a_product_of_vectors() -> None:
    z, y = cr.examples("z"), cr.examples("y")
    a, m = cr.sigmoid(z), cr.example_count()
    for J in (
        -1 / m * cr.sum(y * cr.log(a) + (1 - y) * cr.log(1 - a)),
        -(cr.sum(y * cr.log(a)) + cr.sum((1 - y) * cr.log(1 - a))) / m,
        -(y @ cr.log(a) + (1 - y) @ cr.log(1 - a)) / m,
    ):
        np.testing.assert_allclose(cr.value(J, {z: EXTREMES, y: LABELS}), EXACT.mean(), rtol=1e-15)


def test_the_log_odds_are_the_logit() -> None:
    z = cr.variable("z")
    a = cr.sigmoid(z)
    assert str(stable([cr.log(a / (1 - a))])[0]) == "z"
    assert cr.value(cr.log(a) - cr.log(1 - a), z=1000.0) == 1000.0


Z, PICKED = cr.variable("Z", ("m", 3)), cr.examples("y")


def hand_softmax(Z: Expression) -> Expression:
    return cr.exp(Z) / cr.sum(cr.exp(Z), axis=1, keepdims=True)


SOFTMAX: dict[str, Expression] = {
    "log, then pick": -cr.log(cr.softmax(Z))[PICKED],
    "pick, then log": -cr.log(cr.softmax(Z)[PICKED]),
    "by hand, log, then pick": -cr.log(hand_softmax(Z))[PICKED],
    "by hand, pick, then log": -cr.log(hand_softmax(Z)[PICKED]),
    "picked exponentials": -cr.log(cr.exp(Z)[PICKED] / cr.sum(cr.exp(Z), axis=1)),
    "a difference": cr.log(cr.sum(cr.exp(Z), axis=1)) - Z[PICKED],
    "a reshaped sum": -cr.log(cr.exp(Z) / cr.reshape(cr.sum(cr.exp(Z), axis=1), ("m", 1)))[PICKED],
    "one-hot": -cr.sum(cr.one_hot(PICKED, classes=3) * cr.log(cr.softmax(Z)), axis=1),
    "one-hot, by hand": -cr.sum(cr.one_hot(PICKED, classes=3) * cr.log(hand_softmax(Z)), axis=1),
    "columns": -cr.log((cr.exp(Z.T) / cr.sum(cr.exp(Z.T), axis=0)).T[PICKED]),
}


@pytest.mark.parametrize("spelling", SOFTMAX)
def test_softmax_cross_entropy_is_exact_for_any_logit(spelling: str) -> None:
    loss = SOFTMAX[spelling]
    values: dict[Expression, Any] = {
        Z: [[1000.0, -1000.0, 0.0], [1000.0, -1000.0, 0.0], [0.0, 0.0, 0.0]],
        PICKED: [0.0, 1.0, 2.0],
    }
    np.testing.assert_allclose(cr.value(loss, values), [0.0, 2000.0, np.log(3)], rtol=1e-15)
    gradient = cr.value(cr.grad(stable([loss])[0], Z), values)
    np.testing.assert_allclose(gradient, np.array([[0, 0, 0], [1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]), atol=1e-15)


def test_the_derivative_of_softmax_cross_entropy_reads_well() -> None:
    gradient = cr.grad(stable([-cr.mean(cr.log(cr.softmax(Z))[PICKED])])[0], Z)
    assert str(gradient) == "1 / m * softmax(Z) - 1 / m * one_hot(y, classes=3)"


@pytest.mark.parametrize("case", ALL, ids=str)
def test_every_operation_has_the_same_value_rewritten(case: Case) -> None:
    np.testing.assert_allclose(
        cr.value(case.node, case.given), cr.value(case.node, case.given, rewrite=False), rtol=1e-13, atol=1e-15
    )


def some_expression(draw: st.DrawFn, leaves: list[Expression], size: int) -> Expression:
    nodes = list(leaves)
    for _ in range(size):
        op = draw(
            st.sampled_from(["sigmoid", "tanh", "softplus", "exp", "log", "add", "subtract", "multiply", "divide"])
        )
        a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        if op == "exp":
            nodes.append(cr.exp(cr.tanh(a)) if draw(st.booleans()) else cr.exp(-cr.softplus(a)))
        elif op == "log":
            inside = [
                cr.sigmoid(a),
                1 + cr.exp(cr.tanh(a)),
                1 - cr.sigmoid(a),
                cr.softplus(a) + 1,
                cr.exp(cr.tanh(a)) / 2,
            ]
            nodes.append(cr.log(draw(st.sampled_from(inside))))
        elif op in {"add", "subtract", "multiply"}:
            nodes.append(apply(op, cr.tanh(a) if draw(st.booleans()) else a, b))
        elif op == "divide":
            nodes.append(a / (1 + cr.exp(cr.tanh(b))))
        else:
            nodes.append(apply(op, a))
    return nodes[-1]


@given(data=st.data())
@settings(max_examples=150)
def test_any_expression_has_the_same_value_rewritten(data: st.DataObject) -> None:
    x, y = cr.variable("x", (3,)), cr.variable("y", (3,))
    leaves = [x, y, 1 - y, cr.constant(1.0), cr.constant(0.5)]
    node = some_expression(data.draw, leaves, data.draw(st.integers(1, 12)))  # type: ignore[arg-type]
    values: dict[Any, Any] = {x: [0.3, -1.2, 2.0], y: [0.0, 1.0, 0.7]}
    written = cr.value(node, values, rewrite=False)
    if np.isfinite(written).all() and np.abs(written).max(initial=0) < 1e3:
        np.testing.assert_allclose(cr.value(node, values), written, rtol=1e-9, atol=1e-9)


def test_equal_subexpressions_become_one_and_random_numbers_stay_apart() -> None:
    x = cr.variable("x", (2,))
    first, second = cr.draw((2,), node=0), cr.draw((2,), node=1)
    assert len(topological(merge_common([cr.exp(x) * cr.exp(x)]))) == 3
    assert len(topological(merge_common([first + second]))) == 3
    assert len(topological(merge_common([cr.constant(0.0) * x + cr.constant(-0.0) * x]))) == 6
