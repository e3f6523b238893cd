"""Minimising costs that are expressions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.machine import Batches
from chainrule.training.descent import Descent
from tests.training.epochs import batches_of_epoch


@pytest.fixture
def line() -> tuple[cr.Expression, list[cr.Expression], dict[cr.Expression, Any]]:
    """The cost of a straight line through ten points, its parameters and its data."""
    X, y = cr.examples("X", features=1), cr.examples("y")
    w, b = cr.parameter("w", (1,)), cr.parameter("b")
    x = np.linspace(-1, 1, 10)
    return cr.mean((X @ w + b - y) ** 2), [w, b], {X: x[:, None], y: 3 * x - 1}


def test_a_cost_without_data_reaches_its_lowest_point() -> None:
    w = cr.parameter("w", (2,))
    minimum = cr.minimize(
        cr.sum((w - np.array([1.0, -2.0])) ** 2), [w], optimizer=cr.GradientDescent(0.1), steps=200
    )
    np.testing.assert_allclose(minimum[w], [1.0, -2.0], atol=1e-6)
    assert minimum.cost == pytest.approx(0.0, abs=1e-10)
    assert minimum.costs[0] == pytest.approx(5.0)
    assert minimum.costs.shape == (200,)
    assert minimum.diverged_at is None


def test_a_line_is_found_in_full_batch_and_in_mini_batches(line: Any) -> None:
    J, parameters, data = line
    for size in ("all", 3):
        minimum = cr.minimize(
            J,
            parameters,
            data=data,
            optimizer=cr.GradientDescent(0.3),
            steps=500,
            batch_size=size,
            dtype=np.float64,
        )
        assert float(minimum[parameters[0]][0]) == pytest.approx(3.0)
        assert float(minimum[parameters[1]]) == pytest.approx(-1.0)
        assert minimum.cost == pytest.approx(0.0, abs=1e-15)


def test_the_cost_at_the_end_is_over_all_the_data(line: Any) -> None:
    J, parameters, data = line
    minimum = cr.minimize(J, parameters, data=data, steps=7, batch_size=4, dtype=np.float64)
    assert minimum.cost == pytest.approx(float(cr.value(J, {**data, **minimum.parameters})))


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (7, 6), (5, 1)])
def test_each_example_comes_once_an_epoch_in_a_new_order(count: int, size: int) -> None:
    epochs = [np.concatenate(batches_of_epoch(count, size, seed=1, epoch=epoch)).tolist() for epoch in range(4)]
    assert all(sorted(order) == list(range(count)) for order in epochs)
    assert len(set(map(tuple, epochs))) > 1


def test_mini_batches_of_minimize_take_each_example_once_an_epoch(
    monkeypatch: pytest.MonkeyPatch, line: Any
) -> None:
    J, parameters, data = line
    taken: list[int] = []
    steps = Descent.steps

    def watched(self: Descent, data: Any, first: int, rates: Any, batches: Batches) -> dict[str, Any]:
        outputs = steps(self, data, first, rates, batches)
        assert batches.rows is not None
        taken.extend(batches.rows[: batches.bounds[len(outputs["cost"])]][batches.bounds[0] :])
        return outputs

    monkeypatch.setattr(Descent, "steps", watched)
    cr.minimize(J, parameters, data=data, steps=8, batch_size=3)
    assert sorted(taken[:10]) == sorted(taken[10:]) == list(range(10))


def test_first_values_come_from_the_parameter_or_from_initial() -> None:
    w, b = cr.parameter("w", (2,), lambda shape, key: np.full(shape, 0.5)), cr.parameter("b", (), 2.0)
    J = cr.sum(w**2) + b**2
    as_made = cr.minimize(J, [w, b], steps=0)
    assert as_made[w].tolist() == [0.5, 0.5]
    assert float(as_made[b]) == 2.0
    given = cr.minimize(J, [w, b], steps=0, initial={w: [1.0, 2.0]})
    assert given[w].tolist() == [1.0, 2.0]
    assert given.cost == 9.0


def test_values_without_examples_may_be_data_too() -> None:
    w, target = cr.parameter("w"), cr.variable("target")
    minimum = cr.minimize((w - target) ** 2, [w], data={target: 4.0}, optimizer=cr.GradientDescent(0.1), steps=100)
    assert float(minimum[w]) == pytest.approx(4.0)


def test_the_dtype_is_that_of_the_parameters_found() -> None:
    w = cr.parameter("w")
    for dtype in (np.float32, np.float64):
        assert cr.minimize(w**2, [w], steps=1, dtype=dtype)[w].dtype == dtype


def test_logistic_regression_finds_the_optimum_of_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rows, labels = cr.points("moons", count=80, noise=1.5, seed=2)
    X, y, w, b = cr.examples("X", features=2), cr.examples("y"), cr.parameter("w", (2,)), cr.parameter("b")
    # Its C = 1 / l2 weighs the sum of the losses, not their mean.
    J = cr.mean(cr.binary_cross_entropy(cr.sigmoid(X @ w + b), y)) + 0.1 / 2 * cr.sum(w**2)
    ours = cr.minimize(
        J, [w, b], data={X: rows, y: labels}, optimizer=cr.Momentum(0.2), steps=600, dtype=np.float64
    )
    peer = linear_model.LogisticRegression(C=1 / (0.1 * len(rows)), tol=1e-12, max_iter=1000).fit(rows, labels)
    np.testing.assert_allclose(ours[w], peer.coef_[0], rtol=1e-6)
    np.testing.assert_allclose(ours[b], peer.intercept_[0], rtol=1e-6)


def test_a_descent_that_diverges_keeps_the_last_good_parameters_and_says_when() -> None:
    w = cr.parameter("w", (), 1.0)
    minimum = cr.minimize(w**4, [w], optimizer=cr.GradientDescent(2.0), steps=100, dtype=np.float64)
    assert minimum.diverged_at == len(minimum.costs) + 1 < 100
    assert np.isfinite(minimum.cost)
    assert np.isfinite(minimum.costs).all()
    assert minimum.cost == minimum.costs[-1] == float(minimum[w]) ** 4


def test_a_divergence_in_mini_batches_tells_the_cost_of_what_is_kept(line: Any) -> None:
    J, parameters, data = line
    minimum = cr.minimize(
        J, parameters, data=data, optimizer=cr.GradientDescent(50.0), steps=500, batch_size=3, dtype=np.float64
    )
    assert minimum.diverged_at is not None
    assert minimum.cost == pytest.approx(float(cr.value(J, {**data, **minimum.parameters})))


def test_a_cost_that_overflows_at_the_very_end_is_noticed() -> None:
    w = cr.parameter("w", (), 1.0)
    steps = len(cr.minimize(w**4, [w], optimizer=cr.GradientDescent(2.0), steps=100, dtype=np.float64).costs)
    minimum = cr.minimize(w**4, [w], optimizer=cr.GradientDescent(2.0), steps=steps, dtype=np.float64)
    assert minimum.diverged_at == steps + 1
    assert np.isfinite(minimum.cost)


def test_the_same_seed_gives_the_same_bits(line: Any) -> None:
    J, parameters, data = line
    runs = [cr.minimize(J, parameters, data=data, steps=9, batch_size=3, seed=seed) for seed in (1, 1, 2)]
    bits = [[run[w].tobytes() for w in parameters] for run in runs]
    assert bits[0] == bits[1] != bits[2]


x, v, w = cr.examples("x"), cr.variable("v", (2,)), cr.parameter("w", (2,))
COST = cr.mean((x - cr.sum(w * v)) ** 2)
GOOD: dict[str, Any] = {"data": {x: [1.0, 2.0], v: [1.0, 1.0]}, "steps": 2}
OTHER = cr.variable("other")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": {x: [1.0]}}, "v has no value"),
        ({"data": {v: [1.0, 1.0]}}, "x has no value"),
        ({"data": {**GOOD["data"], OTHER: 1.0}}, "does not depend on it"),
        ({"data": {**GOOD["data"], w: [1.0, 1.0]}}, "goes into initial"),
        ({"data": {x: [1.0], v: [1.0]}}, r"data of v have shape \(1,\)"),
        ({"data": {x: [[1.0]], v: [1.0, 1.0]}}, r"data of x have shape \(1, 1\)"),
        ({"data": {x: [np.nan], v: [1.0, 1.0]}}, "not finite"),
        ({"data": {x: ["a"], v: [1.0, 1.0]}}, "must be real numbers"),
        ({"data": {x: [[1.0], [1.0, 2.0]], v: [1.0, 1.0]}}, "rows of one length"),
        ({"data": {x: [], v: [1.0, 1.0]}}, "no examples"),
        ({"initial": {v: [1.0, 1.0]}}, "not among the parameters"),
        ({"initial": {w: [1.0]}}, "first value of w has shape"),
        ({"initial": {w: np.nan}}, "finite numbers"),
        ({"steps": -1}, "steps must be"),
        ({"steps": True}, "steps must be"),
        ({"steps": 2.5}, "steps must be"),
        ({"batch_size": 0}, "batch size"),
        ({"batch_size": "some"}, "batch size"),
        ({"seed": "a"}, "seed must be"),
        ({"dtype": np.int32}, "float32 or float64"),
        ({"optimizer": "best"}, "no optimizer"),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.minimize(COST, [w], **{**GOOD, **arguments})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "nothing to change"),
        ([w, w], "listed twice"),
        ([w, x], "holds examples"),
        ([w, OTHER], "not an input or parameter"),
    ],
    ids=str,
)
def test_parameters_that_cannot_be_changed_are_refused(parameters: list[cr.Expression], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.minimize(COST, parameters, **GOOD)


def test_two_sets_of_data_must_be_equally_long() -> None:
    y = cr.examples("y")
    with pytest.raises(cr.UserError, match=r"number of examples: \[1, 2\]"):
        cr.minimize(cr.mean(y - x * cr.sum(w)), [w], data={x: [1.0], y: [1.0, 2.0]})


def test_a_cost_must_be_a_single_number() -> None:
    with pytest.raises(cr.UserError, match="a single number"):
        cr.minimize(w * 2, [w])
