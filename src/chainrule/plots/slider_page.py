"""A page that shows a training epoch by epoch: the boundary, the cost, the descent and the weights."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.files import write_atomically
from chainrule.network.layers import Dense
from chainrule.plots import slider_data
from chainrule.plots.models import snapshots_of, thinned
from chainrule.plots.planes import Plane, principal_plane, weights_plane
from chainrule.training.history import Snapshot
from chainrule.training.model_graph import ModelGraph, TrainedModel

# As many as the page has colours for.
_MOST_CLASSES = 8
_HEIGHT = 900


@dataclass(frozen=True, repr=False)
class Page:
    """An HTML page that needs no other file and no network.

    Attributes:
        html: the whole page.
    """

    html: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, all or nothing.

        Raises:
            WorkFailed: the file cannot be written.
        """
        write_atomically(path, self.html.encode("utf-8", errors="replace"))

    def __repr__(self) -> str:
        return f"Page({len(self.html):,} characters; save it with .save('page.html'))"

    def _repr_html_(self) -> str:
        # A frame keeps the page's style and script apart from the notebook's.
        source = escape(self.html)
        return (
            f'<iframe srcdoc="{source}" sandbox="allow-scripts" title="A training, epoch by epoch" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
        )


def slider(
    model: TrainedModel,
    X: ArrayLike,
    y: ArrayLike,
    *,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    directions: str | tuple[str, str] = "principal",
    title: str | None = None,
    names: Sequence[str] = ("x1", "x2"),
    frames: int = 100,
) -> Page:
    """Show a training on points in the plane as a page with a slider over the epochs.

    The page shows the points with the decision boundary, the cost of X and y, the path of the parameters over
    lines of equal cost, and the weights; buttons, the slider and the arrow keys move through the epochs. The cost
    is without penalties and the network without dropout, as it predicts.

    Args:
        model: a classifier of two features, trained with `cr.fit(..., snapshots=...)`.
        X: the points, shape (m, 2).
        y: their labels, as in `cr.fit`.
        test: other points and labels (X, y), whose cost and accuracy are shown beside.
        directions: the plane of the descent: "principal" for the two directions in which the path moves most, or
            two weights by name, such as ("W1[0, 0]", "W1[1, 0]").
        title: the heading; None describes the network.
        names: what the two features are called.
        frames: how many snapshots to show at most, spread evenly.

    Returns:
        The page: `save(path)` writes it, a notebook shows it, `html` is its text.

    Raises:
        UserError: a model without snapshots or classes, or of other than two features; points that do not fit.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=40)
        >>> network = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(network, X, y, epochs=20, snapshots=5)
        >>> page = cr.plots.slider(model, X, y)
        >>> page.html.startswith("<!DOCTYPE html>")
        True
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    _check(model, names)
    graph = ModelGraph.of(model, X, y)
    kept = thinned(snapshots_of(model), whole(frames, "frames", least=2))
    heading = _heading(model) if title is None else title
    data = _data(model, graph, kept, _plane(model, kept, directions), [str(name) for name in names])
    data |= _costs(graph, _tested(model, test), kept)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_read("slider.html.j2")).render(
        title=heading,
        style=Markup(_read("slider.css")),
        script=Markup(_read("slider.js")),
        data=Markup(_as_script(data)),
        tested=test is not None,
        frames=len(kept),
        snapshots=len(model.history.snapshots),
        last=kept[-1].epoch,
        points=len(graph.labels.values),
        drawn=len(data["points"]["at"]),
        plane="principal" if directions == "principal" else "weights",
    )
    return Page(page)


def _heading(model: TrainedModel) -> str:
    layers = [layer.units for layer in model.network.layers if isinstance(layer, Dense)]
    return f"A {'-'.join(map(str, [model.preprocessing.features, *layers]))} network, epoch by epoch"


def _read(name: str) -> str:
    from importlib.resources import files

    return (files("chainrule.plots") / name).read_text(encoding="utf-8")


def _as_script(data: object) -> str:
    """JSON that can stand inside a script element: no text of the user's can end it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _check(model: TrainedModel, names: Sequence[str]) -> None:
    features = model.preprocessing.features
    if features != 2:
        raise UserError(
            f"the slider shows points in the plane, but the model reads {features} features a row: "
            "plot its cost_directions, distributions or weights"
        )
    if model.classes is None:
        raise UserError("the slider shows the boundary between classes, but this model answers with numbers")
    if len(model.classes) > _MOST_CLASSES:
        raise UserError(
            f"the slider has colours for {_MOST_CLASSES} classes, but the model has {len(model.classes)}"
        )
    if isinstance(names, str) or len(names) != 2:
        raise UserError(f"names are those of the two features, such as ('x1', 'x2'), not {names!r:.60}")


def _plane(model: TrainedModel, snapshots: Sequence[Snapshot], directions: object) -> Plane:
    if isinstance(directions, tuple | list):
        return weights_plane(model.parameters, directions)
    if directions != "principal":
        raise UserError(
            f'directions is "principal" or two weights, such as ("W1[0, 0]", "W1[1, 0]"), not {directions!r:.60}'
        )
    return principal_plane([one.parameters for one in snapshots], model.parameters)


def _data(
    model: TrainedModel, graph: ModelGraph, snapshots: Sequence[Snapshot], plane: Plane, names: list[str]
) -> dict[str, Any]:
    points = np.asarray(next(iter(graph.rows.values())), np.float64)
    square = slider_data.Square.around(points)
    fields = slider_data.Fields(model, square)
    return {
        "epochs": [one.epoch for one in snapshots],
        "classes": [name if isinstance(name, str) else f"class {name}" for name in model.classes or ()],
        "names": names,
        "axes": slider_data.axes(square, names),
        "points": slider_data.points(square, points, graph.labels.values),
        "answers": slider_data.answers(fields, snapshots),
        "descent": slider_data.descent(graph, plane, snapshots),
        "network": slider_data.network(snapshots, fields),
    }


def _tested(model: TrainedModel, test: object) -> ModelGraph | None:
    if test is None:
        return None
    if not isinstance(test, tuple | list) or len(test) != 2:
        raise UserError("test is a pair (X, y) of other points and their labels")
    return ModelGraph.of(model, test[0], test[1])


def _costs(graph: ModelGraph, tested: ModelGraph | None, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    own = slider_data.costs(graph, snapshots)
    other = None if tested is None else slider_data.costs(tested, snapshots)
    lines = [own["cost"]] if other is None else [own["cost"], other["cost"]]
    return {**own, "test": other, "curve": slider_data.curve([one.epoch for one in snapshots], lines)}
