"""What the records of elementwise operations have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.op import Array, Attributes, Op, ShapeMismatch, Vjp, register
from chainrule.graph.shapes import Shape
from chainrule.opcodes import OPCODES


def elementwise(
    name: str,
    vjps: Sequence[Vjp | None],
    *,
    opcode: str | None = None,
    forward: Callable[..., Array] | None = None,
    expand: Callable[[Expression], Expression] | None = None,
    symbol: str = "",
    precedence: int = 100,
) -> Op:
    """Register an elementwise operation: one with an opcode (whose NumPy function it takes) or one that expands."""
    if opcode is not None:
        forward = OPCODES[opcode].numpy
    assert forward is not None
    assert (opcode is None) != (expand is None)
    return register(
        Op(
            name,
            _broadcast_rule(len(vjps)),
            forward,
            tuple(vjps),
            symbol=symbol,
            precedence=precedence,
            opcode=opcode,
            expand=expand,
            elementwise=True,
        )
    )


def _broadcast_rule(arity: int) -> Callable[[Sequence[Shape], Attributes], Shape]:
    def rule(inputs: Sequence[Shape], _: Attributes) -> Shape:
        if len(inputs) != arity:
            raise ShapeMismatch(f"takes {arity} inputs, not {len(inputs)}")
        result = shapes.broadcast(inputs)
        if result is None:
            raise ShapeMismatch("the shapes do not fit together, axis by axis from the right")
        return result

    return rule
