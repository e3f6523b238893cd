"""What a run says of its decisions, a line each."""

from __future__ import annotations

from chainrule.data.dataset import Dataset
from chainrule.data.splits import Splits
from chainrule.runs.question import Question
from chainrule.runs.settings import RunSettings
from chainrule.training.history import History

# From here on classes are told to be of uneven size.
_UNEVEN = 3


def told_of_data(settings: RunSettings, question: Question, parts: Splits) -> list[str]:
    """Say how many pictures there are of what, what becomes of each, and what they are for."""
    data = question.dataset
    counts = ", ".join(f"{name} {count:,}" for name, count in data.counts().items())
    files = "1 file" if len(data.skipped) == 1 else f"{len(data.skipped):,} files"
    how = {"squash": "squashed to", "pad": "padded to", "crop": "cropped to"}[settings.fit]
    sizes = (len(parts.train), len(parts.validation), len(parts.test))
    augmented = ", ".join(settings.changes)
    changed = f"training changes them at random ({augmented}; --augment none does not)"
    return [
        f"{len(data):,} pictures ({counts}); {files} skipped",
        f"each is {how} {settings.size} x {settings.size} pixels; {question.words}",
        *([changed] if augmented else []),
        "{:,} to train, {:,} to validate, {:,} to test".format(*sizes),
    ]


def told_of_training(history: History) -> list[str]:
    """Say what a training decided by itself: how it computes, where that is not the usual way, and the rate."""
    told = [history.plan] if history.plan.startswith("dual") else []
    tested = history.range_test
    if tested is not None:
        how = "chosen by a range test" if tested.fell else "the usual one: the cost fell at none that was tried"
        told.append(f"learning rate {tested.rate:g}, {how}")
    return told


def uneven(dataset: Dataset, settings: RunSettings) -> list[str]:
    """Say that classes are of very different size, where nothing is done about it."""
    counts = dataset.counts()
    most, least = max(counts, key=lambda name: counts[name]), min(counts, key=lambda name: counts[name])
    if settings.class_weight is not None or counts[most] < _UNEVEN * counts[least]:
        return []
    times = counts[most] / counts[least]
    told = f"there are {times:.1f} times as many pictures of {most} as of {least}, so that {most} is a cheap answer"
    return [f"{told}; --class-weight balanced makes each class weigh the same"]
