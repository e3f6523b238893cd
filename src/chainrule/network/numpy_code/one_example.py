"""The graph of one example, from the graph of all of them: the axis m is left out of every node.

The examples' branches do not meet before the cost, so each branch is a graph of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, apply, draw, short, variable
from chainrule.graph.ops.shape import broadcast_to, one_hot, pick, reshape, reshape_if_needed
from chainrule.graph.shapes import M, Shape
from chainrule.graph.walk import topological


def one_example(roots: Sequence[Expression]) -> dict[Expression, Expression]:
    """Return for every node under the roots what it is for one example.

    Args:
        roots: expressions in which no examples meet; an input of shape (m, n) becomes one of shape (n,).

    Raises:
        UserError: examples meet, as in a sum over them.

    Example:
        >>> import chainrule as cr
        >>> X, W = cr.examples("X", features=3), cr.parameter("W", (3, 2))
        >>> Z = X @ W
        >>> z = one_example([Z])[Z]
        >>> print(z, z.shape)
        X @ W (2,)
    """
    done: dict[Expression, Expression] = {}
    for node in topological(roots):
        if not shapes.has_examples(node.shape):
            if any(shapes.has_examples(source.shape) for source in node.inputs):
                raise UserError(f"{short(node)} mixes the examples, so it has no form for one example")
            done[node] = node
            continue
        rule = _RULES.get(node.op.name, _elementwise if node.op.elementwise else _same)
        done[node] = rule(node, [done[source] for source in node.inputs])
    return done


def _without(shape: Shape) -> Shape:
    return tuple(axis for axis in shape if axis != M)


def _input(node: Expression, _: list[Expression]) -> Expression:
    return variable(str(node.name), _without(node.shape))


def _draw(node: Expression, _: list[Expression]) -> Expression:
    return draw(_without(node.shape), node=node.attributes["node"])


def _aligned(node: Expression, position: int, one: Expression) -> Expression:
    """Drop the axis of length 1 along which an input without examples is repeated for each of them."""
    shape = node.inputs[position].shape
    from_right = len(node.shape) - node.shape.index(M)
    if shapes.has_examples(shape) or len(shape) < from_right:
        return one
    at = len(shape) - from_right
    return reshape(one, (*shape[:at], *shape[at + 1 :]))


def _elementwise(node: Expression, inputs: list[Expression]) -> Expression:
    aligned = [_aligned(node, position, one) for position, one in enumerate(inputs)]
    return Expression(node.op, aligned, node.attributes)


def _same(node: Expression, inputs: list[Expression]) -> Expression:
    return Expression(node.op, inputs, node.attributes)


def _transpose(node: Expression, inputs: list[Expression]) -> Expression:
    return inputs[0]


def _reduction(node: Expression, inputs: list[Expression]) -> Expression:
    m = node.inputs[0].shape.index(M)
    axes = tuple(axis - (axis > m) for axis in node.attributes["axes"])
    return apply(node.op.name, inputs[0], axes=axes, keepdims=node.attributes["keepdims"])


def _reshape(node: Expression, inputs: list[Expression]) -> Expression:
    return reshape_if_needed(inputs[0], _without(node.shape))


def _broadcast_to(node: Expression, inputs: list[Expression]) -> Expression:
    value, shape = _aligned(node, 0, inputs[0]), _without(node.shape)
    return value if value.shape == shape else broadcast_to(value, shape)


def _pick(node: Expression, inputs: list[Expression]) -> Expression:
    values, label = inputs
    return reshape(pick(reshape(values, (1, *values.shape)), reshape(label, (1,))), ())


def _one_hot(node: Expression, inputs: list[Expression]) -> Expression:
    classes = node.attributes["classes"]
    return reshape(one_hot(reshape(inputs[0], (1,)), classes=classes), (classes,))


_RULES: dict[str, Callable[[Expression, list[Expression]], Expression]] = {
    "variable": _input,
    "examples": _input,
    "draw": _draw,
    "transpose": _transpose,
    "sum": _reduction,
    "mean": _reduction,
    "max": _reduction,
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "pick": _pick,
    "one_hot": _one_hot,
}
