"""The lines between two columns of circles: one a weight, as wide and in the colour that its number says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Anchor, Canvas
from chainrule.network.drawing.columns import Column
from chainrule.network.drawing.strokes import stroke
from chainrule.network.drawing.words import Words, short, typed

# So many lines into one circle, or out of one, have room for their numbers, at these parts of the way.
_FEW, _ALONG, _NEAR, _NUMBER = 5, 0.34, 0.14, 11.0
# How far above its line a number stands; lines whose ends differ by less in height are level.
_LIFT, _LEVEL = 6.0, 8.0
_CLEAR = 2.0


@dataclass(frozen=True)
class Place:
    """Where a column stands.

    Attributes:
        column: its circles.
        x: their middles from left to right.
        ys: their middles from top to bottom, one a slot.
        radius: of the circles.
    """

    column: Column
    x: float
    ys: list[float]
    radius: float


def draw_lines(canvas: Canvas, start: Place, end: Place, words: Words) -> None:
    """Draw the lines from every circle that is shown to every circle of the next column."""
    pairs = [
        (source, target, i, j)
        for source, i in enumerate(start.column.slots)
        for target, j in enumerate(end.column.slots)
        if i is not None and j is not None
    ]
    column, weights = end.column, end.column.weights
    if weights is not None:  # the widest last, so that they lie on top
        pairs.sort(key=lambda pair: float(np.nan_to_num(abs(weights[pair[2], pair[3]]))))
    numbered = weights is not None and min(_widths(start, end)) == 1 and len(pairs) <= _FEW
    for source, target, i, j in pairs:
        ends = (start.x + start.radius, start.ys[source]), (end.x - end.radius, end.ys[target])
        weight = None if weights is None else float(weights[i, j])
        row = "n - 1" if start.column.open and source == len(start.ys) - 1 else i
        labels = start.column.labels[source], column.labels[target]
        tooltip = f"from {typed(labels[0])} to {typed(labels[1])}: {column.name}[{_index(row, j, words)}]"
        tooltip += "" if weight is None else f" = {short(weight)}"
        with canvas.group("edge", tooltip=tooltip, source=labels[0], target=labels[1]):
            canvas.path(ends, arrow=False, **stroke(weight, column.largest, gradient=column.of_gradients))
            if numbered and weight is not None:
                _number(canvas, ends, weight, fan_in=_widths(start, end)[1] == 1, gradient=column.of_gradients)


def _widths(start: Place, end: Place) -> tuple[int, int]:
    return len(start.ys), len(end.ys)


def _index(i: int | str, j: int, words: Words) -> str:
    """Where a weight stands in W, as Python counts."""
    return f"{j}, {i}" if words.columns else f"{i}, {j}"


def _number(
    canvas: Canvas, ends: tuple[tuple[float, float], ...], weight: float, *, fan_in: bool, gradient: bool
) -> None:
    """Write a weight above its line, at the end where the lines are apart."""
    (x0, y0), (x1, y1) = ends
    # Above a line that falls is to its right, above one that rises to its left; there it keeps off its neighbours.
    anchor: Anchor = "middle" if abs(y1 - y0) < _LEVEL else "start" if y1 > y0 else "end"
    along = (_NEAR if anchor == "start" else _ALONG) if fan_in else 1 - (_NEAR if anchor == "end" else _ALONG)
    text, x = short(weight), x0 + (x1 - x0) * along
    # A long number stands further from the circles beside its line.
    width = text_width(text, _NUMBER) + _CLEAR
    if anchor == "start":
        x = min(x, x1 - width)
    elif anchor == "end":
        x = max(x, x0 + width)
    y = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    ink = "backward" if gradient else "negative" if weight < 0 else "positive"
    canvas.text(x, y - _LIFT, text, size=_NUMBER, anchor=anchor, ink=ink)
