"""Removing what a person would not write down: products with 1, sums with 0, arithmetic on constants.

Derivative rules are written in full generality; this pass makes what they build as short as by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from chainrule.graph import shapes
from chainrule.graph.expression import (
    Expression,
    apply,
    constant,
    is_constant,
    rebuild,
    topological,
)
from chainrule.graph.ops.shape import broadcast_to

# Larger constants stay unfolded: a program should not carry arrays that nobody wrote.
_LARGEST_FOLDED = 4096

Rule = Callable[[Expression], Expression | None]


def simplify(roots: Sequence[Expression], *, keep: Collection[Expression] = ()) -> list[Expression]:
    """Return shorter expressions of the same value; nodes in `keep` are left as they are written.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> print(simplify([1 * x + 0])[0])
        x
    """
    done: dict[Expression, Expression] = {node: node for node in keep}
    for node in topological(roots):
        if node not in done:
            done[node] = simplified(rebuild(node, [done[source] for source in node.inputs]))
    return [done[root] for root in roots]


def simplified(node: Expression) -> Expression:
    """Apply the rules to one node until none fits."""
    while True:
        shorter = _once(node)
        if shorter is None:
            return node
        node = shorter


def _once(node: Expression) -> Expression | None:
    if node.op.leaf or node.name:
        return None
    for rule in (_fold, _broadcast_last, _RULES.get(node.op.name)):
        shorter = rule(node) if rule else None
        if shorter is not None:
            return shorter
    return None


def _fold(node: Expression) -> Expression | None:
    if node.op.name == "broadcast_to" or shapes.has_examples(node.shape):
        return None
    if not all(is_constant(source) for source in node.inputs):
        return None
    if shapes.size(node.shape) > _LARGEST_FOLDED:
        return None
    with np.errstate(all="ignore"):
        value = node.op.forward(*(source.attributes["value"] for source in node.inputs), **node.attributes)
    return constant(value)


def _broadcast_last(node: Expression) -> Expression | None:
    """Let an elementwise operation do the broadcasting itself, or do it on the smaller result."""
    if not node.op.elementwise or all(source.op.name != "broadcast_to" for source in node.inputs):
        return None
    inputs = [source.inputs[0] if source.op.name == "broadcast_to" else source for source in node.inputs]
    return _as(node.shape, simplified(rebuild(node, inputs)))


def _as(shape: shapes.Shape, value: Expression) -> Expression:
    return value if value.shape == shape else broadcast_to(value, shape)


def _multiply(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(a, 1.0):
        return _as(node.shape, b)
    if is_constant(b, 1.0):
        return _as(node.shape, a)
    if is_constant(a, 0.0) or is_constant(b, 0.0):
        return _as(node.shape, constant(0.0))
    if is_constant(a, -1.0):
        return _as(node.shape, -b)
    if is_constant(b, -1.0):
        return _as(node.shape, -a)
    return _sign_outside(node)


def _sign_outside(node: Expression) -> Expression | None:
    """From (-a) * b make -(a * b), where sums can take up the sign."""
    for position, source in enumerate(node.inputs):
        if source.op.name == "negate" and not source.name:
            inputs = list(node.inputs)
            inputs[position] = source.inputs[0]
            return -simplified(rebuild(node, inputs))
    return None


def _add(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(a, 0.0):
        return _as(node.shape, b)
    if is_constant(b, 0.0):
        return _as(node.shape, a)
    if b.op.name == "negate" and not b.name:
        return a - b.inputs[0]
    if a.op.name == "negate" and not a.name:
        return b - a.inputs[0]
    return None


def _subtract(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(b, 0.0):
        return _as(node.shape, a)
    if is_constant(a, 0.0):
        return _as(node.shape, -b)
    if b.op.name == "negate" and not b.name:
        return a + b.inputs[0]
    return None


def _divide(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(b, 1.0):
        return _as(node.shape, a)
    return _as(node.shape, constant(0.0)) if is_constant(a, 0.0) else _sign_outside(node)


def _power(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(b, 1.0):
        return _as(node.shape, a)
    return _as(node.shape, constant(1.0)) if is_constant(b, 0.0) else None


def _undone_twice(node: Expression) -> Expression | None:
    (a,) = node.inputs
    return a.inputs[0] if a.op is node.op and not a.name else None


def _reshape(node: Expression) -> Expression | None:
    (a,) = node.inputs
    if a.shape == node.shape:
        return a
    if a.op.name == "reshape" and not a.name:
        return apply("reshape", a.inputs[0], shape=node.shape)
    return None


def _same_shape(node: Expression) -> Expression | None:
    return node.inputs[0] if node.inputs[0].shape == node.shape else None


def _sum(node: Expression) -> Expression | None:
    (a,) = node.inputs
    return a if not node.attributes["axes"] else None


_RULES: dict[str, Rule] = {
    "multiply": _multiply,
    "add": _add,
    "subtract": _subtract,
    "divide": _divide,
    "power": _power,
    "negate": _undone_twice,
    "transpose": _undone_twice,
    "reshape": _reshape,
    "broadcast_to": _same_shape,
    "sum": _sum,
}
