"""Pictures that are there more than once: the same numbers, or the same picture stored again.

Copies on both sides of a split make a test easier than it is: the answer was learned by heart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset, Skipped
from chainrule.errors import UserError

Numbers = NDArray[np.int64]
Floats = NDArray[np.float32]

# Pictures are compared as 8 x 8 greys first, and those that are alike then as 16 x 16. How alike, from -1 to 1:
# docs/developer/copies.md tells what chose these.
_COARSE, _FINE = 8, 16
_ALIKE_COARSE, _ALIKE_FINE = 0.95, 0.985
# A picture with less contrast than this, in bytes, looks like any other such one.
_LEAST_CONTRAST = 4.0
# Comparing each with each takes a minute for so many pictures; beyond, only equal ones are found.
_MOST_COMPARED = 200_000
# Numbers that are worked on at a time: pixels, and how alike pairs are.
_PIXELS, _PAIRS = 1 << 17, 1 << 20
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class CopySet:
    """Files that show the same picture.

    Attributes:
        paths: the files.
        labels: the class of each.
        are_same: whether they have the very same numbers; otherwise they are alike.
    """

    paths: tuple[str, ...]
    labels: tuple[str, ...]
    are_same: bool

    @property
    def is_conflict(self) -> bool:
        """Whether the picture has more than one label."""
        return len(set(self.labels)) > 1


@dataclass(frozen=True, eq=False)
class Copies:
    """Which rows of a dataset show the same picture.

    Attributes:
        group: for each row the number of its group, shape (m,); a row without a copy has a group of its own.
        same: for each row the first one with the very same numbers, shape (m,); itself for most.
        compared: whether rows that are merely alike were looked for.
    """

    group: Numbers
    same: Numbers
    compared: bool = True

    def sets(self, dataset: Dataset) -> tuple[CopySet, ...]:
        """Describe each group of more than one, in the order of their first rows."""
        order = np.argsort(self.group, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(self.group[order])) + 1)
        return tuple(
            CopySet(
                tuple(dataset.paths[row] for row in rows),
                tuple(dataset.classes[dataset.y[row]] for row in rows),
                len(np.unique(self.same[rows])) == 1,
            )
            for rows in groups
            if len(rows) > 1
        )

    def subset(self, rows: Numbers) -> Copies:
        """What is left of it for some of the rows."""
        return Copies(_renumbered(self.group[rows]), _renumbered(self.same[rows]), self.compared)


def find_copies(dataset: Dataset) -> Copies:
    """Find pictures that are there more than once.

    Pictures are copies where their rows are equal, or where their greys are alike whatever the brightness and
    contrast: a picture that was saved again, in another size or a little lighter. The copies of copies are in one
    group.

    Args:
        dataset: pictures, as rows of bytes.

    Example:
        >>> from chainrule.data.settings import PictureSettings
        >>> X = np.random.default_rng(0).integers(0, 200, (4, 256), dtype=np.uint8)
        >>> X[2], X[3] = X[0], X[1] // 2 + 90
        >>> copies = find_copies(Dataset(X, np.zeros(4, np.int64), ("a",), pictures=PictureSettings(16, "grey")))
        >>> copies.group.tolist(), copies.same.tolist()
        ([0, 1, 0, 1], [0, 1, 0, 3])
    """
    if dataset.pictures is None:
        raise UserError("copies are found among pictures, but these rows are none")
    same = _first_equal(dataset.X)
    different = np.flatnonzero(same == np.arange(len(same)))
    compared = len(different) <= _MOST_COMPARED
    group = same.copy()
    if compared:
        greys = _Greys(dataset.X, dataset.pictures.shape)
        for a, b in _alike(greys, different):
            _join(group, a, b)
    return Copies(_roots(group), same, compared)


def group_by(paths: Sequence[str], pattern: str) -> Numbers:
    r"""Group files by what a regular expression finds in their paths.

    Args:
        paths: the files, with / between folders.
        pattern: searched in each path; its first group, or else all that it matches, names the group. A path that
            it does not match is a group of its own.

    Returns:
        For each path the number of its group, shape (m,): that of the first path in it.

    Raises:
        UserError: no regular expression, or one that matches nothing.

    Example:
        >>> group_by(["dog/rex_1.jpg", "dog/ida.jpg", "dog/rex_2.jpg"], r"(\w+)_\d").tolist()
        [0, 1, 0]
    """
    try:
        compiled = re.compile(pattern)
    except re.error as reason:
        raise UserError(f"group_by (--group-by) is no regular expression: {reason}: {pattern!r}") from None
    first: dict[str, int] = {}
    found = np.arange(len(paths))
    for row, path in enumerate(paths):
        match = compiled.search(path.replace("\\", "/"))
        if match is not None:
            name = match.group(1) if compiled.groups and match.group(1) is not None else match.group(0)
            found[row] = first.setdefault(name, row)
    if paths and not first:
        raise UserError(f"group_by (--group-by) {pattern!r} matches no path; the first one is {paths[0]}")
    return found


def joined(one: Numbers, other: Numbers) -> Numbers:
    """Join two ways to group the same rows: rows together in either are together.

    >>> joined(np.array([0, 1, 0, 3]), np.array([0, 1, 2, 1])).tolist()
    [0, 1, 0, 1]
    """
    group = one.copy()
    first: dict[int, int] = {}
    for row, number in enumerate(other.tolist()):
        _join(group, first.setdefault(number, row), row)
    return _roots(group)


def without_leaks(dataset: Dataset, group: Numbers) -> tuple[Dataset, Numbers]:
    """Leave out rows to learn from that have a copy among those that their folders set apart to judge by.

    Returns:
        The dataset, in which they are among the skipped, and the rows that it kept.
    """
    rank = {"test": 2, "validation": 1}
    ranks = np.array([rank.get(part, 0) for part in dataset.splits or [""] * len(dataset)])
    highest = np.zeros(len(dataset), np.int64)
    np.maximum.at(highest, group, ranks)
    leaks = np.flatnonzero(ranks < highest[group])
    if not len(leaks):
        return dataset, np.arange(len(dataset))
    skipped = list(dataset.skipped)
    for row in leaks:
        there = np.flatnonzero((group == group[row]) & (ranks == highest[group[row]]))[0]
        skipped.append(Skipped(dataset.paths[row], f"a copy of {dataset.paths[there]}, which is to judge by"))
    kept = np.setdiff1d(np.arange(len(dataset)), leaks)
    ordered = tuple(sorted(skipped, key=lambda skip: skip.path))
    return replace(dataset.subset(kept), skipped=ordered), kept


def _renumbered(group: Numbers) -> Numbers:
    _, first, number = np.unique(group, return_index=True, return_inverse=True)
    return first[number]


def _first_equal(X: NDArray[Any]) -> Numbers:
    first: dict[bytes, int] = {}
    return np.array(
        [first.setdefault(blake2b(row.tobytes(), digest_size=16).digest(), number) for number, row in enumerate(X)],
        np.int64,
    )


class _Greys:
    """Pictures without colour, brightness and contrast: their scalar products say how alike they are."""

    def __init__(self, X: NDArray[Any], shape: tuple[int, int, int]) -> None:
        self._X, self._shape = X, shape

    def of(self, rows: Numbers) -> Floats:
        """The greys of pictures, shape (len, height, width)."""
        pictures = self._X[rows].reshape(-1, *self._shape).astype(np.float32)
        return pictures[..., 0] if self._shape[2] == 1 else pictures @ _GREY

    def few(self, rows: Numbers, side: int) -> Floats:
        """So many means of greys on a side, of unit length around 0; zeros where there is little contrast."""
        height, width = (_means(size, min(side, size)) for size in self._shape[:2])
        found = np.zeros((len(rows), len(height) * len(width)), np.float32)
        step = max(1, _PIXELS // self._X.shape[1])
        for start in range(0, len(rows), step):
            place = slice(start, start + step)
            means: Floats = (height @ self.of(rows[place]) @ width.T).astype(np.float32)
            found[place] = _unit(means.reshape(-1, found.shape[1]))
        return found

    def alike(self, a: Numbers, b: Numbers) -> Floats:
        """How alike pairs of pictures are, on a closer look."""
        rows, place = np.unique(np.stack([a, b]), return_inverse=True)
        one, other = self.few(rows, _FINE)[place.reshape(2, -1)]
        return np.asarray((one * other).sum(axis=1))


def _means(size: int, wanted: int) -> Floats:
    """The matrix that takes so many means of neighbours, shape (wanted, size)."""
    edges = np.arange(wanted + 1) * size / wanted
    place = np.arange(size)
    overlap = np.minimum(edges[1:, None], place + 1) - np.maximum(edges[:-1, None], place)
    shares: Floats = (np.maximum(overlap, 0) * wanted / size).astype(np.float32)
    return shares


def _unit(values: Floats) -> Floats:
    around = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(around, axis=1, keepdims=True)
    plain = length < _LEAST_CONTRAST * np.sqrt(values.shape[1])
    unit: Floats = np.where(plain, 0, around / np.maximum(length, 1e-6)).astype(np.float32)
    return unit


def _alike(greys: _Greys, rows: Numbers) -> Iterator[tuple[int, int]]:
    """Find the pairs that are alike, the first row before the second."""
    coarse = greys.few(rows, _COARSE)
    step = max(1, _PAIRS // max(1, len(rows)))
    for start in range(0, len(rows), step):
        products = coarse[start : start + step] @ coarse[start:].T
        a, b = np.nonzero(products >= _ALIKE_COARSE)
        later = b > a
        a, b = rows[a[later] + start], rows[b[later] + start]
        for at in range(0, len(a), _PAIRS >> 10):
            place = slice(at, at + (_PAIRS >> 10))
            one, other = a[place], b[place]
            alike = greys.alike(one, other) >= _ALIKE_FINE
            yield from zip(one[alike].tolist(), other[alike].tolist(), strict=True)


def _join(group: Numbers, a: int, b: int) -> None:
    """Put two rows into one group; a group is named by its first row, to which the others lead."""
    first, second = sorted((_root(group, a), _root(group, b)))
    group[second] = first


def _root(group: Numbers, row: int) -> int:
    while group[row] != row:
        group[row] = row = int(group[group[row]])
    return row


def _roots(group: Numbers) -> Numbers:
    return np.array([_root(group, row) for row in range(len(group))], np.int64)
