"""What a binary answer is worth at other thresholds, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.evaluation.calibration import checked_probabilities

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class ThresholdRow:
    """The figures where everything with at least this probability is answered as positive.

    Attributes:
        threshold: the probability from which the answer is positive.
        true_positives, false_positives, false_negatives, true_negatives: the counts.
    """

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def answered(self) -> int:
        """How many are answered as positive."""
        return self.true_positives + self.false_positives

    @property
    def accuracy(self) -> float | None:
        """The share of right answers; None without examples."""
        count = self.answered + self.false_negatives + self.true_negatives
        return (self.true_positives + self.true_negatives) / count if count else None

    @property
    def precision(self) -> float | None:
        """Of those answered as positive, the share that are; None where none are answered so."""
        return self.true_positives / self.answered if self.answered else None

    @property
    def recall(self) -> float | None:
        """Of the positives, the share that are found; None where there are none."""
        positives = self.true_positives + self.false_negatives
        return self.true_positives / positives if positives else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where there are no positives and none are answered."""
        both = 2 * self.true_positives + self.false_positives + self.false_negatives
        return 2 * self.true_positives / both if both else None


def threshold_table(
    y01: ArrayLike, probability: ArrayLike, thresholds: Sequence[float] = THRESHOLDS
) -> list[ThresholdRow]:
    """Count right and wrong answers at each of some thresholds.

    Args:
        y01: (m,) truth, 1 for the positive class, 0 for the rest.
        probability: (m,) of the positive class, from 0 to 1.
        thresholds: at which to count, in this order.

    Returns:
        One row for each threshold.

    Raises:
        UserError: labels that are not 0 and 1, probabilities or thresholds outside 0 to 1, or different lengths.

    >>> table = threshold_table([0, 1, 1], [0.2, 0.6, 0.9], [0.5, 0.7])
    >>> [(row.threshold, row.precision, row.recall) for row in table]
    [(0.5, 1.0, 1.0), (0.7, 1.0, 0.5)]
    """
    truth, chances = checked_probabilities(y01, probability)
    return [_row(truth == 1, chances, _checked(threshold)) for threshold in thresholds]


def _checked(threshold: float) -> float:
    if not 0 <= threshold <= 1:
        raise UserError(f"a threshold is a probability from 0 to 1, not {threshold!r:.40}")
    return float(threshold)


def _row(positive: NDArray[np.bool_], chances: NDArray[np.float64], threshold: float) -> ThresholdRow:
    answered = chances >= threshold
    return ThresholdRow(
        threshold,
        true_positives=int((answered & positive).sum()),
        false_positives=int((answered & ~positive).sum()),
        false_negatives=int((~answered & positive).sum()),
        true_negatives=int((~answered & ~positive).sum()),
    )
