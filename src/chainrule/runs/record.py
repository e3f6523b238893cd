"""run.json: what a run was told, where, and with what; enough to go on with it or to do it again."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._engine import _kernels
from chainrule.data.dataset import Dataset
from chainrule.errors import UserError
from chainrule.files import read_json, to_json_bytes, write_atomically
from chainrule.runs.folder import RECORD, SEARCH
from chainrule.runs.settings import RunSettings, to_resume_search


def this_machine() -> dict[str, str]:
    """Return versions and platform, as they may explain a difference.

    >>> sorted(this_machine())
    ['chainrule', 'instruction_set', 'numpy', 'platform', 'python']
    """
    return {
        "chainrule": version("chainrule"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "instruction_set": _kernels()[0],
    }


@dataclass(frozen=True)
class Record:
    """What is recorded of a run.

    Attributes:
        settings: what it was told.
        notes: sentences for the top of its report.
        directory: where it was started, from which its paths count.
        made_with: versions and the platform.
        hashes: SHA-256 of its rows and labels, and of its model's file, as far as it came.
    """

    settings: RunSettings
    notes: tuple[str, ...] = ()
    directory: str = field(default_factory=os.getcwd)
    made_with: Mapping[str, str] = field(default_factory=this_machine)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values: the settings, and the rest under `recorded`."""
        recorded = {
            "notes": list(self.notes),
            "directory": self.directory,
            "made_with": dict(self.made_with),
            "hashes": dict(self.hashes),
        }
        return self.settings.to_dict() | {"recorded": recorded}

    def write(self, folder: Path) -> None:
        """Write it into a run's folder."""
        write_atomically(folder / RECORD, to_json_bytes(self.to_dict()))

    @classmethod
    def from_dict(cls, values: Any, path: Path) -> Record:
        """Read what `to_dict` gave.

        Raises:
            UserError: it is something else; the message names the file that it came from.
        """
        recorded = values.get("recorded") if isinstance(values, dict) else None
        try:
            assert isinstance(recorded, dict)
            return cls(
                RunSettings.from_dict(values),
                tuple(map(str, recorded["notes"])),
                str(recorded["directory"]),
                {str(name): str(value) for name, value in recorded["made_with"].items()},
                {str(name): str(value) for name, value in recorded["hashes"].items()},
            )
        except UserError as reason:
            raise UserError(f"{path}: {reason}") from None
        except (AssertionError, KeyError, TypeError, AttributeError):
            raise UserError(f"{path}: is not the record of a run of this chainrule") from None

    @classmethod
    def read(cls, folder: Path) -> Record:
        """Read the record of a run's folder.

        Raises:
            UserError: there is none, or it is damaged.
        """
        if not folder.is_dir():
            raise UserError(f"{folder}: there is no such folder; give the folder of a run, such as runs/dogs-1")
        if (folder / SEARCH).exists():
            raise UserError(
                f"{folder}: is the folder of a search, not of a run; the run with its best settings is in "
                f"{folder / 'best'}, and to go on with the search: {to_resume_search(folder)}"
            )
        if not (folder / RECORD).exists():
            raise UserError(f"{folder}: holds no {RECORD}; give the folder of a run, such as runs/dogs-1")
        return cls.from_dict(read_json(folder / RECORD), folder / RECORD)

    def here(self) -> RunSettings:
        """The settings with paths that are found from where this program was started."""
        settings = self.settings
        if os.getcwd() == self.directory:
            return settings
        pictures = os.path.join(self.directory, settings.pictures)
        negative = settings.negative and os.path.join(self.directory, settings.negative)
        return replace(settings, pictures=pictures, negative=negative)


def data_hash(dataset: Dataset) -> str:
    """Return the SHA-256 of rows, labels and names of classes."""
    found = hashlib.sha256(repr((dataset.classes, dataset.X.shape)).encode("utf-8", "backslashreplace"))
    found.update(np.ascontiguousarray(dataset.y).tobytes())
    for row in dataset.X:
        found.update(np.ascontiguousarray(row).data)
    return found.hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
