"""Each sign speaks from its threshold on, says its numbers, and is silent below."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.training.advice import Advice
from chainrule.training.history import Epoch
from chainrule.training.probe import LayerSeen
from chainrule.training.signs import (
    dead_neurons,
    overfitting,
    saturated_neurons,
    suspicious_labels,
    uneven_gradients,
)


def layer(number: int, activation: str = "relu", *, dead: int = 0, full: int = 0, signal: float = 1.0) -> LayerSeen:
    """A layer of ten neurons, some of them dead or at their limits."""
    return LayerSeen(
        number=number,
        activation=activation,
        active=np.arange(10) >= dead,
        at_limit=np.where(np.arange(10) < full, 0.99, 0.9),
        signal=signal,
        gradient=signal,
    )


def epochs(*costs: tuple[float, float], accuracy: tuple[float, float] | None = None) -> list[Epoch]:
    """Epochs of (training, validation) costs."""
    shares: tuple[Any, Any] = accuracy or (None, None)
    return [Epoch(i, cost, shares[0], other, shares[1], 0.1, 0.0) for i, (cost, other) in enumerate(costs, 1)]


def said(advice: Advice | None) -> str:
    assert advice is not None
    return advice.message


def test_half_a_layer_of_dead_relu_neurons_is_told() -> None:
    told = dead_neurons([layer(1, dead=4), layer(2, dead=5)], 300)
    assert "0 for each of 300 rows: 5 of 10 in layer 2;" in said(told)
    assert told is not None
    assert told.numbers["layers"] == [
        {"layer": 1, "dead": 4, "units": 10},
        {"layer": 2, "dead": 5, "units": 10},
    ]
    assert dead_neurons([layer(1, dead=4), layer(2, "tanh", dead=10)], 300) is None


def test_half_a_hidden_layer_at_its_limits_is_told() -> None:
    told = saturated_neurons([layer(1, "tanh", full=5), layer(2, "sigmoid", full=4), layer(3, "sigmoid")], 300)
    assert "for at least 98 % of 300 rows: 5 of 10 in layer 1;" in said(told)
    assert saturated_neurons([layer(1, "tanh", full=4), layer(2, "sigmoid", full=10)], 300) is None
    assert saturated_neurons([layer(1, "relu", full=10), layer(2, "sigmoid")], 300) is None


@pytest.mark.parametrize(
    ("first", "kind"), [(2e-4, None), (5e-5, "vanishing_gradients"), (5e3, None), (2e4, "exploding_gradients")]
)
def test_gradients_of_very_different_layers_are_told(first: float, kind: str | None) -> None:
    told = uneven_gradients([layer(1, signal=first), layer(2), layer(3)])
    assert (None if told is None else told.kind) == kind
    if told is not None:
        assert told.numbers["ratio"] == first
        assert f"is {first:.1g} times that in the last" in told.message


def test_one_layer_and_no_gradients_have_no_ratio() -> None:
    assert uneven_gradients([layer(1)]) is None
    assert uneven_gradients([layer(1), layer(2, signal=0.0)]) is None
    assert uneven_gradients([layer(1, signal=float("nan")), layer(2)]) is None


@pytest.mark.parametrize(
    ("share", "checked", "speaks"),
    [(0.95, 1000, False), (0.85, 1000, True), (0.85, 20, False), (0.5, 20, True), (0.0, 1, False)],
)
def test_a_gap_in_accuracy_is_told_where_it_is_more_than_chance(share: float, checked: int, speaks: bool) -> None:
    told = overfitting(epochs((0.1, 0.1), accuracy=(1.0, share)), None, start=0.7, checked=checked)
    assert (told is not None) == speaks
    if told is not None:
        assert told.numbers["validation_accuracy"] == share
        assert (
            f"100 % of the training rows are answered right, but {100 * share:.3g} % of the others" in told.message
        )


def test_the_gap_is_that_of_the_epoch_that_was_kept() -> None:
    good, bad = epochs((0.5, 0.5), accuracy=(0.9, 0.9)), epochs((0.1, 0.55), accuracy=(1.0, 0.6))
    assert overfitting([*good, *bad], 1, start=0.7, checked=1000) is None
    assert overfitting([*good, *bad], None, start=0.7, checked=1000) is not None


@pytest.mark.parametrize(
    ("last", "speaks"),
    [
        ((0.2, 0.6), True),
        ((0.2, 0.45), False),  # it hardly rose
        ((0.45, 0.7), False),  # the training cost did not fall
    ],
)
def test_a_validation_cost_that_rises_while_the_training_cost_falls_is_told(
    last: tuple[float, float], speaks: bool
) -> None:
    told = overfitting(epochs((0.7, 0.7), (0.4, 0.4), (0.3, 0.42), last), 2, start=0.7, checked=100)
    assert (told is not None) == speaks
    if told is not None:
        assert "the validation cost rose from 0.4 in epoch 2 to 0.6 while the training cost fell from 0.4" in said(
            told
        )
        assert "(the parameters of epoch 2 were kept)" in told.message


def test_costs_that_are_not_apart_are_no_overfitting() -> None:
    # With dropout, the training cost is the larger one for long.
    assert overfitting(epochs((0.9, 0.3), (0.6, 0.5)), None, start=0.9, checked=100) is None


def test_a_rise_from_where_all_was_learned_is_no_overfitting() -> None:
    costs = [(0.7, 0.7), (0.1, 0.05), (0.001, 0.2)]
    assert overfitting(epochs(*costs), 2, start=0.7, checked=100) is None
    assert overfitting(epochs(*costs), 2, start=0.4, checked=100) is not None


def test_without_validation_nothing_is_said_of_overfitting() -> None:
    assert overfitting([Epoch(1, 0.1, 1.0, None, None, 0.1, 0.0)], None, start=1.0, checked=0) is None
    assert overfitting([], None, start=1.0, checked=0) is None


def doubted(own: list[float], *, right: int = 100, wrong: int = 0, odd: int = 0) -> Advice | None:
    """Examples of class 0 with these probabilities of it, among others answered rightly, wrongly, or oddly so."""
    chances = np.array([*own, *[0.97] * right, *[0.4] * wrong, *[0.2] * odd])
    probabilities = np.stack([chances, 1 - chances], axis=1)
    names = [f"row {i}" for i in range(len(chances))]
    y = np.zeros(len(chances), np.int64)
    return suspicious_labels(probabilities, y, classes=["cat", "dog"], names=names, of="held-out rows")


def test_labels_that_a_good_model_thinks_unlikely_are_named_the_unlikeliest_first() -> None:
    told = doubted([0.04, 0.0005, 0.06])
    assert said(told).startswith(
        "2 of 103 held-out rows may be labelled wrongly, as their own label gets less than 5 %"
    )
    assert ": row 1 (cat: 0.05 %; answered dog), row 0 (cat: 4 %; answered dog);" in said(told)
    assert told is not None
    assert [one["name"] for one in told.numbers["examples"]] == ["row 1", "row 0"]
    assert told.numbers["examples"][0]["answer"] == "dog"


def test_very_small_probabilities_are_told_as_such() -> None:
    assert "row 0 (cat: under 0.001 %;" in said(doubted([3e-9]))


def test_many_doubts_are_counted_and_a_few_named() -> None:
    told = doubted([0.001] * 9)
    assert ", and 4 more;" in said(told)
    assert told is not None
    assert len(told.numbers["examples"]) == 9


def test_among_many_classes_less_is_likely() -> None:
    probabilities = np.full((100, 11), 0.001)
    probabilities[:, 0] = 0.99
    y = np.zeros(100, np.int64)
    y[0] = 3
    for own, speaks in ((0.006, False), (0.004, True)):
        probabilities[0, 3] = own
        told = suspicious_labels(
            probabilities, y, classes=range(11), names=[str(i) for i in range(100)], of="held-out rows"
        )
        assert (told is not None) == speaks


def test_a_model_that_errs_or_doubts_often_is_not_believed() -> None:
    assert doubted([0.06]) is None
    assert doubted([0.001], wrong=20) is None
    assert doubted([0.001] * 3, odd=8) is None
    assert doubted([0.001] * 3, odd=6) is not None
    assert doubted([0.001] * 3, wrong=7) is not None
    assert doubted([], right=0) is None
