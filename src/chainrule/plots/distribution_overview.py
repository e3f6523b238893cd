"""How large activations, gradients or changes of weights are in each layer: one panel for all models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule.graph.draw.fonts import text_width
from chainrule.plots.distribution_values import Kind, Layers, spanning
from chainrule.plots.style import SMALL_SIZE, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# In points: a line of a legend without its text; and the share of a figure's width that a legend may have.
_HANDLE, _SHARE = 45, 0.85


def draw_overview(style: Style, axes: Axes, shown: Sequence[Layers], kind: Kind) -> None:
    """Draw the sizes against the layers, at the first and the last epoch of each model."""
    from matplotlib.ticker import NullFormatter

    paper = style.color("paper")
    for one, color in zip(shown, style.series, strict=False):
        for place, line, face in ((0, (0, (4, 2)), paper), (-1, "-", color)):
            sizes = np.where(one.sizes[place] > 0, one.sizes[place], np.nan)
            if np.isnan(sizes).all():  # no weight has changed before the first step
                continue
            axes.plot(
                np.arange(len(sizes)),
                sizes,
                color=color,
                linestyle=line,
                marker="o",
                markersize=6,
                markerfacecolor=face,
                label=f"{one.title}, epoch {one.epochs[place]}" if len(shown) > 1 else f"epoch {one.epochs[place]}",
            )
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    sizes = np.concatenate([one.sizes[[0, -1]].ravel() for one in shown])
    low, high = spanning(sizes[sizes > 0])
    room = (high / low) ** 0.06
    axes.set_ylim(low / room, high * room)
    names = max((one.names for one in shown), key=len)
    axes.set_xticks(np.arange(len(names)), [name.removeprefix("layer ") for name in names])
    axes.set_xlabel("layer")
    axes.set_ylabel(kind.size_label)
    labels = [str(line.get_label()) for line in axes.lines]
    if labels:
        together = sum(_HANDLE + text_width(label, SMALL_SIZE) for label in labels)
        room = _SHARE * 72 * axes.get_figure(root=True).get_figwidth()  # type: ignore[union-attr]
        # Above the lines, where it hides none.
        columns = len(labels) if together < room else min(2, len(labels))
        style.legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False)
