"""People's own activations and losses, of every kind that a graph can hold, come out right too."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.network.losses import loss
from tests.network.numpy_code.problems import Problem, assert_code_is_right

MIXED = np.array([[0.5, -1.0, 0.25, 0.0], [1.0, 0.5, 0.0, -0.5], [0.1, 0.2, 0.3, 0.4], [-1.0, 1.0, -1.0, 1.0]])


def maxout(z: Expression) -> Expression:
    """The larger of two neighbours, twice (Goodfellow and others 2013), through an array of three axes."""
    pairs = cr.max(cr.reshape(z, ("m", 2, 2)), axis=2, keepdims=True)
    largest: Expression = cr.reshape(cr.broadcast_to(pairs, ("m", 2, 2)), ("m", 4))
    return largest * 0.5


def mixing(z: Expression) -> Expression:
    mixed = cr.constant(MIXED)
    mixed_again: Expression = (mixed @ z.T).T * MIXED[0]
    return cr.tanh(z @ mixed) + mixed_again


def gated(z: Expression) -> Expression:
    """Shares of the neurons, in which each is compared with each other one."""
    ahead = cr.sum(cr.reshape(z, ("m", 4, 1)) > cr.reshape(z, ("m", 1, 4)), axis=2)
    return z * cr.softmax(z) + 0.1 * ahead * z


def normalised(z: Expression) -> Expression:
    centred = z - cr.mean(z, axis=1, keepdims=True)
    return centred / cr.sqrt(cr.mean(centred**2, axis=1, keepdims=True) + 0.1)


def log_shares(z: Expression) -> Expression:
    return (z.T - cr.logsumexp(z)).T


def written_out_sigmoid(z: Expression) -> Expression:
    return 1 / (1 + cr.exp(-z))


def written_out_softmax(z: Expression) -> Expression:
    e = cr.exp(z)
    return e / cr.sum(e, axis=1, keepdims=True)


def clipped(z: Expression) -> Expression:
    return cr.minimum(cr.maximum(z, -0.5), 1.0) + cr.erf(z) * (z < 0.7) + cr.sign(z) * (z >= 0.1)


@pytest.mark.parametrize(
    "activation",
    [maxout, mixing, gated, normalised, log_shares, written_out_sigmoid, written_out_softmax, clipped],
)
def test_an_own_activation(activation: Any) -> None:
    network = cr.Network([cr.Dense(4, activation), cr.Dense(4, activation), cr.Dense(1, "sigmoid")])
    assert_code_is_right(Problem(network))


def smoothed(y_hat: Expression, y: Expression) -> Expression:
    wanted = 0.9 * cr.one_hot(y, classes=3) + 0.1 / 3
    return -cr.sum(wanted * cr.log(y_hat), axis=1)


def hinge_of_classes(y_hat: Expression, y: Expression) -> Expression:
    own = cr.reshape(y_hat[y], ("m", 1))
    return cr.sum(cr.maximum(0, 1 + y_hat - own) * (1 - cr.one_hot(y, classes=3)), axis=1)


def weighted_by_class(y_hat: Expression, y: Expression) -> Expression:
    return -cr.log(y_hat[y]) * (cr.one_hot(y, classes=3) @ np.array([1.0, 2.0, 0.5]))


def neighbour(y_hat: Expression, y: Expression) -> Expression:
    """A loss that picks by labels that it computes."""
    return (y_hat[cr.minimum(y + 1, 2)] - y_hat[y]) ** 2


@pytest.mark.parametrize("function", [smoothed, hinge_of_classes, weighted_by_class, neighbour])
@pytest.mark.parametrize("last", ["softmax", "identity"])
def test_an_own_loss_of_classes(function: Any, last: str) -> None:
    positive = function in (hinge_of_classes, neighbour)
    network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(3, last if positive else "softmax")])
    assert_code_is_right(Problem(network, loss=loss(function, kind="categorical")))


def quantile(y_hat: Expression, y: Expression) -> Expression:
    distance = y - y_hat
    return cr.maximum(0.9 * distance, -0.1 * distance)


def shrinking(y_hat: Expression, y: Expression) -> Expression:
    """A loss whose derivative divides by what is positive and does not cancel."""
    return y**2 / cr.softplus(y_hat) + cr.exp(-y * y_hat) / cr.softplus(-y_hat)


def difference(y_hat: Expression, y: Expression) -> Expression:
    """A loss whose derivative is the same everywhere."""
    return 2 * (y_hat - y)


def log_cosh(y_hat: Expression, y: Expression) -> Expression:
    d = (y_hat - y).named("d")
    return d + cr.softplus(-2 * d) - math.log(2)


def cosine(y_hat: Expression, y: Expression) -> Expression:
    lengths = cr.sqrt(cr.sum(y_hat**2, axis=1) * cr.sum(y**2, axis=1))
    return 1 - cr.sum(y_hat * y, axis=1) / lengths


@pytest.mark.parametrize("function", [quantile, shrinking, difference, log_cosh, cosine])
def test_an_own_loss_of_values(function: Any) -> None:
    assert_code_is_right(Problem(cr.Network([cr.Dense(4, "tanh"), cr.Dense(3)]), loss=function))


def focal(y_hat: Expression, y: Expression) -> Expression:
    """The focal loss (Lin and others 2017), which divides by probabilities in its derivative."""
    return -(y * (1 - y_hat) ** 2 * cr.log(y_hat) + (1 - y) * y_hat**2 * cr.log(1 - y_hat))


def by_one_hot(y_hat: Expression, y: Expression) -> Expression:
    return -cr.sum(cr.one_hot(y, classes=3) * cr.log(y_hat), axis=1)


@pytest.mark.parametrize(
    ("layer", "chosen"),
    [
        (cr.Dense(1, written_out_sigmoid), "binary_cross_entropy"),
        (cr.Dense(3, written_out_softmax), "categorical_cross_entropy"),
        (cr.Dense(3, "softmax"), loss(by_one_hot, kind="categorical")),
        (cr.Dense(3, "softmax"), loss(smoothed, kind="categorical")),
        (cr.Dense(1, "sigmoid"), loss(focal, kind="binary")),
        (cr.Dense(2, "softplus"), log_cosh),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_large_numbers_neither_break_the_code_nor_make_it_warn(layer: cr.Dense, chosen: Any, scale: float) -> None:
    assert_code_is_right(Problem(cr.Network([layer]), loss=chosen, scale=scale))


UNARY: list[Callable[[Expression], Expression]] = [
    *(cr.tanh, cr.sigmoid, cr.softplus, cr.relu, cr.abs, cr.silu, cr.gelu, cr.elu),
    lambda x: -x,
    lambda x: x**2,
]
BINARY: list[Callable[[Expression, Expression], Expression]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1 + b**2),
    cr.maximum,
    cr.minimum,
    lambda a, b: cr.where(a > b, a, 0.5 * b),
    lambda a, b: (a >= b) * a,
]
STEPS = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=8)


@settings(max_examples=40)
@given(steps=STEPS, columns=st.integers(1, 3), named=st.booleans())
def test_any_composition_of_operations(steps: list[tuple[int, int, int]], columns: int, named: bool) -> None:
    def composed(*inputs: Expression) -> Expression:
        values = list(inputs)
        for kind, first, second in steps:
            a, b = values[first % len(values)], values[second % len(values)]
            new = UNARY[kind % len(UNARY)](a) if kind % 2 else BINARY[kind % len(BINARY)](a, b)
            values.append(new.named(f"step{len(values)}") if named else new)
        return cr.tanh(sum(values[1:], values[0]))

    network = cr.Network([cr.Dense(columns, composed), cr.Dense(columns)])
    assert_code_is_right(Problem(network, features=2, m=2, loss=composed, scale=0.5))
