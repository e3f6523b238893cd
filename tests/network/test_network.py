"""Layers and networks: what they connect to, what they say about themselves, and their form in files."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.network.activations import ACTIVATIONS
from chainrule.network.connected import Connected
from chainrule.network.initializers import INITIALIZERS
from chainrule.network.layers import Layer, layer_from_dict
from chainrule.network.network import Network, dense_network, initial_values


def cubed(z: Expression) -> Expression:
    return z**3


def small() -> Network:
    return Network(
        [
            cr.Dropout(0.25),
            cr.Dense(4, "relu"),
            cr.Dropout(0.5),
            cr.Dense(3, "tanh", bias=False),
            cr.Dense(1, "sigmoid"),
        ]
    )


def connected(network: Network, **options: Any) -> Connected:
    return network.connect(cr.examples("X", features=2), **options)


def test_logistic_regression_is_one_neuron() -> None:
    part = connected(Network([cr.Dense(1, "sigmoid")]))
    values: dict[str, Any] = {"X": [[1.0, 2.0]], "W1": [[0.5], [-0.25]], "b1": [1.0]}
    assert str(part.output) == "sigmoid(Z1)"
    assert str(part.layers[0].Z) == "X @ W1 + b1"
    assert cr.value(part.output, values).item() == pytest.approx(1 / (1 + np.exp(-1)))


def test_parameters_and_values_are_numbered_over_the_dense_layers() -> None:
    part = connected(small())
    assert [node.name for node in part.parameters] == ["W1", "b1", "W2", "W3", "b3"]
    assert [node.shape for node in part.parameters] == [(2, 4), (4,), (4, 3), (3, 1), (1,)]
    assert [node.name for node in part.weights] == ["W1", "W2", "W3"]
    assert [layer.Z.name for layer in part.layers if layer.Z is not None] == ["Z1", "Z2", "Z3"]
    assert [layer.A.name for layer in part.layers] == ["X", "A1", "A1", "A2", "A3"]
    assert part.output is part.layers[-1].A
    assert part.output.shape == ("m", 1)


def test_the_identity_gives_z_itself() -> None:
    part = connected(Network([cr.Dense(2)]))
    assert part.output is part.layers[0].Z
    assert part.output.name == "Z1"


def test_a_network_takes_any_expression_of_the_data() -> None:
    X = cr.examples("X", features=2)
    assert str(Network([cr.Dense(1)]).connect(X / 255).layers[0].Z) == "X / 255 @ W1 + b1"


@pytest.mark.parametrize(
    "way",
    [lambda part: part, lambda part: part.parameters, lambda part: [layer.parameters for layer in part.layers]],
    ids=["connected", "list", "dicts"],
)
def test_parameters_are_shared_between_training_and_prediction(way: Any) -> None:
    network = small()
    training = connected(network, training=True)
    prediction = connected(network, parameters=way(training))
    assert all(a is b for a, b in zip(training.parameters, prediction.parameters, strict=True))
    assert [[*layer.parameters] for layer in prediction.layers] == [[], ["W", "b"], [], ["W"], ["W", "b"]]


def test_without_sharing_parameters_are_new() -> None:
    network = small()
    assert connected(network).parameters[0] is not connected(network).parameters[0]


def test_shared_parameters_must_fit() -> None:
    network = Network([cr.Dense(3)])
    part = connected(network)
    with pytest.raises(UserError, match=r"W1 must have shape \(5, 3\).*has shape \(2, 3\).*as many features"):
        network.connect(cr.examples("X", features=5), parameters=part)
    with pytest.raises(UserError, match=r"2 parameters \(W1, b1, ...\), but 1 were given"):
        network.connect(cr.examples("X", features=2), parameters=part.parameters[:1])
    with pytest.raises(UserError, match="parameters"):
        network.connect(cr.examples("X", features=2), parameters=[1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize("X", [cr.examples("X"), cr.variable("X", (3, 2)), cr.variable("X", (2, "m"))], ids=repr)
def test_data_of_another_shape_is_refused(X: Expression) -> None:
    with pytest.raises(UserError, match=r"X of shape \(m, n\)"):
        Network([cr.Dense(1)]).connect(X)


# Dropout.


def test_dropout_does_nothing_in_prediction() -> None:
    names = {node.op.name for node in _nodes(connected(small()).output)}
    assert "draw" not in names
    assert connected(small()).layers[0].A.name == "X"


def test_dropout_of_rate_0_does_nothing_in_training() -> None:
    network = Network([cr.Dropout(0), cr.Dense(1)])
    assert "draw" not in {node.op.name for node in _nodes(connected(network, training=True).output)}


def test_each_dropout_draws_for_itself() -> None:
    draws = [node for node in _nodes(connected(small(), training=True).output) if node.op.name == "draw"]
    assert sorted(node.attributes["node"] for node in draws) == [0, 2]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_scales_what_it_keeps(rate: float) -> None:
    A = cr.variable("A", ("m", 100))
    dropped = cr.value(cr.Dropout(rate)(A, node=3), A=np.ones((400, 100)), seed=5)
    assert set(np.unique(dropped)) == {0.0, 1 / (1 - rate)}
    # 40,000 draws: the share of zeros varies by sqrt(rate (1 - rate) / 40,000) < 0.0025.
    assert (dropped == 0).mean() == pytest.approx(rate, abs=0.0125)


def _nodes(root: Expression) -> list[Expression]:
    from chainrule.graph.walk import topological

    return topological([root])


# Errors.

MISTAKES: dict[str, tuple[Any, str]] = {
    "no layers": (lambda: Network([]), "at least one Dense"),
    "dropout alone": (lambda: Network([cr.Dropout(0.5)]), "at least one Dense"),
    "dropout last": (lambda: Network([cr.Dense(1), cr.Dropout(0.5)]), "end with a Dense"),
    "not a list": (lambda: Network(cr.Dense(1)), "a list of layers"),  # type: ignore[arg-type]
    "no layer": (lambda: Network([64, cr.Dense(1)]), "64 is not a layer"),  # type: ignore[list-item]
    "a class": (lambda: Network([cr.Dense]), "is not a layer"),  # type: ignore[list-item]
    "no units": (lambda: cr.Dense(0), "number of neurons.*it was 0"),
    "half a unit": (lambda: cr.Dense(1.5), "number of neurons"),  # type: ignore[arg-type]
    "bool units": (lambda: cr.Dense(True), "number of neurons"),
    "text units": (lambda: cr.Dense("64"), "number of neurons"),  # type: ignore[arg-type]
    "huge": (lambda: cr.Dense(10**12), "number of neurons"),
    "activation": (lambda: cr.Dense(1, "rleu"), "did you mean 'relu'"),
    "own activation": (lambda: cr.Dense(2, lambda z: cr.sum(z)), "mixes examples|keep the shape"),
    "softmax of one": (lambda: cr.Dense(1, "softmax"), "always 1; use sigmoid"),
    "initializer": (lambda: cr.Dense(1, initializer="hee"), "did you mean 'he'"),
    "bias": (lambda: cr.Dense(1, bias=0), "True or False"),  # type: ignore[arg-type]
    "name": (lambda: cr.Dense(1, name=""), "name is a text"),
    "rate 1": (lambda: cr.Dropout(1), "from 0 to below 1; it was 1"),
    "rate below 0": (lambda: cr.Dropout(-0.1), "from 0 to below 1"),
    "rate nan": (lambda: cr.Dropout(float("nan")), "from 0 to below 1"),
    "rate text": (lambda: cr.Dropout("half"), "from 0 to below 1"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_with_what_to_do(case: str) -> None:
    make, reason = MISTAKES[case]
    with pytest.raises(UserError, match=reason):
        make()


# First values.


def test_first_values_are_drawn_by_seed_and_position() -> None:
    part = connected(Network([cr.Dense(4, "relu"), cr.Dense(4, "relu")]))
    values = initial_values(part.parameters, seed=3)
    assert (values[0] == cr.He()((2, 4), (3, 0))).all()
    assert (values[2] == cr.He()((4, 4), (3, 2))).all()
    assert not values[1].any()
    assert all(value.dtype == np.float64 for value in values)


def test_the_default_initializer_is_that_of_the_activation() -> None:
    assert cr.Dense(3, "relu").initializer == cr.He()
    assert cr.Dense(3, cubed).initializer == cr.Glorot()
    assert cr.Dense(3, "relu", initializer="zeros").initializer == cr.Zeros()


def test_numbers_and_arrays_are_first_values_too() -> None:
    values = initial_values([cr.parameter("w", (2,), 1.5), cr.parameter("v", (2,), [1.0, 2.0])], seed=0)
    assert [value.tolist() for value in values] == [[1.5, 1.5], [1.0, 2.0]]
    values[0][:] = 0  # a copy of its own


@pytest.mark.parametrize(
    "init", [lambda shape, key: np.zeros(3), lambda shape, key: np.full(shape, np.nan)], ids="ab"
)
def test_an_initializer_must_give_finite_values_of_the_shape(init: Any) -> None:
    with pytest.raises(UserError, match="initializer of w"):
        initial_values([cr.parameter("w", (2,), init)], seed=0)


def test_only_parameters_have_first_values() -> None:
    with pytest.raises(UserError, match="not a parameter"):
        initial_values([cr.variable("x")], seed=0)


# Text.


def test_the_summary_is_a_table() -> None:
    network = Network([cr.Dense(64, "relu", name="wide"), cr.Dropout(0.5), cr.Dense(1, cubed, bias=False)])
    assert network.summary(100) == "\n".join(
        [
            "layer              activation  W          b      output   parameters",
            "wide               relu        (100, 64)  (64,)  (m, 64)       6,464",
            "Dropout(rate=0.5)                                (m, 64)           0",
            "Dense              cubed       (64, 1)           (m, 1)           64",
            "total                                                          6,528",
        ]
    )


def test_a_network_shows_how_it_is_made() -> None:
    network = Network([cr.Dense(2, "relu", initializer=cr.Glorot(), bias=False, name="a"), cr.Dense(1, cubed)])
    shown = "Dense(2, \"relu\", initializer=Glorot(distribution='uniform'), bias=False, name='a'), Dense(1, cubed)"
    assert repr(network) == f"Network(layers=({shown}))"


def test_dense_network_repeats_one_activation() -> None:
    assert dense_network(hidden=(8, 4), activations="tanh", outputs=3) == Network(
        [cr.Dense(8, "tanh"), cr.Dense(4, "tanh"), cr.Dense(3, "softmax")]
    )


def test_dense_network_takes_an_activation_a_layer_and_dropout() -> None:
    assert dense_network(hidden=(8, 4), activations=("relu", "tanh"), dropout=0.5) == Network(
        [cr.Dense(8, "relu"), cr.Dropout(0.5), cr.Dense(4, "tanh"), cr.Dropout(0.5), cr.Dense(1, "sigmoid")]
    )


def test_dense_network_without_hidden_layers_is_logistic_regression() -> None:
    assert dense_network(hidden=()) == Network([cr.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"hidden": (8, 4, 2), "activations": ("relu", "tanh")}, "2 activations were given for 3 hidden layers"),
        ({"hidden": (), "activations": ("relu", "tanh")}, "2 activations"),
        ({"activations": ()}, "0 activations"),
        ({"outputs": 2}, "two classes need one output"),
        ({"outputs": 0}, "number of neurons"),
        ({"dropout": 1.0}, "Dropout"),
        ({"hidden": (0,)}, "number of neurons"),
    ],
    ids=str,
)
def test_dense_network_refuses_what_does_not_fit(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        dense_network(**options)


# Files.

initializers = st.sampled_from([None, *INITIALIZERS])
dense = st.builds(
    cr.Dense,
    st.integers(2, 5),
    st.sampled_from([*sorted(ACTIVATIONS), cubed]),
    initializer=initializers,
    bias=st.booleans(),
    name=st.none() | st.text(min_size=1, max_size=5),
)
dropout = st.builds(cr.Dropout, st.floats(0, 0.99))


@given(st.lists(dense | dropout, max_size=5), dense)
def test_a_network_comes_back_from_its_dict(layers: list[Layer], last: cr.Dense) -> None:
    network = Network([*layers, last])
    data = json.loads(json.dumps(network.to_dict(), allow_nan=False))
    back = Network.from_dict(data)
    assert back.to_dict() == network.to_dict()
    assert back.summary(3) == network.summary(3)
    assert repr(back) == repr(network)
    assert str(connected(back).output) == str(connected(network).output)


STORED = json.dumps(Network([cr.Dropout(0.5), cr.Dense(2, cubed), cr.Dense(3, "softmax")]).to_dict())

junk: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in items for place in places(inner, (*path, key)))]


@given(st.sampled_from(places(json.loads(STORED))[1:]), junk)
def test_mutated_data_is_a_network_or_a_clear_error(path: tuple[Any, ...], new: Any) -> None:
    data = json.loads(STORED)
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    try:
        network = Network.from_dict(data)
        connected(network)
    except UserError:
        return
    assert network.outputs >= 1


@given(junk | st.dictionaries(st.sampled_from(["layers", "type", "rate"]), junk))
def test_anything_at_all_is_a_clear_error(data: Any) -> None:
    with pytest.raises(UserError):
        Network.from_dict(data)
    with pytest.raises(UserError):
        layer_from_dict(data)
