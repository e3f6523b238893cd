"""The training pictures of a run, read for explanations: all of a small run, a fixed sample of a large one."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from chainrule.data.containers.names import exists
from chainrule.data.pictures import read_rows
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.explain.neighbours import Candidates

# Reading takes most of the time of an explanation: so many small pictures, or bytes of large ones, in less than a
# second. Fewer than the least would tell nothing.
MOST_PICTURES = 400
_MOST_BYTES, _LEAST = 64 << 20, 40


class NoExamples(Exception):
    """Training examples that are not there; the message is a sentence that says why."""


def run_examples(
    folder: str | os.PathLike[str],
    settings: PictureSettings,
    *,
    apart_from: str | None = None,
    all_pictures: bool = False,
) -> Candidates:
    """Read the training pictures that a run's splits.csv names.

    Args:
        folder: the run's folder.
        settings: what every picture becomes.
        apart_from: the picture that is explained, which is not its own neighbour.
        all_pictures: whether all are read; otherwise at most 400 (of large files fewer), taken evenly from them.

    Raises:
        NoExamples: the folder has no such file, or none of the pictures is there any more.

    Example:
        >>> run_examples("no/such/run", PictureSettings(size=8))
        Traceback (most recent call last):
        chainrule.explain.run_examples.NoExamples: No splits.csv of a run says which pictures it learned from.
    """
    listed = _placed(_training_pictures(Path(folder, "splits.csv")), folder)
    others = [one for one in listed if not _same_file(one[0], apart_from)]
    chosen = others if all_pictures else _sample(others)
    paths = [path for path, _ in chosen]
    try:
        rows, kept, _ = read_rows(paths, settings, strict=False, progress=False)
    except UserError as reason:
        raise NoExamples(f"The training pictures cannot be read: {reason}.") from None
    if not len(kept):
        raise NoExamples("The pictures that the run's splits.csv names are no longer where they were.")
    return Candidates(
        rows=rows,
        names=[os.path.basename(paths[row]) for row in kept],
        paths=[paths[row] for row in kept],
        class_names=[chosen[row][1] for row in kept],
        of=len(listed),
        note=_note(listed, others, chosen, len(kept)),
    )


def _training_pictures(path: Path) -> list[tuple[str, str]]:
    """Return the path and the class of each picture that the run learned from."""
    missing = "No splits.csv of a run says which pictures it learned from."
    try:
        # Names that are no UTF-8 come back with the bytes that they have on the disk.
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        raise NoExamples(missing) from None
    except (csv.Error, ValueError):
        raise NoExamples(f"{path} cannot be read as a table.") from None
    found = [
        (row["path"], row["label"] or "")
        for row in rows
        if row.get("split") == "train" and row.get("path") and "label" in row
    ]
    if not found:
        raise NoExamples(f"{path} names no picture that the model learned from.")
    return found


def _placed(listed: list[tuple[str, str]], folder: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Find pictures named from the folder where the run was started: the current one, or one above the run's."""
    first = listed[0][0]
    if not os.path.isabs(first) and not exists(first):
        for base in Path(folder).resolve().parents:
            if exists(os.path.join(base, first)):
                return [(os.path.join(base, path), label) for path, label in listed]
    return listed


def _same_file(path: str, other: str | None) -> bool:
    # Names are compared first: asking the disk for each of many pictures takes long.
    if other is None or os.path.basename(path) != os.path.basename(other):
        return False
    return os.path.realpath(path) == os.path.realpath(other)


def _sample(listed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Take as many as can be read quickly, evenly from the whole list: the same each time."""
    chosen = _evenly(listed, MOST_PICTURES)
    size = sum(_size(path) for path, _ in chosen)
    if size <= _MOST_BYTES:
        return chosen
    return _evenly(listed, max(_LEAST, len(chosen) * _MOST_BYTES // size))


def _evenly(listed: list[tuple[str, str]], wanted: int) -> list[tuple[str, str]]:
    if len(listed) <= wanted:
        return listed
    return [listed[place * len(listed) // wanted] for place in range(wanted)]


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except (OSError, ValueError):
        return 0


def _note(listed: Sequence[object], others: Sequence[object], chosen: Sequence[object], read: int) -> str:
    sentences = []
    if len(others) < len(listed):
        sentences.append("The picture itself is one of those that the model learned from; it is left out.")
    if len(chosen) < len(others):
        sentences.append(
            f"To be quick, {len(chosen):,} of {len(listed):,} training pictures were looked at; --all-pictures "
            "(all_pictures=True) looks at all of them."
        )
    if read < len(chosen):
        sentences.append(f"{len(chosen) - read:,} of them cannot be read any more.")
    return " ".join(sentences)
