"""Where the Z of each neuron comes from, for the page's script: largest terms, rest and bias; over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.example import Array, Example
from chainrule.explain.parts import LayerPart
from chainrule.explain.pixels import Shape

_TERMS = 6
# Enough for every digit that the page shows, in half the room.
_DIGITS = 7
_MOST_LEVELS = 600_000
# As in `pixels`: one stray pixel would leave all others pale.
_QUANTILE = 0.995


def neuron_sums(example: Example, layers: Sequence[LayerPart], shown: Sequence[Sequence[int]]) -> list[Any]:
    """Take the Z of the neurons that are shown apart.

    Args:
        example: the example.
        layers: its layers.
        shown: of each layer, which neurons.

    Returns:
        For each layer and each of these neurons `[terms, rest, bias]`, where a term is `[j, a_j, w_j]`, the largest
        product first, and the bias is None where the layer has none.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.explain.forward import layer_parts
        >>> X, y = cr.points("gauss", count=80)
        >>> example = Example.of(cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2), X[0])
        >>> layers = layer_parts(example)
        >>> terms, rest, bias = neuron_sums(example, layers, [[0]])[0][0]
        >>> round(sum(a * w for _, a, w in terms) + rest + bias - float(layers[0].Z[0]), 5)
        0.0
    """
    found, reads = [], example.x
    for layer, node, neurons in zip(layers, example.layers, shown, strict=True):
        W = example.parameters[node.parameters["W"]][:, list(neurons)]
        b = example.parameters[node.parameters["b"]][list(neurons)] if "b" in node.parameters else None
        found.append(_of_layer(reads, W, b))
        reads = layer.A
    return found


def term_maps(
    example: Example, neurons: Sequence[int], shape: Shape
) -> tuple[NDArray[np.int8], list[float | None]] | None:
    """Return where in the picture the Z of each neuron of the first layer comes from.

    Args:
        example: the example.
        neurons: which of the first layer's.
        shape: (height, width, channels) of the picture.

    Returns:
        Levels from -127 to 127, shape (neurons, height * width), of the sum of each pixel's terms; and for each
        neuron the |sum| that has the level 127. None where the maps would make the page too large.
    """
    if len(neurons) * shape[0] * shape[1] > _MOST_LEVELS:
        return None
    W = example.parameters[example.layers[0].parameters["W"]][:, list(neurons)]
    sums = (example.x[:, None] * W).reshape(shape[0] * shape[1], shape[2], len(neurons)).sum(axis=1).T
    strongest = np.quantile(np.abs(sums), _QUANTILE, axis=1)
    shares = sums / np.where(strongest > 0, strongest, 1.0)[:, None]
    return np.rint(np.clip(shares, -1, 1) * 127).astype(np.int8), [_rounded(one) for one in strongest]


def _of_layer(reads: Array, W: Array, b: Array | None) -> list[Any]:
    products = reads[:, None] * W
    largest = _largest(np.abs(products))
    rest = products.sum(axis=0) - np.take_along_axis(products, largest, axis=0).sum(axis=0)
    sums = []
    for place in range(W.shape[1]):
        terms = [
            [int(j), _rounded(reads[j]), _rounded(W[j, place])] for j in largest[:, place] if products[j, place]
        ]
        sums.append([terms, _rounded(rest[place]), None if b is None else _rounded(b[place])])
    return sums


def _largest(sizes: Array) -> Array:
    """Return for each column where its largest numbers stand, the largest first."""
    count = min(_TERMS, len(sizes))
    chosen = np.argpartition(-sizes, count - 1, axis=0)[:count]
    order = np.argsort(-np.take_along_axis(sizes, chosen, axis=0), axis=0, kind="stable")
    return np.take_along_axis(chosen, order, axis=0)


def _rounded(number: Any) -> float | None:
    """None stands for what JSON has no word for."""
    return float(f"{number:.{_DIGITS}g}") if np.isfinite(number) else None
