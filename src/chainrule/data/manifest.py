"""Lists of pictures: a CSV file with the columns path, label and, where it has one, split."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator

from chainrule.data.containers.names import place_of
from chainrule.data.dataset import Skipped
from chainrule.data.folders import PARTS, Found
from chainrule.errors import UserError

_COLUMNS = ("path", "label")


def is_manifest(path: str) -> bool:
    """Tell whether a path is a list of pictures: a file whose name ends in .csv.

    >>> is_manifest("no such file.csv")
    False
    """
    return path.lower().endswith(".csv") and os.path.isfile(path)


def find_in_manifest(path: str) -> Found:
    r"""Find the files that a CSV file lists.

    Its first line names the columns: `path` (absolute, or from the folder of the CSV file, or else from where the
    program was started, as runs write it), `label`, and perhaps `split` (train, validation or test, or empty);
    others are ignored. A row without a label, and a file that is not there, are among the skipped.

    Raises:
        UserError: the file cannot be read, lacks a column, or has a part that is none; the message says where.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pathlib.Path(folder, "a.png").touch()
        ...     pathlib.Path(folder, "list.csv").write_text("path,label,split\na.png,dog,val\nb.png,cat,\n")
        ...     found = find_in_manifest(f"{folder}/list.csv")
        42
        >>> [(file.label, file.split) for file in found.files], [skip.reason for skip in found.skipped]
        ([('dog', 'validation')], ['there is no such file'])
    """
    found = Found()
    seen: set[tuple[str, str]] = set()
    for line, row in _rows(path):
        name, label = row["path"], row["label"].strip()
        place = _place(path, name)
        part = row.get("split", "").strip().lower()
        if part not in PARTS:
            raise UserError(f"{path}, line {line}: the split is train, validation, test or empty, not {part!r}")
        if not name:
            found.skipped.append(Skipped(f"{path}, line {line}", "it names no file"))
        elif not label:
            found.skipped.append(Skipped(place, f"it has no label in line {line} of {path}"))
        elif not _is_there(place):
            found.skipped.append(Skipped(place, "there is no such file"))
        elif (place, label) in seen:
            found.skipped.append(Skipped(place, f"it is listed before line {line} of {path} already"))
        else:
            seen.add((place, label))
            found.add([place], label, PARTS[part])
    found.classes = tuple(sorted({file.label for file in found.files}))
    return found


def _place(path: str, name: str) -> str:
    """Where a file lies: from the list's folder, or else from here, as runs write their lists."""
    place = os.path.join(os.path.dirname(path), name)
    return name if not _is_there(place) and name and _is_there(name) else place


def _is_there(place: str) -> bool:
    return os.path.isfile(place) or place_of(place) is not None


def _rows(path: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Hand out the rows by column, with the number of the line that each ends in."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            missing = [name for name in _COLUMNS if name not in names]
            if missing:
                there = ", ".join(name for name in names if name) or "none"
                raise UserError(
                    f"{path} lacks the column {missing[0]}: its first line must name path and label, and may name "
                    f"split; the columns there are: {there}"
                )
            reader.fieldnames = names
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise UserError(f"{path} cannot be read as a list of pictures: {reason}") from None
