"""One step of gradient descent on one example, and what it does to the cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from chainrule.arguments import positive
from chainrule.explain.example import Array, Example
from chainrule.explain.parts import Backward, ParameterStep, Update
from chainrule.explain.prediction import answer_of, label_text
from chainrule.graph.expression import Expression
from chainrule.training.labels import Labels

# For a model that does not say what it was trained with.
_USUAL_RATE = 0.01


def update_part(example: Example, label: Labels, backward: Backward, learning_rate: float | None) -> Update:
    """Change every parameter by w := w - learning_rate * dJ/dw, and compute the cost anew; the model stays.

    Args:
        example: the example.
        label: the label that the cost is of.
        backward: its gradients.
        learning_rate: of the step; None takes the one that the model was trained with.

    Raises:
        UserError: a learning rate that is not above 0.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.explain.backward import backward_part
        >>> X, y = cr.points("gauss", count=80)
        >>> example = Example.of(cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2), X[0])
        >>> label = example.class_label(1)
        >>> found = update_part(example, label, backward_part(example, label, assumed=False), 0.1)
        >>> found.cost_after < found.cost_before
        True
    """
    rate, rate_from = _rate(example, learning_rate)
    nodes = example.parameters
    gradients = {node: backward.gradients[str(node.name)] for node in nodes}
    after = {node: before - rate * gradients[node] for node, before in nodes.items()}
    with np.errstate(all="ignore"):
        before_value, after_value = (example.values([example.output], given)[0] for given in (nodes, after))
    return Update(
        learning_rate=rate,
        rate_from=rate_from,
        note=_note(example.model.training),
        parameters=tuple(_parameter_step(node, nodes[node], gradients[node], after[node]) for node in nodes),
        cost_before=example.costs([label])[0],
        cost_after=example.costs([label], after)[0],
        answer_after=label_text(answer_of(example, after_value)[0]),
        probability_before=_probability(example, before_value, label),
        probability_after=_probability(example, after_value, label),
        outputs_after=tuple(after_value.tolist()),
    )


def _rate(example: Example, given: float | None) -> tuple[float, Literal["given", "trained with", "usual"]]:
    if given is not None:
        return positive(given, "learning_rate"), "given"
    trained = example.model.training.get("learning_rate")
    if isinstance(trained, int | float) and not isinstance(trained, bool) and trained > 0:
        return float(trained), "trained with"
    return _USUAL_RATE, "usual"


def _note(training: Mapping[str, object]) -> str:
    """Say what training does otherwise."""
    optimizer, batch, l1, l2 = (training.get(name) for name in ("optimizer", "batch_size", "l1", "l2"))
    rows = "all examples" if batch == "all" else f"batches of {batch}"
    how = f"{optimizer} on {rows}" if batch else str(optimizer)
    if not optimizer:
        return ""
    penalty = ", and penalties pull on the weights" if l1 or l2 else ""
    return (
        f"Training used {how}{penalty}; this is one plain step of gradient descent on this example alone, and the "
        "model stays as it is."
    )


def _parameter_step(node: Expression, before: Array, gradient: Array, after: Array) -> ParameterStep:
    index = tuple(int(place) for place in np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape))
    return ParameterStep(
        name=str(node.name),
        shape=before.shape,
        index=index,
        before=float(before[index]),
        gradient=float(gradient[index]),
        after=float(after[index]),
        largest_change=float(np.abs(after - before).max()),
    )


def _probability(example: Example, outputs: Array, label: Labels) -> float | None:
    _, index, probabilities = answer_of(example, outputs)
    return None if index is None else float(probabilities[int(label.values[0])])
