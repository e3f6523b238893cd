"""A network: layers one after the other, connected into one graph of expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import PARAMETER, Expression
from chainrule.graph.shapes import M
from chainrule.network.connected import Connected, ConnectedLayer, Shared, connect_dense
from chainrule.network.layers import Dense, Dropout, Layer, layer_from_dict
from chainrule.network.text import table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from chainrule.graph.draw.colors import Theme
    from chainrule.graph.draw.drawing import Drawing
    from chainrule.graph.text import Notation
    from chainrule.graph.trace.trace import Trace
    from chainrule.network.drawing.options import Level
    from chainrule.network.drawing.shapes_table import ShapesTable
    from chainrule.network.losses import Function, Loss
    from chainrule.network.numpy_code.code import NumpyCode

_MOST_LAYERS = 10_000


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
                connected.append(connect_dense(layer, A, number, given))
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

    def draw(
        self,
        features: SupportsIndex | None = None,
        *,
        level: Level = "network",
        parameters: Mapping[str, ArrayLike] | None = None,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        loss: str | Loss | Function | None = None,
        trace: Trace | None = None,
        backward: bool = False,
        learning_rate: float | None = None,
        notation: Notation = "rows",
        theme: Theme = "auto",
        layer: SupportsIndex = 1,
        neuron: SupportsIndex = 1,
        example: SupportsIndex = 1,
        classes: Sequence[object] | None = None,
        max_neurons: SupportsIndex = 8,
        max_layers: SupportsIndex = 8,
        max_examples: SupportsIndex = 3,
    ) -> Drawing:
        """Draw the network as SVG: a notebook shows it, `save` writes it to a file.

        Args:
            features: how many numbers an example has; None reads it off the numbers, or leaves it open, as n.
            level: "network" (a circle a neuron, a line a weight), "layers" (a layer a box, with the derivatives),
                "neuron" (one neuron, opened into its linear part and its activation), "examples" (the examples
                one below the other, meeting in J).
            parameters: the values by name, W1 of shape (n_in, n_out), b1 of shape (n_out,), ...: then the wider a
                line, the larger the weight, and its colour is the sign.
            X: rows of shape (m, n), read as the first layer reads them: then the values are shown.
            y: their labels, in the shape that the loss reads, or (m, 1) in the place of (m,).
            loss: what J is the mean of; None takes the loss that suits the output.
            trace: in the place of all of these the trace of the network's cost, from `cr.trace`.
            backward: whether gradients are shown, in numbers where there are X and y.
            learning_rate: with gradients, of the update that is shown.
            notation: "rows" (W1 of shape (n_in, n_out)) or "columns" (W^[1] of shape (n_out, n_in), a^[1](i)).
            theme: "auto" (light or dark as the page is), "light" or "dark".
            layer, neuron: which one to open, counted from 1.
            example: whose values are shown, counted from 1.
            classes: names of the outputs; of the negative and the positive class where there is one output.
            max_neurons, max_layers, max_examples: how many are drawn before an ellipsis stands for the rest.

        Raises:
            UserError: numbers that are missing or do not fit the network; a choice that there is not.

        Example:
            >>> import chainrule as cr
            >>> network = cr.Network([cr.Dense(4, "relu"), cr.Dense(1, "sigmoid")])
            >>> network.draw(2)
            <Drawing of the network 2-4-1>
        """
        from chainrule.network.drawing.draw import draw_network

        return draw_network(
            self,
            features,
            level=level,
            parameters=parameters,
            X=X,
            y=y,
            loss=loss,
            trace=trace,
            backward=backward,
            learning_rate=learning_rate,
            notation=notation,
            theme=theme,
            layer=layer,
            neuron=neuron,
            example=example,
            classes=classes,
            max_neurons=max_neurons,
            max_layers=max_layers,
            max_examples=max_examples,
        )

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

    def as_numpy(
        self,
        features: SupportsIndex | None = None,
        *,
        loops: bool = False,
        loss: str | Loss | Function | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        learning_rate: float = 0.1,
        notation: Notation = "rows",
    ) -> NumpyCode:
        """Write forward, cost, backward and update as NumPy code that stands alone, from the network's graph.

        Args:
            features: how many numbers an example has; it must be said.
            loops: one example after the other, or all at once. With `Dropout`, functions take an `rng`.
            loss, l1, l2: the cost, as in `cr.fit`; the loss that suits the output where none is said.
            learning_rate: what the written `gradient_descent` takes where nothing else is said.
            notation: "rows" (X of shape (m, n)) or "columns" (X of shape (n, m), W of shape (n_out, n_in)).

        Raises:
            UserError: a loss that does not suit the network, or a choice that makes no sense.

        Example:
            >>> import chainrule as cr
            >>> "Z1 = X @ W1 + b1" in cr.Network([cr.Dense(1, "sigmoid")]).as_numpy(2).text
            True
        """
        from chainrule.network.numpy_code.code import numpy_code

        return numpy_code(self, features, loops, loss, l1, l2, learning_rate, notation)

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
