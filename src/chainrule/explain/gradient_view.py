"""Gradients as the page shows them: numbers in cells, or, where there are many, a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.parts import BackwardStep
from chainrule.explain.pixels import Overlay, Shape, overlay, pixel_sums

Array = NDArray[np.float64]

# Up to so many numbers stand in cells; a larger matrix becomes a map of so many rows at most.
_MOST_CELLS = 128
_MOST_ROWS = 128


@dataclass(frozen=True, eq=False)
class GradientView:
    """How one gradient is shown.

    Attributes:
        cells: its numbers, where they are few.
        largest: the largest of them, by size.
        map: a map of many numbers; None otherwise.
        caption: what the map shows.
        over_picture: whether the map lies over the picture.
        matrix: the shape of the gradient of a W, whose numbers can be looked up one by one; None of others.
    """

    cells: tuple[float, ...]
    largest: float
    map: Overlay | None
    caption: str
    over_picture: bool
    matrix: tuple[int, int] | None


def gradient_view(step: BackwardStep, features: int, shape: Shape | None) -> GradientView:
    """Choose how a gradient is shown.

    Args:
        step: the step of the backward pass.
        features: how many numbers the row has.
        shape: (height, width, channels) of a picture; None of other rows.
    """
    array = np.asarray(step.value, np.float64)
    matrix = (array.shape[0], array.shape[1]) if step.is_parameter and array.ndim == 2 else None
    if not np.isfinite(array).all():
        return GradientView((), 1.0, None, "", False, matrix)
    if array.size <= _MOST_CELLS:
        cells = tuple(float(number) for number in array.ravel()) if array.size > 1 else ()
        return GradientView(cells, float(np.abs(array).max()) or 1.0, None, "", False, matrix)
    painted, caption, over_picture = _painted(step.name, array, features, shape)
    return GradientView((), 1.0, painted, caption, over_picture, matrix)


def _painted(name: str, array: Array, features: int, shape: Shape | None) -> tuple[Any, str, bool]:
    if shape is not None and array.size == features:
        return overlay(pixel_sums(array, shape)), f"{name} over the picture, its colours added up", True
    if array.ndim != 2 or 1 in array.shape:
        return None, "", False
    if shape is not None and len(array) == features:
        neuron = int(np.abs(array).max(axis=0).argmax())
        words = (
            f"{name}[:, {neuron}], of the neuron with the largest gradient: the picture itself, times one number"
        )
        return overlay(pixel_sums(array[:, neuron], shape)), words, True
    if len(array) > _MOST_ROWS:
        return None, "", False
    if len(array) > array.shape[1]:  # wide is easier to show than high
        return overlay(array.T), f"all of {name}: a row for each neuron, a column for each number it reads", False
    return overlay(array), f"all of {name}: a row for each number that is read, a column for each neuron", False
