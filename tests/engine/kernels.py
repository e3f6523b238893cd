"""The engine's loops, one instruction set after the other, and programs of a single instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import _engine
from chainrule.compiler.program import (
    Buffer,
    Entry,
    Map,
    Operand,
    Phase,
    Program,
    Reduce,
    ScalarStep,
    Shape,
    concrete,
)
from chainrule.compiler.words import words_of

Array = NDArray[Any]

KERNELS = _engine._kernels()


def bits(array: Array) -> list[int]:
    """Return the bits of float32 numbers; all nans count as one."""
    return np.where(np.isnan(array), np.float32(np.nan), array).view(np.uint32).ravel().tolist()


def apply(opcode: str, *operands: Array, kernels: str = "", length: int | None = None) -> Array:
    """Apply a scalar operation of the engine to arrays of one size or of size 1."""
    flat = [np.ascontiguousarray(operand, np.float32).ravel() for operand in operands]
    out = np.empty(length or max(operand.size for operand in flat), np.float32)
    _engine._apply(opcode, flat, out, kernels)
    return out


class Alone:
    """An instruction in a program of its own, to run on arrays.

    Args:
        item: a map or a reduction of the buffers 0, 1, ...
        shapes: of those buffers.
    """

    def __init__(self, item: Map | Reduce, shapes: Sequence[Shape]) -> None:
        self.shapes = tuple(shapes)
        sums = {item.destination} if isinstance(item, Reduce) and item.accumulate else set()
        buffers = [_buffer(at, shape, at in sums) for at, shape in enumerate(shapes)]
        read = item.sources if isinstance(item, Map) else (item.source,)
        # A temporary may be read after it was written.
        fills = [Map((at,), (), (_ONE,), (0,)) for at in read if buffers[at].kind == "temporary"]
        section = (*fills, item)
        by_row = any("m" in shape for shape in shapes)
        entry = Entry("entry", (Phase((), section),), ()) if by_row else Entry("entry", (), section)
        self._words = words_of(Program(tuple(buffers), {"entry": entry}))
        self._number = len(fills)
        self._ready: dict[str, _engine._Instruction] = {}

    def on(self, kernels: str = "") -> _engine._Instruction:
        """Return the instruction as compiled for an instruction set."""
        if kernels not in self._ready:
            self._ready[kernels] = _engine._Instruction(*self._words, self._number, kernels)
        return self._ready[kernels]

    def empty(self, at: int, rows: int = 0) -> Array:
        """Return an array for a buffer, full of nan."""
        return np.full(concrete(self.shapes[at], rows), np.nan, np.float32)


_ONE = ScalarStep("copy", (Operand("number", 1.0),))


def _buffer(at: int, shape: Shape, is_sum: bool) -> Buffer:
    if is_sum:
        return Buffer(f"b{at}", "accumulator", shape)
    return Buffer(f"b{at}", "temporary", shape, slot=at) if "m" in shape else Buffer(f"b{at}", "state", shape)
