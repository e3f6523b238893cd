"""Gradients as expressions: of any node, readable, differentiable again, and of deep graphs."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.graph.rewrite import merge_common, stable
from chainrule.graph.simplify import simplify
from chainrule.testing import check_gradients

a, b, c = cr.variables("a b c")
x = cr.variable("x")


def test_the_first_example() -> None:
    J = 5 * (a * b + c)
    assert [str(gradient) for gradient in cr.gradients(J, [a, b, c])] == ["5 * b", "5 * a", "5"]


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (lambda a: a**3, "3 * a ** 2", "6 * a"),
        (lambda a: a * a, "2 * a", "2"),
        (lambda a: 1 / a, "-1 / a / a", None),
        (lambda a: cr.exp(2 * a), "2 * exp(2 * a)", "4 * exp(2 * a)"),
        (lambda a: cr.log(a), "1 / a", "-1 / a / a"),
        (lambda a: cr.sigmoid(a), "sigmoid(a) * (1 - sigmoid(a))", None),
        (lambda a: cr.tanh(a), "1 - tanh(a) ** 2", None),
        (lambda a: cr.abs(a), "sign(a)", "0"),
        (lambda a: a + 3, "1", None),
        (lambda a: 3 - a, "-1", None),
        (lambda a: a / 4, "0.25", None),
        (lambda a: 2.0**a, "0.693147 * 2 ** a", None),
    ],
)
def test_derivatives_read_as_by_hand(
    function: Callable[[Expression], Expression], first: str, second: str | None
) -> None:
    derivative = cr.grad(function(a), a)
    assert str(derivative) == first
    if second is not None:
        assert str(cr.grad(derivative, a)) == second


def test_the_derivatives_of_a_network_read_as_by_hand() -> None:
    X, y = cr.examples("X", features=3), cr.examples("y")
    w, bias = cr.parameter("w", (3,)), cr.parameter("b")
    z = (X @ w + bias).named("z")
    L = cr.logit_cross_entropy(z, y)
    dz, dw, db = cr.gradients(cr.mean(L), [z, w, bias])
    assert str(dz) == "1 / m * (sigmoid(z) - y)"
    assert str(dw) == "X.T @ (1 / m * (sigmoid(z) - y))"
    assert str(db) == "sum(1 / m * (sigmoid(z) - y))"
    assert str(cr.grad(cr.sum(z), bias)) == "m"
    assert str(cr.grad(cr.sum(3 * z), bias)) == "3 * m"


def test_a_gradient_may_be_with_respect_to_any_node() -> None:
    u = (a * b).named("u")
    v = (u + c).named("v")
    J = 5 * v
    assert [str(gradient) for gradient in cr.gradients(J, [J, v, u, a])] == ["1", "5", "5", "5 * b"]
    values = {a: 3.0, b: 2.0, c: 1.0, u: 6.0}
    check_gradients(J * u, [u], values)


def test_a_node_outside_the_cost_is_an_error() -> None:
    with pytest.raises(cr.UserError, match=r"cannot differentiate with respect to c: a \* b does not depend on it"):
        cr.gradients(a * b, [a, c])


def test_one_node_alone_is_an_error_that_tells_the_way() -> None:
    with pytest.raises(cr.UserError, match=r"write \[w\], or use cr.grad"):
        cr.gradients(a * b, a)


def test_nodes_may_come_from_any_iterable() -> None:
    assert len(cr.gradients(a * b, (node for node in (a, b)))) == 2  # type: ignore[arg-type]


def test_the_gradient_of_losses_keeps_one_value_an_example() -> None:
    y_hat, y = cr.examples("y_hat"), cr.examples("y")
    gradient = cr.grad((y_hat - y) ** 2, y_hat)
    assert gradient.shape == ("m",)
    assert cr.value(gradient, y_hat=[1.0, 2.0], y=[0.0, 0.0]).tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    "through", [cr.sign, lambda a: a > 0, lambda a: cr.equal(a, 1.0)], ids=["sign", "greater", "equal"]
)
def test_a_gradient_through_a_step_is_zero_of_the_right_shape(through: Callable[[Expression], Expression]) -> None:
    v = cr.variable("v", (3,))
    gradient = cr.grad(cr.sum(through(v)), v)
    assert str(gradient) == "0"
    assert cr.value(gradient, {v: [1.0, -2.0, 3.0]}).tolist() == [0.0, 0.0, 0.0]


def test_third_derivatives() -> None:
    assert cr.value(cr.grad(cr.grad(cr.grad(x**4, x), x), x), x=2.0) == 48.0
    check_gradients(cr.exp(cr.tanh(x)), [x], {x: 0.3}, order=3, tolerance=1e-5)


def test_named_gradients_keep_the_nodes_of_the_cost() -> None:
    s = cr.sigmoid(x).named("a")
    assert s in cr.grad(s, x).inputs


def test_a_wrong_derivative_is_reported_with_node_position_and_both_numbers() -> None:
    v = cr.variable("v", (2,))
    with pytest.raises(
        AssertionError,
        match=r"first derivative with respect to v at \(1,\) is 0 by the rules, but 0\.5\d* by finite differences",
    ):
        check_gradients(cr.relu(v), [v], {v: [1.0, 0.0]})


def test_a_node_to_check_needs_a_value() -> None:
    with pytest.raises(cr.UserError, match="a has no value"):
        check_gradients(a * b, [a], {b: 1.0})


def chain(kind: str, length: int) -> Expression:
    node, product = x, a
    for _ in range(length):
        if kind == "sums":
            node = node + x
        elif kind == "products":
            node = node * x
        elif kind == "sums of products":
            product = product * x
            node = node + product
        else:
            node = cr.log(1 + cr.exp(-node))
    return node


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Keep Python's collector out of a timing: it goes over whatever other tests have left in memory."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("kind", ["sums", "products", "sums of products", "functions"])
def test_deep_graphs_take_time_in_proportion(kind: str, without_collector: None) -> None:
    def work(length: int) -> float:
        node = chain(kind, length)
        start = time.process_time()
        gradient = cr.grad(node, x)
        values = {x: 0.999, a: 0.5}
        assert np.isfinite(cr.value(gradient, values, rewrite=False))
        assert np.isfinite(cr.value(node + cr.log(cr.sigmoid(node)), values))
        assert len(str(node)) < 10_000
        for transform in (stable, simplify, merge_common):
            transform([gradient])
        return time.process_time() - start

    work(100)
    assert work(10_000) < 8 * max(work(2_500), 0.05)
