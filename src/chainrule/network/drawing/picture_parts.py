"""The parts of a picture of a picture: the picture, its planes of numbers, and the vector x."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.draw.colors import contrast
from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.ellipsis import dots, shown
from chainrule.network.drawing.picture import LARGEST_BYTE, Picture, Pixels

_SIDE, _PLANE = 200.0, 112.0
_WIDE, _HIGH = 34.0, 20.0
_DOTS, _SWATCH = 24.0, 24.0
_TITLE, _TEXT, _SMALL, _INDEX = 15.0, 13.0, 12.0, 10.0
_TOP, _BETWEEN, _ROOM = 38.0, 24.0, 64.0
_CAPTION = _TEXT + 10
# Above the numbers of a plane: the numbers of its columns, and the ways of the first pixels; from there to x.
_ABOVE, _RAILS, _WAY = 30.0, (24.0, 18.0), 120.0
_LINE = 19.0
# A picture of more pixels on a side is drawn by every second, third, ... of them; its numbers stay as they are.
_MOST_DRAWN = 128
# So few pixels are drawn as rectangles, which every program shows with sharp edges.
_FEW = 400
# How much of a plane's brightness its three colours get: the plane of red is drawn in shades of red.
_SHADES = {"R": (1, 0, 0), "G": (0, 1, 0), "B": (0, 0, 1), "grey": (1, 1, 1)}
# The ways of its numbers to x, in colours that are seen on light and on dark pages.
_MARK = "#f5a300"
_WAYS = {"R": "#d33b2f", "G": "#2b9348", "B": "#4a74f0", "grey": "soft"}
_SAID = {"R": "red", "G": "green", "B": "blue", "grey": "grey"}


class PictureParts:
    """Places the picture, its planes and the vector from left to right."""

    def __init__(self, canvas: Canvas, picture: Picture, most: int) -> None:
        self.canvas, self.picture = canvas, picture
        height, width = picture.pixels.shape[:2]
        self.rows, self.columns = shown(height, most), shown(width, most)
        widest = max(text_width(str(at + 1), _INDEX) for at in self.rows if at is not None)
        self.grid_left = _SIDE + _ROOM + _PLANE + 14 + widest + 6
        self.grid_right = self.grid_left + _across(self.columns, _WIDE)
        self.plane_high = max(_across(self.rows, _HIGH) + _ABOVE, _PLANE) + _CAPTION
        self.planes_high = len(picture.planes) * (self.plane_high + _BETWEEN) - _BETWEEN
        self.vector_rows = picture.shown_pixels()
        words_high = _LINE * len(picture.words) + 34.0
        self.high = max(self.planes_high, words_high + self._vector_high(), _SIDE)
        self.middle = _TOP + self.high / 2
        self.vector_middle = self.middle + words_high / 2
        self.bracket = self.grid_right + _WAY

    def draw(self) -> None:
        """Draw everything."""
        height, width, channels = self.picture.pixels.shape
        count = "three planes" if channels == 3 else "one plane"
        self._heading(0, "the picture", f"{height} × {width} pixels")
        self._heading(_SIDE + _ROOM, f"{count} of numbers", "each number from 0 (dark) to 255 (bright)")
        self._picture()
        for number, name in enumerate(self.picture.planes):
            self._plane(number, name)
        self._vector()
        self._words()
        self._ways()

    def _heading(self, x: float, title: str, below: str) -> None:
        self.canvas.text(x, 0, title, size=_TITLE, weight="bold")
        self.canvas.text(x, 19, below, size=_SMALL, ink="soft")

    def _picture(self) -> None:
        pixels = self.picture.pixels
        color = pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)
        with self.canvas.group("picture"):
            self._image(0, self.middle - _SIDE / 2, _SIDE, color)

    def _image(self, x: float, y: float, side: float, color: Pixels) -> None:
        """Draw an image as large as fits a square, in its middle."""
        height, width = color.shape[:2]
        scale = side / max(height, width)
        wide, high = width * scale, height * scale
        rows, columns = (np.linspace(0, size - 1, min(size, _MOST_DRAWN)).astype(int) for size in (height, width))
        left, top = x + (side - wide) / 2, y + (side - high) / 2
        if height * width > _FEW:
            self.canvas.image(left, top, wide, high, color[np.ix_(rows, columns)])
        else:
            self.canvas.cells(left, top, [[_hex(pixel) for pixel in line] for line in color], scale, scale)

    def _plane(self, number: int, name: str) -> None:
        canvas, plane = self.canvas, self.picture.pixels[:, :, number]
        top, middle = self._place_of_plane(number)
        left = _SIDE + _ROOM
        title = f"the {_SAID[name]} of each pixel"
        title = title if name == "grey" else f"*{{{name}}}, {title}"
        with canvas.group("plane", name=name):
            canvas.path([(_SIDE + 8, self.middle), (left - 8, middle)], curved=True, ink="soft")
            canvas.text(left, top + _TEXT, title, size=_TEXT)
            self._image(left, middle - _PLANE / 2, _PLANE, _shaded(plane, name))
            self._grid(plane, name, self._grid_top(number))

    def _place_of_plane(self, number: int) -> tuple[float, float]:
        """Return where a plane begins, and where the middle of its numbers is."""
        top = self.middle - self.planes_high / 2 + number * (self.plane_high + _BETWEEN)
        return top, top + (self.plane_high + _CAPTION) / 2

    def _grid_top(self, number: int) -> float:
        return self._place_of_plane(number)[1] - (_across(self.rows, _HIGH) - _ABOVE) / 2

    def _grid(self, plane: Pixels, name: str, top: float) -> None:
        for column, x in _places(self.columns, self.grid_left, _WIDE):
            if column is not None:
                self.canvas.text(x + _WIDE / 2, top - 5, str(column + 1), size=_INDEX, anchor="middle", ink="soft")
        for row, y in _places(self.rows, top, _HIGH):
            if row is None:
                middle = (self.grid_left + self.grid_right) / 2
                dots(self.canvas, middle, y + _DOTS / 2)
                continue
            self.canvas.text(self.grid_left - 6, y + 14, str(row + 1), size=_INDEX, anchor="end", ink="soft")
            for column, x in _places(self.columns, self.grid_left, _WIDE):
                if column is None:
                    dots(self.canvas, x + _DOTS / 2, y + _HIGH / 2, across=True)
                else:
                    marked = row == 0 and column in self._led()
                    self._cell(x, y, int(plane[row, column]), name, marked=marked)

    def _cell(self, x: float, y: float, value: int, name: str, *, marked: bool = False) -> None:
        color = _hex(_shaded(np.array([[value]], np.uint8), name)[0, 0])
        ink = max(("#000000", "#ffffff"), key=lambda one: contrast(one, color))
        edge, width = (_MARK, 2.0) if marked else ("line", 0.8)
        self.canvas.box(x + 0.5, y + 0.5, _WIDE - 1, _HIGH - 1, radius=2, fill=color, ink=edge, line_width=width)
        self.canvas.text(x + _WIDE / 2, y + 14.5, str(value), size=_SMALL, anchor="middle", ink=ink, cls="number")

    def _vector_high(self) -> float:
        channels = len(self.picture.planes)
        gaps = sum(_DOTS if after > before + 1 else 6.0 for before, after in pairwise(self.vector_rows))
        return len(self.vector_rows) * channels * _HIGH + gaps + 12

    def _cells_left(self) -> float:
        return self.bracket + 12 + text_width(f"x_{{{self.picture.pixels.size}}}", _TEXT) + 8

    def _vector(self) -> None:
        canvas, picture, bracket = self.canvas, self.picture, self.bracket
        symbol = "x^{(i)}" if picture.notation == "columns" else "x"
        cells = self._cells_left()
        y = self.vector_middle - self._vector_high() / 2
        self._heading(bracket, f"one vector {symbol}", picture.size_text)
        canvas.text(cells + _WIDE / 2, y - 5, symbol, size=_TITLE, weight="bold", anchor="middle")
        self._bracket(bracket, y, 1)
        self._bracket(cells + _WIDE + 10, y, -1)
        after = cells + _WIDE + 24
        if picture.scaled:
            canvas.text(after, y - 5, f"{symbol} / 255", size=_SMALL, ink="soft")
        for pixel, top in self._pixels_with_tops():
            self._pixel(pixel, cells, after, top)

    def _pixels_with_tops(self) -> Iterator[tuple[int, float]]:
        """Yield the pixels that x shows and where each begins."""
        y = self.vector_middle - self._vector_high() / 2 + 6
        before = -1
        for pixel in self.vector_rows:
            if pixel > before + 1:
                y += _DOTS
            elif pixel:
                y += 6
            yield pixel, y
            y += len(self.picture.planes) * _HIGH
            before = pixel

    def _pixel(self, pixel: int, cells: float, after: float, y: float) -> None:
        """Write the numbers of one pixel, with dots above them where pixels are left out."""
        canvas, picture = self.canvas, self.picture
        channels = len(picture.planes)
        row, column = picture.place(pixel)
        values = picture.pixels[row - 1, column - 1]
        if pixel and pixel - 1 not in self.vector_rows:
            dots(canvas, cells + _WIDE / 2, y - _DOTS / 2)
        with canvas.group("pixel", row=row, column=column):
            for channel, name in enumerate(picture.planes):
                line = y + channel * _HIGH
                canvas.text(
                    cells - 8, line + 14.5, f"x_{{{pixel * channels + channel + 1}}}", size=_TEXT, anchor="end"
                )
                self._cell(cells, line, int(values[channel]), name, marked=pixel in self._led())
                if picture.scaled:
                    share = f"{values[channel] / LARGEST_BYTE:.3f}"
                    canvas.text(after, line + 14.5, share, size=_SMALL, family="mono")
            left = after + (text_width("0.000", _SMALL, family="mono") + 14 if picture.scaled else 0)
            color = _hex(np.broadcast_to(values, 3))
            high = channels * _HIGH
            canvas.box(left, y + 1, _SWATCH, high - 2, radius=2, fill=color, ink="line", line_width=0.8)
            text = f"row {row}, column {column}"
            canvas.text(left + _SWATCH + 8, y + high / 2 + 4.5, text, size=_SMALL, ink="soft")

    def _led(self) -> list[int]:
        """Return the pixels whose numbers are led to their places: the first two of the first row."""
        return [pixel for pixel in (0, 1) if pixel in self.columns and pixel in self.vector_rows]

    def _ways(self) -> None:
        """Lead the numbers of the first pixels from their planes to their places in x, one after the other."""
        tops = dict(self._pixels_with_tops())
        starts = dict(_places(self.columns, self.grid_left, _WIDE))
        for pixel in self._led():
            for number, name in enumerate(self.picture.planes):
                top, end = self._grid_top(number), tops[pixel] + (number + 0.5) * _HIGH
                x, rail = starts[pixel] + 6, top - _RAILS[pixel]
                place = pixel * len(self.picture.planes) + number + 1
                right, tip = self.grid_right + 6, self.bracket - 3
                middle = (right + tip) / 2
                way = f"M{x} {top}L{x} {rail + 5}Q{x} {rail} {x + 5} {rail}L{right} {rail}"
                with self.canvas.group("way", name=name, place=place):
                    self.canvas.path(
                        f"{way}C{middle} {rail} {middle} {end} {tip} {end}",
                        ink=_WAYS[name],
                        width=1.7,
                        dash=pixel > 0,
                    )

    def _bracket(self, x: float, y: float, way: int) -> None:
        end = y + self._vector_high()
        points = [(x + 6 * way, y), (x, y), (x, end), (x + 6 * way, end)]
        self.canvas.path(points, ink="ink", arrow=False)

    def _words(self) -> None:
        for number, line in enumerate(self.picture.words, start=1):
            self.canvas.text(self.bracket, 24 + number * _LINE, line, size=_SMALL)


def _across(places: Sequence[int | None], size: float) -> float:
    return sum(_DOTS if at is None else size for at in places)


def _places(places: Sequence[int | None], start: float, size: float) -> list[tuple[int | None, float]]:
    """Return where each place begins."""
    found = []
    for at in places:
        found.append((at, start))
        start += _DOTS if at is None else size
    return found


def _shaded(plane: Pixels, name: str) -> Pixels:
    """Return a plane in shades of its colour, of shape (height, width, 3)."""
    shades: Pixels = np.rint(plane[:, :, None] * np.array(_SHADES[name])).astype(np.uint8)
    return shades


def _hex(color: NDArray[Any]) -> str:
    return "#" + "".join(f"{int(channel):02x}" for channel in color)
