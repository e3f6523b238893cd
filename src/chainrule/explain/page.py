"""An explanation as one HTML page, walked step by step, that needs no other file and no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chainrule.explain.gradient_view import GradientView, gradient_view
from chainrule.explain.page_charts import charts
from chainrule.explain.page_data import has_all, script_data
from chainrule.explain.page_drawings import drawings
from chainrule.explain.page_numbers import FILTERS
from chainrule.explain.parts import BackwardStep, Neighbours
from chainrule.explain.picture_view import picture_view
from chainrule.explain.pixels import picture_address
from chainrule.explain.saliency_view import saliency_view
from chainrule.threads import one_thread_for_products

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from chainrule.explain.explanation import Explanation


@dataclass(frozen=True)
class PageStep:
    """One step of the walk.

    Attributes:
        id: what stands in the page's address.
        name: in the row of steps.
        title: over the step.
    """

    id: str
    name: str
    title: str

    @property
    def file(self) -> str:
        """Its template."""
        return f"steps/{self.id}.html.j2"


def explanation_page(explanation: Explanation) -> str:
    """Return an explanation as HTML.

    Args:
        explanation: what `Model.explain` gave.
    """
    from markupsafe import Markup

    # As in `explain`: many small products.
    with one_thread_for_products():
        script = _read("page.js")
        return _template().render(
            e=explanation,
            steps=_steps(explanation),
            has_all=has_all(explanation),
            picture=picture_view(explanation.input),
            charts=_marked(charts(explanation)),
            drawings=_marked(drawings(explanation.example, explanation.backward)),
            groups=_groups(explanation),
            saliency=saliency_view(explanation.saliency, explanation.input.shape),
            gradients=_gradients(explanation),
            neighbours=_thumbnails(explanation),
            style=Markup(_read("page.css")),
            script=Markup(script),
            # No other script than this one runs on the page, whatever stands in a name.
            digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data=Markup(script_data(explanation)),
        )


@cache
def _template() -> Template:
    """Compile the page's templates, which takes longer than filling them."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template("page.html.j2")


def _marked(drawn: Mapping[str, str]) -> dict[str, Markup]:
    """Tell the template that a drawing is safe: it was written with its names escaped."""
    from markupsafe import Markup

    return {name: Markup(svg) for name, svg in drawn.items()}


def _read(name: str) -> str:
    return (files("chainrule.explain") / name).read_text(encoding="utf-8")


def _steps(explanation: Explanation) -> list[PageStep]:
    what = "picture" if explanation.input.shape else "row"
    return [
        PageStep("picture", "Numbers", f"The {what} is a list of numbers"),
        PageStep("layers", "Layers", "Each layer computes Z, then A"),
        PageStep("prediction", "Answer", "The answer is a sum of parts"),
        PageStep("cost", "Cost", "What the answer costs"),
        PageStep("backward", "Backward", "Backward: what moves the cost?"),
        PageStep("update", "Update", "One step downhill"),
        PageStep("saliency", "Saliency", f"Where in the {what} the answer comes from"),
        PageStep("neighbours", "Neighbours", "What it looks like to the network"),
    ]


def _groups(explanation: Explanation) -> list[tuple[str, list[BackwardStep]]]:
    """Return the steps back by where they are: in the loss, in each layer from the last to the first, in the input.

    In a layer they stand in the order in which the chain goes; the gradients of its W and b come last.
    """
    steps = explanation.backward.steps if explanation.backward else ()
    x_name = explanation.input.x_name
    groups = [("The loss", [step for step in steps if step.layer is None and step.node != x_name])]
    for layer in reversed(explanation.layers):
        own = [step for step in steps if step.layer == layer.number]
        groups.append((layer.title, sorted(own, key=lambda step: step.node if step.is_parameter else "")))
    what = "The picture" if explanation.input.shape else "The row"
    groups.append((what, [step for step in steps if step.node == x_name]))
    return [(title, group) for title, group in groups if group]


def _gradients(explanation: Explanation) -> dict[str, GradientView]:
    given, backward = explanation.input, explanation.backward
    steps = backward.steps if backward else ()
    return {step.name: gradient_view(step, given.row.size, given.shape) for step in steps}


def _thumbnails(explanation: Explanation) -> list[tuple[Any, str | None]]:
    found: Neighbours | None = explanation.neighbours
    shape = explanation.input.shape
    return [
        (one, None if one.row is None or shape is None else picture_address(one.row, shape))
        for one in (found.found if found else ())
    ]
