"""The weights of two neurons of a layer over the epochs: equal starts stay equal, random ones part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.network.layers import Dense
from chainrule.plots.models import Models, snapshots_of, titled
from chainrule.plots.style import SMALL_SIZE, FigureTheme, Style, styled
from chainrule.training.model_graph import TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[Any]
Pair = tuple[SupportsIndex, SupportsIndex]

_MOST_MODELS = 3
# Weights that differ by less than this share of the largest are the same but for rounding.
_SAME = 1e-4
# The height of a label, as a share of a panel.
_LABEL_SHARE = 0.075
_ROLES = ("forward", "backward")
# Width and opacity of the neurons' lines: where they are the same, a broad line shows below a thin one.
_APART, _SAME_LINES = ((2.2, 1.0), (2.2, 1.0)), ((6.5, 0.5), (1.8, 1.0))


def neuron_paths(
    models: Models,
    *,
    layer: SupportsIndex = 1,
    neurons: Pair = (0, 1),
    inputs: Pair = (0, 1),
    theme: FigureTheme = "light",
) -> Figure:
    """Show how the weights of two neurons of a layer move over the epochs.

    Neurons that start with the same weights, such as zeros, get the same gradients and stay the same for ever: a
    layer of them is worth one neuron. Random starts break this symmetry. Above, each neuron is a point that moves
    through the plane of two of its weights; below, the same weights over the epochs.

    Args:
        models: one model, several (up to 3), or several by title, trained with `cr.fit(..., snapshots=...)`.
        layer: which layer's neurons, counted from 1 as in W1.
        neurons: which two, counted from 0 as in W1[:, 0].
        inputs: whose weights, counted from 0 as in W1[0, :]. A layer with one input shows its weight and its bias.
        theme: "light" or "dark".

    Returns:
        The figure, with a column for each model.

    Raises:
        UserError: no snapshots, or a layer, neurons or inputs that are not there.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> models = {}
        >>> for start in ("zeros", "normal"):
        ...     hidden = cr.Dense(2, "sigmoid", initializer=start)
        ...     network = cr.Network([hidden, cr.Dense(1, "sigmoid", initializer=start)])
        ...     models[start] = cr.fit(network, X, y, epochs=10, snapshots=True)
        >>> figure = cr.plots.neuron_paths(models)
        >>> [axes.get_title(loc="left") for axes in figure.axes[:2]]
        ['zeros', 'normal']
    """
    found = titled(models)
    if len(found) > _MOST_MODELS:
        raise UserError(f"up to {_MOST_MODELS} models fit side by side, not {len(found)}")
    number = whole(layer, "layer", least=1)
    which = _pair(neurons, "neurons")
    pairs = [_paths(title, model, number, which, _pair(inputs, "inputs")) for title, model in found.items()]
    with styled(theme) as style:
        size = (max(6.4, 4.8 * len(pairs)), 8.2)
        title = f"Two neurons of layer {number} over the epochs"
        figure, axes = style.figure(rows=2, columns=len(pairs), size=size, title=title)
        for column, pair in enumerate(pairs):
            _draw_plane(style, axes[0, column], pair)
            _draw_epochs(style, axes[1, column], pair)
        _say_below(style, figure, pairs[0])
        return figure


@dataclass(frozen=True, eq=False)
class _Paths:
    """Two weights of two neurons over the epochs.

    Attributes:
        at: shape (neurons, epochs, weights), two of each.
        names: of each neuron, what its two weights are called.
        neurons: what the two neurons are called.
    """

    title: str
    epochs: list[int]
    at: NDArray[np.float64]
    names: list[list[str]]
    neurons: list[str]

    @property
    def same(self) -> bool:
        """Whether the neurons never part."""
        return bool(np.abs(self.at[0] - self.at[1]).max() <= _SAME * np.abs(self.at).max())

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        return bool(np.abs(self.at - self.at[:, :1]).max() <= _SAME * np.abs(self.at).max())


def _pair(given: Any, name: str) -> tuple[int, int]:
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != 2:
        raise UserError(f"{name} are two numbers, such as (0, 1), not {given!r:.60}")
    first, second = (whole(number, f"each of the {name}", least=0) for number in given)
    if first == second:
        raise UserError(f"{name} are two different ones, not {first} twice")
    return first, second


def _paths(
    title: str, model: TrainedModel, layer: int, neurons: tuple[int, int], inputs: tuple[int, int]
) -> _Paths:
    snapshots = snapshots_of(model)
    count = sum(isinstance(one, Dense) for one in model.network.layers)
    if layer > count:
        raise UserError(f"{title}: there is no layer {layer}, the network has {count}")
    W, b = f"W{layer}", f"b{layer}"
    n_in, n_out = model.parameters[W].shape
    if max(neurons) >= n_out:
        raise UserError(f"{title}: layer {layer} has {n_out} neurons, counted from 0: there is no {max(neurons)}")
    with_bias = n_in == 1 and b in model.parameters
    if max(inputs) >= n_in and not with_bias:
        raise UserError(f"{title}: layer {layer} has {n_in} inputs, counted from 0: there is no {max(inputs)}")
    places = [[(W, (0, j)), (b, (j,))] if with_bias else [(W, (i, j)) for i in inputs] for j in neurons]
    at = [[[one.parameters[name][place] for name, place in of_neuron] for one in snapshots] for of_neuron in places]
    return _Paths(
        title=title,
        epochs=[one.epoch for one in snapshots],
        at=np.array(at, np.float64),
        names=[[f"{name}[{', '.join(map(str, place))}]" for name, place in of_neuron] for of_neuron in places],
        neurons=[f"neuron {j + 1}: {W}[:, {j}]" for j in neurons],
    )


def _note(pair: _Paths) -> str:
    if pair.still:
        return "Neither neuron moves"
    if pair.same:
        return "Both stay the same, epoch after epoch"
    first, last = (float(np.linalg.norm(pair.at[0, t] - pair.at[1, t])) for t in (0, -1))
    return f"Their distance is {first:.2g} at epoch {pair.epochs[0]} and {last:.2g} at epoch {pair.epochs[-1]}"


def _lines(pair: _Paths) -> tuple[tuple[str, float, float], ...]:
    """Role, width and opacity of each neuron's line."""
    looks = _SAME_LINES if pair.same else _APART
    return tuple((role, *look) for role, look in zip(_ROLES, looks, strict=True))


def _draw_plane(style: Style, axes: Axes, pair: _Paths) -> None:
    style.panel_title(axes, pair.title, _note(pair))
    for path, (role, width, alpha), name in zip(pair.at, _lines(pair), pair.neurons, strict=True):
        axes.plot(*path.T, color=style.color(role), linewidth=width, alpha=alpha, label=name)
    for path, role, size in zip(pair.at, _ROLES, (11.0, 6.0) if pair.same else (7.0, 7.0), strict=True):
        color = style.color(role)
        axes.plot(*path[0], "o", color=style.color("paper"), mec=color, mew=1.8, ms=size)
        axes.plot(*path[-1], "o", color=color, ms=size)
    axes.set_xlabel(_common(pair, 0))
    axes.set_ylabel(_common(pair, 1))
    axes.margins(0.12)


def _common(pair: _Paths, weight: int) -> str:
    """What a weight of both neurons is called: W1[0, j] for W1[0, 0] and W1[0, 1]."""
    return f"{pair.names[0][weight].rstrip(']0123456789')}j]"


def _draw_epochs(style: Style, axes: Axes, pair: _Paths) -> None:
    style.panel_title(axes, "The same weights over the epochs")
    for path, names, (role, width, alpha) in zip(pair.at, pair.names, _lines(pair), strict=True):
        for weight, name in enumerate(names):
            line: dict[str, Any] = {"color": style.color(role), "linewidth": width, "alpha": alpha, "label": name}
            axes.plot(pair.epochs, path[:, weight], **line)
    axes.set_xlim(pair.epochs[0], pair.epochs[-1])
    axes.set_xlabel("epoch")
    axes.set_ylabel("weight")
    _name_ends(style, axes, pair)


def _say_below(style: Style, figure: Figure, pair: _Paths) -> None:
    """The legend of all panels."""
    from matplotlib.lines import Line2D

    soft, paper = style.color("soft"), style.color("paper")
    lines = [
        Line2D([], [], color=style.color(role), linewidth=3, label=name)
        for role, name in zip(_ROLES, pair.neurons, strict=True)
    ]
    dots = [
        Line2D([], [], color=color, marker="o", mec=soft, mew=1.8, ms=7, linestyle="", label=label)
        for color, label in ((paper, "start"), (soft, "end"))
    ]
    style.legend_below(figure, [*lines, *dots])


def _name_ends(style: Style, axes: Axes, pair: _Paths) -> None:
    """Write at the end of each line which weight it is, one above the other where lines meet."""
    low, high = axes.get_ylim()
    labels = [
        ((path[-1, weight] - low) / (high - low), name, style.color(role))
        for path, names, role in zip(pair.at, pair.names, _ROLES, strict=True)
        for weight, name in enumerate(names)
    ]
    labels.sort(key=lambda label: label[0])
    heights = _apart([height for height, _, _ in labels])
    for height, (_, name, color) in zip(heights, labels, strict=True):
        axes.text(1.02, height, name, color=color, size=SMALL_SIZE, va="center", transform=axes.transAxes)


def _apart(heights: Sequence[float]) -> list[float]:
    """Move heights, given from low to high, as little as needed for labels to stand apart.

    >>> [round(height, 3) for height in _apart([0.5, 0.5, 0.9])]
    [0.463, 0.537, 0.9]
    """
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _lowest(groups[-1]) - _highest(groups[-2]) < _LABEL_SHARE:
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_lowest(group) + place * _LABEL_SHARE for group in groups for place in range(len(group))]


def _lowest(group: Sequence[float]) -> float:
    return sum(group) / len(group) - _LABEL_SHARE * (len(group) - 1) / 2


def _highest(group: Sequence[float]) -> float:
    return sum(group) / len(group) + _LABEL_SHARE * (len(group) - 1) / 2
