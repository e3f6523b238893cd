"""Costs of small networks with their numbers, for traces."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import fixed
from chainrule.network.losses import mean_cost


def binary(m: int = 5, *, features: int = 3, scale: float = 1.0) -> tuple[Expression, dict[Any, Any]]:
    """The cost of a network with one sigmoid output on m examples."""
    X, y = cr.examples("X", features=features), cr.examples("y", features=1)
    connected = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]).connect(X)
    J = mean_cost(cr.binary_cross_entropy(connected.output, y)).named("J")
    rng = np.random.default_rng(0)
    values: dict[Any, Any] = {node: scale * rng.normal(size=fixed(node.shape)) for node in connected.parameters}
    return J, {**values, X: rng.normal(size=(m, features)), y: np.arange(m)[:, None] % 2}


def categorical(m: int = 5) -> tuple[Expression, dict[Any, Any]]:
    """The cost of a network with a softmax of three classes on m examples."""
    X, y = cr.examples("X", features=2), cr.examples("y")
    connected = cr.Network([cr.Dense(4, "relu"), cr.Dense(3, "softmax")]).connect(X)
    J = mean_cost(cr.categorical_cross_entropy(connected.output, y))
    rng = np.random.default_rng(1)
    values: dict[Any, Any] = {node: rng.normal(size=fixed(node.shape)) for node in connected.parameters}
    return J, {**values, X: rng.normal(size=(m, 2)), y: np.arange(m) % 3}
