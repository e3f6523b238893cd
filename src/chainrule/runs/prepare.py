"""The pictures of a run: read, asked about, and cut into parts, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.data.cache import default_folder
from chainrule.data.copies import CopySet
from chainrule.data.dataset import Dataset
from chainrule.data.pictures import read_pictures
from chainrule.data.splits import Splits, split
from chainrule.runs.copies import kept_together
from chainrule.runs.question import Question, ask
from chainrule.runs.settings import RunSettings
from chainrule.runs.words import told_of_data, uneven

Say = Callable[[str], None]


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
    for words in (*told_of_data(settings, prepared.question, parts), *together.words, *uneven(used, settings)):
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
        cache=None if settings.no_cache else default_folder(),
    )
