"""The compiled programs of a model, as text: the one that predicts, and the step that trained it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.training.cost_graph import CostGraph
from chainrule.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from chainrule.model import Model

_BY_TYPE = {kind.__name__: kind for kind in OPTIMIZERS.values()}


def listings(model: Model) -> dict[str, str]:
    """Return the listing of each program that can be compiled from what the model knows.

    Returns:
        "forward", and "step" where the optimizer is one of chainrule's own. The step is that of examples of equal
        weight, with the optimizer's usual constants.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=1)
        >>> list(listings(model))
        ['forward', 'step']
    """
    found = {"forward": model.program.listing("forward")}
    optimizer = _BY_TYPE.get(str(model.training.get("optimizer")))
    if optimizer is not None:
        graph = CostGraph.build(
            model.network,
            model.preprocessing,
            model.loss,
            weighted=False,
            classify=model.classes is not None,
            l1=_penalty(model, "l1"),
            l2=_penalty(model, "l2"),
        )
        first = list(model.parameters.values())
        descent = graph.descent(optimizer(), seed=0, dtype="float32", first=first, engine="reference", threads=None)
        found["step"] = descent.program.listing("step")
    return found


def _penalty(model: Model, name: str) -> float:
    value = model.training.get(name, 0.0)
    return float(value) if isinstance(value, int | float) and value > 0 else 0.0
