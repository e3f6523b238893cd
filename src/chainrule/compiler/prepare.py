"""From the graph as written to the few operations that have instructions.

Composite operations expand, equal subexpressions merge, constants fold, and the scaling of raw data moves into the
weights, so that a product can read the raw rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph import shapes
from chainrule.graph.expression import EXAMPLES, Expression, constant, is_constant
from chainrule.graph.ops.elementwise import sqrt
from chainrule.graph.ops.shape import reshape
from chainrule.graph.rewrite import merge_common
from chainrule.graph.simplify import simplified, simplify
from chainrule.graph.walk import rebuild, topological


def prepare(roots: Sequence[Expression]) -> list[Expression]:
    """Return equivalent expressions made of instructions' operations alone."""
    return merge_common(simplify(_fold_scaling(merge_common(simplify(_expand(roots))))))


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


def _fold_scaling(roots: Sequence[Expression]) -> list[Expression]:
    """From (X * c) @ W make X @ (c * W), and from (X * c).T @ D make c * (X.T @ D)."""
    done: dict[Expression, Expression] = {}
    for node in topological(roots):
        copy = rebuild(node, [done[source] for source in node.inputs])
        done[node] = _folded_product(copy) if copy.op.name == "matmul" else copy
    return [done[root] for root in roots]


def _folded_product(node: Expression) -> Expression:
    a, b = node.inputs
    if scaled := _scaled_data(a):
        raw, scale = scaled
        return raw @ (_as_column(scale) * b)
    if a.op.name == "transpose" and (scaled := _scaled_data(a.inputs[0])):
        raw, scale = scaled
        return _as_column(scale) * (raw.T @ b)
    if a.op.name == "transpose" and (scaled := _scaled_data(b)):
        raw, scale = scaled
        return (a @ raw) * scale
    return node


def _scaled_data(node: Expression) -> tuple[Expression, Expression] | None:
    """Split `X * c`, `c * X` or `X / c`, with X raw data and c without examples, into X and the scale."""
    if node.op.name not in {"multiply", "divide"}:
        return None
    a, b = node.inputs
    if node.op.name == "multiply" and b.op is EXAMPLES:
        a, b = b, a
    if a.op is not EXAMPLES or shapes.has_examples(b.shape) or a.shape != node.shape:
        return None
    return a, (b if node.op.name == "multiply" else simplified(constant(1.0) / b))


def _as_column(scale: Expression) -> Expression:
    """Turn one number a feature from a row into a column; a single number stays."""
    return scale if shapes.size(scale.shape) == 1 else reshape(scale, (shapes.size(scale.shape), 1))
