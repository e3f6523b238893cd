"""A cost that overflows or explodes is told with its likely causes, each with its number."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.divergence import Situation, explosion, likely_causes
from chainrule.training.ranges import Range, evenly, outlier_of, range_of

NEURON = cr.Network([cr.Dense(1)])
SMALL = cr.Network([cr.Dense(4, "relu"), cr.Dense(1)])
X, Y = cr.points("moons", count=80, seed=1)
TARGETS = X[:, 0] - X[:, 1]

CALM = Situation(
    optimizer="GradientDescent",
    rate=0.01,
    usual_rate=0.01,
    follows_slope=True,
    rows=Range(largest=3.0, row=0, column=0, root_mean_square=1.0, row_square=4.0),
    standardized=False,
)


def kinds(situation: Situation) -> list[str]:
    return [advice.kind for advice in likely_causes(situation)]


def warned(*, network: cr.Network = SMALL, table: Any = X, y: Any = TARGETS, **options: Any) -> cr.Model:
    with pytest.warns(cr.TrainingWarning):
        return cr.fit(network, table, y, **{"epochs": 20, "batch_size": 10, "optimizer": "sgd", **options})


def found(model: cr.Model) -> dict[str, Any]:
    return {advice.kind: advice for advice in model.history.advice}


# When a cost has exploded.


def test_a_cost_that_stays_far_above_its_start_has_exploded() -> None:
    told = explosion(1.0, 50.0, [0.9, 2.0, 11.0, 30.0, 50.0])
    assert told is not None
    assert told.epochs == 3


@pytest.mark.parametrize(
    ("start", "end", "costs"),
    [
        (1.0, 0.5, [500.0, 300.0, 20.0, 0.5]),  # it came down again
        (1.0, 50.0, [0.5, 0.4, 0.3, 50.0]),  # large for one epoch
        (1.0, 9.0, [9.0, 9.0, 9.0]),  # large, but not ten times
        (1.0, 0.5, [50.0, 50.0, 50.0]),  # the parameters that are kept are good
        (0.0, 50.0, [50.0, 50.0, 50.0]),  # nothing to compare with
        (-3.0, 50.0, [50.0, 50.0, 50.0]),
        (None, None, [50.0]),
        (1.0, 50.0, []),
    ],
)
def test_a_cost_that_is_merely_large_for_a_while_has_not_exploded(
    start: float | None, end: float | None, costs: list[float]
) -> None:
    assert explosion(start, end, costs) is None


def test_of_many_epochs_a_quarter_must_be_large() -> None:
    assert explosion(1.0, 50.0, [1.0] * 31 + [50.0] * 9) is None
    assert explosion(1.0, 50.0, [1.0] * 30 + [50.0] * 10) is not None


def test_a_training_from_a_good_model_is_measured_by_a_plain_answer() -> None:
    assert explosion(1e-6, 1e-3, [1e-3] * 5, plain=0.7) is None
    assert explosion(1e-6, 8.0, [8.0] * 5, plain=0.7) is not None
    good = cr.fit(NEURON, X, TARGETS, optimizer=cr.LBFGS(), batch_size="all")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        worse = cr.fit(NEURON, X, TARGETS, initial=good, optimizer=cr.Adam(0.02), epochs=3, batch_size=5)
    assert worse.history.start_cost is not None
    assert worse.history.end_cost is not None
    assert worse.history.end_cost > 10 * worse.history.start_cost
    assert worse.history.advice == ()


def test_a_fit_whose_cost_explodes_but_stays_finite_warns() -> None:
    with pytest.warns(
        cr.TrainingWarning, match=r"cost exploded: it was .* times that of the start .* the first .* learning rate"
    ):
        model = cr.fit(NEURON, X, TARGETS, optimizer=cr.GradientDescent(0.6), epochs=10, batch_size="all")
    history = model.history
    assert not history.diverged
    assert history.stopped == "all 10 epochs are done"
    assert history.exploded is not None
    assert found(model)["exploding_cost"].numbers["end"] == history.exploded.end > 10 * history.exploded.start
    assert found(model)["learning_rate"].numbers["rate"] == 0.6
    # Nothing was better than the start.
    assert history.best_epoch is None
    assert history.end_cost == history.start_cost


def test_the_best_parameters_are_kept_where_the_cost_explodes(tmp_path: Path) -> None:
    def rate(epoch: float, epochs: int) -> float:
        return 0.002 if epoch < 20 else 0.3

    def fit(epochs: int = 30, rate: Any = rate, **more: Any) -> cr.Model:
        return cr.fit(NEURON, X, TARGETS, optimizer=cr.Momentum(rate), epochs=epochs, batch_size=40, seed=2, **more)

    with pytest.warns(cr.TrainingWarning, match="the best parameters, those of epoch 14, were kept"):
        model = fit()
    history = model.history
    assert history.best_epoch == 14
    assert found(model)["exploding_cost"].numbers["kept"] == 14
    wanted = fit(14, 0.002)
    assert history.end_cost == wanted.history.end_cost
    for name, values in wanted.parameters.items():
        np.testing.assert_array_equal(model.parameters[name], values)
    # With a checkpoint, epochs are taken one at a time.
    checkpoint = tmp_path / "checkpoint"
    with pytest.warns(cr.TrainingWarning, match="epoch 14"):
        again = fit(checkpoint=checkpoint, checkpoint_every=0)
    # From the last one, long after the best epoch, it goes on to the same.
    assert checkpoint.exists()
    with pytest.warns(cr.TrainingWarning, match="epoch 14"):
        resumed = fit(checkpoint=checkpoint, checkpoint_every=0)
    for name, values in wanted.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], values)
        np.testing.assert_array_equal(resumed.parameters[name], values)


def test_the_best_parameters_are_kept_where_the_cost_explodes_before_it_overflows() -> None:
    def rate(epoch: float, epochs: int) -> float:
        return 0.002 if epoch < 20 else 5.0

    with pytest.warns(cr.TrainingWarning, match="overflowed at step .* those of epoch 20, were kept"):
        model = cr.fit(NEURON, X, TARGETS, optimizer=cr.GradientDescent(rate), epochs=60, batch_size=10, seed=2)
    assert model.history.diverged
    assert len(model.history) == 21
    assert model.history.best_epoch == 20


def test_a_rate_that_is_large_only_for_some_steps_is_no_explosion() -> None:
    def rate(epoch: float, epochs: int) -> float:
        return 1.0 if epoch < 3 else 0.1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = cr.fit(NEURON, X, TARGETS, optimizer=cr.GradientDescent(rate), epochs=60, batch_size="all")
    assert max(epoch.cost for epoch in model.history) > 10 * model.history[0].cost
    assert model.history.advice == ()


# Why.


def test_a_healthy_situation_still_gets_one_cause() -> None:
    assert kinds(CALM) == ["learning_rate"]
    assert kinds(replace(CALM, rate=None)) == ["exploding_cost"]


def test_data_are_named_before_the_learning_rate_and_a_usual_rate_not_beside_them() -> None:
    large = replace(CALM.rows, largest=-4000.0, row_square=1e6)
    assert kinds(replace(CALM, rows=large)) == ["unscaled_features"]
    assert kinds(replace(CALM, rows=large, rate=1.0)) == ["unscaled_features", "learning_rate"]
    assert kinds(replace(CALM, rows=large, standardized=True)) == ["learning_rate"]
    assert kinds(replace(CALM, targets=replace(CALM.rows, root_mean_square=5e4))) == ["large_targets"]


@pytest.mark.parametrize(
    ("rate", "follows_slope", "tried"),
    [
        (0.03, False, 0.003),  # a tenth
        (1e6, False, 0.01),  # the usual one
        (0.5, True, 0.05),  # a tenth, which is below what is sure to be steady
        (100.0, True, 0.01),
        (4.0, True, 0.2),  # steady: 1 / (1 + 4)
    ],
)
def test_the_rate_to_try_is_smaller_by_ten_or_the_usual_one_or_steady(
    rate: float, follows_slope: bool, tried: float
) -> None:
    advice = likely_causes(
        replace(CALM, rate=rate, usual_rate=0.01 if rate > 50 else 1.0, follows_slope=follows_slope)
    )
    assert advice[-1].numbers["try"] == pytest.approx(tried)
    assert f"try {tried:g}" in advice[-1].message


def test_gradient_descent_is_steady_below_the_rate_that_is_named() -> None:
    rows = range_of(X, np.arange(len(X)), lambda piece: piece)
    steady = 1 / (1 + rows.row_square)
    model = cr.fit(NEURON, X, TARGETS, optimizer=cr.GradientDescent(steady), epochs=50, batch_size="all")
    costs = [epoch.cost for epoch in model.history]
    assert (np.diff(costs) <= 0).all()


def test_unscaled_features_are_named_with_the_largest_number() -> None:
    model = warned(table=1000 * X)
    place = np.unravel_index(np.abs(X).argmax(), X.shape)
    advice = found(model)["unscaled_features"]
    assert (advice.numbers["row"], advice.numbers["column"]) == place
    assert abs(advice.numbers["largest"]) == pytest.approx(1000 * np.abs(X).max())
    assert 'preprocess="standardize"' in advice.message
    assert "learning_rate" not in found(model)  # 0.01 is usual: the rows are what is wrong


def test_an_extreme_value_is_named_with_its_place() -> None:
    table = X.copy()
    table[17, 1] = -1e12
    model = warned(table=table)
    advice = found(model)["outlier"]
    assert (advice.numbers["of"], advice.numbers["row"], advice.numbers["column"]) == ("X", 17, 1)
    assert "X holds the extreme value -1e+12 at row 17, column 1" in advice.message
    assert "unscaled_features" not in found(model)


def test_an_extreme_value_in_rows_that_are_not_trained_on_is_not_named() -> None:
    table = 1000 * X
    table[17, 1] = -1e12
    assert "outlier" not in found(warned(table=table, rows=np.delete(np.arange(80), 17)))


def test_extreme_and_large_targets_are_named() -> None:
    odd = TARGETS.copy()
    odd[5] = 1e25
    advice = found(warned(y=odd))["outlier"]
    assert (advice.numbers["of"], advice.numbers["row"]) == ("y", 5)
    large = found(warned(y=1e25 * TARGETS))
    assert large["large_targets"].numbers["root_mean_square"] == pytest.approx(1e25 * TARGETS.std(), rel=0.2)


def test_the_largest_rate_of_a_schedule_is_the_one_that_counts() -> None:
    def rate(epoch: float, epochs: int) -> float:
        return 0.05 if epoch < 3 else 1e30

    model = warned(optimizer=cr.GradientDescent(rate))
    assert found(model)["learning_rate"].numbers["rate"] == 1e30


def test_the_warning_names_what_was_kept_and_why() -> None:
    with pytest.warns(
        cr.TrainingWarning, match=r"overflowed at step .*first parameters were kept.*; likely causes: the le"
    ):
        model = cr.fit(SMALL, X, TARGETS, optimizer=cr.GradientDescent(1e6))
    assert model.history.diverged


# Ranges.


def test_a_range_is_measured_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).normal(size=(50, 3))
    rows = np.arange(0, 50, 2)
    whole = range_of(table, rows, np.square)
    monkeypatch.setattr("chainrule.training.ranges._NUMBERS_AT_ONCE", 9)
    pieces = range_of(table, rows, np.square)
    assert (pieces.largest, pieces.row, pieces.column) == (whole.largest, whole.row, whole.column)
    assert pieces.root_mean_square == pytest.approx(whole.root_mean_square)
    assert whole.largest == np.square(table[rows]).max()
    assert whole.row_square == pytest.approx(np.square(np.square(table[rows])).sum(axis=1).mean())


@pytest.mark.parametrize("seed", range(5))
def test_usual_distributions_have_no_outliers(seed: int) -> None:
    random = np.random.default_rng(seed)
    tables = [
        random.standard_normal((2000, 4)),
        random.standard_exponential((2000, 4)),
        random.lognormal(size=(2000, 4)),
        random.integers(0, 2, (2000, 4)),
        np.hstack([random.standard_normal((2000, 3)), random.random((2000, 1)) < 0.001]),
    ]
    assert [outlier_of(table, np.arange(2000)) for table in tables] == [None] * len(tables)


def test_an_outlier_is_found_wherever_it_stands() -> None:
    for row in (0, 1234, 4999):
        table = np.random.default_rng(1).normal(size=(5000, 2))
        table[row, 1] = 1e4
        told = outlier_of(table, np.arange(5000))
        assert told is not None
        assert (told.row, told.column, told.value) == (row, 1, 1e4)


def test_bytes_and_no_rows_have_no_outliers() -> None:
    assert outlier_of(np.array([[0], [0], [255]], np.uint8), np.arange(3)) is None
    assert outlier_of(X, np.arange(0)) is None


def test_rows_are_taken_evenly() -> None:
    assert evenly(np.arange(100, 200), 5).tolist() == [100, 120, 140, 160, 180]
    assert len(evenly(np.arange(7), 100)) == 7
    assert not math.isnan(range_of(X, np.arange(0), np.abs).root_mean_square)
