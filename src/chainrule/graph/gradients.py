"""The chain rule: derivatives of a cost as expressions of the same kind."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import UserError
from chainrule.graph.expression import Expression, constant, short
from chainrule.graph.ops.shape import broadcast_to, sum_to
from chainrule.graph.simplify import simplified, simplify
from chainrule.graph.walk import depending_on, topological


def gradients(J: Expression, nodes: Sequence[Expression] | Expression) -> list[Expression]:
    """Differentiate a cost with respect to any of its nodes, by reverse accumulation.

    Args:
        J: the cost, a number; of an expression with more elements, the sum of the elements is differentiated
            (so the gradient of losses over examples keeps one value an example).
        nodes: parameters, inputs or nodes inside J.

    Returns:
        One expression for each node, of the node's shape. Gradients can be differentiated again.

    Raises:
        UserError: a node that J does not depend on.

    Example:
        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> J = 5 * (a * b + c)
        >>> [str(g) for g in cr.gradients(J, [a, b, c])]
        ['5 * b', '5 * a', '5']
    """
    if isinstance(nodes, Expression):
        raise UserError("gradients(J, nodes): nodes is a list, so write [w], or use cr.grad(J, w)")
    nodes = list(nodes)
    forward = topological([J])
    known = set(forward)
    for node in nodes:
        if node not in known:
            raise UserError(f"cannot differentiate with respect to {short(node)}: {short(J)} does not depend on it")
    one = broadcast_to(constant(1.0), J.shape) if J.shape else constant(1.0)
    found = _backward(J, one, forward, depending_on(forward, set(nodes)))
    zeros = [found[node] if node in found else broadcast_to(constant(0.0), node.shape) for node in nodes]
    return simplify(zeros, keep=known)


def seeded_gradients(
    root: Expression, nodes: Sequence[Expression], seed: Expression
) -> dict[Expression, Expression]:
    """Carry a gradient on from a node to nodes that it depends on.

    Args:
        root: where the gradient is known.
        nodes: where it is wanted.
        seed: the gradient with respect to the root, of its shape.

    Returns:
        The gradient with respect to each node to which one flows.

    Example:
        >>> import chainrule as cr
        >>> a, b, g = cr.variables("a b g")
        >>> print(seeded_gradients(cr.exp(a * b).named("u"), [a], g)[a])
        g * u * b
    """
    forward = topological([root])
    found = _backward(root, seed, forward, depending_on(forward, set(nodes)))
    reached = [node for node in nodes if node in found]
    return dict(zip(reached, simplify([found[node] for node in reached], keep=forward), strict=True))


def grad(J: Expression, node: Expression) -> Expression:
    """Differentiate with respect to one node.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> print(cr.grad(cr.grad(x**3, x), x))
        6 * x
    """
    return gradients(J, [node])[0]


def _backward(
    J: Expression, seed: Expression, forward: Sequence[Expression], wanted: set[Expression]
) -> dict[Expression, Expression]:
    gradient: dict[Expression, Expression] = {J: seed}
    for node in reversed(forward):
        if node not in gradient or node not in wanted:
            continue
        for position, source in enumerate(node.inputs):
            part = vector_jacobian_product(node, position, gradient[node]) if source in wanted else None
            if part is not None:
                gradient[source] = gradient[source] + part if source in gradient else part
    return gradient


def vector_jacobian_product(node: Expression, position: int, gradient: Expression) -> Expression | None:
    """Apply the rule of one edge; an input that was repeated gets the sum over its copies.

    Args:
        node: where the edge ends.
        position: which of the node's inputs it comes from.
        gradient: of the cost with respect to the node.

    Returns:
        This edge's part of the gradient with respect to the input; None where there is no derivative.

    Example:
        >>> import chainrule as cr
        >>> a, b, g = cr.variables("a b g")
        >>> print(vector_jacobian_product(a * b, 0, g))
        g * b
    """
    vjp = node.op.vjps[position]
    if vjp is None:
        return None
    source = node.inputs[position]
    part = simplified(vjp(gradient, node, *node.inputs))
    if node.op.elementwise:
        # A rule may give less than the full shape (a constant); the sum must run over every copy.
        part = part if part.shape == node.shape else broadcast_to(part, node.shape)
        part = sum_to(part, source.shape)
    assert part.shape == source.shape, (node.op, part.shape, source.shape)
    return part
