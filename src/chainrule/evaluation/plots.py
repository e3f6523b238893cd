"""Which curves the report shows, with their legends, or why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from chainrule.evaluation.calibration import calibration_bins, calibration_error
from chainrule.evaluation.curves import average_precision, precision_recall_curve, roc_auc, roc_curve
from chainrule.evaluation.figures import SERIES, Line, lines_figure, square_figure
from chainrule.evaluation.wording import figure

if TYPE_CHECKING:
    from chainrule.evaluation.report import Report

# From this ratio on, a linear axis shows only the first epochs of a falling cost.
_LOGARITHMIC_RATIO = 50
# A single step may cost so much that the rest would be a flat line.
_HIGHEST = 1.5


@dataclass(frozen=True)
class Legend:
    """One entry of a legend.

    `kind` is "line", "dashed", "dotted", "dot" or "ring", `color` a CSS variable's name.
    """

    label: str
    kind: str
    color: str


@dataclass(frozen=True)
class Plot:
    """A figure with its heading and legend; without one, `reason` says why."""

    title: str
    svg: Markup | None
    legend: tuple[Legend, ...] = ()
    reason: str = ""


_GUESSING = Legend("guessing", "dotted", "soft")
_PERFECT = Legend("where they would be equal", "dotted", "soft")


def learning_plots(report: "Report") -> list[Plot]:
    """Return cost and accuracy over the epochs."""
    return [
        _learning_plot(report, "cost", "Cost"),
        _learning_plot(report, "accuracy", "Accuracy"),
    ]


def _learning_plot(report: "Report", key: str, title: str) -> Plot:
    epochs = _column(report.history, "epoch")
    series = [("training", key, SERIES[0], True), ("validation", f"validation_{key}", SERIES[1], False)]
    lines, legend, ends = [], [], []
    for label, column, color, dashed in series:
        values = _column(report.history, column)
        finite = values[np.isfinite(values)]
        if finite.size:
            lines.append(Line(epochs, values, color, dashed))
            legend.append(Legend(label, "dashed" if dashed else "line", color))
            ends.append((label, finite))
    if not lines:
        return Plot(title, None, reason=f"No {key} was recorded.")
    if report.best_epoch is not None:
        legend.append(Legend(f"epoch {report.best_epoch}, kept", "dotted", "soft"))
    everything = np.concatenate([finite for _, finite in ends])
    svg = lines_figure(
        key,
        lines,
        x_label="epoch",
        y_label=key,
        mark=report.best_epoch,
        logarithmic=key == "cost" and spans_decades(everything),
        shares=key == "accuracy",
        description=f"{title} by epoch. "
        + "; ".join(f"{label}: from {figure(x[0])} to {figure(x[-1])}" for label, x in ends),
    )
    return Plot(title, Markup(svg), tuple(legend))


def range_plot(test: Mapping[str, Any]) -> Plot:
    """Return the costs of a range test by the learning rate.

    Args:
        test: the chosen `rate`, and of each step `rates`, `costs` and `smoothed`.
    """
    end = len(test["smoothed"])
    rates, rate = test["rates"][:end], f"{test['rate']:g}"
    if not end:
        return Plot("Cost of steps by their rate", None, reason="The cost of the first step was no number.")
    costs = np.minimum(test["costs"][:end], _HIGHEST * max(test["smoothed"]))
    svg = lines_figure(
        "range",
        [Line(rates, costs, SERIES[0], dashed=True), Line(rates, test["smoothed"], SERIES[1])],
        x_label="learning rate",
        y_label="cost",
        mark=test["rate"],
        decades=True,
        description=f"Cost of steps with growing learning rates; the chosen rate is {rate}.",
    )
    legend = (
        Legend("each step", "dashed", SERIES[0]),
        Legend("averaged over its neighbours", "line", SERIES[1]),
        Legend(f"{rate}, chosen", "dotted", "soft"),
    )
    return Plot("Cost of steps by their rate", Markup(svg), legend)


def _column(history: Sequence[Mapping[str, float | None]], name: str) -> NDArray[np.float64]:
    values = [np.nan if (value := row.get(name)) is None else value for row in history]
    column = np.array(values, np.float64)
    column[~np.isfinite(column)] = np.nan  # a gap in the line
    return column


def spans_decades(values: NDArray[np.float64]) -> bool:
    """Tell whether costs are so far apart that only a logarithmic axis shows them all."""
    return bool(values.min() > 0 and values.max() / values.min() > _LOGARITHMIC_RATIO)


def threshold_plots(report: "Report") -> list[Plot]:
    """Return the ROC and the precision-recall curve: of the positive class, or of each class against the rest."""
    title_roc, title_pr = "ROC: found against false alarms", "Precision against recall"
    positive = report.evaluation.positive
    if positive is None and len(report.classes) > len(SERIES):
        reason = (
            f"{len(report.classes)} classes are too many for lines of their own; the table below has the means."
        )
        return [Plot(title_roc, None, reason=reason), Plot(title_pr, None, reason=reason)]
    shown = range(len(report.classes)) if positive is None else (positive,)
    return [_roc_plot(report, title_roc, shown), _precision_plot(report, title_pr, shown)]


def _roc_plot(report: "Report", title: str, shown: Sequence[int]) -> Plot:
    lines, legend = [], []
    for color, i in zip(SERIES, shown, strict=False):
        truth, chance = report.y_test == i, report.probabilities[:, i]
        if curve := roc_curve(truth, chance):
            lines.append(Line(curve.false_positive_rate, curve.true_positive_rate, color))
        legend.append(_class_legend(report.classes[i], "area", roc_auc(truth, chance), color))
    if not lines:
        return Plot(title, None, reason="Undefined: the test examples are all of one class.")
    svg = square_figure(
        "roc",
        lines,
        x_label="false positive rate",
        y_label="true positive rate (recall)",
        guide=((0, 1), (0, 1)),
        point=_roc_point(report),
        description="True against false positive rate. " + "; ".join(entry.label for entry in legend),
    )
    return Plot(title, Markup(svg), (*legend, _GUESSING, *_threshold_legend(report)))


def _precision_plot(report: "Report", title: str, shown: Sequence[int]) -> Plot:
    lines, legend = [], []
    for color, i in zip(SERIES, shown, strict=False):
        truth, chance = report.y_test == i, report.probabilities[:, i]
        if curve := precision_recall_curve(truth, chance):
            lines.append(Line(curve.recall, curve.precision, color))
        legend.append(
            _class_legend(report.classes[i], "average precision", average_precision(truth, chance), color)
        )
    if not lines:
        return Plot(title, None, reason="Undefined: the test examples lack the positive class.")
    # Guessing gives a class's share of the examples: one line for one class, too many for more.
    share = float(np.mean(report.y_test == shown[0])) if len(shown) == 1 else None
    svg = square_figure(
        "precision",
        lines,
        x_label="recall",
        y_label="precision",
        guide=None if share is None else ((0, 1), (share, share)),
        point=_precision_point(report),
        description="Precision against recall. " + "; ".join(entry.label for entry in legend),
    )
    guessing = () if share is None else (_GUESSING,)
    return Plot(title, Markup(svg), (*legend, *guessing, *_threshold_legend(report)))


def calibration_plot(report: "Report") -> Plot:
    """Return how often answers come true by their probability: the positive class, or the likeliest of many."""
    positive = report.evaluation.positive
    if positive is None:
        chance = report.probabilities.max(axis=1)
        truth = report.probabilities.argmax(axis=1) == report.y_test
        title, what = "Probability of the answer, and how often it is right", "share of right answers"
    else:
        chance, truth = report.probabilities[:, positive], report.y_test == positive
        title, what = "Probability and outcome", f"share that is {report.classes[positive]}"
    # Rows of float16 or float32 may end a hair above 1.
    bins = calibration_bins(truth, np.clip(np.asarray(chance, np.float64), 0, 1))
    line = Line(
        [one.mean_probability for one in bins],
        [one.share for one in bins],
        SERIES[0],
        dots=True,
        bars=[one.interval for one in bins],
    )
    error = figure(calibration_error(bins))
    svg = square_figure(
        "calibration",
        [line],
        x_label="probability that the network gives",
        y_label="share that comes true",
        guide=((0, 1), (0, 1)),
        description=f"Share that comes true by probability; they differ by {error} on average.",
    )
    legend = Legend(f"{what}, with its 95 % interval; off by {error} on average", "line", SERIES[0])
    return Plot(title, Markup(svg), (legend, _PERFECT))


def _class_legend(name: str, word: str, value: float | None, color: str) -> Legend:
    return Legend(f"{name}: {word} {figure(value)}", "line", color)


def _threshold_legend(report: "Report") -> tuple[Legend, ...]:
    threshold = report.evaluation.threshold
    return () if threshold is None else (Legend(f"at threshold {threshold:g}", "dot", "ink"),)


def _roc_point(report: "Report") -> tuple[float, float] | None:
    evaluation = report.evaluation
    if evaluation.positive is None or evaluation.recall is None:
        return None
    negative = evaluation.confusion[1 - evaluation.positive]
    return float(negative[evaluation.positive] / negative.sum()), evaluation.recall


def _precision_point(report: "Report") -> tuple[float, float] | None:
    evaluation = report.evaluation
    if evaluation.positive is None or evaluation.recall is None or evaluation.precision is None:
        return None
    return evaluation.recall, evaluation.precision
