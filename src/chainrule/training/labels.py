"""Labels as a loss reads them, and the classes that they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of, from_zero
from chainrule.errors import UserError

ClassName = str | int


@dataclass(frozen=True, eq=False)
class Labels:
    """What the network shall answer.

    Attributes:
        values: for classes, the index of each example's class, shape (m,), int64; else numbers, shape (m, outputs).
        classes: the names of the classes; None where the answers are numbers.
    """

    values: NDArray[Any]
    classes: tuple[ClassName, ...] | None

    def for_loss(self, kind: str) -> NDArray[Any]:
        """The array in the shape that a loss of this kind reads."""
        if self.classes is None or kind == "categorical":
            return self.values
        return self.values.reshape(-1, 1)


def read_labels(
    y: ArrayLike, *, count: int, outputs: int, classes: Sequence[ClassName] | None, classify: bool
) -> Labels:
    """Check labels and turn class names into indices.

    Args:
        y: shape (m,), or (m, 1) for one output; for numbers, (m, outputs).
        count: the number of rows of X.
        outputs: the number of outputs of the network.
        classes: the names of the classes in the order of their indices; None reads them off y.
        classify: whether y names classes.

    Raises:
        UserError: another length or shape, missing values, labels outside the classes.

    Example:
        >>> read_labels(["cat", "dog", "cat"], count=3, outputs=1, classes=None, classify=True).classes
        ('cat', 'dog')
    """
    array = array_of(y, "y")
    _check_length(array, count)
    if not classify:
        return Labels(_numbers(array, outputs), None)
    array = _texts_or_whole_numbers(array)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(f"y must have shape (m,): one label an example; it has shape {array.shape}")
    wanted = max(outputs, 2)
    names = _given_classes(classes) if classes is not None else _found_classes(array, wanted)
    if len(names) != wanted:
        raise UserError(
            f"there {'is 1 class' if len(names) == 1 else f'are {len(names)} classes'} "
            f"({', '.join(map(str, names[:5]))}{', ...' * (len(names) > 5)}), but a network with "
            f"{outputs} output{'s' * (outputs > 1)} tells {wanted} apart"
        )
    return Labels(_indices(array, names), names)


def _check_length(array: NDArray[Any], count: int) -> None:
    if array.ndim == 0:
        raise UserError("y must have one label an example, but it is a single value")
    if len(array) != count:
        raise UserError(f"X has {count} rows but y has {len(array)} labels: they must be equally long")
    if count == 0:
        raise UserError("X and y are empty: there is nothing to learn from")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise UserError(f"y holds a value that is no number, at row {row}: fill or drop it")


def _numbers(array: NDArray[Any], outputs: int) -> NDArray[Any]:
    if array.dtype.kind not in "biuf":
        raise UserError(f"y must hold numbers for this loss, but its dtype is {array.dtype}")
    if array.ndim == 1 and outputs == 1:
        return array.reshape(-1, 1)
    if array.shape != (len(array), outputs):
        raise UserError(f"y must have shape (m, {outputs}) for {outputs} outputs, not {array.shape}")
    return array


def _texts_or_whole_numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Check that labels name classes, and give those of mixed Python objects one dtype."""
    if array.dtype.kind == "O":
        kinds = (str, int | float | np.number | np.bool_)
        if not any(all(isinstance(label, kind) for label in array.flat) for kind in kinds):
            strange = next(label for label in array.flat if not isinstance(label, str))
            raise UserError(f"labels are whole numbers or names, but y holds {strange!r:.60}")
        array = np.array(array.tolist())
    if array.dtype.kind not in "biufU":
        raise UserError(f"labels are whole numbers or names, but the dtype of y is {array.dtype}")
    if array.dtype.kind == "f" and (array != np.floor(array)).any():
        raise UserError(f"labels are whole numbers or names, but y holds {array[array != np.floor(array)][0]}")
    return array


def _given_classes(classes: Sequence[ClassName]) -> tuple[ClassName, ...]:
    names = tuple(classes)
    texts = all(isinstance(name, str) for name in names)
    whole = all(isinstance(name, int | np.integer) and not isinstance(name, bool) for name in names)
    if isinstance(classes, str) or not (texts or whole) or len(set(names)) < len(names):
        raise UserError(f"classes is a list of different names, or of different whole numbers, not {classes!r:.80}")
    return tuple(_plain(name) for name in names)


def _found_classes(array: NDArray[Any], wanted: int) -> tuple[ClassName, ...]:
    if array.dtype.kind in "biuf" and array.min() >= 0 and array.max() < wanted:
        return tuple(range(wanted))
    found = tuple(_plain(label) for label in np.unique(array))
    if len(found) > wanted:
        raise UserError(
            f"y has {len(found)} different labels, from {found[0]!r} to {found[-1]!r}, but the network tells "
            f"{wanted} apart: give it {len(found)} outputs, or correct the labels"
        )
    return found


def _plain(label: Any) -> ClassName:
    return str(label) if isinstance(label, str) else int(label)


def _indices(array: NDArray[Any], names: tuple[ClassName, ...]) -> NDArray[np.int64]:
    if array.dtype.kind in "biuf" and all(isinstance(name, str) for name in names):
        names = tuple(range(len(names)))  # indices of named classes
    position = {name: index for index, name in enumerate(names)}
    labels = [_plain(label) for label in array.tolist()]
    strange = next((label for label in labels if label not in position), None)
    if strange is not None:
        raise UserError(f"y holds the label {strange!r}, which is none of the classes {', '.join(map(str, names))}")
    return np.array([position[label] for label in labels], dtype=np.int64)


def example_weights(
    labels: Labels,
    class_weight: str | dict[ClassName, float] | None,
    sample_weight: ArrayLike | None,
    rows: NDArray[np.int64],
) -> NDArray[np.float64] | None:
    """Return how much each example counts, shape (m,); None where all count the same.

    `rows` are the examples trained on, whose classes are counted.

    "balanced" gives each class the same total: m / (classes * examples of the class), as scikit-learn does.
    """
    weights = None
    if class_weight is not None:
        weights = _class_weights(labels, class_weight, rows)[labels.values]
    if sample_weight is not None:
        given = array_of(sample_weight, "sample_weight")
        fits = given.shape == (len(labels.values),) and given.dtype.kind in "biuf"
        if not fits or not np.isfinite(given).all() or (given < 0).any():
            raise UserError("sample_weight must be one number from 0 up for each example")
        given = given.astype(np.float64)
        weights = given if weights is None else weights * given
    if weights is not None and not weights[rows].sum() > 0:
        raise UserError("all weights of examples are 0: there is nothing to learn from")
    return weights


def _class_weights(
    labels: Labels, class_weight: str | dict[ClassName, float], rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    if labels.classes is None:
        raise UserError("class_weight is for classes, but y holds numbers; use sample_weight")
    if class_weight == "balanced":
        counts = np.bincount(labels.values[rows], minlength=len(labels.classes))
        return np.asarray(len(rows) / (len(labels.classes) * np.maximum(counts, 1)))
    if not isinstance(class_weight, dict) or set(class_weight) - set(labels.classes):
        names = ", ".join(map(str, labels.classes))
        raise UserError(f'class_weight is "balanced" or a weight by class ({names}), not {class_weight!r}')
    return np.array([from_zero(class_weight.get(name, 1.0), f"the weight of {name}") for name in labels.classes])
