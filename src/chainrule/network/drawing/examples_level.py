"""The examples unrolled: each goes through the same network by itself, until all meet in the cost J."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.blocks import SMALL
from chainrule.network.drawing.columns import counted
from chainrule.network.drawing.ellipsis import dots
from chainrule.network.drawing.example_columns import CellColumn, Cells
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import Words

_GAP, _ROW_GAP, _ELLIPSIS = 54.0, 26.0, 30.0
_WIDE_GAP, _BUS = 84.0, 22.0
_HEAD_GAP, _SUM_GAP, _J_GAP = 40.0, 48.0, 90.0
_APART = 7.0


def draw_examples(canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
    """Draw the first examples and the last, each on its way to the cost, and how their gradients add up.

    Raises:
        UserError: gradients of a trace that has no cost.
    """
    _Examples(canvas, Cells(subject, options, words), options).draw()


class _Examples:
    def __init__(self, canvas: Canvas, cells: Cells, options: Options) -> None:
        self.canvas, self.cells, self.backward = canvas, cells, options.backward
        self.columns = cells.columns
        self.height = max(block.height for column in self.columns for block in column.cells)
        x = 0.0
        for column in self.columns:
            column.x = x
            x += column.width + (_WIDE_GAP if self.backward and column.kind != "X" else _GAP)
        self.heads = max((column.head.height for column in self.columns if column.head), default=0.0)
        self.tops = list(self._tops())
        self.bottom = self.tops[-1] + self.height

    def _tops(self) -> Iterator[float]:
        """Yield where each row begins; the ellipsis is a lower row."""
        y = self.heads + _HEAD_GAP
        for row in self.cells.rows:
            yield y
            y += (_ELLIPSIS if row is None else self.height) + _ROW_GAP

    def draw(self) -> None:
        """Draw the lines of what is shared first, so that they run behind the boxes."""
        self._say()
        for column in self.columns:
            if column.kind == "layer":
                self._shared(column)
        for column in self.columns:
            self._column(column)
        for before, after in pairwise(self.columns):
            self._arrows(before, after)
        if self.cells.J is not None:
            self._cost()

    def _say(self) -> None:
        text = "Every example goes its own way through the same network: W and b are shared."
        if self.backward:
            text += " The gradients come back the same ways and add up in dJ/dW and dJ/db."
        self.canvas.text(0, -24, text)

    def _rows_with_tops(self) -> Iterator[tuple[int, float]]:
        """Yield the place and the top of each example that is drawn."""
        tops = [top for row, top in zip(self.cells.rows, self.tops, strict=True) if row is not None]
        yield from enumerate(tops)

    def _shared(self, column: CellColumn) -> None:
        """Draw what all examples share in a layer, beside its boxes: parameters from above, gradients below."""
        canvas, head = self.canvas, column.head
        assert head is not None
        side, before = column.x - _BUS, self.heads - head.height / 2
        start = [(column.x, before), (side, before)]
        for place, top in self._rows_with_tops():
            y = top + self._inset
            with canvas.group("edge", source="parameters", target=column.cells[place].name, kind="parameter"):
                canvas.path([*start, (side, y), (column.x, y)], ink="parameter", width=1.8, rounded=8)
            start = [(side, y - 8)]
        if column.sums is None:
            return
        right = column.x + column.width
        side, sums_top = right + _BUS, self.bottom + _SUM_GAP
        end = sums_top + column.sums.height / 2
        for place, top in self._rows_with_tops():
            y = top + self.height - self._inset
            last = place == len(self.cells.examples) - 1
            with canvas.group("edge", source=column.name, target="sum", kind="backward"):
                points = [(right, y), (side, y), (side, end), (right, end)] if last else [(right, y), (side, y)]
                if not place and not last:
                    points.append((side, self.bottom))
                canvas.path(points, ink="backward", width=1.8, arrow=last, rounded=8)
            canvas.text(side + 6, y + 5, "+", size=15, ink="backward", weight="bold")
        column.sums.draw(canvas, column.x, sums_top, column.width, column.sums.height)

    @property
    def _inset(self) -> float:
        """How far from the upper and the lower edge of an example's box the shared lines meet it."""
        return min(14.0, self.height / 5)

    def _column(self, column: CellColumn) -> None:
        if column.head is not None:
            top = self.heads - column.head.height
            column.head.draw(self.canvas, column.x, top, column.width, column.head.height)
        for place, top in self._rows_with_tops():
            if column.kind == "more":
                dots(self.canvas, column.middle, top + self.height / 2, across=True)
                continue
            column.cells[place].draw(self.canvas, column.x, top, column.width, self.height)
        for row, top in zip(self.cells.rows, self.tops, strict=True):
            if row is None and column.kind != "more":
                dots(self.canvas, column.middle, top + _ELLIPSIS / 2)
        if column.kind == "more":
            text = counted(column.count, "more layer")
            self.canvas.text(column.middle, self.heads - 10, text, size=SMALL, anchor="middle", ink="soft")

    def _arrows(self, before: CellColumn, after: CellColumn) -> None:
        """Draw the ways between two columns: forward, and back where a gradient flows."""
        for place, top in self._rows_with_tops():
            y = top + self.height / 2
            names = [column.cells[place].name if column.cells else column.name for column in (before, after)]
            both = self.backward and before.kind != "X"
            start, end = before.x + before.width, after.x
            with self.canvas.group("edge", source=names[0], target=names[1], kind="forward"):
                level = y - _APART if both else y
                self.canvas.path([(start, level), (end, level)], ink="forward", width=1.8)
            if both:
                with self.canvas.group("edge", source=names[1], target=names[0], kind="backward"):
                    self.canvas.path([(end, y + _APART), (start, y + _APART)], ink="backward", width=1.8)

    def _cost(self) -> None:
        """Draw J, where the ways of all examples meet."""
        block, last = self.cells.J, self.columns[-1]
        assert block is not None
        x, y = last.x + last.width + _J_GAP, (self.tops[0] + self.bottom) / 2
        height = max(block.height, 36.0 * len(self.cells.examples) if self.backward else 0.0)
        block.draw(self.canvas, x, y - height / 2, block.width, height)
        count = len(self.cells.examples)
        for place, top in self._rows_with_tops():
            start = last.x + last.width, top + self.height / 2
            end = x, y + (place - (count - 1) / 2) * min(36.0, height / count)
            name = last.cells[place].name
            # Side by side where they run steeply too: the one that starts above keeps to the outside.
            apart = _APART if self.backward else 0.0
            side = (apart if end[1] > start[1] else -apart) if end[1] != start[1] else 0.0
            with self.canvas.group("edge", source=name, target="J", kind="forward"):
                ends = (start[0], start[1] - apart), (end[0], end[1] - apart)
                self.canvas.path(_bend(*ends, side), ink="forward", width=1.8)
            if self.backward:
                with self.canvas.group("edge", source="J", target=name, kind="backward"):
                    ends = (end[0], end[1] + apart), (start[0], start[1] + apart)
                    self.canvas.path(_bend(*ends, -side), ink="backward", width=1.8)


def _bend(start: tuple[float, float], end: tuple[float, float], side: float) -> str:
    """Return the path of a curve that runs level at both ends, its steep part moved to a side."""
    middle = (start[0] + end[0]) / 2 + side
    return f"M{start[0]} {start[1]}C{middle} {start[1]} {middle} {end[1]} {end[0]} {end[1]}"
