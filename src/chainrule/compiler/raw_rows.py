"""Products of preprocessed rows, written as products of the raw ones, which may be bytes.

With rows X' = X * s - t, where the scale s and the offset t are single numbers or one number a feature:

    X' @ W   = (X @ (s^T * W)) - t @ W
    X'.T @ D = s^T * (X.T @ D) - t^T @ (sum of D over the examples)
    A @ X'   = (A @ X) * s - (sum of A over the examples) @ t
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.graph import shapes
from chainrule.graph.expression import EXAMPLES, Expression, constant, is_constant
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.ops.shape import reshape
from chainrule.graph.simplify import simplified

# A number for each feature costs work on all of W in each step. Up to so many columns of W that is less than the
# same work on the rows of any batch.
_FEW_COLUMNS = 8
# X @ W and t @ W are larger than their difference, by about the root of the mean of t**2. What float32 loses so is
# to stay within a few times its rounding; a few features may lie further out.
_LARGEST_OFFSET = 4.0
_FARTHEST_OFFSET = 300.0


@dataclass(frozen=True, eq=False)
class _Preprocessed:
    """Rows as X * scale - offset, X being raw; the offset is None where there is none."""

    raw: Expression
    scale: Expression
    offset: Expression | None

    def suits(self, columns: shapes.Axis) -> bool:
        """Tell whether a product with so many columns (or rows) of weights is to read the raw rows."""
        if self.offset is None and shapes.size(self.scale.shape) == 1:
            return True
        return isinstance(columns, int) and columns <= _FEW_COLUMNS


def folded_product(node: Expression) -> Expression:
    """Return a matrix product so that it reads raw rows, where it reads preprocessed ones and that pays."""
    a, b = node.inputs
    if (rows := _preprocessed(a)) and rows.suits(b.shape[1]):
        return _forward(rows, b)
    if a.op.name != "transpose":
        return node
    if (rows := _preprocessed(a.inputs[0])) and rows.suits(b.shape[1]):
        product = _column(rows.scale) * (rows.raw.T @ b)
        if rows.offset is None:
            return product
        return product - _column(rows.offset) * sum_of(b, axis=0, keepdims=True)
    if (rows := _preprocessed(b)) and rows.suits(a.shape[0]):
        product = (a @ rows.raw) * rows.scale
        return product if rows.offset is None else product - sum_of(a, axis=1, keepdims=True) * _row(rows.offset)
    return node


def _forward(rows: _Preprocessed, b: Expression) -> Expression:
    if shapes.size(rows.scale.shape) == 1:
        product = (rows.raw @ b) * rows.scale
    else:
        product = rows.raw @ (_column(rows.scale) * b)
    return product if rows.offset is None else product - _row(rows.offset) @ b


def _preprocessed(node: Expression) -> _Preprocessed | None:
    """Split `(X - a) * s`, and that without `a` or `s`, or divided by s, with X raw and a, s without examples."""
    shifted, scale = _scaled(node)
    if shifted.op is EXAMPLES and shifted is not node:
        return _Preprocessed(shifted, scale, None)
    if shifted.op.name != "subtract" or shifted.shape != node.shape:
        return None
    raw, shift = shifted.inputs
    if raw.op is not EXAMPLES or raw.shape != node.shape or not (is_constant(shift) and is_constant(scale)):
        return None
    offset = np.broadcast_to(shift.attributes["value"] * scale.attributes["value"], shapes.fixed(node.shape[1:]))
    if np.sqrt(np.mean(offset**2)) > _LARGEST_OFFSET or np.abs(offset).max(initial=0.0) > _FARTHEST_OFFSET:
        return None
    return _Preprocessed(raw, scale, constant(offset))


def _scaled(node: Expression) -> tuple[Expression, Expression]:
    """Split `x * c`, `c * x` or `x / c`, with examples in x and none in c, into x and the scale."""
    if node.op.name not in {"multiply", "divide"}:
        return node, constant(1.0)
    x, c = node.inputs
    if node.op.name == "multiply" and shapes.has_examples(c.shape):
        x, c = c, x
    if shapes.has_examples(c.shape) or x.shape != node.shape:
        return node, constant(1.0)
    return x, (c if node.op.name == "multiply" else simplified(constant(1.0) / c))


def _column(numbers: Expression) -> Expression:
    """Turn one number a feature into a column; a single number stays."""
    count = shapes.size(numbers.shape)
    return numbers if count == 1 else reshape(numbers, (count, 1))


def _row(numbers: Expression) -> Expression:
    return reshape(numbers, (1, shapes.size(numbers.shape)))
