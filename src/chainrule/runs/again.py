"""Runs that are there: going on with one that was ended, and doing one again to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chainrule.errors import UserError
from chainrule.files import read_json
from chainrule.runs.folder import REPORT, locked, remove_remains
from chainrule.runs.prepare import Prepared, Say
from chainrule.runs.record import Record
from chainrule.runs.settings import to_resume
from chainrule.runs.train import Run, carry_out, train_on_pictures


def resume(
    folder: Path,
    *,
    threads: int | None = None,
    say: Say,
    progress: bool | None = None,
    prepared: Prepared | None = None,
) -> Run:
    """Go on with a run that was interrupted or killed; it ends in the model that it would have ended in.

    Args:
        folder: of the run.
        threads: how many threads to use; None for as many as the run was told.
        say, progress, prepared: as for `train_on_pictures`.

    Raises:
        UserError: it is no run's folder, the run is complete, another program works on it, or its pictures or
            settings have changed.
        WorkFailed: files cannot be written.
    """
    record = Record.read(folder)
    with locked(folder):
        if (folder / REPORT).exists():
            raise UserError(f"{folder}: this run is complete; there is nothing left to do")
        remove_remains(folder)
        return carry_out(record, folder, threads=threads, say=say, progress=progress, prepared=prepared)


@dataclass(frozen=True)
class Comparison:
    """A run beside the same run done again.

    Attributes:
        first, second: their folders.
        same_data, same_model: whether the rows and labels, and the model's file, are the same to the byte.
        figures: the test figures that differ, by name: then and now.
        made_with: the versions and platforms that differ, by name: then and now.
    """

    first: Path
    second: Path
    same_data: bool
    same_model: bool
    figures: Mapping[str, tuple[Any, Any]]
    made_with: Mapping[str, tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {
            "run": str(self.first),
            "again": str(self.second),
            "same_data": self.same_data,
            "same_model": self.same_model,
            "figures": {name: list(pair) for name, pair in self.figures.items()},
            "made_with": {name: list(pair) for name, pair in self.made_with.items()},
        }


def reproduce(folder: Path, *, out: str | None = None, say: Say, progress: bool | None = None) -> Comparison:
    """Do a run again, into a folder of its own, and compare.

    Args:
        folder: of the run, which must be complete.
        out: the new folder; None makes runs/<folder>-again-<n>.
        say, progress: as for `train_on_pictures`.

    Raises:
        UserError: it is no run's folder, or the run is not complete, or its pictures cannot be used any more.
        WorkFailed: files cannot be written.
    """
    then = Record.read(folder)
    if not then.hashes or not (folder / REPORT).exists():
        raise UserError(f"{folder}: this run is not complete; finish it first: {to_resume(folder)}")
    settings = replace(then.here(), out=out)
    run = train_on_pictures(
        settings, say=say, progress=progress, notes=then.notes, name=f"{folder.resolve().name}-again"
    )
    now = Record.read(run.folder)
    tests = [read_json(place / "metrics.json")["test"] for place in (folder, run.folder)]
    return Comparison(
        first=folder,
        second=run.folder,
        same_data=then.hashes.get("data") == now.hashes["data"],
        same_model=then.hashes.get("model") == now.hashes["model"],
        figures=_differing(*tests),
        made_with=_differing(then.made_with, now.made_with),
    )


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [*then, *(name for name in now if name not in then)]
    return {name: (then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name)}
