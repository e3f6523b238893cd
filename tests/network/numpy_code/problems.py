"""Networks with a cost, some examples and parameters, of which the written code is compared with the graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.network.losses import mean_cost
from chainrule.network.outputs import labels_input, loss_for
from chainrule.network.penalties import penalised
from tests.network.numpy_code.running import Array, as_written, functions

RATE = 0.3


@dataclass
class Problem:
    """A network with a cost, some examples, and parameters."""

    network: cr.Network
    features: int = 3
    m: int = 5
    loss: Any = None
    l1: float = 0.0
    l2: float = 0.0
    scale: float = 1.0
    X: Expression = field(init=False)
    y: Expression = field(init=False)
    J: Expression = field(init=False)
    parameters: list[Expression] = field(init=False)
    values: dict[Expression, Array] = field(init=False)

    def __post_init__(self) -> None:
        self.X = cr.examples("X", features=self.features)
        connected = self.network.connect(self.X)
        chosen = loss_for(self.network, self.loss)
        self.y = labels_input(chosen, connected.output)
        self.parameters = connected.parameters
        self.J = penalised(mean_cost(chosen(connected.output, self.y)), connected.weights, l1=self.l1, l2=self.l2)
        rng = np.random.default_rng(self.features + self.m)
        self.values = {
            node: rng.normal(size=shapes.fixed(node.shape), scale=self.scale) for node in self.parameters
        }
        self.values[self.X] = rng.normal(size=(self.m, self.features), scale=self.scale)
        outputs = self.network.outputs
        labels = {
            "binary": rng.integers(0, 2, (self.m, outputs)),
            "categorical": rng.integers(0, outputs, self.m),
            "values": rng.normal(size=(self.m, outputs)),
        }
        self.values[self.y] = labels[chosen.kind]

    def code(self, *, loops: bool, columns: bool) -> Any:
        """The functions of the written code."""
        return functions(
            self.network.as_numpy(
                self.features,
                loops=loops,
                loss=self.loss,
                l1=self.l1,
                l2=self.l2,
                learning_rate=RATE,
                notation="columns" if columns else "rows",
            )
        )

    def written(self, node: Expression, *, columns: bool) -> Array:
        """The value of a node as the code wants it."""
        return as_written(self.values[node], node.shape, columns=columns)


def assert_code_is_right(problem: Problem) -> None:
    cost = cr.value(problem.J, problem.values)
    slopes = [cr.value(g, problem.values) for g in cr.gradients(problem.J, problem.parameters)]
    for loops in (False, True):
        for columns in (False, True):
            code = problem.code(loops=loops, columns=columns)
            X, y = (problem.written(node, columns=columns) for node in (problem.X, problem.y))
            parameters = {str(p.name): problem.written(p, columns=columns) for p in problem.parameters}
            J, gradients = code.cost_and_gradients(X, y, parameters)
            assert np.shape(J) == ()
            np.testing.assert_allclose(J, cost, rtol=1e-10, atol=1e-12)
            updated = code.update(parameters, gradients, RATE)
            again, costs = code.gradient_descent(X, y, parameters, steps=1)
            assert costs == [J]
            assert list(gradients) == list(parameters) == list(updated)
            for node, slope in zip(problem.parameters, slopes, strict=True):
                name = str(node.name)
                expected = as_written(slope, node.shape, columns=columns)
                assert gradients[name].shape == expected.shape
                np.testing.assert_allclose(gradients[name], expected, rtol=1e-9, atol=1e-12)
                np.testing.assert_allclose(updated[name], parameters[name] - RATE * gradients[name], rtol=1e-12)
                np.testing.assert_array_equal(again[name], updated[name])
