"""Healthy trainings are not talked about, sick ones are."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.advice import Advice
from chainrule.training.probe import Probe

X, Y = cr.points("moons", count=300, seed=3)
NEURON = cr.Network([cr.Dense(1, "sigmoid")])
SMALL = cr.Network([cr.Dense(8, "tanh"), cr.Dense(1, "sigmoid")])
RELU = cr.Network([cr.Dense(16, "relu"), cr.Dense(1, "sigmoid")])
DROPPING = cr.Network([cr.Dense(32, "relu"), cr.Dropout(0.2), cr.Dense(8, "relu"), cr.Dense(1, "sigmoid")])
DEEP_TANH = cr.Network([*[cr.Dense(16, "tanh") for _ in range(3)], cr.Dense(1, "sigmoid")])
SIGMOIDS = cr.Network([cr.Dense(8, "sigmoid"), cr.Dense(1, "sigmoid")])


def advised(network: cr.Network, table: Any = X, y: Any = Y, **options: Any) -> dict[str, Advice]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = cr.fit(network, table, y, **{"epochs": 40, **options})
    return {advice.kind: advice for advice in model.history.advice}


# Healthy.


@pytest.mark.parametrize("validation", [None, 0.25])
@pytest.mark.parametrize(
    "options",
    [{}, {"optimizer": cr.Adam(0.03)}, {"optimizer": "momentum"}, {"optimizer": cr.LBFGS(), "batch_size": "all"}],
    ids=["default", "adam", "momentum", "lbfgs"],
)
@pytest.mark.parametrize("network", [NEURON, SMALL, RELU, DEEP_TANH], ids=["neuron", "small", "relu", "deep"])
@pytest.mark.parametrize("kind", ["gauss", "moons", "xor"])
def test_a_healthy_training_is_not_talked_about(
    kind: str, network: cr.Network, options: dict[str, Any], validation: float | None
) -> None:
    table, y = cr.points(kind, count=200, seed=5)
    assert advised(network, table, y, validation=validation, **options) == {}


@pytest.mark.parametrize("seed", range(3))
def test_dropout_penalties_regression_and_many_classes_are_healthy_too(seed: int) -> None:
    assert advised(DROPPING, l2=0.01, validation=0.2, seed=seed, epochs=20) == {}
    regression = cr.Network([cr.Dense(16, "relu"), cr.Dense(1)])
    assert advised(regression, y=np.sin(X[:, 0]) + X[:, 1], validation=0.2, seed=seed) == {}
    classes = cr.Network([cr.Dense(16, "tanh"), cr.Dense(3, "softmax")])
    thirds = np.digitize(X[:, 0], np.quantile(X[:, 0], [1 / 3, 2 / 3]))
    assert advised(classes, y=thirds, validation=0.2, seed=seed) == {}


def test_a_training_of_no_epochs_is_not_looked_at() -> None:
    assert advised(SIGMOIDS, 1000 * X, epochs=0) == {}


# Sick.


def test_dead_neurons_are_counted() -> None:
    start = cr.fit(RELU, X, Y, epochs=1)
    dead = np.where(np.arange(16) < 9, -100.0, 0.0).astype(np.float32)
    start = replace(start, parameters={**start.parameters, "b1": dead})
    told = advised(RELU, initial=start)
    assert told["dead_neurons"].numbers["layers"] == [{"layer": 1, "dead": 9, "units": 16}]
    assert "0 for each of 300 rows: 9 of 16 in layer 1" in told["dead_neurons"].message


def test_neurons_saturated_by_large_features_are_counted_and_standardized_rows_help() -> None:
    told = advised(SIGMOIDS, 1000 * X)
    assert list(told) == ["saturated_neurons"]
    assert told["saturated_neurons"].numbers["layers"] == [{"layer": 1, "saturated": 8, "units": 8}]
    assert advised(SIGMOIDS, 1000 * X, preprocess="standardize") == {}


def test_gradients_that_vanish_in_many_sigmoid_layers_are_told_and_tanh_helps() -> None:
    def deep(activation: str) -> cr.Network:
        return cr.Network([*[cr.Dense(8, activation) for _ in range(10)], cr.Dense(1, "sigmoid")])

    told = advised(deep("sigmoid"))["vanishing_gradients"]
    assert told.numbers["ratio"] < 1e-4
    assert len(told.numbers["layers"]) == 11
    assert advised(deep("tanh")) == {}


def test_gradients_that_explode_are_told() -> None:
    large = [cr.Dense(8, initializer=cr.Normal(10.0)) for _ in range(5)]
    told = advised(cr.Network([*large, cr.Dense(1)]), y=X[:, 0], optimizer=cr.GradientDescent(1e-30))
    assert told["exploding_gradients"].numbers["ratio"] > 1e4


@pytest.mark.parametrize("early_stopping", [True, False])
def test_random_labels_are_learned_by_heart(early_stopping: bool) -> None:
    random = np.random.default_rng(0)
    table, y = random.normal(size=(120, 30)), random.integers(0, 2, 120)
    network = cr.Network([cr.Dense(64, "relu"), cr.Dense(1, "sigmoid")])
    options: dict[str, Any] = {"optimizer": cr.Adam(0.01), "validation": 0.4, "early_stopping": early_stopping}
    told = advised(network, table, y, **options)
    assert list(told) == ["overfitting"]
    first, last = told["overfitting"].numbers["validation_cost"]
    assert last > 1.2 * first


def flipped(rows: list[int]) -> tuple[Any, Any]:
    table, y = cr.points("gauss", count=300, seed=2)
    y = y.copy()
    y[rows] = 1 - y[rows]
    return table, y


def test_wrong_labels_are_found_among_held_out_rows() -> None:
    table, y = flipped([3, 50, 97])
    held_out = np.arange(100)
    told = advised(SMALL, table, y, validation=held_out, optimizer=cr.Adam(0.03))["suspicious_labels"]
    assert {one["name"] for one in told.numbers["examples"]} == {"row 3", "row 50", "row 97"}
    assert "3 of 100 held-out rows" in told.message
    pair = advised(SMALL, table[100:], y[100:], validation=(table[:100], y[:100]), optimizer=cr.Adam(0.03))
    assert pair["suspicious_labels"].numbers["found"] == 3


def test_without_held_out_rows_those_learned_from_are_looked_at() -> None:
    table, y = flipped([7, 200])
    told = advised(NEURON, table, y, optimizer=cr.Adam(0.1))["suspicious_labels"]
    assert {one["name"] for one in told.numbers["examples"]} == {"row 7", "row 200"}
    assert "training rows" in told.message


# How it is looked at.


def test_advice_is_no_part_of_the_model_s_file_and_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    model = cr.fit(SIGMOIDS, 1000 * X, Y, epochs=3)
    assert model.history.advice
    assert cr.load is not None
    monkeypatch.setattr("chainrule.fitting.with_advice", lambda history, *_, **__: history)
    assert cr.fit(SIGMOIDS, 1000 * X, Y, epochs=3).to_bytes() == model.to_bytes()


def test_large_tables_are_sampled_evenly() -> None:
    graph = _graph_of(cr.Network([cr.Dense(1000, "relu"), cr.Dense(1, "sigmoid")]), features=10_000)
    zeros = {node: np.zeros([int(axis) for axis in node.shape], np.float32) for node in graph.connected.parameters}
    probe = Probe(graph, zeros, dtype=np.float32)
    rows = probe.sample(np.arange(50_000))
    assert 64 <= len(rows) <= 200
    assert np.ptp(np.diff(rows)) <= 1


def test_networks_of_very_many_weights_are_judged_by_their_history_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.training.probe._MOST_WEIGHTS", 32)
    assert list(advised(SIGMOIDS, 1000 * X)) == []
    monkeypatch.setattr("chainrule.training.probe._MOST_WEIGHTS", 33)
    assert list(advised(SIGMOIDS, 1000 * X)) == ["saturated_neurons"]


def test_an_activation_of_ones_own_that_is_rewritten_with_its_z_is_looked_at() -> None:
    network = cr.Network([cr.Dense(4, lambda z: cr.log(cr.exp(z))), cr.Dense(1, lambda z: 1 / (1 + cr.exp(-z)))])
    assert advised(network) == {}


def test_a_sample_is_looked_at_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = _graph_of(SMALL, features=2)
    model = cr.fit(SMALL, X, Y, epochs=5)
    values = {node: model.parameters[str(node.name)] for node in graph.connected.parameters}
    probe = Probe(graph, values, dtype=np.float64)
    data = {"X": X, "y": Y.reshape(-1, 1)}
    whole = probe.layers(data, np.arange(300))
    monkeypatch.setattr("chainrule.training.probe._NUMBERS_AT_ONCE", 50)
    pieces = probe.layers(data, np.arange(300))
    for one, other in zip(whole, pieces, strict=True):
        assert one.signal == pytest.approx(other.signal)
        assert one.gradient == pytest.approx(other.gradient)
        np.testing.assert_allclose(one.at_limit, other.at_limit)
    trace = model.trace(X, Y).backward()
    for one in whole:
        assert one.gradient == pytest.approx(np.linalg.norm(trace.gradient(f"W{one.number}")))
        row = np.linalg.norm(300 * trace.gradient(f"Z{one.number}"), axis=1)
        assert one.signal == pytest.approx(np.sqrt(np.square(row).mean()))


def _graph_of(network: cr.Network, *, features: int) -> Any:
    from chainrule.network.losses import loss
    from chainrule.network.preprocessing import Preprocessing
    from chainrule.training.cost_graph import CostGraph

    preprocessing = Preprocessing.learn(np.zeros((1, features)), "none")
    chosen = loss("binary_cross_entropy")
    return CostGraph.build(network, preprocessing, chosen, weighted=False, classify=True, l1=0.0, l2=0.0)
