"""Files in folders: what a folder on the disk has in common with the folders in an archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from chainrule.data.dataset import Skipped
from chainrule.errors import UserError

# What systems and programs leave in folders. Whatever begins with a dot is ignored as well.
_SYSTEM = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "@eadir"})


def is_ignored(name: str) -> bool:
    """Say whether a file or folder of this name is hidden, or one of the system's.

    >>> is_ignored(".DS_Store"), is_ignored("__MACOSX"), is_ignored("rex.jpg")
    (True, True, False)
    """
    return name.startswith(".") or name.lower() in _SYSTEM


class Tree(Protocol):
    """Files in folders, wherever they are kept.

    Attributes:
        given: what was asked for, for messages.
        top: the folder in which the files are.
        name: what that folder is called.
    """

    given: str
    top: str
    name: str

    def entries(self, folder: str, skipped: list[Skipped]) -> tuple[list[str], list[str]]:
        """Return the files and the folders in a folder, sorted; hidden ones and those of the system are ignored."""

    def walk(self, top: str, skipped: list[Skipped]) -> Iterator[str]:
        """Go through a folder at every depth, in sorted order, and hand out the files in it."""


class DiskTree:
    """A folder on the disk.

    Raises:
        UserError: there is none at that place.
    """

    def __init__(self, folder: str) -> None:
        if not os.path.exists(folder):
            raise UserError(f"there is no folder {folder}; check the path")
        if not os.path.isdir(folder):
            raise UserError(
                f"{folder} is a file, but a folder of pictures is needed, or one of these: a list (.csv), an "
                "archive (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz), a table (.parquet)"
            )
        self.given = self.top = folder
        self.name = os.path.basename(os.path.realpath(folder))

    def entries(self, folder: str, skipped: list[Skipped]) -> tuple[list[str], list[str]]:
        """Return the files and the folders in a folder, sorted; hidden ones and those of the system are ignored."""
        files: list[str] = []
        folders: list[str] = []
        try:
            # Entries of a scan know what they are: a file of its own is not looked at again.
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            skipped.append(Skipped(folder, f"the folder cannot be read: {error.strerror}"))
            return files, folders
        for entry in entries:
            path = os.path.join(folder, entry.name)
            if is_ignored(entry.name):
                continue
            if _holds(entry.is_dir):
                folders.append(path)
            elif _holds(entry.is_file):
                files.append(path)
            else:
                skipped.append(Skipped(path, "a broken link" if entry.is_symlink() else "not a regular file"))
        return files, folders

    def walk(self, top: str, skipped: list[Skipped]) -> Iterator[str]:
        """Go through a folder at every depth, in sorted order, and hand out the files in it.

        Links are followed, but no folder is read twice and none above `top` is entered, so loops come to an end.
        """
        real = Path(os.path.realpath(top))
        seen = {_identity(path) for path in (real, *real.parents)}
        waiting = [top]
        while waiting:
            files, folders = self.entries(waiting.pop(), skipped)
            yield from files
            for path in reversed(folders):
                identity = _identity(path)
                if identity in seen:
                    skipped.append(Skipped(path, "a link to a folder that is read already"))
                else:
                    seen.add(identity)
                    waiting.append(path)


def _holds(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:  # a link that leads back to itself
        return False


def _identity(path: str | Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
