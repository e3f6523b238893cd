"""L-BFGS and its line search."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.errors import UserError
from chainrule.training.lbfgs import Vector, lbfgs
from chainrule.training.line_search import CURVATURE, DECREASE, Try, strong_wolfe
from chainrule.training.optimizers import optimizer_of

Array = NDArray[Any]


def rosenbrock(x: Vector) -> tuple[float, Vector]:
    a, b = x[:-1], x[1:]
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * a * (b - a**2) - 2 * (1 - a)
    gradient[1:] += 200 * (b - a**2)
    return float((100 * (b - a**2) ** 2 + (1 - a) ** 2).sum()), gradient


@pytest.mark.parametrize("size", [2, 10, 40])
def test_the_valley_of_rosenbrock_is_followed_to_its_end(size: int) -> None:
    points = list(lbfgs(rosenbrock, np.tile([-1.2, 1.0], size // 2), history=10, tolerance=1e-8))
    np.testing.assert_allclose(points[-1].x, 1.0, atol=1e-8)
    assert len(points) < 30 + 10 * size
    costs = [point.cost for point in points]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("size", [2, 5, 9])
def test_a_quadratic_takes_about_as_many_steps_as_it_has_dimensions(size: int) -> None:
    rng = np.random.default_rng(size)
    Q, _ = np.linalg.qr(rng.standard_normal((size, size)))
    A = Q * np.arange(1.0, size + 1) @ Q.T
    points = list(lbfgs(lambda x: (float(x @ A @ x) / 2, A @ x), np.ones(size), history=size, tolerance=1e-6))
    assert "no element" in str(points[-1].reason)
    # With an exact line search it would be as many; this one takes the first step that is good enough.
    assert len(points) <= 2 * size + 4


COEFFICIENTS = st.floats(-3, 3)


@given(COEFFICIENTS, COEFFICIENTS, COEFFICIENTS, st.floats(0.1, 3), st.floats(1e-3, 1e3))
@settings(max_examples=200)
def test_a_step_meets_the_strong_wolfe_conditions(a: float, b: float, c: float, d: float, first: float) -> None:
    def along(t: float) -> tuple[float, float]:
        waves = a * math.sin(t) + b * math.cos(2 * t) + c * math.sin(3 * t)
        slope = a * math.cos(t) - 2 * b * math.sin(2 * t) + 3 * c * math.cos(3 * t)
        return waves + d * (t - 4) ** 2, slope + 2 * d * (t - 4)

    cost, slope = along(0.0)
    if slope >= -1e-3:
        return
    found = strong_wolfe(along, Try(0.0, cost, slope), first)
    assert found is not None
    assert (found.cost, found.slope) == along(found.length)
    assert found.cost <= cost + DECREASE * found.length * slope
    assert abs(found.slope) <= CURVATURE * abs(slope)


def test_a_step_into_costs_that_are_no_numbers_is_taken_back() -> None:
    def along(t: float) -> tuple[float, float]:
        return (math.inf, math.nan) if t > 2 else ((t - 1) ** 2, 2 * (t - 1))

    found = strong_wolfe(along, Try(0.0, 1.0, -2.0), 100.0)
    assert found is not None
    assert 0 < found.length < 2


def test_a_line_without_end_has_no_step() -> None:
    assert strong_wolfe(lambda t: (-t, -1.0), Try(0.0, 0.0, -1.0), 1.0) is None


def test_a_start_that_is_no_number_ends_at_once() -> None:
    points = list(lbfgs(lambda x: (math.nan, x), np.ones(2), history=5, tolerance=1e-6))
    assert [point.reason for point in points] == ["the cost or its gradient is no finite number"]


@pytest.mark.parametrize("engine", ["engine", "reference"])
def test_a_cost_is_minimised_on_either_machine(engine: str) -> None:
    rng = np.random.default_rng(0)
    X, y = cr.examples("X", features=4), cr.examples("y")
    w, b = cr.parameter("w", (4,)), cr.parameter("b")
    array = rng.standard_normal((50, 4))
    target = array @ [1.0, -2.0, 3.0, 0.5] + 0.25
    minimum = cr.minimize(
        cr.mean((X @ w + b - y) ** 2),
        [w, b],
        data={X: array, y: target},
        optimizer="lbfgs",
        engine=engine,
        snapshots=[0, 1],
    )
    np.testing.assert_allclose(minimum[w], [1.0, -2.0, 3.0, 0.5], atol=1e-4)
    assert len(minimum.costs) < 20
    assert (np.diff([*minimum.costs, minimum.cost]) < 0).all()
    assert [snapshot.step for snapshot in minimum.snapshots] == [0, 1]


def test_steps_are_at_most_as_many_as_asked_for() -> None:
    a, b = cr.parameter("a", (), -1.2), cr.parameter("b", (), 1.0)
    J = 100 * (b - a**2) ** 2 + (1 - a) ** 2
    minimum = cr.minimize(J, [a, b], optimizer=cr.LBFGS(), steps=3)
    assert len(minimum.costs) == 3
    assert minimum.cost < minimum.costs[-1]
    unmoved = cr.minimize(J, [a, b], optimizer=cr.LBFGS(), steps=0)
    assert (len(unmoved.costs), float(unmoved[b])) == (0, 1.0)


def points() -> tuple[Array, Array]:
    return cr.points("moons", count=80, seed=1)


def test_a_network_is_trained_an_epoch_a_step_until_the_gradient_is_small() -> None:
    X, y = points()
    network = cr.Network([cr.Dense(6, "tanh"), cr.Dense(1, "sigmoid")])
    model = cr.fit(
        network, X, y, optimizer=cr.LBFGS(tolerance=1e-3), batch_size="all", epochs=300, l2=0.01, snapshots=3
    )
    assert model.history.stopped == "no element of the gradient is larger than 0.001"
    assert (model.history[-1].accuracy or 0) > 0.9
    assert model.history[-1].cost < model.history[0].cost
    assert {0, len(model.history)} <= {snapshot.epoch for snapshot in model.history.snapshots}
    np.testing.assert_array_equal(model.history.snapshots[-1].parameters["W1"], model.parameters["W1"])


def test_validation_ends_the_training_and_the_best_parameters_stay() -> None:
    X, y = points()
    rng = np.random.default_rng(0)
    network = cr.Network([cr.Dense(20, "tanh"), cr.Dense(1, "sigmoid")])
    model = cr.fit(
        network, X, rng.permutation(y), optimizer="lbfgs", batch_size="all", epochs=300, validation=0.3, patience=3
    )
    history = model.history
    assert "validation" in history.stopped
    best = min(history, key=lambda record: record.validation_cost or math.inf)
    assert history.best_epoch == best.epoch


def test_a_callback_ends_the_training() -> None:
    X, y = points()
    network = cr.Network([cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, optimizer="lbfgs", batch_size="all", callbacks=[lambda record: record.epoch == 2])
    assert (len(model.history), model.history.stopped) == (2, "a callback asked to stop")


def test_what_makes_no_sense_is_refused() -> None:
    X, y = points()
    network = cr.Network([cr.Dense(1, "sigmoid")])
    with pytest.raises(UserError, match='takes all 80 examples, not 64: give batch_size="all"'):
        cr.fit(network, X, y, optimizer="lbfgs")
    dropping = cr.Network([cr.Dropout(0.5), cr.Dense(1, "sigmoid")])
    with pytest.raises(UserError, match="changes at random in each step"):
        cr.fit(dropping, X, y, optimizer="lbfgs", batch_size="all")
    with pytest.raises(UserError, match="finds the length of its steps itself"):
        optimizer_of("lbfgs", learning_rate=0.1)
    with pytest.raises(UserError, match="history"):
        cr.LBFGS(history=0)
    with pytest.raises(UserError, match="tolerance"):
        cr.LBFGS(tolerance=0.0)
