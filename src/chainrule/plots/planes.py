"""Planes through the space of all parameters, over which a cost can be drawn."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import examples
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import substitute
from chainrule.random import normal
from chainrule.threads import one_thread_for_products
from chainrule.training.model_graph import Evaluator, ModelGraph

Array = NDArray[Any]
Parameters = Mapping[str, Array]

# Tells these random directions apart from other random numbers of the same seed.
_STREAM = 0x504C414E45
# A path is straight when the squares of its second direction are less than this share of those of the first.
_STRAIGHT = 1e-12
# So many parameters are looked at together, to need little memory for large networks.
_NUMBERS_AT_ONCE = 1 << 16
# About how many multiplications a drawing of the cost may take, and how many a neuron's activation is worth.
_WORK, _NEURON_WORK = 1e10, 100
# The room around a path, and the least height of a plane, as a share of its width.
_MARGIN, _LEAST_SIDE = 0.35, 0.4


@dataclass(frozen=True, eq=False)
class Plane:
    """The parameters origin + (a - a0) * first + (b - b0) * second.

    Attributes:
        origin: the parameters in the middle.
        first, second: the two directions, by parameter.
        at: (a0, b0), the coordinates of the origin.
        labels: what the two coordinates are called.
    """

    origin: Parameters
    first: Parameters
    second: Parameters
    at: tuple[float, float]
    labels: tuple[str, str]

    def parameters(self, a: float, b: float) -> dict[str, Array]:
        """Return the parameters at a point of the plane."""
        da, db = a - self.at[0], b - self.at[1]
        return {name: W + da * self.first[name] + db * self.second[name] for name, W in self.origin.items()}

    @cached_property
    def _directions(self) -> NDArray[np.float64]:
        return np.stack([flat(self.first), flat(self.second)])

    @cached_property
    def _products(self) -> NDArray[np.float64]:
        """The scalar products of the two directions, shape (2, 2)."""
        return self._directions @ self._directions.T

    def project(self, parameters: Parameters) -> tuple[float, float]:
        """Return the coordinates of the point of the plane that is nearest to some parameters."""
        along = self._directions @ (flat(parameters) - flat(self.origin))
        da, db = np.linalg.pinv(self._products, hermitian=True) @ along
        return float(self.at[0] + da), float(self.at[1] + db)

    def share(self, path: Sequence[Parameters]) -> float:
        """Return how much of a path's movement, seen from its end, lies in the plane: its share of the squares."""
        end, end_at = flat(path[-1]), np.array(self.project(path[-1]))
        inside = moved = 0.0
        for parameters in path:
            shadow = np.array(self.project(parameters)) - end_at
            inside += float(shadow @ self._products @ shadow)
            moved += float(np.square(flat(parameters) - end).sum())
        return inside / moved if moved > 0 else 0.0

    def costs(self, graph: ModelGraph, a: Array, b: Array) -> NDArray[np.float64]:
        """Return the cost at each point of a grid, shape (len(b), len(a))."""
        across, up = np.meshgrid(a, b)
        return self.costs_at(graph, np.stack([across.ravel(), up.ravel()], axis=1)).reshape(across.shape)

    def costs_at(self, graph: ModelGraph, points: Array) -> NDArray[np.float64]:
        """Return the cost at points of shape (points, 2)."""
        # Z1 is linear in W1 and b1, so it is put together from three products instead of computed at each point.
        Z1 = graph.layers[0].Z
        assert Z1 is not None
        valued = graph.evaluator([Z1])
        start, along, across = (valued(one)[0] for one in (self.origin, self.first, self.second))
        Z = examples("Z1", features=int(Z1.shape[1]))
        first_layer = {str(node.name) for node in graph.layers[0].parameters.values()}
        others = tuple(node for node in graph.connected.parameters if node.name not in first_layer)
        later = {name: array for name, array in self.origin.items() if name not in first_layer}
        rest = Plane(later, self.first, self.second, self.at, self.labels)
        roots = tuple(stable(substitute([graph.J], {Z1: Z})))
        found = []
        with one_thread_for_products():
            for a, b in points.tolist():
                rows = {**graph.rows, Z: start + (a - self.at[0]) * along + (b - self.at[1]) * across}
                found.append(float(Evaluator(roots, others, rows)(rest.parameters(a, b))[0]))
        return np.array(found)


def side(graph: ModelGraph, least: int, most: int) -> int:
    """Return how many points a side of a grid has: fewer for a large network on many rows.

    At each point, the layers after the first are computed for every row.
    """
    later = sum(math.prod(map(int, layer.parameters["W"].shape)) for layer in graph.layers[1:])
    neurons = sum(int(layer.A.shape[1]) for layer in graph.layers)
    work = len(graph.labels.values) * (later + _NEURON_WORK * neurons)
    return int(np.clip(np.sqrt(_WORK / work), least, most))


def flat(parameters: Parameters) -> NDArray[np.float64]:
    """All parameters one after the other, as float64."""
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in parameters.values()])


def _like(vector: NDArray[np.float64], parameters: Parameters) -> dict[str, Array]:
    """Cut a flat vector into the shapes of parameters."""
    found, start = {}, 0
    for name, array in parameters.items():
        found[name] = vector[start : start + array.size].reshape(array.shape)
        start += array.size
    return found


def _as_float64(parameters: Parameters) -> dict[str, Array]:
    return {name: np.asarray(array, np.float64) for name, array in parameters.items()}


def random_plane(origin: Parameters, seed: int) -> Plane:
    """Two random directions in which each neuron moves as far as its weights are long; biases stay.

    This normalisation by filters makes networks with large and with small weights comparable. Source: Li, Xu,
    Taylor, Studer, Goldstein, "Visualizing the loss landscape of neural nets", NeurIPS 2018, section 4.
    """
    first, second = (_random_direction(origin, (seed, _STREAM, number)) for number in (0, 1))
    return Plane(_as_float64(origin), first, second, (0.0, 0.0), ("random direction 1", "random direction 2"))


def _random_direction(origin: Parameters, key: tuple[int, ...]) -> dict[str, Array]:
    direction = {}
    for place, (name, array) in enumerate(origin.items()):
        if array.ndim < 2:
            direction[name] = np.zeros(array.shape)
            continue
        drawn = normal((*key, place), array.size).reshape(array.shape)
        length = np.linalg.norm(np.asarray(array, np.float64), axis=0)
        direction[name] = drawn * (length / np.linalg.norm(drawn, axis=0))
    return direction


def principal_plane(path: Sequence[Parameters], origin: Parameters) -> Plane:
    """The two directions in which a path moves most, seen from the parameters where it ended.

    Raises:
        UserError: the path never moves, or there is only one number to move.
    """
    if sum(array.size for array in origin.values()) < 2:
        raise UserError("a plane needs two parameters, but the model has only one number: plot its cost over that")
    # The moves span as many dimensions as there are of them: far fewer than there are parameters.
    products = sum((moves @ moves.T for moves in _moves(path, origin)), start=np.zeros((len(path), len(path))))
    squares, weights = np.linalg.eigh(products)
    squares, weights = squares[::-1].clip(0.0), weights[:, ::-1]
    if not squares[0] > 0:
        raise UserError("the snapshots are all the same: the parameters did not move, so there is no path to show")
    first = _combined(path, origin, _rightwards(weights[:, 0], products))
    if len(path) < 2 or squares[1] <= _STRAIGHT * squares[0]:
        second, share = _across(first), 0.0
    else:
        second, share = (
            _combined(path, origin, _rightwards(weights[:, 1], products)),
            float(squares[1] / squares.sum()),
        )
    labels = (
        f"principal direction 1 ({_percent(float(squares[0] / squares.sum()))} of the way)",
        f"principal direction 2 ({_percent(share)})",
    )
    return Plane(_as_float64(origin), _like(first, origin), _like(second, origin), (0.0, 0.0), labels)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share > 0 else "0 %"


def _moves(path: Sequence[Parameters], origin: Parameters) -> Iterator[NDArray[np.float64]]:
    """How far each place of a path is from the origin, some parameters at a time: shape (places, parameters)."""
    for name, array in origin.items():
        end = np.asarray(array, np.float64).ravel()
        for start in range(0, end.size, _NUMBERS_AT_ONCE):
            piece = slice(start, start + _NUMBERS_AT_ONCE)
            yield np.stack([parameters[name].ravel()[piece] - end[piece] for parameters in path])


def _combined(path: Sequence[Parameters], origin: Parameters, weights: Array) -> NDArray[np.float64]:
    """The direction of a weighted sum of the moves, of length 1."""
    found = np.concatenate([weights @ moves for moves in _moves(path, origin)])
    return np.asarray(found / np.linalg.norm(found))


def _rightwards(weights: Array, products: Array) -> NDArray[np.float64]:
    """Weights of the sign with which a path runs to the right: its place farthest from the end is on the left."""
    along = products @ weights
    return np.asarray(-weights if along[np.argmax(np.abs(along))] > 0 else weights)


def _across(first: NDArray[np.float64]) -> NDArray[np.float64]:
    """A direction at a right angle to another, always the same."""
    drawn = normal((_STREAM,), first.size)
    drawn -= (drawn @ first) * first
    return np.asarray(drawn / np.linalg.norm(drawn))


def weights_plane(origin: Parameters, names: Sequence[str]) -> Plane:
    """The plane of two single weights, by names such as "W1[0, 1]"; all other parameters stay.

    Raises:
        UserError: names that are none, or of weights that are not there.
    """
    if len(names) != 2 or names[0] == names[1]:
        raise UserError(f'name two different weights, such as ("W1[0, 0]", "W1[1, 0]"), not {tuple(names)!r:.80}')
    directions, at = [], []
    for name in names:
        parameter, place = _place(name, origin)
        direction = {key: np.zeros(array.shape) for key, array in origin.items()}
        direction[parameter][place] = 1.0
        directions.append(direction)
        at.append(float(origin[parameter][place]))
    return Plane(_as_float64(origin), directions[0], directions[1], (at[0], at[1]), (str(names[0]), str(names[1])))


def _place(name: object, origin: Parameters) -> tuple[str, tuple[int, ...]]:
    found = re.fullmatch(r"\s*(\w+)\s*\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]\s*", str(name))
    parameter = found[1] if found else ""
    place = tuple(int(number) for number in found[2].split(",")) if found else ()
    array = origin.get(parameter)
    if array is None or len(place) != array.ndim or any(i >= n for i, n in zip(place, array.shape, strict=True)):
        there = ", ".join(f"{key} of shape {value.shape}" for key, value in origin.items())
        raise UserError(
            f"{str(name)[:40]!r} is no weight of the model: name one like W1[0, 0], counted from 0; it has {there}"
        )
    return parameter, place


def ranges(
    path: Sequence[tuple[float, float]], at: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return how far a drawing of a path goes in both coordinates, with some room around it."""
    return spans_around(np.array([*path, at]), margin=_MARGIN, least_side=_LEAST_SIDE)


def spans_around(
    points: NDArray[np.float64], *, margin: float, least_side: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the two spans of a drawing that holds points of shape (count, 2).

    Args:
        points: what it holds.
        margin: the room on each side, as a share of the width or the height.
        least_side: the shorter side at least, as a share of the longer.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    side = high - low
    side = np.maximum(side, least_side * side.max()) if side.max() > 0 else np.ones(2)
    middle, half = (low + high) / 2, side * (0.5 + margin)
    (a0, b0), (a1, b1) = (middle - half).tolist(), (middle + half).tolist()
    return (a0, a1), (b0, b1)
