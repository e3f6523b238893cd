"""A learning rate is found by trying growing ones, and the training is that of the same rate given by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import tested_rate
from chainrule.training.range_test import chosen_rate

X, Y = cr.points("moons", count=120, seed=4)
NETWORK = cr.Network([cr.Dense(8, "tanh"), cr.Dropout(0.2), cr.Dense(1, "sigmoid")])
RATES = np.geomspace(1e-6, 10, 100)


def fit(network: cr.Network = NETWORK, table: Any = X, y: Any = Y, **options: Any) -> cr.Model:
    return cr.fit(network, table, y, **{"epochs": 4, "batch_size": 10, "validation": 0.2, **options})


def chosen(costs: Any) -> Any:
    return chosen_rate(RATES[: len(costs)], np.asarray(costs, np.float64), usual=0.123)


# The training afterwards.


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "sgd"},
        {"optimizer": "momentum"},
        {"optimizer": "adam", "clip_norm": 1.0},
        {"optimizer": "rmsprop", "l2": 0.1, "rows": np.arange(10, 100)},
        {"optimizer": "adam", "batch_size": "all", "engine": "reference"},
        {"optimizer": "sgd", "dtype": np.float64},
    ],
    ids=["sgd", "momentum", "adam", "rmsprop", "full", "float64"],
)
def test_the_training_is_that_of_the_rate_given_by_hand_to_the_bit(options: dict[str, Any]) -> None:
    model = fit(learning_rate="auto", **options)
    tested = model.history.range_test
    assert tested is not None
    again = fit(learning_rate=tested.rate, **options)
    assert again.history.range_test is None
    assert model.to_bytes() == again.to_bytes()
    costs = [[epoch.cost for epoch in one.history] for one in (model, again)]
    assert costs[0] == costs[1]


def test_so_it_is_where_weights_are_sums_of_rows() -> None:
    random = np.random.default_rng(0)
    table, y = random.normal(size=(40, 300)), np.arange(40) % 2
    network = cr.Network([cr.Dense(1, "sigmoid")])
    options: dict[str, Any] = {"optimizer": "sgd", "dual": True, "batch_size": "all", "validation": None}
    model = fit(network, table, y, learning_rate="auto", **options)
    assert model.history.range_test is not None
    again = fit(network, table, y, learning_rate=model.history.range_test.rate, **options)
    assert model.to_bytes() == again.to_bytes()


def test_the_seed_decides_the_test() -> None:
    tests = [fit(learning_rate="auto", seed=seed).history.range_test for seed in (1, 1, 2)]
    assert tests[0] == tests[1] != tests[2]


def test_the_test_begins_at_the_first_parameters_and_takes_a_limited_number_of_steps() -> None:
    start = fit(epochs=0)
    tested = fit(learning_rate="auto", batch_size="all", validation=None).history.range_test
    assert tested is not None
    assert len(tested.rates) == len(tested.costs) == 50
    plain = cr.Network([cr.Dense(8, "tanh"), cr.Dense(1, "sigmoid")])
    whole = fit(plain, learning_rate="auto", batch_size="all", validation=None, epochs=1).history
    assert whole.range_test is not None
    assert whole.range_test.costs[0] == pytest.approx(whole[0].cost)
    by_batches = fit(learning_rate="auto").history.range_test
    assert by_batches is not None
    assert len(by_batches.rates) <= 100
    assert start.history.range_test is None


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "rmsprop"])
def test_the_rate_is_of_use_without_knowing_the_scale_of_the_rows(optimizer: str) -> None:
    network = cr.Network([cr.Dense(16, "relu"), cr.Dense(1)])
    for scale in (0.1, 1.0, 100.0):
        model = fit(network, scale * X, scale * X[:, 0], optimizer=optimizer, learning_rate="auto", epochs=20)
        history = model.history
        assert not history.diverged
        assert history.range_test is not None
        assert history.range_test.fell
        assert history.end_cost is not None
        assert history.start_cost is not None
        assert history.end_cost < 0.2 * history.start_cost


def test_a_resumed_training_tests_again_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(epoch: Any) -> bool:
        if epoch.epoch == 2:
            raise KeyboardInterrupt
        return False

    whole = fit(learning_rate="auto")
    place = tmp_path / "checkpoint.safetensors"
    with pytest.raises(KeyboardInterrupt):
        fit(learning_rate="auto", checkpoint=place, checkpoint_every=0, callbacks=[stop])
    assert place.exists()
    assert fit(learning_rate="auto", checkpoint=place).to_bytes() == whole.to_bytes()


# The rule.


def test_a_third_of_the_rate_at_which_the_cost_has_come_down_is_chosen() -> None:
    bottom = np.where(RATES < 0.03, 1.0 - np.clip(np.log10(RATES / 1e-4) / 2.48, 0, 1) * 0.9, 0.1)
    tested = chosen(bottom)
    assert tested.fell
    assert 0.005 < tested.rate < 0.015


def test_a_flat_bottom_does_not_leave_the_rate_to_chance() -> None:
    noise = np.random.default_rng(0).normal(scale=0.002, size=100)
    bottom = np.where(RATES < 0.03, 1.0 - np.clip(np.log10(RATES / 1e-4) / 2.48, 0, 1) * 0.9, 0.1)
    assert chosen(bottom + noise).rate == pytest.approx(chosen(bottom).rate, rel=0.3)


def test_a_cost_that_falls_again_after_a_rise_has_not_learned() -> None:
    places = np.log10(RATES)
    learning = 1.0 - 0.2 * np.exp(-((places + 4) ** 2) / 0.5)
    rising = 0.8 * np.exp(-((places + 2.2) ** 2) / 0.3)
    dying = np.where(places > -1.5, -0.4, 0.0)
    tested = chosen(learning + rising + dying)
    assert min(tested.smoothed) == min(tested.smoothed[60:])
    assert 1e-5 < tested.rate < 1e-4


def test_a_network_that_only_dies_has_not_learned() -> None:
    dying = np.where(RATES > 0.1, 0.695, 1.0)
    assert not chosen_rate(RATES, dying, usual=0.1, plain=math.log(2)).fell
    assert chosen_rate(RATES, dying, usual=0.1).fell


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_fall_and_no_valley(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(scale=0.1, size=100)
    assert not chosen(1.0 + 0.4 * noise).fell
    falling = 1.0 - 0.9 / (1 + (1e-3 / RATES) ** 2)
    assert 0.3 < chosen(falling + noise * falling).rate / chosen(falling).rate < 5


def test_what_comes_after_an_explosion_does_not_count() -> None:
    falling = 1.0 - 0.5 / (1 + (1e-3 / RATES))
    exploding = np.where(RATES > 0.01, 1e9, falling)
    tested = chosen(exploding)
    assert len(tested.smoothed) == int((RATES <= 0.01).sum())
    assert tested.rate < 0.01
    assert chosen(np.where(RATES > 0.01, math.nan, falling)).rate == tested.rate


def test_one_costly_batch_is_no_explosion() -> None:
    falling = 1.0 - 0.5 / (1 + (1e-3 / RATES))
    spiked = falling.copy()
    spiked[30] = 1e6
    assert len(chosen(spiked).smoothed) == 100


@pytest.mark.parametrize(
    "costs", [[1.0] * 100, [math.nan] * 10, [1.0, math.inf], np.geomspace(1, 100, 100).tolist()]
)
def test_where_the_cost_does_not_fall_the_usual_rate_is_taken(costs: list[float]) -> None:
    tested = chosen(costs)
    assert (tested.rate, tested.fell) == (0.123, False)


def test_a_test_is_plain_values_for_json() -> None:
    told = chosen([1.0, 0.9, math.nan]).to_dict()
    assert json.loads(json.dumps(told, allow_nan=False))["costs"] == [1.0, 0.9, None]


# What is refused.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": "automatic"}, "a number, a schedule or \"auto\", not 'automatic'"),
        ({"learning_rate": "auto", "optimizer": cr.Adam(0.1)}, "given by name"),
        ({"learning_rate": "auto", "optimizer": "lbfgs", "batch_size": "all"}, "length of its steps itself"),
    ],
)
def test_a_rate_that_cannot_be_found_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        fit(**options)


def test_steps_end_where_the_cost_explodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tested_rate, "_RANGES", ((1e-6, 1e12),))
    network = cr.Network([cr.Dense(1)])
    tested = fit(network, y=X[:, 0], learning_rate="auto", optimizer="sgd").history.range_test
    assert tested is not None
    assert len(tested.costs) < 100
    assert tested.rates[-1] < 1e4
