"""Which parameters the dual form suits: those that enter a cost through one product of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import COUNT, DRAW, EXAMPLES, Expression, is_constant, short
from chainrule.graph.rewrite import merge_common
from chainrule.graph.walk import topological


@dataclass(frozen=True, eq=False)
class Uses:
    """Where a parameter enters: through products of data, and in the sum of its squares."""

    products: tuple[Expression, ...]
    squares: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Parameters that enter through products of the same data.

    Attributes:
        X: the data X'.
        uses: by parameter.
        roots: what was looked at, equal subexpressions as one node: the cost first.
        why_not: the reason for each parameter that is not among them.
    """

    X: Expression
    uses: Mapping[Expression, Uses]
    roots: tuple[Expression, ...]
    why_not: Mapping[Expression, str]


def find_candidates(roots: Sequence[Expression], parameters: Sequence[Expression]) -> Candidates:
    """Find the parameters that can be written as sums of rows of data.

    Args:
        roots: the cost, and other expressions in which they enter.
        parameters: what is trained.

    Raises:
        UserError: there is none; the message says why.

    Example:
        >>> import chainrule as cr
        >>> X, w, b = cr.examples("X", features=9), cr.parameter("w", (9,)), cr.parameter("b")
        >>> found = find_candidates([cr.mean((X @ w + b) ** 2)], [w, b])
        >>> [str(node) for node in found.uses], found.why_not[b]
        (['w'], 'b enters in X @ w + b, which is no product of data with it')
    """
    merged = merge_common(roots)
    users = _users(merged)
    by_data: dict[Expression, dict[Expression, Uses]] = {}
    why_not: dict[Expression, str] = {}
    for w in parameters:
        found = _uses(w, users)
        if isinstance(found, Uses):
            by_data.setdefault(found.products[0].inputs[0], {})[w] = found
        else:
            why_not[w] = found
    if not by_data:
        raise UserError(f"no parameter enters through a product of data alone: {'; '.join(why_not.values())}")
    widest = max(by_data, key=lambda X: int(X.shape[1]))
    for X, uses in by_data.items():
        if X is not widest:
            why_not |= {w: f"{w} is multiplied with {short(X)}, other data than {short(widest)}" for w in uses}
    return Candidates(widest, by_data[widest], tuple(merged), why_not)


def _users(roots: Sequence[Expression]) -> dict[Expression, list[Expression]]:
    users: dict[Expression, list[Expression]] = {}
    for node in topological(roots):
        for source in dict.fromkeys(node.inputs):
            users.setdefault(source, []).append(node)
    return users


def _uses(w: Expression, users: Mapping[Expression, Sequence[Expression]]) -> Uses | str:
    """Return where a parameter enters, or why it cannot be written as a sum of rows."""
    products: list[Expression] = []
    squares: list[Expression] = []
    for node in users.get(w, []):
        if node.op.name == "matmul" and node.inputs[1] is w and is_data(node.inputs[0]):
            products.append(node)
        elif _is_square(node, w) and all(_is_whole_sum(user) for user in users.get(node, [])):
            squares += users[node]
        else:
            return f"{w} enters in {short(node)}, which is no product of data with it"
    if not products:
        return f"{w} enters through no product"
    if len({node.inputs[0] for node in products}) > 1:
        return f"{w} is multiplied with different data: {', '.join(short(node.inputs[0]) for node in products)}"
    return Uses(tuple(products), tuple(squares))


def is_data(node: Expression) -> bool:
    """Tell whether rows depend on data alone, each on one example.

    >>> import chainrule as cr
    >>> X = cr.examples("X", features=2)
    >>> is_data((X - 3) / 255), is_data(X * cr.parameter("w", (2,))), is_data(X - cr.mean(X, axis=0))
    (True, False, False)
    """
    data: set[Expression] = set()
    for inner in topological([node]):
        if inner.op is EXAMPLES or any(source in data for source in inner.inputs):
            if inner.shape[:1] != (shapes.M,):
                return False
            data.add(inner)
        elif inner.op is COUNT or inner.op is DRAW or (inner.op.leaf and not is_constant(inner)):
            return False
    return node in data and len(node.shape) == 2


def _is_square(node: Expression, w: Expression) -> bool:
    if node.op.name == "multiply":
        return node.inputs == (w, w)
    return node.op.name == "power" and node.inputs[0] is w and is_constant(node.inputs[1], 2.0)


def _is_whole_sum(node: Expression) -> bool:
    return node.op.name == "sum" and node.shape == ()
