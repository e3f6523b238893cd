"""Finding the cross-entropy of a logit in sums of products, however a person wrote it.

The logarithms are rewritten before: log(sigmoid(z)) is -softplus(-z), log(1 - sigmoid(z)) is -softplus(z).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chainrule.graph.expression import CONSTANT, Expression, constant, is_constant
from chainrule.graph.ops.cross_entropy import logit_cross_entropy
from chainrule.graph.products import Product, product, without


def find_cross_entropy(a: Expression, b: Expression, sign: int) -> Expression | None:
    """Rewrite `a + sign * b`, where it is y * softplus(-z) + (1 - y) * softplus(z) times common factors."""
    one, other = product(a), product(b)
    if one is None or other is None or Counter(one.below) != Counter(other.below):
        return None
    other.sign *= sign
    for first, second in ((one, other), (other, one)):
        for z, ours, theirs in _softplus_pairs(first, second):
            result = _difference(z, ours, theirs, first, second)
            if result is None:
                result = _loss(z, ours, theirs, first, second)
            if result is not None:
                for divisor in one.below:
                    result = result / divisor
                return result
    return None


def _softplus_pairs(
    first: Product, second: Product
) -> Iterator[tuple[Expression, list[Expression], list[Expression]]]:
    """Give each z of which `first` has softplus(-z) and `second` softplus(z), with the other factors of both."""
    for a in first.above:
        for b in second.above:
            if a.op.name == b.op.name == "softplus":
                minus, z = a.inputs[0], b.inputs[0]
                if minus.op.name == "negate" and minus.inputs[0] is z:
                    yield z, without(first.above, a), without(second.above, b)


def _difference(
    z: Expression, ours: list[Expression], theirs: list[Expression], first: Product, second: Product
) -> Expression | None:
    """Rewrite log a - log(1 - a), which is softplus(z) - softplus(-z), as z."""
    if first.sign == second.sign or Counter(ours) != Counter(theirs):
        return None
    return _times(ours, z, second.sign)


def _loss(
    z: Expression, ours: list[Expression], theirs: list[Expression], first: Product, second: Product
) -> Expression | None:
    for y in ours:
        for opposite in theirs:
            found = _label(y, opposite)
            if found is None:
                continue
            (label, sign_of_y, sign_of_opposite), others = found, without(ours, y)
            signs_agree = first.sign * sign_of_y == second.sign * sign_of_opposite
            if signs_agree and Counter(others) == Counter(without(theirs, opposite)):
                return _times(others, logit_cross_entropy(z, label), first.sign * sign_of_y)
    return None


def _label(y: Expression, opposite: Expression) -> tuple[Expression, int, int] | None:
    """Tell the label, and with which signs the two factors are the label and one minus the label."""
    if _is_difference(opposite, 1.0, y) or _is_difference(y, 1.0, opposite) or _add_up_to_one(y, opposite):
        return y, 1, 1
    if _is_difference_to_one(opposite, y):
        return y, 1, -1
    if _is_difference_to_one(y, opposite):
        return constant(1.0) - opposite, -1, 1
    return None


def _is_difference(node: Expression, number: float, what: Expression) -> bool:
    return node.op.name == "subtract" and is_constant(node.inputs[0], number) and node.inputs[1] is what


def _is_difference_to_one(node: Expression, what: Expression) -> bool:
    return node.op.name == "subtract" and node.inputs[0] is what and is_constant(node.inputs[1], 1.0)


def _add_up_to_one(y: Expression, opposite: Expression) -> bool:
    if y.op is not CONSTANT or opposite.op is not CONSTANT or y.shape != opposite.shape:
        return False
    return bool((y.attributes["value"] + opposite.attributes["value"] == 1).all())


def _times(factors: list[Expression], result: Expression, sign: int) -> Expression:
    for factor in factors:
        result = factor * result
    return result if sign > 0 else -result
