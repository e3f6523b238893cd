"""What stands in a box or on a wire: lines of text, and small pictures of arrays beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.graph.draw.breaking import broken
from chainrule.graph.draw.fonts import Weight, shortened, text_width
from chainrule.graph.draw.heat import CELL
from chainrule.graph.draw.svg import Anchor, Canvas

_LINE = 1.38
_BESIDE, _BETWEEN_BLOCKS = 7.0, 4.0
PADDING = 10.0


@dataclass(frozen=True)
class Line:
    """A line of text in the ink of a role."""

    text: str
    ink: str = "ink"
    size: float = 12.5
    weight: Weight = "normal"

    @property
    def width(self) -> float:
        """How wide it is."""
        return text_width(self.text, self.size, self.weight)

    @property
    def height(self) -> float:
        """How much room it needs from line to line."""
        return self.size * _LINE

    def within(self, width: float) -> Line:
        """Return the line, cut to a width."""
        return self._with(shortened(self.text, width, self.size, self.weight))

    def wrapped(self, width: float, most: int) -> list[Line]:
        """Return the line in as many lines as a width needs, at most so many; what does not fit is cut."""
        parts = broken(self.text, width, self.size, self.weight)
        kept = [*parts[: most - 1], " ".join(parts[most - 1 :])] if len(parts) > most else parts
        return [self._with(part).within(1.1 * width) for part in kept]

    def _with(self, text: str) -> Line:
        return Line(text, self.ink, self.size, self.weight)


@dataclass(frozen=True)
class Block:
    """Lines that belong together, perhaps beside a small picture."""

    lines: tuple[Line, ...]
    cells: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def size(self) -> tuple[float, float]:
        """The width and height."""
        wide, high = self._picture
        width = max((line.width for line in self.lines), default=0.0)
        return width + (wide + _BESIDE if wide else 0.0), max(high, self._text_height)

    @property
    def _picture(self) -> tuple[float, float]:
        return (CELL * len(self.cells[0]), CELL * len(self.cells)) if self.cells else (0.0, 0.0)

    @property
    def _text_height(self) -> float:
        return sum(line.height for line in self.lines)

    def draw(self, canvas: Canvas, middle: float, y: float) -> None:
        """Draw it below a height, around the middle of its width."""
        wide, high = self._picture
        width, height = self.size
        anchor: Anchor = "start" if self.cells else "middle"
        x = middle
        if self.cells:
            canvas.cells(middle - width / 2, y + (height - high) / 2, self.cells, CELL, CELL)
            x = middle - width / 2 + wide + _BESIDE
        y += (height - self._text_height) / 2
        for line in self.lines:
            y += line.height
            down = y - 0.36 * line.size
            canvas.text(x, down, line.text, anchor=anchor, size=line.size, ink=line.ink, weight=line.weight)


@dataclass(frozen=True)
class Content:
    """Blocks one below the other."""

    blocks: tuple[Block, ...]

    @cached_property
    def size(self) -> tuple[float, float]:
        """The width and height, without padding."""
        sizes = [block.size for block in self.blocks]
        between = _BETWEEN_BLOCKS * max(len(sizes) - 1, 0)
        return max((width for width, _ in sizes), default=0.0), sum(height for _, height in sizes) + between

    def draw(self, canvas: Canvas, middle: float, y: float) -> list[float]:
        """Draw the blocks below a height, around the middle of their widths; return the middle height of each."""
        middles = []
        for block in self.blocks:
            high = block.size[1]
            block.draw(canvas, middle, y)
            middles.append(y + high / 2)
            y += high + _BETWEEN_BLOCKS
        return middles


def text_block(lines: Sequence[Line]) -> Block:
    """Return a block of lines alone."""
    return Block(tuple(lines))
