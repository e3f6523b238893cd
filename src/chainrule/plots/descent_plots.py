"""Gradient descent on a cost of one or two parameters, for several learning rates side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of
from chainrule.errors import UserError
from chainrule.graph.expression import Expression, examples, parameter
from chainrule.graph.ops.reduction import mean
from chainrule.plots.descent_panels import cost_text, draw_surface, draw_way, label_panels, mark_lowest, way_colors
from chainrule.plots.landscapes import (
    Data,
    Landscape,
    Outcome,
    Path,
    checked_costs,
    checked_rates,
    checked_starts,
    checked_steps,
    good_path,
    usual_rates,
)
from chainrule.plots.planes import spans_around
from chainrule.plots.style import FigureTheme, Style, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]
Span = tuple[float, float]

# The built-in example: the line through four points, y about 2 x + 1.
_X, _Y = (0.0, 0.5, 1.0, 2.0), (1.1, 1.9, 3.2, 4.9)
_CURVE_POINTS, _SURFACE_SIDES = 241, (21, 61)
# About how many numbers of the data a surface may go through.
_SURFACE_WORK = 3e7
# How far a curve goes beyond the way from the start to the lowest point, as a share of it, and how high it goes at
# most, as a multiple of the start's height.
_BEYOND, _HIGHEST = 0.65, 2.7
_MARGIN, _LEAST_SIDE = 0.3, 0.45
_WORDS: dict[Outcome, str] = {
    "good": "Good",
    "too high": "Too high",
    "too low": "Too low",
    "another minimum": "Caught in another minimum",
}
_MESSAGE = "The learning rate decides whether gradient descent arrives"


def cost_curve(
    J: Expression | None = None,
    w: Expression | None = None,
    *,
    data: Data | None = None,
    rates: Sequence[float] | None = None,
    starts: ArrayLike | None = None,
    steps: int = 10,
    span: Span | None = None,
    theme: FigureTheme = "light",
) -> Figure:
    """Draw a cost over one parameter, and the way of gradient descent for several learning rates.

    The way is really gone: `cr.minimize` takes the steps w := w - learning_rate * dJ/dw. Each panel says what came
    out: a learning rate is too high when the cost grows or the steps jump to and fro, too low when the descent is
    still under way after the last step.

    Args:
        J: the cost, an expression. None takes a line through four points, y = w x + 1.
        w: the parameter of J, a single number.
        data: the value of every other leaf of J.
        rates: one to four learning rates. None looks for a too low, a good and a too high one, beginning with the
            curvature at the start.
        starts: where to begin: one number, or several. None takes the parameter's own first value.
        steps: how many steps to take.
        span: the smallest and the largest w to show.
        theme: "light" or "dark".

    Returns:
        A figure with a panel for each learning rate.

    Raises:
        UserError: J or w is no expression or no single number, data are missing, a rate is not positive.

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), init=6.0)
        >>> figure = cr.plots.cost_curve((w - 2) ** 2, w, rates=[0.02, 0.2, 1.05])
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['Too low', 'Good', 'Too high']
    """
    J, parameters, known, starts = _example(1, J, w, data, starts)
    landscape = Landscape(J, parameters, known, 1)
    panels, seen = _descents(landscape, starts, rates, checked_steps(steps))
    across, costs = _curve(landscape, seen, span)
    lowest = _lowest(costs, seen, landscape)
    with styled(theme) as style:
        figure, axes = _figure(style, len(panels), 3.8)
        for panel, one in zip(axes.flat, panels, strict=True):
            panel.plot(across, np.where(np.isfinite(costs), costs, np.nan), color=style.color("soft"))
            panel.set_xlim(across[0], across[-1])
            panel.set_ylim(*_heights(costs))
            ways = [np.stack([way.points[:, 0], way.costs], axis=1) for way in one.paths]
            mark_lowest(panel, style, across[:, None], costs, ways)
            for way, path, color in zip(ways, one.paths, way_colors(style), strict=False):
                draw_way(panel, style, way, color, away=_away(path))
            one.write(panel, style, lowest)
        label_panels(axes, landscape.labels[0], f"cost {J.name or 'J'}")
    return figure


def cost_surface(
    J: Expression | None = None,
    parameters: Sequence[Expression] | Expression | None = None,
    *,
    data: Data | None = None,
    rates: Sequence[float] | None = None,
    starts: ArrayLike | None = None,
    steps: int = 30,
    spans: tuple[Span, Span] | None = None,
    theme: FigureTheme = "light",
) -> Figure:
    """Draw a cost over two parameters as lines of equal cost, and the way of gradient descent on it.

    Args:
        J: the cost, an expression. None takes a line through four points, y = w x + b.
        parameters: two parameters of J that are single numbers, or one that holds two numbers.
        data: the value of every other leaf of J.
        rates: one to four learning rates. None looks for a too low, a good and a too high one, beginning with the
            curvature at the start.
        starts: where to begin: a pair of numbers, or several pairs. None takes the parameters' own first values.
        steps: how many steps to take.
        spans: the smallest and the largest value to show of the first and of the second parameter.
        theme: "light" or "dark".

    Returns:
        A figure with a panel for each learning rate.

    Raises:
        UserError: J or the parameters are no expressions or hold other than two numbers, data are missing, a rate
            is not positive.

    Example:
        >>> import chainrule as cr
        >>> v, w = cr.parameter("v", (), init=4.0), cr.parameter("w", (), init=2.0)
        >>> figure = cr.plots.cost_surface(v**2 + 8 * w**2, [v, w], rates=[0.1], steps=20)
        >>> figure.axes[0].get_title(loc="left")
        'Good'
    """
    J, listed, known, starts = _example(2, J, parameters, data, starts)
    landscape = Landscape(J, listed, known, 2)
    panels, seen = _descents(landscape, starts, rates, checked_steps(steps))
    (a0, a1), (b0, b1) = (
        spans_around(seen, margin=_MARGIN, least_side=_LEAST_SIDE) if spans is None else _checked_spans(spans)
    )
    side = _side(landscape.data_size)
    a, b = np.linspace(a0, a1, side), np.linspace(b0, b1, side)
    grid = np.stack([one.ravel() for one in np.meshgrid(a, b)], axis=1)
    costs = landscape.costs(grid).reshape(len(b), len(a))
    lowest = _lowest(costs, seen, landscape)
    with styled(theme) as style:
        figure, axes = _figure(style, len(panels), 4.4)
        for panel, one in zip(axes.flat, panels, strict=True):
            draw_surface(panel, style, a, b, costs, lowest)
            ways = [way.points for way in one.paths]
            mark_lowest(panel, style, grid, costs.ravel(), ways)
            for way, path, color in zip(ways, one.paths, way_colors(style), strict=False):
                draw_way(panel, style, way, color, away=_away(path))
            one.write(panel, style, lowest)
        label_panels(axes, *landscape.labels)
    return figure


def _example(
    count: int,
    J: Expression | None,
    parameters: Sequence[Expression] | Expression | None,
    data: Data | None,
    starts: ArrayLike | None,
) -> tuple[Expression, list[Expression], Data, ArrayLike | None]:
    """Take what was given, or the built-in cost."""
    if J is None and parameters is None and data is None:
        x, y, w = examples("x"), examples("y"), parameter("w")
        values = {x: _X, y: _Y}
        if count == 1:
            return mean((w * x + 1 - y) ** 2).named("J"), [w], values, 6.0 if starts is None else starts
        b = parameter("b")
        return mean((w * x + b - y) ** 2).named("J"), [w, b], values, (-0.6, 5.0) if starts is None else starts
    if J is None or parameters is None:
        raise UserError("give the cost J and what it is to be drawn over, or neither for the built-in example")
    listed = list(parameters) if isinstance(parameters, Sequence) else [parameters]
    return J, listed, data or {}, starts


@dataclass(frozen=True, eq=False)
class _Panel:
    """The ways from all starts at one learning rate."""

    paths: list[Path]

    def write(self, axes: Axes, style: Style, lowest: float) -> None:
        """Say above the panel what came out."""
        outcomes = [path.outcome(lowest) for path in self.paths]
        same = len(set(outcomes)) == 1
        notes = [
            _told(path) if same else f"{_WORDS[outcome].lower()}, {_told(path)}"
            for path, outcome in zip(self.paths, outcomes, strict=True)
        ]
        rate = f"earning rate {self.paths[0].rate:g}"
        if same:
            style.panel_title(axes, _WORDS[outcomes[0]], "\n".join([f"l{rate}", *notes]))
        else:
            style.panel_title(axes, f"L{rate}", "\n".join(notes))


def _told(path: Path) -> str:
    start, end, steps = cost_text(path.costs[0]), cost_text(path.costs[-1]), len(path.costs) - 1
    if path.overflowed:
        return f"J: {start} → ∞, an overflow after {steps} step{'s' * (steps != 1)}"
    return f"J: {start} → {end} in {steps} step{'s' * (steps != 1)}"


def _away(path: Path) -> str:
    """Say where a way has gone that leaves the picture."""
    return f"off the plot:\nJ = {'∞' if path.overflowed else cost_text(path.costs[-1])}"


def _descents(
    landscape: Landscape, starts: ArrayLike | None, rates: Sequence[float] | None, steps: int
) -> tuple[list[_Panel], Numbers]:
    """Return the panels, and the points that the picture is to show."""
    points = checked_starts(starts, landscape)
    checked_costs(points, landscape)
    # With its end, the picture shows where a descent should arrive, whatever the rates are.
    good = good_path(landscape, points[0], steps)
    chosen = usual_rates(landscape, good, steps) if rates is None else checked_rates(rates)
    panels = [_Panel([landscape.path(point, rate, steps) for point in points]) for rate in chosen]
    paths = [*(path for one in panels for path in one.paths), *([good] if good else [])]
    # Of a descent that grows, the start.
    return panels, np.concatenate([path.points[:1] if path.grows else path.points for path in paths])


def _lowest(costs: Numbers, seen: Numbers, landscape: Landscape) -> float:
    """The lowest cost that is known."""
    return float(min(costs.min(), landscape.costs(seen).min()))


def _curve(landscape: Landscape, points: Numbers, span: Span | None) -> tuple[Numbers, Numbers]:
    """The numbers to show and the cost at each."""
    if span is not None:
        across = np.linspace(*_checked_span(span, "span"), _CURVE_POINTS)
        return across, landscape.costs(across[:, None])
    own = landscape.costs(points)
    middle = float(points[np.argmin(own), 0])
    half = float(np.abs(points[:, 0] - middle).max()) * (1 + _BEYOND) or 1.0
    across = np.linspace(middle - half, middle + half, _CURVE_POINTS)
    costs = landscape.costs(across[:, None])
    # A cost that rises steeply beyond the start would leave no height for the way.
    low = min(float(own.min()), float(costs.min()))
    inside = np.flatnonzero(costs <= low + _HIGHEST * (float(own[np.isfinite(own)].max()) - low))
    if len(inside) < 2:
        return across, costs
    across = np.linspace(across[inside[0]], across[inside[-1]], _CURVE_POINTS)
    return across, landscape.costs(across[:, None])


def _side(data_size: int) -> int:
    """How many points a side of the surface has: fewer where each cost takes long."""
    least, most = _SURFACE_SIDES
    return int(np.clip(np.sqrt(_SURFACE_WORK / max(data_size, 1)), least, most))


def _checked_span(span: Span, name: str) -> Span:
    ends = array_of(span, name)
    if ends.shape != (2,) or ends.dtype.kind not in "iuf" or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise UserError(f"{name} is the smallest and the largest value to show, such as (-2, 6), not {span!r:.40}")
    return float(ends[0]), float(ends[1])


def _checked_spans(spans: tuple[Span, Span]) -> tuple[Span, Span]:
    if not isinstance(spans, Sequence) or len(spans) != 2:
        raise UserError(f"spans are two pairs, such as ((-2, 6), (0, 4)), not {spans!r:.40}")
    return _checked_span(spans[0], "the first of spans"), _checked_span(spans[1], "the second of spans")


def _heights(costs: Numbers) -> Span:
    """From a little below the lowest cost to the higher of the ends."""
    finite = costs[np.isfinite(costs)]
    low, high = float(finite.min()), float(finite.max())
    height = high - low or 1.0
    return low - 0.06 * height, high + 0.02 * height


def _figure(style: Style, count: int, height: float) -> tuple[Figure, NDArray[Any]]:
    width = {1: 6.0, 2: 8.0}.get(count, 10.0)
    return style.figure(columns=count, size=(width, height), title=_MESSAGE)
