"""Rewrites that keep the value and make it numerically sound, applied to a copy: the graph stays as written.

With a = sigmoid(z), the written loss -(y log a + (1 - y) log(1 - a)) breaks down where a rounds to 0 or 1. Its copy
becomes `logit_cross_entropy(z, y)`, exact for every logit, with the derivative a - y.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chainrule.graph.expression import (
    CONSTANT,
    DRAW,
    Expression,
    apply,
    constant,
    is_constant,
    rebuild,
    topological,
)
from chainrule.graph.ops.activation import sigmoid, softplus
from chainrule.graph.ops.cross_entropy import logit_cross_entropy
from chainrule.graph.ops.elementwise import log1p
from chainrule.graph.ops.reduction import logsumexp, softmax
from chainrule.graph.ops.shape import pick, reshape

Rule = Callable[[Expression], Expression | None]


def stable(roots: Sequence[Expression]) -> list[Expression]:
    """Return copies of the expressions in their numerically sound form.

    Example:
        >>> import chainrule as cr
        >>> z, y = cr.variables("z y")
        >>> a = cr.sigmoid(z)
        >>> print(stable([-(y * cr.log(a) + (1 - y) * cr.log(1 - a))])[0])
        logit_cross_entropy(z, y)
    """
    copies = stable_copies(roots)
    return [copies[root] for root in roots]


def stable_copies(roots: Sequence[Expression]) -> dict[Expression, Expression]:
    """Return the numerically sound copy of every node under the roots."""
    done: dict[Expression, Expression] = {}
    merger = _Merger()
    for node in topological(roots):
        copy = merger.merge(rebuild(node, [done[source] for source in node.inputs]))
        while (better := _rewritten(copy)) is not None:
            copy = merger.merge(better)
        done[node] = copy
    return done


def merge_common(roots: Sequence[Expression]) -> list[Expression]:
    """Return copies in which equal subexpressions are one node.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> total = merge_common([cr.exp(x) + cr.exp(x)])[0]
        >>> total.inputs[0] is total.inputs[1]
        True
    """
    done: dict[Expression, Expression] = {}
    merger = _Merger()
    for node in topological(roots):
        done[node] = merger.merge(rebuild(node, [done[source] for source in node.inputs]))
    return [done[root] for root in roots]


class _Merger:
    """Keeps one node for each operation on the same inputs."""

    def __init__(self) -> None:
        self.kept: set[Expression] = set()
        self.by_structure: dict[object, Expression] = {}

    def merge(self, node: Expression) -> Expression:
        """Return the node that was kept for this structure; recursion ends at nodes that are kept already."""
        if node in self.kept:
            return node
        node = rebuild(node, [self.merge(source) for source in node.inputs])
        node = self.by_structure.setdefault(structure(node), node)
        self.kept.add(node)
        return node


def structure(node: Expression) -> object:
    """Return a key that two nodes share exactly if they compute the same from the same inputs."""
    if node.op is CONSTANT:
        value = node.attributes["value"]
        return (node.op.name, value.shape, value.tobytes())
    if node.op.leaf and node.op is not DRAW and node.op.name != "count":
        return node
    return (node.op.name, node.inputs, _attribute_key(node.attributes))


def _attribute_key(attributes: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(attributes.items()))


def _rewritten(node: Expression) -> Expression | None:
    rule = _RULES.get(node.op.name)
    return rule(node) if rule else None


def _is(node: Expression, op_name: str) -> bool:
    return node.op.name == op_name


def _is_one_minus(node: Expression, what: Expression) -> bool:
    return _is(node, "subtract") and is_constant(node.inputs[0], 1.0) and node.inputs[1] is what


def _softplus_of_minus(z: Expression) -> Expression:
    return softplus(z.inputs[0] if _is(z, "negate") else -z)


def _log(node: Expression) -> Expression | None:
    (x,) = node.inputs
    if _is(x, "sigmoid"):
        return -_softplus_of_minus(x.inputs[0])
    if _is(x, "softmax"):
        return x.inputs[0] - reshape(logsumexp(x.inputs[0]), (*x.shape[:-1], 1))
    if _is(x, "exp"):
        return x.inputs[0]
    if _is(x, "reshape"):
        return reshape(_log_of(x.inputs[0]), x.shape)
    if _is(x, "pick"):
        return pick(_log_of(x.inputs[0]), x.inputs[1])
    if _is(x, "add"):
        one, other = _one_first(x)
        return None if one is None else log1p(other)
    return None


def _log_of(x: Expression) -> Expression:
    return _best(apply("log", x))


def _best(node: Expression) -> Expression:
    better = _rewritten(node)
    return node if better is None else better


def _one_first(node: Expression) -> tuple[Expression | None, Expression]:
    a, b = node.inputs
    if is_constant(a, 1.0):
        return a, b
    return (b, a) if is_constant(b, 1.0) else (None, node)


def _log1p(node: Expression) -> Expression | None:
    (x,) = node.inputs
    return softplus(x.inputs[0]) if _is(x, "exp") else None


def _pick(node: Expression) -> Expression | None:
    """From `(z - r)[y]`, with r one number a row, make `z[y] - r`."""
    values, labels = node.inputs
    if _is(values, "subtract") and _is(values.inputs[1], "reshape"):
        row = values.inputs[1].inputs[0]
        if row.shape == labels.shape:
            return pick(values.inputs[0], labels) - row
    return None


def _divide(node: Expression) -> Expression | None:
    a, b = node.inputs
    if _is(b, "add"):
        one, other = _one_first(b)
        if one is not None and _is(other, "exp"):
            if is_constant(a, 1.0) and a.shape == ():
                z = other.inputs[0]
                return sigmoid(z.inputs[0] if _is(z, "negate") else -z)
            if a is other:
                return sigmoid(other.inputs[0])
    if _is(a, "exp") and _is(b, "sum") and b.inputs[0] is a and _keeps_last_axis(b):
        return softmax(a.inputs[0])
    return None


def _keeps_last_axis(total: Expression) -> bool:
    rank = len(total.inputs[0].shape)
    return bool(total.attributes["axes"] == (rank - 1,) and total.attributes["keepdims"])


def _subtract(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(a, 1.0) and a.shape == ():
        if _is(b, "sigmoid"):
            z = b.inputs[0]
            return sigmoid(z.inputs[0] if _is(z, "negate") else -z)
        if _is(b, "reshape") and _is(b.inputs[0], "sigmoid"):
            return reshape(_best(constant(1.0) - b.inputs[0]), b.shape)
    return _cross_entropy(node, second_sign=-1)


def _add(node: Expression) -> Expression | None:
    return _cross_entropy(node, second_sign=1)


def _negate(node: Expression) -> Expression | None:
    (a,) = node.inputs
    return a.inputs[0] if _is(a, "negate") else None


def _cross_entropy(node: Expression, second_sign: int) -> Expression | None:
    """Find y * softplus(-z) + (1 - y) * softplus(z), whatever the order, the signs and common factors."""
    sign_a, factors_a = _product(node.inputs[0])
    sign_b, factors_b = _product(node.inputs[1])
    if sign_a != second_sign * sign_b:
        return None
    for first, second in ((factors_a, factors_b), (factors_b, factors_a)):
        found = _logit_and_label(first, second)
        if found is not None:
            z, y, others = found
            result = logit_cross_entropy(z, y)
            for factor in others:
                result = factor * result
            return result if sign_a > 0 else -result
    return None


def _product(node: Expression) -> tuple[int, list[Expression]]:
    """Split a product into its sign and its factors."""
    if _is(node, "negate"):
        sign, factors = _product(node.inputs[0])
        return -sign, factors
    if _is(node, "multiply"):
        sign_a, factors_a = _product(node.inputs[0])
        sign_b, factors_b = _product(node.inputs[1])
        return sign_a * sign_b, factors_a + factors_b
    return 1, [node]


def _logit_and_label(
    first: list[Expression], second: list[Expression]
) -> tuple[Expression, Expression, list[Expression]] | None:
    """Match `first` = y * softplus(-z) * others and `second` = (1 - y) * softplus(z) * others."""
    for a in first:
        for b in second:
            if not (_is(a, "softplus") and _is(b, "softplus")):
                continue
            minus, z = a.inputs[0], b.inputs[0]
            if not (_is(minus, "negate") and minus.inputs[0] is z):
                continue
            rest = _label_and_others(_without(first, a), _without(second, b))
            if rest is not None:
                return (z, *rest)
    return None


def _label_and_others(
    first: list[Expression], second: list[Expression]
) -> tuple[Expression, list[Expression]] | None:
    for y in first:
        for opposite in second:
            if _is_one_minus(opposite, y) or _is_one_minus(y, opposite):
                others = _without(first, y)
                if set(others) == set(_without(second, opposite)):
                    return y, others
    return None


def _without(factors: list[Expression], one: Expression) -> list[Expression]:
    position = next(i for i, factor in enumerate(factors) if factor is one)
    return factors[:position] + factors[position + 1 :]


_RULES: dict[str, Rule] = {
    "log": _log,
    "log1p": _log1p,
    "pick": _pick,
    "divide": _divide,
    "subtract": _subtract,
    "add": _add,
    "negate": _negate,
}
