"""What networks learn, and what they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr


def accuracy(model: cr.Model, X: NDArray[Any], y: NDArray[Any]) -> float:
    return float((model.predict(X) == y).mean())


@pytest.mark.parametrize("seed", range(4))
def test_one_neuron_parts_two_clouds(seed: int) -> None:
    X, y = cr.points("gauss", seed=seed)
    neuron = cr.Network([cr.Dense(1, "sigmoid")])
    model = cr.fit(neuron, X, y, optimizer=cr.GradientDescent(0.3), epochs=60, batch_size=10, seed=seed)
    assert model.history[-1].cost < 0.01
    assert accuracy(model, X, y) > 0.99


@pytest.mark.parametrize("seed", range(4))
def test_one_neuron_cannot_learn_a_chess_board(seed: int) -> None:
    X, y = cr.points("xor", seed=seed)
    model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, optimizer=cr.Adam(0.05), epochs=40, seed=seed)
    assert accuracy(model, X, y) < 0.7


@pytest.mark.parametrize("seed", range(5))
def test_four_hidden_neurons_learn_a_chess_board(seed: int) -> None:
    X, y = cr.points("xor", seed=seed)
    network = cr.Network([cr.Dense(4, "tanh", initializer=cr.Normal(1.0)), cr.Dense(1, "sigmoid")])
    model = cr.fit(
        network, X, y, preprocess="standardize", optimizer=cr.Momentum(0.1), epochs=200, batch_size=20, seed=seed
    )
    assert accuracy(model, X, y) > 0.97


def two_two_one(W: str | cr.Normal) -> cr.Network:
    return cr.Network([cr.Dense(2, "tanh", initializer=W), cr.Dense(1, "sigmoid", initializer=W)])


def chess_board_model(W: str | cr.Normal) -> cr.Model:
    X, y = cr.points("xor", count=100, seed=3)
    return cr.fit(two_two_one(W), X, y, optimizer=cr.GradientDescent(0.1), epochs=60, batch_size=10, seed=1)


def test_neurons_that_start_equal_stay_equal() -> None:
    model = chess_board_model("zeros")
    W, b = model.parameters["W1"], model.parameters["b1"]
    assert (W[:, 0] == W[:, 1]).all()
    assert b[0] == b[1]
    assert model.parameters["W2"][0, 0] == model.parameters["W2"][1, 0]


def test_random_weights_part_neurons_although_biases_start_at_zero() -> None:
    begun = cr.initial_values(two_two_one(cr.Normal(1.0)).connect(cr.examples("X", features=2)).parameters, seed=1)
    assert not begun[1].any()
    assert not begun[3].any()
    model = chess_board_model(cr.Normal(1.0))
    assert np.abs(model.parameters["W1"][:, 0] - model.parameters["W1"][:, 1]).max() > 0.1
    assert model.history[-1].cost < chess_board_model("zeros").history[-1].cost - 0.1


@pytest.mark.parametrize("labels", [np.array(["ant", "bee", "cow"]), np.array([10, 20, 30]), np.arange(3)], ids=str)
def test_three_classes_are_learned_whatever_they_are_called(labels: NDArray[Any]) -> None:
    generator = np.random.default_rng(0)
    index = np.arange(90) % 3
    X = np.array([[0, 4], [4, -3], [-4, -3]])[index] + generator.normal(size=(90, 2))
    model = cr.fit(cr.Network([cr.Dense(3, "softmax")]), X, labels[index], optimizer=cr.Adam(0.1), epochs=30)
    assert model.classes == tuple(labels.tolist())
    assert model.predict_proba(X).shape == (90, 3)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    assert model.history[-1].accuracy == pytest.approx(accuracy(model, X, labels[index]), abs=0.03)
    assert accuracy(model, X, labels[index]) > 0.95


def test_a_regression_finds_a_straight_line() -> None:
    X = np.linspace(-1, 1, 50)[:, None]
    model = cr.fit(cr.Network([cr.Dense(1)]), X, 3 * X[:, 0] - 1, optimizer=cr.Adam(0.1), epochs=200, batch_size=10)
    assert model.classes is None
    assert model.history[-1].accuracy is None
    assert model.loss.name == "squared_error"
    np.testing.assert_allclose(model.predict([[0.0], [1.0]]), [[-1.0], [2.0]], atol=1e-2)
    with pytest.raises(cr.UserError, match="answers with numbers"):
        model.predict_proba(X)


def test_a_regression_may_have_several_outputs_and_hold_out_a_share() -> None:
    X = np.linspace(-1, 1, 60)[:, None]
    y = np.hstack([X + 1, 2 * X])
    model = cr.fit(
        cr.Network([cr.Dense(2)]), X, y, optimizer=cr.Adam(0.1), epochs=100, batch_size=10, validation=0.2
    )
    assert model.training["examples"] == 48
    assert model.history[-1].validation_cost == pytest.approx(0.0, abs=1e-3)
    assert model.history[-1].validation_accuracy is None


def away(y_hat: cr.Expression, y: cr.Expression) -> cr.Expression:
    return cr.abs(y_hat - y)


@pytest.mark.parametrize("names", [None, ["no", "yes"]])
def test_a_loss_of_ones_own_learns_labels_and_survives_the_file(names: list[str] | None, tmp_path: Any) -> None:
    X, y = cr.points("gauss", count=60)
    labels = y if names is None else np.array(names)[y]
    model = cr.fit(
        cr.Network([cr.Dense(1, "sigmoid")]),
        X,
        labels,
        loss=lambda y_hat, y: cr.abs(y_hat - y),
        optimizer=cr.Adam(0.1),
        epochs=30,
    )
    assert accuracy(model, X, labels) > 0.98
    assert model.history[-1].accuracy is not None
    model.save(tmp_path / "model.safetensors")
    again = cr.load(tmp_path / "model.safetensors")
    assert again.to_bytes() == model.to_bytes()
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    y_hat, y_one = cr.variable("y_hat", ("m", 1)), cr.variable("y", ("m", 1))
    values = {y_hat: [[0.25]], y_one: [[1.0]]}
    assert cr.value(again.loss(y_hat, y_one), values) == cr.value(away(y_hat, y_one), values)


def test_a_loss_of_ones_own_on_numbers_is_a_regression() -> None:
    X = np.linspace(-1, 1, 40)[:, None]
    model = cr.fit(
        cr.Network([cr.Dense(1)]), X, 2 * X[:, 0], loss=away, optimizer=cr.Adam(0.05), epochs=200, batch_size=10
    )
    assert model.classes is None
    np.testing.assert_allclose(model.predict([[0.5]]), [[1.0]], atol=0.1)


def test_an_activation_of_ones_own_learns_and_survives_the_file(tmp_path: Any) -> None:
    X, y = cr.points("circle", count=100)
    network = cr.Network([cr.Dense(8, lambda z: cr.maximum(z, 0.1 * z) ** 2), cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, preprocess="standardize", optimizer=cr.Adam(0.05), epochs=40, batch_size=10)
    assert accuracy(model, X, y) > 0.95
    model.save(tmp_path / "model.safetensors")
    again = cr.load(tmp_path / "model.safetensors")
    assert (again.predict_proba(X) == model.predict_proba(X)).all()


def test_penalties_keep_weights_small() -> None:
    X, y = cr.points("gauss", count=60)

    def size(**penalty: float) -> float:
        model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, optimizer=cr.Adam(0.1), epochs=30, **penalty)  # type: ignore[arg-type]
        return float(np.abs(model.parameters["W1"]).sum())

    assert size(l2=1.0) < 0.7 * size()
    assert size(l1=0.5) < 0.7 * size()


def test_examples_of_weight_zero_are_as_good_as_not_there() -> None:
    X, y = cr.points("gauss", count=40)
    wrong = np.concatenate([y, 1 - y])
    weights = np.repeat([1.0, 0.0], 40)
    network = cr.Network([cr.Dense(1, "sigmoid")])
    model = cr.fit(network, np.concatenate([X, X + 100]), wrong, sample_weight=weights, batch_size=4, epochs=3)
    alone = cr.fit(network, X, y, sample_weight=np.ones(40), batch_size=4, epochs=3)
    assert model.training["examples"] == 40
    assert (model.parameters["W1"] == alone.parameters["W1"]).all()
