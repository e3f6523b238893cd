"""The cost over a plane through all parameters, with the path that a training took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.plots.descent_panels import draw_surface, draw_way
from chainrule.plots.models import described, snapshots_of, thinned, titled
from chainrule.plots.planes import Plane, principal_plane, random_plane, ranges, side, weights_plane
from chainrule.plots.style import SMALL_SIZE, FigureTheme, Style, styled
from chainrule.training.history import Snapshot
from chainrule.training.model_graph import ModelGraph, TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]

_SIDES = (15, 35)
_MOST_FRAMES = 100
# From this ratio on, costs are drawn on a logarithmic axis.
_LOGARITHMIC_RATIO = 50
# Below this share a plane shows little of a path.
_LITTLE = 0.05


def cost_directions(
    model: TrainedModel,
    X: ArrayLike,
    y: ArrayLike,
    *,
    directions: str | tuple[str, str] = "principal",
    seed: SupportsIndex = 0,
    theme: FigureTheme = "light",
) -> Figure:
    """Draw the cost over a plane through the trained parameters, with the path of the snapshots.

    A cost has as many dimensions as there are parameters; a picture has two. The path is drawn where its points
    come nearest to the plane: its shadow. The second panel says how well the shadow stands for the path, by the
    costs of both. The cost is the mean loss of the rows, without penalties and dropout.

    Args:
        model: trained with `cr.fit(..., snapshots=...)`.
        X: rows of shape (m, features).
        y: their labels, as in `cr.fit`.
        directions: "principal" for the two directions in which the path moves most; "random" for two random ones,
            as long for each neuron as its weights (Li, Xu, Taylor, Studer, Goldstein, "Visualizing the loss
            landscape of neural nets", NeurIPS 2018); or two weights by name, such as ("W1[0, 0]", "W2[1, 0]").
        seed: decides the random directions.
        theme: "light" or "dark".

    Returns:
        A figure with the plane on the left and the costs over the epochs on the right.

    Raises:
        UserError: no snapshots, directions that are none, rows or labels that do not fit.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=40)
        >>> network = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(network, X, y, epochs=10, snapshots=True)
        >>> figure = cr.plots.cost_directions(model, X, y, directions=("W1[0, 0]", "W1[1, 0]"))
        >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
        ('W1[0, 0]', 'W1[1, 0]')
    """
    titled(model)
    snapshots = thinned(snapshots_of(model), _MOST_FRAMES)
    plane = _plane(model, snapshots, directions, whole(seed, "seed"))
    graph = ModelGraph.of(model, X, y)
    path = np.array([plane.project(one.parameters) for one in snapshots])
    share = plane.share([one.parameters for one in snapshots])
    a, b = _grid(path, plane, graph, around=directions == "random")
    costs = plane.costs(graph, a, b)
    if not np.isfinite(costs).any():
        raise UserError("the cost is finite nowhere around the trained parameters: there is no surface to draw")
    with styled(theme) as style:
        title = f"The cost over a plane through the parameters: {described(model.network)}"
        figure, axes = style.figure(columns=2, size=(10.4, 5.0), title=title)
        _draw_plane(style, axes[0, 0], plane, (a, b, costs), path, _note(share))
        _draw_costs(style, axes[0, 1], graph, plane, snapshots, path)
        return figure


def _plane(model: TrainedModel, snapshots: list[Snapshot], directions: Any, seed: int) -> Plane:
    if isinstance(directions, tuple | list):
        return weights_plane(model.parameters, directions)
    if directions == "random":
        return random_plane(model.parameters, seed)
    if directions == "principal":
        return principal_plane([one.parameters for one in snapshots], model.parameters)
    raise UserError(
        'directions is "principal", "random" or two weights, such as ("W1[0, 0]", "W1[1, 0]"), '
        f"not {directions!r:.60}"
    )


def _grid(path: Numbers, plane: Plane, graph: ModelGraph, *, around: bool) -> tuple[Numbers, Numbers]:
    """The coordinates to value the cost at: around the path, or as far as the weights are long."""
    points = [*path.tolist(), (-1.0, -1.0), (1.0, 1.0)] if around else path.tolist()
    count = side(graph, *_SIDES)
    (a0, a1), (b0, b1) = ranges(points, plane.at)
    return np.linspace(a0, a1, count), np.linspace(b0, b1, count)


def _note(share: float) -> str:
    """Say how much of the path the plane shows."""
    return f"{'Only ' if share < _LITTLE else ''}{100 * share:.2g} % of the path's movement lies in this plane"


def _draw_plane(
    style: Style, axes: Axes, plane: Plane, surface: tuple[Numbers, Numbers, Numbers], path: Numbers, note: str
) -> None:
    style.panel_title(axes, "Lines of equal cost and the path", note)
    costs = surface[2]
    draw_surface(axes, style, *surface, lowest=float(costs[np.isfinite(costs)].min()))
    color = style.color("backward")
    draw_way(axes, style, path, color)
    axes.plot(*path[-1], "s", color=style.color("ink"), mec=style.color("paper"), ms=9, zorder=7)
    right = len(path) < 2 or path[-1, 0] >= path[-2, 0]
    axes.annotate(
        "end",
        path[-1],
        (9 if right else -9, -4),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        size=SMALL_SIZE,
        weight="bold",
        path_effects=style.outlined(),
        zorder=7,
    )
    axes.set_xlabel(plane.labels[0])
    axes.set_ylabel(plane.labels[1])


def _draw_costs(
    style: Style, axes: Axes, graph: ModelGraph, plane: Plane, snapshots: list[Snapshot], path: Numbers
) -> None:
    evaluator = graph.evaluator([graph.J])
    real = np.array([float(evaluator(one.parameters)[0]) for one in snapshots])
    shadow = plane.costs_at(graph, path)
    epochs = [one.epoch for one in snapshots]
    style.panel_title(axes, "The same cost over the epochs", "The nearer the two lines, the truer the picture")
    axes.plot(epochs, real, color=style.color("forward"), label="of the parameters")
    axes.plot(epochs, shadow, color=style.color("backward"), linestyle=(0, (3, 1.6)), label="of their shadow")
    known = np.concatenate([real, shadow])
    known = known[np.isfinite(known)]
    if known.size and known.min() > 0 and known.max() / known.min() > _LOGARITHMIC_RATIO:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=min(0.0, float(known.min(initial=0.0))))
    axes.set_xlim(epochs[0], epochs[-1])
    axes.set_xlabel("epoch")
    axes.set_ylabel("cost J")
    style.legend(axes)
