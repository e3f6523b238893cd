"""Bringing the classes of a folder to those of a model."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset
from chainrule.errors import UserError


def class_indices(dataset: Dataset, classes: Sequence[str], folder: str) -> NDArray[np.int64]:
    """Return the labels of a dataset as indices into a model's classes.

    Args:
        dataset: the pictures, with the classes of their folder.
        classes: the model's. Where they are `not_dog` and `dog`, any class but `dog` counts as `not_dog`.
        folder: where the pictures are, for the message.

    Raises:
        UserError: the folder has classes that the model does not tell.

    >>> data = Dataset(np.zeros((3, 1)), np.array([0, 1, 2]), ("cat", "dog", "horse"))
    >>> class_indices(data, ("not_dog", "dog"), "pets").tolist()
    [0, 1, 0]
    """
    index = {_key(name): i for i, name in enumerate(classes)}
    known = [name for name in dataset.classes if _key(name) in index]
    rest = _rest(classes)
    if len(known) < len(dataset.classes) and (rest is None or not known):
        raise UserError(
            f"the classes of {folder} are {', '.join(dataset.classes)}, but the model tells {', '.join(classes)}: "
            "give the folders the names of the model's classes"
        )
    new = np.array([index.get(_key(name), rest or 0) for name in dataset.classes], dtype=np.int64)
    return np.asarray(new[dataset.y])


def positive_index(classes: Sequence[str], positive: str | None) -> int | None:
    """Return which class of two is the positive one; None where there are more.

    Raises:
        UserError: the model has no such class, or more than two.

    >>> positive_index(("cat", "dog"), "cat"), positive_index(("cat", "dog"), None)
    (0, 1)
    """
    if positive is None:
        return 1 if len(classes) == 2 else None
    if len(classes) != 2:
        raise UserError(
            f"--positive {positive}: one of two classes is positive, but the model tells {len(classes)}"
        )
    keys = [_key(name) for name in classes]
    if _key(positive) not in keys:
        raise UserError(f"--positive {positive}: the model has no such class; it tells {', '.join(classes)}")
    return keys.index(_key(positive))


def _rest(classes: Sequence[str]) -> int | None:
    """Return the index of the class that stands for all others, if there is one."""
    if len(classes) != 2:
        return None
    for i, name in enumerate(classes):
        if name == f"not_{classes[1 - i]}":
            return i
    return None


def _key(name: str) -> str:
    # Systems spell the accents in the names of folders in two ways.
    return unicodedata.normalize("NFC", name)
