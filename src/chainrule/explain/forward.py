"""The way forward: Z and A of each layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.explain.example import Array, Example
from chainrule.explain.parts import LayerPart
from chainrule.graph.text import formula
from chainrule.graph.trace.wording import summary
from chainrule.network.connected import ConnectedLayer
from chainrule.network.layers import Dense, Dropout

# A layer of up to so many neurons is shown whole; of a wider one, so many neurons.
_SMALL = 20
_CHOSEN = 12


def layer_parts(example: Example) -> tuple[LayerPart, ...]:
    """Compute every layer, the first layer first.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=80)
        >>> network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
        >>> found = layer_parts(Example.of(cr.fit(network, X, y, epochs=2), X[0]))
        >>> [(part.z_name, part.z_formula, part.a_formula) for part in found]
        [('Z1', 'X @ W1 + b1', 'tanh(Z1)'), ('Z2', 'A1 @ W2 + b2', 'sigmoid(Z2)')]
    """
    layers = example.layers
    values = example.values([node for layer in layers for node in (layer.Z, layer.A) if node is not None])
    pairs: Iterator[tuple[Array, Array]] = zip(values[::2], values[1::2], strict=True)
    rates = _dropout_rates(example)
    parts: list[LayerPart] = []
    for number, (layer, (Z, A)) in enumerate(zip(layers, pairs, strict=True), start=1):
        reads = parts[-1].a_name if parts else "X"
        parts.append(_part(layer, Z, A, number=number, count=len(layers), reads=reads, dropout=rates[number - 1]))
    return tuple(parts)


def _part(
    layer: ConnectedLayer, Z: Array, A: Array, *, number: int, count: int, reads: str, dropout: float
) -> LayerPart:
    assert layer.Z is not None
    assert isinstance(layer.layer, Dense)
    shapes = {str(node.name): tuple(int(axis) for axis in node.shape) for node in layer.parameters.values()}
    activation = layer.layer.activation.name
    has_bias = "b" in layer.parameters
    return LayerPart(
        number=number,
        title=_title(number, count, Z.size, activation),
        activation=activation,
        is_output=number == count,
        reads=reads,
        inputs=int(layer.parameters["W"].shape[0]),
        units=Z.size,
        parameters=shapes,
        z_name=str(layer.Z.name),
        a_name=str(layer.A.name),
        z_formula=f"{reads} @ W{number}" + (f" + b{number}" if has_bias else ""),
        a_formula="" if layer.A is layer.Z else formula(layer.A),
        Z=Z,
        A=A,
        shown=_shown(A),
        z_summary=summary(Z),
        a_summary=summary(A),
        silent=int((A == 0).sum()),
        dropout=dropout,
    )


def _title(number: int, count: int, units: int, activation: str) -> str:
    place = "output layer" if number == count else f"layer {number}"
    return f"{place}: {units:,} neuron{'s' * (units > 1)}, {activation}"


def _shown(A: Array) -> tuple[int, ...]:
    """Choose all neurons of a small layer, in order; of a wide one those with the largest |A|."""
    if A.size <= _SMALL:
        return tuple(range(A.size))
    strongest = np.argsort(-np.abs(A), kind="stable")[:_CHOSEN]
    return tuple(int(neuron) for neuron in strongest)


def _dropout_rates(example: Example) -> list[float]:
    """Return for each layer of neurons the rate of the dropout that follows it; 0 where none does."""
    rates: list[float] = []
    for part in example.connected.layers:
        if part.Z is not None:
            rates.append(0.0)
        elif isinstance(part.layer, Dropout) and rates:
            rates[-1] = part.layer.rate
    return rates
