"""The pictures of a run: read, asked about, and cut into parts, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.data.copies import CopySet
from chainrule.data.dataset import Dataset
from chainrule.data.pictures import read_pictures
from chainrule.data.splits import Splits, split
from chainrule.runs.copies import kept_together
from chainrule.runs.question import Question, ask
from chainrule.runs.settings import RunSettings

Say = Callable[[str], None]

# From here on classes are told to be of uneven size.
_UNEVEN = 3


@dataclass(frozen=True, eq=False)
class Prepared:
    """Pictures that are ready to train on.

    Attributes:
        question: the pictures with their classes in order.
        parts: which of them are there to train, to validate and to test.
        copies: those that are there more than once.
        found: how many pictures were read.
    """

    question: Question
    parts: Splits
    copies: tuple[CopySet, ...]
    found: int

    @property
    def dataset(self) -> Dataset:
        """The pictures."""
        return self.question.dataset


def prepare(settings: RunSettings, *, say: Say, progress: bool | None = None) -> Prepared:
    """Read the pictures of a run and split them; the same settings give the same parts.

    Args:
        settings: what to do.
        say: told of each decision, a line at a time.
        progress: show a bar; None shows it on a terminal.

    Raises:
        UserError: settings or pictures that cannot be used.
    """
    dataset = _read(settings, progress)
    question = ask(dataset, settings.positive)
    together = kept_together(question.dataset, settings.group_by)
    used = together.dataset
    parts = split(
        used, validation=settings.validation, test=settings.test, seed=settings.seed, groups=together.group
    )
    prepared = Prepared(Question(used, question.words), parts, together.sets, len(dataset))
    for words in (*_told(settings, prepared), *together.words, *_uneven(used, settings)):
        say(words)
    return prepared


def _read(settings: RunSettings, progress: bool | None) -> Dataset:
    return read_pictures(
        settings.pictures,
        size=settings.size,
        color=settings.color,  # type: ignore[arg-type]  # PictureSettings checks it
        fit=settings.fit,  # type: ignore[arg-type]
        label_from=settings.label_from,
        negative=settings.negative,
        strict=settings.strict,
        threads=settings.threads,
        progress=progress,
    )


def _told(settings: RunSettings, prepared: Prepared) -> list[str]:
    data, parts = prepared.dataset, prepared.parts
    counts = ", ".join(f"{name} {count:,}" for name, count in data.counts().items())
    files = "1 file" if len(data.skipped) == 1 else f"{len(data.skipped):,} files"
    how = {"squash": "squashed to", "pad": "padded to", "crop": "cropped to"}[settings.fit]
    sizes = (len(parts.train), len(parts.validation), len(parts.test))
    return [
        f"{len(data):,} pictures ({counts}); {files} skipped",
        f"each is {how} {settings.size} x {settings.size} pixels; {prepared.question.words}",
        "{:,} to train, {:,} to validate, {:,} to test".format(*sizes),
    ]


def _uneven(dataset: Dataset, settings: RunSettings) -> list[str]:
    """Say that classes are of very different size, where nothing is done about it."""
    counts = dataset.counts()
    most, least = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
    if settings.class_weight is not None or counts[most] < _UNEVEN * counts[least]:
        return []
    times = counts[most] / counts[least]
    told = f"there are {times:.1f} times as many pictures of {most} as of {least}, so that {most} is a cheap answer"
    return [f"{told}; --class-weight balanced makes each class weigh the same"]
