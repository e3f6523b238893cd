"""Matrix product and transpose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.graph import shapes
from chainrule.graph.expression import Expression, Operand, apply
from chainrule.graph.op import Array, Attributes, Op, ShapeMismatch, register
from chainrule.graph.ops.shape import reshape
from chainrule.graph.shapes import Shape


def _matmul_shape(inputs: Sequence[Shape], _: Attributes) -> Shape:
    a, b = inputs
    if not (1 <= len(a) <= 2 and 1 <= len(b) <= 2):
        raise ShapeMismatch("a product is of vectors and matrices (one or two axes)")
    if a[-1] != b[0]:
        raise ShapeMismatch(f"the inner axes differ: {a[-1]} and {b[0]}")
    result = a[:-1] + b[1:]
    if result.count(shapes.M) > 1:
        raise ShapeMismatch("the result would have the axis of examples twice")
    return result


def _column(vector: Expression) -> Expression:
    return reshape(vector, (vector.shape[0], 1))


def _row(vector: Expression) -> Expression:
    return reshape(vector, (1, vector.shape[0]))


def _matmul_by_a(g: Expression, node: Expression, a: Expression, b: Expression) -> Expression:
    if len(b.shape) == 1:
        return g * b if len(a.shape) == 1 else _column(g) * _row(b)
    return b @ g if len(a.shape) == 1 else g @ b.T


def _matmul_by_b(g: Expression, node: Expression, a: Expression, b: Expression) -> Expression:
    if len(a.shape) == 1:
        return g * a if len(b.shape) == 1 else _column(a) * _row(g)
    return a.T @ g


register(
    Op("matmul", _matmul_shape, np.matmul, (_matmul_by_a, _matmul_by_b), symbol="@", precedence=20),
)


def _transpose_shape(inputs: Sequence[Shape], _: Attributes) -> Shape:
    (a,) = inputs
    if len(a) != 2:
        raise ShapeMismatch("only a matrix (two axes) has a transpose")
    return (a[1], a[0])


def _transpose(a: Array) -> Array:
    return a.T


register(Op("transpose", _transpose_shape, _transpose, (lambda g, node, a: g.T,)))


def matmul(a: Operand, b: Operand) -> Expression:
    """The product of matrices and vectors, also written `a @ b`.

    Example:
        >>> import chainrule as cr
        >>> X, W = cr.examples("X", features=3), cr.parameter("W", (3, 2))
        >>> (X @ W).shape
        ('m', 2)
    """
    return apply("matmul", a, b)


def transpose(a: Operand) -> Expression:
    """The transpose of a matrix, also written `a.T`.

    Example:
        >>> import chainrule as cr
        >>> cr.transpose(cr.parameter("W", (3, 2))).shape
        (2, 3)
    """
    return apply("transpose", a)
