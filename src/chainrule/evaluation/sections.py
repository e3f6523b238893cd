"""The sections of the report: what the page's template prints, worked out from a `Report`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.evaluation import advice
from chainrule.evaluation.examples import Mistake, Neuron, confident_mistakes, strongest_neurons
from chainrule.evaluation.intervals import wilson_interval
from chainrule.evaluation.metrics import ClassFigures, Evaluation, class_figures
from chainrule.evaluation.plots import calibration_plot, learning_plots, range_plot, threshold_plots
from chainrule.evaluation.thresholds import THRESHOLDS, threshold_table
from chainrule.evaluation.thumbnails import data_address
from chainrule.evaluation.wording import UNDEFINED, duration, figure, interval, percent, setting, whole

if TYPE_CHECKING:
    from chainrule.evaluation.report import Report

_LARGEST_TABLE = 25
_CONFUSIONS_SHOWN = 25
_SKIPPED_SHOWN = 200
_COPIES_SHOWN = 50


@dataclass(frozen=True)
class Bar:
    """An accuracy with its interval, as a bar; positions are in per cent of the scale."""

    name: str
    value: str
    interval: str
    share: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Cell:
    """One count of the confusion matrix; `shade` is its share of its row, from 0 to 100."""

    count: str
    share: str
    shade: int
    right: bool


@dataclass(frozen=True)
class Metric:
    """One metric with its value and what it means."""

    name: str
    value: str
    meaning: str


def sections(report: "Report") -> dict[str, Any]:
    """Return everything the template prints, by name."""
    evaluation = report.evaluation
    unit = "pictures" if report.pictures is not None else "rows"
    mistakes, mistake_count = confident_mistakes(report)
    neurons, neuron_count = strongest_neurons(report)
    return {
        "unit": unit,
        "count": whole(evaluation.count),
        "accuracy": percent(evaluation.accuracy),
        "accuracy_interval": interval(*evaluation.accuracy_interval),
        "bars": bars(evaluation, report.baselines),
        "advice": advice_of(report),
        "plots": {
            "learning": learning_plots(report),
            "range_test": None if report.range_test is None else range_plot(report.range_test),
            "thresholds": threshold_plots(report),
            "calibration": calibration_plot(report),
        },
        "threshold_rows": threshold_rows(report),
        "learning_sentence": learning_sentence(report),
        "confusion": confusion_rows(evaluation),
        "confusions": frequent_confusions(evaluation),
        "metrics": metrics_of(evaluation, unit),
        "class_figures": [class_row(one) for one in class_figures(evaluation.confusion, evaluation.classes)],
        "mistakes": mistakes,
        "mistakes_sentence": mistakes_sentence(mistakes, mistake_count, evaluation.count, unit),
        "neurons": neurons,
        "neurons_sentence": neurons_sentence(report, neurons, neuron_count),
        "skipped": report.skipped[:_SKIPPED_SHOWN],
        "skipped_more": whole(max(0, len(report.skipped) - _SKIPPED_SHOWN)),
        "copies": report.copies[:_COPIES_SHOWN],
        "copies_more": whole(max(0, len(report.copies) - _COPIES_SHOWN)),
        "augmented": augmented_pictures(report),
        "splits": split_rows(report),
        "settings": [(name, setting(value)) for name, value in report.settings.items()],
    }


def bars(evaluation: Evaluation, baselines: Sequence[tuple[str, Evaluation | float]]) -> list[Bar]:
    """Return the network's accuracy and the baselines', on one scale from 0 to 100."""
    share, (low, high) = evaluation.accuracy, evaluation.accuracy_interval
    found = [_bar("this network", share, low, high, "")]
    for name, baseline in baselines:
        other = baseline.accuracy if isinstance(baseline, Evaluation) else float(baseline)
        ends = wilson_interval(round(other * evaluation.count), evaluation.count)
        found.append(_bar(name, other, *ends, advice.verdict(share, low, other, ends[1])))
    return found


def _bar(name: str, share: float, low: float, high: float, verdict: str) -> Bar:
    return Bar(name, percent(share), interval(low, high), 100 * share, 100 * low, 100 * high, verdict)


def advice_of(report: "Report") -> dict[str, bool]:
    """Return which of the page's pieces of advice apply."""
    pictures = report.pictures
    photographed = pictures is not None and advice.looks_photographed(report.X_test, pictures.shape)
    return {
        "raw_pixels": advice.raw_pixels_limit(report.evaluation.accuracy_interval[0], photographed),
    }


def learning_sentence(report: "Report") -> str:
    """Say how long training took and which parameters are kept."""
    if not report.history:
        return "No epochs were recorded."
    epochs, seconds = len(report.history), sum(row.get("seconds") or 0 for row in report.history)
    sentence = f"{whole(epochs)} epoch{'s' if epochs != 1 else ''} in {duration(seconds)}."
    if report.best_epoch is not None:
        sentence += f" The model keeps the parameters of epoch {whole(report.best_epoch)}, the best one."
    return sentence


def confusion_rows(evaluation: Evaluation) -> list[tuple[str, list[Cell], str]]:
    """Return the confusion matrix by row: the true class, its cells, how many there are. Empty when too large."""
    if len(evaluation.classes) > _LARGEST_TABLE:
        return []
    rows = []
    for i, (name, counts) in enumerate(zip(evaluation.classes, evaluation.confusion, strict=True)):
        total = int(counts.sum())
        rows.append((name, [_cell(int(n), total, i == j) for j, n in enumerate(counts)], whole(total)))
    return rows


def _cell(count: int, total: int, right: bool) -> Cell:
    share = count / total if total else 0.0
    return Cell(whole(count), percent(share) if total else "", round(100 * share), right)


def frequent_confusions(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    """Return (truth, answer, count) of the most frequent confusions, for classes too many for a table."""
    if len(evaluation.classes) <= _LARGEST_TABLE:
        return []
    wrong = evaluation.confusion * (1 - np.eye(len(evaluation.classes), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSIONS_SHOWN]
    pairs = [divmod(int(place), len(evaluation.classes)) for place in order]
    names = evaluation.classes
    return [(names[i], names[j], whole(int(wrong[i, j]))) for i, j in pairs if wrong[i, j]]


def threshold_rows(report: "Report") -> list[tuple[bool, str, list[str]]]:
    """Return the table of thresholds: whether it is the one in use, the threshold, its figures."""
    positive, used = report.evaluation.positive, report.evaluation.threshold
    if positive is None or used is None:
        return []
    chances = np.clip(np.asarray(report.probabilities[:, positive], np.float64), 0, 1)
    rows = threshold_table(report.y_test == positive, chances, sorted({*THRESHOLDS, used}))
    return [
        (
            row.threshold == used,
            f"{row.threshold:g}",
            [
                whole(row.answered),
                whole(row.false_positives),
                whole(row.false_negatives),
                *(figure(value) for value in (row.precision, row.recall, row.f1)),
                UNDEFINED if row.accuracy is None else percent(row.accuracy),
            ],
        )
        for row in rows
    ]


def metrics_of(evaluation: Evaluation, unit: str) -> list[Metric]:
    """Return the table of metrics, each with what it means for these classes."""
    k = len(evaluation.classes)
    chance = percent(1 / k)
    always = [
        ("Accuracy", percent(evaluation.accuracy), f"Share of the {unit} that are answered correctly."),
        (
            "Balanced accuracy",
            UNDEFINED if evaluation.balanced_accuracy is None else percent(evaluation.balanced_accuracy),
            f"Mean of the classes’ recalls; always answering the same gives {chance}.",
        ),
    ]
    loss, score = figure(math.log(k)), figure(0.25 if k == 2 else 1 - 1 / k)
    of_probabilities = [
        (
            "Log loss",
            figure(evaluation.log_loss),
            f"Mean of −log(probability of the truth); lower is better, equal chances give {loss}.",
        ),
        (
            "Brier score",
            figure(evaluation.brier),
            f"Mean squared error of the probabilities; lower is better, equal chances give {score}.",
        ),
    ]
    return [Metric(*row) for row in (*always, *_metrics_of_positives(evaluation, unit), *of_probabilities)]


def _metrics_of_positives(evaluation: Evaluation, unit: str) -> list[tuple[str, str, str]]:
    if evaluation.positive is None:
        name, end = "a class", "; mean over the classes."
    else:
        name, end = f"“{evaluation.classes[evaluation.positive]}”", "."
    return [
        ("Precision", figure(evaluation.precision), f"Of the {unit} answered {name}, the share that are{end}"),
        ("Recall", figure(evaluation.recall), f"Of the {unit} that are {name}, the share that are found{end}"),
        ("F1", figure(evaluation.f1), f"Harmonic mean of precision and recall{end}"),
        (
            "ROC AUC",
            figure(evaluation.roc_auc),
            f"Chance that one of {name} ranks above one of the rest (guessing: 0.5){end}",
        ),
        (
            "Average precision",
            figure(evaluation.average_precision),
            f"Precision averaged over all recalls (guessing: the share of {name}){end}",
        ),
    ]


def class_row(one: ClassFigures) -> tuple[str, ...]:
    """Return a class's name and figures as text."""
    return (one.name, *(figure(x) for x in (one.precision, one.recall, one.f1)), whole(one.count))


def mistakes_sentence(shown: Sequence[Mistake], wrong: int, count: int, unit: str) -> str:
    """Say how many mistakes there are and which are shown."""
    if not wrong:
        return f"None of the {whole(count)} test {unit} was answered wrongly."
    sentence = f"{whole(wrong)} of {whole(count)} test {unit} were answered wrongly. "
    if wrong == 1:
        sentence = f"One of {whole(count)} test {unit} was answered wrongly. "
    elif len(shown) == wrong:
        sentence += "These are all of them, the most certain first. "
    else:
        sentence += f"These are the {len(shown)} of which the network was most certain. "
    return sentence + f"Look for wrong labels, and for what the training {unit} lack."


def neurons_sentence(report: "Report", shown: Sequence[Neuron], units: int) -> str:
    """Say which neurons' weights are shown and how to read them."""
    if not shown or report.pictures is None:
        return ""
    which = f"The {len(shown)} neurons with the largest weights, of {whole(units)}." if len(shown) < units else ""
    if units == 1:
        which = "The one neuron’s weight of each pixel."
    reading = (
        "Mid-grey is zero; a spot is reddish, greenish or bluish where that light raises the neuron’s sum, and of "
        "the opposite colour where it lowers it."
        if report.pictures.channels == 3
        else "Red pixels raise the neuron’s sum, blue ones lower it, white ones do not matter."
    )
    return f"{which or f'All {units} neurons of the first layer.'} {reading}"


def augmented_pictures(report: "Report") -> list[tuple[str, list[str]]]:
    """Return some training pictures and what epochs made of them, as addresses."""
    if report.augmented is None or report.pictures is None:
        return []
    shape = report.pictures.shape
    addresses = [[data_address(row.reshape(shape)) for row in rows] for rows in report.augmented]
    return [(first, others) for first, *others in addresses]


def split_rows(report: "Report") -> list[tuple[str, ...]]:
    """Return the counts by class and their totals."""
    table = [(name, (*counts, sum(counts))) for name, counts in report.counts.items()]
    totals = tuple(sum(column) for column in zip(*(counts for _, counts in table), strict=True))
    return [(name, *map(whole, counts)) for name, counts in (*table, ("all classes", totals))] if table else []
