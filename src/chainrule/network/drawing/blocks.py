"""Boxes of a few lines of text, as wide as what stands in them; long formulas broken at their operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.graph.draw.breaking import broken
from chainrule.graph.draw.fonts import Weight, parts_of, text_width
from chainrule.graph.draw.svg import Canvas

SIZE, SMALL = 13.0, 11.5
_LINE = 1.4
_PAD_X, _PAD_Y = 10.0, 7.0


@dataclass(frozen=True)
class Line:
    """A line of text with its look."""

    text: str
    ink: str = "ink"
    size: float = SIZE
    weight: Weight = "normal"

    @property
    def width(self) -> float:
        """How wide it is."""
        return text_width(self.text, self.size, self.weight)

    @property
    def height(self) -> float:
        """How much height it takes; raised and lowered parts need more."""
        return self.size * (_LINE + 0.15 * (len(parts_of(self.text)) > 1))


@dataclass(frozen=True)
class Block:
    """Lines below each other, in a box or by themselves.

    Attributes:
        lines: what it says.
        fill, ink: the roles of its box.
        name: what it stands for, for `data-name`.
        kind: of which kind it is, for `data-kind`.
        cls: the class of its group.
        dash: whether the box's outline is dashed.
        left: whether the lines begin at the left, in place of standing in the middle.
    """

    lines: Sequence[Line]
    fill: str = "panel"
    ink: str = "line"
    name: str = ""
    kind: str = ""
    cls: str = "node"
    dash: bool = False
    left: bool = False

    @property
    def width(self) -> float:
        """How wide the box must be."""
        return max((line.width for line in self.lines), default=0.0) + 2 * _PAD_X

    @property
    def height(self) -> float:
        """How high the box must be."""
        return sum(line.height for line in self.lines) + 2 * _PAD_Y

    def draw(self, canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
        """Draw the box with its left upper corner at a point, the lines in its middle."""
        with canvas.group(self.cls, name=self.name, kind=self.kind):
            canvas.box(x, y, width, height, fill=self.fill, ink=self.ink, dash=self.dash)
            top = y + (height - sum(line.height for line in self.lines)) / 2
            for line in self.lines:
                place = x + _PAD_X if self.left else x + width / 2
                baseline = top + line.height / 2 + 0.36 * line.size
                anchor = "start" if self.left else "middle"
                canvas.text(
                    place,
                    baseline,
                    line.text,
                    size=line.size,
                    anchor=anchor,  # type: ignore[arg-type]
                    ink=line.ink,
                    weight=line.weight,
                )
                top += line.height


def equation(left: str, right: str, width: float, ink: str = "ink", size: float = SIZE) -> list[Line]:
    """Return `left = right` as lines no wider than a width where they can be broken; the left side is bold."""
    bold = f"*{{{left}}}"
    if not right or right == left:
        return [Line(bold, ink, size)]
    parts = broken(f"{bold} = {right}", width, size)
    return [Line(part, ink, size) for part in parts]
