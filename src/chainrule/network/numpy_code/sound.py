"""The graph of a cost in the form that the code computes, and its chain of derivatives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chainrule.graph.expression import Expression, constant, is_constant, variable
from chainrule.graph.gradients import vector_jacobian_product
from chainrule.graph.ops.shape import broadcast_to
from chainrule.graph.quotients import is_quotient
from chainrule.graph.rewrite import stable, stable_copies
from chainrule.graph.simplify import simplify
from chainrule.graph.walk import depending_on, topological


@dataclass(frozen=True)
class Chain:
    """The backward pass of the sum of the losses.

    Attributes:
        forward: the named nodes before the loss and the loss, by name, in their sound form.
        steps: the derivative by each named node on the way: the node's name, the variable as which later ones
            read the derivative, and the derivative.
        gradients: the derivative by each parameter.
    """

    forward: dict[str, Expression]
    steps: list[tuple[str, Expression, Expression]]
    gradients: list[Expression]

    def in_order(self, parameters: Sequence[Expression]) -> list[tuple[Expression, Expression]]:
        """Return all derivatives backwards, those by parameters right after the last that they read.

        Returns:
            For each what it stands for, a step's variable or a parameter, and the derivative.
        """
        place = {marker: position for position, (_, marker, _) in enumerate(self.steps)}
        after: dict[int, list[tuple[Expression, Expression]]] = {}
        for parameter, g in zip(parameters, self.gradients, strict=True):
            last = max((place[node] for node in topological([g]) if node in place), default=-1)
            after.setdefault(last, []).append((parameter, g))
        result = after.get(-1, [])
        for position, (_, marker, g) in enumerate(self.steps):
            result += [(marker, g), *after.get(position, [])]
        return result


def chain(forward: Mapping[str, Expression], root: Expression, parameters: Sequence[Expression]) -> Chain:
    """Differentiate the sum of the elements of `root`, by one named node after the other.

    Args:
        forward: named nodes under the root, in their sound form.
        root: the loss of each example, in its sound form.
        parameters: leaves.

    Example:
        >>> import chainrule as cr
        >>> w, x = cr.parameter("w"), cr.variable("x")
        >>> z = w * x
        >>> found = chain({"z": z}, cr.exp(z), [w])
        >>> print([f"d{name} = {g}" for name, _, g in found.steps], found.gradients[0])
        ['dz = exp(w * x)'] dz * x
    """
    steps, by_parameter = _backward(forward, root, parameters)
    found = [by_parameter.get(node, broadcast_to(constant(0.0), node.shape)) for node in parameters]
    # What is equal becomes one node: the sigmoid in the derivative of a cross-entropy is the activation.
    copies = stable_copies([*forward.values(), *(g for _, _, g in steps), *found])
    return Chain(
        {name: copies[node] for name, node in forward.items()},
        [(name, marker, copies[g]) for name, marker, g in steps],
        [copies[g] for g in found],
    )


def _backward(
    forward: Mapping[str, Expression], root: Expression, parameters: Sequence[Expression]
) -> tuple[list[tuple[str, Expression, Expression]], dict[Expression, Expression]]:
    order = topological([root])
    known = set(order)
    learns = depending_on(order, parameters)
    products = {node for node in forward.values() if _is_of_product(node, known=set(forward.values()) - {node})}
    names = {node: name for name, node in reversed(list(forward.items()))}
    gradient = {root: broadcast_to(constant(1.0), root.shape) if root.shape else constant(1.0)}
    steps: list[tuple[str, Expression, Expression]] = []
    for node in reversed(order):
        if node not in gradient or node not in learns:
            continue
        (g,) = simplify([gradient[node]], keep=order)
        if _has_quotient(g, known):
            (g,) = simplify(stable([g]), keep=order)
        if node in names and not _is_even(g) and (node in products or not _has_quotient(g, known)):
            # A quotient is left inside the next derivative, where the chain rule may multiply it away, but not
            # through a matrix product.
            marker = variable(f"d{names[node]}", node.shape)
            steps.append((names[node], marker, g))
            g = marker
        gradient[node] = g
        for position, source in enumerate(node.inputs):
            part = vector_jacobian_product(node, position, g) if source in learns else None
            if part is not None:
                gradient[source] = gradient[source] + part if source in gradient else part
    return steps, {node: gradient[node] for node in parameters if node in gradient}


def _is_of_product(node: Expression, known: Collection[Expression]) -> bool:
    """Tell whether a named node is computed from others with a matrix product, as Z is."""
    parts = topological([node], lambda part: () if part in known else part.inputs)
    return any(part.op.name == "matmul" for part in parts if part not in known)


def _has_quotient(g: Expression, forward: Collection[Expression]) -> bool:
    """Tell whether a derivative divides by what may round to 0."""
    return any(is_quotient(part) for part in topological([g], lambda node: () if node in forward else node.inputs))


def _is_even(g: Expression) -> bool:
    """Tell whether a derivative is the same number everywhere, so that it needs no line."""
    return is_constant(g) or (g.op.name == "broadcast_to" and is_constant(g.inputs[0]))
