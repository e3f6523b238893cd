"""The curves of one explanation: the sigmoid, the cost over the probability, and what a step changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.explain.charts import Dot, Line, curve, ticks
from chainrule.explain.page_numbers import short
from chainrule.explain.parts import Cost, Prediction
from chainrule.graph.expression import variable
from chainrule.graph.ops.activation import sigmoid
from chainrule.graph.ops.elementwise import log
from chainrule.graph.value import value

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation

_POINTS = 161
_WIDEST = 6.0
_LONGEST = 14
# The loss of the probability p of the right class is -log p.
_CROSS_ENTROPIES = {"binary_cross_entropy", "categorical_cross_entropy"}


def charts(explanation: Explanation) -> dict[str, str]:
    """Return the charts that suit an explanation, as SVG by name; an empty text where one does not suit."""
    last = explanation.layers[-1]
    has_sigmoid = last.activation == "sigmoid" and last.units == 1 and bool(np.isfinite(last.Z).all())
    return {
        "sigmoid": _sigmoid(float(last.Z[0]), float(last.A[0]), last.z_name, last.a_name) if has_sigmoid else "",
        "cost": _cost(explanation.cost, explanation.prediction),
    }


def _sigmoid(z: float, a: float, z_name: str, a_name: str) -> str:
    wide = max(_WIDEST, abs(z) * 1.1)
    x_ticks = ticks(-wide, wide)
    x = np.linspace(x_ticks[0], x_ticks[-1], _POINTS)
    node = variable("z", "m")
    return curve(
        x,
        [Line(value(sigmoid(node), {node: x}))],
        [Dot(z, a, f"{short(z)} → {short(a)}")],
        title=f"The sigmoid: {z_name} of {short(z)} becomes {a_name} of {short(a)}",
        axes=(z_name, f"{a_name} = sigmoid({z_name})"),
        x_ticks=x_ticks,
        y_ticks=[0, 0.5, 1],
    )


def _cost(cost: Cost | None, prediction: Prediction) -> str:
    if cost is None or cost.loss not in _CROSS_ENTROPIES or not prediction.probabilities:
        return ""
    shares = dict(prediction.probabilities)
    dots = [
        Dot(shares[label.label], label.cost, _cut(label.label_text), "forward" if label.is_answer else "backward")
        for label in cost.labels[:2]
        if not isinstance(label.label, tuple)
    ]
    y_ticks = ticks(0, max([3.0, *(dot.y * 1.1 for dot in dots)]), about=4)
    x = np.linspace(0, 1, _POINTS)[1:] ** 2
    p = variable("p", "m")
    return curve(
        x,
        [Line(value(-log(p), {p: x}))],
        dots,
        title="The cost over the probability of the right class: "
        + "; ".join(f"{short(dot.y)} if it is {dot.label}, with {short(dot.x)}" for dot in dots),
        axes=("probability of the right class", "cost"),
        x_ticks=[0, 0.25, 0.5, 0.75, 1],
        y_ticks=y_ticks,
    )


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
