"""The graph of one example through a trained model, in float64, from what the first layer reads to the cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.arguments import array_of
from chainrule.data.settings import PictureSettings
from chainrule.graph.expression import Expression, examples
from chainrule.graph.gradients import gradients
from chainrule.graph.rewrite import stable
from chainrule.graph.value import evaluate
from chainrule.network.connected import Connected, ConnectedLayer
from chainrule.network.losses import per_example
from chainrule.network.outputs import labels_input
from chainrule.training.labels import Labels, read_labels
from chainrule.training.model_graph import TrainedModel

Array = NDArray[Any]


class ExplainedModel(TrainedModel, Protocol):
    """What explanations need of a model beyond `TrainedModel`: `cr.Model` has it."""

    @property
    def pictures(self) -> PictureSettings | None:
        """How picture files become rows; None for other data."""

    @property
    def threshold(self) -> float:
        """The probability from which on the positive class is said."""

    @property
    def training(self) -> Mapping[str, Any]:
        """How it was trained."""


@dataclass(frozen=True, eq=False)
class Example:
    """One row with the model's graph on it, as the model predicts: without dropout and penalties.

    The cost of one example is its loss; there is no mean to take.

    Attributes:
        model: the model.
        row: (n,) as it was read.
        x: (n,) as the first layer reads it.
        connected: the network on X.
        y: the input of the labels.
        J: the loss, shape (m, 1) or (m,).
        parameters: the value of each parameter, float64.
    """

    model: ExplainedModel
    row: Array
    x: Array
    connected: Connected
    y: Expression
    J: Expression
    parameters: Mapping[Expression, Array]

    @classmethod
    def of(cls, model: ExplainedModel, row: Array) -> Example:
        """Write down the graph of a row that the model may read, shape (n,).

        Example:
            >>> import chainrule as cr
            >>> X, y = cr.points("gauss", count=80)
            >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
            >>> print(Example.of(model, X[0]).J)
            -(y * log(A1) + (1 - y) * log(1 - A1))
        """
        X = examples("X", features=model.preprocessing.features)
        connected = model.network.connect(X)
        y = labels_input(model.loss, connected.output)
        L = model.loss(connected.output, y)
        J = L if L.shape[1:] == (1,) else per_example(L)
        return cls(
            model=model,
            row=row,
            x=read_rows(model, row[None])[0],
            connected=connected,
            y=y,
            J=J.named("J"),
            parameters={node: _float64(model.parameters[str(node.name)]) for node in connected.parameters},
        )

    @property
    def X(self) -> Expression:
        """What the first layer reads."""
        return self.connected.X

    @property
    def output(self) -> Expression:
        """y_hat."""
        return self.connected.output

    @property
    def layers(self) -> list[ConnectedLayer]:
        """The layers of neurons, in order."""
        return [part for part in self.connected.layers if part.Z is not None]

    def values(
        self, nodes: Sequence[Expression], parameters: Mapping[Expression, Array] | None = None
    ) -> list[Array]:
        """Return the value of nodes that do not depend on y, without the axis of the example."""
        roots = stable(nodes)
        found = evaluate(roots, {self.X: self.x[None], **(parameters or self.parameters)})
        return [found[root][0] for root in roots]

    def label(self, y: object) -> Labels:
        """Check a label: a class, or the numbers of a regression.

        Raises:
            UserError: none of the model's classes, or other than one number an output.
        """
        given = array_of(y, "y")
        whole = self.model.classes is not None and given.ndim == 0
        return self.read_labels(given.reshape(1) if whole else given.reshape(1, -1), 1)

    def read_labels(self, y: Array, count: int) -> Labels:
        """Check the labels of some rows, as `cr.fit` does."""
        model = self.model
        return read_labels(
            y,
            count=count,
            outputs=model.network.outputs,
            classes=model.classes,
            classify=model.classes is not None,
        )

    def class_label(self, index: int) -> Labels:
        """Return the label of a class by its index."""
        return Labels(np.array([index]), self.model.classes)

    def label_value(self, label: Labels) -> Array:
        """Return y as the loss reads it, with the axis of the example."""
        return label.for_loss(self.model.loss.kind)

    def costs(self, labels: Sequence[Labels], parameters: Mapping[Expression, Array] | None = None) -> list[float]:
        """Return J for each label, computed in the numerically sound form."""
        root = stable([self.J])[0]
        y = np.concatenate([self.label_value(label) for label in labels])
        rows = np.repeat(self.x[None], len(labels), axis=0)
        given = {self.X: rows, self.y: y, **(parameters or self.parameters)}
        return [float(cost) for cost in evaluate([root], given)[root].ravel()]

    def gradients(self, label: Labels) -> dict[Expression, Array]:
        """Return dJ/dW1, dJ/db1, ... in the numerically sound form that training uses."""
        nodes = list(self.parameters)
        roots = stable(gradients(self.J, nodes))
        given = {self.X: self.x[None], self.y: self.label_value(label), **self.parameters}
        found = evaluate(roots, given)
        return {node: found[root] for node, root in zip(nodes, roots, strict=True)}


def read_rows(model: TrainedModel, rows: Array, dtype: DTypeLike = np.float64) -> Array:
    """Return rows (m, n) as the first layer reads them.

    >>> import chainrule as cr
    >>> X, y = cr.points("gauss", count=80)
    >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
    >>> bool((read_rows(model, X) == X).all())
    True
    """
    raw = examples("row", features=model.preprocessing.features)
    read = model.preprocessing.expression(raw)
    return evaluate([read], {raw: rows}, dtype=dtype)[read]


def _float64(array: Array) -> Array:
    return np.asarray(array, dtype=np.float64)
