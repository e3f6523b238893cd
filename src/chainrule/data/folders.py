"""Finding the files of a folder and the classes that their places or names give them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from chainrule.data.dataset import Skipped
from chainrule.data.trees import Tree
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


def find_by_folder(tree: Tree) -> Found:
    """Find files whose class is the sub-folder they are in, at whatever depth.

    Folders `train`, `val` (`valid`, `validation`) and `test` above the classes are kept as parts. They are taken
    for such when `train` holds folders and either another part or nothing else stands beside it.

    Raises:
        UserError: the folder has no sub-folders.

    """
    found = Found()
    for split, level in _levels(tree, found.skipped, holding_folders=True):
        loose, class_folders = tree.entries(level, found.skipped)
        found.skipped.extend(Skipped(path, "lies outside the folders of the classes") for path in loose)
        for path in class_folders:
            found.add(tree.walk(path, found.skipped), os.path.basename(path), split)
            found.classes += (os.path.basename(path),)
    if not found.classes:
        raise UserError(
            f"{tree.given} has no sub-folders: put the pictures of each class into a sub-folder with its name, "
            "give a second folder with negative= (--negative), or read the classes from the file names with "
            "label_from= (--label-from)"
        )
    found.classes = tuple(sorted(set(found.classes)))
    return found


def find_by_name(tree: Tree, pattern: str) -> Found:
    r"""Find files whose class is the first group of a regular expression, searched in the file's name.

    Raises:
        UserError: the expression is none, or it has no group.

    """
    expression = _expression(pattern)
    found = Found()
    for split, level in _levels(tree, found.skipped, holding_folders=False):
        for path in tree.walk(level, found.skipped):
            match = expression.search(os.path.basename(path))
            if match and match.group(1):
                found.add([path], match.group(1), split)
            else:
                found.skipped.append(Skipped(path, f"its name does not match {pattern}"))
    found.classes = tuple(sorted({file.label for file in found.files}))
    return found


def find_with_negative(tree: Tree, negative: Tree) -> Found:
    """Find files of two folders: the class of the first bears its name, that of the second "not_" and its name.

    Raises:
        UserError: one folder lies within the other.

    """
    one, other = (Path(os.path.realpath(place.given)) for place in (tree, negative))
    if one == other or one in other.parents or other in one.parents:
        raise UserError(
            f"the folder {tree.given} and the negative folder {negative.given} must lie apart, or pictures would "
            "be in both"
        )
    name = tree.name or "positive"
    found = Found(classes=(name, f"not_{name}"))
    for place, label in zip((tree, negative), found.classes, strict=True):
        found.add(place.walk(place.top, found.skipped), label, "")
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


def _levels(tree: Tree, skipped: list[Skipped], *, holding_folders: bool) -> list[tuple[str, str]]:
    """Return (part, folder) pairs: one for each of train, validation and test, or ("", folder)."""
    # What is skipped at the top is told by whoever reads that folder.
    unreadable: list[Skipped] = []
    loose, folders = tree.entries(tree.top, unreadable)
    parts = [(_LEVELS.get(os.path.basename(path).lower(), ""), path) for path in folders]
    train = [path for part, path in parts if part == "train"]
    others = [path for part, path in parts if not part]
    if holding_folders:
        train = [path for path in train if tree.entries(path, [])[1]]
    if not train or (others and not any(part in ("validation", "test") for part, _ in parts)):
        return [("", tree.top)]
    skipped.extend(unreadable)
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
