"""L-BFGS: a Newton method that learns the curvature from its last steps (Liu and Nocedal, 1989)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.training.line_search import Try, strong_wolfe

Vector = NDArray[np.float64]
Function = Callable[[Vector], tuple[float, Vector]]


@dataclass(frozen=True, eq=False)
class Iterate:
    """A point on the way.

    Attributes:
        x: where it is.
        cost, gradient: of the function there.
        length: that of the step that led there, as a multiple of the direction; 0 at the start.
        reason: why the search ends here; None where it goes on.
    """

    x: Vector
    cost: float
    gradient: Vector
    length: float = 0.0
    reason: str | None = None


def lbfgs(function: Function, x: Vector, *, history: int, tolerance: float) -> Iterator[Iterate]:
    """Go down a function of many numbers (Nocedal and Wright, algorithms 7.4 and 7.5).

    Args:
        function: returns the cost and the gradient at a point.
        x: where to start.
        history: from how many steps the curvature is learned.
        tolerance: the search ends where no element of the gradient is larger.

    Yields:
        The start and the points after each step, without end until one has a reason.

    Example:
        >>> points = list(lbfgs(lambda x: (float(x @ x), 2 * x), np.ones(3), history=5, tolerance=1e-6))
        >>> len(points), bool(abs(points[-1].x).max() < 1e-6), points[-1].reason
        (3, True, 'no element of the gradient is larger than 1e-06')
    """
    cost, gradient = function(x)
    point = _checked(Iterate(x, cost, gradient), tolerance)
    memory = _Memory(history)
    yield point
    while point.reason is None:
        found = _next(function, point, memory)
        if found is None and memory.steps:
            # What was learned may be wrong: once more in the direction of the gradient.
            memory.steps.clear()
            found = _next(function, point, memory)
        if found is None:
            reason = "rounding hides whether the cost falls any further"
            yield Iterate(point.x, point.cost, point.gradient, 0.0, reason)
            return
        memory.add(found.x - point.x, found.gradient - point.gradient)
        point = _checked(found, tolerance)
        yield point


def _checked(point: Iterate, tolerance: float) -> Iterate:
    reason = None
    if not np.isfinite(point.cost) or not np.isfinite(point.gradient).all():
        reason = "the cost or its gradient is no finite number"
    elif abs(point.gradient).max() <= tolerance:
        reason = f"no element of the gradient is larger than {tolerance:g}"
    return Iterate(point.x, point.cost, point.gradient, point.length, reason)


def _next(function: Function, point: Iterate, memory: _Memory) -> Iterate | None:
    direction = -memory.times(point.gradient)
    slope = float(direction @ point.gradient)
    if not -np.inf < slope < 0:
        return None
    last: dict[float, Iterate] = {}

    def along(length: float) -> tuple[float, float]:
        x = point.x + length * direction
        cost, gradient = function(x)
        last.clear()
        last[length] = Iterate(x, cost, gradient, length)
        return cost, float(gradient @ direction)

    # Without knowledge of the curvature, a short step; later the length of a Newton step.
    first = 1.0 if memory.steps else min(1.0, 1.0 / float(abs(point.gradient).sum()))
    found = strong_wolfe(along, Try(0.0, point.cost, slope), first)
    return None if found is None else last[found.length]


class _Memory:
    """The last steps and the changes of the gradient over them."""

    def __init__(self, history: int) -> None:
        self.steps: deque[tuple[Vector, Vector, float]] = deque(maxlen=history)

    def add(self, s: Vector, y: Vector) -> None:
        """Keep a step; one along which the gradient did not grow says nothing of the curvature."""
        product = float(s @ y)
        if product > np.finfo(np.float64).eps * float(y @ y):
            self.steps.append((s, y, 1.0 / product))

    def times(self, gradient: Vector) -> Vector:
        """Multiply with the inverse of the curvature as far as it is known (algorithm 7.4)."""
        q = gradient.copy()
        shares = []
        for s, y, rho in reversed(self.steps):
            share = rho * float(s @ q)
            shares.append(share)
            q -= share * y
        if self.steps:
            s, y, rho = self.steps[-1]
            q /= rho * float(y @ y)
        for (s, y, rho), share in zip(self.steps, reversed(shares), strict=True):
            q += s * (share - rho * float(y @ q))
        return q
