"""Whether probabilities mean what they say: of the answers given with 80 %, are 80 % right?"""

from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.evaluation.intervals import wilson_interval


@dataclass(frozen=True)
class CalibrationBin:
    """The examples whose probabilities lie in one range.

    Attributes:
        low, high: the range.
        count: how many examples there are, at least one.
        mean_probability: the mean of their probabilities.
        share: the share of them that are positive.
        interval: the 95 % Wilson interval of that share.
    """

    low: float
    high: float
    count: int
    mean_probability: float
    share: float
    interval: tuple[float, float]


def calibration_bins(y01: ArrayLike, probability: ArrayLike, *, bins: SupportsIndex = 10) -> list[CalibrationBin]:
    """Compare probabilities with how often they come true, in ranges of equal width.

    Args:
        y01: (m,) truth, 1 for the positive class, 0 for the rest.
        probability: (m,) of the positive class, from 0 to 1.
        bins: how many ranges.

    Returns:
        The ranges that hold an example, from low to high; both ends of the last belong to it.

    Raises:
        UserError: labels that are not 0 and 1, probabilities outside 0 to 1, or different lengths.

    Source: A. Niculescu-Mizil and R. Caruana, "Predicting good probabilities with supervised learning", ICML 2005.

    >>> [(one.mean_probability, one.share) for one in calibration_bins([0, 1, 1], [0.1, 0.1, 0.9], bins=2)]
    [(0.1, 0.5), (0.9, 1.0)]
    """
    truth, chances = checked_probabilities(y01, probability)
    count = whole(bins, "bins", least=1)
    edges = np.linspace(0, 1, count + 1)
    place = np.clip(np.searchsorted(edges, chances, side="right") - 1, 0, count - 1)
    found = []
    for number in range(count):
        inside = place == number
        if many := int(inside.sum()):
            positives = int(truth[inside].sum())
            found.append(
                CalibrationBin(
                    low=float(edges[number]),
                    high=float(edges[number + 1]),
                    count=many,
                    mean_probability=float(chances[inside].mean()),
                    share=positives / many,
                    interval=wilson_interval(positives, many),
                )
            )
    return found


def calibration_error(bins: list[CalibrationBin]) -> float | None:
    """Return the expected calibration error: the mean distance of share and probability, by the number of examples.

    Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015.

    >>> round(calibration_error(calibration_bins([0, 1, 1], [0.1, 0.1, 0.9], bins=2)), 4)
    0.3
    """
    count = sum(one.count for one in bins)
    if not count:
        return None
    return sum(one.count * abs(one.share - one.mean_probability) for one in bins) / count


def checked_probabilities(
    y01: ArrayLike, probability: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return labels and probabilities as float64 of one length.

    Raises:
        UserError: labels that are not 0 and 1, probabilities outside 0 to 1, or different lengths.

    >>> checked_probabilities([1], [0.5])[1].tolist()
    [0.5]
    """
    truth, chances = np.asarray(y01, np.float64), np.asarray(probability, np.float64)
    if truth.ndim != 1 or truth.shape != chances.shape:
        raise UserError(
            f"labels and probabilities must have one length (m,), not the shapes {truth.shape} and {chances.shape}"
        )
    if not np.isin(truth, (0, 1)).all():
        raise UserError("the labels must be 0 or 1 (1 for the positive class)")
    if not ((chances >= 0) & (chances <= 1)).all():  # NaN is not either
        raise UserError("the probabilities must lie between 0 and 1")
    return truth, chances
