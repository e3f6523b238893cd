"""How the NumPy machine runs a map: which array each step writes, so that few are made and none too early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.program import Buffer, Map, Operand, memory_of
from chainrule.opcodes import OPCODES

Array = NDArray[Any]


class MapPlan:
    """The steps of a map as NumPy calls.

    A step writes straight to its destination where that memory is not a source of the map; otherwise into an
    array of its own, copied at the end. Steps of full size reuse the array of a step that nothing reads any more.
    """

    def __init__(self, item: Map, buffers: Sequence[Buffer]) -> None:
        self.item = item
        self.functions = [OPCODES[step.opcode].numpy for step in item.steps]
        taken = {_memory_key(buffers, at) for at in item.sources}
        self.direct = {
            step: target
            for target, (at, step) in enumerate(zip(item.destinations, item.results, strict=True))
            if _memory_key(buffers, at) not in taken
        }
        self.reuse = _reusable(item)

    def run(self, sources: Sequence[Array], targets: Sequence[Array]) -> None:
        """Compute the steps and write the destinations."""
        shape = targets[0].shape
        values: list[Array] = []
        for number, step in enumerate(self.item.steps):
            operands = [_operand(operand, sources, values, targets[0].dtype) for operand in step.operands]
            values.append(self.functions[number](*operands, out=self._out(number, values, targets, shape)))
        for target, step_number in zip(targets, self.item.results, strict=True):
            if values[step_number] is not target:
                target[...] = values[step_number]

    def _out(self, number: int, values: Sequence[Array], targets: Sequence[Array], shape: tuple[int, ...]) -> Array:
        if number in self.direct:
            return targets[self.direct[number]]
        reused = self.reuse.get(number)
        return np.empty(shape, targets[0].dtype) if reused is None else values[reused]


def _operand(operand: Operand, sources: Sequence[Array], values: Sequence[Array], dtype: np.dtype[Any]) -> Array:
    if operand.kind == "source":
        return sources[int(operand.value)]
    return values[int(operand.value)] if operand.kind == "step" else np.asarray(operand.value, dtype)


def _memory_key(buffers: Sequence[Buffer], at: int) -> tuple[str, int]:
    memory = memory_of(list(buffers), at)
    slot = buffers[memory].slot
    return ("buffer", memory) if slot is None else ("slot", slot)


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
