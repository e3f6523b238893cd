"""A model's answers to picture files, some at a time, so that any number of pictures fits into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chainrule.data.pictures import read_rows
from chainrule.errors import UserError
from chainrule.model import Model, load

# Pictures that are read before they are answered: many at a time, but not more than this many bytes of rows.
_MOST_AT_ONCE = 1000
_MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class Answer:
    """What a model says of one file.

    Attributes:
        path: the file.
        index: the class, an index into the model's classes; None where the file cannot be read.
        probabilities: of each class, in the shortest form that gives the same numbers again.
        error: why the file cannot be read.
    """

    path: str
    index: int | None = None
    probabilities: tuple[str, ...] = ()
    error: str | None = None


def load_for_pictures(path: str, threshold: float | None, threads: int | None = None) -> Model:
    """Read a model that tells classes of pictures.

    Args:
        path: a model file, or the folder of a run.
        threshold: in place of the model's own.
        threads: how many threads the model uses; None for all.

    Raises:
        UserError: it cannot be read, or is another kind of model.
    """
    model = replace(load(path), threads=threads)
    if model.pictures is None or model.classes is None:
        raise UserError(
            f"{path}: this model was not trained on labelled pictures; use it from Python: cr.load(...)"
        )
    if threshold is None:
        return model
    if len(model.classes) != 2:
        raise UserError(
            f"--threshold {threshold:g}: a threshold parts two classes, but the model tells {len(model.classes)}"
        )
    return replace(model, threshold=threshold)


def answers(model: Model, paths: Sequence[str], threads: int | None) -> Iterator[Answer]:
    """Answer files in their order."""
    pictures = model.pictures
    assert pictures is not None
    at_once = max(1, min(_MOST_AT_ONCE, _MOST_BYTES // pictures.features))
    for start in range(0, len(paths), at_once):
        yield from _answer_block(model, paths[start : start + at_once], threads)


def _answer_block(model: Model, paths: Sequence[str], threads: int | None) -> list[Answer]:
    assert model.pictures is not None
    X, kept, skipped = read_rows(paths, model.pictures, strict=False, threads=threads, progress=False)
    found: dict[int, Answer] = {}
    if len(kept):
        probabilities = model.predict_proba(X)
        for row, index, chances in zip(kept, model.predict_index(probabilities), probabilities, strict=True):
            found[int(row)] = Answer(paths[row], int(index), tuple(str(chance) for chance in chances))
    reasons = iter(skipped)
    return [found.get(row) or Answer(path, error=next(reasons).reason) for row, path in enumerate(paths)]
