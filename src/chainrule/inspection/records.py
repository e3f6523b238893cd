"""What a run's folder holds beside the model: settings, epochs, test figures. All of it may be missing."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.errors import UserError
from chainrule.files import read_json

# More than the history of ten million epochs; a larger file is none of ours.
_LARGEST = 1 << 30
_WHOLE = ("epoch",)
_NUMBERS = ("cost", "accuracy", "validation_cost", "validation_accuracy", "learning_rate", "seconds")


@dataclass(frozen=True, eq=False)
class Records:
    """The records of a run.

    Attributes:
        settings: what the run was told (run.json); None where that is not known.
        metrics: its figures on the test pictures and what it found (metrics.json); None where that is not known.
        epochs: a mapping for each epoch (history.csv), as `History.rows` gives them.
        notes: what could not be read, and why.
    """

    settings: Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] | None = None
    epochs: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = field(default=())


def read_records(folder: Path) -> Records:
    """Read the records of a run's folder; a file that is missing or damaged is left out and noted."""
    notes: list[str] = []
    settings, metrics = (_mapping(folder / name, notes) for name in ("run.json", "metrics.json"))
    return Records(settings, metrics, _epochs(folder / "history.csv", notes), tuple(notes))


def _is_there(path: Path, notes: list[str]) -> bool:
    if not path.is_file():
        notes.append(f"{path.name} is not there")
        return False
    if path.stat().st_size > _LARGEST:
        notes.append(f"{path.name} is too large to be a run's")
        return False
    return True


def _mapping(path: Path, notes: list[str]) -> Mapping[str, Any] | None:
    if not _is_there(path, notes):
        return None
    try:
        found = read_json(path)
    except UserError as reason:
        notes.append(str(reason))
        return None
    if not isinstance(found, dict):
        notes.append(f"{path.name} holds no settings by name")
        return None
    return found


def _epochs(path: Path, notes: list[str]) -> tuple[Mapping[str, Any], ...]:
    if not _is_there(path, notes):
        return ()
    try:
        text = path.read_text(encoding="utf-8")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        if set(reader.fieldnames or ()) != {*_WHOLE, *_NUMBERS}:
            raise ValueError(f"its columns are not {', '.join([*_WHOLE, *_NUMBERS])}")
        return tuple(_epoch(row) for row in reader)
    except (OSError, ValueError, csv.Error) as reason:
        notes.append(f"{path.name} is not the history of a run: {reason}")
        return ()


def _epoch(row: Mapping[str, Any]) -> dict[str, Any]:
    if None in row or None in row.values():
        raise ValueError("a line is longer or shorter than the first")
    numbers = {name: _number(row[name]) for name in _NUMBERS}
    return {"epoch": int(row["epoch"]), **numbers}


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no finite number")
    return value
