"""Cutting rows into those to learn from, those to choose by, and those to judge by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import SPLITS, Dataset
from chainrule.errors import UserError
from chainrule.files import write_csv
from chainrule.random import permutation

# Sets this use of the seed apart from every other one.
_STREAM = 0x5350_4C49_54


@dataclass(frozen=True, eq=False)
class Splits:
    """The rows of each part: ascending indices, each row in exactly one part."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def split(
    dataset: Dataset | NDArray[Any] | Sequence[Any],
    *,
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
    groups: NDArray[np.int64] | None = None,
) -> Splits:
    """Split rows into train, validation and test so that each part has the same mix of classes.

    Of each class every part gets its share to within one row, and at least one row, which train gives up where a
    class is small. Parts that the folder of a dataset sets apart stay as they are; what is missing is cut from
    its train rows. The outcome depends on the labels, the shares, the groups and the seed alone.

    Args:
        dataset: a dataset, or labels of shape (m,). Labels that are floats are taken for quantities, not classes.
        validation: the share of rows to choose settings by, from 0 to below 1.
        test: the share of rows to judge the model by, from 0 to below 1.
        seed: any whole number.
        groups: for each row the number of its group, shape (m,); rows of one group come into the same part, which
            then has its share to within the size of a group. None for no groups.

    Returns:
        The indices of the rows of each part.

    Raises:
        UserError: a share is out of range, nothing is left to train on, or a class has too few rows or groups.

    >>> parts = split([0, 0, 0, 0, 1, 1, 1, 1], validation=0.25, test=0.25)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (4, 2, 2)
    """
    _check_shares(validation, test)
    labels = np.asarray(dataset.y if isinstance(dataset, Dataset) else dataset)
    if labels.ndim != 1:
        raise UserError(f"labels to split by must have the shape (examples,), but their shape is {labels.shape}")
    names = dataset.classes if isinstance(dataset, Dataset) else None
    fixed = np.array(dataset.splits if isinstance(dataset, Dataset) and dataset.splits else [""] * len(labels))
    parts = {part: np.flatnonzero(fixed == part) for part in ("validation", "test")}
    shares = {
        part: 0.0 if len(parts[part]) else share for part, share in (("validation", validation), ("test", test))
    }
    pool = np.flatnonzero((fixed == "train") | (fixed == ""))
    group = np.arange(len(labels)) if groups is None else np.asarray(groups)
    if group.shape != labels.shape:
        raise UserError(f"groups must hold one number for each of the {len(labels)} rows, not {group.shape}")
    cut = _cut(pool, labels[pool], names, (shares["validation"], shares["test"]), seed, group[pool])
    return Splits(
        train=cut[0],
        validation=np.sort(np.concatenate([parts["validation"], cut[1]])),
        test=np.sort(np.concatenate([parts["test"], cut[2]])),
    )


def write_splits(path: str | os.PathLike[str], dataset: Dataset, splits: Splits) -> None:
    """Write which row is in which part: CSV with the columns path, label, split, in the order of the rows.

    Rows that come from no file have an empty path.

    Raises:
        WorkFailed: the file cannot be written.

    >>> import pathlib, tempfile
    >>> data = Dataset(np.zeros((3, 1)), np.array([0, 1, 0]), ("cat", "dog"), ("a.png", "b.png", "c.png"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_splits(f"{folder}/splits.csv", data, Splits(np.array([0, 1]), np.array([2]), np.array([])))
    ...     print(pathlib.Path(folder, "splits.csv").read_text())
    path,label,split
    a.png,cat,train
    b.png,dog,train
    c.png,cat,validation
    """
    part = [""] * len(dataset)
    for name in SPLITS:
        for row in getattr(splits, name):
            part[int(row)] = name
    paths = dataset.paths or [""] * len(dataset)
    write_csv(
        path,
        ["path", "label", "split"],
        zip(paths, (dataset.classes[label] for label in dataset.y), part, strict=True),
    )


def _check_shares(validation: float, test: float) -> None:
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise UserError(f"{name} is a share of the rows, from 0 to below 1; it was {share}")
    if validation + test >= 1:
        raise UserError(
            f"validation and test together take {validation + test:g} of the rows, "
            "which leaves nothing to train on; they must stay below 1"
        )


def _cut(
    rows: NDArray[np.int64],
    labels: NDArray[Any],
    names: tuple[str, ...] | None,
    shares: tuple[float, float],
    seed: int,
    group: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """Cut rows into three parts, class by class; a group counts for the class of its first row."""
    wanted = (1.0 - sum(shares), *shares)
    if labels.dtype.kind == "f":
        labels = np.zeros(len(labels), dtype=np.int64)
    _, first_of_group, number = np.unique(group, return_index=True, return_inverse=True)
    values, classes = np.unique(labels, return_inverse=True)
    part_of = np.zeros(len(first_of_group), np.int64)
    sizes = np.bincount(number, minlength=len(first_of_group))
    for index, value in enumerate(values):
        members = np.sort(first_of_group[classes[first_of_group] == index])
        units = number[members]
        counts = _apportion(int(sizes[units].sum()), wanted)
        order = units[permutation((seed, _STREAM, index), len(units))]
        taken = _dealt_out(sizes[order].tolist(), counts)
        if any(share and part not in taken for part, share in enumerate(wanted)):
            rows_of_class = int((classes == index).sum())
            raise UserError(_too_few(names[int(value)] if names else str(value), rows_of_class, len(units), wanted))
        part_of[order] = taken
    return [rows[part_of[number] == part] for part in range(3)]


def _dealt_out(sizes: Sequence[int], counts: Sequence[int]) -> list[int]:
    """Say for each group in which part it goes, 0 for train: the first that has room for half of it at least.

    Test first, so that the test rows stay the same whatever the share of validation.

    >>> _dealt_out([1, 5, 1, 1, 1], [5, 2, 2]), _dealt_out([9, 8, 9, 9], [29, 3, 3])
    ([2, 0, 2, 1, 1], [1, 2, 0, 0])
    """
    room = list(counts)
    parts = []
    for size in sizes:
        part = next((part for part in (2, 1) if 2 * room[part] >= size), 0)
        room[part] -= size
        parts.append(part)
    # A part that no group is small enough for gets the smallest.
    for part in (2, 1):
        in_train = [place for place, chosen in enumerate(parts) if chosen == 0]
        if counts[part] and part not in parts and len(in_train) > 1:
            parts[min(in_train, key=lambda place: sizes[place])] = part
    return parts


def _apportion(count: int, shares: tuple[float, ...]) -> list[int]:
    """Divide rows by the largest remainders, then see that each part has one where there are enough."""
    exact = [count * share for share in shares]
    counts = [int(part + 1e-9) for part in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: counts[i] - exact[i])
    for i in by_remainder[: count - sum(counts)]:
        counts[i] += 1
    for i, share in enumerate(shares):
        largest = counts.index(max(counts))
        if share and not counts[i] and counts[largest] > 1:
            counts[largest] -= 1
            counts[i] = 1
    return counts


def _too_few(name: str, count: int, groups: int, wanted: tuple[float, ...]) -> str:
    parts = [part for part, share in zip(SPLITS, wanted, strict=True) if share]
    rows = "1 example" if count == 1 else f"{count} examples"
    if groups < count:
        rows += f" in {groups} group{'s' if groups != 1 else ''} that stay together"
    return (
        f"the class {name} has {rows}, too few for one each in {', '.join(parts)}: "
        "add examples, or set a share to 0"
    )
