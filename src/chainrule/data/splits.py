"""Cutting rows into those to learn from, those to choose by, and those to judge by."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import SPLITS, Dataset
from chainrule.errors import UserError
from chainrule.files import write_atomically
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
) -> Splits:
    """Split rows into train, validation and test so that each part has the same mix of classes.

    Of each class every part gets its share to within one row, and at least one row, which train gives up where a
    class is small. Parts that the folder of a dataset sets apart stay as they are; what is missing is cut from
    its train rows. The outcome depends on the labels, the shares and the seed alone.

    Args:
        dataset: a dataset, or labels of shape (m,). Labels that are floats are taken for quantities, not classes.
        validation: the share of rows to choose settings by, from 0 to below 1.
        test: the share of rows to judge the model by, from 0 to below 1.
        seed: any whole number.

    Returns:
        The indices of the rows of each part.

    Raises:
        UserError: a share is out of range, nothing is left to train on, or a class has too few rows.

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
    cut = _cut(pool, labels[pool], names, (shares["validation"], shares["test"]), seed)
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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "label", "split"])
    for row, name in enumerate(part):
        writer.writerow([dataset.paths[row] if dataset.paths else "", dataset.classes[dataset.y[row]], name])
    write_atomically(path, text.getvalue().encode("utf-8", "surrogateescape"))


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
) -> list[NDArray[np.int64]]:
    """Cut rows into three parts, class by class."""
    wanted = (1.0 - sum(shares), *shares)
    if labels.dtype.kind == "f":
        labels = np.zeros(len(labels), dtype=np.int64)
    values, classes = np.unique(labels, return_inverse=True)
    chosen: list[list[NDArray[np.int64]]] = [[], [], []]
    for index, value in enumerate(values):
        members = rows[classes == index]
        counts = _apportion(len(members), wanted)
        if 0 in (count for count, share in zip(counts, wanted, strict=True) if share):
            raise UserError(_too_few(names[int(value)] if names else str(value), len(members), wanted))
        order = members[permutation((seed, _STREAM, index), len(members))]
        # Test first, so that the test rows stay the same whatever the share of validation.
        pieces = np.split(order, [counts[2], counts[2] + counts[1]])
        for part, piece in zip(chosen, reversed(pieces), strict=True):
            part.append(piece)
    empty = np.empty(0, dtype=np.int64)
    return [np.sort(np.concatenate([empty, *part])) for part in chosen]


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


def _too_few(name: str, count: int, wanted: tuple[float, ...]) -> str:
    parts = [part for part, share in zip(SPLITS, wanted, strict=True) if share]
    rows = "1 example" if count == 1 else f"{count} examples"
    return (
        f"the class {name} has {rows}, too few for one each in {', '.join(parts)}: "
        "add examples, or set a share to 0"
    )
