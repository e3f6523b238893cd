"""A fused chain of elementwise operations, built node by node."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chainrule.compiler.program import Map, Operand, ScalarStep
from chainrule.compiler.sections import operands
from chainrule.graph import shapes
from chainrule.graph.expression import CONSTANT, Expression


class MapBuilder:
    """Collects the steps of a map; what comes from outside is read through the buffer that `at` gives."""

    def __init__(self, at: Callable[[Expression], int]) -> None:
        self.at = at
        self.sources: list[int] = []
        self.steps: list[ScalarStep] = []
        self.step_of: dict[Expression, int] = {}

    def add(self, node: Expression) -> None:
        """Append the step of a node, whose inputs are there already or come from outside."""
        opcode = node.op.opcode or "copy"
        self.steps.append(ScalarStep(opcode, tuple(self._operand(source) for source in operands(node))))
        self.step_of[node] = len(self.steps) - 1

    def _operand(self, source: Expression) -> Operand:
        if source in self.step_of:
            return Operand("step", self.step_of[source])
        if source.op is CONSTANT and shapes.size(source.shape) == 1:
            return Operand("number", float(source.attributes["value"].reshape(())))
        at = self.at(source)
        if at not in self.sources:
            self.sources.append(at)
        return Operand("source", self.sources.index(at))

    def finish(self, kept: Mapping[Expression, int]) -> Map:
        """Return the map that writes the kept nodes to the given buffers."""
        results = tuple(self.step_of[node] for node in kept)
        return Map(tuple(kept.values()), tuple(self.sources), tuple(self.steps), results)


def copy_map(target: int, source: int) -> Map:
    """Return the map that copies one buffer to another."""
    return Map((target,), (source,), (ScalarStep("copy", (Operand("source", 0),)),), (0,))
