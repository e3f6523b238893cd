"""Figures of merit of a classifier, from labels and probabilities, in plain NumPy.

Every figure that the examples leave undefined (a class is missing, nothing was answered "positive") is
`None`: never NaN, never 0, and never a warning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.evaluation.curves import (
    PrecisionRecallCurve,
    RocCurve,
    average_precision,
    precision_recall_curve,
    roc_auc,
    roc_curve,
)
from chainrule.evaluation.intervals import majority_baseline, wilson_interval

__all__ = [
    "ClassFigures",
    "Evaluation",
    "PrecisionRecallCurve",
    "RocCurve",
    "average_precision",
    "class_figures",
    "evaluate",
    "majority_baseline",
    "precision_recall_curve",
    "predicted_classes",
    "roc_auc",
    "roc_curve",
    "wilson_interval",
]

Labels = NDArray[np.int64]
Probabilities = NDArray[np.floating[Any]]

# Rows of float16 probabilities add up to 1 only this closely.
_SUM_TOLERANCE = 5e-3


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 of one class against the rest; `None` where undefined."""

    name: str
    count: int
    answered: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a classifier did on a set of examples.

    Attributes:
        count: number of examples, m.
        accuracy: share of right answers.
        accuracy_interval: its 95 % Wilson interval (low, high).
        balanced_accuracy: mean of the classes' recalls.
        precision, recall, f1, roc_auc, average_precision: of the positive class where there are two classes;
            otherwise means over the classes, each against the rest.
        log_loss: mean of -log(probability of the true class), natural logarithm.
        brier: mean squared error of the positive class's probability (two classes), or of all k
            probabilities, summed (more classes).
        confusion: (k, k) counts; rows are the truth, columns the answers.
        classes: k class names.
        positive: index of the positive class, `None` where there are more than two.
        threshold: probability from which an answer is positive, `None` where there are more than two classes.
    """

    count: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    balanced_accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None
    average_precision: float | None
    log_loss: float
    brier: float
    confusion: Labels
    classes: tuple[str, ...]
    positive: int | None
    threshold: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain Python values, ready for JSON."""
        figures = dict(vars(self))
        figures["accuracy_interval"] = list(self.accuracy_interval)
        figures["confusion"] = self.confusion.tolist()
        figures["classes"] = list(self.classes)
        return figures


def evaluate(
    y: ArrayLike,
    probabilities: ArrayLike,
    *,
    classes: Sequence[str],
    positive: int | None = None,
    threshold: float = 0.5,
) -> Evaluation:
    """Return how well probabilities answer the labels.

    Args:
        y: (m,) or (m, 1) indices into `classes`.
        probabilities: (m, k) probabilities of the classes; each row adds up to 1.
        classes: k class names, at least two.
        positive: index of the positive class where there are two classes (1 unless set).
        threshold: the answer is positive when its probability is at least this; used with two classes only,
            with more the likeliest class is the answer.

    Returns:
        The figures; those that the examples leave undefined are `None`.

    Raises:
        UserError: where shapes, labels or probabilities do not fit together.

    Sources: precision, recall, F1: C. J. van Rijsbergen, "Information Retrieval", 1979, chapter 7. Balanced
    accuracy: K. H. Brodersen and others, "The balanced accuracy and its posterior distribution", ICPR 2010.
    Log loss: I. J. Good, "Rational decisions", 1952. Brier score: G. W. Brier, "Verification of forecasts
    expressed in terms of probability", 1950. Curves and intervals: see `chainrule.evaluation.curves` and
    `chainrule.evaluation.intervals`.

    >>> result = evaluate([0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], classes=["cat", "dog"])
    >>> result.confusion.tolist(), result.precision, result.recall
    ([[1, 0], [1, 1]], 1.0, 0.5)
    """
    labels, chances = _checked(y, probabilities, len(classes))
    k = len(classes)
    if k == 2:
        positive = _checked_positive(1 if positive is None else positive)
    elif positive is not None:
        raise UserError(f"a positive class belongs to two classes; there are {k}: leave positive unset")
    answers = predicted_classes(chances, positive=positive, threshold=threshold)
    confusion = np.bincount(labels * k + answers, minlength=k * k).reshape(k, k).astype(np.int64)
    confusion.setflags(write=False)
    right, count = int(np.trace(confusion)), labels.size
    each = class_figures(confusion, classes)
    shown = each if positive is None else (each[positive],)
    ranked = range(k) if positive is None else (positive,)
    return Evaluation(
        count=count,
        accuracy=right / count,
        accuracy_interval=wilson_interval(right, count),
        balanced_accuracy=_mean([one.recall for one in each]),
        precision=_mean([one.precision for one in shown]),
        recall=_mean([one.recall for one in shown]),
        f1=_mean([one.f1 for one in shown]),
        roc_auc=_mean([roc_auc(labels == i, chances[:, i]) for i in ranked]),
        average_precision=_mean([average_precision(labels == i, chances[:, i]) for i in ranked]),
        log_loss=_log_loss(labels, chances),
        brier=_brier(labels, chances),
        confusion=confusion,
        classes=tuple(classes),
        positive=positive,
        threshold=None if positive is None else float(threshold),
    )


def predicted_classes(
    probabilities: Probabilities, *, positive: int | None = None, threshold: float = 0.5
) -> Labels:
    """Return the class that each row of probabilities answers.

    Args:
        probabilities: (m, k) probabilities of the classes.
        positive: index of the positive class of two; it is the answer when its probability is at least
            `threshold`. `None`: the likeliest class is the answer, the first of equals.
        threshold: see `positive`.

    Returns:
        (m,) indices of classes.

    >>> import numpy as np
    >>> predicted_classes(np.array([[0.5, 0.5], [0.7, 0.3]]), positive=1).tolist()
    [1, 0]
    """
    if positive is None:
        answers: Labels = np.argmax(probabilities, axis=1).astype(np.int64)
    else:
        is_positive = probabilities[:, positive] >= threshold
        answers = np.where(is_positive, np.int64(positive), np.int64(1 - positive))
    return answers


def class_figures(confusion: Labels, classes: Sequence[str]) -> tuple[ClassFigures, ...]:
    """Return precision, recall and F1 of every class, from a confusion matrix (rows truth, columns answers).

    >>> import numpy as np
    >>> [one.recall for one in class_figures(np.array([[3, 1], [0, 0]]), ["cat", "dog"])]
    [0.75, None]
    """
    figures = []
    for i, name in enumerate(classes):
        true, count, answered = (int(confusion[i, i]), int(confusion[i].sum()), int(confusion[:, i].sum()))
        figures.append(
            ClassFigures(
                name,
                count,
                answered,
                precision=_ratio(true, answered),
                recall=_ratio(true, count),
                f1=_ratio(2 * true, count + answered),
            )
        )
    return tuple(figures)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(figures: Sequence[float | None]) -> float | None:
    """Average figures; one undefined figure leaves their mean undefined, rather than flattering it."""
    defined = [figure for figure in figures if figure is not None]
    return sum(defined) / len(defined) if len(defined) == len(figures) else None


def _log_loss(labels: Labels, chances: Probabilities) -> float:
    """Average -log p(truth), with p kept one rounding step away from 0 and 1, as scikit-learn does."""
    step = np.finfo(chances.dtype).eps
    truth = np.clip(chances[np.arange(labels.size), labels], step, 1 - step)
    return float(-np.mean(np.log(truth.astype(np.float64))))


def _brier(labels: Labels, chances: Probabilities) -> float:
    k = chances.shape[1]
    truth = np.eye(k)[labels]
    squares = np.square(chances.astype(np.float64) - truth).sum(axis=1)
    # With two classes both columns err alike: half their sum is the score of the positive class alone.
    return float(np.mean(squares) / (2 if k == 2 else 1))


def _checked_positive(positive: int) -> int:
    if positive not in (0, 1):
        raise UserError(f"the positive class must be 0 or 1, an index into the two classes, not {positive!r}")
    return int(positive)


def _checked(y: ArrayLike, probabilities: ArrayLike, k: int) -> tuple[Labels, Probabilities]:
    chances = np.asarray(probabilities)
    if not np.issubdtype(chances.dtype, np.floating):
        chances = chances.astype(np.float64)
    labels = _checked_labels(np.asarray(y), k)
    if chances.shape != (labels.size, k):
        raise UserError(
            f"probabilities must be of shape ({labels.size}, {k}), a row an example and a column a class, "
            f"not {chances.shape}"
        )
    if not np.isfinite(chances).all() or chances.min() < 0 or chances.max() > 1:
        raise UserError(
            "probabilities must be finite numbers from 0 to 1; apply sigmoid or softmax to logits first"
        )
    off = float(np.abs(chances.sum(axis=1, dtype=np.float64) - 1).max())
    if off > _SUM_TOLERANCE:
        raise UserError(f"each row of probabilities must add up to 1; one is off by {off:.3g}")
    return labels, chances


def _checked_labels(labels: NDArray[Any], k: int) -> Labels:
    if k < 2:
        raise UserError(f"an evaluation needs at least two classes, not {k}")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.size == 0:
        raise UserError(f"labels must be of shape (m,) with at least one example, not {labels.shape}")
    if not np.isin(labels, np.arange(k)).all():
        raise UserError(f"labels must be whole numbers from 0 to {k - 1}, indices into the {k} classes")
    return labels.astype(np.int64)
