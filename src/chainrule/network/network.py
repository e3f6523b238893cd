"""A network: layers one after the other, connected into one graph of expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import PARAMETER, Expression, parameter
from chainrule.graph.shapes import M
from chainrule.network.layers import Dense, Dropout, Layer, layer_from_dict
from chainrule.network.text import table

if TYPE_CHECKING:
    from chainrule.graph.text import Notation
    from chainrule.network.drawing.shapes_table import ShapesTable
    from chainrule.network.losses import Function, Loss

_MOST_LAYERS = 10_000


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


@dataclass(frozen=True, init=False)
class Network:
    """Layers one after the other.

    Logistic regression is a network with one neuron: `Network([Dense(1, "sigmoid")])`.

    Args:
        layers: `Dense` and `Dropout`; the last is a `Dense`.

    Raises:
        UserError: no layers, something that is no layer, or an ending with dropout.

    Example:
        >>> import chainrule as cr
        >>> network = cr.Network([cr.Dense(4, "relu"), cr.Dense(1, "sigmoid")])
        >>> y_hat = network.connect(cr.examples("X", features=3)).output
        >>> print(y_hat, y_hat.shape)
        sigmoid(Z2) ('m', 1)
    """

    layers: tuple[Layer, ...] = field()

    def __init__(self, layers: Sequence[Layer]) -> None:
        object.__setattr__(self, "layers", _checked_layers(layers))

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for each example."""
        return self._dense[-1].units

    @property
    def _dense(self) -> list[Dense]:
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    def connect(self, X: Expression, *, parameters: Shared | None = None, training: bool = False) -> Connected:
        """Build the network's graph on an input.

        Args:
            X: shape (m, n): data, or any expression of it.
            parameters: share those of another `Connected` (or its flat list, or one dict a layer) in place of
                making new ones, as the graph for prediction does with the graph for training.
            training: whether dropout drops.

        Returns:
            The expressions. Over the Dense layers, parameters are named W1, b1, W2, ..., values Z1, A1, Z2, ...

        Raises:
            UserError: an X of another shape, or parameters that do not fit.
        """
        if len(X.shape) != 2 or X.shape[0] != M:
            raise UserError(
                f"a network needs X of shape (m, n), one row an example, not {shapes.text(X.shape)}; "
                'make it with cr.examples("X", features=n)'
            )
        given = None if parameters is None else self._flat(parameters)
        connected: list[ConnectedLayer] = []
        A, number = X, 0
        for position, layer in enumerate(self.layers):
            if isinstance(layer, Dense):
                number += 1
                connected.append(_connect_dense(layer, A, number, given))
            elif isinstance(layer, Dropout):
                A = layer(A, node=position) if training else A
                connected.append(ConnectedLayer(layer, {}, None, A))
            A = connected[-1].A
        return Connected(X, A, tuple(connected))

    def _flat(self, parameters: Shared) -> list[Expression]:
        """Bring shared parameters into one list in order, to be taken from its front."""
        items = parameters.parameters if isinstance(parameters, Connected) else list(parameters)
        flat: list[Any] = []
        for item in items:
            flat.extend(item.values() if isinstance(item, Mapping) else [item])
        expected = sum(2 if layer.bias else 1 for layer in self._dense)
        if len(flat) != expected or any(not isinstance(node, Expression) for node in flat):
            raise UserError(
                f"connect: the network has {expected} parameters (W1, b1, ...), but {len(flat)} were given"
            )
        return flat

    def summary(self, features: int) -> str:
        """Return a text table of layers, shapes and numbers of parameters.

        Args:
            features: how many numbers an example has.

        Example:
            >>> import chainrule as cr
            >>> print(cr.Network([cr.Dense(1, "sigmoid")]).summary(3))
            layer  activation  W       b     output  parameters
            Dense  sigmoid     (3, 1)  (1,)  (m, 1)           4
            total                                             4
        """
        from chainrule.graph.expression import examples

        rows = [("layer", "activation", "W", "b", "output", "parameters")]
        total = 0
        for part in self.connect(examples("X", features=features)).layers:
            count = sum(shapes.size(node.shape) for node in part.parameters.values())
            total += count
            rows.append((*_described(part), shapes.text(part.A.shape), f"{count:,}"))
        return table([*rows, ("total", "", "", "", "", f"{total:,}")], right=(5,))

    def shapes(
        self,
        features: SupportsIndex | None = None,
        *,
        notation: Notation = "rows",
        m: SupportsIndex | None = None,
        loss: str | Loss | Function | None = None,
    ) -> ShapesTable:
        """Return a table of the shapes of every W, b, Z and A, for printing, notebooks and drawing.

        Args:
            features: how many numbers an example has; None leaves it open, as n.
            notation: "rows" (W of shape (n_in, n_out)) or "columns" (an example a column, W of (n_out, n_in)).
            m: the number of examples; None leaves it open.
            loss: the loss, which decides the shape of y; None takes the one that suits the output.

        Raises:
            UserError: numbers that are no whole numbers from 1 up, or a loss that does not suit the network.

        Example:
            >>> import chainrule as cr
            >>> print(cr.Network([cr.Dense(1, "sigmoid")]).shapes(3)["W1"].text)
            (3, 1)
        """
        from chainrule.network.drawing.shapes_table import shapes_of

        return shapes_of(self, features, notation=notation, m=m, loss=loss)

    def to_dict(self) -> dict[str, Any]:
        """Return the architecture as plain values, for a file.

        >>> Network([Dense(1)]).to_dict()["layers"][0]["units"]
        1
        """
        return {"layers": [layer.to_dict() for layer in self.layers]}

    @classmethod
    def from_dict(cls, values: object) -> Network:
        """Make a network from what `to_dict` gave.

        Raises:
            UserError: anything malformed; the message says where.

        >>> Network.from_dict(Network([Dense(2, "tanh")]).to_dict())
        Network(layers=(Dense(2, "tanh"),))
        """
        if not isinstance(values, Mapping) or set(values) != {"layers"} or not isinstance(values["layers"], list):
            raise UserError("a stored network is a mapping with a list of layers and nothing else")
        layers = values["layers"]
        if len(layers) > _MOST_LAYERS:
            raise UserError(f"a stored network has at most {_MOST_LAYERS:,} layers, not {len(layers):,}")
        return cls([layer_from_dict(layer) for layer in layers])


def initial_values(parameters: Sequence[Expression], seed: int) -> list[NDArray[np.float64]]:
    """Return the first values of parameters.

    Args:
        parameters: made by `cr.parameter`, or by `Network.connect`.
        seed: any whole number. The parameter at position i draws with the key (seed, i).

    Returns:
        A new float64 array for each.

    Raises:
        UserError: an initializer gives another shape or numbers that are not finite.

    Example:
        >>> import chainrule as cr
        >>> connected = cr.Network([cr.Dense(2)]).connect(cr.examples("X", features=3))
        >>> [array.shape for array in initial_values(connected.parameters, seed=0)]
        [(3, 2), (2,)]
    """
    return [_initial_value(node, (seed, index)) for index, node in enumerate(parameters)]


def dense_network(
    *,
    hidden: Sequence[int] = (64, 16),
    activations: str | Sequence[str] = ("relu",),
    outputs: int = 1,
    dropout: float = 0.0,
) -> Network:
    """Return a network of Dense layers for classification.

    Args:
        hidden: neurons of each hidden layer; () gives logistic regression.
        activations: of the hidden layers: one for all, or one each.
        outputs: 1 for two classes (sigmoid), or the number of classes, 3 or more (softmax).
        dropout: the rate after each hidden layer.

    Raises:
        UserError: numbers that do not fit together.

    Example:
        >>> dense_network(hidden=(8,), outputs=3)
        Network(layers=(Dense(8, "relu"), Dense(3, "softmax")))
    """
    names = [activations] if isinstance(activations, str) else list(activations)
    if len(names) == 1:
        names = names * len(hidden)
    if len(names) != len(hidden):
        raise UserError(
            f"{len(names)} activations were given for {len(hidden)} hidden layers; give one for all, or one each"
        )
    if outputs == 2:
        raise UserError("two classes need one output, the probability of the positive class: outputs=1")
    layers: list[Layer] = []
    for units, name in zip(hidden, names, strict=True):
        layers.append(Dense(units, name))
        if dropout:
            layers.append(Dropout(dropout))
    return Network([*layers, Dense(outputs, "sigmoid" if outputs == 1 else "softmax")])


def _checked_layers(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    if isinstance(layers, Layer) or not isinstance(layers, Sequence):
        raise UserError("Network takes a list of layers: Network([Dense(1, 'sigmoid')])")
    for layer in layers:
        if not isinstance(layer, Dense | Dropout):
            raise UserError(
                f"Network: {layer!r:.60} is not a layer; layers are Dense(units, activation), Dropout(rate)"
            )
    if not any(isinstance(layer, Dense) for layer in layers):
        raise UserError("Network needs at least one Dense layer: Network([Dense(1, 'sigmoid')])")
    if not isinstance(layers[-1], Dense):
        raise UserError(
            f"Network: {layers[-1]!r} is the last layer and would drop the answer; end with a Dense layer"
        )
    return tuple(layers)


def _connect_dense(layer: Dense, A: Expression, number: int, given: list[Expression] | None) -> ConnectedLayer:
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


def _described(part: ConnectedLayer) -> tuple[str, str, str, str]:
    layer = part.layer
    if not isinstance(layer, Dense):
        return (repr(layer), "", "", "")
    bias = shapes.text(part.parameters["b"].shape) if layer.bias else ""
    return (layer.name or "Dense", layer.activation.name, shapes.text(part.parameters["W"].shape), bias)


def _initial_value(node: Expression, key: tuple[int, int]) -> NDArray[np.float64]:
    if node.op is not PARAMETER:
        raise UserError(f"{node} is not a parameter, so it has no first value")
    init = node.attributes["init"]
    shape = shapes.concrete(node.shape, 0)
    array = np.asarray(init(shape, key) if callable(init) else np.broadcast_to(init, shape), dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        finite = "finite numbers" if np.isfinite(array).all() else "numbers that are not finite"
        raise UserError(f"the initializer of {node} gave shape {array.shape} with {finite}, not finite of {shape}")
    return array.copy()
