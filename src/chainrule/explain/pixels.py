"""Small pictures inside a page: a row of pixels, its colour planes, and maps of signed numbers to lay over it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.draw.colors import ROLES

Shape = tuple[int, int, int]

# A larger picture is brought to this side: nobody sees more on a page, and its numbers stand beside it.
_LARGEST_SIDE = 128
# So many levels on either side of 0; with 0 itself they are one palette.
_LEVELS = 127
# Colours reach their full strength at this quantile of |v|: one stray pixel would leave all others pale.
_QUANTILE = 0.995
_PLANES = (("red", (255, 70, 60)), ("green", (70, 215, 90)), ("blue", (90, 140, 255)))


@dataclass(frozen=True)
class Overlay:
    """A map of signed numbers as a picture, clear where they are 0.

    Attributes:
        address: the picture, blue where numbers are positive, orange where they are negative.
        strongest: the |v| from which on the colour is full.
        low, high: the smallest and largest of the numbers.
    """

    address: str
    strongest: float
    low: float
    high: float


def picture_address(row: NDArray[Any], shape: Shape) -> str:
    """Return a row of bytes as a picture in a `data:` address, without loss up to 128 pixels wide.

    Args:
        row: (n,) numbers from 0 to 255.
        shape: (height, width, 1 or 3).

    Example:
        >>> picture_address(np.zeros(12), (2, 2, 3))[:22]
        'data:image/png;base64,'
    """
    return _address(np.asarray(row).reshape(shape).clip(0, 255).astype(np.uint8))


def plane_addresses(row: NDArray[Any], shape: Shape) -> list[tuple[str, str]]:
    """Return the name and the picture of each plane: red, green and blue in their colours, or grey alone.

    Example:
        >>> [name for name, _ in plane_addresses(np.zeros(12), (2, 2, 3))]
        ['red', 'green', 'blue']
    """
    pixels = np.asarray(row).reshape(shape).clip(0, 255)
    if shape[2] == 1:
        return [("grey", picture_address(row, shape))]
    found = []
    for number, (name, color) in enumerate(_PLANES):
        tinted = pixels[:, :, number, None] * np.array(color) / 255
        found.append((name, _address(tinted.astype(np.uint8))))
    return found


def pixel_sums(values: NDArray[Any], shape: Shape) -> NDArray[np.float64]:
    """Add up what belongs to one pixel, (height, width): attributions of its colours are attributions of it.

    >>> pixel_sums(np.array([1.0, 2.0, -4.0]), (1, 1, 3)).tolist()
    [[-1.0]]
    """
    sums: NDArray[np.float64] = np.asarray(values, np.float64).reshape(shape).sum(axis=2)
    return sums


def overlay(values: NDArray[Any]) -> Overlay:
    """Paint a map of signed numbers.

    Args:
        values: (height, width), one number a pixel.

    Example:
        >>> overlay(np.array([[0.0, -2.0], [1.0, 0.5]])).low
        -2.0
    """
    from PIL import Image

    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    strongest = float(np.quantile(np.abs(values), _QUANTILE)) or float(np.abs(values).max(initial=0.0))
    shares = np.clip(values / (strongest or 1.0), -1, 1)
    image = Image.fromarray((np.round(shares * _LEVELS) + _LEVELS).astype(np.uint8), "P")
    image.putpalette(_palette())
    # How clear each colour of the palette is: all of it at 0, none at full strength.
    clear = bytes(round(255 * abs(level) / _LEVELS) for level in range(-_LEVELS, _LEVELS + 1))
    if max(values.shape) > _LARGEST_SIDE:
        image.info["transparency"] = clear
        image = image.convert("RGBA")
        image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        address = _written(image)
    else:
        address = _written(image, transparency=clear)
    return Overlay(address, strongest, float(values.min()), float(values.max()))


def _palette() -> list[int]:
    negative, positive = (_rgb(ROLES[role][0]) for role in ("negative", "positive"))
    return [*negative * _LEVELS, 255, 255, 255, *positive * _LEVELS]


def _rgb(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _address(pixels: NDArray[np.uint8]) -> str:
    from PIL import Image

    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    return _written(image)


def _written(image: Any, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
