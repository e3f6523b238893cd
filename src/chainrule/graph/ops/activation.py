"""Activation functions. Formulas, constants and derivatives at kinks are PyTorch's."""

from __future__ import annotations

import math

import numpy as np

from chainrule.graph.expression import Expression, Operand, apply
from chainrule.graph.op import Array
from chainrule.graph.ops.building import elementwise
from chainrule.graph.ops.elementwise import abs, erf, exp, expm1, log1p, maximum, minimum, where
from chainrule.opcodes import OPCODES

elementwise("sigmoid", [lambda g, a, z: g * a * (1 - a)], opcode="sigmoid")

elementwise("tanh", [lambda g, a, z: g * (1 - a**2)], opcode="tanh")


def _relu(z: Array) -> Array:
    return np.maximum(z, 0)


elementwise(
    "relu",
    [lambda g, a, z: g * (a > 0)],
    forward=_relu,
    expand=lambda node: maximum(node.inputs[0], 0.0),
)


def _softplus(z: Array) -> Array:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


elementwise(
    "softplus",
    [lambda g, a, z: g * sigmoid(z)],
    forward=_softplus,
    expand=lambda node: maximum(node.inputs[0], 0.0) + log1p(exp(-abs(node.inputs[0]))),
)


def _silu(z: Array) -> Array:
    return z * OPCODES["sigmoid"].numpy(z)


elementwise(
    "silu",
    [lambda g, a, z: g * (sigmoid(z) + a * (1 - sigmoid(z)))],
    forward=_silu,
    expand=lambda node: node.inputs[0] * sigmoid(node.inputs[0]),
)

_SQRT_HALF = math.sqrt(0.5)
_NORMAL_DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)


def _gelu(z: Array) -> Array:
    return z * (0.5 * (1 + OPCODES["erf"].numpy(z * _SQRT_HALF)))


def _normal_cdf(z: Expression) -> Expression:
    return 0.5 * (1 + erf(z * _SQRT_HALF))


elementwise(
    "gelu",
    [lambda g, a, z: g * (_normal_cdf(z) + z * (_NORMAL_DENSITY_AT_0 * exp(-0.5 * z * z)))],
    forward=_gelu,
    expand=lambda node: node.inputs[0] * _normal_cdf(node.inputs[0]),
)


def _alpha(node: Expression) -> float:
    alpha: float = node.attributes["alpha"]
    return alpha


def _leaky_relu(z: Array, alpha: float) -> Array:
    return np.where(z > 0, z, alpha * z)


elementwise(
    "leaky_relu",
    [lambda g, a, z: g * where(z > 0, 1.0, _alpha(a))],
    forward=_leaky_relu,
    expand=lambda node: where(node.inputs[0] > 0, node.inputs[0], _alpha(node) * node.inputs[0]),
)


def _elu(z: Array, alpha: float) -> Array:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


elementwise(
    "elu",
    [lambda g, a, z: g * where(z > 0, 1.0, _alpha(a) * exp(minimum(z, 0.0)))],
    forward=_elu,
    expand=lambda node: where(
        node.inputs[0] > 0, node.inputs[0], _alpha(node) * expm1(minimum(node.inputs[0], 0.0))
    ),
)


def sigmoid(z: Operand) -> Expression:
    """1 / (1 + exp(-z)): from a real number to a probability; its derivative is a * (1 - a).

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> float(cr.value(cr.sigmoid(z), z=0.0))
        0.5
    """
    return apply("sigmoid", z)


def tanh(z: Operand) -> Expression:
    """The hyperbolic tangent, between -1 and 1; its derivative is 1 - a**2.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> print(cr.gradients(cr.tanh(z), [z])[0])
        1 - tanh(z) ** 2
    """
    return apply("tanh", z)


def relu(z: Operand) -> Expression:
    """max(z, 0); its derivative at 0 is 0.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z", (3,))
        >>> cr.value(cr.relu(z), z=[-2.0, 0.0, 3.0]).tolist()
        [0.0, 0.0, 3.0]
    """
    return apply("relu", z)


def leaky_relu(z: Operand, alpha: float = 0.01) -> Expression:
    """Z where z > 0, alpha * z elsewhere.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z", (3,))
        >>> cr.value(cr.leaky_relu(z), z=[-2.0, 0.0, 3.0]).tolist()
        [-0.02, 0.0, 3.0]
    """
    return apply("leaky_relu", z, alpha=float(alpha))


def elu(z: Operand, alpha: float = 1.0) -> Expression:
    """Z where z > 0, alpha * (exp(z) - 1) elsewhere (Clevert, Unterthiner, Hochreiter 2016).

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z", (3,))
        >>> cr.value(cr.elu(z), z=[-1.0, 0.0, 3.0]).round(2).tolist()
        [-0.63, 0.0, 3.0]
    """
    return apply("elu", z, alpha=float(alpha))


def softplus(z: Operand) -> Expression:
    """log(1 + exp(z)), a smooth relu; its derivative is sigmoid(z).

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> print(cr.gradients(cr.softplus(z), [z])[0])
        sigmoid(z)
    """
    return apply("softplus", z)


def gelu(z: Operand) -> Expression:
    """Z times the normal distribution function at z (Hendrycks, Gimpel 2016); the exact form, not the tanh one.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> round(float(cr.value(cr.gelu(z), z=1.0)), 4)
        0.8413
    """
    return apply("gelu", z)


def silu(z: Operand) -> Expression:
    """Z * sigmoid(z), also called swish.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> round(float(cr.value(cr.silu(z), z=1.0)), 4)
        0.7311
    """
    return apply("silu", z)
