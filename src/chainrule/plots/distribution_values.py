"""The values whose distributions are shown: activations, gradients or weights of each layer over the epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.graph.gradients import gradients
from chainrule.graph.rewrite import stable
from chainrule.plots.models import snapshots_of, thinned
from chainrule.training.history import Snapshot
from chainrule.training.model_graph import ModelGraph, TrainedModel

Array = NDArray[Any]

_MOST_LAYERS = 12
# A layer whose size is less than this share of another's is what a figure is about.
_FAR_BEHIND = 0.01
# The least ratio of the ends of a logarithmic axis: less has no tick to read.
_LEAST_RATIO = 30.0
# How many snapshots are looked at, and how many multiplications they may take together: rows times parameters.
_FRAMES, _WORK = (12, 60), 2e9


@dataclass(frozen=True)
class Kind:
    """A quantity: how it is computed, measured and called.

    Attributes:
        values: makes a function that computes the values of each layer at a snapshot.
        size: of a layer's values and those of the first snapshot, one number to follow over the epochs.
        compared: the layer whose size a note compares, to that at the other end of the network.
        note: how, with {epoch}, {one}, {share} and {other}.
        finding: what a figure's title says where that size is far smaller, with {where}, {one}, {times}, {other}.
    """

    title: str
    size_label: str
    value_label: str
    values: Callable[[ModelGraph], Callable[[Snapshot], list[Array]]]
    size: Callable[[Array, Array], float]
    at_start: bool
    compared: int
    note: str
    finding: str
    logarithmic: bool = False


@dataclass(frozen=True, eq=False)
class Layers:
    """A model's layers over time: sizes of shape (epochs, layers), and all values at the first and last epoch."""

    title: str
    epochs: list[int]
    names: list[str]
    sizes: Array
    first: list[Array]
    last: list[Array]


def layers_of(title: str, model: TrainedModel, X: ArrayLike, y: ArrayLike, kind: Kind) -> Layers:
    """Compute the values of a model's layers, of some where there are many, at some of its snapshots."""
    graph = ModelGraph.of(model, X, y)
    each = len(graph.labels.values) * sum(array.size for array in model.parameters.values())
    snapshots = thinned(snapshots_of(model), int(np.clip(_WORK / each, *_FRAMES)))
    values = kind.values(graph)
    count = len(graph.layers)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MOST_LAYERS)).round().astype(int)).tolist()
    first = values(snapshots[0])
    sizes = []
    for snapshot in snapshots:
        last = values(snapshot)
        sizes.append([kind.size(last[layer], first[layer]) for layer in chosen])
    return Layers(
        title=title,
        epochs=[one.epoch for one in snapshots],
        names=["output" if layer == count - 1 > 0 else f"layer {layer + 1}" for layer in chosen],
        sizes=np.array(sizes),
        first=[first[layer] for layer in chosen],
        last=[last[layer] for layer in chosen],
    )


def _activations(graph: ModelGraph) -> Callable[[Snapshot], list[Array]]:
    evaluator = graph.evaluator([layer.A for layer in graph.layers])
    return lambda snapshot: evaluator(snapshot.parameters)


def _gradients(graph: ModelGraph) -> Callable[[Snapshot], list[Array]]:
    # The sound form is differentiated, as in training: a saturated output still has its gradient.
    J = stable([graph.J])[0]
    evaluator = graph.evaluator(gradients(J, [layer.parameters["W"] for layer in graph.layers]))
    return lambda snapshot: [np.abs(G) for G in evaluator(snapshot.parameters)]


def _weights(graph: ModelGraph) -> Callable[[Snapshot], list[Array]]:
    names = [str(layer.parameters["W"].name) for layer in graph.layers]
    return lambda snapshot: [np.asarray(snapshot.parameters[name], np.float64) for name in names]


def _spread(A: Array, _first: Array) -> float:
    return float(A.std(axis=0).mean())


def _root_mean_square(values: Array, _first: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _moved(W: Array, first: Array) -> float:
    return float(np.sqrt(np.mean(np.square(W - first))))


KINDS: dict[str, Kind] = {
    "activations": Kind(
        title="Activations in each layer",
        size_label="spread of A over the examples",
        value_label="A",
        values=_activations,
        size=_spread,
        at_start=False,
        compared=-1,
        note="At epoch {epoch}, from example to example {one} differs\n{share} as much as {other}",
        finding="Examples look alike{where}: {one} differs {times} times less from one to the next than {other}",
    ),
    "gradients": Kind(
        title="Gradients in each layer",
        size_label="size of dJ/dW (root mean square)",
        value_label="|dJ/dW|",
        values=_gradients,
        size=_root_mean_square,
        at_start=True,
        compared=0,
        note="At epoch {epoch}, the gradient in {one} is\n{share} as large as in {other}",
        finding="Gradients vanish{where}: {one} gets {times} times less than {other}",
        logarithmic=True,
    ),
    "weights": Kind(
        title="Weights in each layer",
        size_label="change of W (root mean square)",
        value_label="W",
        values=_weights,
        size=_moved,
        at_start=False,
        compared=0,
        note="By epoch {epoch}, {one} has moved\n{share} as far as {other}",
        finding="{one} hardly learns{where}: it moved {times} times less than {other}",
    ),
}


def note_of(layers: Layers, kind: Kind) -> str:
    """Say in words how the first layer compares to the last."""
    if not layers.sizes.any():
        return "All are 0"
    found = _compared(layers, kind)
    if found is None:
        return ""
    epoch = layers.epochs[0 if kind.at_start else -1]
    return kind.note.format(epoch=epoch, one=found.one, share=_share(found.ratio), other=found.other)


def finding_of(shown: Sequence[Layers], kind: Kind) -> str:
    """Say what a figure of several models shows: where one layer is far behind, or what is drawn."""
    found = [(layers, _compared(layers, kind)) for layers in shown]
    behind = [(one.ratio, layers, one) for layers, one in found if one is not None and one.ratio < _FAR_BEHIND]
    if not behind:
        return kind.title
    ratio, layers, one = min(behind, key=lambda pair: pair[0])
    where = f" in “{layers.title}”" if len(shown) > 1 else ""
    times = f"{float(f'{1 / ratio:.2g}'):,.0f}"
    text = kind.finding.format(where=where, one=one.one, times=times, other=one.other)
    return text[0].upper() + text[1:]


@dataclass(frozen=True)
class _Comparison:
    """How the size in one layer compares to that in another."""

    one: str
    other: str
    ratio: float


def _compared(layers: Layers, kind: Kind) -> _Comparison | None:
    place = 0 if kind.at_start else -1
    one, other = kind.compared, -1 - kind.compared
    size, measure = layers.sizes[place, one], layers.sizes[place, other]
    if len(layers.names) < 2 or not (size > 0 and measure > 0):
        return None
    first, second = ("the output" if layers.names[at] == "output" else layers.names[at] for at in (one, other))
    return _Comparison(first, second, float(size / measure))


def spanning(values: Array) -> tuple[float, float]:
    """Return the ends of a logarithmic axis for positive values."""
    low, high = (float(values.min()), float(values.max())) if values.size else (1.0, 1.0)
    more = max(1.0, _LEAST_RATIO / (high / low)) ** 0.5
    return low / more, high * more


def _share(ratio: float) -> str:
    """A ratio in words.

    >>> _share(0.000123), _share(3.14159), _share(0.97)
    ('1/8,100', '3.1 times', '0.97 times')
    """
    return f"{ratio:.2g} times" if ratio > 0.5 else f"1/{float(f'{1 / ratio:.2g}'):,.0f}"
