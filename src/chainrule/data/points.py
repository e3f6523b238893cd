"""Sets of points in the plane to learn on, like those of TensorFlow Playground (playground.tensorflow.org)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.random import combine, normal, permutation, uniform

Points = NDArray[np.float64]

_STREAM = 0x504F_494E_5453
_RADIUS = 5.0


def points(
    name: str, *, count: int = 200, noise: float | None = None, seed: int = 0
) -> tuple[Points, NDArray[np.int64]]:
    """Draw a set of points in two classes, about half of the points each.

    "gauss" is two round clouds that a straight line parts, "circle" a disc within a ring, "xor" four squares
    coloured like a chess board, "spiral" two arms wound into each other, "moons" two half circles. The
    coordinates lie within about -6 and 6.

    Args:
        name: one of the five.
        count: how many points, at least 4.
        noise: standard deviation of what is added to each coordinate, in its units; None takes 0.7 for gauss,
            0.2 for circle, 0.1 for xor and spiral, and 0.3 for moons.
        seed: any whole number.

    Returns:
        X of shape (count, 2), float64, and y of shape (count,), int64, of 0 and 1; in random order.

    Raises:
        UserError: the name is unknown, or count or noise makes no sense.

    >>> X, y = points("circle", count=10)
    >>> X.shape, int(y.sum())
    ((10, 2), 5)
    """
    if name not in _SETS:
        raise UserError(f"there is no set of points called {name!r}; there are {', '.join(_SETS)}")
    place, usual = _SETS[name]
    spread = usual if noise is None else noise
    if isinstance(count, bool) or count < 4:
        raise UserError(f"count is the number of points, at least 4; it was {count}")
    if not (math.isfinite(spread) and spread >= 0):
        raise UserError(f"noise is a standard deviation, a number from 0 up; it was {noise}")
    key = (seed, _STREAM, list(_SETS).index(name))
    y = (np.arange(count) % 2).astype(np.int64)
    X = place(y, combine(key))
    X += spread * normal((*key, 1), 2 * count).reshape(count, 2)
    order = permutation((*key, 2), count)
    return X[order], y[order]


def _gauss(y: NDArray[np.int64], key: int) -> Points:
    centre = np.where(y == 1, 2.0, -2.0)
    return np.stack([centre, centre], axis=1)


def _circle(y: NDArray[np.int64], key: int) -> Points:
    share = uniform((key, 0), len(y))
    radius = np.where(y == 1, 0.5 * share, 0.7 + 0.3 * share) * _RADIUS
    return _polar(radius, 2 * np.pi * uniform((key, 1), len(y)))


def _xor(y: NDArray[np.int64], key: int) -> Points:
    # A gap of 0.6 between the squares, as in the Playground. The points go round the four squares in turn.
    sides: Points = 0.3 + (_RADIUS - 0.3) * np.stack([uniform((key, 0), len(y)), uniform((key, 1), len(y))], axis=1)
    across = np.where(np.arange(len(y)) // 2 % 2 == 0, 1.0, -1.0)
    corner: Points = np.stack([across, np.where(y == 1, across, -across)], axis=1)
    return sides * corner


def _spiral(y: NDArray[np.int64], key: int) -> Points:
    share = (np.arange(len(y)) // 2) / ((len(y) + 1) // 2)
    return _polar(_RADIUS * share, 1.75 * 2 * np.pi * share + np.where(y == 1, 0.0, np.pi))


def _moons(y: NDArray[np.int64], key: int) -> Points:
    angle = np.pi * uniform((key, 0), len(y))
    upper: Points = 3.0 * np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    return np.where((y == 1)[:, None], -upper, upper)


def _polar(radius: Points, angle: Points) -> Points:
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)


_SETS: dict[str, tuple[Callable[[NDArray[np.int64], int], Points], float]] = {
    "gauss": (_gauss, 0.7),
    "circle": (_circle, 0.2),
    "xor": (_xor, 0.1),
    "spiral": (_spiral, 0.1),
    "moons": (_moons, 0.3),
}
