"""Removing what a person would not write down: products with 1, sums with 0, arithmetic on constants.

Derivative rules are written in full generality; this pass makes what they build as short as by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from chainrule.graph import shapes
from chainrule.graph.expression import Expression, apply, constant, example_count, is_constant
from chainrule.graph.ops.shape import broadcast_to
from chainrule.graph.walk import rebuild, topological

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
    keep = set(keep)
    done: dict[Expression, Expression] = {node: node for node in keep}
    for node in topological(roots):
        if node not in done:
            done[node] = simplified(rebuild(node, [done[source] for source in node.inputs]), keep=keep)
    return [done[root] for root in roots]


def simplified(node: Expression, *, keep: Collection[Expression] = ()) -> Expression:
    """Apply the rules to one node until none fits, or a node to keep is reached."""
    while node not in keep:
        shorter = _once(node)
        if shorter is None:
            break
        node = shorter
    return node


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
    positive = _sign_outside(node)
    return _number_first(node) if positive is None else positive


def _sign_outside(node: Expression) -> Expression | None:
    """From (-a) * b make -(a * b), and the like for every linear operation: sums can take up the sign."""
    for position, source in enumerate(node.inputs):
        positive = _without_sign(source)
        if positive is not None:
            inputs = [*node.inputs[:position], positive, *node.inputs[position + 1 :]]
            return -simplified(rebuild(node, inputs))
    return None


def _without_sign(node: Expression) -> Expression | None:
    if node.name:
        return None
    if node.op.name == "negate":
        return node.inputs[0]
    return constant(-node.attributes["value"]) if is_constant(node) and _all_negative(node) else None


def _all_negative(node: Expression) -> bool:
    return bool((node.attributes["value"] < 0).all())


def _number_first(node: Expression) -> Expression | None:
    """From x * 2 make 2 * x, and from 3 * (2 * x) make 6 * x."""
    a, b = node.inputs
    if _is_number(b) and not _is_number(a):
        return b * a
    inner = _number_times(b)
    if inner and _is_number(a):
        return _simplified_product(_simplified_product(a, inner[0]), inner[1])
    if inner:
        return inner[0] * _simplified_product(a, inner[1])
    inner = _number_times(a)
    return inner[0] * _simplified_product(inner[1], b) if inner else None


def _simplified_product(a: Expression, b: Expression) -> Expression:
    return simplified(a * b)


def _is_number(node: Expression) -> bool:
    return is_constant(node) and node.shape == ()


def _number_times(node: Expression) -> tuple[Expression, Expression] | None:
    if node.op.name == "multiply" and not node.name and _is_number(node.inputs[0]):
        return node.inputs[0], node.inputs[1]
    return None


def _add(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(a, 0.0):
        return _as(node.shape, b)
    if is_constant(b, 0.0):
        return _as(node.shape, a)
    if a is b:
        return 2 * a
    positive = _without_sign(b)
    if positive is not None:
        return a - positive
    positive = _without_sign(a)
    return None if positive is None else b - positive


def _subtract(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(b, 0.0):
        return _as(node.shape, a)
    if is_constant(a, 0.0):
        return _as(node.shape, -b)
    positive = _without_sign(b)
    return None if positive is None else a + positive


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
    if a.op.name == "broadcast_to" and not a.name and a.inputs[0].shape == ():
        return broadcast_to(a.inputs[0], node.shape)
    return _sign_outside(node)


def _broadcast_to(node: Expression) -> Expression | None:
    a = node.inputs[0]
    if a.shape == node.shape:
        return a
    if a.op.name == "broadcast_to" and not a.name:
        return broadcast_to(a.inputs[0], node.shape)
    return None


def _sum(node: Expression) -> Expression | None:
    (a,) = node.inputs
    if not node.attributes["axes"]:
        return a
    if a.op.name == "broadcast_to" and not a.name:
        return _sum_of_copies(node, a)
    return _sign_outside(node)


def _sum_of_copies(node: Expression, a: Expression) -> Expression | None:
    """From the sum over axes along which a value was repeated make how often times the value."""
    (value, _), axes = a.inputs, node.attributes["axes"]
    lead = len(a.shape) - len(value.shape)
    if any(axis >= lead and value.shape[axis - lead] != 1 for axis in axes):
        return None
    summed = tuple(a.shape[axis] for axis in axes)
    known = constant(float(shapes.size(summed)))
    count = simplified(known * example_count()) if shapes.has_examples(summed) else known
    rest = apply("sum", value, axes=tuple(axis - lead for axis in axes if axis >= lead), keepdims=False)
    rest = simplified(rest)
    return _as(node.shape, simplified(count * rest)) if rest.shape == value.shape else None


def _where(node: Expression) -> Expression | None:
    condition, a, b = node.inputs
    if not is_constant(condition):
        return None
    chosen = condition.attributes["value"] != 0
    if chosen.all():
        return _as(node.shape, a)
    return None if chosen.any() else _as(node.shape, b)


_RULES: dict[str, Rule] = {
    "multiply": _multiply,
    "add": _add,
    "subtract": _subtract,
    "divide": _divide,
    "power": _power,
    "negate": _undone_twice,
    "transpose": _undone_twice,
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "sum": _sum,
    "mean": _sign_outside,
    "matmul": _sign_outside,
    "where": _where,
}
