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
    order: dict[Expression, None] = {}
    entered: set[Expression] = set()
    stack = list(roots)[::-1]
    while stack:
        node = stack[-1]
        if node in entered:
            # Its inputs are done: only a user that has not been left yet is still below.
            order[stack.pop()] = None
        else:
            entered.add(node)
            stack += [source for source in reversed(inputs_of(node)) if source not in entered]
    return list(order)


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
    return node if tuple(inputs) == node.inputs else node.with_inputs(inputs)


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
