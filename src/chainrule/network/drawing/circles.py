"""The network as circles and lines: a circle a neuron, a line a weight."""

from __future__ import annotations

import math
from itertools import pairwise

from chainrule.graph.draw.fonts import shortened, text_width
from chainrule.graph.draw.svg import ASCENT, DESCENT, Canvas
from chainrule.network.drawing import lines
from chainrule.network.drawing.columns import LINE, SIZE, Column, columns_of, counted, places
from chainrule.network.drawing.ellipsis import dots
from chainrule.network.drawing.legend import draw_legend
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import Y_HAT, Words, shortest

_RADIUS, _RADIUS_WITH_NUMBERS, _RADIUS_WITH_GRADIENTS = 20.0, 25.0, 29.0
_BETWEEN, _INSIDE = 12.0, 2.0
_ARROW, _AFTER_ARROW, _Y_SIZE, _CLASS = 40.0, 8.0, 16.0, 200.0
_ABOVE, _BELOW = 12.0, 24.0
# Where the lines of a circle stand, from its middle down, by how many there are; and their sizes.
_LINES = {1: ((5.0, 14.0),), 2: ((-4.0, 13.0), (13.0, 12.0)), 3: ((-10.0, 12.0), (4.5, 12.0), (18.0, 11.0))}


def draw_circles(canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
    """Draw a network as circles and lines from left to right."""
    _Circles(canvas, subject, options, words).draw()


class _Circles:
    def __init__(self, canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
        self.canvas, self.subject, self.options, self.words = canvas, subject, options, words
        self.columns = columns_of(subject, options, words)
        drawn = [column for column in self.columns if column]
        self.radius = _RADIUS if subject.trace is None else _RADIUS_WITH_NUMBERS
        if any(column.gradients is not None for column in drawn):
            self.radius = _RADIUS_WITH_GRADIENTS
        self.step = 2 * self.radius + _BETWEEN
        self.half = (max(len(column.slots) for column in drawn) * self.step - _BETWEEN) / 2

    def draw(self) -> None:
        """Draw the lines first, so that the circles lie on them."""
        placed = list(places(self.columns, 2 * self.radius))
        for (before, x0), (after, x1) in pairwise(placed):
            if before is not None and after is not None:
                lines.draw_lines(self.canvas, self._place(before, x0), self._place(after, x1), self.words)
            if after is not None:
                self._head(after, (x0 + x1) / 2)
        for place, (column, x) in enumerate(placed):
            if column is None:
                self._left_out(x, placed[place - 1][0], placed[place + 1][0])
            else:
                self._neurons(column, x)
                self._captions(column, x)
        self._outputs(*placed[-1])
        if self.options.backward:
            self._backward_arrow(placed[0][1], placed[-1][1] + self.radius + _ARROW)
        draw_legend(self.canvas, self.subject, self.options, [column for column in self.columns if column])

    def _y(self, column: Column, place: int) -> float:
        return (place - (len(column.slots) - 1) / 2) * self.step

    def _place(self, column: Column, x: float) -> lines.Place:
        return lines.Place(column, x, [self._y(column, place) for place in range(len(column.slots))], self.radius)

    def _neurons(self, column: Column, x: float) -> None:
        role = "input" if column.layer == 0 else "forward"
        for place, (slot, label) in enumerate(zip(column.slots, column.labels, strict=True)):
            y = self._y(column, place)
            if slot is None:
                dots(self.canvas, x, y)
                continue
            with self.canvas.group("node", tooltip=column.tooltips[place], name=label, layer=column.layer):
                self.canvas.circle(x, y, self.radius, fill=f"{role}-soft", ink=role, line_width=1.4)
                inside = [(label, "ink")]
                if column.values is not None:
                    inside.append((shortest(float(column.values[slot])), role))
                if column.gradients is not None:
                    inside.append((shortest(float(column.gradients[slot])), "backward"))
                for (text, ink), (down, size) in zip(inside, _LINES[len(inside)], strict=True):
                    self._fitted(x, y, down, text, size, ink)

    def _fitted(self, x: float, y: float, down: float, text: str, size: float, ink: str) -> None:
        """Write into a circle, smaller where it would not fit."""
        # Raised and lowered parts reach a little further up and down than letters on the line.
        reach = max(abs(down - ASCENT * size), abs(down + DESCENT * size))
        room = 2 * math.sqrt(self.radius**2 - min(reach, self.radius - 6) ** 2) - 2 * _INSIDE
        size = min(size, size * room / text_width(text, size))
        self.canvas.text(x, y + down, text, size=size, anchor="middle", ink=ink)

    def _captions(self, column: Column, x: float) -> None:
        for place, (text, ink) in enumerate(column.captions):
            y = self.half + _BELOW + place * LINE
            self.canvas.text(x, y, text, size=SIZE, anchor="middle", ink=ink, weight="normal" if place else "bold")

    def _head(self, column: Column, x: float) -> None:
        for place, (text, ink) in enumerate(reversed(column.head)):
            self.canvas.text(x, -self.half - _ABOVE - place * LINE, text, size=SIZE, anchor="middle", ink=ink)

    def _left_out(self, x: float, before: Column | None, after: Column | None) -> None:
        dots(self.canvas, x, 0, across=True)
        if before is not None and after is not None:
            count = after.layer - before.layer - 1
            text = counted(count, "more layer")
            self.canvas.text(x, self.half + _BELOW, text, size=SIZE, anchor="middle", ink="soft")

    def _outputs(self, column: Column | None, x: float) -> None:
        assert column is not None
        one = len(column.slots) == 1
        labels = [Y_HAT if one else f"{Y_HAT}_{{{(slot or 0) + 1}}}" for slot in column.slots]
        start = x + self.radius
        end = start + _ARROW + _AFTER_ARROW
        beside = end + max(text_width(label, _Y_SIZE) for label in labels) + _AFTER_ARROW
        for place, slot in enumerate(column.slots):
            if slot is None:
                continue
            y = self._y(column, place)
            with self.canvas.group("output", of=column.labels[place]):
                self.canvas.path([(start, y), (start + _ARROW, y)], ink="forward")
                self.canvas.text(end, y + 5, labels[place], size=_Y_SIZE, ink="forward")
                if self.options.classes:
                    self.canvas.text(beside, y + 5, self._class_name(slot), size=SIZE)

    def _class_name(self, output: int) -> str:
        one = self.subject.network.outputs == 1
        name = shortened(self.options.classes[1 if one else output], _CLASS, SIZE)
        return f"probability of {name}" if one else name

    def _backward_arrow(self, left: float, right: float) -> None:
        """Show above everything which way the gradients go."""
        _, top, _, _ = self.canvas.extents
        y = top - 22
        with self.canvas.group("backward"):
            self.canvas.path([(right, y), (left, y)], ink="backward", width=1.8)
            self.canvas.text(right + _AFTER_ARROW, y + 5, "J", size=_Y_SIZE, ink="backward", weight="bold")
            text = "backward: the gradients of the cost J"
            self.canvas.text((left + right) / 2, y - 11, text, size=SIZE, anchor="middle", ink="backward")
