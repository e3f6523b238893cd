"""Linear against logistic regression on labels that are 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of
from chainrule.errors import UserError
from chainrule.graph.expression import Expression, examples, parameter
from chainrule.graph.ops.activation import sigmoid
from chainrule.network.losses import binary_cross_entropy, mean_cost, squared_error
from chainrule.plots.style import SMALL_SIZE, FigureTheme, Style, styled
from chainrule.training.minimize import minimize
from chainrule.training.optimizers import Momentum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = NDArray[np.float64]

# Sizes of tumours, say, and whether they are malignant; and one that is far larger than all others.
_X = (0.8, 1.2, 1.6, 2.0, 2.3, 2.6, 2.8, 3.2, 3.4, 3.7, 4.0, 4.4, 4.8, 5.2)
_Y = (0,) * 7 + (1,) * 7
_OUTLIER = (16.0, 1)
_THRESHOLD = 0.5
# A line is fitted to the standardised feature: the curvature of its cost is then 2, whatever the points are. A
# sigmoid is fitted to the feature over its middle half, so that far points do not squeeze the others together.
_LINEAR, _LINEAR_STEPS = Momentum(0.2), 400
_LOGISTIC, _LOGISTIC_STEPS = Momentum(1.0), 1000
# The width between the quartiles of a normal distribution, in standard deviations.
_QUARTILES = 1.349
_SAMPLES = 400
_BOTTOM, _TOP = -0.32, 1.45
_MARKERS = ((0, "o"), (1, "^"))
# A shorter way, as a share of a panel, is not drawn.
_LEAST_SHIFT = 0.015
_DASHES, _DOTS = (0, (4, 1.5)), (0, (1, 2))


@dataclass(frozen=True, eq=False)
class _Fit:
    """A trained model of one feature.

    Attributes:
        name: what it is called.
        role: its colour.
        w, b: its parameters, for x as it was given.
        logistic: whether it answers with sigmoid(w x + b) or with w x + b.
    """

    name: str
    role: str
    w: float
    b: float
    logistic: bool

    def __call__(self, x: Points) -> Points:
        z = self.w * x + self.b
        return 0.5 * (1 + np.tanh(z / 2)) if self.logistic else z

    @property
    def boundary(self) -> float:
        """Where its answer is the threshold; infinite if that is nowhere."""
        level = 0.0 if self.logistic else _THRESHOLD
        return (level - self.b) / self.w if self.w else np.inf

    def wrong(self, x: Points, y: Points) -> NDArray[np.bool_]:
        """Which points it puts into the other class."""
        found: NDArray[np.bool_] = (self(x) >= _THRESHOLD) != (y == 1)
        return found


def linear_against_logistic(
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    outlier: tuple[float, int] | None = None,
    x_label: str = "x",
    theme: FigureTheme = "light",
) -> Figure:
    """Draw linear and logistic regression on labels 0 and 1, and where each changes its answer.

    Both are trained by gradient descent with momentum on their usual costs: the mean squared error of w x + b, and
    the mean cross-entropy of sigmoid(w x + b). Each answers 1 where it gives at least 0.5. Where a threshold parts
    the classes without a mistake, the sigmoid would get ever steeper: it is as steep as 1000 steps make it.

    Args:
        x: one feature, shape (m,). None takes 14 points and an outlier.
        y: the labels, 0 or 1, shape (m,).
        outlier: one more point (x, label), far from the others: a second panel shows both fits with it.
        x_label: what the feature is called.
        theme: "light" or "dark".

    Returns:
        A figure with one panel, or two with an outlier.

    Raises:
        UserError: labels other than 0 and 1 or of only one class, another shape, a feature that never changes.

    Example:
        >>> import chainrule as cr
        >>> figure = cr.plots.linear_against_logistic([1, 2, 3, 4], [0, 0, 1, 1], outlier=(20, 1))
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['4 points', 'With one more point at x = 20']
    """
    if (x is None) != (y is None):
        raise UserError("give both x and y, or neither for the built-in points")
    if x is None or y is None:
        x, y, outlier = _X, _Y, outlier or _OUTLIER
    inputs, labels = _checked(x, y)
    panels = [_Panel.of(f"{len(inputs)} points", inputs, labels)]
    if outlier is not None:
        far, label = _checked_outlier(outlier)
        title = f"With one more point at {x_label} = {far:g}"
        panels.append(_Panel.of(title, np.append(inputs, far), np.append(labels, label)))
    with styled(theme) as style:
        size = (6.5 if outlier is None else 10.0, 4.7)
        figure, axes = style.figure(columns=len(panels), size=size, title=_title(panels))
        span = _span(panels)
        for panel, one in zip(axes.flat, panels, strict=True):
            _draw(panel, style, one, span)
            panel.set_xlabel(x_label)
        if len(panels) > 1:
            _draw_shift(axes[0, 1], style, panels[0].linear, panels[1].linear, span)
            _draw_far(axes[0, 1], style, panels[1], span)
        axes[0, 0].set_ylabel("label, and the model's answer")
        _legend(figure, style, panels)
    return figure


@dataclass(frozen=True, eq=False)
class _Panel:
    """Points with both fits."""

    title: str
    x: Points
    y: Points
    linear: _Fit
    logistic: _Fit

    @classmethod
    def of(cls, title: str, x: Points, y: Points) -> _Panel:
        return cls(title, x, y, _linear(x, y), _logistic(x, y))


def _title(panels: list[_Panel]) -> str:
    if len(panels) == 1:
        return "A line leaves the range 0 to 1; a sigmoid stays in it"
    before, after = panels
    linear, logistic = (
        abs(one.boundary - other.boundary)
        for one, other in ((before.linear, after.linear), (before.logistic, after.logistic))
    )
    if logistic < linear / 2:
        return "One far point moves the line's threshold; logistic regression keeps its own"
    return "What one more point does to linear and to logistic regression"


def _checked(x: ArrayLike, y: ArrayLike) -> tuple[Points, Points]:
    inputs, labels = (_column(one, name) for one, name in ((x, "x"), (y, "y")))
    if len(inputs) != len(labels):
        raise UserError(f"x has {len(inputs)} values but y has {len(labels)} labels: they must be equally long")
    if not np.isin(labels, (0, 1)).all():
        other = labels[~np.isin(labels, (0, 1))][0]
        raise UserError(f"the labels y are 0 or 1, but there is {other:g}: name the positive class 1")
    if len(set(labels.tolist())) < 2:
        raise UserError("the labels y must hold both 0 and 1: with one class there is nothing to tell apart")
    if np.ptp(inputs) == 0:
        raise UserError("x must hold at least two different values")
    return inputs, labels


def _column(values: ArrayLike, name: str) -> Points:
    array = array_of(values, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(f"{name} must have shape (m,): this plot is of one feature; it has shape {array.shape}")
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise UserError(f"{name} must hold finite numbers")
    return array.astype(np.float64)


def _checked_outlier(outlier: tuple[float, int]) -> tuple[float, float]:
    pair = array_of(outlier, "outlier")
    if pair.shape != (2,) or pair.dtype.kind not in "biuf" or not np.isfinite(pair).all() or pair[1] not in (0, 1):
        raise UserError(f"outlier is a point (x, label) with a label 0 or 1, such as (16, 1), not {outlier!r:.40}")
    return float(pair[0]), float(pair[1])


def _linear(x: Points, y: Points) -> _Fit:
    return _trained(x, y, float(x.mean()), float(x.std()), logistic=False)


def _logistic(x: Points, y: Points) -> _Fit:
    width = float(np.subtract(*np.quantile(x, [0.75, 0.25]))) / _QUARTILES
    return _trained(x, y, float(np.median(x)), width or float(x.std()), logistic=True)


def _trained(x: Points, y: Points, middle: float, width: float, *, logistic: bool) -> _Fit:
    """Train on (x - middle) / width, where gradient descent is quick, and write the answer for x itself."""
    X, labels = examples("x", features=1), examples("y", features=1)
    w, b = parameter("w", (1, 1)), parameter("b", (1,))
    z = X @ w + b
    L = binary_cross_entropy(sigmoid(z), labels) if logistic else squared_error(z, labels)
    optimizer, steps = (_LOGISTIC, _LOGISTIC_STEPS) if logistic else (_LINEAR, _LINEAR_STEPS)
    data: dict[Expression, ArrayLike] = {X: ((x - middle) / width)[:, None], labels: y[:, None]}
    found = minimize(
        mean_cost(L), [w, b], data=data, optimizer=optimizer, steps=steps, dtype=np.float64, progress=False
    )
    slope = found[w].item() / width
    name, role = ("logistic", "forward") if logistic else ("linear", "backward")
    return _Fit(name, role, slope, found[b].item() - slope * middle, logistic)


def _span(panels: Sequence[_Panel]) -> tuple[float, float]:
    """What both panels show: the points without the outlier, and every threshold that lies among all points."""
    x = panels[0].x
    ends = [float(x.min()), float(x.max())]
    low, high = float(panels[-1].x.min()), float(panels[-1].x.max())
    places = [fit.boundary for panel in panels for fit in (panel.linear, panel.logistic)]
    ends += [place for place in places if low < place < high]
    margin = 0.06 * (max(ends) - min(ends))
    return min(ends) - margin, max(ends) + margin


def _draw(axes: Axes, style: Style, panel: _Panel, span: tuple[float, float]) -> None:
    x, y, fits = panel.x, panel.y, (panel.linear, panel.logistic)
    low, high = span
    across = np.linspace(low, high, _SAMPLES)
    axes.axhline(_THRESHOLD, color=style.color("soft"), linewidth=1.1, linestyle=_DOTS)
    for fit, size, dot in zip(fits, (230, 120), (9.5, 6), strict=True):
        color = style.color(fit.role)
        axes.plot(across, fit(across), color=color, linestyle="-" if fit.logistic else _DASHES)
        if low < fit.boundary < high:
            axes.plot([fit.boundary] * 2, [_BOTTOM, _THRESHOLD], color=color, linewidth=1.3)
            axes.plot(fit.boundary, _THRESHOLD, marker="o", markersize=dot, color=color, zorder=5)
        wrong = fit.wrong(x, y)
        axes.scatter(x[wrong], y[wrong], s=size, facecolors="none", edgecolors=color, linewidths=1.8, zorder=3)
    for label, marker in _MARKERS:
        some = x[y == label]
        axes.scatter(some, np.full(len(some), label), s=42, marker=marker, color=style.color("ink"), lw=0, zorder=4)
    axes.set_xlim(low, high)
    axes.set_ylim(_BOTTOM, _TOP)
    axes.set_yticks([0, 0.5, 1])
    style.panel_title(axes, panel.title, "\n".join(_answer(fit, x, y) for fit in fits))


def _draw_shift(axes: Axes, style: Style, before: _Fit, after: _Fit, span: tuple[float, float]) -> None:
    """Draw an arrow from where the line's threshold was to where it is."""
    low, high = span
    old, new = before.boundary, after.boundary
    if not (low < old < high and low < new < high) or abs(new - old) < _LEAST_SHIFT * (high - low):
        return
    color, y = style.color(before.role), _BOTTOM + 0.12
    axes.annotate("", (new, y), (old, y), arrowprops={"arrowstyle": "-|>", "color": color, "lw": 2, "shrinkA": 0})
    right = new > old
    axes.annotate(
        f"{old:.3g} → {new:.3g}",
        (old, y),
        (-6 if right else 6, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="center",
        color=color,
        weight="bold",
        path_effects=style.outlined(),
    )


def _draw_far(axes: Axes, style: Style, panel: _Panel, span: tuple[float, float]) -> None:
    """Say where the far point is, and draw the whole in small where there is room."""
    low, high = span
    x, y = float(panel.x[-1]), float(panel.y[-1])
    if low <= x <= high:
        return
    right = x > high
    edge, inner = (1.0, -14.0) if right else (0.0, 14.0)
    axes.annotate(
        f"to x = {x:g}",
        (edge, y),
        (inner, 13.0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        ha="right" if right else "left",
        size=SMALL_SIZE,
        path_effects=style.outlined(),
    )
    ink = style.color("ink")
    axes.annotate(
        "",
        (edge, y + 0.07),
        (-34.0 if right else 34.0, 0.0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-|>", "color": ink, "lw": 1.6, "shrinkA": 0, "shrinkB": 0},
    )
    whole = axes.inset_axes((0.66, 0.09 if panel.logistic.w > 0 else 0.62, 0.33, 0.27))
    style.dress(whole)
    whole.set_facecolor(style.color("panel"))
    margin = 0.06 * float(np.ptp(panel.x))
    ends = float(panel.x.min()) - margin, float(panel.x.max()) + margin
    across = np.linspace(*ends, _SAMPLES)
    for fit in (panel.linear, panel.logistic):
        line = "-" if fit.logistic else _DASHES
        whole.plot(across, fit(across), color=style.color(fit.role), linestyle=line, linewidth=1.3)
    for label, marker in _MARKERS:
        some = panel.x[panel.y == label]
        whole.scatter(some, np.full(len(some), label), s=12, marker=marker, color=ink, lw=0, zorder=4)
    whole.set_xlim(*ends)
    whole.set_ylim(_BOTTOM, _TOP)
    whole.set_xticks([x], [f"{x:g}"])
    whole.set_yticks([])
    whole.set_title("all points", size=SMALL_SIZE, color=style.color("soft"), pad=3)


def _answer(fit: _Fit, x: Points, y: Points) -> str:
    count = int(fit.wrong(x, y).sum())
    answers = set((fit(x) >= _THRESHOLD).astype(int).tolist())
    if len(answers) == 1:
        where = f"always answers {answers.pop()}"
    else:
        where = f"answers 1 {'from' if fit.w > 0 else 'up to'} {fit.boundary:.3g}{' on' if fit.w > 0 else ''}"
    return f"{fit.name} {where}: {count} of {len(x)} wrong"


def _legend(figure: Figure, style: Style, panels: Sequence[_Panel]) -> None:
    from matplotlib.lines import Line2D

    ring: dict[str, Any] = {"linestyle": "", "marker": "o", "markerfacecolor": "none", "markeredgewidth": 1.8}
    point: dict[str, Any] = {"linestyle": "", "color": style.color("ink"), "markersize": 6.5, "markeredgewidth": 0}
    handles = [
        Line2D([], [], color=style.color("backward"), linestyle=_DASHES, label="linear: w x + b"),
        Line2D([], [], color=style.color("forward"), label="logistic: sigmoid(w x + b)"),
        Line2D([], [], color=style.color("soft"), linewidth=1.1, linestyle=_DOTS, label="threshold 0.5"),
        *(Line2D([], [], marker=marker, label=f"label {label}", **point) for label, marker in _MARKERS),
    ]
    for fits, size in (([one.linear for one in panels], 12), ([one.logistic for one in panels], 9)):
        if any(fit.wrong(one.x, one.y).any() for fit, one in zip(fits, panels, strict=True)):
            color, label = style.color(fits[0].role), f"wrong ({fits[0].name})"
            handles.append(Line2D([], [], color=color, markersize=size, label=label, **ring))
    style.legend_below(figure, handles)
