"""Cancelling divisors that are never 0, which the chain rule multiplies with again.

With a = sigmoid(z) and b = sigmoid(-z) = 1 - a, the derivative of the cross-entropy as written is
((1 - y) / b - y / a) * a * b, which is 0 / 0 where a or b rounds to 0. Its copy becomes (1 - y) * a - y * b. With
S = softmax(Z) and h the one-hot labels, S * (sum(h / S * S) - h / S) becomes S * sum(h) - h.

Only divisors that are positive by their form are cancelled, so the value stays what it is mathematically.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations

from chainrule.graph.expression import Expression, apply, is_constant
from chainrule.graph.ops.activation import sigmoid
from chainrule.graph.ops.reduction import softmax
from chainrule.graph.ops.shape import broadcast_to, pick, reshape
from chainrule.graph.products import Product, product, without
from chainrule.graph.shapes import M, Shape
from chainrule.graph.walk import rebuild

# How far into an expression its sign is looked for.
_DEEPEST = 6
# The elementwise operations that pass a factor on to their terms, and the positions of these.
_SUMS = {"add": (0, 1), "subtract": (0, 1), "negate": (0,), "where": (1, 2)}

_POSITIVE = {"exp", "sigmoid", "softmax", "softplus"}
_POSITIVE_THROUGH = {"reshape", "transpose", "broadcast_to", "pick", "sum", "power"}

Factors = tuple[list[Expression], list[Expression]]


def is_positive(x: Expression, depth: int = _DEEPEST) -> bool:
    """Tell whether an expression is positive by its form, whatever its inputs are."""
    if depth == 0:
        return False
    if x.op.name in _POSITIVE:
        return True
    if x.op.name in _POSITIVE_THROUGH:
        return is_positive(x.inputs[0], depth - 1)
    if x.op.name in {"add", "multiply", "divide"}:
        return all(is_positive(source, depth - 1) for source in x.inputs)
    return is_constant(x) and bool((x.attributes["value"] > 0).all())


def opposite(z: Expression) -> Expression:
    """Return -z, which is u where z is -u."""
    return z.inputs[0] if z.op.name == "negate" else -z


def cancelled(node: Expression) -> Expression | None:
    """Cancel the divisors of a product."""
    factors = product(node)
    result = _paired(factors) if factors else None
    return result if result is None or result.shape == node.shape else broadcast_to(result, node.shape)


def distributed(node: Expression) -> Expression | None:
    """Multiply the terms of a sum rather than the sum, where each that is a quotient then loses a divisor."""
    factors = product(node)
    if factors is None:
        return None
    for total in factors.above:
        others = without(factors.above, total)
        if total.op.name in _SUMS and _lose_divisors(list(_terms(total)), others):
            return _times(total, Product(factors.sign, others, factors.below).expression())
    return None


def complemented(a: Expression, b: Expression) -> Expression | None:
    """From x - x * sigmoid(z) make x * sigmoid(-z)."""
    one, other = product(a), product(b)
    if one is None or other is None or one.sign != other.sign or Counter(one.below) != Counter(other.below):
        return None
    for factor in other.above:
        if factor.op.name == "sigmoid" and Counter(without(other.above, factor)) == Counter(one.above):
            return a * sigmoid(opposite(factor.inputs[0]))
    return None


def is_quotient(node: Expression, depth: int = _DEEPEST) -> bool:
    """Tell whether there are divisors to cancel in an elementwise expression."""
    if depth == 0:
        return False
    if node.op.name == "divide" and _is_divisor(node.inputs[1]):
        return True
    positions = (0, 1) if node.op.name in {"multiply", "divide"} else _SUMS.get(node.op.name, ())
    return any(is_quotient(node.inputs[position], depth - 1) for position in positions)


def divided_after(total: Expression) -> Expression | None:
    """Divide a sum rather than its terms, by what is the same for all of them."""
    (terms,) = total.inputs
    factors = product(terms)
    if factors is None:
        return None
    kept = tuple(1 if i in total.attributes["axes"] else axis for i, axis in enumerate(terms.shape))
    same = [d for d in factors.below if _is_divisor(d) and _is_same_along(d.shape, kept)]
    if not same:
        return None
    rest = Product(factors.sign, factors.above, [d for d in factors.below if d not in same]).expression()
    if rest.shape != terms.shape:
        rest = broadcast_to(rest, terms.shape)
    result = apply("sum", rest, **total.attributes)
    for divisor in same:
        result = result / (reshape(divisor, total.shape) if divisor.shape else divisor)
    return result


def _is_same_along(shape: Shape, kept: Shape) -> bool:
    """Tell whether an array of a shape broadcasts from one of length 1 along the summed axes, or from a number."""
    return shape in {(), kept} or kept == (1,) * (len(kept) - len(shape)) + shape


def quotient_of_exponentials(a: Expression, b: Expression) -> Expression | None:
    """Find exp(z) divided by its sum over the classes, of all classes or of those picked by labels."""
    if b.op.name == "reshape" and b.inputs[0].op.name == "sum":
        total = b.inputs[0]
    elif b.op.name == "sum":
        total = b
    else:
        return None
    (terms,) = total.inputs
    if terms.op.name != "exp":
        return None
    rank, z = len(terms.shape), terms.inputs[0]
    if total.attributes["axes"] == (rank - 1,) and terms.shape[-1] != M:
        if a is terms and b.shape == (*terms.shape[:-1], 1):
            return softmax(z)
        if a is terms and rank == 1:
            return softmax(z)
        if a.op.name == "pick" and a.inputs[0] is terms and b.shape == a.shape:
            return pick(softmax(z), a.inputs[1])
    if a is terms and rank == 2 and total.attributes["axes"] == (0,) and terms.shape[0] != M:
        return softmax(z.T).T if b.shape in {terms.shape[1:], (1, *terms.shape[1:])} else None
    return None


def _is_divisor(d: Expression) -> bool:
    return not is_constant(d) and is_positive(d)


def _paired(factors: Product) -> Expression | None:
    """Replace the first pair of factors that are less together."""
    for a in factors.above:
        for b in factors.below:
            fewer = _divided(a, b, factors.above)
            if fewer is not None:
                above, below = without(factors.above, a) + fewer[0], without(factors.below, b) + fewer[1]
                return Product(factors.sign, above, below).expression()
    for a, b in permutations(factors.above, 2):
        if a.op.name == "exp" and b.op.name == "sigmoid" and _are_opposite(a.inputs[0], b.inputs[0]):
            above = [*without(without(factors.above, a), b), sigmoid(a.inputs[0])]
            return Product(factors.sign, above, factors.below).expression()
    return None


def _divided(a: Expression, b: Expression, above: Sequence[Expression]) -> Factors | None:
    """Return the factors above and below of a / b where they are simpler beside `above`, None elsewhere."""
    if a is b:
        return ([], []) if _is_divisor(b) else None
    if _is_picked(b, a, above):
        return [], []
    found = _PAIRS.get((a.op.name, b.op.name))
    return found(a, b) if found else None


def _is_picked(b: Expression, a: Expression, above: Sequence[Expression]) -> bool:
    """Tell whether b is a[y] where one_hot(y) is a factor: then a / b is 1 wherever the product is not 0."""
    if a.op.name == b.op.name == "transpose":
        return _is_picked(b.inputs[0], a.inputs[0], [f.inputs[0] for f in above if f.op.name == "transpose"])
    if b.op.name != "reshape" or b.inputs[0].op.name != "pick" or not is_positive(a):
        return False
    values, labels = b.inputs[0].inputs
    is_row = values is a and b.shape == (*labels.shape, 1)
    return is_row and any(f.op.name == "one_hot" and f.inputs[0] is labels for f in above)


def _sigmoid_by_exp(a: Expression, b: Expression) -> Factors | None:
    (z,) = a.inputs
    return ([sigmoid(opposite(z))], []) if b.inputs[0] is z else None


def _exp_by_sigmoid(a: Expression, b: Expression) -> Factors | None:
    (z,) = a.inputs
    return ([], [sigmoid(opposite(z))]) if b.inputs[0] is z else None


def _exp_by_sum(a: Expression, b: Expression) -> Factors | None:
    found = quotient_of_exponentials(a, b)
    return None if found is None else ([found], [])


def _power_by_power(a: Expression, b: Expression) -> Factors | None:
    """Divide x ** (y - 1), from the derivative of a power, by x ** y."""
    (x, less), (base, y) = a.inputs, b.inputs
    is_next = less.op.name == "subtract" and less.inputs[0] is y and is_constant(less.inputs[1], 1.0)
    return ([], [x]) if x is base and is_next and is_positive(x) else None


_PAIRS: dict[tuple[str, str], Callable[[Expression, Expression], Factors | None]] = {
    ("sigmoid", "exp"): _sigmoid_by_exp,
    ("exp", "sigmoid"): _exp_by_sigmoid,
    ("exp", "sum"): _exp_by_sum,
    ("exp", "reshape"): _exp_by_sum,
    ("power", "power"): _power_by_power,
}


def _are_opposite(a: Expression, b: Expression) -> bool:
    return any(p.op.name == "negate" and p.inputs[0] is q for p, q in ((a, b), (b, a)))


def _terms(total: Expression, depth: int = _DEEPEST) -> Iterator[Expression]:
    if total.op.name not in _SUMS or depth == 0:
        yield total
        return
    for position in _SUMS[total.op.name]:
        yield from _terms(total.inputs[position], depth - 1)


def _lose_divisors(terms: list[Expression], others: list[Expression]) -> bool:
    some = False
    for term in terms:
        factors = product(term)
        if factors is None:
            return False
        below = [b for b in factors.below if _is_divisor(b)]
        if below and not any(_divided(a, b, factors.above) for a in others for b in below):
            return False
        some = some or bool(below)
    return some


def _times(total: Expression, factor: Expression, depth: int = _DEEPEST) -> Expression:
    if is_constant(total, 0.0):
        return total
    if total.op.name not in _SUMS or depth == 0:
        return total * factor
    inputs = list(total.inputs)
    for position in _SUMS[total.op.name]:
        inputs[position] = _times(inputs[position], factor, depth - 1)
    return rebuild(total, inputs)
