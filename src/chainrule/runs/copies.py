"""What a run does about copies: they stay on one side of its split, and are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainrule.data.copies import CopySet, find_copies, group_by, joined, without_leaks
from chainrule.data.dataset import Dataset
from chainrule.files import write_csv


@dataclass(frozen=True, eq=False)
class Together:
    """Pictures, and which of them have to stay together.

    Attributes:
        dataset: those that are used.
        group: for each the number of its group, shape (m,).
        sets: the copies.
        words: what was found, in sentences.
    """

    dataset: Dataset
    group: NDArray[np.int64]
    sets: tuple[CopySet, ...]
    words: tuple[str, ...]


def kept_together(dataset: Dataset, pattern: str | None) -> Together:
    """Find copies, and what `--group-by` puts together.

    Args:
        dataset: pictures. Those to learn from that are copies of others which their folders set apart are left out.
        pattern: the regular expression of `--group-by`.

    Raises:
        UserError: the pattern is none, or matches nothing.
    """
    copies = find_copies(dataset)
    used, kept = without_leaks(dataset, copies.group)
    if len(kept) < len(dataset):
        copies = copies.subset(kept)
    group = copies.group if pattern is None else joined(copies.group, group_by(used.paths, pattern))
    sets = copies.sets(used)
    words = _words(sets, len(dataset) - len(kept), compared=copies.compared)
    if pattern is not None:
        words.append(f"{len(np.unique(group)):,} groups by --group-by {pattern!r} and by copies stay together")
    return Together(used, group, sets, tuple(words))


def _words(sets: tuple[CopySet, ...], left_out: int, *, compared: bool) -> list[str]:
    words = []
    if sets:
        files = sum(len(one.paths) for one in sets)
        words.append(
            f"{files:,} pictures show {len(sets):,} more than once: copies stay on one side of the split "
            "(listed in copies.csv)"
        )
    if left_out:
        words.append(f"{left_out:,} left out of training: copies of pictures that are set apart to judge by")
    conflicts = [one for one in sets if one.is_conflict]
    if conflicts:
        first = ", ".join(f"{path} ({label})" for path, label in _two_labels(conflicts[0]))
        words.append(f"warning: {len(conflicts):,} of them have more than one label, such as {first}")
    if not compared:
        words.append("so many pictures are only searched for equal ones, not for those that are alike")
    return words


def _two_labels(one: CopySet) -> list[tuple[str, str]]:
    by_label = dict(zip(reversed(one.labels), reversed(one.paths), strict=True))
    return [(path, label) for label, path in sorted(by_label.items())][:2]


def write_copies(path: Path, sets: tuple[CopySet, ...]) -> None:
    """Write which pictures are copies: CSV with the columns set, kind (same or alike), label and path.

    Raises:
        WorkFailed: the file cannot be written.
    """
    rows = (
        [number, "same" if one.are_same else "alike", label, name]
        for number, one in enumerate(sets, 1)
        for label, name in zip(one.labels, one.paths, strict=True)
    )
    write_csv(path, ["set", "kind", "label", "path"], rows)
