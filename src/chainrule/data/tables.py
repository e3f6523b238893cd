"""Tables of pictures: a Parquet file, or a folder with the parts of one."""

from __future__ import annotations

import os
import re

from chainrule.data.containers.names import is_table
from chainrule.data.containers.parquet import ParquetTable
from chainrule.data.dataset import Skipped
from chainrule.data.folders import PARTS, Found
from chainrule.data.formats import named_like_picture
from chainrule.data.trees import DiskTree

_PART = re.compile(rf"({'|'.join(filter(None, PARTS))})[-_.\d]", re.IGNORECASE)

_NUMBER = re.compile(r"-?[0-9]{1,18}")


def shards_of(path: str) -> tuple[str, ...]:
    """Return the tables that a path stands for: a table itself, or those in a folder in which no pictures are.

    >>> shards_of("no/such/folder")
    ()
    """
    if is_table(path):
        return (path,)
    found: list[str] = []
    for file in DiskTree(path).walk(path, []) if os.path.isdir(path) else ():
        # Most folders are full of pictures, and there the first one ends the search.
        if named_like_picture(file):
            return ()
        if is_table(file):
            found.append(file)
    return tuple(found)


def find_in_tables(path: str) -> Found:
    """Find the pictures in tables; the names of files, or their folders, say which are to train and to judge by.

    `train-00000-of-00002.parquet` and `train/0000.parquet` are parts of those to train. The classes stand in the
    order that the tables tell, otherwise in that of their numbers or letters.

    Raises:
        UserError: a table cannot be read, or lacks a column.
    """
    found = Found()
    order: dict[str, None] = {}
    for part, shard in _parts(path, found.skipped):
        with ParquetTable(shard) as table:
            order |= dict.fromkeys(table.class_names)
            for name, label, problem in table.labels():
                if label is None:
                    found.skipped.append(Skipped(f"{shard}/{name}", problem))
                else:
                    found.add([f"{shard}/{name}"], label, part)
    used = {file.label for file in found.files}
    found.classes = (*(name for name in order if name in used), *_sorted(used - order.keys()))
    return found


def pictures_in_tables(path: str) -> list[str]:
    """List the pictures in tables, whether they have labels or not.

    Raises:
        UserError: a table cannot be read.
    """
    listed: list[str] = []
    for shard in shards_of(path):
        with ParquetTable(shard) as table:
            listed.extend(f"{shard}/{name}" for name in table.names())
    return listed


def _parts(path: str, skipped: list[Skipped]) -> list[tuple[str, str]]:
    """Return (part, table) pairs; as with folders, parts need one to train, and nothing that is no part alone."""
    shards = shards_of(path)
    if not is_table(path):
        others = [file for file in DiskTree(path).walk(path, skipped) if file not in shards]
        skipped.extend(Skipped(file, "lies beside the tables") for file in others)
    pairs = [(_part(shard, path), shard) for shard in shards]
    parts = {part for part, _ in pairs}
    if "train" not in parts or parts == {"train", ""}:
        return [("", shard) for shard in shards]
    skipped.extend(Skipped(shard, "is neither for train, validation nor test") for part, shard in pairs if not part)
    return sorted((pair for pair in pairs if pair[0]), key=lambda pair: list(PARTS.values()).index(pair[0]))


def _part(shard: str, top: str) -> str:
    match = _PART.match(os.path.basename(shard))
    if match:
        return PARTS[match.group(1).lower()]
    folder = os.path.dirname(shard)
    return "" if shard == top or folder == top else PARTS.get(os.path.basename(folder).lower(), "")


def _sorted(labels: set[str]) -> list[str]:
    """Return labels in their order: numbers as such, if all are."""
    if all(map(_NUMBER.fullmatch, labels)):
        return sorted(labels, key=lambda label: (int(label), label))
    return sorted(labels)
