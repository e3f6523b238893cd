"""Losses by name, people's own, the cost and penalties."""

import itertools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.network.losses import LOSSES, loss, loss_from_dict, mean_cost, per_example
from chainrule.network.penalties import penalised
from chainrule.testing import check_gradients

P = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
Y = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
LABELS = np.array([1, 2])

FORMULAS: dict[str, Any] = {
    "binary_cross_entropy": -(Y * np.log(P) + (1 - Y) * np.log(1 - P)),
    "categorical_cross_entropy": -np.log([0.5, 0.8]),
    "squared_error": (P - Y) ** 2,
    "absolute_error": abs(P - Y),
}


def built(name: str) -> tuple[Expression, dict[Expression, Any]]:
    y_hat = cr.variable("y_hat", ("m", 3))
    y = cr.variable("y", loss(name).label_shape(y_hat.shape))
    return loss(name)(y_hat, y), {y_hat: P, y: LABELS if loss(name).kind == "categorical" else Y}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_computes_its_formula(name: str) -> None:
    L, values = built(name)
    np.testing.assert_allclose(cr.value(L, values), FORMULAS[name], rtol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_agree_with_differences(name: str) -> None:
    L, values = built(name)
    y_hat = next(node for node in values if node.name == "y_hat")
    check_gradients(mean_cost(L), [y_hat], values)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_stored_by_name(name: str) -> None:
    assert loss_from_dict(loss(name).to_dict(3), 3) is loss(name)


def test_a_function_of_chainrule_is_the_loss_of_that_name() -> None:
    assert loss(cr.squared_error) is loss("squared_error")


@pytest.mark.parametrize("logit", [-1000.0, -30.0, 0.0, 30.0, 1000.0])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_cross_entropy_of_a_sigmoid_is_exact(logit: float, label: float) -> None:
    z, y = cr.variable("z", ("m", 1)), cr.variable("y", ("m", 1))
    J = mean_cost(loss("binary_cross_entropy")(cr.sigmoid(z), y))
    values = {z: [[logit]], y: [[label]]}
    assert cr.value(J, values) == pytest.approx(np.logaddexp(0, -logit if label else logit), rel=1e-14)


@pytest.mark.parametrize("logit", [-1000.0, 0.0, 1000.0])
def test_the_cross_entropy_of_a_softmax_is_exact(logit: float) -> None:
    z, y = cr.variable("z", ("m", 2)), cr.variable("y", "m")
    J = mean_cost(loss("categorical_cross_entropy")(cr.softmax(z), y))
    assert cr.value(J, {z: [[logit, 0.0]], y: [0]}) == pytest.approx(np.logaddexp(0, -logit), rel=1e-14)


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"categorical_cross_entropy"}))
@pytest.mark.parametrize("shape", [("m",), ("m", 1), ("m", 2), (), (3,)])
def test_labels_are_never_broadcast(name: str, shape: tuple[Any, ...]) -> None:
    with pytest.raises(UserError, match=r"it must have shape \(m, 3\)"):
        loss(name)(cr.variable("y_hat", ("m", 3)), cr.variable("y", shape))


def test_labels_of_classes_are_one_an_example() -> None:
    with pytest.raises(UserError, match=r"it must have shape \(m,\)"):
        loss("categorical_cross_entropy")(cr.variable("y_hat", ("m", 3)), cr.variable("y", ("m", 3)))


def test_the_cross_entropy_of_classes_needs_several_outputs() -> None:
    with pytest.raises(UserError, match="binary_cross_entropy"):
        loss("categorical_cross_entropy")(cr.variable("y_hat", ("m", 1)), cr.variable("y", "m"))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda y_hat, y: 1.0, "must return an expression"),
        (lambda y_hat: y_hat, "failed on expressions"),
        (lambda y_hat, y: cr.mean(y_hat - y), r"must have shape \(m, 3\) or \(m,\), not \(\)"),
        (lambda y_hat, y: y, "does not depend on y_hat"),
        (lambda y_hat, y: y_hat - cr.mean(y, axis=0), "mixes examples"),
        (lambda y_hat, y: (y_hat - y) * cr.variable("a"), "uses a"),
        ("squared-errors", "did you mean 'squared_error'"),
        (None, "give one of the names"),
    ],
    ids=map(str, itertools.count()),
)
def test_a_function_that_does_not_fit_is_refused_with_a_reason(function: Any, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        loss(function, outputs=3)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda y_hat, y: cr.abs(y_hat - y) ** 1.5, "values"),
        (lambda y_hat, y: cr.max(cr.abs(y_hat - y), axis=1), "binary"),
        (lambda y_hat, y: -((1 - y_hat[y]) ** 2) * cr.log(y_hat[y]), "categorical"),
    ],
    ids=map(str, itertools.count()),
)
def test_a_function_comes_back_from_its_graph(function: Any, kind: Any) -> None:
    own = loss(function, kind=kind, outputs=3)
    back = loss_from_dict(own.to_dict(3), 3)
    y_hat = cr.variable("y_hat", ("m", 3))
    y = cr.variable("y", own.label_shape(y_hat.shape))
    values: dict[Any, Any] = {y_hat: P, y: LABELS if kind == "categorical" else Y}
    assert (back.name, back.kind, back.own) == ("custom", kind, True)
    assert (cr.value(back(y_hat, y), values) == cr.value(own(y_hat, y), values)).all()
    assert back.to_dict(3) == own.to_dict(3)


@pytest.mark.parametrize(
    "change",
    [{"name": 5}, {"name": "a b"}, {"kind": "other"}, {"kind": []}, {"outputs": 2}, {"graph": []}, {"x": 1}],
)
def test_malformed_data_is_a_clear_error(change: dict[str, Any]) -> None:
    data = loss(lambda y_hat, y: (y_hat - y) ** 4).to_dict(3)
    assert isinstance(data, dict)
    with pytest.raises(UserError):
        loss_from_dict({**data, **change}, 3)


@pytest.mark.parametrize("kind", ["numbers", None, 3])
def test_a_kind_is_one_of_three(kind: Any) -> None:
    with pytest.raises(UserError, match="binary, categorical, values"):
        loss(lambda y_hat, y: y_hat - y, kind=kind)


def test_the_loss_of_an_example_is_the_mean_over_its_outputs() -> None:
    L = cr.variable("L", ("m", 3))
    np.testing.assert_allclose(cr.value(per_example(L), L=P), P.mean(axis=1))
    one = cr.variable("L", ("m", 1))
    assert cr.value(per_example(one), L=[[1.0], [2.0]]).tolist() == [1.0, 2.0]
    row = cr.variable("L", "m")
    assert per_example(row) is row


@pytest.mark.parametrize("shape", [(), (3,), (3, "m"), ("m", 2, 2)])
def test_losses_of_another_shape_have_no_cost(shape: tuple[Any, ...]) -> None:
    with pytest.raises(UserError, match="losses have shape"):
        mean_cost(cr.variable("L", shape))


def test_the_cost_is_the_mean_or_the_weighted_mean() -> None:
    L, w = cr.variable("L", "m"), cr.variable("w", "m")
    assert cr.value(mean_cost(L), L=[1.0, 2.0, 6.0]) == 3.0
    assert cr.value(mean_cost(L, w), L=[1.0, 2.0, 6.0], w=[1.0, 0.0, 3.0]) == 19 / 4
    with pytest.raises(UserError, match="weights"):
        mean_cost(L, cr.variable("w", ("m", 1)))


def test_penalties_are_added_for_each_weight() -> None:
    J, W, V = cr.variable("J"), cr.parameter("W", (2, 2)), cr.parameter("V", (2,))
    values: dict[Any, Any] = {J: 1.0, W: [[1.0, -2.0], [0.0, 3.0]], V: [-1.0, 1.0]}
    assert cr.value(penalised(J, [W, V], l1=0.5, l2=0.1), values) == pytest.approx(1 + 0.05 * 16 + 0.5 * 8)
    assert penalised(J, [W, V]) is J
    dW = cr.grad(penalised(J, [W, V], l2=0.1), W)
    np.testing.assert_allclose(cr.value(dW, {W: values[W]}), 0.1 * np.array(values[W]))


@pytest.mark.parametrize("strength", [-1.0, float("nan"), float("inf")])
def test_a_penalty_has_a_sensible_strength(strength: float) -> None:
    with pytest.raises(UserError, match="strength"):
        penalised(cr.variable("J"), [], l1=strength)
