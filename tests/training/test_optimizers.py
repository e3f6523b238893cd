"""Optimizers: each step as written, and constants that make no sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

import chainrule as cr
from chainrule.graph.walk import topological
from chainrule.training.optimizers import OPTIMIZERS, Optimizer, optimizer_of

W, B = cr.parameter("w", (3,)), cr.parameter("b")
COST = cr.sum((W**2 - 1) ** 2) + cr.sum(cr.tanh(W) * B) + (B - 0.5) ** 2
START = {W: np.array([0.3, -0.7, 1.9]), B: np.array(0.25)}


def slope(w: cr.Expression, at: Mapping[cr.Expression, NDArray[Any]]) -> NDArray[Any]:
    """The gradient by central differences."""
    gradient = np.zeros(at[w].shape)
    for place in np.ndindex(gradient.shape):
        moved = [{node: array.copy() for node, array in at.items()} for _ in range(2)]
        moved[0][w][place] += 1e-5
        moved[1][w][place] -= 1e-5
        gradient[place] = (cr.value(COST, moved[0]) - cr.value(COST, moved[1])) / 2e-5
    return gradient


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_minimize_takes_the_steps_that_the_update_says_with_gradients_by_differences(name: str) -> None:
    optimizer = optimizer_of(name, learning_rate=0.02)
    now = dict(START)
    state: dict[str, NDArray[Any]] = {}
    rate, step = cr.variables("rate step")
    for number in range(1, 5):
        gradients = {w: slope(w, now) for w in now}
        for w in list(now):
            g = cr.variable("g", tuple(int(axis) for axis in w.shape))
            update = optimizer.update(w, g, learning_rate=rate, step=step)
            old = {leaf: state.get(str(leaf.name), np.zeros(now[w].shape)) for leaf in update.state}
            values: dict[cr.Expression, ArrayLike] = {
                w: now[w],
                g: gradients[w],
                rate: 0.02,
                step: float(number),
                **old,
            }
            used = [update.parameter, *update.state.values()]
            known = [{leaf: values[leaf] for leaf in values if leaf in topological([root])} for root in used]
            found = [np.asarray(cr.value(root, given)) for root, given in zip(used, known, strict=True)]
            now[w] = found[0]
            state |= {str(leaf.name): array for leaf, array in zip(update.state, found[1:], strict=True)}
    minimum = cr.minimize(COST, [W, B], initial=START, optimizer=optimizer, steps=4, dtype=np.float64)
    for w in now:
        np.testing.assert_allclose(minimum[w], now[w], rtol=1e-8)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_reaches_the_lowest_point_of_a_bowl(name: str) -> None:
    w = cr.parameter("w", (2,))
    J = cr.sum((w - np.array([1.0, -2.0])) ** 2)
    plain = "weight_decay" not in OPTIMIZERS[name].__dataclass_fields__
    minimum = cr.minimize(J, [w], optimizer=optimizer_of(name, learning_rate=0.01), steps=2000)
    np.testing.assert_allclose(minimum[w], [1.0, -2.0], atol=1e-2 if plain else 0.1)


def test_gradients_are_clipped_together_and_only_when_they_are_long() -> None:
    w, b = cr.parameter("w", (2,)), cr.parameter("b")
    J = cr.sum(w * np.array([3.0, 0.0])) + 4 * b
    short = cr.minimize(J, [w, b], optimizer=cr.GradientDescent(1.0, clip_norm=1.0), steps=1, dtype=np.float64)
    np.testing.assert_allclose([*short[w], short[b]], [-0.6, 0.0, -0.8], rtol=1e-6)
    whole = cr.minimize(J, [w, b], optimizer=cr.GradientDescent(1.0, clip_norm=6.0), steps=1, dtype=np.float64)
    np.testing.assert_array_equal([*whole[w], whole[b]], [-3.0, 0.0, -4.0])


def test_adam_without_momentum_is_allowed() -> None:
    w = cr.parameter("w", (), 1.0)
    minimum = cr.minimize(w**2, [w], optimizer=cr.Adam(0.1, beta1=0.0), steps=1, dtype=np.float64)
    assert float(minimum[w]) == pytest.approx(0.9)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), "fast", None, True])
def test_a_bad_learning_rate_is_refused(kind: type[Optimizer], rate: Any) -> None:
    with pytest.raises(cr.UserError, match="the learning rate must be a positive number"):
        kind(rate)


@pytest.mark.parametrize(
    ("kind", "constants"),
    [
        (cr.Momentum, {"momentum": 1.0}),
        (cr.Nesterov, {"momentum": -0.1}),
        (cr.RMSprop, {"decay": 1.5}),
        (cr.RMSprop, {"epsilon": -1e-8}),
        (cr.Adam, {"beta1": 1.0}),
        (cr.Adam, {"beta2": "0.9"}),
        (cr.AdamW, {"weight_decay": float("nan")}),
        (cr.GradientDescent, {"clip_norm": 0.0}),
        (cr.GradientDescent, {"clip_norm": "x"}),
    ],
)
def test_a_constant_out_of_range_is_refused_by_name(kind: Any, constants: dict[str, Any]) -> None:
    with pytest.raises(cr.UserError, match=next(iter(constants))):
        kind(0.1, **constants)


def test_an_optimizer_is_chosen_by_name_with_a_rate_of_its_own() -> None:
    assert optimizer_of("sgd", learning_rate=0.3, clip_norm=2.0) == cr.GradientDescent(0.3, clip_norm=2.0)
    assert optimizer_of("adam").learning_rate == 0.001
    with pytest.raises(cr.UserError, match="did you mean 'adam'"):
        optimizer_of("adma")
    with pytest.raises(cr.UserError, match="to the optimizer itself"):
        optimizer_of(cr.Adam(), learning_rate=0.1)


@pytest.mark.parametrize("answer", [float("nan"), -0.1, None])
def test_a_schedule_of_ones_own_must_give_rates(answer: Any) -> None:
    w = cr.parameter("w", (), 1.0)
    with pytest.raises(cr.UserError, match="the learning rate of the schedule at epoch 0"):
        cr.minimize(w**2, [w], optimizer=cr.GradientDescent(lambda epoch, epochs: answer), steps=2)
