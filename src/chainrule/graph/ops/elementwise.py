"""Arithmetic and elementary functions.

Each record has the vector-Jacobian products right below the forward: with J the cost, `g` is dJ/d(node), and a rule
returns dJ/d(input). Rules are expressions, so derivatives can be drawn, compiled and differentiated again.
"""

from __future__ import annotations

import math

from chainrule.graph.expression import Expression, Operand, apply, is_constant
from chainrule.graph.ops.building import elementwise

elementwise("copy", [lambda g, node, x: g], opcode="copy")

elementwise("negate", [lambda g, node, x: -g], opcode="negate", symbol="-", precedence=30)

elementwise(
    "add",
    [lambda g, node, a, b: g, lambda g, node, a, b: g],
    opcode="add",
    symbol="+",
    precedence=10,
)

elementwise(
    "subtract",
    [lambda g, node, a, b: g, lambda g, node, a, b: -g],
    opcode="subtract",
    symbol="-",
    precedence=10,
)

elementwise(
    "multiply",
    [lambda g, node, a, b: g * b, lambda g, node, a, b: g * a],
    opcode="multiply",
    symbol="*",
    precedence=20,
)

elementwise(
    "divide",
    [lambda g, node, a, b: g / b, lambda g, node, a, b: -g * node / b],
    opcode="divide",
    symbol="/",
    precedence=20,
)


def _power_by_base(g: Expression, node: Expression, a: Expression, b: Expression) -> Expression:
    if is_constant(b) and b.attributes["value"].all():
        return g * b * a ** (b - 1)
    return where(equal(b, 0.0), 0.0, g * b * a ** (b - 1))


def _power_by_exponent(g: Expression, node: Expression, a: Expression, b: Expression) -> Expression:
    # At a = 0 the power is constant for b > 0 and the logarithm infinite: the derivative is 0, as in PyTorch.
    settled = equal(a, 0.0) * (b >= 0)
    return g * where(settled, 0.0, node * log(where(settled, 1.0, a)))


elementwise("power", [_power_by_base, _power_by_exponent], opcode="power", symbol="**", precedence=40)

elementwise("exp", [lambda g, node, x: g * node], opcode="exp")

elementwise("log", [lambda g, node, x: g / x], opcode="log")

elementwise("log1p", [lambda g, node, x: g / (1 + x)], opcode="log1p")

elementwise("expm1", [lambda g, node, x: g * (node + 1)], opcode="expm1")

elementwise("sqrt", [lambda g, node, x: g / (2 * node)], opcode="square_root")

# The derivative of abs at 0 is 0, as in PyTorch.
elementwise("abs", [lambda g, node, x: g * sign(x)], opcode="absolute")

elementwise("sign", [None], opcode="sign")

elementwise("erf", [lambda g, node, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x)], opcode="erf")

# Where the two are equal, each gets half of the gradient, as in PyTorch.
elementwise(
    "maximum",
    [
        lambda g, node, a, b: g * ((a > b) + 0.5 * equal(a, b)),
        lambda g, node, a, b: g * ((b > a) + 0.5 * equal(a, b)),
    ],
    opcode="maximum",
)

elementwise(
    "minimum",
    [
        lambda g, node, a, b: g * ((b > a) + 0.5 * equal(a, b)),
        lambda g, node, a, b: g * ((a > b) + 0.5 * equal(a, b)),
    ],
    opcode="minimum",
)

elementwise(
    "where",
    [
        None,
        lambda g, node, condition, a, b: where(condition, g, 0.0),
        lambda g, node, condition, a, b: where(condition, 0.0, g),
    ],
    opcode="where",
)


def exp(x: Operand) -> Expression:
    """E to the power of x, element by element.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> print(cr.gradients(cr.exp(2 * x), [x])[0])
        2 * exp(2 * x)
    """
    return apply("exp", x)


def log(x: Operand) -> Expression:
    """The natural logarithm, element by element; d log(x)/dx = 1/x.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> print(cr.gradients(cr.log(x), [x])[0])
        1 / x
    """
    return apply("log", x)


def log1p(x: Operand) -> Expression:
    """log(1 + x), exact for small x.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.log1p(x), x=1e-20))
        1e-20
    """
    return apply("log1p", x)


def expm1(x: Operand) -> Expression:
    """exp(x) - 1, exact for small x.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.expm1(x), x=1e-20))
        1e-20
    """
    return apply("expm1", x)


def sqrt(x: Operand) -> Expression:
    """The square root, element by element.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.sqrt(x), x=9.0))
        3.0
    """
    return apply("sqrt", x)


def abs(x: Operand) -> Expression:
    """The absolute value, element by element; its derivative at 0 is 0.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.abs(x), x=-2.0))
        2.0
    """
    return apply("abs", x)


def sign(x: Operand) -> Expression:
    """-1, 0 or 1, element by element; its derivative is 0.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.sign(x), x=-2.0))
        -1.0
    """
    return apply("sign", x)


def erf(x: Operand) -> Expression:
    """The error function, element by element: 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> round(float(cr.value(cr.erf(x), x=1.0)), 4)
        0.8427
    """
    return apply("erf", x)


def power(base: Operand, exponent: Operand) -> Expression:
    """`base ** exponent`, element by element.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.power(x, 3), x=2.0))
        8.0
    """
    return apply("power", base, exponent)


def maximum(a: Operand, b: Operand) -> Expression:
    """The larger of two, element by element; at a tie each gets half of the gradient.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> float(cr.value(cr.maximum(a, b), a=2, b=5)), float(cr.value(cr.grad(cr.maximum(a, b), a), a=2, b=2))
        (5.0, 0.5)
    """
    return apply("maximum", a, b)


def minimum(a: Operand, b: Operand) -> Expression:
    """The smaller of two, element by element; at a tie each gets half of the gradient.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> float(cr.value(cr.minimum(a, b), a=2, b=5))
        2.0
    """
    return apply("minimum", a, b)


def where(condition: Operand, a: Operand, b: Operand) -> Expression:
    """`a` where the condition is not 0, `b` elsewhere, element by element.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> float(cr.value(cr.where(x > 0, x, 0.1 * x), x=-2.0))
        -0.2
    """
    return apply("where", condition, a, b)


def equal(a: Operand, b: Operand) -> Expression:
    """1 where two are equal, 0 elsewhere (`==` itself compares identity and builds no node).

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> float(cr.value(cr.equal(a, b), a=2, b=2))
        1.0
    """
    return apply("equal", a, b)
