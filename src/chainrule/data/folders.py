"""Finding the files of a folder and the classes that their places or names give them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chainrule.data.dataset import Skipped
from chainrule.errors import UserError

_LEVELS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
# The same where a list of pictures says it, which may also leave it open.
PARTS = {**_LEVELS, "": ""}
# What systems and programs leave in folders. Whatever begins with a dot is ignored as well.
_SYSTEM = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "@eadir"})


@dataclass(frozen=True)
class LabelledFile:
    """A file, the name of its class, and the part ("train", ...) that its folder assigns it to, or ""."""

    path: str
    label: str
    split: str


@dataclass
class Found:
    """What a folder holds: files with their classes, the classes in order, and what was left out."""

    classes: tuple[str, ...] = ()
    files: list[LabelledFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def add(self, paths: Iterable[str], label: str, split: str) -> None:
        """Add files of one class."""
        self.files.extend(LabelledFile(path, label, split) for path in paths)


def find_by_folder(folder: str) -> Found:
    """Find files whose class is the sub-folder they are in, at whatever depth.

    Folders `train`, `val` (`valid`, `validation`) and `test` above the classes are kept as parts. They are taken
    for such when `train` holds folders and either another part or nothing else stands beside it.

    Raises:
        UserError: the folder is missing or has no sub-folders.

    """
    found = Found()
    for split, level in _levels(folder, found.skipped, holding_folders=True):
        loose, class_folders = entries(level, found.skipped)
        found.skipped.extend(Skipped(path, "lies outside the folders of the classes") for path in loose)
        for path in class_folders:
            found.add(walk(path, found.skipped), os.path.basename(path), split)
            found.classes += (os.path.basename(path),)
    if not found.classes:
        raise UserError(
            f"{folder} has no sub-folders: put the pictures of each class into a sub-folder with its name, give a "
            "second folder with negative= (--negative), or read the classes from the file names with label_from= "
            "(--label-from)"
        )
    found.classes = tuple(sorted(set(found.classes)))
    return found


def find_by_name(folder: str, pattern: str) -> Found:
    r"""Find files whose class is the first group of a regular expression, searched in the file's name.

    Raises:
        UserError: the folder is missing, the expression is none, or it has no group.

    """
    expression = _expression(pattern)
    found = Found()
    for split, level in _levels(folder, found.skipped, holding_folders=False):
        for path in walk(level, found.skipped):
            match = expression.search(os.path.basename(path))
            if match and match.group(1):
                found.add([path], match.group(1), split)
            else:
                found.skipped.append(Skipped(path, f"its name does not match {pattern}"))
    found.classes = tuple(sorted({file.label for file in found.files}))
    return found


def find_with_negative(folder: str, negative: str) -> Found:
    """Find files of two folders: the class of the first bears its name, that of the second "not_" and its name.

    Raises:
        UserError: a folder is missing, or one lies within the other.

    """
    one, other = (Path(os.path.realpath(_checked(path))) for path in (folder, negative))
    if one == other or one in other.parents or other in one.parents:
        raise UserError(
            f"the folder {folder} and the negative folder {negative} must lie apart, or pictures would be in both"
        )
    name = one.name or "positive"
    found = Found(classes=(name, f"not_{name}"))
    for path, label in zip((folder, negative), found.classes, strict=True):
        found.add(walk(path, found.skipped), label, "")
    return found


def check_classes(folder: str, classes: tuple[str, ...]) -> None:
    """Refuse classes that cannot be told apart, or that are fewer than two.

    >>> check_classes("pets", ("Dog", "cat", "dog"))
    Traceback (most recent call last):
    chainrule.errors.UserError: the classes Dog and dog of pets differ in nothing but capitals ...
    """
    seen: dict[str, str] = {}
    for name in classes:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            raise UserError(
                f"the classes {seen[key]} and {name} of {folder} differ in nothing but capitals or the spelling of "
                "accents: rename one, or bring both together under one name"
            )
        seen[key] = name
    if len(classes) < 2:
        only = f"only one class, {classes[0]}" if classes else "no class"
        raise UserError(
            f"{folder} has {only}, but at least two are needed: add a sub-folder for each class, or name a folder "
            "with pictures of anything else by negative= (--negative)"
        )


def walk(top: str, skipped: list[Skipped]) -> Iterator[str]:
    """Go through a folder at every depth, in sorted order, and hand out the files in it.

    Links are followed, but no folder is read twice and none above `top` is entered, so loops come to an end.
    """
    real = Path(os.path.realpath(top))
    seen = {_identity(path) for path in (real, *real.parents)}
    waiting = [top]
    while waiting:
        files, folders = entries(waiting.pop(), skipped)
        yield from files
        for path in reversed(folders):
            identity = _identity(path)
            if identity in seen:
                skipped.append(Skipped(path, "a link to a folder that is read already"))
            else:
                seen.add(identity)
                waiting.append(path)


def entries(folder: str, skipped: list[Skipped]) -> tuple[list[str], list[str]]:
    """Return the files and the folders in a folder, sorted; hidden ones and those of the system are ignored."""
    files: list[str] = []
    folders: list[str] = []
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        skipped.append(Skipped(folder, f"the folder cannot be read: {error.strerror}"))
        return files, folders
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(".") or name.lower() in _SYSTEM:
            continue
        if os.path.isdir(path):
            folders.append(path)
        elif os.path.isfile(path):
            files.append(path)
        else:
            skipped.append(Skipped(path, "a broken link" if os.path.islink(path) else "not a regular file"))
    return files, folders


def _identity(path: str | Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _checked(folder: str) -> str:
    if not os.path.exists(folder):
        raise UserError(f"there is no folder {folder}; check the path")
    if not os.path.isdir(folder):
        raise UserError(f"{folder} is a file, but a folder of pictures is needed")
    return folder


def _levels(folder: str, skipped: list[Skipped], *, holding_folders: bool) -> list[tuple[str, str]]:
    """Return (part, folder) pairs: one for each of train, validation and test, or ("", folder)."""
    loose, folders = entries(_checked(folder), skipped)
    parts = [(_LEVELS.get(os.path.basename(path).lower(), ""), path) for path in folders]
    train = [path for part, path in parts if part == "train"]
    others = [path for part, path in parts if not part]
    if holding_folders:
        train = [path for path in train if entries(path, [])[1]]
    if not train or (others and not any(part in ("validation", "test") for part, _ in parts)):
        return [("", folder)]
    skipped.extend(Skipped(path, "lies outside train, validation and test") for path in (*loose, *others))
    return sorted((pair for pair in parts if pair[0]), key=lambda pair: list(_LEVELS.values()).index(pair[0]))


def _expression(pattern: str) -> re.Pattern[str]:
    example = r"for dog.12.jpg it could be ^([a-z]+)\."
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UserError(f"label_from is no regular expression: {pattern!r}: {error}; {example}") from error
    if not expression.groups:
        raise UserError(f"label_from needs a group in parentheses that is the class: {pattern!r}; {example}")
    return expression
