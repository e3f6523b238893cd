"""The numbers that the page's script writes out where it is asked to, as JSON inside the page."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.neuron_sums import neuron_sums, term_maps
from chainrule.explain.page_numbers import shown_neurons
from chainrule.explain.picture_view import window
from chainrule.graph.draw.colors import ROLES

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation


# A row of more numbers is not written into the page as a whole.
_MOST_NUMBERS = 200_000


def has_all(explanation: Explanation) -> bool:
    """Tell whether the page holds every number of the row."""
    return explanation.input.row.size <= _MOST_NUMBERS


def script_data(explanation: Explanation) -> str:
    """Return, as JSON, the numbers that the page's script writes out where it is asked to."""
    given, layers = explanation.input, explanation.layers
    whole = has_all(explanation)
    sums_by_layer = neuron_sums(explanation.example, layers, [shown_neurons(layer) for layer in layers])
    return _as_script(
        {
            "shape": given.shape,
            **window(given),
            "row": _packed(given.row, "u1" if given.row.dtype == np.uint8 else "<f4") if whole else None,
            "same": not given.formula,
            "x": _packed(given.x, "<f4") if whole else None,
            "names": [given.raw_name, given.x_name],
            "layers": [
                {
                    "reads": layer.reads,
                    "z": layer.z_name,
                    "a": layer.a_name,
                    "activation": layer.a_formula,
                    "units": layer.units,
                    "inputs": layer.inputs,
                    "Z": _packed(layer.Z, "<f8"),
                    "A": _packed(layer.A, "<f8"),
                    "sums": sums,
                }
                for layer, sums in zip(layers, sums_by_layer, strict=True)
            ],
            "maps": _maps(explanation),
            "colors": [ROLES["positive"][0], ROLES["negative"][0]],
            "dZ": {
                step.node: _packed(step.value, "<f8")
                for step in (explanation.backward.steps if explanation.backward else ())
                if step.node in {layer.z_name for layer in layers}
            },
        }
    )


def _maps(explanation: Explanation) -> dict[str, Any] | None:
    shape, neurons = explanation.input.shape, shown_neurons(explanation.layers[0])
    found = None if shape is None else term_maps(explanation.example, neurons, shape)
    return None if found is None else {"levels": _packed(found[0], "i1"), "strongest": found[1]}


def _packed(array: Any, kind: str) -> dict[str, str]:
    content = base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()
    return {"kind": kind, "content": content}


def _as_script(data: object) -> str:
    """JSON that can stand inside a script element: no text of the user's can end it."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
