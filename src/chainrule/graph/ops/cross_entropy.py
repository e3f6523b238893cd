"""The cross-entropy of a logit: what the written form -(y log a + (1 - y) log(1 - a)) is rewritten to."""

from __future__ import annotations

import numpy as np

from chainrule.graph.expression import Expression, Operand, apply
from chainrule.graph.op import Array
from chainrule.graph.ops.activation import sigmoid
from chainrule.graph.ops.building import elementwise
from chainrule.graph.ops.elementwise import abs, exp, log1p, maximum


def _forward(z: Array, y: Array) -> Array:
    return np.asarray(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


def _expanded(node: Expression) -> Expression:
    z, y = node.inputs
    return maximum(z, 0.0) - z * y + log1p(exp(-abs(z)))


elementwise(
    "logit_cross_entropy",
    [lambda g, node, z, y: g * (sigmoid(z) - y), lambda g, node, z, y: g * -z],
    forward=_forward,
    expand=_expanded,
)


def logit_cross_entropy(z: Operand, y: Operand) -> Expression:
    """-(y log a + (1 - y) log(1 - a)) with a = sigmoid(z), exact for large logits; dL/dz = a - y.

    Args:
        z: logits.
        y: labels, 0 or 1 (or a probability), of a shape that broadcasts against z.

    Example:
        >>> import chainrule as cr
        >>> z, y = cr.variables("z y")
        >>> float(cr.value(cr.logit_cross_entropy(z, y), z=-1000.0, y=1.0))
        1000.0
        >>> print(cr.gradients(cr.logit_cross_entropy(z, y), [z])[0])
        sigmoid(z) - y
    """
    return apply("logit_cross_entropy", z, y)
