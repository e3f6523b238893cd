"""From the graph as written to the few operations that have instructions.

Composite operations expand, equal subexpressions merge, constants fold, and the scaling of raw data moves behind
their products, so that those read the raw rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chainrule.compiler.raw_rows import folded_product
from chainrule.graph.expression import COUNT, Expression, is_constant
from chainrule.graph.ops.elementwise import sqrt
from chainrule.graph.ops.shape import reshape
from chainrule.graph.rewrite import merge_common
from chainrule.graph.simplify import simplified, simplify
from chainrule.graph.walk import rebuild, topological


def prepare(roots: Sequence[Expression]) -> list[Expression]:
    """Return equivalent expressions made of instructions' operations alone."""
    return merge_common(_join_numbers(simplify(_fold_preprocessing(merge_common(simplify(_expand(roots)))))))


def _expand(roots: Sequence[Expression]) -> list[Expression]:
    """Replace composite operations by what they are made of, until none is left; names are dropped."""
    expander = _Expander()
    for node in topological(roots):
        expander.expand(node)
    return [expander.expand(root) for root in roots]


class _Expander:
    def __init__(self) -> None:
        self.done: dict[Expression, Expression] = {}

    def expand(self, node: Expression) -> Expression:
        """Return a node in primitive operations; recursion ends at nodes that were expanded before."""
        if node not in self.done:
            copy = rebuild(node, [self.expand(source) for source in node.inputs])
            primitive = self._primitive(_without_name(copy))
            self.done[node] = self.done[primitive] = primitive
        return self.done[node]

    def _primitive(self, node: Expression) -> Expression:
        shorter = simplified(node)
        smaller = _smaller(node) if shorter is node else shorter
        return node if smaller is None else self.expand(smaller)


def _without_name(node: Expression) -> Expression:
    return Expression(node.op, node.inputs, node.attributes) if node.name and not node.op.leaf else node


def _smaller(node: Expression) -> Expression | None:
    if node.op.expand is not None:
        return node.op.expand(node)
    if node.op.name == "power":
        return _power(node)
    if node.op.name == "matmul":
        return _matmul_of_matrices(node)
    if node.op.name == "max" and not node.attributes["axes"]:
        return node.inputs[0]
    return None


def _power(node: Expression) -> Expression | None:
    """Write small whole powers as products: faster, and exact where exp and log are not."""
    base, exponent = node.inputs
    if base.shape != node.shape:
        return None
    if is_constant(exponent, 2.0):
        return base * base
    if is_constant(exponent, 3.0):
        return base * base * base
    if is_constant(exponent, -1.0):
        return 1.0 / base
    return sqrt(base) if is_constant(exponent, 0.5) else None


def _matmul_of_matrices(node: Expression) -> Expression | None:
    """Write a product with vectors as one of matrices."""
    a, b = node.inputs
    if len(a.shape) == 2 and len(b.shape) == 2:
        return None
    # A vector on the left is a column transposed, so that the examples keep the first axis.
    left = a if len(a.shape) == 2 else reshape(a, (*a.shape, 1)).T
    right = b if len(b.shape) == 2 else reshape(b, (*b.shape, 1))
    return reshape(left @ right, node.shape)


def _fold_preprocessing(roots: Sequence[Expression]) -> list[Expression]:
    """From (X * c) @ W make (X @ W) * c, and the like: products read the raw rows X."""
    done: dict[Expression, Expression] = {}
    for node in topological(roots):
        copy = rebuild(node, [done[source] for source in node.inputs])
        done[node] = folded_product(copy) if copy.op.name == "matmul" else copy
    return [done[root] for root in roots]


def _join_numbers(roots: Sequence[Expression]) -> list[Expression]:
    """From r * (1 / m * S) make (r * (1 / m)) * S: one product less for each number of S."""
    users = Counter(source for node in topological(roots) for source in node.inputs)
    users.update(roots)
    done: dict[Expression, Expression] = {}
    for node in topological(roots):
        inputs = [done[source] for source in node.inputs]
        joined = None
        if node.op.name == "multiply" and node.inputs[0].shape == () and users[node.inputs[1]] == 1:
            joined = _joined(inputs[0], inputs[1])
        done[node] = rebuild(node, inputs) if joined is None else joined
    return [done[root] for root in roots]


def _joined(number: Expression, product: Expression) -> Expression | None:
    if product.op.name != "multiply" or product.shape == ():
        return None
    inner, rest = product.inputs
    # Of two numbers that may be anything, the product could overflow where the result does not.
    if inner.shape != () or not (_is_moderate(number) or _is_moderate(inner)):
        return None
    return (number * inner) * rest


def _is_moderate(number: Expression, depth: int = 4) -> bool:
    """Tell whether a number is made of the count of examples and of constants that are neither huge nor tiny."""
    if is_constant(number):
        return number.shape == () and 1e-6 <= abs(float(number.attributes["value"])) <= 1e6
    if number.op.name in {"multiply", "divide", "negate"} and depth > 0:
        return all(_is_moderate(source, depth - 1) for source in number.inputs)
    return number.op is COUNT
