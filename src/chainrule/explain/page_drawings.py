"""Drawings of the network on the page: forward with its values, backward with its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.explain.example import Example
from chainrule.explain.parts import Backward
from chainrule.network.layers import Dense
from chainrule.network.network import Network

# Fewer layers than a drawing holds by itself: the page shows it at a size that can be read.
_MOST_LAYERS = 6


def drawings(example: Example, backward: Backward | None) -> dict[str, str]:
    """Return the drawings as SVG by name: "network", and "backward" where there are gradients.

    Args:
        example: the example.
        backward: its gradients, whose label is the label of the drawing.
    """
    model = example.model
    # As the model answers: dropout does nothing then.
    network = Network([layer for layer in model.network.layers if isinstance(layer, Dense)])
    shared: Mapping[str, Any] = {
        "parameters": {str(node.name): value for node, value in example.parameters.items()},
        "X": example.x[None],
        "max_layers": _MOST_LAYERS,
    }
    found = {"network": network.draw(level="network", classes=model.classes, **shared).svg}
    if backward is not None:
        y = example.label_value(example.label(backward.label))
        found["backward"] = network.draw(level="layers", backward=True, y=y, loss=model.loss, **shared).svg
    return found
