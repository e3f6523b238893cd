"""The record of an operation: its shape rule, its value in NumPy, its derivatives and how it lowers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from chainrule.graph.shapes import Shape

if TYPE_CHECKING:
    from chainrule.graph.expression import Expression

Array = NDArray[Any]
Attributes = Mapping[str, Any]
Vjp = Callable[..., "Expression"]


@dataclass(frozen=True, eq=False)
class Op:
    """An operation.

    Attributes:
        name: the name under which it is registered and stored in files.
        shape: from the shapes of the inputs and the attributes to the shape of the result; raises
            `ShapeMismatch` where they do not fit.
        forward: from the arrays of the inputs (and the attributes as keywords) to the array of the result.
        vjps: one rule for each input, `vjp(gradient, node, *inputs)`: the gradient of the cost with respect to
            that input, given the gradient with respect to the node; None where it is zero or not defined.
        symbol: how it is written: an infix sign such as `*`, or empty for the call `name(...)`.
        precedence: how strongly an infix sign binds; calls bind most.
        opcode: for an elementwise operation, the machine's scalar operation.
        expand: for an operation without an instruction of its own, the same value from simpler operations.
        elementwise: whether inputs broadcast against each other (their gradients are then summed back).
        leaf: whether it stands for a value from outside.
    """

    name: str
    shape: Callable[[Sequence[Shape], Attributes], Shape]
    forward: Callable[..., Array]
    vjps: tuple[Vjp | None, ...] = ()
    symbol: str = ""
    precedence: int = 100
    opcode: str | None = None
    expand: Callable[[Expression], Expression] | None = None
    elementwise: bool = False
    leaf: bool = False

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


class ShapeMismatch(Exception):
    """Raised by a shape rule with the reason; turned into an error that also names the operation and its inputs."""


REGISTRY: dict[str, Op] = {}


def register(op: Op) -> Op:
    """Enter an operation into the registry, under a name that is not taken."""
    if op.name in REGISTRY:
        raise ValueError(f"operation {op.name} is registered twice")
    REGISTRY[op.name] = op
    return op
