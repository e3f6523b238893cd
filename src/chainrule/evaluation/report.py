"""The page that reports a run: one HTML file with everything in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.evaluation.metrics import Evaluation
from chainrule.evaluation.pages import render_page
from chainrule.evaluation.sections import sections
from chainrule.files import write_atomically

if TYPE_CHECKING:
    from chainrule.data.copies import CopySet
    from chainrule.data.dataset import Skipped
    from chainrule.data.pictures import PictureSettings


@dataclass(frozen=True, eq=False, kw_only=True)
class Report:
    """What the page shows.

    Attributes:
        title: the question that the model answers, e.g. "dog or not_dog?".
        evaluation: the figures on the test examples.
        baselines: (name, evaluation or accuracy) on the same examples: always the most frequent class, and one
            neuron.
        history: one mapping an epoch with `epoch`, `cost`, `accuracy`, `validation_cost`, `validation_accuracy`,
            `learning_rate`, `seconds`; the validation figures may be `None`.
        best_epoch: the epoch whose parameters the model keeps, `None` where it keeps the last.
        classes: k class names.
        y_test: (m,) class indices of the test examples.
        probabilities: (m, k) the model's answers to them.
        paths: the m files that they come from, empty where there are none.
        X_test: (m, n) their rows: uint8 pixels of pictures, numbers of tables.
        pictures: how the rows were made from pictures, `None` for tables.
        first_layer: (n, units) weights of the first layer.
        skipped: the files that could not be used, and why.
        copies: the files that show the same picture.
        augmented: (pictures, 1 + epochs, n) some training pictures, and what epochs made of them; `None` where
            they stay as they are.
        range_test: what chose the learning rate, `None` where it was given: the chosen `rate`, whether the
            cost `fell` at any, and of each step `rates`, `costs` and, until the cost exploded, `smoothed`.
        advice: what to look at: what it is about, and a sentence with its numbers.
        settings: the run's settings by name.
        command: the command that repeats the run.
        predict_command: the command that uses the model.
        notes: plain sentences to show at the top.
        counts: by class, how many examples there are to train, validate and test.
    """

    title: str
    evaluation: Evaluation
    baselines: tuple[tuple[str, Evaluation | float], ...]
    history: Sequence[Mapping[str, float | None]]
    best_epoch: int | None
    classes: tuple[str, ...]
    y_test: NDArray[np.int64]
    probabilities: NDArray[np.floating[Any]]
    paths: tuple[str, ...]
    X_test: NDArray[Any]
    pictures: "PictureSettings | None"
    first_layer: NDArray[np.floating[Any]] | None
    skipped: "tuple[Skipped, ...]"
    copies: "tuple[CopySet, ...]"
    augmented: NDArray[np.uint8] | None
    range_test: Mapping[str, Any] | None
    advice: tuple[tuple[str, str], ...]
    settings: Mapping[str, Any]
    command: str
    predict_command: str
    notes: tuple[str, ...]
    counts: Mapping[str, tuple[int, int, int]]


def write_report(path: str | Path, report: Report) -> None:
    """Write the page of a run: one HTML file that needs no other file and no network.

    Args:
        path: the file to write; it is replaced whole or not at all.
        report: what the page shows.

    Raises:
        WorkFailed: where the file cannot be written; an older page stays as it was.
    """
    # File names may hold bytes that are no text; the page shows a question mark for them.
    write_atomically(Path(path), render(report).encode("utf-8", errors="replace"))


def render(report: Report) -> str:
    """Return the page of a run as HTML."""
    return render_page(files("chainrule.evaluation") / "report.html.j2", report=report, **sections(report))
