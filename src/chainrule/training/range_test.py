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
# The first steps hardly move anything: they tell the cost of the start, and how much batches differ.
_AT_START = 10
# A cost that falls by less than this share, or by less than so many standard deviations of its averages, has not
# fallen.
_LEAST_FALL, _DEVIATIONS = 0.05, 3.0
# Where it is larger than that of the start by this share, or so many deviations, the rate is far too large. What
# falls later is no learning: neurons die, and a network that always gives the same answer may cost less than the
# first one.
_RISE, _MORE_DEVIATIONS = 0.15, 4.0
# Nor has a network learned whose least cost differs by less than this share from that of such an answer.
_PLAIN = 0.03
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


def chosen_rate(
    rates: NDArray[np.float64], costs: NDArray[np.float64], *, usual: float, plain: float = 0.0
) -> RangeTest:
    """Choose a third of the smallest rate at which the smoothed cost has come down into its first valley.

    Smaller rates would have let it fall further, larger ones make it rise: the largest that is of use lies there.
    Source of the test: Smith, "Cyclical learning rates for training neural networks" (2017). Common rules take a
    tenth of the rate with the least cost, or the one where the cost falls fastest; docs/developer/defaults.md tells
    why it is a third here.

    Args:
        rates: growing, shape (steps,).
        costs: the cost before each step, shape (steps,); the last ones may be no numbers.
        usual: the rate to fall back to.
        plain: the cost of always giving the same answer; 0 where it is not known.

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
    start = float(np.mean(costs[:_AT_START])) if end else 0.0
    spread = _spread(kept, costs[:end])
    high = smoothed > start + max(_RISE * abs(start), _MORE_DEVIATIONS * spread)
    valley = smoothed[: int(high.argmax()) if high.any() else end]
    fall = start - float(valley.min()) if len(valley) else 0.0
    is_plain = len(valley) and abs(float(valley.min()) - plain) < _PLAIN * plain
    if not fall > max(_LEAST_FALL * abs(start), _DEVIATIONS * spread) or is_plain:
        return RangeTest(*told, usual, fell=False)
    down = valley <= valley.min() + _NEARLY * fall
    return RangeTest(*told, _two_digits(_SAFETY * float(kept[down.argmax()])), fell=True)


def _spread(rates: NDArray[np.float64], costs: NDArray[np.float64]) -> float:
    """The standard deviation of averages over neighbours, by that of the first steps."""
    if not len(costs):
        return 0.0
    weights = _weights(np.log10(rates))[len(rates) // 2]
    return float(np.std(costs[:_AT_START]) * np.linalg.norm(weights) / weights.sum())


def _smoothed(places: NDArray[np.float64], costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average costs over neighbours, near ones more: by both sides, so that the curve is not late."""
    weights = _weights(places)
    return np.asarray((weights @ costs) / weights.sum(axis=1))


def _weights(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * ((places[:, None] - places[None, :]) / (_WIDTH / 2)) ** 2))


def _two_digits(rate: float) -> float:
    """A number that people can write down: no more digits than the test can tell apart.

    >>> _two_digits(0.0123456)
    0.012
    """
    return round(rate, 1 - math.floor(math.log10(rate)))
