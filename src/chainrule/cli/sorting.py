"""Copies of pictures, each in the folder of its class: nothing is overwritten and no original touched."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from chainrule.cli.texts import count
from chainrule.data.containers.names import place_of
from chainrule.errors import UserError


class Sorter:
    """Copies files into the sub-folders of one folder.

    Args:
        folder: where; it is made if it is not there.
        classes: the names of the sub-folders.
        given: the files and folders that are being sorted.
        pictures: what these stand for.

    Raises:
        UserError: the copies would get among the originals, `folder` is a file, a class cannot name a folder, or a
            picture is in an archive or a table.
    """

    def __init__(self, folder: str, classes: Sequence[str], given: Sequence[str], pictures: Sequence[str]) -> None:
        self._folder = Path(folder)
        self._copied: Counter[str] = Counter()
        if self._folder.exists() and not self._folder.is_dir():
            raise UserError(f"--sort-into {folder}: this is a file; give a folder")
        for path in pictures:
            place = place_of(path)
            if place is not None:
                raise UserError(f"--sort-into {folder}: only files can be copied: unpack {place.container} first")
        for name in classes:
            if not _names_a_folder(name):
                raise UserError(f"--sort-into {folder}: the class {name!r} cannot be the name of a folder")
            self._check_apart(self._folder / name, given)

    def copy(self, path: str, label: str) -> None:
        """Copy a file into the folder of its class, under a new name where its own is taken."""
        target = self._folder / label
        target.mkdir(parents=True, exist_ok=True)
        with open(path, "rb") as source:
            file = _new_file(target, os.path.basename(path))
            try:
                with file:
                    shutil.copyfileobj(source, file)
            except BaseException:
                with suppress(OSError):
                    os.unlink(file.name)
                raise
        # Times and rights are worth keeping, but not every disk can.
        with suppress(OSError):
            shutil.copystat(path, file.name)
        self._copied[label] += 1

    def summary(self) -> str:
        """Return how many files were copied, by class."""
        each = ", ".join(f"{name} {number:,}" for name, number in sorted(self._copied.items()))
        return f"copied {count(self._copied.total(), 'picture')} into {self._folder}" + (
            f": {each}" if each else ""
        )

    def _check_apart(self, target: Path, given: Sequence[str]) -> None:
        real = Path(os.path.realpath(target))
        for path in given:
            original = Path(os.path.realpath(path))
            inside = original == real or original in real.parents if original.is_dir() else original.parent == real
            if inside:
                raise UserError(
                    f"--sort-into {self._folder}: copies would get among the originals in "
                    f"{path if original.is_dir() else os.path.dirname(path) or '.'}; give a folder outside of it"
                )


def _names_a_folder(name: str) -> bool:
    # A model file may come from anywhere, and its classes must not lead out of the folder.
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")


def _new_file(folder: Path, name: str) -> BinaryIO:
    """Open a new file, called rex-2.jpg where rex.jpg is taken."""
    stem, suffix = os.path.splitext(name)
    for number in itertools.count(1):
        path = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
        with suppress(FileExistsError):
            return open(path, "xb")
    raise AssertionError("numbers do not end")
