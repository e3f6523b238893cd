"""What the pictures of gradient descent are made of: ways, lines of equal cost, the lowest point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.plots.style import SMALL_SIZE, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = NDArray[np.float64]

# With more steps than this the dots would hide the line.
_MOST_DOTS = 60
# A word stands beside the lowest point where no way comes nearer than this share of the picture.
_NEAR_WORD = 0.16
_LEVELS = 11
# Levels lie closer to each other where the cost is low: at low + height * share ** this.
_POWER = 2.5


def cost_text(cost: float) -> str:
    """Write a cost in three digits.

    >>> cost_text(0.02468), cost_text(1.5e7)
    ('0.0247', '1.5e7')
    """
    return f"{cost:.3g}".replace("e+0", "e").replace("e+", "e").replace("-", "−")


def way_colors(style: Style) -> list[str]:
    """Colours for the ways from several starts."""
    _, first, second, third, *others = style.series
    return [first, third, second, *others] * 8


def label_panels(axes: NDArray[Any], across: str, up: str) -> None:
    """Label panels that share their axes."""
    axes[0, 0].set_ylabel(up)
    for place, panel in enumerate(axes.flat):
        panel.set_xlabel(across)
        if place:
            panel.tick_params(labelleft=False)


def draw_way(axes: Axes, style: Style, way: Numbers, color: str, *, away: str = "") -> None:
    """Draw a way of shape (points, 2) with a dot for each step, from its start to its end.

    Args:
        away: what is said where it leaves the picture, in place of its end.
    """
    x, y = way.T
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    outside = np.flatnonzero(~((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)))
    end = outside[0] + 1 if len(outside) else len(x)
    x, y = x[:end], y[:end]
    axes.plot(x, y, color=color, linewidth=1.6, path_effects=style.outlined(), zorder=4)
    if len(x) <= _MOST_DOTS:
        axes.plot(x, y, color=color, linestyle="", marker="o", markersize=4.5, markeredgewidth=0, zorder=5)
    paper = style.color("paper")
    axes.plot(x[:1], y[:1], color=color, linestyle="", marker="o", markersize=9, markeredgecolor=paper, zorder=6)
    if not len(outside) and len(x) > 1:
        axes.plot(
            x[-1:],
            y[-1:],
            color=color,
            linestyle="",
            marker="o",
            markersize=8,
            markerfacecolor=paper,
            markeredgewidth=2.2,
            zorder=6,
        )
        _word(axes, style, "end", (x[-1], y[-1]), color, *_beside_end(axes, x, y))
    elif away and end > 1:
        point = _exit(axes, (x[-2], y[-2]), (x[-1], y[-1]))
        right = (point[0] - x0) / (x1 - x0) < 0.65
        _word(axes, style, away, point, color, 8 if right else -8, -6 if point[1] > (y0 + y1) / 2 else 6)
    if not (x0 <= x[0] <= x1 and y0 <= y[0] <= y1):
        return
    # The word stands where the way does not go, if there is room.
    right = (len(x) > 1 and x[1] < x[0]) or x[0] - x0 < 0.15 * (x1 - x0)
    _word(axes, style, "start", (x[0], y[0]), color, 8 if right else -8, 4)


def _beside_end(axes: Axes, x: Numbers, y: Numbers) -> tuple[float, float]:
    """Where the word stands beside the end, in points: above a way that is level, else before or behind it."""
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    across, up = (x[-1] - x[-2]) / (x1 - x0), (y[-1] - y[-2]) / (y1 - y0)
    if abs(up) < 0.5 * abs(across):
        return 0.0, 9.0
    left = x[-1] <= x[0] and x[-1] - x0 > 0.2 * (x1 - x0)
    return (-8.0 if left else 8.0), 7.0


def _exit(axes: Axes, inside: tuple[float, float], outside: tuple[float, float]) -> tuple[float, float]:
    """Where the line between a point in the picture and one that is not meets the frame."""
    if not np.isfinite(outside).all():
        return inside
    shares = [1.0]
    for one, other, (low, high) in zip(inside, outside, (axes.get_xlim(), axes.get_ylim()), strict=True):
        if other != one:
            shares.append(((high if other > one else low) - one) / (other - one))
    share = min(shares)
    x, y = (one + share * (other - one) for one, other in zip(inside, outside, strict=True))
    return float(x), float(y)


def _word(
    axes: Axes, style: Style, text: str, point: tuple[float, float], color: str, across: float, up: float
) -> None:
    """Write a word beside a point, so many points to its right (or left, or right above it) and up (or down)."""
    axes.annotate(
        text,
        point,
        (across, up),
        textcoords="offset points",
        ha="center" if across == 0 else "left" if across > 0 else "right",
        va="top" if up < 0 else "baseline",
        color=color,
        size=SMALL_SIZE,
        weight="bold",
        path_effects=style.outlined(),
        zorder=7,
    )


def mark_lowest(axes: Axes, style: Style, points: Numbers, costs: Numbers, ways: Sequence[Numbers]) -> None:
    """Mark the lowest point of the picture, if it is one and not just where the picture ends.

    Args:
        points: the points of the picture, shape (points, numbers).
        costs: the cost at each.
        ways: the ways that are drawn, each of shape (points, 2).
    """
    lowest = int(np.argmin(costs))
    point = points[lowest]
    if ((point == points.min(axis=0)) | (point == points.max(axis=0))).any():
        return
    x, y = (point[0], costs[lowest]) if len(point) == 1 else point
    ink = style.color("ink")
    axes.plot([x], [y], color=ink, linestyle="", marker="x", markersize=8, markeredgewidth=2, zorder=3)
    size = np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
    drawn = np.concatenate([_filled(way) for way in ways])
    if not (np.abs((drawn - (x, y)) / size).max(axis=1) < _NEAR_WORD).any():
        axes.annotate(
            "lowest",
            (x, y),
            (0, 8),
            textcoords="offset points",
            ha="center",
            size=SMALL_SIZE,
            path_effects=style.outlined(),
            zorder=7,
        )


def _filled(way: Numbers) -> Numbers:
    """A way with points along its lines too."""
    finite = way[np.isfinite(way).all(axis=1)]
    steps = np.linspace(0, len(finite) - 1, 20 * len(finite))
    return np.stack([np.interp(steps, np.arange(len(finite)), one) for one in finite.T], axis=1)


def draw_surface(axes: Axes, style: Style, a: Numbers, b: Numbers, costs: Numbers, lowest: float) -> None:
    """Draw lines of equal cost, and between them the darker a ground the higher the cost is."""
    finite = costs[np.isfinite(costs)]
    height = (float(finite.max()) - lowest) or 1.0
    levels = lowest + height * np.linspace(0, 1, _LEVELS + 2)[1:-1] ** _POWER
    masked = np.ma.masked_invalid(costs)
    grounds = style.sequential()(np.linspace(0.02, 0.5, _LEVELS + 1))
    axes.contourf(a, b, masked, levels=[lowest - height, *levels, lowest + 2 * height], colors=list(grounds))
    lines = axes.contour(a, b, masked, levels=levels, colors=style.color("soft"), linewidths=0.7)
    axes.clabel(lines, levels=levels[::2], fontsize=SMALL_SIZE - 1, fmt=cost_text)
    axes.set_xlim(a[0], a[-1])
    axes.set_ylim(b[0], b[-1])
    axes.grid(visible=False)
