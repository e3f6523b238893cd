"""Comparisons: 1 where they hold, 0 elsewhere; their derivative is 0 everywhere."""

from __future__ import annotations

import numpy as np

from chainrule.graph.expression import Expression
from chainrule.graph.op import Array
from chainrule.graph.ops.building import elementwise

elementwise("greater", [None, None], opcode="greater", symbol=">", precedence=5)

elementwise("greater_equal", [None, None], opcode="greater_equal", symbol=">=", precedence=5)

# Written equal(a, b): `a == b` compares identity.
elementwise("equal", [None, None], opcode="equal")


def _less(a: Array, b: Array) -> Array:
    return np.less(a, b).astype(np.result_type(a, b))


def _less_as_greater(node: Expression) -> Expression:
    a, b = node.inputs
    return b > a


elementwise("less", [None, None], forward=_less, expand=_less_as_greater, symbol="<", precedence=5)


def _less_equal(a: Array, b: Array) -> Array:
    return np.less_equal(a, b).astype(np.result_type(a, b))


def _less_equal_as_greater_equal(node: Expression) -> Expression:
    a, b = node.inputs
    return b >= a


elementwise(
    "less_equal",
    [None, None],
    forward=_less_equal,
    expand=_less_equal_as_greater_equal,
    symbol="<=",
    precedence=5,
)
