"""Raw rows with their labels, and everything known about where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError

if TYPE_CHECKING:
    from chainrule.data.settings import PictureSettings

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why.

    >>> Skipped("dogs/notes.txt", "not a picture").reason
    'not a picture'
    """

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled rows.

    Args:
        X: rows of shape (m, n) as they were read; pictures are uint8 and stay so.
        y: shape (m,), for each row the index of its class.
        classes: the names of the classes.
        paths: for each row the file it came from, or empty.
        splits: for each row the part that its folder assigned it to ("train", "validation", "test", or "" for
            none), or empty.
        skipped: the files that were left out.
        pictures: how the rows were made from pictures, or None.

    Raises:
        UserError: shapes or lengths do not fit together, or a label is no index of a class.

    >>> data = Dataset(np.zeros((3, 2)), np.array([0, 1, 1]), ("cat", "dog"))
    >>> len(data), data.counts()
    (3, {'cat': 1, 'dog': 2})
    """

    X: NDArray[Any]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    paths: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    pictures: PictureSettings | None = None

    def __post_init__(self) -> None:
        self._check_rows()
        self._check_labels()
        for name, values in (("paths", self.paths), ("splits", self.splits)):
            if values and len(values) != len(self.X):
                raise UserError(f"{name} must name each of the {len(self.X)} rows, but has {len(values)} entries")
        unknown = set(self.splits) - {*SPLITS, ""}
        if unknown:
            raise UserError(f'splits are "train", "validation", "test" or "", not {sorted(unknown)}')

    def _check_rows(self) -> None:
        if self.X.ndim != 2:
            raise UserError(f"X must have the shape (examples, features), but its shape is {self.X.shape}")
        if self.pictures is not None and self.X.shape[1] != self.pictures.features:
            raise UserError(
                f"rows of pictures of shape {self.pictures.shape} have {self.pictures.features} numbers, "
                f"but X has {self.X.shape[1]} columns"
            )

    def _check_labels(self) -> None:
        if self.y.shape != (len(self.X),) or self.y.dtype.kind not in "iu":
            raise UserError(
                f"y must hold one whole number for each of the {len(self.X)} rows, "
                f"but it is {self.y.dtype} of shape {self.y.shape}"
            )
        if len(set(self.classes)) != len(self.classes):
            raise UserError(f"the names of the classes must differ; they were {', '.join(self.classes)}")
        if len(self.y) and not 0 <= int(self.y.min()) <= int(self.y.max()) < len(self.classes):
            raise UserError(
                f"labels are indices of the {len(self.classes)} classes, from 0 to {len(self.classes) - 1}, "
                f"but y goes from {self.y.min()} to {self.y.max()}"
            )

    def __len__(self) -> int:
        return len(self.X)

    def subset(self, indices: Sequence[int] | NDArray[Any]) -> Dataset:
        """Return the rows at some indices, in that order, with their paths and splits.

        >>> data = Dataset(np.arange(6).reshape(3, 2), np.array([0, 1, 1]), ("cat", "dog"), ("a", "b", "c"))
        >>> data.subset([2, 0]).paths
        ('c', 'a')
        """
        chosen = np.asarray(indices)
        if chosen.size == 0:
            chosen = chosen.astype(np.int64)
        if chosen.dtype == np.bool_:
            chosen = np.flatnonzero(chosen)
        return replace(
            self,
            X=self.X[chosen],
            y=self.y[chosen],
            paths=tuple(self.paths[i] for i in chosen) if self.paths else (),
            splits=tuple(self.splits[i] for i in chosen) if self.splits else (),
        )

    def counts(self) -> dict[str, int]:
        """Return how many rows each class has, in the order of the classes."""
        numbers = np.bincount(self.y, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, numbers, strict=True))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The index of each class, by name (as torchvision calls it)."""
        return {name: index for index, name in enumerate(self.classes)}

    @property
    def samples(self) -> list[tuple[str, int]]:
        """Each row's path and class index (as torchvision calls it)."""
        return list(zip(self.paths, self.targets, strict=True)) if self.paths else []

    @property
    def targets(self) -> list[int]:
        """Each row's class index as a plain list (as torchvision calls it)."""
        return [int(label) for label in self.y]
