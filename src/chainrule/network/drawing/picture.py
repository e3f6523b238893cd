"""A picture of a picture: its planes of numbers, and how they become the vector x."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of, whole
from chainrule.errors import UserError
from chainrule.graph.draw.colors import Theme, check_theme
from chainrule.graph.draw.drawing import Drawing
from chainrule.graph.draw.svg import Canvas
from chainrule.graph.text import Notation, check_notation

Pixels = NDArray[np.uint8]

LARGEST_BYTE = 255
_ORDERS = {3: "Pixel by pixel, row by row; of each pixel R, then G, then B.", 1: "Pixel by pixel, row by row."}


def draw_picture(
    pixels: ArrayLike,
    *,
    scaled: bool = False,
    max_pixels: SupportsIndex = 5,
    notation: Notation = "rows",
    theme: Theme = "auto",
) -> Drawing:
    """Draw how a picture becomes numbers: its planes R, G and B, and the vector x that a network reads.

    The order of x is that of all rows that chainrule reads from pictures (see `cr.read_picture`): pixel by pixel
    from the top left, row by row, and of each pixel R, G, B.

    Args:
        pixels: whole numbers from 0 to 255 of shape (height, width, 3), in grey (height, width) or
            (height, width, 1); or a row of a square picture as `cr.read_picture` gives it.
        scaled: whether to show x / 255 too.
        max_pixels: how many rows and columns of each plane are written out before an ellipsis stands for the rest.
        notation: "rows" (x is a row of X) or "columns" (x is a column of X).
        theme: "auto" (as the page), "light" or "dark".

    Returns:
        The drawing; a notebook shows it, `save` writes it.

    Raises:
        UserError: pixels of another shape or with other numbers, or another choice.

    Example:
        >>> import chainrule as cr
        >>> import numpy as np
        >>> cr.draw_picture(np.arange(64 * 64 * 3).reshape(64, 64, 3) % 256)
        <Drawing of a picture, 64 × 64 × 3 = 12288 numbers>
    """
    from chainrule.network.drawing.picture_parts import PictureParts

    most = whole(max_pixels, "max_pixels", least=3)
    if not isinstance(scaled, bool):
        raise UserError(f"scaled is True or False, not {scaled!r:.60}")
    picture = Picture(_checked(array_of(pixels, "pixels")), check_notation(notation), scaled)
    about = " ".join([f"{picture.size_text}.", *picture.words])
    canvas = Canvas("How a picture becomes the vector x", theme=check_theme(theme), description=about)
    PictureParts(canvas, picture, most).draw()
    return Drawing(canvas.render(), f"a picture, {picture.size_text}")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and what is said of it.

    Attributes:
        pixels: shape (height, width, channels).
        notation: "rows" or "columns".
        scaled: whether x / 255 is shown.
    """

    pixels: Pixels
    notation: Notation
    scaled: bool

    @property
    def planes(self) -> str | tuple[str, ...]:
        """The names of the channels."""
        return ("R", "G", "B") if self.pixels.shape[2] == 3 else ("grey",)

    @property
    def size_text(self) -> str:
        """How many numbers it has, as a product."""
        factors = self.pixels.shape if self.pixels.shape[2] > 1 else self.pixels.shape[:2]
        return f"{' × '.join(map(str, factors))} = {self.pixels.size} numbers"

    @property
    def words(self) -> list[str]:
        """What is written below: the order, and what becomes of x."""
        size = self.pixels.size
        lines = [_ORDERS[self.pixels.shape[2]]]
        if self.notation == "columns":
            lines.append(f"x is one column of X, which has shape ({size}, m).")
        else:
            lines.append(f"x is one row of X, which has shape (m, {size}).")
        return [*lines, "The network reads x / 255: numbers from 0 to 1."] if self.scaled else lines

    def shown_pixels(self) -> list[int]:
        """Return which pixels' numbers are written out: the first ones, where row 2 begins, the last one."""
        height, width, channels = self.pixels.shape
        first = [0, 1] if channels == 3 else [0, 1, 2]
        wanted = {*first, width, *([width + 1] if channels == 1 else []), height * width - 1}
        return sorted(at for at in wanted if at < height * width)

    def place(self, pixel: int) -> tuple[int, int]:
        """Return the row and column of a pixel, counted from 1."""
        width = self.pixels.shape[1]
        return pixel // width + 1, pixel % width + 1


def _checked(array: NDArray[Any]) -> Pixels:
    if array.ndim == 1:
        array = _unrolled(array)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or not array.size:
        raise UserError(
            f"pixels has shape {array.shape}, but a picture has (height, width, 3), in grey (height, width); a row "
            "of a square picture will do as well"
        )
    whole_numbers = array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= LARGEST_BYTE
    if not whole_numbers:
        extent = f" from {array.min()} to {array.max()}" if array.dtype.kind in "iuf" else ""
        raise UserError(
            f"pixels must be whole numbers from 0 to 255, not {array.dtype}{extent}; "
            "numbers from 0 to 1 become pixels by (x * 255).round().astype('uint8')"
        )
    return array.astype(np.uint8)


def _unrolled(row: NDArray[Any]) -> NDArray[Any]:
    """Return the square picture of a row: no number is both a square and three times a square."""
    for channels in (3, 1):
        side = isqrt(len(row) // channels)
        if side and side * side * channels == len(row):
            return row.reshape(side, side, channels)
    raise UserError(
        f"a row of {len(row)} numbers is no square picture, in colour or grey: reshape it to (height, width, 3)"
    )
