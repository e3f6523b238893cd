"""The folder of a run: made once, never overwritten."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from chainrule.data.dataset import Skipped
from chainrule.errors import UserError, WorkFailed
from chainrule.files import write_csv

# The files of a run whose names matter to more than one module.
RECORD, MODEL, CHECKPOINT, REPORT = "run.json", "model.safetensors", "checkpoint.safetensors", "report.html"
# What the folder of a search holds instead of the record of a run.
SEARCH = "tune.json"

_DEFAULT_PARENT = "runs"
# With its number, a name of so many characters is one that every file system takes.
_LONGEST_NAME = 60


@contextmanager
def new_run_folder(out: str | None, name: str, *, apart_from: Sequence[str] = ()) -> Iterator[Path]:
    """Make the folder of a new run; where the run fails before anything is written, take it back.

    Args:
        out, name: see `make_run_folder`.
        apart_from: folders of pictures, which the run's folder must not lie within.

    Raises:
        UserError: `out` exists already, or lies within a folder of pictures.
        WorkFailed: the folder cannot be made.
    """
    place = Path(_DEFAULT_PARENT if out is None else out)
    for pictures in apart_from:
        if Path(os.path.realpath(place)).is_relative_to(os.path.realpath(pictures)):
            raise UserError(
                f"the run's folder {place} would lie within the folder of pictures {pictures}, and the next run "
                "would look for pictures in it: name another place with --out"
            )
    missing = [above for above in (place, *place.parents) if not os.path.exists(above)]
    folder = make_run_folder(out, name)
    try:
        with locked(folder):
            yield folder
    except BaseException:
        # What a run was told is nothing yet that it has done.
        with suppress(OSError):
            if os.listdir(folder) == [RECORD]:
                (folder / RECORD).unlink()
        for made in (folder, *missing):
            # A folder with something in it stays.
            with suppress(OSError):
                made.rmdir()
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other programs from working on a run's folder; the system ends that with the program, however it ends.

    Raises:
        UserError: another program works on it.
    """
    if sys.platform == "win32":
        # There a folder cannot be locked.
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserError(f"{folder}: another program is working on this run; wait for its end, or end it") from None
    except OSError:
        # Some network file systems know no locks.
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def remove_remains(folder: Path) -> None:
    """Remove files that were being written when a run was killed; they never came to have their name."""
    for remains in folder.glob(".*.tmp"):
        remains.unlink(missing_ok=True)


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
        if out is None:
            return _first_free(_safe(name))
        folder = Path(out)
        folder.mkdir(parents=True)
        return folder
    except FileExistsError:
        raise UserError(
            f"--out {out}: it exists already, and a run never overwrites; choose another name"
        ) from None
    except OSError as reason:
        raise WorkFailed(f"the run's folder cannot be made: {reason.strerror}: {reason.filename}") from None


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)[:_LONGEST_NAME].strip("._") or "run"


def _first_free(name: str) -> Path:
    for number in itertools.count(1):
        folder = Path(_DEFAULT_PARENT, f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError("numbers do not end")


def write_skipped(path: Path, skipped: Sequence[Skipped]) -> None:
    """Write which files were left out, and why: CSV with the columns path and reason."""
    write_csv(path, ["path", "reason"], ((one.path, one.reason) for one in skipped))
