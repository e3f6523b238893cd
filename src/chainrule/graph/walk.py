"""Walks through graphs: in the order of computation, and to copies in which some nodes are replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter

from chainrule.graph.expression import Expression


def topological(
    roots: Iterable[Expression],
    inputs_of: Callable[[Expression], Sequence[Expression]] = attrgetter("inputs"),
) -> list[Expression]:
    """List every node that the roots depend on, inputs before the nodes that use them.

    Args:
        roots: where to start.
        inputs_of: which nodes count as a node's inputs.
    """
    order: list[Expression] = []
    seen: set[Expression] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((source, False) for source in reversed(inputs_of(node)) if source not in seen)
    return order


def depending_on(nodes: Iterable[Expression], sources: Collection[Expression]) -> set[Expression]:
    """Return those of some nodes that are among the sources or depend on one of them.

    Args:
        nodes: in topological order.
        sources: what they may depend on.
    """
    found: set[Expression] = set()
    for node in nodes:
        if node in sources or any(source in found for source in node.inputs):
            found.add(node)
    return found


def rebuild(node: Expression, inputs: Sequence[Expression]) -> Expression:
    """Return the node with other inputs; the node itself where they are the same."""
    if all(new is old for new, old in zip(inputs, node.inputs, strict=True)):
        return node
    return node.with_inputs(inputs)


def substitute(
    roots: Sequence[Expression],
    replacement: Mapping[Expression, Expression],
    inputs_of: Callable[[Expression], Sequence[Expression]] = attrgetter("inputs"),
) -> list[Expression]:
    """Return copies of the roots in which each key of `replacement` is replaced by its value.

    Args:
        roots: what to copy.
        replacement: what to put in the place of nodes.
        inputs_of: where to look for them, as in `topological`.
    """
    done: dict[Expression, Expression] = dict(replacement)
    for node in topological(roots, inputs_of):
        if node not in done:
            done[node] = rebuild(node, [done[source] for source in node.inputs])
    return [done[root] for root in roots]
