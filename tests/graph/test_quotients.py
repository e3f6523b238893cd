"""Gradients of cross-entropies taken from the graph as written: exact for large logits, though they divide by a."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.graph.quotients import is_positive
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import topological

from .test_rewrite import BINARY, PICKED, SOFTMAX, Z, binary

LOGITS = np.array([1000.0, 745.0, 90.0, 30.0, 1.0, 0.0, -1.0, -30.0, -90.0, -745.0, -1000.0])
ROWS = np.array([[1000.0, -1000.0, 0.0], [1000.0, -1000.0, 0.0], [-745, 745, 90], [90, -90, 0], [1, 2, -3]])
CHOSEN = np.array([0, 1, 0, 2, 1])
# Numbers of float32 below this are rounded to 0 by some processors.
TOLERANCE = {np.float64: (1e-13, 0.0), np.float32: (2e-6, 1.2e-38)}
both_types = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def sigmoid(z: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-z)))


def exact_binary(label: float) -> NDArray[Any]:
    """`a - y` without the cancellation."""
    return (1 - label) * sigmoid(LOGITS) - label * sigmoid(-LOGITS)


def exact_softmax() -> NDArray[Any]:
    e = np.exp(ROWS - ROWS.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True) - np.eye(3)[CHOSEN])


def close(found: Any, exact: Any, dtype: Any) -> None:
    relative, absolute = TOLERANCE[dtype]
    np.testing.assert_allclose(found, np.asarray(exact), rtol=relative, atol=absolute)


@both_types
@pytest.mark.parametrize("label", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("spelling", BINARY)
def test_the_written_gradient_of_binary_cross_entropy_is_exact(spelling: str, label: float, dtype: Any) -> None:
    loss, z, y = binary(spelling)
    values = {z: LOGITS, y: np.full(len(LOGITS), label)}
    close(cr.value(cr.grad(loss, z), values, dtype=dtype), exact_binary(label), dtype)


@pytest.mark.parametrize("spelling", BINARY)
def test_the_written_gradient_is_exact_for_numbers(spelling: str) -> None:
    z, y = cr.variables("z y")
    gradient = cr.grad(BINARY[spelling](cr.sigmoid(z), y, z), z)
    close([cr.value(gradient, z=number, y=0.25) for number in LOGITS], exact_binary(0.25), np.float64)


@both_types
@pytest.mark.parametrize("spelling", BINARY)
def test_the_written_gradient_is_exact_in_a_mean_with_weights_and_a_factor(spelling: str, dtype: Any) -> None:
    loss, z, y = binary(spelling)
    w, weights = cr.examples("w"), np.arange(1.0, 1 + len(LOGITS))
    gradient = cr.grad(5 * cr.mean(w * loss), z)
    values = {z: LOGITS, y: np.ones(len(LOGITS)), w: weights}
    close(cr.value(gradient, values, dtype=dtype), 5 * weights * exact_binary(1.0) / len(LOGITS), dtype)


@both_types
@pytest.mark.parametrize("spelling", BINARY)
@pytest.mark.parametrize(
    "reshape",
    [lambda a: cr.reshape(a, "m"), lambda a: cr.sum(a, axis=1), lambda a: cr.mean(a, axis=-1)],
    ids=["reshape", "sum", "mean"],
)
def test_the_written_gradient_is_exact_through_a_layer_and_a_reshape(
    reshape: Callable[[Expression], Expression], spelling: str, dtype: Any
) -> None:
    X, W, b, y = cr.examples("X", features=1), cr.parameter("W", (1, 1)), cr.parameter("b", (1,)), cr.examples("y")
    z = X @ W + b
    J = cr.mean(BINARY[spelling](reshape(cr.sigmoid(z)), y, reshape(z)))
    for number, exact in zip(LOGITS, exact_binary(0.25), strict=True):
        values: dict[Expression, Any] = {X: [[number], [number]], W: [[1.0]], b: [0.0], y: [0.25, 0.25]}
        close(cr.value(cr.grad(J, b), values, dtype=dtype), [exact], dtype)
        close(cr.value(cr.grad(J, W), values, dtype=dtype), [[number * exact]], dtype)


@pytest.mark.parametrize("cost", ["vectors", "class weights", "choice"])
def test_the_written_gradient_of_other_costs_is_exact(cost: str) -> None:
    z, y = cr.examples("z"), cr.examples("y")
    a = cr.sigmoid(z)
    J, first, second = {
        "vectors": (-(y @ cr.log(a) + (1 - y) @ cr.log(1 - a)) / cr.example_count(), 1 / 11, 1 / 11),
        "class weights": (-cr.sum(2 * y * cr.log(a) + 3 * (1 - y) * cr.log(1 - a)), 2, 3),
        "choice": (cr.where(y > 0.5, -cr.log(a), -cr.log(1 - a)), 1, 1),
    }[cost]
    for label in (0.0, 1.0):
        found = cr.value(cr.grad(J, z), {z: LOGITS, y: np.full(len(LOGITS), label)})
        close(found, exact_binary(label) * (first if label else second), np.float64)


def test_derivatives_multiplied_by_hand_are_exact_too() -> None:
    z, y = cr.variables("z y")
    a = cr.sigmoid(z).named("a")
    L = -(y * cr.log(a) + (1 - y) * cr.log(1 - a))
    written = cr.grad(L, a) * cr.grad(a, z)
    assert str(written) == "((1 - y) / (1 - a) - y / a) * a * (1 - a)"
    assert str(stable([written])[0]) == "(1 - y) * a - y * sigmoid(-z)"
    assert cr.value(written, z=1000.0, y=0.0) == 1.0


@both_types
@pytest.mark.parametrize("spelling", SOFTMAX)
def test_the_written_gradient_of_softmax_cross_entropy_is_exact(spelling: str, dtype: Any) -> None:
    loss, values = SOFTMAX[spelling], {Z: ROWS, PICKED: CHOSEN}
    close(cr.value(cr.grad(loss, Z), values, dtype=dtype), exact_softmax(), dtype)
    close(cr.value(cr.grad(cr.mean(loss), Z), values, dtype=dtype), exact_softmax() / len(ROWS), dtype)


def test_the_written_gradient_of_softmax_cross_entropy_is_exact_through_a_layer() -> None:
    X, W, y, w = cr.examples("X", features=3), cr.parameter("W", (3, 3)), cr.examples("y"), cr.examples("w")
    J = cr.sum(-w * cr.log(cr.softmax(X @ W)[y]))
    weights = np.arange(1.0, 6.0)
    found = cr.value(cr.grad(J, W), {X: ROWS, W: np.eye(3), y: CHOSEN, w: weights})
    close(found, ROWS.T @ (weights[:, None] * exact_softmax()), np.float64)


@pytest.mark.parametrize(
    "softmax", [cr.softmax, lambda z: cr.exp(z) / cr.sum(cr.exp(z))], ids=["softmax", "by hand"]
)
def test_the_written_gradient_is_exact_for_one_row(softmax: Callable[[Expression], Expression]) -> None:
    z = cr.variable("z", (3,))
    gradient = cr.grad(-cr.sum(np.array([0.0, 1.0, 0.0]) * cr.log(softmax(z))), z)
    assert cr.value(gradient, z=[1000.0, -1000.0, 0.0]).tolist() == [1.0, -1.0, 0.0]


def test_the_derivatives_inside_softmax_cross_entropy_can_be_seen() -> None:
    A = cr.softmax(Z).named("A")
    L = -cr.log(A[PICKED])
    assert str(cr.grad(L, A)) == "-1 / A[y] * one_hot(y, classes=3)"
    # The division by A[y] alone stays: A may be 0 elsewhere.
    assert cr.value(cr.grad(L, A), {Z: [[1000.0, -1000.0, 0.0]], PICKED: [0]}).tolist() == [[-1.0, 0.0, 0.0]]


@pytest.mark.parametrize("spelling", BINARY)
def test_a_gradient_stays_as_it_was_written(spelling: str) -> None:
    loss, z, _ = binary(spelling)
    gradient = cr.grad(loss, z)
    before, text = topological([gradient]), str(gradient)
    stable([gradient])
    assert topological([gradient]) == before
    assert str(gradient) == text


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("spelling", BINARY)
@given(z=st.floats(-3, 3), y=st.floats(0, 1))
@settings(max_examples=10)
def test_derivatives_have_the_same_value_rewritten(spelling: str, order: int, z: float, y: float) -> None:
    derivative, logit, label = binary(spelling)
    for _ in range(order):
        derivative = cr.grad(derivative, logit)
    values = {logit: [z], label: [y]}
    written = cr.value(derivative, values, rewrite=False)
    np.testing.assert_allclose(cr.value(derivative, values), written, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("spelling", SOFTMAX)
@given(data=st.data())
@settings(max_examples=10)
def test_derivatives_of_softmax_have_the_same_value_rewritten(spelling: str, data: st.DataObject) -> None:
    row = st.lists(st.floats(-3, 3), min_size=3, max_size=3)
    values: dict[Expression, Any] = {Z: data.draw(st.lists(row, min_size=2, max_size=2)), PICKED: [2, 0]}
    gradient = cr.grad(SOFTMAX[spelling], Z)
    for derivative in (gradient, cr.grad(cr.sum(gradient * np.array([1.0, -2.0, 0.5])), Z)):
        written = cr.value(derivative, values, rewrite=False)
        np.testing.assert_allclose(cr.value(derivative, values), written, rtol=1e-9, atol=1e-9)


QUOTIENTS: dict[str, Callable[[Expression, Expression], Expression]] = {
    "the same": lambda x, y: x / cr.exp(y) * cr.exp(y),
    "of another shape": lambda x, y: cr.exp(y) / cr.exp(y),
    "a product of both signs": lambda x, y: -(x / cr.sigmoid(y)) * -cr.sigmoid(y),
    "exp by sigmoid": lambda x, y: x * cr.exp(y) / cr.sigmoid(y),
    "sigmoid by exp": lambda x, y: cr.sigmoid(y) / cr.exp(y) + x,
    "sigmoid times exp": lambda x, y: cr.sigmoid(y) * x * cr.exp(-y),
    "a power": lambda x, y: cr.sigmoid(y) ** (x - 1) / cr.sigmoid(y) ** x,
    "a complement": lambda x, y: x * cr.exp(y) - x * cr.exp(y) * cr.sigmoid(x),
    "a hand-written power": lambda x, y: (1 + cr.exp(-y)) ** -3 * (1 + cr.exp(-y)) * x,
    "terms": lambda x, y: (x / cr.exp(y) - y / cr.sigmoid(x)) * cr.exp(y) * cr.sigmoid(x),
    "terms of which one keeps its divisor": lambda x, y: (x / cr.exp(y) - y / cr.sigmoid(x)) * cr.exp(y),
    "terms in a choice": lambda x, y: cr.where(x > 0, x / cr.exp(y), 0.0) * cr.exp(y),
    "a sum": lambda x, y: cr.sum(cr.reshape(x, (3, 1)) / cr.exp(y), axis=0) * cr.exp(y),
    "a sum of a smaller rest": lambda x, y: cr.sum(1 / cr.exp(cr.reshape(y, (3, 1))) * np.ones((3, 2)), axis=1),
    "a sum divided by a number": lambda x, y: cr.sum(x / cr.sum(cr.exp(y))),
    "transposed": lambda x, y: (cr.reshape(x / cr.exp(y), (1, 3)).T * cr.exp(cr.reshape(y, (3, 1)))).T,
    "two shapes reshaped": lambda x, y: cr.reshape(cr.reshape(x, (3, 1)) / cr.exp(y), (9,)),
}


@pytest.mark.parametrize("quotient", QUOTIENTS)
def test_a_cancelled_quotient_keeps_its_value_and_shape(quotient: str) -> None:
    x, y = cr.variable("x", (3,)), cr.variable("y", (3,))
    node = QUOTIENTS[quotient](x, y)
    values: dict[Expression, Any] = {x: [0.3, -1.2, 2.0], y: [-0.4, 1.5, 0.0]}
    assert stable([node])[0].shape == node.shape
    np.testing.assert_allclose(cr.value(node, values), cr.value(node, values, rewrite=False), rtol=1e-13)


MAYBE_0: dict[str, Callable[[Expression], Expression]] = {
    "a variable": lambda x: x,
    "a difference": lambda x: cr.exp(x) - cr.exp(-x),
    "tanh": cr.tanh,
    "a product": lambda x: x * cr.exp(x),
}


@pytest.mark.parametrize("divisor", MAYBE_0)
def test_what_may_be_0_is_not_cancelled(divisor: str) -> None:
    x = cr.variable("x")
    d = MAYBE_0[divisor](x)
    assert not is_positive(d)
    assert np.isnan(cr.value(d / d, x=0.0))
