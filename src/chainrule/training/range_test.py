"""What a range test saw, steps whose learning rate grows from one to the next, and which rate it chooses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The test is over where so many costs in a row are so many times that of the first steps.
_TOO_LARGE, _FIRST_STEPS, _IN_A_ROW = 4.0, 5, 3
# Costs are averaged over so many decades of rates on either side.
_WIDTH = 0.35
# A cost that falls by less than this share has not fallen.
_LEAST_FALL = 0.03
# Near the bottom a curve is flat: so much of the fall does not count, or chance would choose the rate.
_NEARLY = 0.02
# A rate at which the cost has just stopped falling is too large for a whole training.
_SAFETY = 1 / 3


@dataclass(frozen=True)
class RangeTest:
    """What a range test saw, and the learning rate that it chose.

    Attributes:
        rates: the learning rate of each step.
        costs: the cost before each step, on the step's own rows.
        smoothed: the costs averaged over neighbouring rates.
        rate: the chosen one.
        fell: whether the cost fell at any rate; where it did not, the optimizer's usual rate is the chosen one.
    """

    rates: tuple[float, ...]
    costs: tuple[float, ...]
    smoothed: tuple[float, ...]
    rate: float
    fell: bool

    def to_dict(self) -> dict[str, object]:
        """The test as plain values, for a file; a cost that is no number is None."""
        return {
            "rate": self.rate,
            "fell": self.fell,
            "rates": list(self.rates),
            "costs": [cost if math.isfinite(cost) else None for cost in self.costs],
            "smoothed": list(self.smoothed),
        }


def end_of_test(costs: Sequence[float]) -> int:
    """Say how many of the costs come before they explode: before one is no number, or some in a row are too large.

    >>> end_of_test([1.0, 1.1, 1.0, 0.9, 1.0, 7.0, 0.8, 5.0, 6.0, 9.0])
    7
    """
    large = [not cost <= _limit(costs) for cost in costs]
    for place, cost in enumerate(costs):
        if not math.isfinite(cost) or (place + _IN_A_ROW <= len(costs) and all(large[place : place + _IN_A_ROW])):
            return place
    return len(costs)


def _limit(costs: Sequence[float]) -> float:
    finite = [cost for cost in costs[:_FIRST_STEPS] if math.isfinite(cost)]
    first = sum(finite) / max(len(finite), 1)
    return first + (_TOO_LARGE - 1) * abs(first)


def chosen_rate(rates: NDArray[np.float64], costs: NDArray[np.float64], *, usual: float) -> RangeTest:
    """Choose a third of the smallest rate at which the smoothed cost has come down to its least.

    Smaller rates would have let it fall further, larger ones make it rise: the largest that is of use lies there.
    Source of the test: Smith, "Cyclical learning rates for training neural networks" (2017). Common rules take a
    tenth of the rate with the least cost, or the one where the cost falls fastest; docs/developer/defaults.md tells
    why it is a third here.

    Args:
        rates: growing, shape (steps,).
        costs: the cost before each step, shape (steps,); the last ones may be no numbers.
        usual: the rate to fall back to.

    Example:
        >>> rates = np.geomspace(1e-6, 10, 100)
        >>> costs = 1 - 0.8 / (1 + (0.01 / rates) ** 2) + rates**2
        >>> chosen_rate(rates, costs, usual=0.001).rate
        0.018
    """
    end = end_of_test(costs.tolist())
    kept = rates[:end]
    # One batch may cost much by chance.
    smoothed = _smoothed(np.log10(kept), np.minimum(costs[:end], _limit(costs.tolist())))
    # How many steps were taken after an explosion depends on the machine's speed.
    steps = end + _IN_A_ROW
    told = tuple(rates[:steps].tolist()), tuple(costs[:steps].tolist()), tuple(smoothed.tolist())
    fall = float(smoothed[0] - smoothed.min()) if end else 0.0
    if not end or fall <= _LEAST_FALL * abs(smoothed[0]):
        return RangeTest(*told, usual, fell=False)
    down = smoothed <= smoothed.min() + _NEARLY * fall
    return RangeTest(*told, _two_digits(_SAFETY * float(kept[down.argmax()])), fell=True)


def _smoothed(places: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average costs over neighbours, near ones more: by both sides, so that the curve is not late."""
    weights = np.exp(-0.5 * ((places[:, None] - places[None, :]) / (_WIDTH / 2)) ** 2)
    return np.asarray((weights @ costs) / weights.sum(axis=1))


def _two_digits(rate: float) -> float:
    """A number that people can write down: no more digits than the test can tell apart.

    >>> _two_digits(0.0123456)
    0.012
    """
    return round(rate, 1 - math.floor(math.log10(rate)))
