"""Shapes: tuples of whole numbers in which one axis may be `m`, the axis of examples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from chainrule.errors import UserError

Axis = int | Literal["m"]
Shape = tuple[Axis, ...]

M: Literal["m"] = "m"


def as_shape(shape: int | str | Iterable[int | str]) -> Shape:
    """Check a shape that a person wrote: positive whole numbers and at most one "m".

    >>> as_shape(("m", 3))
    ('m', 3)
    """
    axes = tuple(shape) if isinstance(shape, Iterable) and not isinstance(shape, str) else (shape,)
    for axis in axes:
        if axis != M and (not hasattr(axis, "__index__") or int(axis) < 1):
            raise UserError(f'shape {text(axes)}: an axis is a positive whole number or "m", not {axis!r}')
    result: Shape = tuple(M if axis == M else int(axis) for axis in axes)
    if result.count(M) > 1:
        raise UserError(f"shape {text(result)} has the axis of examples twice")
    return result


def text(shape: Sequence[object]) -> str:
    """Write a shape as people do.

    >>> text(("m", 3))
    '(m, 3)'
    """
    return "(" + ", ".join(str(axis) for axis in shape) + ("," if len(shape) == 1 else "") + ")"


def has_examples(shape: Shape) -> bool:
    """Tell whether one of the axes is that of the examples."""
    return M in shape


def concrete(shape: Shape, count: int) -> tuple[int, ...]:
    """Put the number of examples in the place of `m`."""
    return tuple(count if axis == M else axis for axis in shape)


def fixed(shape: Shape) -> tuple[int, ...]:
    """Return a shape without the axis of examples, such as a parameter's, as the whole numbers that it is.

    >>> fixed((2, 3))
    (2, 3)
    """
    return tuple(int(axis) for axis in shape)


def size(shape: Shape) -> int:
    """Multiply the known axes (the axis of examples counts as 1)."""
    return math.prod(concrete(shape, 1))


def normalise_axes(axis: int | Iterable[int] | None, rank: int) -> tuple[int, ...]:
    """Turn NumPy's way to name axes (None, -1, a tuple) into sorted positions."""
    if axis is None:
        return tuple(range(rank))
    axes = tuple(axis) if isinstance(axis, Iterable) else (axis,)
    for position in axes:
        if not hasattr(position, "__index__") or not -rank <= position < rank:
            raise UserError(f"axis {position!r} is not one of the {rank} axes")
    return tuple(sorted({int(position) % rank for position in axes}))


def broadcast(shapes: Sequence[Shape]) -> Shape | None:
    """Combine shapes by NumPy's rule; None where they do not fit or the examples would meet another axis."""
    rank = max(len(shape) for shape in shapes)
    result: list[Axis] = []
    for position in range(rank):
        axes = {shape[position - rank + len(shape)] for shape in shapes if position >= rank - len(shape)}
        axes -= {1}
        if len(axes) > 1:
            return None
        result.append(axes.pop() if axes else 1)
    return None if result.count(M) > 1 else tuple(result)
