"""Layers in a graph: the expressions that arise where a network is connected to an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, parameter
from chainrule.graph.shapes import M
from chainrule.network.layers import Dense, Layer


@dataclass(frozen=True, eq=False)
class ConnectedLayer:
    """A layer in a graph.

    Attributes:
        layer: its description.
        parameters: "W" and, with bias, "b"; nothing for dropout.
        Z: A_previous @ W + b; None for dropout.
        A: what the layer gives on; for the identity, Z itself.
    """

    layer: Layer
    parameters: Mapping[str, Expression]
    Z: Expression | None
    A: Expression


@dataclass(frozen=True, eq=False)
class Connected:
    """A network in a graph.

    Attributes:
        X: what it was connected to.
        output: y_hat, of shape (m, outputs).
        layers: each layer's expressions, in order.
    """

    X: Expression
    output: Expression
    layers: tuple[ConnectedLayer, ...]

    @property
    def parameters(self) -> list[Expression]:
        """All parameters in order: W1, b1, W2, ..."""
        return [node for layer in self.layers for node in layer.parameters.values()]

    @property
    def weights(self) -> list[Expression]:
        """The W of each layer, which penalties apply to."""
        return [layer.parameters["W"] for layer in self.layers if "W" in layer.parameters]


Shared: TypeAlias = "Connected | Sequence[Expression] | Sequence[Mapping[str, Expression]]"


def connect_dense(layer: Dense, A: Expression, number: int, given: list[Expression] | None) -> ConnectedLayer:
    """Build the graph of a Dense layer on what it reads; `given` are shared parameters, taken from the front."""
    inputs = A.shape[1]
    made = {"W": _parameter(f"W{number}", (inputs, layer.units), layer.initializer, given)}
    Z = A @ made["W"]
    if layer.bias:
        made["b"] = _parameter(f"b{number}", (layer.units,), 0.0, given)
        Z = Z + made["b"]
    Z = Z.named(f"Z{number}")
    active = layer.activation(Z)
    return ConnectedLayer(layer, made, Z, Z if active is Z else active.named(f"A{number}"))


def _parameter(name: str, shape: shapes.Shape, init: Any, given: list[Expression] | None) -> Expression:
    if given is None:
        return parameter(name, [axis for axis in shape if axis != M], init)
    shared = given.pop(0)
    if shared.shape != shape:
        raise UserError(
            f"connect: {name} must have shape {shapes.text(shape)}, but the {shared} that was given has shape "
            f"{shapes.text(shared.shape)}; does X have as many features as before?"
        )
    return shared
