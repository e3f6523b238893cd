"""Single examples and single neurons on the report's page: the worst mistakes, the strongest weights."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.evaluation.metrics import predicted_classes
from chainrule.evaluation.thumbnails import data_address, picture_of_weights
from chainrule.evaluation.wording import percent

if TYPE_CHECKING:
    from chainrule.evaluation.report import Report

_MISTAKES_SHOWN = 24
_NEURONS_SHOWN = 24
_VALUES_SHOWN = 6


@dataclass(frozen=True)
class Mistake:
    """A wrong answer: where the example comes from, what it is, what was answered and how certainly.

    `picture` is a data address, and `values` the first numbers of a row that is no picture; one is empty.
    """

    name: str
    path: str
    truth: str
    answer: str
    probability: str
    picture: str
    values: str


@dataclass(frozen=True)
class Neuron:
    """A neuron of the first layer (counted from 1) and its weights as a picture's data address."""

    number: int
    picture: str


def confident_mistakes(report: "Report") -> tuple[list[Mistake], int]:
    """Return the wrong answers with the highest probabilities, the highest first, and how many are wrong."""
    evaluation = report.evaluation
    answers = predicted_classes(
        report.probabilities, positive=evaluation.positive, threshold=evaluation.threshold or 0.0
    )
    certainty = report.probabilities[np.arange(len(answers)), answers]
    wrong = np.flatnonzero(answers != report.y_test)
    worst = wrong[np.argsort(-certainty[wrong], kind="stable")][:_MISTAKES_SHOWN]
    shown = [_mistake(report, int(row), int(answers[row]), float(certainty[row])) for row in worst]
    return shown, len(wrong)


def _mistake(report: "Report", row: int, answer: int, certainty: float) -> Mistake:
    path = report.paths[row] if report.paths else f"test row {row + 1}"
    example = report.X_test[row]
    picture = values = ""
    if report.pictures is not None:
        picture = data_address(example.reshape(report.pictures.shape))
    else:
        more = ", …" if len(example) > _VALUES_SHOWN else ""
        values = ", ".join(f"{number:.4g}" for number in example[:_VALUES_SHOWN]) + more
    return Mistake(
        name=path.replace("\\", "/").rsplit("/", 1)[-1],
        path=path,
        truth=report.classes[int(report.y_test[row])],
        answer=report.classes[answer],
        probability=percent(certainty),
        picture=picture,
        values=values,
    )


def strongest_neurons(report: "Report") -> tuple[list[Neuron], int]:
    """Return the first layer's neurons with the largest weights, in their order, and how many it has."""
    weights, pictures = report.first_layer, report.pictures
    if weights is None or pictures is None or weights.shape[0] != pictures.features:
        return [], 0
    strength = np.square(weights, dtype=np.float64).sum(axis=0)
    chosen = np.sort(np.argsort(-strength, kind="stable")[:_NEURONS_SHOWN])
    shape = pictures.shape
    return [
        Neuron(int(i) + 1, data_address(picture_of_weights(weights[:, i], shape))) for i in chosen
    ], weights.shape[1]
