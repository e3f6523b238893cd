"""tune.json: what a search was told, where, and on which pictures; enough to go on with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.files import read_json, to_json_bytes, write_atomically
from chainrule.runs.folder import SEARCH
from chainrule.runs.prepare import Prepared
from chainrule.runs.record import Record, data_hash
from chainrule.runs.settings import RunSettings, shell_command
from chainrule.training.defaults import DEFAULTS
from chainrule.tuning.space import SEARCHABLE, Space

# What a search does not depend on: where things are, and how many work on it.
_OUTWARD: dict[str, Any] = {"pictures": "", "negative": None, "out": None, "threads": None}


@dataclass(frozen=True)
class Search:
    """What is recorded of a search.

    Attributes:
        record: the settings of its runs, where it was started, with what, and the hash of its pictures.
        searched: which of the settings are searched.
        trials: how many trials there are to be.
    """

    record: Record
    searched: tuple[str, ...]
    trials: int = DEFAULTS.trials

    def __post_init__(self) -> None:
        whole(self.trials, "--trials", least=1)

    @property
    def space(self) -> Space:
        """What is searched; paths count from where this program was started."""
        return Space(self.record.here(), self.searched)

    def of_pictures(self, prepared: Prepared) -> Search:
        """Return the search with the hash of its pictures and of their parts."""
        return replace(self, record=replace(self.record, hashes={"pictures": pictures_hash(prepared)}))

    def check_pictures(self, prepared: Prepared) -> None:
        """Check that the pictures are those that the search began with.

        Raises:
            UserError: they are others, or others are there to learn from.
        """
        if self.record.hashes.get("pictures") != pictures_hash(prepared):
            raise UserError(
                f"{self.record.here().pictures}: these are not the pictures that the search began with, and "
                "their figures could not be compared; bring those back, or begin a new search"
            )

    def command(self) -> str:
        """Return the shell command that does the search again."""
        settings = self.record.settings
        usual = RunSettings(pictures="")
        names = {
            name
            for name, value in settings.to_dict().items()
            if name in SEARCHABLE or value != usual.to_dict()[name]
        } - {*self.searched, "pictures", "out", "checkpoint_every"}
        if not settings.hidden:
            names -= {"activation", "dropout"}
        options = ["--trials", str(self.trials), *settings.options(names)]
        return shell_command(["chainrule", "tune"], [settings.pictures], options)

    def write(self, folder: Path) -> None:
        """Write it into the folder of the search."""
        search = {"searched": list(self.searched), "trials": self.trials}
        write_atomically(folder / SEARCH, to_json_bytes(self.record.to_dict() | {"search": search}))

    @classmethod
    def read(cls, folder: Path) -> Search:
        """Read the record of a search's folder.

        Raises:
            UserError: there is none, or it is damaged.
        """
        path = folder / SEARCH
        if not folder.is_dir():
            raise UserError(
                f"{folder}: there is no such folder; give the folder of a search, such as runs/dogs-tune-1"
            )
        if not path.exists():
            raise UserError(f"{folder}: holds no {SEARCH}; give the folder of a search, such as runs/dogs-tune-1")
        values = read_json(path)
        search = values.pop("search", None) if isinstance(values, dict) else None
        record = Record.from_dict(values, path)
        try:
            assert isinstance(search, Mapping)
            searched = tuple(map(str, search["searched"]))
            assert set(searched) <= set(SEARCHABLE)
            return cls(record, searched, search["trials"])
        except UserError as reason:
            raise UserError(f"{path}: {reason}") from None
        except (AssertionError, KeyError, TypeError):
            raise UserError(f"{path}: is not the record of a search of this chainrule") from None


def pictures_hash(prepared: Prepared) -> str:
    """Return the SHA-256 of pictures, labels and parts."""
    found = hashlib.sha256(data_hash(prepared.dataset).encode())
    parts = prepared.parts
    for rows in (parts.train, parts.validation, parts.test):
        found.update(f"{len(rows)}|".encode())
        found.update(rows.tobytes())
    return found.hexdigest()


def same_run(one: RunSettings, other: RunSettings) -> bool:
    """Tell whether two runs end in the same model, given the same pictures.

    >>> usual = RunSettings(pictures="pets")
    >>> same_run(usual, replace(usual, threads=2, out="best")), same_run(usual, replace(usual, l2=0.0))
    (True, False)
    """
    return replace(one, **_OUTWARD) == replace(other, **_OUTWARD)
