"""Derivatives in the form that training wants: sound for large logits, and with the cost's factor taken out.

With J = h(S), S a sum over the examples, dJ/dw = dh/dS * dS/dw. Taking dS/dw over the examples and multiplying by
dh/dS once, after the sum, keeps the blocks free of what depends on a finished sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from chainrule.compiler.sections import sums_over_examples
from chainrule.graph.expression import Expression, variable
from chainrule.graph.gradients import gradients
from chainrule.graph.rewrite import stable
from chainrule.graph.simplify import simplify
from chainrule.graph.walk import rebuild, substitute, topological


@dataclass(frozen=True, eq=False)
class Differentiated:
    """A cost in its numerically sound form, and its gradients."""

    cost: Expression
    gradients: list[Expression]


def differentiate(J: Expression, parameters: Sequence[Expression]) -> Differentiated:
    """Differentiate a cost for training.

    Args:
        J: the cost, a number.
        parameters: leaves of J.

    Returns:
        The sound form of J and one gradient for each parameter.

    Raises:
        UserError: a parameter that J does not depend on.

    Example:
        >>> import chainrule as cr
        >>> X, y, w = cr.examples("X", features=2), cr.examples("y"), cr.parameter("w", (2,))
        >>> a = cr.sigmoid(X @ w)
        >>> J = cr.mean(-(y * cr.log(a) + (1 - y) * cr.log(1 - a)))
        >>> print(differentiate(J, [w]).gradients[0])
        1 / m * (X.T @ (sigmoid(X @ w) - y))
    """
    cost = _means_as_sums(stable([J])[0])
    total = _only_sum(cost, parameters)
    if total is None or not set(parameters) <= set(topological([cost])):
        return Differentiated(cost, gradients(cost, parameters))
    return Differentiated(cost, _through_the_sum(cost, total, parameters))


def _means_as_sums(J: Expression) -> Expression:
    done: dict[Expression, Expression] = {}
    for node in topological([J]):
        copy = rebuild(node, [done[source] for source in node.inputs])
        expand = copy.op.expand if copy.op.name == "mean" and sums_over_examples(copy) else None
        done[node] = copy if expand is None else expand(copy)
    return done[J]


def _only_sum(cost: Expression, parameters: Sequence[Expression]) -> Expression | None:
    """Find the one sum over examples that depends on the parameters; None where there is no such or another."""
    dependent = set(parameters)
    sums: list[Expression] = []
    for node in topological([cost]):
        if any(source in dependent for source in node.inputs):
            dependent.add(node)
            if sums_over_examples(node):
                sums.append(node)
    return sums[0] if len(sums) == 1 and sums[0].op.name == "sum" and sums[0].shape == () else None


def _through_the_sum(cost: Expression, total: Expression, parameters: Sequence[Expression]) -> list[Expression]:
    placeholder = variable("S")
    outside = substitute([cost], {total: placeholder})[0]
    beside = _gradients_where_present(outside, [placeholder, *parameters])
    inside = _gradients_where_present(total, parameters)
    factor = beside.pop(placeholder)
    sums: list[Expression] = []
    for parameter in parameters:
        parts = [factor * inside[parameter]] if parameter in inside else []
        parts += [beside[parameter]] if parameter in beside else []
        # The factor may hold S itself; what is known of the examples comes back in its place.
        sums.append(substitute([reduce(add, parts)], {placeholder: total})[0])
    return simplify(sums, keep=topological([cost]))


def _gradients_where_present(J: Expression, parameters: Sequence[Expression]) -> dict[Expression, Expression]:
    known = set(topological([J]))
    present = [parameter for parameter in parameters if parameter in known]
    return dict(zip(present, gradients(J, present), strict=True))
