"""Activations and their derivatives as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import array_of
from chainrule.errors import UserError
from chainrule.graph.expression import examples
from chainrule.graph.gradients import grad
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.value import value
from chainrule.network.activations import Activation, Function, activation
from chainrule.plots.style import FigureTheme, Style, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = NDArray[np.float64]
Choice = str | Activation | Function
Choices = Choice | Sequence[Choice] | Mapping[str, Choice]

_USUAL = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "gelu", "silu")
_POINTS = 1201
# Far out a saturated activation has no slope left, and one that still grows there grows without end.
_FAR, _NO_SLOPE = 1000.0, 1e-3
# Below this slope an activation is shown as saturated, where the slope goes to 0.
_SATURATED = 0.05
# What is drawn of activations that grow without end.
_LOW, _HIGH, _MOST = -1.3, 2.4, 100.0
# From one point to the next a slope that changes by this share of its span jumps.
_JUMP = 0.4
# In inches.
_PANEL, _TALLER_PANEL = 2.45, 3.1
_MOST_COLUMNS = 4


def activations(
    names: Choices | None = None, *, span: tuple[float, float] = (-6.0, 6.0), theme: FigureTheme = "light"
) -> Figure:
    """Draw activations a = g(z) and their derivatives da/dz, as the graph differentiates them.

    Args:
        names: one activation or several: names such as "relu", own functions from an expression to an expression,
            or a mapping from titles to those. None takes all that have a curve.
        span: the smallest and the largest z.
        theme: "light" or "dark".

    Returns:
        A figure with a panel for each activation, which says what values it takes, how large its slope gets and
        where it saturates.

    Raises:
        UserError: an unknown name, a function that does not fit or mixes neurons as softmax does, an empty span.

    Example:
        >>> import chainrule as cr
        >>> figure = cr.plots.activations(["relu", lambda z: z * cr.sigmoid(2 * z)])
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['relu', 'custom']
    """
    z = _points(span)
    curves = {title: _Curves.of(g, z) for title, g in _chosen(names).items()}
    columns = min(len(curves), _MOST_COLUMNS)
    rows = -(-len(curves) // columns)
    with styled(theme) as style:
        size = (max(6.0, 0.2 + _PANEL * columns), 1.3 + (_PANEL if columns > 2 else _TALLER_PANEL) * rows)
        figure, axes = style.figure(rows=rows, columns=columns, size=size, title=_title(len(curves)))
        limits = _limits(list(curves.values()))
        for panel, (title, one) in zip(axes.flat, curves.items(), strict=False):
            _draw(panel, style, title, one)
            panel.set_ylim(*limits)
        for panel in axes.flat[len(curves) :]:
            panel.remove()
        _legend(figure, style, any(one.saturated for one in curves.values()))
    return figure


def _title(count: int) -> str:
    what = "An activation and its derivative" if count == 1 else "Activations and their derivatives"
    return f"{what}: no slope, no learning"


def _points(span: tuple[float, float]) -> Curve:
    ends = array_of(span, "span")
    if ends.shape != (2,) or ends.dtype.kind not in "iuf" or not np.isfinite(ends).all() or ends[0] >= ends[1]:
        raise UserError(f"span is the smallest and the largest z, such as (-6, 6), not {span!r:.40}")
    return np.linspace(float(ends[0]), float(ends[1]), _POINTS)


def _chosen(names: Choices | None) -> dict[str, Activation]:
    if names is None:
        names = _USUAL
    if isinstance(names, Mapping):
        found = {str(title): activation(one) for title, one in names.items()}
    else:
        listed = list(names) if isinstance(names, Sequence) and not isinstance(names, str) else [names]
        found = {}
        for one in listed:
            g = activation(one)
            found[g.name if g.name not in found else f"{g.name} ({len(found) + 1})"] = g
    if not found:
        raise UserError('there is no activation to draw: name one, such as "relu", or several')
    return found


@dataclass(frozen=True, eq=False)
class _Curves:
    """An activation on some z.

    Attributes:
        z, a, slope: the points, the values and the derivatives there.
        limits: the least and the largest value anywhere; infinite where it grows without end.
        saturated: the stretches of z at the ends in which the slope is near 0 and goes to 0.
    """

    z: Curve
    a: Curve
    slope: Curve
    limits: tuple[float, float]
    saturated: list[tuple[float, float]]

    @classmethod
    def of(cls, g: Activation, z: Curve) -> _Curves:
        _check_alone(g)
        a, slope = _valued(g, z)
        if not (np.isfinite(a) & np.isfinite(slope)).any():
            raise UserError(f"activation {g.name} has no finite value and slope for z from {z[0]:g} to {z[-1]:g}")
        return cls(z, a, slope, _limits_far_out(g, a), _saturated(g, z, slope))


def _valued(g: Activation, z: Curve) -> tuple[Curve, Curve]:
    g.check(1)
    node = examples("z", features=1)
    a = g(node)
    # Each example has its own z, so the derivative of the sum has each one's own.
    slope = grad(sum_of(a), node)
    with np.errstate(all="ignore"):
        found = [np.asarray(value(root, {node: z[:, None]}))[:, 0] for root in (a, slope)]
    return found[0], found[1]


def _check_alone(g: Activation) -> None:
    """Check that what a neuron answers does not depend on its neighbour."""
    g.check(2)
    node = examples("z", features=2)
    z = np.linspace(-2.0, 2.0, 9)
    with np.errstate(all="ignore"):
        answers = [np.asarray(value(g(node), {node: np.stack([z, one], axis=1)})) for one in (z, z[::-1] + 1.0)]
    if not np.array_equal(answers[0][:, 0], answers[1][:, 0], equal_nan=True):
        raise UserError(
            f"activation {g.name} mixes the neurons of a layer, so it is no curve over z; draw activations that "
            f"take each z alone, such as {', '.join(_USUAL[:3])}"
        )


def _limits_far_out(g: Activation, near: Curve) -> tuple[float, float]:
    far, farther = (_valued(g, np.linspace(-end, end, 4001))[0] for end in (_FAR, 2 * _FAR))
    low, high = (float(pick([pick(near), pick(far)])) for pick in (np.nanmin, np.nanmax))
    room = 1e-3 * max(float(np.ptp(near[np.isfinite(near)])), 1e-9)
    grows_down, grows_up = np.nanmin(farther) < low - room, np.nanmax(farther) > high + room
    return (-np.inf if grows_down else low), (np.inf if grows_up else high)


def _saturated(g: Activation, z: Curve, slope: Curve) -> list[tuple[float, float]]:
    far = np.abs(_valued(g, np.array([-_FAR, _FAR]))[1]) < _NO_SLOPE
    steep = np.flatnonzero(~(np.abs(slope) < _SATURATED))
    if not steep.size:
        return [(float(z[0]), float(z[-1]))] if far.all() else []
    first, last = int(steep[0]), int(steep[-1])
    found = []
    if far[0] and first > 0:
        found.append((float(z[0]), float(z[first])))
    if far[1] and last < len(z) - 1:
        found.append((float(z[last]), float(z[-1])))
    return found


def _limits(curves: Sequence[_Curves]) -> tuple[float, float]:
    """The same heights for all, so that slopes can be compared."""
    low, high = _LOW, _HIGH
    for one in curves:
        bounded = [one.a] if np.isfinite(one.limits).all() else []
        for line in (*bounded, one.slope):
            finite = line[np.isfinite(line)]
            low, high = min(low, 1.1 * float(finite.min())), max(high, 1.1 * float(finite.max()))
    return max(low, -_MOST), min(high, _MOST)


def _draw(axes: Axes, style: Style, title: str, one: _Curves) -> None:
    from matplotlib.ticker import MaxNLocator

    for start, end in one.saturated:
        axes.axvspan(start, end, color=style.color("backward-soft"), zorder=0)
    axes.axhline(0, color=style.color("soft"), linewidth=0.9)
    axes.axvline(0, color=style.color("soft"), linewidth=0.9)
    axes.plot(one.z, one.a, color=style.color("forward"))
    axes.plot(one.z, _broken(one.slope), color=style.color("backward"), linestyle=(0, (3.2, 1.4)))
    axes.set_xlim(one.z[0], one.z[-1])
    axes.set_xlabel("z", labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    (low, high), largest = (_number(end) for end in one.limits), _number(float(np.nanmax(one.slope)))
    style.panel_title(axes, title, f"values from {low} to {high}\nslope up to {largest}")


def _broken(slope: Curve) -> Curve:
    """The slope with a gap where it jumps."""
    shown = slope.copy()
    with np.errstate(all="ignore"):
        height, change = np.ptp(slope[np.isfinite(slope)]), np.abs(np.diff(slope))
    if height > 0:
        shown[1:][change > _JUMP * height] = np.nan
    return shown


def _number(one: float) -> str:
    if np.isinf(one):
        return "∞" if one > 0 else "−∞"
    # Adding 0 makes 0 of -0.
    return f"{round(one, 2) + 0.0:g}".replace("-", "−")


def _legend(figure: Figure, style: Style, saturated: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=style.color("forward"), label="a = g(z)"),
        Line2D([], [], color=style.color("backward"), linestyle=(0, (3.2, 1.4)), label="slope da/dz = g'(z)"),
    ]
    if saturated:
        label = f"saturated: slope below {_SATURATED:g} and going to 0"
        handles.append(Patch(facecolor=style.color("backward-soft"), edgecolor=style.color("line"), label=label))
    style.legend_below(figure, handles)
