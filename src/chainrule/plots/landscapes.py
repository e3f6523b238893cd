"""A cost over one or two numbers, and the ways that gradient descent takes through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of, positive, whole
from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.gradients import grad, gradients
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.rewrite import stable
from chainrule.graph.value import evaluate
from chainrule.graph.walk import topological
from chainrule.training.minimize import Minimum, minimize
from chainrule.training.optimizers import GradientDescent

Numbers = NDArray[np.float64]
Data = Mapping[Expression, ArrayLike]

# Learning rates as shares of 1 / curvature: a quadratic cost falls below 2 and grows above it.
_SHARES: dict[int, tuple[float, ...]] = {1: (0.35, 2.15, 0.03), 2: (0.9, 2.07, 0.05)}
_TRIES, _MOST_SCOUTED = 10, 200
# A descent has arrived when at most this share of the way down is left.
_NEAR = 0.1
# Where the slope has fallen to this share, a descent has come to rest.
_AT_REST = 0.02

# A descent is restless when its cost rises in this share of the steps, or when this share of them turn round.
_RISING, _TURNING = 0.2, 0.5

Outcome = Literal["good", "too high", "too low", "another minimum"]


@dataclass(frozen=True, eq=False)
class Path:
    """The parameters on the way of a descent.

    Attributes:
        rate: its learning rate.
        points: where it was, the start first, shape (steps + 1, numbers).
        costs: the cost at each, shape (steps + 1,).
        slopes: the largest partial derivative at each, without its sign.
        overflowed: whether it ended early since the cost was no longer a number.
    """

    rate: float
    points: Numbers
    costs: Numbers
    slopes: Numbers
    overflowed: bool

    @property
    def grows(self) -> bool:
        """Whether the cost at the end is higher than at the start."""
        return self.overflowed or not self.costs[-1] <= self.costs[0]

    def outcome(self, lowest: float) -> Outcome:
        """Judge the learning rate by where the descent came, given the lowest cost that is known."""
        if self.grows:
            return "too high"
        height = self.costs[0] - lowest
        if self.costs[-1] - lowest <= _NEAR * height:
            return "good"
        moves = np.diff(self.points, axis=0)
        turns = (moves[1:] * moves[:-1]).sum(axis=1) < 0
        rises = np.diff(self.costs) > 0
        if rises.mean() > _RISING or (len(turns) and turns.mean() > _TURNING):
            return "too high"
        return "another minimum" if self.slopes[-1] <= _AT_REST * self.slopes.max() else "too low"


class Landscape:
    """A cost as a function of one or two numbers.

    Args:
        J: the cost.
        parameters: leaves of J that hold `count` numbers together.
        data: the value of every other leaf.
        count: how many numbers, 1 or 2.

    Raises:
        UserError: other parameters, or data that do not fit.
    """

    def __init__(self, J: Expression, parameters: Sequence[Expression], data: Data, count: int) -> None:
        _check(J, parameters, count)
        self.J, self.parameters, self._data = J, tuple(parameters), dict(data)
        # A descent of no steps checks the data and knows the first values.
        start = self._descend(None, 1.0, 0)
        self.start = _flat([start[w] for w in self.parameters])
        self._gradients = gradients(J, self.parameters)
        self._cost = stable([J])
        self._slopes = stable(self._gradients)
        self._fixed = {leaf: array_of(value, str(leaf)) for leaf, value in self._data.items()}

    @property
    def labels(self) -> list[str]:
        """What the numbers are called: w, or w[0] and w[1]."""
        return [name for w in self.parameters for name in _names(w)]

    @property
    def data_size(self) -> int:
        """How many numbers the data hold."""
        return sum(value.size for value in self._fixed.values())

    def costs(self, points: Numbers) -> Numbers:
        """The cost at each of some points, shape (points, numbers); infinite where it is no number."""
        found = np.array([float(self._values(self._cost, point)[0]) for point in points])
        return np.where(np.isfinite(found), found, np.inf)

    def slope(self, point: Numbers) -> float:
        """The largest partial derivative at a point, without its sign."""
        return float(np.abs(_flat(self._values(self._slopes, point))).max())

    def _values(self, roots: Sequence[Expression], point: Numbers) -> list[NDArray[Any]]:
        values = evaluate(roots, {**self._fixed, **self._shaped(point)})
        return [np.asarray(values[root]) for root in roots]

    def _shaped(self, point: Numbers) -> dict[Expression, Numbers]:
        found, first = {}, 0
        for w in self.parameters:
            size = shapes.size(w.shape)
            found[w] = np.asarray(point[first : first + size]).reshape(shapes.fixed(w.shape))
            first += size
        return found

    def curvature(self, point: Numbers) -> float:
        """The largest curvature at a point, without its sign: an eigenvalue of the second derivatives."""
        rows = []
        for gradient, w in zip(self._gradients, self.parameters, strict=True):
            for place in range(shapes.size(w.shape)):
                pick = np.zeros(shapes.fixed(w.shape))
                pick.flat[place] = 1.0
                rows.append(self._second(gradient, pick, point))
        H = np.array(rows)
        return float(np.abs(np.linalg.eigvalsh((H + H.T) / 2)).max()) if np.isfinite(H).all() else 0.0

    def _second(self, gradient: Expression, pick: Numbers, point: Numbers) -> Numbers:
        """One row of the second derivatives."""
        picked = sum_of(gradient * pick)
        there = set(topological([picked]))
        found = []
        for w in self.parameters:
            if w in there:
                found += self._values(stable([grad(picked, w)]), point)
            else:
                found.append(np.zeros(shapes.fixed(w.shape)))
        return _flat(found)

    def path(self, start: Numbers, rate: float, steps: int) -> Path:
        """Take steps of gradient descent."""
        found = self._descend(start, rate, steps)
        points = np.stack([_flat([one[w] for w in self.parameters]) for one in found.snapshots])
        slopes = np.array([self.slope(point) for point in points])
        return Path(rate, points, self.costs(points), slopes, found.diverged_at is not None)

    def _descend(self, start: Numbers | None, rate: float, steps: int) -> Minimum:
        return minimize(
            self.J,
            self.parameters,
            data=self._data,
            optimizer=GradientDescent(rate),
            steps=steps,
            initial=None if start is None else self._shaped(start),
            dtype=np.float64,
            progress=False,
            snapshots=True,
        )


def _check(J: Expression, parameters: Sequence[Expression], count: int) -> None:
    if not isinstance(J, Expression):
        raise UserError(f"the cost J is an expression, such as (w - 3) ** 2, not {J!r:.40}")
    for w in parameters:
        if not isinstance(w, Expression) or shapes.has_examples(w.shape):
            raise UserError(f"{w!r:.60} is no parameter of {J}: give what cr.parameter or cr.variable returns")
    size = sum(shapes.size(w.shape) for w in parameters)
    if size != count:
        many = "; for a network, cr.plots.cost_directions draws its cost over two directions" if size > 2 else ""
        plot = "cost_curve is over one number" if count == 1 else "cost_surface is over two numbers"
        raise UserError(f"{plot}, but {', '.join(map(str, parameters)) or 'nothing'} holds {size}{many}")


def _names(w: Expression) -> list[str]:
    if shapes.size(w.shape) == 1:
        return [str(w)]
    places = np.ndindex(*shapes.fixed(w.shape))
    return [f"{w}[{', '.join(map(str, place))}]" for place in places]


def _flat(arrays: Sequence[Any]) -> Numbers:
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])


def checked_starts(starts: ArrayLike | None, landscape: Landscape) -> list[Numbers]:
    """Read where descents start: one point, several, or None for the parameters' own first values.

    Raises:
        UserError: no numbers, or other than one a parameter.
    """
    count = len(landscape.start)
    if starts is None:
        return [landscape.start]
    array = array_of(starts, "starts")
    if array.ndim == 0 or (count > 1 and array.ndim == 1):
        array = array[None]
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != count or not len(array) or array.dtype.kind not in "iuf":
        what = "a number, or several" if count == 1 else "a pair of numbers, or several"
        raise UserError(f"starts is {what}: where the descent begins; not {starts!r:.60}")
    if not np.isfinite(array).all():
        raise UserError("starts must be finite numbers")
    return [row.astype(np.float64) for row in array]


def checked_costs(starts: Sequence[Numbers], landscape: Landscape) -> None:
    """Check that the cost is a number where descents start.

    Raises:
        UserError: it is not.
    """
    for start, cost in zip(starts, landscape.costs(np.array(starts)), strict=True):
        if not np.isfinite(cost):
            where = ", ".join(f"{label} = {at:g}" for label, at in zip(landscape.labels, start, strict=True))
            raise UserError(f"the cost is no finite number at {where}: start elsewhere, with starts=")


def checked_rates(rates: Sequence[float]) -> list[float]:
    """Read learning rates.

    Raises:
        UserError: a rate that is not positive, none at all, or more than fit side by side.
    """
    listed = list(np.ravel(array_of(rates, "rates")))
    if not 1 <= len(listed) <= 4:
        raise UserError(f"rates are one to four learning rates, one a panel; there are {len(listed)}")
    return [positive(rate, "a learning rate") for rate in listed]


def good_path(landscape: Landscape, start: Numbers, steps: int) -> Path | None:
    """Find a learning rate that arrives, from the curvature at the start on; None where the cost has none there."""
    curvature = landscape.curvature(start)
    if not curvature > 0:
        return None
    first = _SHARES[len(start)][0] / curvature
    # Where the curvature grows away from the start, a lower rate is needed.
    paths = [landscape.path(start, first * 0.5**tried, min(steps, _MOST_SCOUTED)) for tried in range(_TRIES)]
    lowest = min(float(path.costs.min()) for path in paths)
    good = [path for path in paths if path.outcome(lowest) == "good" and not (np.diff(path.costs) > 0).any()]
    return good[0] if good else min(paths, key=lambda path: float(path.costs[-1]))


def usual_rates(landscape: Landscape, good: Path | None, steps: int) -> list[float]:
    """Return a too low, a good and a too high learning rate, given a descent that arrives.

    Raises:
        UserError: there is no such descent.
    """
    if good is None:
        raise UserError(
            "the cost has no curvature where the descent starts, so no learning rates follow from it: give "
            "rates=[too low, good, too high]"
        )
    start, lowest = good.points[0], float(good.costs.min())
    usual, high, low = _SHARES[len(start)]

    def comes_out(outcome: Outcome) -> Callable[[float], bool]:
        return lambda rate: landscape.path(start, rate, steps).outcome(lowest) == outcome

    # Where the curvature falls away from the start, a higher rate still arrives.
    rates = [
        _changed(good.rate * low / usual, 0.5, comes_out("too low")),
        good.rate,
        _changed(good.rate * high / usual, 1.5, comes_out("too high")),
    ]
    return [float(f"{rate:.2g}") for rate in rates]


def _changed(rate: float, factor: float, fits: Callable[[float], bool]) -> float:
    """Change a rate until it fits, or give up and return it as it was."""
    tried = rate
    for _ in range(_TRIES):
        if fits(tried):
            return tried
        tried *= factor
    return rate


def checked_steps(steps: int) -> int:
    """Read the number of steps.

    Raises:
        UserError: no whole number from 1 up.
    """
    return whole(steps, "steps", least=1)
