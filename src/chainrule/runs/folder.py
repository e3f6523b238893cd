"""The folder of a run: made once, never overwritten."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from chainrule.data.dataset import Skipped
from chainrule.errors import UserError, WorkFailed
from chainrule.files import write_atomically


def make_run_folder(out: str | None, name: str) -> Path:
    """Make the folder of a new run.

    Args:
        out: where; None takes the first free of runs/<name>-1, runs/<name>-2, ...
        name: what the run is called, made safe for a folder.

    Raises:
        UserError: `out` exists already.
        WorkFailed: the folder cannot be made.
    """
    try:
        if out is not None:
            folder = Path(out)
            folder.mkdir(parents=True)
            return folder
        return _first_free(Path("runs"), re.sub(r"[^\w.-]+", "_", name).strip("._") or "run")
    except FileExistsError:
        raise UserError(
            f"--out {out}: it exists already, and a run never overwrites; choose another name"
        ) from None
    except OSError as reason:
        raise WorkFailed(f"the run's folder cannot be made: {reason.strerror}: {reason.filename}") from None


def _first_free(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        folder = parent / f"{name}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("numbers do not end")


def write_skipped(path: Path, skipped: Sequence[Skipped]) -> None:
    """Write which files were left out, and why: CSV with the columns path and reason."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "reason"])
    writer.writerows((one.path, one.reason) for one in skipped)
    write_atomically(path, text.getvalue().encode("utf-8", "surrogateescape"))
