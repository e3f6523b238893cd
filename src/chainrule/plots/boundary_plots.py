"""What classifiers answer all over the plane, and where their answer changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import examples
from chainrule.graph.rewrite import stable
from chainrule.plots.models import Models, titled
from chainrule.plots.style import FigureTheme, Style, styled
from chainrule.training.model_graph import Evaluator, ModelGraph, TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]
Span = tuple[float, float]

_SIDE = 161
_MARGIN = 0.08
_MARKERS = "o^sDvPX*"
_MOST_COLUMNS = 3
_PANEL = 3.3
# How strong the colour of a class is where the model hardly prefers it, and where it is sure.
_FAINT, _STRONG = 0.06, 0.34
# A model overfits whose test cost is more than so many times its training cost. Letters of a title an inch.
_OVERFITS, _LETTERS = 1.5, 8.6
# In square points: a dot, and one of more points than are told apart at that size; a cross, in dots.
_DOT, _SMALL_DOT, _MANY = 30, 13, 250
_CROSS = 3.0
# A triangle looks smaller than a circle of its size.
_LARGER = {"^": 1.25}
# Three digits would write a smaller cost as 0.
_LEAST_COST = 0.001


def decision_boundary(
    models: Models,
    X: ArrayLike,
    y: ArrayLike,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    *,
    names: Sequence[str] = ("x1", "x2"),
    theme: FigureTheme = "light",
) -> Figure:
    """Draw the regions of a classifier's answers on points in the plane, for one model or several side by side.

    The ground has the colour of the likeliest class, the darker the surer the model is. Above each panel stand the
    cost (the mean loss, without penalties) and the accuracy: a model that is too simple has a high cost on both
    sets, one that overfits a low training cost and a high test cost.

    Args:
        models: a classifier of two features, several, or several by title.
        X: the points it was trained on, shape (m, 2).
        y: their labels, as in `cr.fit`.
        X_test, y_test: other points and their labels, drawn hollow.
        names: what the two features are called.
        theme: "light" or "dark".

    Returns:
        A figure with a panel for each model.

    Raises:
        UserError: a model without classes or of other than two features, points or labels that do not fit.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]), X, y, epochs=20)
        >>> figure = cr.plots.decision_boundary(model, X, y)
        >>> figure.axes[0].get_title(loc="left")
        '1 hidden layer, tanh'
    """
    by_title = titled(models)
    for model in by_title.values():
        _check(model)
    if isinstance(names, str) or len(names) != 2:
        raise UserError(f"names are those of the two features, such as ('x1', 'x2'), not {names!r:.60}")
    if (X_test is None) != (y_test is None):
        raise UserError("give both X_test and y_test, or neither")
    sets = [("training", X, y), *([] if X_test is None or y_test is None else [("test", X_test, y_test)])]
    panels = [
        _Panel(title, model, [_Points.of(model, name, rows, labels) for name, rows, labels in sets])
        for title, model in by_title.items()
    ]
    columns = min(len(panels), _MOST_COLUMNS)
    rows = -(-len(panels) // columns)
    with styled(theme) as style:
        size = (max(6.0, 0.3 + _PANEL * columns), 1.3 + rows * (_PANEL + (0.5 if columns > 1 else 1.0)))
        title = "\n".join(wrap(_title(panels), round(_LETTERS * size[0])))
        figure, axes = style.figure(rows=rows, columns=columns, size=size, title=title)
        spans = _spans(panels)
        for place, (panel, one) in enumerate(zip(axes.flat, panels, strict=False)):
            _draw(panel, style, one, spans)
            panel.set_xlabel(str(names[0]))
            if place % columns == 0:
                panel.set_ylabel(str(names[1]))
            else:
                panel.tick_params(labelleft=False)
        for panel in axes.flat[len(panels) :]:
            panel.remove()
        _legend(figure, style, panels)
    return figure


def _title(panels: Sequence[_Panel]) -> str:
    """Say which model is the best on points that it has not seen, and which one only knows its own by heart."""
    if len(panels) < 2:
        return "Where the answer changes"
    if len(panels[0].sets) < 2:
        return "What each model answers, and where its answer changes"
    best = min(panels, key=lambda one: one.sets[1].cost)
    if not all(np.isfinite(points.cost) for panel in panels for points in panel.sets):
        return "Training and test cost of each model"
    cost = best.sets[1].cost_text
    learned = min(panels, key=lambda one: one.sets[0].cost)
    if learned is not best and learned.sets[1].cost > _OVERFITS * learned.sets[0].cost:
        return f"“{learned.title}” overfits: it knows its training points best, but “{best.title}” new ones"
    return f"On new points “{best.title}” is the best: test cost {cost}"


def _check(model: TrainedModel) -> None:
    features = model.preprocessing.features
    if features != 2:
        raise UserError(
            f"decision_boundary draws points in the plane, but the model reads {features} features a row: plot its "
            "cost_directions, distributions or weights"
        )
    if model.classes is None:
        raise UserError("decision_boundary needs a classifier, but this model answers with numbers")
    if len(model.classes) > len(_MARKERS):
        raise UserError(
            f"decision_boundary has colours for {len(_MARKERS)} classes, but the model has {len(model.classes)}"
        )


@dataclass(frozen=True, eq=False)
class _Points:
    """A set of points with what a model makes of them.

    Attributes:
        name: "training" or "test".
        X: the points, shape (m, 2).
        labels: the index of the class of each.
        wrong: which the model puts into another class.
        cost, accuracy: over the set.
    """

    name: str
    X: Numbers
    labels: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    cost: float
    accuracy: float

    @classmethod
    def of(cls, model: TrainedModel, name: str, X: ArrayLike, y: ArrayLike) -> _Points:
        graph = ModelGraph.of(model, X, y)
        assert graph.accuracy is not None
        evaluator = graph.evaluator([graph.J, graph.accuracy, graph.connected.output])
        cost, accuracy, output = evaluator(model.parameters)
        points = np.asarray(next(iter(graph.rows.values())), np.float64)
        labels = np.asarray(graph.labels.values)
        answers = _probabilities(output).argmax(axis=1)
        return cls(name, points, labels, answers != labels, float(cost), float(accuracy))

    @property
    def text(self) -> str:
        """The cost and the accuracy in words."""
        return f"{self.name}: cost {self.cost_text}, accuracy {100 * self.accuracy:.0f} %"

    @property
    def cost_text(self) -> str:
        """The cost with three decimals."""
        return f"{self.cost:.3f}" if self.cost >= _LEAST_COST else "below 0.001"


def _probabilities(output: NDArray[Any]) -> Numbers:
    """The probability of each class, shape (m, classes)."""
    return np.hstack([1 - output, output]) if output.shape[1] == 1 else output


@dataclass(frozen=True, eq=False)
class _Panel:
    """A model and the points to draw."""

    title: str
    model: TrainedModel
    sets: list[_Points]

    def probabilities(self, grid: Numbers) -> Numbers:
        """The probability of each class at each point of a grid, shape (points, classes)."""
        X = examples("X", features=2)
        connected = self.model.network.connect(self.model.preprocessing.expression(X))
        output = tuple(stable([connected.output]))
        return _probabilities(Evaluator(output, tuple(connected.parameters), {X: grid})(self.model.parameters)[0])


def _spans(panels: Sequence[_Panel]) -> tuple[Span, Span]:
    X = np.concatenate([one.X for one in panels[0].sets])
    low, high = X.min(axis=0), X.max(axis=0)
    margin = _MARGIN * np.where(high > low, high - low, 1.0)
    (x0, y0), (x1, y1) = (low - margin).tolist(), (high + margin).tolist()
    return (x0, x1), (y0, y1)


def _draw(axes: Axes, style: Style, panel: _Panel, spans: tuple[Span, Span]) -> None:
    across, up = (np.linspace(*span, _SIDE) for span in spans)
    grid = np.stack([one.ravel() for one in np.meshgrid(across, up)], axis=1)
    probabilities = panel.probabilities(grid).reshape(_SIDE, _SIDE, -1)
    colors = _class_colors(style, probabilities.shape[2])
    axes.imshow(
        _ground(style, probabilities, colors),
        extent=(*spans[0], *spans[1]),
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
    )
    for margin in _margins(probabilities):
        if margin.min() < 0 < margin.max():
            axes.contour(across, up, margin, levels=[0], colors=style.color("ink"), linewidths=1.6)
    for points in panel.sets:
        _draw_points(axes, style, points, colors)
    axes.grid(visible=False)
    axes.set_xlim(*spans[0])
    axes.set_ylim(*spans[1])
    style.panel_title(axes, panel.title, "\n".join(points.text for points in panel.sets))


def _class_colors(style: Style, count: int) -> list[str]:
    # Of two classes the positive one is blue, as elsewhere.
    return [style.color("negative"), style.color("positive")] if count == 2 else list(style.series[:count])


def _ground(style: Style, probabilities: Numbers, colors: Sequence[str]) -> Numbers:
    """The colour of the likeliest class, the stronger the likelier it is, shape (side, side, 3)."""
    from matplotlib.colors import to_rgb

    count = probabilities.shape[2]
    sure = (probabilities.max(axis=2) - 1 / count) / (1 - 1 / count)
    strength = (_FAINT + (_STRONG - _FAINT) * np.clip(sure, 0, 1))[..., None]
    classes = np.array([to_rgb(color) for color in colors])[probabilities.argmax(axis=2)]
    ground: Numbers = strength * classes + (1 - strength) * np.array(to_rgb(style.color("paper")))
    return ground


def _margins(probabilities: Numbers) -> list[Numbers]:
    """How much likelier each class is than all others, in logarithms; of two classes, the second's alone."""
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(probabilities), -50.0)
    count = probabilities.shape[2]
    places = [1] if count == 2 else range(count)
    return [logs[..., place] - np.delete(logs, place, axis=2).max(axis=2) for place in places]


def _draw_points(axes: Axes, style: Style, points: _Points, colors: Sequence[str]) -> None:
    hollow = points.name == "test"
    size = _SMALL_DOT if len(points.X) > _MANY else _DOT
    paper = style.color("paper")
    for place, (color, marker) in enumerate(zip(colors, _MARKERS, strict=False)):
        some = points.X[points.labels == place]
        faces, edges = (paper, color) if hollow else (color, paper)
        axes.scatter(
            some[:, 0],
            some[:, 1],
            s=size * _LARGER.get(marker, 1.0),
            marker=marker,
            facecolors=faces,
            edgecolors=edges,
            lw=1.3 if hollow else 0.7,
            zorder=3,
        )
    wrong = points.X[points.wrong]
    # Below the dots, so that their colour is seen.
    axes.scatter(
        wrong[:, 0],
        wrong[:, 1],
        s=_CROSS * size,
        marker="x",
        color=style.color("ink"),
        lw=1.6,
        zorder=2.5,
        path_effects=style.outlined(),
    )


def _legend(figure: Figure, style: Style, panels: Sequence[_Panel]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    classes = panels[0].model.classes or ()
    colors = _class_colors(style, len(classes))
    paper, ink = style.color("paper"), style.color("ink")
    dot: dict[str, Any] = {"linestyle": "", "markersize": 7}
    handles: list[Any] = [
        Line2D([], [], color=color, marker=marker, markeredgecolor=paper, label=_class_name(name), **dot)
        for color, marker, name in zip(colors, _MARKERS, classes, strict=False)
    ]
    if len(panels[0].sets) > 1:
        hollow = Line2D([], [], color=style.color("soft"), marker="o", markerfacecolor=paper, **dot)
        hollow.set_label("hollow: test point")
        handles.append(hollow)
    handles += [
        Line2D([], [], color=ink, marker="x", ls="", ms=7, mew=1.6, label="cross: wrong answer"),
        Line2D([], [], color=ink, linewidth=1.6, label="boundary"),
        Patch(facecolor=_strongest(style, colors[-1]), label="stronger colour: surer"),
    ]
    style.legend_below(figure, handles)


def _strongest(style: Style, color: str) -> str:
    from matplotlib.colors import to_hex, to_rgb

    mixed = _STRONG * np.array(to_rgb(color)) + (1 - _STRONG) * np.array(to_rgb(style.color("paper")))
    return to_hex(mixed.tolist())


def _class_name(name: str | int) -> str:
    return name if isinstance(name, str) else f"class {name}"
