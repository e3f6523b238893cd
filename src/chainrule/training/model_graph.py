"""The graph of a trained model on rows, from which plots and explanations take their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.graph.expression import Expression, examples
from chainrule.graph.rewrite import stable
from chainrule.graph.trace.trace import Trace, trace
from chainrule.graph.value import evaluate
from chainrule.network.connected import Connected, ConnectedLayer
from chainrule.network.losses import Loss, mean_cost
from chainrule.network.network import Network
from chainrule.network.outputs import labels_input
from chainrule.network.preprocessing import Preprocessing
from chainrule.training.cost_graph import accuracy
from chainrule.training.history import History
from chainrule.training.labels import ClassName, Labels, read_labels

Array = NDArray[Any]


class TrainedModel(Protocol):
    """What plots and explanations need of a model: `cr.Model` has it."""

    @property
    def network(self) -> Network:
        """The layers."""

    @property
    def parameters(self) -> Mapping[str, Array]:
        """W1, b1, ... by name."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How rows become numbers."""

    @property
    def classes(self) -> tuple[ClassName, ...] | None:
        """The names of the classes; None where the answers are numbers."""

    @property
    def loss(self) -> Loss:
        """What was minimised, for one example."""

    @property
    def history(self) -> History:
        """The epochs, with snapshots."""


@dataclass(frozen=True, eq=False)
class ModelGraph:
    """A model's network and cost on rows and labels, in float64, as it predicts: without dropout and penalties.

    Attributes:
        connected: the network's expressions.
        J: the mean loss of the rows.
        accuracy: the share of right answers; None where the answers are numbers.
        rows: the values of the inputs X and y.
        labels: y as classes or numbers.
    """

    connected: Connected
    J: Expression
    accuracy: Expression | None
    rows: Mapping[Expression, Array]
    labels: Labels

    @classmethod
    def of(cls, model: TrainedModel, X: ArrayLike, y: ArrayLike) -> ModelGraph:
        """Write down the cost of a model.

        Args:
            model: the trained model.
            X: rows of shape (m, features), as the model was trained on.
            y: their labels, as in `cr.fit`.

        Raises:
            UserError: rows or labels that the model cannot read.
        """
        rows = model.preprocessing.check(X)
        labels = read_labels(
            y,
            count=len(rows),
            outputs=model.network.outputs,
            classes=model.classes,
            classify=model.classes is not None,
        )
        X_node = examples("X", features=model.preprocessing.features)
        connected = model.network.connect(model.preprocessing.expression(X_node))
        y_node = labels_input(model.loss, connected.output)
        J = mean_cost(model.loss(connected.output, y_node).named("L")).named("J")
        right = None if model.classes is None else accuracy(connected.output, y_node)
        return cls(connected, J, right, {X_node: rows, y_node: labels.for_loss(model.loss.kind)}, labels)

    @property
    def layers(self) -> list[ConnectedLayer]:
        """The layers of neurons, in order."""
        return [part for part in self.connected.layers if part.Z is not None]

    def trace(self, parameters: Mapping[str, Array]) -> Trace:
        """Trace the cost with parameters given by name."""
        given = {node: parameters[str(node.name)] for node in self.connected.parameters}
        return trace(self.J, {**self.rows, **given})

    def evaluator(self, roots: Sequence[Expression]) -> Evaluator:
        """Prepare to value some nodes of the graph at many parameters."""
        return Evaluator(tuple(stable(list(roots))), tuple(self.connected.parameters), self.rows)


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Values nodes of a graph at parameters given by name."""

    roots: tuple[Expression, ...]
    parameters: tuple[Expression, ...]
    rows: Mapping[Expression, Array]

    def __call__(self, parameters: Mapping[str, Array]) -> list[Array]:
        """Return the value of each node, as float64."""
        given = {**self.rows, **{node: np.asarray(parameters[str(node.name)]) for node in self.parameters}}
        values = evaluate(self.roots, given)
        return [values[root] for root in self.roots]
