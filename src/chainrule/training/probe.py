"""A look into a trained network on a sample of rows: what its neurons give, and how gradients reach its layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.graph.expression import Expression
from chainrule.graph.gradients import gradients
from chainrule.graph.rewrite import stable
from chainrule.graph.shapes import size
from chainrule.graph.value import evaluate
from chainrule.graph.walk import topological
from chainrule.network.connected import ConnectedLayer
from chainrule.training.cost_graph import CostGraph
from chainrule.training.ranges import evenly

Array = NDArray[Any]

# What is found in so many rows holds for the rest. Of wide rows and large networks fewer have to do, so that a look
# takes a tenth of a second: so many products of a number with a weight.
_MOST_ROWS, _FEWEST_ROWS, _MOST_PRODUCTS = 1000, 64, 1 << 28
# Values in NumPy are copies: of more weights than this, 64 MiB, they would take memory that the training did not.
_MOST_WEIGHTS = 1 << 24
# So many numbers of a layer, or of the rows, are in memory at a time.
_NUMBERS_AT_ONCE = 1 << 18

# From here on a neuron is at its limit: its derivative is a twenty-fifth of the largest that it can have.
_SIGMOID_LIMIT, _TANH_LIMIT = 0.01, 0.98


@dataclass(frozen=True, eq=False)
class LayerSeen:
    """A layer on a sample of rows.

    Attributes:
        number: its place among the layers of neurons, from 1: its weights are W1, or the like.
        activation: the name of its activation.
        active: whether each neuron gave something else than 0 for any row, shape (units,).
        at_limit: the share of the rows for which each neuron of a sigmoid or tanh layer was at its limits.
        signal: the root of the mean over the rows of the squared length of m dJ/dZ, the row's own gradient.
        gradient: the norm of dJ/dW over the sample.
    """

    number: int
    activation: str
    active: NDArray[np.bool_]
    at_limit: NDArray[np.float64]
    signal: float
    gradient: float


class Probe:
    """Looks into a network at given parameters, by its own graph in NumPy.

    Args:
        graph: the network's cost; the look is without dropout and penalties.
        parameters: the values of its parameters.
        dtype: the type to compute in.
    """

    def __init__(self, graph: CostGraph, parameters: Mapping[Expression, Array], *, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._layers = [layer for layer in graph.used.layers if layer.Z is not None]
        self._parameters = {node: np.asarray(array, dtype) for node, array in parameters.items()}
        self._widest = max(int(layer.A.shape[1]) for layer in self._layers)
        self._weights = sum(size(node.shape) for node in parameters)
        self._cost, self._output = graph.evaluation["cost"], graph.used.output
        self._leaves = {str(leaf.name): leaf for leaf in topological([self._cost]) if leaf.name in ("X", "y")}

    @property
    def is_too_large(self) -> bool:
        """Whether the network has so many weights that it is not looked into."""
        return self._weights > _MOST_WEIGHTS

    def sample(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Choose rows to look at, evenly from those that there are."""
        return evenly(rows, max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_PRODUCTS // self._weights)))

    def outputs(self, data: Mapping[str, Array], rows: NDArray[np.int64]) -> Array:
        """Return what the network answers to some rows, shape (rows, outputs)."""
        root = stable([self._output])[0]
        answers = [
            evaluate([root], {**self._parameters, self._leaves["X"]: piece["X"]}, dtype=self._dtype)[root]
            for piece in self._pieces(data, rows)
        ]
        return np.concatenate(answers)

    def layers(self, data: Mapping[str, Array], rows: NDArray[np.int64]) -> list[LayerSeen]:
        """Look at every layer of neurons on some rows."""
        roots = self._roots()
        count = len(self._layers)
        seen = [_Sums(layer, number) for number, layer in enumerate(self._layers, 1)]
        for piece in self._pieces(data, rows):
            given = {**self._parameters, **{leaf: piece[name] for name, leaf in self._leaves.items()}}
            values = evaluate(roots, given, dtype=self._dtype)
            found = [values[root] for root in roots]
            for i, one in enumerate(seen):
                one.add(*found[i::count], share=len(piece["X"]) / len(rows))
        return [one.seen(len(rows)) for one in seen]

    def _roots(self) -> list[Expression]:
        """Each layer's A, then each one's dJ/dZ, then each one's dJ/dW."""
        written = [
            self._cost,
            *(layer.A for layer in self._layers),
            *(layer.Z for layer in self._layers if layer.Z is not None),
        ]
        weights = [layer.parameters["W"] for layer in self._layers]
        sound = stable(written)
        # A person's own activation may be rewritten together with its Z, which is then no node of the cost.
        roots = sound if set(topological(sound[:1])).issuperset(sound[len(weights) + 1 :]) else written
        return [*roots[1 : len(weights) + 1], *gradients(roots[0], [*roots[len(weights) + 1 :], *weights])]

    def _pieces(self, data: Mapping[str, Array], rows: NDArray[np.int64]) -> Iterator[dict[str, Array]]:
        step = max(1, _NUMBERS_AT_ONCE // max(data["X"].shape[1], self._widest))
        for start in range(0, len(rows), step):
            numbers = rows[start : start + step]
            yield {name: data[name][numbers] for name in self._leaves}


class _Sums:
    """What is added up of a layer, piece by piece."""

    def __init__(self, layer: ConnectedLayer, number: int) -> None:
        self._number = number
        self._activation: str = layer.layer.activation.name  # type: ignore[attr-defined]  # it has a Z, so it is Dense
        units = int(layer.A.shape[1])
        self._active, self._at_limit = np.zeros(units, bool), np.zeros(units)
        self._signal, self._gradient = 0.0, np.zeros(())

    def add(self, A: Array, dZ: Array, dW: Array, *, share: float) -> None:
        """Add a piece of the sample, of whose rows it has this share."""
        self._active |= (A != 0).any(axis=0)
        if self._activation == "sigmoid":
            self._at_limit += ((A < _SIGMOID_LIMIT) | (A > 1 - _SIGMOID_LIMIT)).sum(axis=0)
        elif self._activation == "tanh":
            self._at_limit += (np.abs(A) > _TANH_LIMIT).sum(axis=0)
        self._signal += float(np.square(dZ * len(dZ), dtype=np.float64).sum())
        self._gradient = share * dW + self._gradient

    def seen(self, rows: int) -> LayerSeen:
        """Return what was found in so many rows."""
        return LayerSeen(
            self._number,
            self._activation,
            self._active,
            self._at_limit / rows,
            float(np.sqrt(self._signal / rows)),
            float(np.sqrt(np.square(self._gradient, dtype=np.float64).sum())),
        )
