"""The line search of Nocedal and Wright (Numerical Optimization, 2nd edition, algorithms 3.5 and 3.6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

# The cost must fall by this share of what the slope promises, and the slope to this share of what it was.
DECREASE = 1e-4
CURVATURE = 0.9
_MOST_TRIES = 30
# A step grows at most so much from one try to the next; one between two others keeps this share off them.
_GROWTH = 10.0
_MARGIN = 0.1


@dataclass(frozen=True)
class Try:
    """The cost and its slope along the line, after a step of some length."""

    length: float
    cost: float
    slope: float


def strong_wolfe(along: Callable[[float], tuple[float, float]], start: Try, first: float) -> Try | None:
    """Find a step that meets the strong Wolfe conditions.

    That is cost <= start + 1e-4 * length * slope and |slope there| <= 0.9 * |slope|.

    Args:
        along: returns the cost and its slope for the length of a step.
        start: the step of length 0; its slope is negative.
        first: the length to try first.

    Returns:
        The step; None where none is found, since rounding hides that the cost falls.

    Example:
        >>> found = strong_wolfe(lambda t: ((t - 3) ** 2, 2 * (t - 3)), Try(0.0, 9.0, -6.0), 1.0)
        >>> found.length
        1.0
    """
    before, length = start, first
    for number in range(_MOST_TRIES):
        now = _tried(along, length)
        if _too_high(now, start) or (number and now.cost >= before.cost):
            return _zoom(along, start, before, now)
        if abs(now.slope) <= -CURVATURE * start.slope:
            return now
        if now.slope >= 0:
            return _zoom(along, start, now, before)
        guess = _minimum_of_cubic(before, now)
        before = now
        length *= _GROWTH
        if guess is not None and guess > 1.1 * now.length:
            length = min(guess, length)
        if not math.isfinite(length):
            return None
    return None


def _zoom(along: Callable[[float], tuple[float, float]], start: Try, low: Try, high: Try) -> Try | None:
    """Find the step between two, of which `low` is the best so far and its slope points to the other."""
    for _ in range(_MOST_TRIES):
        now = _tried(along, _between(low, high))
        if now.length in (low.length, high.length):
            return None
        if _too_high(now, start) or now.cost >= low.cost:
            high = now
            continue
        if abs(now.slope) <= -CURVATURE * start.slope:
            return now
        if now.slope * (high.length - low.length) >= 0:
            high = low
        low = now
    return None


def _tried(along: Callable[[float], tuple[float, float]], length: float) -> Try:
    cost, slope = along(length)
    finite = math.isfinite(cost) and math.isfinite(slope)
    return Try(length, cost, slope) if finite else Try(length, math.inf, math.inf)


def _too_high(now: Try, start: Try) -> bool:
    return now.cost > start.cost + DECREASE * now.length * start.slope


def _between(low: Try, high: Try) -> float:
    guess = _minimum_of_cubic(low, high)
    left, right = sorted((low.length, high.length))
    margin = _MARGIN * (right - left)
    if guess is None or not left + margin <= guess <= right - margin:
        return (left + right) / 2
    return guess


def _minimum_of_cubic(a: Try, b: Try) -> float | None:
    """Return where the cubic through both costs and slopes is smallest (formula 3.59)."""
    if not math.isfinite(a.cost + b.cost) or a.length == b.length:
        return None
    d1 = a.slope + b.slope - 3 * (a.cost - b.cost) / (a.length - b.length)
    square = d1 * d1 - a.slope * b.slope
    if not 0 <= square < math.inf:
        return None
    d2 = math.copysign(math.sqrt(square), b.length - a.length)
    below = b.slope - a.slope + 2 * d2
    return None if below == 0 else b.length - (b.length - a.length) * (b.slope + d2 - d1) / below
