"""What holds pictures, and which of them have which class: folders, archives, tables or a list."""

from __future__ import annotations

import os
from collections.abc import Callable

from chainrule.data.containers.names import exists, leads_into_archive
from chainrule.data.decode import looks_like_picture
from chainrule.data.folders import Found, check_classes, find_by_folder, find_by_name, find_with_negative
from chainrule.data.formats import named_like_picture
from chainrule.data.manifest import find_in_manifest, is_manifest
from chainrule.data.tables import find_in_tables, pictures_in_tables, shards_of
from chainrule.data.trees import DiskTree, Tree
from chainrule.errors import UserError


def find(folder: str, label_from: str | None, negative: str | None) -> Found:
    """Find the pictures that were asked for, each with its class; see `chainrule.data.pictures.read_pictures`.

    Raises:
        UserError: nothing is there, the ways to label do not go together, or the classes cannot be used.
    """
    if label_from is not None and negative is not None:
        raise UserError("label_from (--label-from) and negative (--negative) cannot be used together; choose one")
    labelled = _labelled_itself(folder)
    if labelled is not None:
        if label_from is not None or negative is not None:
            raise UserError(
                f"{folder} says the label of each picture itself: leave label_from (--label-from) and negative "
                "(--negative) out"
            )
        found = labelled(folder)
        check_classes(folder, found.classes)
        return found
    if label_from is not None:
        found = find_by_name(tree_of(folder), label_from)
        if not found.files:
            raise UserError(_nothing_matched(folder, label_from, found))
    elif negative is not None:
        found = find_with_negative(tree_of(folder), tree_of(negative))
    else:
        found = find_by_folder(tree_of(folder))
    check_classes(folder, found.classes)
    return found


def pictures_in(path: str) -> list[str]:
    """List the pictures that a path stands for: itself, or those in a folder, an archive or a table, sorted.

    Raises:
        UserError: the path does not exist, or holds no picture.
    """
    if not exists(path):
        raise UserError(f"there is no file or folder {path}; check the path")
    if shards_of(path):
        inside = pictures_in_tables(path)
    elif leads_into_archive(path) and not named_like_picture(path):
        inside = list(filter(named_like_picture, tree_of(path).walk(path, [])))
    elif os.path.isdir(path):
        inside = list(filter(looks_like_picture, tree_of(path).walk(path, [])))
    else:
        return [path]
    if not inside:
        raise UserError(f"{path} holds no picture")
    return inside


def tree_of(path: str) -> Tree:
    """Return the files in a folder, on the disk or in an archive.

    Raises:
        UserError: it is none, or cannot be read.
    """
    if leads_into_archive(path):
        from chainrule.data.containers.tree import ArchiveTree

        return ArchiveTree(path)
    return DiskTree(path)


def _labelled_itself(path: str) -> Callable[[str], Found] | None:
    """Return what finds the pictures of a list or a table; None for anything else."""
    if is_manifest(path):
        return find_in_manifest
    return find_in_tables if shards_of(path) else None


def _nothing_matched(folder: str, pattern: str, found: Found) -> str:
    if not found.skipped:
        return f"{folder} is empty: it holds no picture"
    name = os.path.basename(found.skipped[0].path)
    return f"no file name in {folder} matches label_from {pattern!r}; the first name there is {name}"
