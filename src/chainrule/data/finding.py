"""What holds pictures, and which of them have which class: a folder, two folders, or a list."""

from __future__ import annotations

import os

from chainrule.data.folders import Found, check_classes, find_by_folder, find_by_name, find_with_negative
from chainrule.data.manifest import find_in_manifest, is_manifest
from chainrule.data.trees import DiskTree
from chainrule.errors import UserError


def find(folder: str, label_from: str | None, negative: str | None) -> Found:
    """Find the pictures that were asked for, each with its class; see `chainrule.data.pictures.read_pictures`.

    Raises:
        UserError: nothing is there, the ways to label do not go together, or the classes cannot be used.
    """
    if label_from is not None and negative is not None:
        raise UserError("label_from (--label-from) and negative (--negative) cannot be used together; choose one")
    if is_manifest(folder):
        if label_from is not None or negative is not None:
            raise UserError(
                f"{folder} says the label of each picture itself: leave label_from (--label-from) and negative "
                "(--negative) out"
            )
        found = find_in_manifest(folder)
        check_classes(folder, found.classes)
        return found
    if label_from is not None:
        found = find_by_name(DiskTree(folder), label_from)
        if not found.files:
            raise UserError(_nothing_matched(folder, label_from, found))
    elif negative is not None:
        found = find_with_negative(DiskTree(folder), DiskTree(negative))
    else:
        found = find_by_folder(DiskTree(folder))
    check_classes(folder, found.classes)
    return found


def _nothing_matched(folder: str, pattern: str, found: Found) -> str:
    if not found.skipped:
        return f"{folder} is empty: it holds no picture"
    name = os.path.basename(found.skipped[0].path)
    return f"no file name in {folder} matches label_from {pattern!r}; the first name there is {name}"
