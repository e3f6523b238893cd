"""The scalar operations that the machine knows, each with its meaning in NumPy.

This list is the only one: the graph's elementwise operations name their opcode here, the compiler fuses chains of
them into `map` instructions, and the NumPy run calls the functions below. All work on float arrays; a comparison
gives 1.0 or 0.0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Opcode:
    """A scalar operation: its name, how many operands it takes, and its NumPy function (with `out=`)."""

    name: str
    arity: int
    numpy: Callable[..., Array]


def _sigmoid(z: Array, out: Array | None = None) -> Array:
    # exp(-z) may overflow to infinity, whose reciprocal is the right answer, 0.
    out = np.empty_like(z) if out is None else out
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    return np.reciprocal(out, out=out)


def _where(condition: Array, a: Array, b: Array, out: Array | None = None) -> Array:
    result = np.where(condition != 0, a, b)
    if out is None:
        return result
    out[...] = result
    return out


_python_erf = np.frompyfunc(math.erf, 1, 1)


def _erf(z: Array, out: Array | None = None) -> Array:
    # NumPy has no erf; the C library's, called once an element, is exact and fast enough for a reference.
    result = np.asarray(_python_erf(z)).astype(np.asarray(z).dtype)
    if out is None:
        return result
    out[...] = result
    return out


def _comparison(ufunc: np.ufunc) -> Callable[..., Array]:
    def compare(a: Array, b: Array, out: Array | None = None) -> Array:
        if out is None:
            out = np.empty(np.broadcast_shapes(np.shape(a), np.shape(b)), np.result_type(a, b))
        return ufunc(a, b, out=out)  # type: ignore[no-any-return]

    return compare


_LIST: tuple[Opcode, ...] = (
    Opcode("copy", 1, np.positive),
    Opcode("negate", 1, np.negative),
    Opcode("add", 2, np.add),
    Opcode("subtract", 2, np.subtract),
    Opcode("multiply", 2, np.multiply),
    Opcode("divide", 2, np.true_divide),
    Opcode("power", 2, np.power),
    Opcode("maximum", 2, np.maximum),
    Opcode("minimum", 2, np.minimum),
    Opcode("greater", 2, _comparison(np.greater)),
    Opcode("greater_equal", 2, _comparison(np.greater_equal)),
    Opcode("equal", 2, _comparison(np.equal)),
    Opcode("where", 3, _where),
    Opcode("absolute", 1, np.absolute),
    Opcode("sign", 1, np.sign),
    Opcode("square_root", 1, np.sqrt),
    Opcode("exp", 1, np.exp),
    Opcode("log", 1, np.log),
    Opcode("log1p", 1, np.log1p),
    Opcode("expm1", 1, np.expm1),
    Opcode("tanh", 1, np.tanh),
    Opcode("sigmoid", 1, _sigmoid),
    Opcode("erf", 1, _erf),
)

OPCODES: dict[str, Opcode] = {opcode.name: opcode for opcode in _LIST}
