"""Which of many neurons, layers or examples are drawn, and what stands for the rest."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.graph.draw.svg import Canvas

_DOT = 1.8
_APART = 7.0


def shown(count: int, most: int) -> list[int | None]:
    """Return the positions to draw, from 0 on; None stands for those left out, before the last.

    >>> shown(3, 4), shown(12288, 4)
    ([0, 1, 2], [0, 1, None, 12287])
    """
    if count <= most:
        return list(range(count))
    return [*range(most - 2), None, count - 1]


def dots(canvas: Canvas, x: float, y: float, *, across: bool = False, ink: str = "soft") -> None:
    """Draw three dots around a point: below each other, or beside each other."""
    with canvas.group("ellipsis"):
        for dx, dy in _around(across):
            canvas.circle(x + dx, y + dy, _DOT, fill=ink, ink="none")


def _around(across: bool) -> Iterator[tuple[float, float]]:
    for step in (-_APART, 0.0, _APART):
        yield (step, 0.0) if across else (0.0, step)
