"""How activations, gradients or weights are distributed in each layer, and how large they are over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.plots.distribution_overview import draw_overview
from chainrule.plots.distribution_values import KINDS, Kind, Layers, finding_of, layers_of, note_of, spanning
from chainrule.plots.models import Models, titled
from chainrule.plots.style import SMALL_SIZE, FigureTheme, Style, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
Quantity = Literal["activations", "gradients", "weights"]

_MOST_MODELS = 3
# In inches: the panel of all models, the lines over the epochs. Letters of a title an inch.
_OVERVIEW, _LINES, _LETTERS = 3.6, 2.9, 8.6
# How many places a ridge's curve has, and how far each value is smeared, in places.
_BINS, _SMEAR = 140, 2.5
# How high a ridge is, where the next begins at 1.
_HEIGHT = 0.86
# This share of the values may lie outside of a ridge's axis, at either end.
_OUTSIDE = 0.01
# A share of exact zeros is written from here on.
_WORTH_SAYING = 0.005
# The height of a line's name, as a share of a panel.
_LABEL_SHARE = 0.065


def distributions(
    models: Models,
    X: ArrayLike,
    y: ArrayLike,
    *,
    quantity: Quantity = "activations",
    details: bool = True,
    theme: FigureTheme = "light",
) -> Figure:
    """Show the activations, gradients or weights of each layer over the epochs.

    Above, how large they are in each layer, at the first and the last snapshot, for all models in one panel. In the
    middle, one line a layer over the epochs; below, the distribution in each layer. Where the gradients of the
    first layers are far smaller than those of the last, they vanish, and the first layers hardly learn; the title
    says so. Exact zeros, such as those of relu, are counted beside the shapes and left out of them.

    Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS
    2010.

    Args:
        models: one model, several (up to 3), or several by title, trained with `cr.fit(..., snapshots=...)`.
        X: rows of shape (m, features).
        y: their labels, as in `cr.fit`.
        quantity: "activations": the values of A, and how much each differs from example to example (standard
            deviation over the rows, mean over the neurons); "gradients": |dJ/dW|, and its root mean square, of the
            cost of all rows without dropout and penalties; "weights": W, and the root mean square of how far each
            weight is from where it was at the first snapshot.
        details: whether the lines over the epochs and the distributions are shown, or the first panel alone.
        theme: "light" or "dark".

    Returns:
        The figure; its last axes are the panel of all models, those before it have a column for each model.

    Raises:
        UserError: no snapshots, an unknown quantity, rows or labels that do not fit.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=40)
        >>> network = cr.Network([cr.Dense(4, "sigmoid")] * 3 + [cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(network, X, y, epochs=10, snapshots=5)
        >>> figure = cr.plots.distributions(model, X, y, quantity="gradients")
        >>> [line.get_label() for line in figure.axes[0].get_lines()]
        ['layer 1', 'layer 2', 'layer 3', 'output']
    """
    if quantity not in get_args(Quantity):
        words = ", ".join(f'"{word}"' for word in get_args(Quantity))
        raise UserError(f"quantity is one of {words}, not {quantity!r:.40}")
    found = titled(models)
    if len(found) > _MOST_MODELS:
        raise UserError(f"up to {_MOST_MODELS} models fit side by side, not {len(found)}")
    shown = [layers_of(title, model, X, y, KINDS[quantity]) for title, model in found.items()]
    return _figure(shown, KINDS[quantity], theme) if details else _short(shown, KINDS[quantity], theme)


def _short(shown: Sequence[Layers], kind: Kind, theme: FigureTheme) -> Figure:
    """Draw the panel of all models alone."""
    with styled(theme) as style:
        figure, axes = style.figure(size=(8.6, 4.4), title=_wrapped(finding_of(shown, kind), 8.6))
        draw_overview(style, axes[0, 0], shown, kind)
        return figure


def _wrapped(title: str, width: float) -> str:
    return "\n".join(wrap(title, round(_LETTERS * width)))


def _figure(shown: Sequence[Layers], kind: Kind, theme: FigureTheme) -> Figure:
    layers = max(len(one.names) for one in shown)
    with styled(theme) as style:
        width, ridges = max(6.4, 5.0 * len(shown)), 1.2 + 0.34 * max(layers, 5)
        heights = (_OVERVIEW, _LINES, ridges)
        title = _wrapped(finding_of(shown, kind), width)
        figure, panels = style.figure(rows=3, columns=len(shown), size=(width, sum(heights)), title=title)
        grid = panels[0, 0].get_gridspec()
        grid.set_height_ratios(heights)
        for panel in panels[0]:
            panel.remove()
        overview, axes = figure.add_subplot(grid[0, :]), panels[1:]
        style.dress(overview)
        draw_overview(style, overview, shown, kind)
        _set_heights(axes[0], shown)
        # A column's own scale serves values of different kinds; sizes are compared on one.
        every = _edges([values for one in shown for values in (*one.first, *one.last)], kind)
        for column, one in enumerate(shown):
            colors = _colors(style, len(one.names))
            edges = every if kind.logarithmic else _edges([*one.first, *one.last], kind)
            _draw_sizes(style, axes[0, column], one, kind, colors)
            _draw_ridges(style, axes[1, column], one, edges, kind, colors)
        return figure


def _colors(style: Style, count: int) -> list[Any]:
    """From the first layer (orange) to the last (blue)."""
    from matplotlib.colors import LinearSegmentedColormap

    roles = [style.color(role) for role in ("backward", "parameter", "forward")]
    return list(LinearSegmentedColormap.from_list("layers", roles)(np.linspace(0, 1, count)))


def _set_heights(row: Array, shown: Sequence[Layers]) -> None:
    """Give all panels one logarithmic axis."""
    from matplotlib.ticker import NullFormatter

    sizes = np.concatenate([one.sizes.ravel() for one in shown])
    low, high = spanning(sizes[sizes > 0])
    room = (high / low) ** 0.04
    for axes in row:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(low / room, high * room)


def _draw_sizes(style: Style, axes: Axes, layers: Layers, kind: Kind, colors: Sequence[Any]) -> None:
    style.panel_title(axes, layers.title, note_of(layers, kind))
    for place, name in enumerate(layers.names):
        sizes = np.where(layers.sizes[:, place] > 0, layers.sizes[:, place], np.nan)
        axes.plot(layers.epochs, sizes, color=colors[place], label=name, linewidth=1.3, marker=".", markersize=4)
    axes.set_xlim(layers.epochs[0], layers.epochs[-1])
    axes.set_xlabel("epoch (a dot: a snapshot)")
    axes.set_ylabel(kind.size_label)
    _name_ends(axes, layers, colors)


def _name_ends(axes: Axes, layers: Layers, colors: Sequence[Any]) -> None:
    """Name the first and the last layer at the end of their lines, one above the other where they meet."""
    ends = layers.sizes[-1, [0, -1]]
    if len(layers.names) < 2 or not (ends > 0).all():
        return
    low, high = np.log(axes.get_ylim())
    apart = (np.log(ends[0]) - np.log(ends[1])) / (high - low)
    missing = max(0.0, _LABEL_SHARE - abs(apart)) * (1 if apart >= 0 else -1) / 2
    for place, more in ((0, missing), (-1, -missing)):
        share = (np.log(layers.sizes[-1, place]) - low) / (high - low) + more
        axes.text(
            1.015,
            share,
            layers.names[place],
            transform=axes.transAxes,
            color=colors[place],
            size=SMALL_SIZE,
            va="center",
        )


def _draw_ridges(style: Style, axes: Axes, layers: Layers, edges: Array, kind: Kind, colors: Sequence[Any]) -> None:
    from matplotlib.ticker import NullFormatter

    note = f"line: epoch {layers.epochs[0]}; filled: epoch {layers.epochs[-1]}"
    if any(np.mean(last == 0) >= _WORTH_SAYING for last in layers.last):
        note += "\nat the right: exact zeros, left out of the shapes"
    style.panel_title(axes, f"{kind.value_label} in each layer", note)
    x = np.sqrt(edges[1:] * edges[:-1]) if kind.logarithmic else (edges[1:] + edges[:-1]) / 2
    bases = -np.arange(len(layers.names), dtype=float)
    for base, name, first, last, color in zip(bases, layers.names, layers.first, layers.last, colors, strict=True):
        before, after = base + _ridge(first, edges), base + _ridge(last, edges)
        axes.fill_between(x, base, after, color=color, alpha=0.45, linewidth=0, label=name)
        axes.plot(x, before, color=style.color("soft"), linewidth=0.9, label=f"{name} at the start")
        zeros = float(np.mean(last == 0))
        if zeros >= _WORTH_SAYING:
            axes.text(
                1.01,
                base + 0.25,
                f"{100 * zeros:.0f} % are 0",
                transform=axes.get_yaxis_transform(),
                size=SMALL_SIZE,
                color=style.color("soft"),
                va="center",
            )
    if kind.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(bases[-1] - 0.15, 1.05)
    axes.set_yticks(bases, layers.names)
    axes.set_xlabel(kind.value_label)


def _edges(values: Sequence[Array], kind: Kind) -> NDArray[np.float64]:
    """The bins for the values of several layers but zeros, and a few of each layer at the ends."""
    ends = [np.quantile(array[array != 0], [_OUTSIDE, 1 - _OUTSIDE]) for array in values if array.any()]
    low, high = (float(np.min(ends)), float(np.max(ends))) if ends else (0.5, 1.0)
    if kind.logarithmic:
        low, high = spanning(np.array([low, high]))
        room = (high / low) ** 0.04
        return np.geomspace(low / room, high * room, _BINS + 1)
    room = 0.05 * (high - low) or max(abs(low), 1.0)
    return np.linspace(low - room, high + room, _BINS + 1)


def _ridge(values: Array, edges: Array) -> NDArray[np.float64]:
    """How often values other than 0 lie in each bin, smeared; the highest place has the height of a ridge."""
    counts, _ = np.histogram(values[values != 0], edges)
    reach = np.arange(-round(3 * _SMEAR), round(3 * _SMEAR) + 1)
    smooth = np.convolve(counts, np.exp(-0.5 * np.square(reach / _SMEAR)), mode="same")
    return np.asarray(_HEIGHT * smooth / (smooth.max() or 1.0))
