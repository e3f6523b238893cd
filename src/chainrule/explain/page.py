"""An explanation as one HTML page, walked step by step, that needs no other file and no network."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.gradient_view import GradientView, gradient_view
from chainrule.explain.page_charts import charts
from chainrule.explain.page_numbers import FILTERS
from chainrule.explain.parts import Input, Neighbours
from chainrule.explain.pixels import Shape, picture_address, plane_addresses
from chainrule.explain.saliency_view import saliency_view

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation

# The side of the square of pixels whose numbers are written out.
_WINDOW = 6


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
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(
            lambda name: _read(name if "/" in name or name == "page.html.j2" else f"steps/{name}")
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    script = _read("page.js")
    return environment.get_template("page.html.j2").render(
        e=explanation,
        steps=_steps(explanation),
        picture=_picture(explanation.input),
        charts={name: Markup(chart) for name, chart in charts(explanation).items()},
        saliency=saliency_view(explanation.saliency, explanation.input.shape),
        gradients=_gradients(explanation),
        neighbours=_thumbnails(explanation),
        style=Markup(_read("page.css")),
        script=Markup(script),
        # No other script than this one runs on the page, whatever stands in a name.
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=Markup(_as_script(_data(explanation))),
    )


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


def _picture(given: Input) -> dict[str, Any] | None:
    """Return the picture, its planes, and the numbers of a square in its middle."""
    if given.shape is None:
        return None
    window = _window(given.shape)
    side, (top, left) = window["window"], window["corner"]
    pixels = given.row.reshape(given.shape)
    planes = [
        {
            "name": name,
            "address": address,
            "window": pixels[top : top + side, left : left + side, channel].astype(int).tolist(),
        }
        for channel, (name, address) in enumerate(plane_addresses(given.row, given.shape))
    ]
    return {
        "address": picture_address(given.row, given.shape),
        "planes": planes,
        "side": side,
        "top": top,
        "left": left,
        "place": f"rows {top} to {top + side - 1}, columns {left} to {left + side - 1}",
    }


def _window(shape: Shape) -> dict[str, Any]:
    """Return the side of the square whose numbers are written out, and its upper left corner: in the middle."""
    height, width, _ = shape
    side = min(_WINDOW, height, width)
    return {"window": side, "corner": ((height - side) // 2, (width - side) // 2)}


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


def _data(explanation: Explanation) -> dict[str, Any]:
    """Return the numbers that the page's script writes out where it is asked to."""
    given = explanation.input
    return {
        "shape": given.shape,
        **(_window(given.shape) if given.shape else {}),
        "row": _packed(given.row, "u1" if given.row.dtype == np.uint8 else "<f4"),
        "same": not given.formula,
        "x": _packed(given.x, "<f4"),
        "names": [given.raw_name, given.x_name],
        "layers": [
            {"reads": layer.reads, "z": layer.z_name, "a": layer.a_name, "A": _packed(layer.A, "<f8")}
            for layer in explanation.layers
        ],
        "dZ": {
            step.node: _packed(step.value, "<f8")
            for step in (explanation.backward.steps if explanation.backward else ())
            if step.node in {layer.z_name for layer in explanation.layers}
        },
    }


def _packed(array: Any, kind: str) -> dict[str, str]:
    content = base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()
    return {"kind": kind, "content": content}


def _as_script(data: object) -> str:
    """JSON that can stand inside a script element: no text of the user's can end it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
