"""Penalties: a price on large weights, added to the cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.graph.ops.elementwise import abs
from chainrule.graph.ops.reduction import sum


def penalised(J: Expression, weights: Sequence[Expression], *, l1: float = 0.0, l2: float = 0.0) -> Expression:
    """Return J + l2 / 2 * sum(W ** 2) + l1 * sum(abs(W)) over the weights.

    The half makes the gradient l2 * W, so that l2 is what PyTorch calls weight_decay (of SGD).

    Args:
        J: the cost, a number.
        weights: the W of each layer; biases go free.
        l1, l2: strengths, 0 or more; at 0 the term is left out.

    Returns:
        An expression; J itself where both are 0.

    Raises:
        UserError: a strength that is negative or not finite.

    Example:
        >>> import chainrule as cr
        >>> J, W = cr.variable("J"), cr.parameter("W", (3, 2))
        >>> print(penalised(J, [W], l2=0.1))
        J + 0.05 * sum(W ** 2)
    """
    for name, strength in (("l1", l1), ("l2", l2)):
        if not (math.isfinite(strength) and strength >= 0):
            raise UserError(f"{name} is the strength of a penalty, a number from 0 up; it was {strength!r}")
    for W in weights if l2 else ():
        J = J + l2 / 2 * sum(W**2)
    for W in weights if l1 else ():
        J = J + l1 * sum(abs(W))
    return J
