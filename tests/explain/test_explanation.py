"""The numbers of an explanation against the same mathematics written down anew."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.explanation import Explanation
from chainrule.graph.trace.wording import number_text
from tests.explain.models import CLASSIFIERS, KINDS, case, right_label, written

ROW = 4


def explained(kind: str, row: int = ROW) -> Explanation:
    found = case(kind)
    return found.model.explain(found.X[row], right_label(found, row))


@pytest.mark.parametrize("kind", KINDS)
def test_each_layers_z_and_a_are_those_of_the_graph(kind: str) -> None:
    graph = written(case(kind), ROW)
    layers = [layer for layer in graph.connected.layers if layer.Z is not None]
    parts = explained(kind).layers
    assert [part.z_name for part in parts] == [layer.Z.name for layer in layers]
    for part, layer in zip(parts, layers, strict=True):
        np.testing.assert_allclose(part.Z, cr.value(layer.Z, graph.values)[0], rtol=1e-12)
        np.testing.assert_allclose(part.A, cr.value(layer.A, graph.values)[0], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_z_is_the_sum_of_the_terms_the_rest_and_the_bias(kind: str) -> None:
    found = explained(kind)
    for part in found.prediction.sums:
        assert part.z == found.layers[-1].Z[part.output]
        pieces = [*(term.product for term in part.terms), part.rest, part.bias or 0.0]
        assert math.fsum(pieces) == pytest.approx(part.z, abs=1e-13)
        assert all(term.product == term.a * term.w for term in part.terms)
        sizes = [abs(term.product) for term in part.terms]
        assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_is_a_value_of_the_layer_before_times_its_weight(kind: str) -> None:
    found, model = explained(kind), case(kind).model
    source = found.input.x if len(found.layers) == 1 else found.layers[-2].A
    W = model.parameters[f"W{len(found.layers)}"]
    for part in found.prediction.sums:
        assert all(term.a == source[term.index] for term in part.terms)
        assert all(term.w == float(W[term.index, part.output]) for term in part.terms)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_answer_and_its_probability_are_the_models(kind: str) -> None:
    model, X, _ = case(kind)
    for row in range(20):
        part = model.explain(X[row]).prediction
        assert part.answer == model.predict(X[row : row + 1])[0]
        shares = [share for _, share in part.probabilities]
        np.testing.assert_allclose(shares, model.predict_proba(X[row : row + 1])[0], rtol=2e-5)
        assert part.probability == dict(part.probabilities)[part.answer]  # type: ignore[index]


def test_the_answer_follows_the_models_own_threshold() -> None:
    from dataclasses import replace

    model, X, _ = case("binary")
    assert replace(model, threshold=0.0).explain(X[0]).prediction.answer == "blue"
    assert replace(model, threshold=1.0).explain(X[0]).prediction.answer == "red"


@pytest.mark.parametrize("kind", KINDS)
def test_the_cost_is_that_of_the_label(kind: str) -> None:
    graph = written(case(kind), ROW)
    found = explained(kind)
    assert found.cost is not None
    assert found.cost.labels[0].given
    assert found.cost.labels[0].cost == pytest.approx(float(cr.value(graph.J, graph.values)), rel=1e-12)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_other_labels_cost_what_their_probability_says(kind: str) -> None:
    found = explained(kind)
    assert found.cost is not None
    shares = dict(found.prediction.probabilities)
    assert {one.label for one in found.cost.labels} == set(shares)
    for one in found.cost.labels:
        assert one.cost == pytest.approx(-math.log(shares[one.label]), rel=1e-9)  # type: ignore[index]
    assert [one.is_answer for one in found.cost.labels].count(True) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_the_graph(kind: str) -> None:
    graph = written(case(kind), ROW)
    found = explained(kind).backward
    assert found is not None
    wanted = cr.gradients(graph.J, graph.connected.parameters)
    assert list(found.gradients) == [node.name for node in graph.connected.parameters]
    by_name = {step.name: step.value for step in found.steps}
    for node, gradient in zip(graph.connected.parameters, wanted, strict=True):
        right = cr.value(gradient, graph.values)
        np.testing.assert_allclose(found.gradients[node.name], right, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(by_name[f"dJ/d{node.name}"], right, rtol=1e-8, atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_the_update_goes_against_the_gradient_and_the_cost_after_it_is_computed_anew(kind: str) -> None:
    data = case(kind)
    graph = written(data, ROW)
    found = data.model.explain(data.X[ROW], right_label(data, ROW), learning_rate=0.03)
    assert found.update is not None
    assert found.backward is not None
    moved = dict(graph.values)
    for node in graph.connected.parameters:
        moved[node] = data.model.parameters[node.name] - 0.03 * found.backward.gradients[node.name]
    assert found.update.cost_after == pytest.approx(float(cr.value(graph.J, moved)), rel=1e-9)
    assert found.update.cost_after < found.update.cost_before
    np.testing.assert_allclose(found.update.outputs_after, cr.value(graph.connected.output, moved)[0], rtol=1e-9)
    for step in found.update.parameters:
        before = float(data.model.parameters[step.name][step.index])
        assert step.before == before
        assert step.after == pytest.approx(before - 0.03 * step.gradient, rel=1e-15)
        assert abs(step.gradient) == np.abs(found.backward.gradients[step.name]).max()


def test_the_learning_rate_is_the_one_given_or_the_one_trained_with() -> None:
    model, X, y = case("no bias")
    trained, given = model.explain(X[0], y[0]).update, model.explain(X[0], y[0], learning_rate=0.25).update
    assert trained is not None
    assert (trained.learning_rate, trained.rate_from) == (0.5, "trained with")
    assert given is not None
    assert (given.learning_rate, given.rate_from) == (0.25, "given")


def test_where_the_learning_rate_changed_a_usual_one_is_taken() -> None:
    _, X, y = case("binary")
    network = cr.Network([cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, epochs=2, learning_rate=lambda epoch, epochs: 0.1 / (epoch + 1))
    update = model.explain(X[0], 0).update
    assert update is not None
    assert (update.learning_rate, update.rate_from) == (0.01, "usual")


@pytest.mark.parametrize(
    ("activation", "loss", "label", "formula"),
    [
        ("sigmoid", "binary_cross_entropy", 0, "-log(1 - {})"),
        ("sigmoid", "binary_cross_entropy", 1, "-log({})"),
        ("sigmoid", "squared_error", 1, "({} - 1) ** 2"),
        ("tanh", "absolute_error", -0.5, "abs({} - (-0.5))"),
        ("identity", "squared_error", 2.0, "({} - 2) ** 2"),
    ],
)
def test_the_loss_is_written_with_its_numbers(activation: str, loss: str, label: float, formula: str) -> None:
    _, X, y = case("binary")
    model = cr.fit(cr.Network([cr.Dense(1, activation)]), X, y, loss=loss, epochs=2)
    found = model.explain(X[0], label)
    assert found.cost is not None
    first, output = found.cost.labels[0], number_text(found.prediction.outputs[0])
    assert first.numbers == f"{formula.format(output)} = {number_text(first.cost)}"
    assert found.cost.loss == loss


def test_a_loss_of_ones_own_is_explained() -> None:
    _, X, y = case("binary")
    model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, loss=lambda a, b: cr.abs(a - b) ** 3, epochs=2)
    found = model.explain(X[0], 1)
    assert found.cost is not None
    assert found.update is not None
    assert found.cost.formula == "J = abs(A1 - y) ** 3"
    assert found.cost.labels[0].cost == pytest.approx((1 - found.prediction.outputs[0]) ** 3)
    assert found.update.cost_after < found.update.cost_before


def test_the_model_stays_as_it_is() -> None:
    model, X, y = case("no bias")
    before = {name: array.copy() for name, array in model.parameters.items()}
    model.explain(X[0], y[0], learning_rate=100.0)
    assert all((model.parameters[name] == array).all() for name, array in before.items())


def test_without_a_label_the_answer_is_taken_for_it() -> None:
    model, X, _ = case("softmax")
    found = model.explain(X[0])
    assert found.backward is not None
    assert found.backward.assumed
    assert found.backward.label == found.prediction.answer
    assert found.cost is not None
    assert not any(one.given for one in found.cost.labels)


def test_a_regression_without_a_label_has_no_cost_and_no_gradients() -> None:
    model, X, _ = case("regression")
    found = model.explain(X[0])
    assert (found.cost, found.backward, found.update) == (None, None, None)
    assert found.prediction.answer == (found.layers[-1].A[0],)


def test_the_saliency_is_of_the_answer() -> None:
    model, X, _ = case("softmax")
    found = model.explain(X[0])
    assert found.saliency.explained == f"logit of {found.prediction.answer}"


@pytest.mark.parametrize("kind", ["binary", "logistic"])
def test_the_nearest_are_those_of_a_loop_over_all_rows(kind: str) -> None:
    model, X, y = (case(kind).model, case(kind).X[:20], case(kind).y[:20])
    found = model.explain(X[7], among=(X, y)).neighbours
    assert found is not None
    points = [model.explain(row) for row in X]
    where = [one.input.x if kind == "logistic" else one.layers[-2].A for one in points]
    distances = np.array([np.linalg.norm(place - where[7]) for place in where])
    order = np.argsort(distances, kind="stable")[:6]
    np.testing.assert_allclose([one.distance for one in found.found], distances[order], atol=1e-5)
    assert found.found[0].name == "row 7"
    assert [one.class_name for one in found.found] == [str(right_label(case(kind), int(row))) for row in order]
    assert [one.answer for one in found.found] == [points[row].prediction.answer_text for row in order]
    words = "X, the numbers" if kind == "logistic" else "A2, the last hidden layer (6 numbers)"
    assert found.space.startswith(words)


def test_a_cost_that_float64_cannot_hold_as_written_is_still_exact() -> None:
    model, X, _ = case("logistic")
    from dataclasses import replace

    certain = replace(model, parameters={"W1": model.parameters["W1"] * 0, "b1": np.array([50.0], np.float32)})
    found = certain.explain(X[0], 0)
    assert found.cost is not None
    assert found.cost.labels[0].cost == pytest.approx(50.0)
    assert found.backward is not None
    assert found.backward.gradients["b1"] == pytest.approx(1.0)
    assert found.backward.trained["dJ/dZ1"].result == "1"
    assert "training's own form does not" in found.text()
