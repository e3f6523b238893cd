"""Small trained models of every kind that is explained."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

KINDS = ("binary", "softmax", "logistic", "regression", "two outputs", "own", "no bias")
CLASSIFIERS = ("binary", "softmax", "logistic", "own", "no bias")


class Case(NamedTuple):
    """A model with the rows and labels that it learned from."""

    model: cr.Model
    X: NDArray[Any]
    y: NDArray[Any]


@cache
def case(kind: str) -> Case:
    """Train a model for a moment; it is made once."""
    generator = np.random.default_rng(3)
    X = generator.normal(size=(60, 5))
    binary = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    three = np.digitize(X[:, 0], [-0.4, 0.4])
    networks: dict[str, tuple[cr.Network, Any, dict[str, Any]]] = {
        "binary": (
            cr.Network([cr.Dense(30, "tanh"), cr.Dropout(0.3), cr.Dense(6, "relu"), cr.Dense(1, "sigmoid")]),
            binary,
            {"classes": ["red", "blue"], "preprocess": "standardize", "l2": 0.1},
        ),
        "softmax": (cr.Network([cr.Dense(7, "gelu"), cr.Dense(3, "softmax")]), three, {"classes": ["a", "b", "c"]}),
        "logistic": (cr.Network([cr.Dense(1, "sigmoid")]), binary, {"preprocess": "scale"}),
        "regression": (cr.Network([cr.Dense(4, "silu"), cr.Dense(1)]), X[:, 0] - X[:, 1], {}),
        "two outputs": (cr.Network([cr.Dense(3, "tanh"), cr.Dense(2)]), X[:, :2] * 2, {}),
        "own": (cr.Network([cr.Dense(4, lambda z: z * cr.sigmoid(z)), cr.Dense(1, "sigmoid")]), binary, {}),
        "no bias": (
            cr.Network([cr.Dense(3, "relu", bias=False), cr.Dense(1, "sigmoid", bias=False)]),
            binary,
            {"optimizer": "sgd", "learning_rate": 0.5},
        ),
    }
    network, y, options = networks[kind]
    return Case(cr.fit(network, X, y, **{"epochs": 15, "seed": 2, **options}), X, np.asarray(y))


def right_label(found: Case, row: int) -> Any:
    """The label of a row, as `explain` takes it."""
    label = found.y[row]
    return found.model.classes[int(label)] if found.model.classes is not None else label


class Written(NamedTuple):
    """The cost of one example written down anew, to compare with."""

    X: cr.Expression
    J: cr.Expression
    connected: Any
    values: dict[Any, Any]


def written(found: Case, row: int) -> Written:
    """Write down J of one row with the plain operations of the graph."""
    model, x, label = found.model, found.X[row : row + 1], found.y[row]
    X = cr.examples("rows", features=x.shape[1])
    connected = model.network.connect(model.preprocessing.expression(X))
    y_hat = connected.output
    if model.classes is None:
        y = cr.examples("labels", features=model.network.outputs)
        loss, target = (y_hat - y) ** 2, np.reshape(label, (1, -1))
    elif len(model.classes) > 2:
        y = cr.examples("labels")
        loss, target = -cr.log(y_hat[y]), np.array([label])
    else:
        y = cr.examples("labels", features=1)
        loss, target = -(y * cr.log(y_hat) + (1 - y) * cr.log(1 - y_hat)), np.array([[label]])
    J = cr.mean(loss)
    values = {X: x, y: target, **{node: model.parameters[str(node.name)] for node in connected.parameters}}
    return Written(X, J, connected, values)
