"""A product, quotient or negation as one sign and lists of factors, for rules that look for pairs of factors."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.expression import Expression, constant, is_constant

# A loss that a person writes has few factors; a product of more is left as it is.
_MOST_FACTORS = 16
_LARGEST_POWER = 4


@dataclass
class Product:
    """The factors of a product, a quotient or a negation: sign * above / below."""

    sign: int
    above: list[Expression]
    below: list[Expression]

    def expression(self) -> Expression:
        """Write the product as an expression."""
        result = self.above[0] if self.above else constant(1.0)
        for factor in self.above[1:]:
            result = result * factor
        for divisor in self.below:
            result = result / divisor
        return result if self.sign > 0 else -result


def product(node: Expression) -> Product | None:
    """Take a node apart into its factors; None where they are very many."""
    result = Product(1, [], [])
    todo = [(node, True)]
    while todo:
        node, is_above = todo.pop()
        if node.op.name == "negate":
            result.sign = -result.sign
            todo.append((node.inputs[0], is_above))
        elif node.op.name in {"multiply", "divide"}:
            a, b = node.inputs
            todo += [(b, is_above == (node.op.name == "multiply")), (a, is_above)]
        elif (times := _whole_power(node)) != 0:
            todo += [(node.inputs[0], is_above == (times > 0))] * abs(times)
        elif not is_constant(node, 1.0) or node.shape != ():
            (result.above if is_above else result.below).append(node)
        if len(todo) + len(result.above) + len(result.below) > _MOST_FACTORS:
            return None
    return result


def without(factors: list[Expression], one: Expression) -> list[Expression]:
    """Leave out one occurrence of a factor."""
    position = next(i for i, factor in enumerate(factors) if factor is one)
    return factors[:position] + factors[position + 1 :]


def _whole_power(node: Expression) -> int:
    """Tell how often the base is a factor of a power: 0 unless that is a small whole number."""
    if node.op.name != "power" or not is_constant(node.inputs[1]) or node.inputs[1].shape != ():
        return 0
    exponent = float(node.inputs[1].attributes["value"])
    return int(exponent) if exponent.is_integer() and abs(exponent) <= _LARGEST_POWER else 0
