"""The graph that a fit trains: network, loss, weights and penalties in one cost, beside its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.graph.expression import EXAMPLES, Expression, constant, examples
from chainrule.graph.ops.elementwise import equal
from chainrule.graph.ops.reduction import mean
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.ops.shape import pick, reshape
from chainrule.graph.shapes import fixed, size
from chainrule.graph.walk import topological
from chainrule.network.connected import Connected
from chainrule.network.losses import Loss, mean_cost
from chainrule.network.network import Network, initial_values
from chainrule.network.outputs import labels_input as labels_input
from chainrule.network.penalties import penalised
from chainrule.network.preprocessing import Preprocessing
from chainrule.training.descent import Descent
from chainrule.training.dual_plan import Work
from chainrule.training.labels import Labels
from chainrule.training.optimizers import Optimizer
from chainrule.training.planned import planned_descent

Array = NDArray[Any]

# What counts as a probability of class 1 large enough to say so.
_THRESHOLD = 0.5


def parameter_shapes(network: Network, features: int) -> list[tuple[int, ...]]:
    """The shapes of a network's parameters on rows of so many features, in order."""
    connected = network.connect(examples("X", features=features))
    return [fixed(node.shape) for node in connected.parameters]


@dataclass(frozen=True, eq=False)
class CostGraph:
    """The graph of a fit.

    Attributes:
        J: the cost of a training step: dropout drops, examples are weighted, penalties count.
        evaluation: cost (without penalties) and figures in prediction mode.
        connected: the network in the graph of J.
        used: the network in the graph of the evaluation, with the same parameters.
        loss: what is averaged.
        metrics: what to record of a training step beside J: accuracy where the answers are classes, and the cost
            without penalties where there are any, which is what compares with the validation cost.
        weighted: whether J reads weights of examples.
    """

    J: Expression
    evaluation: dict[str, Expression]
    connected: Connected
    used: Connected
    loss: Loss
    metrics: dict[str, Expression]
    weighted: bool

    @classmethod
    def build(
        cls,
        network: Network,
        preprocessing: Preprocessing,
        loss: Loss,
        *,
        weighted: bool,
        classify: bool,
        l1: float,
        l2: float,
    ) -> CostGraph:
        """Write down the cost of a network on data X and y."""
        X = examples("X", features=preprocessing.features)
        rows = preprocessing.expression(X)
        trained = network.connect(rows, training=True)
        used = network.connect(rows, parameters=trained)
        y = labels_input(loss, trained.output)
        weights = examples("weights") if weighted else None
        unpenalised = mean_cost(loss(trained.output, y), weights)
        J = penalised(unpenalised, trained.weights, l1=l1, l2=l2)
        evaluation = {"cost": mean_cost(loss(used.output, y))}
        metrics = {} if J is unpenalised else {"unpenalised": unpenalised}
        if classify:
            evaluation["accuracy"] = accuracy(used.output, y)
            metrics["accuracy"] = accuracy(trained.output, y)
        return cls(J.named("J"), evaluation, trained, used, loss, metrics, weighted)

    @property
    def names(self) -> list[str]:
        """The names of the parameters: W1, b1, ..."""
        return [str(node.name) for node in self.connected.parameters]

    @property
    def sizes(self) -> list[int]:
        """How many numbers each parameter has."""
        return [size(node.shape) for node in self.connected.parameters]

    @property
    def outputs(self) -> int:
        """The number of outputs."""
        return int(self.connected.output.shape[1])

    def descent(
        self,
        optimizer: Optimizer,
        *,
        seed: int,
        dtype: DTypeLike,
        first: Sequence[Array] | None,
        engine: str,
        threads: int | None,
        work: Work | None = None,
        dual: bool | None = False,
    ) -> Descent:
        """Compile the graph; parameters start at `first`, or where their initializers say.

        Args:
            optimizer, seed, dtype, first, engine, threads: as for a Descent.
            work: what will be done, where that is to be planned.
            dual: whether wide weights are kept as sums of examples; None where that pays.
        """
        parameters = self.connected.parameters
        values = initial_values(parameters, seed) if first is None else first
        return planned_descent(
            self.J,
            parameters,
            dict(zip(parameters, values, strict=True)),
            work=work,
            dual=dual,
            optimizer=optimizer,
            metrics=self.metrics,
            evaluation=self.evaluation,
            dtype=dtype,
            seed=seed,
            engine=engine,
            threads=threads,
        )

    def by_leaf(self, data: Mapping[str, Array]) -> dict[Expression, Array]:
        """Data by the leaves of the graph instead of their names."""
        return {leaf: data[str(leaf.name)] for leaf in topological([self.J]) if leaf.op is EXAMPLES}

    def leaf(self, name: str) -> Expression:
        """The input of this name: X, y or weights."""
        return next(leaf for leaf in topological([self.J]) if leaf.op is EXAMPLES and leaf.name == name)

    def data(self, X: Array, labels: Labels, weights: NDArray[np.float64] | None) -> dict[str, Array]:
        """The arrays by the names of the graph's inputs; X is taken as it is, not copied."""
        data = {"X": X, "y": labels.for_loss(self.loss.kind)}
        return data if weights is None else data | {"weights": weights}


def accuracy(output: Expression, y: Expression) -> Expression:
    """Return the share of examples whose answer is right.

    With one output, the answer is 1 from a probability of 0.5 on; with several, the first of the largest.
    """
    if output.shape[1] == 1:
        return mean(equal(output >= _THRESHOLD, y))
    classes = constant(np.arange(int(output.shape[1])))
    own = reshape(pick(output, y), ("m", 1))
    ahead = (output > own) + equal(output, own) * (classes < reshape(y, ("m", 1)))
    return mean(equal(sum_of(ahead, axis=1), 0.0))
