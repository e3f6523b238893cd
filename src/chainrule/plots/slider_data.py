"""The numbers of the slider's page: one frame an epoch, made small."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import Expression, examples
from chainrule.graph.rewrite import stable
from chainrule.plots.planes import Plane, ranges
from chainrule.plots.planes import side as side_of_grid
from chainrule.training.history import Snapshot
from chainrule.training.model_graph import Evaluator, ModelGraph, TrainedModel

Array = NDArray[Any]

# Coordinates in a drawing are whole numbers from 0 to this.
FINE = 1000
_FIELD_SIDE = 50
_NEURON_SIDE = 12
_PLANE_SIDES = (17, 41)
_LEVELS = 12
# Levels lie closer to each other where the cost is low: at low + height * share ** this.
_POWER = 2.5
# From this ratio on, a linear axis shows only the first epochs of a falling cost.
_LOGARITHMIC_RATIO = 50
# The room above and below a curve, as a share of its height.
_ROOM = 0.03
_MOST_POINTS = 600
# Up to so many neurons in a layer, and layers, the network is drawn as circles and lines.
_CIRCLES, _LAYERS = 10, 6
_NEURONS_SHOWN = (48, 32, 24, 16, 8, 4)
_WEIGHT_BYTES = 400_000
_SHORT = 32767
# Numbers that are not between these are written with powers of ten.
_TINY_NUMBER, _LONG_NUMBER = 1e-3, 1e5


@dataclass(frozen=True, eq=False)
class Square:
    """A rectangle of the plane of the points, and a grid on it."""

    low: tuple[float, float]
    high: tuple[float, float]

    @classmethod
    def around(cls, X: Array) -> Square:
        """The rectangle that holds points, with a margin."""
        low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
        margin = 0.08 * np.where(high > low, high - low, 1.0)
        (x0, y0), (x1, y1) = (low - margin).tolist(), (high + margin).tolist()
        return cls((x0, y0), (x1, y1))

    def grid(self, side: int) -> Array:
        """Points in rows from low to high, shape (side * side, 2)."""
        x, y = (np.linspace(a, b, side) for a, b in zip(self.low, self.high, strict=True))
        across, up = np.meshgrid(x, y)
        return np.stack([across.ravel(), up.ravel()], axis=1)

    def fine(self, X: Array) -> list[list[int]]:
        """Points as whole numbers from 0 to FINE in both directions."""
        shares = (X - self.low) / (np.array(self.high) - self.low)
        return np.rint(FINE * shares).astype(int).tolist()  # type: ignore[no-any-return]


def costs(graph: ModelGraph, snapshots: Sequence[Snapshot]) -> dict[str, list[float | None]]:
    """The cost and the accuracy at each snapshot; None where the cost is not finite."""
    assert graph.accuracy is not None
    evaluator = graph.evaluator([graph.J, graph.accuracy])
    found = [[_rounded(value) for value in evaluator(one.parameters)] for one in snapshots]
    return {"cost": [cost for cost, _ in found], "accuracy": [accuracy for _, accuracy in found]}


def _rounded(value: Array) -> float | None:
    # JSON has no word for what is not finite.
    return float(f"{float(value):.6g}") if np.isfinite(value) else None


def points(square: Square, X: Array, labels: Array) -> dict[str, Any]:
    """The points to draw, with the index of their class; of very many an even choice."""
    chosen = np.unique(np.linspace(0, len(X) - 1, min(len(X), _MOST_POINTS)).round().astype(int))
    return {"at": square.fine(X[chosen]), "label": labels[chosen].tolist()}


class Fields:
    """What the network and its neurons answer all over the plane, at any parameters."""

    def __init__(self, model: TrainedModel, square: Square) -> None:
        self.square = square
        self._answers = _on_grid(model, square.grid(_FIELD_SIDE), last=True)
        self._neurons = _on_grid(model, square.grid(_NEURON_SIDE), last=False)

    def probabilities(self, snapshot: Snapshot) -> Array:
        """The probability of each class on the fine grid, shape (classes, side, side)."""
        found = np.clip(self._answers(snapshot.parameters)[0], 0.0, 1.0)
        both = np.hstack([1 - found, found]) if found.shape[1] == 1 else found
        return np.asarray(both.T.reshape(-1, _FIELD_SIDE, _FIELD_SIDE))

    def activations(self, snapshot: Snapshot) -> list[Array]:
        """What each layer's neurons give on the coarse grid, shapes (neurons, side * side)."""
        found = self._neurons(snapshot.parameters)
        if found[-1].shape[1] == 1:
            # A probability around a half, so that both classes show.
            found[-1] = 2 * found[-1] - 1
        return [np.asarray(A.T) for A in found]


def _on_grid(model: TrainedModel, grid: Array, *, last: bool) -> Evaluator:
    X = examples("X", features=2)
    connected = model.network.connect(model.preprocessing.expression(X))
    roots: list[Expression] = [part.A for part in connected.layers if part.Z is not None]
    return Evaluator(tuple(stable(roots[-1:] if last else roots)), tuple(connected.parameters), {X: grid})


def shades(probabilities: Array) -> NDArray[np.uint8]:
    """The likeliest class at each place, and how much likelier it is than a guess, in one byte.

    With k classes there are 256 // k shades of each: byte = class * (256 // k) + shade.
    """
    count = len(probabilities)
    most = 256 // count
    certain = (probabilities.max(axis=0) - 1 / count) / (1 - 1 / count)
    shade = np.rint((most - 1) * np.clip(np.nan_to_num(certain), 0, 1))
    found: NDArray[np.uint8] = (probabilities.argmax(axis=0) * most + shade).astype(np.uint8)
    return found


def boundaries(probabilities: Array) -> list[list[int]]:
    """The lines where two classes are equally likely: x, y, x, y, ... as whole numbers from 0 to FINE."""
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(probabilities), -50.0)
    found: list[list[int]] = []
    for place in range(1 if len(logs) == 2 else 0, len(logs)):
        others = np.delete(logs, place, axis=0).max(axis=0)
        found += contours(logs[place] - others, [0.0])[0]
    return found


def contours(values: Array, levels: Sequence[float]) -> list[list[list[int]]]:
    """The lines of equal value on a grid, level by level, as whole numbers from 0 to FINE in both directions."""
    from contourpy import contour_generator

    height, width = values.shape
    generator = contour_generator(
        x=np.linspace(0, FINE, width), y=np.linspace(0, FINE, height), z=np.ma.masked_invalid(values)
    )
    return [[_short(np.asarray(line)) for line in generator.lines(level)] for level in levels]


def _short(line: Array) -> list[int]:
    """Whole numbers, without points that repeat the one before."""
    whole = np.rint(line).astype(int)
    kept = np.concatenate([[True], (np.diff(whole, axis=0) != 0).any(axis=1)])
    return whole[kept].ravel().tolist()  # type: ignore[no-any-return]


def curve(epochs: Sequence[int], costs: Sequence[Sequence[float | None]]) -> dict[str, Any]:
    """The costs over the epochs, each as points of a drawing; an axis of powers of ten where they span many."""
    known = [cost for line in costs for cost in line if cost is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    logarithmic = low > 0 and high / low > _LOGARITHMIC_RATIO
    low = low if logarithmic else min(low, 0.0)
    scale = _Scale(low, high if high > low else low + 1.0, logarithmic=logarithmic, room=_ROOM)
    across = _Scale(float(epochs[0]), float(max(epochs[-1], epochs[0] + 1)))
    x = [across.fine(epoch) for epoch in epochs]
    lines = [[None if y is None else [at, scale.fine(y)] for at, y in zip(x, line, strict=True)] for line in costs]
    label = "cost J, logarithmic" if logarithmic else "cost J"
    axes = {"xTicks": across.ticks(whole=True), "yTicks": scale.ticks(), "xLabel": "epoch", "yLabel": label}
    return {"axes": axes, "x": x, "lines": lines}


class _Scale:
    """One direction of a drawing: values as whole numbers from 0 to FINE, and the ticks."""

    def __init__(self, low: float, high: float, *, logarithmic: bool = False, room: float = 0.0) -> None:
        self._logarithmic = logarithmic
        more = room * ((np.log10(high) - np.log10(low)) if logarithmic else high - low)
        self._low = low / 10**more if logarithmic else low - more
        self._high = high * 10**more if logarithmic else high + more

    def fine(self, value: float) -> int:
        low, high = self._low, self._high
        if self._logarithmic:
            value, low, high = np.log10([value, low, high]).tolist()
        return round(FINE * (value - low) / (high - low))

    def ticks(self, *, whole: bool = False) -> list[tuple[int, str]]:
        from matplotlib.ticker import LogLocator, MaxNLocator

        locator = (
            LogLocator(subs=(1, 2, 5))
            if self._logarithmic
            else MaxNLocator(6, integer=whole, steps=[1, 2, 2.5, 5, 10])
        )
        inside = [
            float(value) for value in locator.tick_values(self._low, self._high) if self._low <= value <= self._high
        ]
        return [(self.fine(value), _text(value, 6)) for value in inside]


def _text(value: float, digits: int) -> str:
    """A number in few letters: 4e5, not 400000.

    >>> _text(400_000.0, 6), _text(0.125, 6), _text(-1.5e-7, 3)
    ('4e5', '0.125', '-1.5e-7')
    """
    short = value == 0 or _TINY_NUMBER <= abs(value) < _LONG_NUMBER
    text = f"{value:.{digits}g}" if short else f"{value:.{digits - 1}e}"
    number, e, power = text.partition("e")
    return f"{number.rstrip('0').rstrip('.')}e{int(power)}" if e else text


def axes(square: Square, labels: Sequence[str]) -> dict[str, Any]:
    """Ticks and labels of a rectangle's two directions."""
    (x0, y0), (x1, y1) = square.low, square.high
    return {
        "xTicks": _Scale(x0, x1).ticks(),
        "yTicks": _Scale(y0, y1).ticks(),
        "xLabel": labels[0],
        "yLabel": labels[1],
    }


def descent(graph: ModelGraph, plane: Plane, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    """The cost over a plane as lines of equal cost, and the path of the snapshots on it."""
    path = [plane.project(one.parameters) for one in snapshots]
    (a0, a1), (b0, b1) = ranges(path, plane.at)
    side = side_of_grid(graph, *_PLANE_SIDES)
    values = plane.costs(graph, np.linspace(a0, a1, side), np.linspace(b0, b1, side))
    low, height = _span(values)
    levels = (low + height * np.linspace(0, 1, _LEVELS + 2)[1:-1] ** _POWER).tolist()
    lines = contours(values, levels)
    square = Square((a0, b0), (a1, b1))
    at = square.fine(np.array(path))
    shares = np.nan_to_num(np.clip((values - low) / height, 0, 1), nan=1.0) ** (1 / _POWER)
    return {
        "axes": axes(square, plane.labels),
        "levels": [_text(level, 3) for level in levels],
        "lines": lines,
        "marks": _marks(lines, np.array(at)),
        "side": side,
        "shades": encoded(np.rint(255 * shares).astype(np.uint8)),
        "path": at,
    }


def _span(values: Array) -> tuple[float, float]:
    """The lowest cost, and how far up the highest is."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return low, (high - low) or 1.0


def _marks(lines: Sequence[Sequence[Sequence[int]]], path: Array) -> list[tuple[int, int, int]]:
    """Where to write the level at its line: (level, x, y), on the longest, away from the others and the path."""
    marks: list[tuple[int, int, int]] = []
    steps = np.linspace(0, 1, 11)[:, None, None]
    path = (path[:-1] + steps * np.diff(path, axis=0)).reshape(-1, 2)
    for level, parts in enumerate(lines):
        longest = max(parts, key=len, default=[])
        points = np.array(longest).reshape(-1, 2)
        inside = points[((points > 70) & (points < FINE - 70)).all(axis=1)]
        taken = np.array([mark[1:] for mark in marks]).reshape(-1, 2)
        free = inside[_far(inside, taken, (150, 60)) & _far(inside, path, (90, 45))]
        if len(free) > 3:
            x, y = free[len(free) // 2].tolist()
            marks.append((level, x, y))
    return marks


def _far(points: Array, others: Array, least: tuple[int, int]) -> Array:
    """Which points are far enough, in one of the two directions, from all others."""
    apart: Array = np.abs(points[:, None] - others[None]) > np.array(least)
    return np.asarray(np.all(np.any(apart, axis=2), axis=1))


def network(snapshots: Sequence[Snapshot], fields: Fields) -> dict[str, Any]:
    """The weights at each snapshot: of every neuron, or of the strongest where there are many."""
    final = snapshots[-1].parameters
    matrices = [name for name in final if final[name].ndim == 2]
    widths = [final[name].shape[1] for name in matrices]
    circles = max(widths) <= _CIRCLES and len(widths) <= _LAYERS
    shown = _neurons_shown([final[name] for name in matrices], len(snapshots))
    layers = []
    for place, name in enumerate(matrices):
        before = np.arange(final[name].shape[0]) if place == 0 else shown[place - 1]
        weights = np.stack([one.parameters[name][np.ix_(before, shown[place])] for one in snapshots])
        b = name.replace("W", "b")
        biases = None if b not in final else np.stack([one.parameters[b][shown[place]] for one in snapshots])
        layers.append(
            {
                "name": name,
                "bias": b,
                "neurons": (shown[place] + 1).tolist(),
                "width": widths[place],
                "W": _quantised(weights),
                "b": None if biases is None else _quantised(biases),
            }
        )
    pictures = _neuron_pictures(snapshots, fields) if circles else None
    return {"circles": circles, "layers": layers, "pictures": pictures}


def _neurons_shown(matrices: Sequence[Array], frames: int) -> list[NDArray[np.int64]]:
    """The neurons of each layer with the largest weights, as many as the page can hold."""
    for most in _NEURONS_SHOWN:
        shown = [_strongest(W, most) for W in matrices]
        sizes = [W.shape[0] if i == 0 else len(shown[i - 1]) for i, W in enumerate(matrices)]
        numbers = sum((before + 1) * len(now) for before, now in zip(sizes, shown, strict=True))
        if 2 * numbers * frames <= _WEIGHT_BYTES:
            return shown
    raise UserError(f"a network of {len(matrices)} layers is too large for one page: give fewer frames")


def _strongest(W: Array, most: int) -> NDArray[np.int64]:
    strength = np.square(W, dtype=np.float64).sum(axis=0)
    return np.sort(np.argsort(-strength, kind="stable")[:most])


def _neuron_pictures(snapshots: Sequence[Snapshot], fields: Fields) -> dict[str, Any]:
    """What each neuron gives all over the plane, as a byte around 128, on one scale over all epochs."""
    over_time = [np.stack(layer) for layer in zip(*(fields.activations(one) for one in snapshots), strict=True)]
    pictures = []
    for A in over_time:
        largest = np.abs(A).max(axis=(0, 2), keepdims=True)
        scaled = A / np.where(largest > 0, largest, 1.0)
        pictures.append(encoded(np.rint(128 + 127 * np.nan_to_num(scaled)).astype(np.uint8)))
    return {"side": _NEURON_SIDE, "layers": pictures}


def _quantised(values: Array) -> dict[str, Any]:
    """Numbers over all frames as 16-bit whole numbers and the largest of them."""
    largest = float(np.abs(values).max(initial=0.0))
    shares = values / (largest or 1.0)
    return {"largest": largest, "data": encoded(np.rint(_SHORT * shares).astype("<i2"))}


def encoded(values: Array) -> str:
    """Bytes as base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def answers(fields: Fields, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    """What the network answers all over the plane at each snapshot, and where its answer changes."""
    probabilities = [fields.probabilities(one) for one in snapshots]
    return {
        "side": _FIELD_SIDE,
        "shades": encoded(np.stack([shades(one) for one in probabilities])),
        "boundaries": [boundaries(one) for one in probabilities],
    }
