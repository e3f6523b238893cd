"""Rewrites that keep the value and make it numerically sound, applied to a copy: the graph stays as written.

With a = sigmoid(z), the written loss -(y log a + (1 - y) log(1 - a)) breaks down where a rounds to 0 or 1. Its copy
becomes `logit_cross_entropy(z, y)`, exact for every logit, with the derivative a - y.

A gradient taken from the loss as written divides by a and 1 - a and multiplies with them again: see `quotients`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chainrule.graph.expression import CONSTANT, DRAW, Expression, apply, is_constant
from chainrule.graph.logits import find_cross_entropy
from chainrule.graph.ops.activation import sigmoid, softplus
from chainrule.graph.ops.elementwise import log, log1p, where
from chainrule.graph.ops.reduction import logsumexp
from chainrule.graph.ops.shape import broadcast_to, pick, reshape
from chainrule.graph.quotients import (
    cancelled,
    complemented,
    distributed,
    divided_after,
    is_quotient,
    opposite,
    quotient_of_exponentials,
)
from chainrule.graph.shapes import M, Shape
from chainrule.graph.walk import rebuild, topological

# How far into a product or a choice a logarithm is taken apart.
_DEEPEST = 6

Rule = Callable[[Expression], Expression | None]


def stable(roots: Sequence[Expression]) -> list[Expression]:
    """Return copies of the expressions in their numerically sound form.

    Example:
        >>> import chainrule as cr
        >>> z, y = cr.variables("z y")
        >>> a = cr.sigmoid(z)
        >>> L = -(y * cr.log(a) + (1 - y) * cr.log(1 - a))
        >>> print(stable([L])[0])
        logit_cross_entropy(z, y)
        >>> print(stable([cr.grad(L, z)])[0])
        (1 - y) * sigmoid(z) - y * sigmoid(-z)
    """
    copies = stable_copies(roots)
    return [copies[root] for root in roots]


def stable_copies(roots: Sequence[Expression]) -> dict[Expression, Expression]:
    """Return the numerically sound copy of every node under the roots."""
    copies = _copies(roots, _Merger(_rewritten))
    # Sums are multiplied out last: before, a product of them may lose divisors as a whole.
    multiplied_out = _copies(list(copies.values()), _Merger(_rewritten_or_distributed))
    return {node: multiplied_out[copy] for node, copy in copies.items()}


def merge_common(roots: Sequence[Expression]) -> list[Expression]:
    """Return copies in which equal subexpressions are one node.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> total = merge_common([cr.exp(x) + cr.exp(x)])[0]
        >>> total.inputs[0] is total.inputs[1]
        True
    """
    copies = _copies(roots, _Merger(lambda node: None))
    return [copies[root] for root in roots]


def _copies(roots: Sequence[Expression], merger: _Merger) -> dict[Expression, Expression]:
    done: dict[Expression, Expression] = {}
    for node in topological(roots):
        done[node] = merger.settle(rebuild(node, [done[source] for source in node.inputs]))
    return done


class _Merger:
    """Keeps one node for each operation on the same inputs, rewritten by a rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.settled: set[Expression] = set()
        self.by_structure: dict[object, Expression] = {}

    def settle(self, node: Expression) -> Expression:
        """Return the node that stands for this one; recursion ends at nodes that are settled already."""
        if node in self.settled:
            return node
        node = rebuild(node, [self.settle(source) for source in node.inputs])
        key = structure(node)
        if key not in self.by_structure:
            better = self.rule(node)
            kept = node if better is None else self.settle(better)
            self.by_structure[key] = kept
            self.settled.add(kept)
        return self.by_structure[key]


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
    better = rule(node) if rule else None
    # A one among the patterns may be an array, which would have made the result larger: then nothing is rewritten.
    return better if better is not None and better.shape == node.shape else None


def _rewritten_or_distributed(node: Expression) -> Expression | None:
    better = _rewritten(node)
    if better is None and node.op.name in {"multiply", "divide"}:
        better = distributed(node)
        return better if better is None or better.shape == node.shape else broadcast_to(better, node.shape)
    return better


def _is(node: Expression, op_name: str) -> bool:
    return node.op.name == op_name


def _other_than_one(total: Expression) -> Expression | None:
    """Return x where the sum is 1 + x or x + 1."""
    if not _is(total, "add"):
        return None
    a, b = total.inputs
    if is_constant(a, 1.0):
        return b
    return a if is_constant(b, 1.0) else None


def _log(node: Expression) -> Expression | None:
    (x,) = node.inputs
    found = None if is_constant(x) else _log_of_positive(x, _DEEPEST)
    if found is not None:
        return found
    other = _other_than_one(x)
    if other is not None:
        return log1p(other)
    if _is(x, "subtract") and is_constant(x.inputs[0], 1.0):
        return log1p(opposite(x.inputs[1]))
    return None


def _log_of_positive(x: Expression, depth: int) -> Expression | None:
    """Return log(x) without computing x, for what is positive by its form; None for anything else."""
    if depth == 0:
        return None
    if _is(x, "exp"):
        return x.inputs[0]
    if _is(x, "sigmoid"):
        return -softplus(opposite(x.inputs[0]))
    if _is(x, "softmax"):
        return x.inputs[0] - _kept_last(logsumexp(x.inputs[0]), x)
    if is_constant(x):
        return log(x) if (x.attributes["value"] > 0).all() else None
    if _is(x, "sum"):
        return _log_of_sum(x)
    if _is(x, "add"):
        other = _other_than_one(x)
        return softplus(other.inputs[0]) if other is not None and _is(other, "exp") else None
    return _log_through(x, depth)


def _log_of_sum(x: Expression) -> Expression | None:
    (terms,) = x.inputs
    if not _is(terms, "exp") or x.attributes["axes"] != (len(terms.shape) - 1,) or terms.shape[-1] == M:
        return None
    result = logsumexp(terms.inputs[0])
    return _kept_last(result, terms) if x.attributes["keepdims"] else result


def _kept_last(row: Expression, whole: Expression) -> Expression:
    return reshape(row, (*whole.shape[:-1], 1))


def _log_through(x: Expression, depth: int) -> Expression | None:
    """Take the logarithm of the inputs of an operation that passes positive numbers on."""
    how = _LOG_THROUGH.get(x.op.name)
    if how is None:
        return None
    positions = how.inputs
    logs = [_log_of_positive(x.inputs[position], depth - 1) for position in positions]
    known = [found for found in logs if found is not None]
    return how.build(x, *known) if len(known) == len(positions) else None


@dataclass(frozen=True)
class _Through:
    """Which inputs must be positive, and the logarithm of the whole from theirs."""

    inputs: tuple[int, ...]
    build: Callable[..., Expression]


_LOG_THROUGH = {
    "reshape": _Through((0,), lambda x, a: reshape(a, x.shape)),
    "transpose": _Through((0,), lambda x, a: a.T),
    "broadcast_to": _Through((0,), lambda x, a: broadcast_to(a, x.shape)),
    "pick": _Through((0,), lambda x, a: pick(a, x.inputs[1])),
    "power": _Through((0,), lambda x, a: x.inputs[1] * a),
    "multiply": _Through((0, 1), lambda x, a, b: a + b),
    "divide": _Through((0, 1), lambda x, a, b: -b if is_constant(x.inputs[0], 1.0) else a - b),
    "where": _Through((1, 2), lambda x, a, b: where(x.inputs[0], a, b)),
}


def _log1p(node: Expression) -> Expression | None:
    (x,) = node.inputs
    if _is(x, "exp"):
        return softplus(x.inputs[0])
    if _is(x, "negate") and _is(x.inputs[0], "sigmoid"):
        return -softplus(x.inputs[0].inputs[0])
    return None


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
    other = _other_than_one(b)
    if other is not None and _is(other, "exp"):
        if a is other:
            return sigmoid(other.inputs[0])
        probability = sigmoid(opposite(other.inputs[0]))
        return probability if is_constant(a, 1.0) and a.shape == () else a * probability
    found = quotient_of_exponentials(a, b)
    return cancelled(node) if found is None else found


def _power(node: Expression) -> Expression | None:
    a, b = node.inputs
    other = _other_than_one(a)
    if other is None or not _is(other, "exp") or not is_constant(b) or b.shape != ():
        return None
    probability = sigmoid(opposite(other.inputs[0]))
    return probability if is_constant(b, -1.0) else probability ** -float(b.attributes["value"])


def _multiply(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(a, -1.0):
        return opposite(b)
    return opposite(a) if is_constant(b, -1.0) else cancelled(node)


def _subtract(node: Expression) -> Expression | None:
    a, b = node.inputs
    if is_constant(a, 1.0) and _is(b, "sigmoid"):
        return sigmoid(opposite(b.inputs[0]))
    found = find_cross_entropy(a, b, -1)
    return complemented(a, b) if found is None else found


def _add(node: Expression) -> Expression | None:
    a, b = node.inputs
    return find_cross_entropy(a, b, 1)


def _negate(node: Expression) -> Expression | None:
    (a,) = node.inputs
    return a.inputs[0] if _is(a, "negate") else None


def _reshape(node: Expression) -> Expression | None:
    """Reshape before a sigmoid rather than after it, so that what follows meets the sigmoid; so for quotients."""
    (a,) = node.inputs
    if a.shape == node.shape:
        return a
    if _is(a, "reshape"):
        return reshape(a.inputs[0], node.shape)
    if a.op.name in _RESHAPED_BEFORE:
        return apply(a.op.name, reshape(a.inputs[0], node.shape))
    return _reshaped_quotient(a, node.shape) if is_quotient(a) else None


def _reshaped_quotient(a: Expression, shape: Shape) -> Expression | None:
    """Reshape the divisors too, so that they meet the factors that cancel them."""
    if any(source.shape not in {(), a.shape} for source in a.inputs):
        return None
    return rebuild(a, [source if source.shape == () else reshape(source, shape) for source in a.inputs])


def _transpose(node: Expression) -> Expression | None:
    (a,) = node.inputs
    if _is(a, "transpose"):
        return a.inputs[0]
    if not is_quotient(a) or any(len(source.shape) not in {0, 2} for source in a.inputs):
        return None
    return rebuild(a, [source.T if source.shape else source for source in a.inputs])


def _sum(node: Expression) -> Expression | None:
    reshaped = _of_one_element(node)
    return divided_after(node) if reshaped is None else reshaped


def _of_one_element(node: Expression) -> Expression | None:
    """A sum or mean over axes of length 1 only reshapes."""
    (a,) = node.inputs
    return reshape(a, node.shape) if all(a.shape[axis] == 1 for axis in node.attributes["axes"]) else None


_RESHAPED_BEFORE = {"sigmoid", "softplus", "negate"}

_RULES: dict[str, Rule] = {
    "log": _log,
    "log1p": _log1p,
    "pick": _pick,
    "divide": _divide,
    "power": _power,
    "multiply": _multiply,
    "subtract": _subtract,
    "add": _add,
    "negate": _negate,
    "reshape": _reshape,
    "transpose": _transpose,
    "sum": _sum,
    "mean": _of_one_element,
}
