"""Curves and bars of the page, as inline SVG in the colours of its style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.paths import number

Array = NDArray[np.float64]

_WIDTH, _HEIGHT = 360.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 16.0, 20.0, 40.0
_SIZE = 13.0


@dataclass(frozen=True)
class Dot:
    """A point on a curve with its label.

    Attributes:
        x, y: where it is.
        label: the words beside it.
        role: its colour: "forward", "backward", "parameter", "input" or "ink".
    """

    x: float
    y: float
    label: str
    role: str = "forward"


@dataclass(frozen=True)
class Line:
    """A curve.

    Attributes:
        y: its heights, one for each x of the chart.
        role: its colour.
        label: its name, where it ends; empty for none.
    """

    y: Array
    role: str = "ink"
    label: str = ""


def curve(
    x: Array,
    lines: Sequence[Line],
    dots: Sequence[Dot],
    *,
    title: str,
    axes: tuple[str, str],
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
) -> str:
    """Draw curves with marked points.

    Args:
        x: where the curves are known, in increasing order.
        lines: the curves; what is higher than the last tick is cut off.
        dots: points to mark.
        title: what the chart shows, for people who cannot see it.
        axes: the names of the axes.
        x_ticks, y_ticks: numbers along the axes; the chart reaches from the first to the last.

    Example:
        >>> x = np.linspace(-1, 1, 3)
        >>> curve(x, [Line(x**2)], [], title="A square", axes=("x", "x²"), x_ticks=[-1, 1], y_ticks=[0, 1])[:4]
        '<svg'
    """
    frame = _Frame(x_ticks[0], x_ticks[-1], y_ticks[0], y_ticks[-1])
    parts = [frame.grid(x_ticks, y_ticks), frame.names(*axes)]
    parts += [frame.line(x, line) for line in lines]
    parts += [frame.dot(dot) for dot in dots]
    size = f'viewBox="0 0 {number(_WIDTH)} {number(_HEIGHT)}"'
    return f'<svg class="chart curve" role="img" {size}><title>{escape(title)}</title>{"".join(parts)}</svg>'


@dataclass(frozen=True)
class _Frame:
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        share = (value - self.left) / (self.right - self.left)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def grid(self, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> str:
        floor, found = self.y(self.low), []
        for tick in y_ticks:
            y = number(self.y(tick))
            found.append(f'<path class="axis" d="M{number(_LEFT)} {y}H{number(_WIDTH - _RIGHT)}"/>')
            found.append(_text(_LEFT - 7, self.y(tick) + 4.5, _tick(tick), anchor="end", cls="quiet"))
        for tick in x_ticks:
            found.append(_text(self.x(tick), floor + 17, _tick(tick), anchor="middle", cls="quiet"))
        return "".join(found)

    def names(self, x_name: str, y_name: str) -> str:
        across = _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, x_name, anchor="middle", cls="quiet")
        return across + _text(4, 12, y_name, anchor="start", cls="quiet")

    def line(self, x: Array, line: Line) -> str:
        kept = np.isfinite(line.y) & (line.y <= self.high) & (line.y >= self.low)
        points = [f"{number(self.x(a))} {number(self.y(b))}" for a, b in zip(x[kept], line.y[kept], strict=True)]
        if not points:
            return ""
        path = f'<path class="line {line.role}" d="M{"L".join(points)}"/>'
        if not line.label:
            return path
        last = np.flatnonzero(kept)[len(points) // 2]
        place = (self.x(float(x[last])), self.y(float(line.y[last])) - 8)
        return path + _text(*place, line.label, anchor="middle", cls=line.role)

    def dot(self, dot: Dot) -> str:
        x = self.x(min(max(dot.x, self.left), self.right))
        y = self.y(min(max(dot.y, self.low), self.high))
        floor = number(self.y(self.low))
        drop = f'<path class="drop {dot.role}" d="M{number(x)} {floor}V{number(y)}"/>'
        mark = f'<circle class="{dot.role}" cx="{number(x)}" cy="{number(y)}" r="5"/>'
        wide = text_width(dot.label, _SIZE, "bold")
        anchor = "end" if x + 9 + wide > _WIDTH else "start"
        lift = 18.0 if y < _TOP + 12 else -8.0
        return (
            drop + mark + _text(x + (-9 if anchor == "end" else 9), y + lift, dot.label, anchor, f"bold {dot.role}")
        )


def _text(x: float, y: float, content: str, anchor: str = "start", cls: str = "") -> str:
    place = f'x="{number(x)}" y="{number(y)}" font-size="{number(_SIZE)}"'
    return f'<text class="{cls}" {place} text-anchor="{anchor}">{escape(content)}</text>'


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return round numbers that reach from below `low` to above `high`.

    >>> ticks(-3.2, 4.1)
    [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]
    """
    spread = (high - low) or 1.0
    rough = spread / max(1, about - 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(min((m for m in (1, 2, 5, 10) if m * power >= rough * 0.999), default=10) * power)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [float(round(k * step, 12)) for k in np.arange(first, max(last, first + 1) + 1)]
