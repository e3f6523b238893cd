"""Reshape, broadcasting, and indexing by integer labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, Operand, apply, constant, example_count
from chainrule.graph.op import Array, Attributes, Op, ShapeMismatch, register
from chainrule.graph.shapes import M, Shape


def _reshape_shape(inputs: Sequence[Shape], attributes: Attributes) -> Shape:
    (a,) = inputs
    shape: Shape = attributes["shape"]
    if shapes.size(a) != shapes.size(shape) or shapes.has_examples(a) != shapes.has_examples(shape):
        raise ShapeMismatch(f"does not have the number of elements of {shapes.text(shape)}")
    if shapes.has_examples(a) and _before_examples(a) != _before_examples(shape):
        raise ShapeMismatch(f"{shapes.text(shape)} would mix the examples")
    return shape


def _before_examples(shape: Shape) -> int:
    return shapes.size(shape[: shape.index(M)])


def _reshape(a: Array, shape: Shape) -> Array:
    if not shapes.has_examples(shape):
        return a.reshape(shapes.concrete(shape, 0))
    others = shapes.size(shape)
    return a.reshape(shapes.concrete(shape, a.size // others))


register(
    Op("reshape", _reshape_shape, _reshape, (lambda g, node, a: reshape(g, a.shape),)),
)


def _broadcast_to_shape(inputs: Sequence[Shape], attributes: Attributes) -> Shape:
    (a, *_) = inputs
    shape: Shape = attributes["shape"]
    if shapes.broadcast([a, shape]) != shape:
        raise ShapeMismatch(f"does not broadcast to {shapes.text(shape)}")
    return shape


def _broadcast_to(a: Array, count: Array, shape: Shape) -> Array:
    return np.broadcast_to(a, shapes.concrete(shape, int(count)))


# The second input is the number of examples: a value of its own shape may not have the axis that it gets.
register(
    Op(
        "broadcast_to",
        _broadcast_to_shape,
        _broadcast_to,
        (lambda g, node, a, count: sum_to(g, a.shape), None),
    ),
)


def _pick_shape(inputs: Sequence[Shape], _: Attributes) -> Shape:
    values, labels = inputs
    if len(values) != 2 or values[:1] != labels:
        raise ShapeMismatch("picking takes values of shape (m, k) and one label a row, shape (m,)")
    return labels


def _pick(values: Array, labels: Array) -> Array:
    return np.take_along_axis(values, _checked_labels(labels, values.shape[1])[:, None], axis=1)[:, 0]


def _checked_labels(labels: Array, classes: int) -> Array:
    whole = labels.astype(np.int64)
    wrong = (whole != labels) | (whole < 0) | (whole >= classes)
    if wrong.any():
        raise UserError(f"label {labels[wrong][0]:g} is not one of the classes 0 to {classes - 1}")
    return whole


def _pick_expanded(node: Expression) -> Expression:
    values, labels = node.inputs
    classes = values.shape[1]
    chosen = apply("equal", reshape(labels, (*labels.shape, 1)), constant(np.arange(classes)))
    return apply("sum", apply("where", chosen, values, 0.0), axes=(1,), keepdims=False)


register(
    Op(
        "pick",
        _pick_shape,
        _pick,
        (
            lambda g, node, values, labels: (
                reshape(g, (*labels.shape, 1)) * one_hot(labels, classes=values.shape[1])
            ),
            None,
        ),
        expand=_pick_expanded,
    ),
)


def _one_hot_shape(inputs: Sequence[Shape], attributes: Attributes) -> Shape:
    (labels,) = inputs
    if len(labels) != 1:
        raise ShapeMismatch("labels have one axis")
    return (*labels, attributes["classes"])


def _one_hot(labels: Array, classes: int) -> Array:
    return np.equal(_checked_labels(labels, classes)[:, None], np.arange(classes)).astype(labels.dtype)


def _one_hot_expanded(node: Expression) -> Expression:
    (labels,) = node.inputs
    return apply("equal", reshape(labels, (*labels.shape, 1)), constant(np.arange(node.shape[1])))


register(Op("one_hot", _one_hot_shape, _one_hot, (None,), expand=_one_hot_expanded))


def reshape(a: Operand, shape: int | Iterable[Any]) -> Expression:
    """The same elements, row by row, in another shape; the axis of examples keeps its place.

    Example:
        >>> import chainrule as cr
        >>> cr.reshape(cr.examples("y"), ("m", 1)).shape
        ('m', 1)
    """
    return apply("reshape", a, shape=shapes.as_shape(shape))


def broadcast_to(a: Operand, shape: int | Iterable[Any]) -> Expression:
    """Repeat along axes until the shape is `shape`.

    Example:
        >>> import chainrule as cr
        >>> b = cr.variable("b", (3,))
        >>> cr.value(cr.broadcast_to(b, (2, 3)), b=[1, 2, 3]).tolist()
        [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    """
    checked = shapes.as_shape(shape)
    count = example_count() if shapes.has_examples(checked) else constant(1)
    return apply("broadcast_to", a, count, shape=checked)


def sum_to(a: Expression, shape: Shape) -> Expression:
    """Sum over the axes along which something of `shape` was repeated to the shape of `a`."""
    if a.shape == shape:
        return a
    lead = len(a.shape) - len(shape)
    repeated = [axis for axis in range(len(a.shape)) if axis < lead or shape[axis - lead] != a.shape[axis]]
    return reshape_if_needed(apply("sum", a, axes=tuple(repeated), keepdims=False), shape)


def reshape_if_needed(a: Expression, shape: Shape) -> Expression:
    """Reshape, unless the shape is already right."""
    return a if a.shape == shape else reshape(a, shape)


def pick(values: Operand, labels: Operand) -> Expression:
    """From each row the value at its label, also written `values[labels]`.

    Args:
        values: shape (m, k).
        labels: whole numbers from 0 to k - 1, shape (m,).

    Returns:
        An expression of shape (m,).

    Example:
        >>> import chainrule as cr
        >>> A, y = cr.variable("A", ("m", 3)), cr.variable("y", "m")
        >>> cr.value(cr.pick(A, y), A=[[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], y=[2, 0]).tolist()
        [0.7, 0.5]
    """
    return apply("pick", values, labels)


def one_hot(labels: Operand, *, classes: Any) -> Expression:
    """Rows that are 1 at the label and 0 elsewhere: shape (m, classes).

    Example:
        >>> import chainrule as cr
        >>> y = cr.examples("y")
        >>> cr.value(cr.one_hot(y, classes=3), y=[2, 0]).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return apply("one_hot", labels, classes=int(classes))
