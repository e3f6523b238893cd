"""Curves over all thresholds of a binary answer, and the areas under them.

They are laid out as in scikit-learn (every distinct score is a threshold, none is dropped). Where a curve is
undefined, because the examples lack a class that it divides by, it is `None`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError

Floats = NDArray[np.float64]


class RocCurve(NamedTuple):
    """Rates at falling thresholds, from (0, 0) at infinity to (1, 1) at the lowest score."""

    false_positive_rate: Floats
    true_positive_rate: Floats
    thresholds: Floats


class PrecisionRecallCurve(NamedTuple):
    """Precision and recall at rising thresholds, with a last point (1, 0) that has no threshold."""

    precision: Floats
    recall: Floats
    thresholds: Floats


def roc_curve(y01: ArrayLike, score: ArrayLike) -> RocCurve | None:
    """Return the receiver operating characteristic: true against false positive rate.

    Args:
        y01: (m,) truth, 1 for the positive class, 0 for the rest.
        score: (m,) any number that is higher for a likelier positive.

    Returns:
        The curve, or `None` where there are no positives or no negatives.

    Raises:
        UserError: where labels are not 0 and 1, lengths differ, or a score is not a finite number.

    Source: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006), 861-874.

    >>> curve = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> curve.true_positive_rate.tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    """
    true, false, thresholds = _counts_by_threshold(y01, score)
    if not thresholds.size or true[-1] == 0 or false[-1] == 0:
        return None
    return RocCurve(
        np.r_[0.0, false / false[-1]],
        np.r_[0.0, true / true[-1]],
        np.r_[np.inf, thresholds],
    )


def precision_recall_curve(y01: ArrayLike, score: ArrayLike) -> PrecisionRecallCurve | None:
    """Return precision against recall over all thresholds.

    Args:
        y01: (m,) truth, 1 for the positive class, 0 for the rest.
        score: (m,) any number that is higher for a likelier positive.

    Returns:
        The curve, or `None` where there are no positives.

    Raises:
        UserError: where labels are not 0 and 1, lengths differ, or a score is not a finite number.

    Source: J. Davis and M. Goadrich, "The relationship between precision-recall and ROC curves", ICML 2006.

    >>> precision_recall_curve([0, 1, 1], [0.2, 0.5, 0.9]).recall.tolist()
    [1.0, 1.0, 0.5, 0.0]
    """
    true, false, thresholds = _counts_by_threshold(y01, score)
    if not thresholds.size or true[-1] == 0:
        return None
    precision, recall = true / (true + false), true / true[-1]
    return PrecisionRecallCurve(np.r_[precision[::-1], 1.0], np.r_[recall[::-1], 0.0], thresholds[::-1])


def roc_auc(y01: ArrayLike, score: ArrayLike) -> float | None:
    """Return the area under the ROC curve, or `None` where a class is missing.

    It is the chance that a positive scores higher than a negative, ties counting one half.

    Source: J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", Radiology 143 (1982), 29-36.

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    curve = roc_curve(y01, score)
    if curve is None:
        return None
    return float(np.trapezoid(curve.true_positive_rate, curve.false_positive_rate))


def average_precision(y01: ArrayLike, score: ArrayLike) -> float | None:
    """Return the mean of the precisions at each gain of recall, or `None` where there are no positives.

    AP is the sum of (R_n - R_(n-1)) P_n, without interpolation, which would be too optimistic.

    Source: M. Zhu, "Recall, precision and average precision", University of Waterloo, 2004.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    curve = precision_recall_curve(y01, score)
    if curve is None:
        return None
    return float(-np.sum(np.diff(curve.recall) * curve.precision[:-1]))


def _counts_by_threshold(y01: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Count true and false positives at each distinct score, from the highest down."""
    truth, scores = _checked(y01, score)
    order = np.argsort(-scores, kind="stable")
    truth, scores = truth[order], scores[order]
    last_of_tie = np.ones(scores.size, bool)
    last_of_tie[:-1] = scores[1:] != scores[:-1]
    true = np.cumsum(truth)[last_of_tie]
    false = np.cumsum(1 - truth)[last_of_tie]
    return true, false, scores[last_of_tie]


def _checked(y01: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    truth, scores = np.asarray(y01, np.float64), np.asarray(score, np.float64)
    if truth.ndim != 1 or truth.shape != scores.shape:
        raise UserError(
            f"a curve needs labels and scores of one length (m,), not of shapes {truth.shape} and {scores.shape}"
        )
    if not np.isin(truth, (0, 1)).all():
        raise UserError("a curve needs labels that are 0 or 1 (1 for the positive class)")
    if not np.isfinite(scores).all():
        raise UserError("a curve needs finite scores; some are NaN or infinite")
    return truth, scores
