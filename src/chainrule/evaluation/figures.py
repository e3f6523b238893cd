"""The report's line figures, drawn by matplotlib as SVG that takes its colours from the page.

Each ink is drawn in a marker colour, which is then replaced by a CSS variable, so that one drawing is legible
on a light and on a dark page. No text of the user's is drawn; legends belong to the page.
"""

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = tuple(f"series-{i}" for i in range(1, 9))
_INK, _SOFT, _LINE = "#0000b0", "#0000b1", "#0000b2"
_SERIES_INK = {name: f"#0000a{i}" for i, name in enumerate(SERIES)}
_VARIABLES = {_INK: "ink", _SOFT: "soft", _LINE: "line"} | {ink: name for name, ink in _SERIES_INK.items()}

_DOTTED = (0, (1, 2))

# More points than this are not seen at the size of a figure, but make the page heavy.
_POINTS = 400
# A logarithmic axis whose ends are closer together has more ticks than powers of ten.
_FEW_TICKS = 200
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small, selectable, in the page's font
    "svg.hashsalt": "chainrule",  # the same figure is the same bytes
    "font.size": 11,
    "text.usetex": False,
    "axes.unicode_minus": False,
    "axes.formatter.useoffset": False,
    "path.simplify": True,
}


@dataclass(frozen=True)
class Line:
    """One line of a figure: finite stretches of `y` over `x`, in one of the page's series colours.

    Where `dots` is set, every point has one; `bars` are (low, high) at each point.
    """

    x: ArrayLike
    y: ArrayLike
    series: str
    dashed: bool = False
    dots: bool = False
    bars: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Points:
    """Single points of a figure, `y` over `x`, in one of the page's series colours; hollow ones are rings."""

    x: ArrayLike
    y: ArrayLike
    series: str
    hollow: bool = False


def lines_figure(
    name: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    description: str,
    mark: float | None = None,
    logarithmic: bool = False,
    decades: bool = False,
    shares: bool = False,
) -> str:
    """Return an SVG of lines over epochs, or over learning rates.

    Args:
        name: a word that is unique on the page; ids begin with it.
        lines: what to draw; NaN leaves a gap.
        x_label: what runs to the right.
        y_label: what runs up.
        description: what the figure says, for people who do not see it.
        mark: where to draw a vertical dotted line.
        logarithmic: whether the vertical axis is.
        decades: whether the horizontal axis is.
        shares: whether the values are shares, so that the axis ends at 1.
    """
    with _style():
        figure, axes = _axes(x_label, y_label)
        for line in lines:
            _draw(axes, line)
        if mark is not None:
            axes.axvline(mark, color=_SOFT, linewidth=1.2, linestyle=_DOTTED)
        if shares:
            axes.set_ylim(top=1 + 0.03 * (1 - axes.get_ylim()[0]))
        if decades:
            _make_logarithmic(axes, "x")
        else:
            _whole_ticks(axes)
        if logarithmic:
            _make_logarithmic(axes, "y")
        return _svg(figure, name, description)


def points_figure(
    name: str,
    points: Sequence[Points],
    *,
    x_label: str,
    y_label: str,
    description: str,
    line: Line | None = None,
    mark: tuple[float, float] | None = None,
    names: Sequence[str] = (),
    whole: bool = False,
    logarithmic: str = "",
) -> str:
    """Return an SVG of points.

    Args:
        name: a word that is unique on the page; ids begin with it.
        points: what to draw.
        x_label: what runs to the right.
        y_label: what runs up.
        description: what the figure says, for people who do not see it.
        line: a line behind the points.
        mark: (x, y) of a point that is marked.
        names: of the places 0, 1, 2, ... on the horizontal axis, instead of numbers.
        whole: whether the horizontal axis has whole numbers alone.
        logarithmic: which axes are: "x", "y", "xy" or none.
    """
    with _style():
        figure, axes = _axes(x_label, y_label)
        if line is not None:
            _draw(axes, line)
        for one in points:
            _scatter(axes, one)
        if mark is not None:
            axes.plot(*mark, marker="o", markersize=8, color=_INK, zorder=5)
        if names:
            axes.set_xticks(range(len(names)), names)
            axes.set_xlim(-0.5, len(names) - 0.5)
        elif whole:
            _whole_ticks(axes)
        for axis in logarithmic:
            _make_logarithmic(axes, axis)
        return _svg(figure, name, description)


def square_figure(
    name: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    description: str,
    guide: tuple[tuple[float, float], tuple[float, float]] | None = None,
    point: tuple[float, float] | None = None,
) -> str:
    """Return an SVG of curves between rates from 0 to 1.

    Args:
        name: a word that is unique on the page; ids begin with it.
        lines: the curves.
        x_label: what runs to the right.
        y_label: what runs up.
        description: what the figure says, for people who do not see it.
        guide: x's and y's ends of the line that guessing follows.
        point: (x, y) of the dot that marks the threshold in use.
    """
    with _style():
        figure, axes = _axes(x_label, y_label)
        if guide is not None:
            axes.plot(*guide, color=_SOFT, linewidth=1.2, linestyle=_DOTTED)
        for line in lines:
            _draw(axes, line)
        if point is not None:
            axes.plot(*point, marker="o", markersize=7, color=_INK, zorder=5, clip_on=False)
        axes.set_xlim(-0.015, 1.015)
        axes.set_ylim(-0.015, 1.025)
        return _svg(figure, name, description)


def _style() -> AbstractContextManager[None]:
    import matplotlib

    return matplotlib.rc_context(_SETTINGS)


def _axes(x_label: str, y_label: str) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 3.1), dpi=72, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label, color=_SOFT)
    axes.set_ylabel(y_label, color=_SOFT)
    axes.tick_params(which="both", colors=_SOFT, length=0, pad=5)
    axes.grid(visible=True, color=_LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_SOFT)
    return figure, axes


def _draw(axes: "Axes", line: Line) -> None:
    x, y = _thinned(np.asarray(line.x, float), np.asarray(line.y, float))
    # A stretch of one point has no length: only a dot shows it.
    lonely = np.isfinite(y).sum() == 1
    axes.plot(
        x,
        y,
        color=_SERIES_INK[line.series],
        linewidth=2,
        linestyle=(0, (4, 1.5)) if line.dashed else "-",
        marker="o" if lonely or line.dots else "",
        solid_capstyle="round",
    )
    if line.bars:
        low, high = zip(*line.bars, strict=True)
        axes.vlines(x, low, high, color=_SERIES_INK[line.series], linewidth=1.2)


def _scatter(axes: "Axes", points: Points) -> None:
    axes.plot(
        np.asarray(points.x, float),
        np.asarray(points.y, float),
        color=_SERIES_INK[points.series],
        linestyle="none",
        marker="o",
        markersize=6,
        markerfacecolor="none" if points.hollow else _SERIES_INK[points.series],
        zorder=4,
    )


def _whole_ticks(axes: "Axes") -> None:
    """Let the horizontal axis have whole numbers alone."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_xlim()
    if high - low < 1:
        axes.set_xlim(low - 0.5, high + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))


def _make_logarithmic(axes: "Axes", name: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    (axes.set_xscale if name == "x" else axes.set_yscale)("log")
    axis = axes.xaxis if name == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    if high < _FEW_TICKS * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _thinned(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    if len(x) <= _POINTS:
        return x, y
    kept = np.unique(np.linspace(0, len(x) - 1, _POINTS).round().astype(int))
    return x[kept], y[kept]


def _svg(figure: "Figure", name: str, description: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator")))
    return _for_page(buffer.getvalue(), name, description)


def _for_page(svg: str, name: str, description: str) -> str:
    """Make a drawing part of an HTML page: no header, no metadata, ids of its own, the page's colours."""
    box = re.search(r'viewBox="([^"]+)"', svg)
    body = svg[svg.index(">", svg.index("<svg")) + 1 :].strip()
    body = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = body.replace("xlink:href", "href")
    body = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", body)
    body = re.sub(r"#0000[ab][0-9]", lambda found: f"var(--{_VARIABLES[found[0]]})", body)
    body = re.sub(r"font-family: [^;]*; ", "", body)
    body = re.sub(r' d="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    label = escape(description)
    return f'<svg class="figure" viewBox="{box[1] if box else ""}" role="img" aria-label="{label}">{body}'
