"""Activations by name, and people's own."""

import itertools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.network.activations import ACTIVATIONS, Activation, activation, activation_from_dict
from chainrule.testing import check_gradients

FORMULAS: dict[str, Any] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
}
Z = np.array([[-2.0, 0.5, 1.0], [0.3, -0.7, 4.0]])


def swish_twice(z: Expression) -> Expression:
    return z * cr.sigmoid(2 * z) + cr.constant([0.0, 1.0, 2.0])


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"gelu"}))  # gelu against PyTorch, for its erf
def test_an_activation_computes_its_formula(name: str) -> None:
    z = cr.variable("z", ("m", 3))
    np.testing.assert_allclose(cr.value(activation(name)(z), z=Z), FORMULAS[name](Z), rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_agree_with_differences(name: str) -> None:
    z = cr.variable("z", ("m", 3))
    check_gradients(activation(name)(z) * cr.constant([1.0, -2.0, 0.5]), [z], {z: Z})


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_stored_by_name(name: str) -> None:
    assert activation(name).to_dict(3) == name
    assert activation_from_dict(name, 3) is activation(name)


def test_relu_and_its_like_start_with_he_and_the_others_with_glorot() -> None:
    with_he = {name for name, record in ACTIVATIONS.items() if record.default_initializer == cr.He()}
    assert with_he == {"relu", "leaky_relu", "elu", "softplus", "gelu", "silu"}
    assert all(ACTIVATIONS[name].default_initializer == cr.Glorot() for name in set(ACTIVATIONS) - with_he)


def test_a_function_of_chainrule_is_the_activation_of_that_name() -> None:
    assert activation(cr.relu) is activation("relu")


def test_a_misspelt_name_is_answered_with_a_suggestion() -> None:
    with pytest.raises(
        UserError, match=r"no activation 'Leaky-ReLU'; did you mean 'leaky_relu'\?.*identity, sigmoid"
    ):
        activation("Leaky-ReLU")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda z: 5.0, "must return an expression, not float"),
        (lambda z: np.exp(z), "cr.exp instead of NumPy's"),
        (lambda z, more: z, "failed on expressions"),
        (lambda z: cr.sum(z, axis=1), r"must keep the shape: it makes \(m,\) of \(m, 3\)"),
        (lambda z: z - cr.mean(z, axis=0), "mixes examples"),
        (lambda z: z / cr.example_count(), "number of examples"),
        (lambda z: z * cr.parameter("slope"), "uses slope"),
        (lambda z: z * cr.draw(("m", 3), node=0), "uses draw"),
        (lambda z: cr.broadcast_to(1.0, z.shape), "does not depend on z"),
        (lambda z: cr.reshape(z, ("m", 4)), "reshape"),
        (5, "give one of the names"),
    ],
    ids=map(str, itertools.count()),
)
def test_a_function_that_does_not_fit_is_refused_with_a_reason(function: Any, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        activation(function, units=3)


def test_the_failure_of_a_function_is_kept_as_the_cause() -> None:
    with pytest.raises(UserError) as caught:
        activation(lambda z: {"something": z}["nothing"], units=3)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_function_comes_back_from_its_graph() -> None:
    own = activation(swish_twice, units=3)
    back = activation_from_dict(own.to_dict(3), 3)
    z = cr.variable("z", ("m", 3))
    assert back.name == "swish_twice"
    assert str(back(z)) == str(own(z))
    assert (cr.value(back(z), z=Z) == cr.value(own(z), z=Z)).all()
    assert back.to_dict(3) == own.to_dict(3)


def test_a_loaded_function_is_for_the_units_it_was_stored_with() -> None:
    back = activation_from_dict(activation(swish_twice).to_dict(3), 3)
    with pytest.raises(UserError, match=r"stored for z of shape \(m, 3\), not \(m, 4\)"):
        back(cr.variable("z", ("m", 4)))
    with pytest.raises(UserError, match="4 neurons"):
        activation_from_dict(activation(swish_twice).to_dict(3), 4)


def stored_graph_of(root: Expression) -> dict[str, Any]:
    from chainrule.graph.serialize import to_data

    return {"name": "own", "units": 3, "graph": to_data([root])}


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        "unknown",
        {},
        {"name": "own", "units": 3, "graph": {"nodes": [], "roots": []}},
        {**stored_graph_of(cr.variable("z", ("m", 3)) * 2), "name": "not a word"},
        {**stored_graph_of(cr.variable("z", ("m", 3)) * 2), "units": 3.0},
        stored_graph_of(cr.variable("z", ("m", 2)) * 2),
        stored_graph_of(cr.variable("other", ("m", 3)) * 2),
        stored_graph_of(cr.variable("z", ("m", 3)) * cr.examples("X", features=3)),
        stored_graph_of(cr.sum(cr.variable("z", ("m", 3)), axis=1)),
        stored_graph_of(cr.variable("z", ("m", 3)) - cr.mean(cr.variable("z", ("m", 3)))),
    ],
)
def test_malformed_data_is_a_clear_error(data: Any) -> None:
    with pytest.raises(UserError):
        activation_from_dict(data, 3)


def test_an_activation_is_taken_as_it_is() -> None:
    own = Activation("own", swish_twice, own=True)
    assert activation(own) is own
