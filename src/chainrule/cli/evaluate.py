"""`chainrule evaluate`: how good a model is on a folder of labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli import options
from chainrule.cli.messages import say, show, write
from chainrule.cli.options import Json, LabelFrom, ModelOrRun, Negative, Pictures, Strict, Threads, Threshold
from chainrule.cli.texts import accuracy, count, share, table

if TYPE_CHECKING:
    from chainrule.data.dataset import Dataset
    from chainrule.evaluation.metrics import Evaluation


def evaluate(
    model_or_run: ModelOrRun,
    pictures: Pictures,
    positive: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS", help="The class, one of the model's two, that counts as positive.  [default: its last]"
        ),
    ] = None,
    negative: Negative = None,
    label_from: LabelFrom = None,
    strict: Strict = False,
    threshold: Threshold = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Judge a model on a folder of labelled pictures, or an archive or a table of them.

    They are read as `train` reads it, and their classes must be those of the model. Where a model tells one
    class from the rest, every other class is the rest.
    """
    if threshold is not None:
        options.number("--threshold", threshold, low=0, high=1)
    from chainrule.cli.answers import load_for_pictures
    from chainrule.cli.matching import class_indices, positive_index
    from chainrule.data.pictures import read_pictures
    from chainrule.evaluation import metrics

    model = load_for_pictures(model_or_run, threshold, threads)
    assert model.pictures is not None
    classes = [str(name) for name in model.classes or ()]
    chosen = positive_index(classes, positive)
    dataset = read_pictures(
        pictures,
        size=model.pictures.size,
        color=model.pictures.color,
        fit=model.pictures.fit,
        label_from=label_from,
        negative=negative,
        strict=strict,
        threads=threads,
    )
    y = class_indices(dataset, classes, pictures)
    _tell(dataset, classes)
    # The model's own threshold is that of its last class; the same answers seen from the first class turn it round.
    turned = chosen == 0 and threshold is None
    evaluation = metrics.evaluate(
        y,
        model.predict_proba(dataset.X),
        classes=classes,
        positive=chosen,
        threshold=1 - model.threshold if turned else model.threshold,
    )
    if json:
        from chainrule.files import to_json_bytes

        write(to_json_bytes({**evaluation.to_dict(), "found": len(dataset), "skipped": len(dataset.skipped)}))
        return
    for line in [*figures(evaluation), "", *confusion(evaluation)]:
        show(line)


def _tell(dataset: Dataset, classes: Sequence[str]) -> None:
    counts = ", ".join(f"{name} {number:,}" for name, number in dataset.counts().items())
    say(f"{count(len(dataset), 'picture')} ({counts}); {count(len(dataset.skipped), 'file')} skipped")
    others = [name for name in dataset.classes if name not in classes]
    if others:
        say(f"{', '.join(others)} count{'s' if len(others) == 1 else ''} as {classes[0]}")


def figures(evaluation: Evaluation) -> list[str]:
    """Return the figures, a line each."""
    from chainrule.evaluation.wording import figure

    if evaluation.positive is None:
        of = "mean of the classes"
    else:
        of = f"of {evaluation.classes[evaluation.positive]} from the threshold {evaluation.threshold:g} on"
    shares = {
        "balanced accuracy": (evaluation.balanced_accuracy, "mean of the classes' recalls"),
        "precision": (evaluation.precision, of),
        "recall": (evaluation.recall, of),
    }
    others = {
        "F1": evaluation.f1,
        "ROC AUC": evaluation.roc_auc,
        "average precision": evaluation.average_precision,
        "log loss": evaluation.log_loss,
        "Brier score": evaluation.brier,
    }
    rows = {"accuracy": accuracy(evaluation)}
    rows |= {
        name: "undefined" if value is None else f"{share(value)} ({what})" for name, (value, what) in shares.items()
    }
    return table(rows | {name: figure(value) for name, value in others.items()})


def confusion(evaluation: Evaluation) -> list[str]:
    """Return the confusion matrix as lines: a row for each true class, a column for each answer."""
    from rich.cells import cell_len, set_cell_size

    names = list(evaluation.classes)
    columns = [[name, *(f"{n:,}" for n in evaluation.confusion[:, i])] for i, name in enumerate(names)]
    widths = [max(map(cell_len, column)) for column in columns]
    first = max(map(cell_len, names))
    lines = ["confusion matrix (rows: the truth, columns: the answers)"]
    for row, name in enumerate(["", *names]):
        cells = [
            " " * (width - cell_len(column[row])) + column[row]
            for column, width in zip(columns, widths, strict=True)
        ]
        lines.append("  ".join([set_cell_size(name, first), *cells]))
    return lines
