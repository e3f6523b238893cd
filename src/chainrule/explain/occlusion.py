"""Occlusion: what an answer becomes when a part of the row is covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.explained import Explained

Array = NDArray[np.float64]
Shape = tuple[int, int, int]

_GREY = 128
# A patch is an eighth of the picture wide and moves by half of itself.
_PATCHES_ACROSS = 8
# Of rows that are no pictures, so many parts are covered one after the other at most.
_MOST_PARTS = 512
_NUMBERS_AT_ONCE = 1 << 21


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What covering each part of a row does.

    Attributes:
        drops: (n,) how much the probability (or the number that is the answer) falls when the feature is covered:
            the mean over the patches that cover it.
        share: the probability of the whole row.
        share_name: what falls, in words.
        lowest: what is left of it when the part that matters most is covered.
        patch: how many pixels wide the patch is, or how many features are covered at once.
        stride: by how many it moves.
        covers: what stands in place of what is covered, in words.
    """

    drops: Array
    share: float
    share_name: str
    lowest: float
    patch: int
    stride: int
    covers: str


def occlude(output: Explained, row: NDArray[Any], shape: Shape | None) -> Occlusion:
    """Cover one part of a row after the other, and see how far the probability falls.

    A grey patch moves over a picture; of another row, each feature becomes what the first layer reads as 0 (the
    mean, where rows are standardised). Source: Zeiler, Fergus 2014, "Visualizing and Understanding Convolutional
    Networks", section 4.2.

    Args:
        output: the explained output.
        row: shape (n,), as the model was trained on.
        shape: (height, width, channels) of a picture; None for other rows.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.explain.explained import explained
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
        >>> found = occlude(explained(model, X[0]), X[0], None)
        >>> found.drops.shape, found.patch
        ((2,), 1)
    """
    x = output.read(row[None])[0]
    if shape is None:
        patch = stride = -(-x.size // _MOST_PARTS)
        covered = _parts(x.size, patch)
        fill = np.zeros(x.size)
        covers = "0 as the first layer reads it"
    else:
        patch = max(1, min(shape[:2]) // _PATCHES_ACROSS)
        stride = max(1, patch // 2)
        covered = _patches(shape, patch, stride)
        fill = output.read(np.full((1, x.size), _GREY, dtype=row.dtype))[0]
        covers = "grey"
    share = float(output.shares(x[None])[0])
    left = _shares_left(output, x, covered, fill)
    return Occlusion(
        drops=((share - left) @ covered) / covered.sum(axis=0),
        share=share,
        share_name=output.share_name,
        lowest=float(left.min()),
        patch=patch,
        stride=stride,
        covers=covers,
    )


def _shares_left(output: Explained, x: Array, covered: NDArray[np.bool_], fill: Array) -> Array:
    at_once = max(1, _NUMBERS_AT_ONCE // x.size)
    pieces = [covered[first : first + at_once] for first in range(0, len(covered), at_once)]
    return np.concatenate([output.shares(np.where(piece, fill, x)) for piece in pieces])


def _parts(size: int, length: int) -> NDArray[np.bool_]:
    """Say which features each part covers, shape (parts, n)."""
    covered: NDArray[np.bool_] = np.arange(size) // length == np.arange(-(-size // length))[:, None]
    return covered


def _patches(shape: Shape, patch: int, stride: int) -> NDArray[np.bool_]:
    """Say which numbers each place of the patch covers, shape (places, n); together they cover the picture."""
    height, width, channels = shape
    rows, columns = _spans(height, patch, stride), _spans(width, patch, stride)
    pixels = rows[:, None, :, None] & columns[None, :, None, :]
    return np.repeat(pixels.reshape(-1, height * width), channels, axis=1)


def _spans(length: int, patch: int, stride: int) -> NDArray[np.bool_]:
    starts = [*range(0, length - patch, stride), length - patch]
    places = np.arange(length)
    return np.array([(places >= start) & (places < start + patch) for start in starts])
