"""How the NumPy machine runs a map: which array each step writes, so that few are made and none too early."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.program import Buffer, Map, memory_key
from chainrule.opcodes import OPCODES

Array = NDArray[Any]

# Elements of a map computed at a time: the arrays of a long chain then fit the second-level cache.
_PIECE = 1 << 15


class MapPlan:
    """The steps of a map as NumPy calls.

    A step writes straight to its destination where that memory is not a source of the map; otherwise into an
    array of its own, copied at the end. Steps of full size reuse the array of a step that nothing reads any more.
    """

    def __init__(self, item: Map, buffers: Sequence[Buffer], dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.numbers = [
            np.asarray(operand.value, dtype)
            for step in item.steps
            for operand in step.operands
            if operand.kind == "number"
        ]
        self.results = item.results
        # Operands are positions in one list: the numbers, then the sources, then the value of each step.
        self.first_step = len(self.numbers) + len(item.sources)
        self.steps = self._steps(item)
        taken = {memory_key(buffers, at) for at in item.sources}
        self.direct = {
            step: target
            for target, (at, step) in enumerate(zip(item.destinations, item.results, strict=True))
            if memory_key(buffers, at) not in taken
        }
        self.reuse = {number: self.first_step + earlier for number, earlier in _reusable(item).items()}

    def _steps(self, item: Map) -> list[tuple[Callable[..., Array], list[int]]]:
        number = iter(range(len(self.numbers)))
        start = {"source": len(self.numbers), "step": self.first_step}
        return [
            (
                OPCODES[step.opcode].numpy,
                [next(number) if o.kind == "number" else start[o.kind] + int(o.value) for o in step.operands],
            )
            for step in item.steps
        ]

    def run(self, sources: Sequence[Array], targets: Sequence[Array]) -> None:
        """Compute the steps and write the destinations, in pieces that stay in the cache from step to step."""
        shape = targets[0].shape
        if targets[0].size <= 2 * _PIECE:
            self._run_piece(sources, targets)
            return
        rows = max(1, _PIECE * shape[0] // targets[0].size)
        for start in range(0, shape[0], rows):
            piece = slice(start, start + rows)
            self._run_piece(
                [array[piece] if _has_rows_of(array, shape) else array for array in sources],
                [array[piece] for array in targets],
            )

    def _run_piece(self, sources: Sequence[Array], targets: Sequence[Array]) -> None:
        values = [*self.numbers, *sources]
        for number, (function, operands) in enumerate(self.steps):
            out = self._out(number, values, targets)
            values.append(function(*[values[position] for position in operands], out=out))
        for target, step in zip(targets, self.results, strict=True):
            value = values[self.first_step + step]
            if value is not target:
                target[...] = value

    def _out(self, number: int, values: Sequence[Array], targets: Sequence[Array]) -> Array:
        if number in self.direct:
            return targets[self.direct[number]]
        if number in self.reuse:
            return values[self.reuse[number]]
        return np.empty(targets[0].shape, self.dtype)


def _has_rows_of(array: Array, shape: tuple[int, ...]) -> bool:
    return array.ndim == len(shape) and array.shape[0] == shape[0]


def _reusable(item: Map) -> dict[int, int]:
    """For each step, an earlier step whose own array it may write over, because it reads that one last."""
    last_read: dict[int, int] = {}
    for number, step in enumerate(item.steps):
        for operand in step.operands:
            if operand.kind == "step":
                last_read[int(operand.value)] = number
    reuse: dict[int, int] = {}
    for number, step in enumerate(item.steps):
        for operand in step.operands:
            dies = operand.kind == "step" and last_read[int(operand.value)] == number
            if dies and operand.value not in item.results:
                reuse[number] = int(operand.value)
    return reuse
