"""What is drawn: a network in the graph of its cost, built for the drawing or found in a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of, whole
from chainrule.errors import UserError
from chainrule.graph.expression import DRAW, Expression, examples
from chainrule.graph.gradients import gradients
from chainrule.graph.shapes import fixed
from chainrule.graph.trace.labels import seen_through
from chainrule.graph.trace.trace import Trace, trace
from chainrule.graph.value import value
from chainrule.network.layers import Dense, Layer
from chainrule.network.losses import Loss, mean_cost
from chainrule.network.network import Network
from chainrule.network.outputs import labels_input, loss_for

Array = NDArray[Any]
LossChoice = str | Loss | Callable[[Expression, Expression], Expression] | None

# Stands for n where nothing says how many numbers an example has; it is never shown.
_UNSAID = 7


@dataclass(frozen=True, eq=False)
class LayerView:
    """A layer as a drawing sees it.

    Attributes:
        layer: its description.
        number: of a Dense layer, counted from 1; of dropout, that of the Dense layer before it.
        before: what it reads.
        W, b, Z: a Dense layer's expressions; None where it has none.
        A: what it gives on: for the identity Z itself, for dropout that drops nothing what it reads.
    """

    layer: Layer
    number: int
    before: Expression
    W: Expression | None
    b: Expression | None
    Z: Expression | None
    A: Expression

    @property
    def dense(self) -> Dense | None:
        """The description of a Dense layer; None of dropout."""
        return self.layer if isinstance(self.layer, Dense) else None


@dataclass(frozen=True, eq=False)
class Subject:
    """A network in the graph of its cost.

    Attributes:
        network: its description.
        layers: its layers, in order.
        X: what the first layer reads.
        features: how many numbers an example has; None where that is left open, as n.
        y: the labels; None where a trace has none.
        L: the losses; None where a trace does not name them.
        J: the cost; None where a trace ends with the output.
        trace: the values of all of these; None without numbers.
        parameters: the parameters' values by name; None without.
    """

    network: Network
    layers: tuple[LayerView, ...]
    X: Expression
    features: int | None
    y: Expression | None
    L: Expression | None
    J: Expression | None
    trace: Trace | None = None
    parameters: Mapping[str, Array] | None = None

    @property
    def dense(self) -> list[LayerView]:
        """The Dense layers."""
        return [view for view in self.layers if view.dense]

    @property
    def output(self) -> Expression:
        """y_hat."""
        return self.layers[-1].A

    def value(self, node: Expression | None) -> Array | None:
        """Return a node's value, where there are numbers."""
        return None if self.trace is None or node is None else self.trace.value(node)

    def gradient(self, node: Expression | None) -> Array | None:
        """Return a node's gradient, where there are gradients."""
        if self.trace is None or node is None or not self.trace.has_gradients:
            return None
        return self.trace.gradient(node)

    def trained_gradient(self, node: Expression) -> Array | None:
        """Return a parameter's gradient as training computes it.

        Where a probability rounds to 0 or 1, the chain as written has no finite number, but the sound form has.
        """
        written = self.gradient(node)
        if written is None or self.trace is None or np.isfinite(written).all():
            return written
        return np.asarray(value(gradients(self.trace.J, [node])[0], self._from_outside))

    def trained_cost(self) -> Array | None:
        """Return J as training computes it, from the sound form where the written one has no finite number."""
        written = self.value(self.J)
        if written is None or self.trace is None or np.isfinite(written).all():
            return written
        return np.asarray(value(self.trace.J, self._from_outside))

    @cached_property
    def _from_outside(self) -> dict[Expression, Array]:
        """The values that a trace starts from: those given and, with dropout, those drawn."""
        assert self.trace is not None
        nodes = {*self.trace.given, *(node for node in self.trace.nodes if node.op is DRAW)}
        return {node: self.trace.value(node) for node in nodes}


def subject_of(
    network: Network,
    features: SupportsIndex | None,
    *,
    parameters: Mapping[str, ArrayLike] | None = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    loss: LossChoice = None,
    given: Trace | None = None,
    backward: bool = False,
) -> Subject:
    """Connect a network for a drawing, or find it in a trace.

    Raises:
        UserError: numbers that do not fit the network or each other, or are missing.
    """
    if given is not None:
        _check_alone(parameters=parameters, X=X, y=y, loss=loss)
        return _found(network, features, given, backward=backward)
    count = _features(features, parameters, X)
    subject = _built(network, count, loss_for(network, loss), training=backward)
    if parameters is not None:
        subject = replace(subject, parameters=_checked_parameters(subject, parameters))
    if X is None:
        if y is not None:
            raise UserError("y belongs to the rows X: give X too, or leave y out")
        return subject
    return _traced(subject, array_of(X, "X"), y, backward=backward)


def _check_alone(**others: object) -> None:
    more = [name for name, value in others.items() if value is not None]
    if more:
        raise UserError(f"a trace has its own numbers: leave {' and '.join(more)} out, or trace out")


def _features(
    features: SupportsIndex | None, parameters: Mapping[str, ArrayLike] | None, X: ArrayLike | None
) -> int | None:
    """Read how many numbers an example has from what was given."""
    width = None if X is None else _matrix_shape(X, "X", "(m, n), one row an example")[1]
    if features is not None:
        count = whole(features, "features", least=1)
        if width not in (None, count):
            raise UserError(f"features is {count}, but the rows of X have {width} numbers")
        return count
    if width is not None:
        return width
    if isinstance(parameters, Mapping) and "W1" in parameters:
        return _matrix_shape(parameters["W1"], "W1", "(n_in, n_out)")[0]
    return None


def _matrix_shape(given: ArrayLike, name: str, expected: str) -> tuple[int, int]:
    shape = array_of(given, name).shape
    if len(shape) != 2 or 0 in shape:
        raise UserError(f"{name} must be an array of shape {expected}, not of shape {shape}")
    return shape[0], shape[1]


def _built(network: Network, features: int | None, loss: Loss, *, training: bool) -> Subject:
    X = examples("X", features=_UNSAID if features is None else features)
    connected = network.connect(X, training=training)
    views: list[LayerView] = []
    before, number = X, 0
    for part in connected.layers:
        number += isinstance(part.layer, Dense)
        W, b = part.parameters.get("W"), part.parameters.get("b")
        views.append(LayerView(part.layer, number, before, W, b, part.Z, part.A))
        before = part.A
    y = labels_input(loss, connected.output)
    L = loss(connected.output, y).named("L")
    return Subject(network, tuple(views), X, features, y, L, mean_cost(L).named("J"))


def _checked_parameters(subject: Subject, given: object) -> dict[str, Array]:
    if not isinstance(given, Mapping):
        raise UserError(f"parameters is a mapping from W1, b1, ... to arrays, not {type(given).__name__}")
    nodes = {str(node.name): node for view in subject.dense for node in (view.W, view.b) if node is not None}
    unknown = [str(name) for name in given if name not in nodes]
    if unknown:
        raise UserError(f"the network has no parameter {unknown[0]!r:.60}; its parameters are {', '.join(nodes)}")
    found: dict[str, Array] = {}
    for name, node in nodes.items():
        if name not in given:
            raise UserError(f"parameters has no {name}; the network's parameters are {', '.join(nodes)}")
        array = array_of(given[name], name)
        if array.dtype.kind not in "biuf" or array.shape != fixed(node.shape):
            why = f"; numbers an example: {subject.features}" if node is subject.dense[0].W else ""
            found_shape = f"{array.dtype} of shape {array.shape}"
            raise UserError(f"{name} must be numbers of shape {fixed(node.shape)}, not {found_shape}{why}")
        found[name] = array
    return found


def _traced(subject: Subject, X: Array, y: ArrayLike | None, *, backward: bool) -> Subject:
    if subject.parameters is None:
        raise UserError("numbers for the rows X need the parameters too: parameters={'W1': ..., 'b1': ..., ...}")
    values: dict[str, ArrayLike] = {**subject.parameters, "X": X}
    if y is None:
        if backward:
            raise UserError("gradients with numbers need the labels: give y, or leave X out for the formulas alone")
        return replace(subject, trace=trace(subject.output, values), y=None, L=None, J=None)
    assert subject.y is not None
    assert subject.J is not None
    labels = array_of(y, "y")
    if labels.ndim + 1 == len(subject.y.shape):
        labels = labels[:, None]
    found = trace(subject.J, values | {"y": labels})
    return replace(subject, trace=found.backward() if backward else found)


def _found(network: Network, features: SupportsIndex | None, given: Trace, *, backward: bool) -> Subject:
    """Find a network's expressions in a trace, by their names."""
    if not isinstance(given, Trace):
        raise UserError(f"trace is what cr.trace gives, not {type(given).__name__}")
    views = _views_in(network, given)
    if backward and given.J is views[-1].A:
        raise UserError("the trace ends with the network's output: give the trace of a cost J to see its gradients")
    if backward:
        given.backward()
    X = views[0].before
    width = int(X.shape[1])
    if features is not None and whole(features, "features", least=1) != width:
        raise UserError(f"features is {features}, but the trace's network reads {width} numbers an example")
    J = None if given.J is views[-1].A else given.J
    parameters = {
        str(node.name): given.value(node) for view in views for node in (view.W, view.b) if node is not None
    }
    y, L = (_node(given, name) for name in ("y", "L"))
    L = None if L is J else L
    return Subject(network, views, X, width, y, L, J, given, parameters)


def _views_in(network: Network, given: Trace) -> tuple[LayerView, ...]:
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    found = [_view_in(layer, number, given) for number, layer in enumerate(dense, start=1)]
    start = _node(given, "X") if not isinstance(network.layers[0], Dense) else None
    before = found[0].before if start is None else start
    views: list[LayerView] = []
    number = 0
    for layer in network.layers:
        if isinstance(layer, Dense):
            views.append(found[number])
            number += 1
        else:  # gives on what the next Dense layer reads
            views.append(LayerView(layer, number, before, None, None, None, found[number].before))
        before = views[-1].A
    return tuple(views)


def _view_in(layer: Dense, number: int, given: Trace) -> LayerView:
    W, Z = (_needed(given, f"{letter}{number}") for letter in "WZ")
    b = _needed(given, f"b{number}") if layer.bias else None
    product = Z.inputs[0] if layer.bias and Z.inputs else Z
    if product.op.name != "matmul" or product.inputs[1] is not W or W.shape[1:] != (layer.units,):
        raise UserError(f"Z{number} of the trace is {Z}, not that of a layer of {layer.units} neurons")
    A = _node(given, f"A{number}")
    return LayerView(layer, number, seen_through(product.inputs[0]), W, b, Z, Z if A is None else A)


def _needed(given: Trace, name: str) -> Expression:
    node = _node(given, name)
    if node is None:
        raise UserError(
            f"the trace has no {name}: give a trace of this network's cost, built with network.connect(X)"
        )
    return node


def _node(given: Trace, name: str) -> Expression | None:
    found = [node for node in given.shown if node.name == name]
    return found[0] if len(found) == 1 else None
