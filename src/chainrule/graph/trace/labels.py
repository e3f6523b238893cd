"""What the nodes of a trace are called, and which of them a person wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from chainrule.graph.expression import CONSTANT, COUNT, DRAW, PARAMETER, Expression
from chainrule.graph.text import formula
from chainrule.graph.walk import depending_on

# They change nothing but the shape; a person sees through them.
_BOOKKEEPING = {"broadcast_to", "reshape", "copy"}


def is_bookkeeping(node: Expression) -> bool:
    """Tell whether a node only changes the shape of its input and has no name of its own."""
    return node.op.name in _BOOKKEEPING and not node.name


def seen_through(node: Expression) -> Expression:
    """Return the node that a person sees in a node's place: the input of bookkeeping.

    >>> import chainrule as cr
    >>> a = cr.variable("a", 3)
    >>> seen_through(cr.reshape(a, (3, 1))) is a
    True
    """
    while is_bookkeeping(node):
        node = node.inputs[0]
    return node


def is_shown(node: Expression) -> bool:
    """Tell whether a node is a step of its own: no constant, not the number of examples, no bookkeeping."""
    return node.op is not CONSTANT and node.op is not COUNT and not is_bookkeeping(node)


def depend_on_parameters(nodes: Sequence[Expression]) -> set[Expression]:
    """Return the nodes through which training moves parameters; every node where the graph has none.

    Args:
        nodes: in topological order.
    """
    return depending_on(nodes, {node for node in nodes if node.op is PARAMETER}) or set(nodes)


def labels_of(nodes: Sequence[Expression]) -> dict[Expression, str]:
    """Give each node a word: its name, a constant's number, or for unnamed inner nodes v1, v2, ...

    Args:
        nodes: in topological order; the last is the root, which is called J where it has no name and is a number.

    Returns:
        A label for each node, no two of them alike where both are shown and have no name of their own.

    Example:
        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> u = a * b
        >>> J = 5 * (u + c)
        >>> labels = labels_of([a, b, u, c, J.inputs[1], J])
        >>> [labels[node] for node in (a, u, J.inputs[1], J)]
        ['a', 'v1', 'v2', 'J']
    """
    taken = {node.name for node in nodes if node.name}
    free = (word for word in (f"v{number}" for number in count(1)) if word not in taken)
    found: dict[Expression, str] = {}
    for node in nodes:
        if node.name:
            found[node] = node.name
        elif node is nodes[-1]:
            found[node] = next(word for word in ("J", "root", next(free)) if word not in taken)
        elif is_bookkeeping(node):
            found[node] = found[node.inputs[0]]
        elif node.op is CONSTANT:
            found[node] = formula(node)
        elif node.op is DRAW:
            found[node] = f"draw{node.attributes['node']}"
        else:
            found[node] = next(free)
    return found
