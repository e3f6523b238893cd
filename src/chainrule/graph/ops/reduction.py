"""Sums, means and maxima over axes; softmax and the logarithm of a sum of exponentials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, Operand, apply, as_expression, example_count, short
from chainrule.graph.op import Array, Attributes, Op, ShapeMismatch, register
from chainrule.graph.ops.elementwise import equal, exp, log, maximum
from chainrule.graph.ops.shape import broadcast_to, reshape, reshape_if_needed
from chainrule.graph.shapes import Axis, Shape

_LEAST = float(-np.finfo(np.float32).max)


def _reduced_shape(inputs: Sequence[Shape], attributes: Attributes) -> Shape:
    (a,) = inputs
    axes, keepdims = attributes["axes"], attributes["keepdims"]
    if any(axis >= len(a) for axis in axes):
        raise ShapeMismatch(f"there are no axes {axes}")
    return tuple(
        1 if position in axes else axis for position, axis in enumerate(a) if keepdims or position not in axes
    )


def _kept(node: Expression, a: Expression, value: Expression) -> Expression:
    """Give a reduced value its axes of length 1 back, so that it broadcasts against `a`; a number does anyway."""
    if value.shape == ():
        return value
    axes = node.attributes["axes"]
    return reshape_if_needed(value, tuple(1 if i in axes else axis for i, axis in enumerate(a.shape)))


def _spread(g: Expression, node: Expression, a: Expression) -> Expression:
    return broadcast_to(_kept(node, a, g), a.shape)


def _sum(a: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(a.sum(axis=axes, keepdims=keepdims))


register(Op("sum", _reduced_shape, _sum, (_spread,)))


def _mean(a: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(a.mean(axis=axes, keepdims=keepdims))


def _number_averaged(node: Expression) -> Operand:
    """How many elements go into each mean: a number, or one times m."""
    (a,) = node.inputs
    averaged: list[Axis] = [a.shape[axis] for axis in node.attributes["axes"]]
    known = shapes.size(tuple(averaged))
    if shapes.M not in averaged:
        return float(known)
    return example_count() if known == 1 else known * example_count()


register(
    Op(
        "mean",
        _reduced_shape,
        _mean,
        (lambda g, node, a: _spread(g / _number_averaged(node), node, a),),
        expand=lambda node: apply("sum", node.inputs[0], **node.attributes) / _number_averaged(node),
    ),
)


def _max(a: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return np.asarray(a.max(axis=axes, keepdims=keepdims))


def _max_vjp(g: Expression, node: Expression, a: Expression) -> Expression:
    # Equal maxima share the gradient evenly, as in PyTorch's amax.
    largest = equal(a, _kept(node, a, node))
    ties = apply("sum", largest, axes=node.attributes["axes"], keepdims=True)
    return largest * (_kept(node, a, g) / ties)


register(Op("max", _reduced_shape, _max, (_max_vjp,)))


def _last_axis_shape(inputs: Sequence[Shape], _: Attributes) -> Shape:
    (z,) = inputs
    if not z or z[-1] == shapes.M:
        raise ShapeMismatch("the last axis must be that of the classes")
    return z


def _row_sum(a: Expression) -> Expression:
    return sum(a, axis=-1, keepdims=True)


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _softmax_expanded(node: Expression) -> Expression:
    (z,) = node.inputs
    e = exp(z - max(z, axis=-1, keepdims=True))
    return e / _row_sum(e)


register(
    Op(
        "softmax",
        _last_axis_shape,
        _softmax,
        (lambda g, a, z: a * (g - _row_sum(g * a)),),
        expand=_softmax_expanded,
    ),
)


def _logsumexp_shape(inputs: Sequence[Shape], attributes: Attributes) -> Shape:
    return _last_axis_shape(inputs, attributes)[:-1]


def _logsumexp(z: Array) -> Array:
    largest = np.maximum(z.max(axis=-1), _LEAST)
    return np.asarray(np.log(np.exp(z - largest[..., None]).sum(axis=-1)) + largest)


def _logsumexp_expanded(node: Expression) -> Expression:
    # A row of minus infinities would give inf - inf, hence the bound.
    (z,) = node.inputs
    largest = maximum(max(z, axis=-1, keepdims=True), _LEAST)
    return reshape(log(_row_sum(exp(z - largest))) + largest, node.shape)


register(
    Op(
        "logsumexp",
        _logsumexp_shape,
        _logsumexp,
        (lambda g, node, z: reshape(g, (*g.shape, 1)) * softmax(z),),
        expand=_logsumexp_expanded,
    ),
)


def _reduce(name: str, a: Operand, axis: int | Iterable[int] | None, keepdims: bool) -> Expression:
    a = as_expression(a)
    try:
        axes = shapes.normalise_axes(axis, len(a.shape))
    except UserError as reason:
        raise UserError(f"{name}: {short(a)} of shape {shapes.text(a.shape)}: {reason}") from None
    return apply(name, a, axes=axes, keepdims=keepdims)


def sum(a: Operand, axis: int | Iterable[int] | None = None, *, keepdims: bool = False) -> Expression:
    """The sum over axes, over all of them unless said.

    Example:
        >>> import chainrule as cr
        >>> X = cr.examples("X", features=3)
        >>> cr.sum(X, axis=1).shape
        ('m',)
    """
    return _reduce("sum", a, axis, keepdims)


def mean(a: Operand, axis: int | Iterable[int] | None = None, *, keepdims: bool = False) -> Expression:
    """The mean over axes, over all of them unless said: the cost J is the mean of the losses.

    Example:
        >>> import chainrule as cr
        >>> L = cr.examples("L")
        >>> float(cr.value(cr.mean(L), L=[1.0, 2.0, 6.0]))
        3.0
    """
    return _reduce("mean", a, axis, keepdims)


def max(a: Operand, axis: int | Iterable[int] | None = None, *, keepdims: bool = False) -> Expression:
    """The largest element over axes; equal maxima share the gradient evenly.

    Example:
        >>> import chainrule as cr
        >>> A = cr.variable("A", (2, 2))
        >>> cr.value(cr.max(A, axis=1), A=[[1.0, 5.0], [4.0, 2.0]]).tolist()
        [5.0, 4.0]
    """
    return _reduce("max", a, axis, keepdims)


def softmax(z: Operand) -> Expression:
    """exp(z) divided by its sum over the last axis: probabilities of classes.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z", (2,))
        >>> cr.value(cr.softmax(z), z=[0.0, 0.0]).tolist()
        [0.5, 0.5]
    """
    return apply("softmax", z)


def logsumexp(z: Operand) -> Expression:
    """log(sum(exp(z))) over the last axis, without overflow.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z", (2,))
        >>> round(float(cr.value(cr.logsumexp(z), z=[1000.0, 1000.0])), 4)
        1000.6931
    """
    return apply("logsumexp", z)
