"""The buffers of a program while it is being made."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.program import Buffer, BufferKind, memory_of
from chainrule.graph.expression import CONSTANT, COUNT, EXAMPLES, Expression
from chainrule.graph.shapes import Shape, has_examples


class BufferTable:
    """Numbers buffers; a leaf of the graph has the same buffer in every entry."""

    def __init__(self, scalars: Collection[Expression]) -> None:
        self.scalars = scalars
        self.buffers: list[Buffer] = []
        self.names: dict[Expression, str] = {}
        self._leaves: dict[object, int] = {}
        self._views: dict[tuple[int, Shape], int] = {}

    def add(
        self,
        name: str,
        kind: BufferKind,
        shape: Shape,
        *,
        base: int | None = None,
        value: NDArray[Any] | None = None,
    ) -> int:
        """Append a buffer and return its number."""
        self.buffers.append(Buffer(name, kind, shape, base=base, value=value))
        return len(self.buffers) - 1

    def memory(self, at: int) -> int:
        """The buffer whose memory a buffer uses."""
        return memory_of(self.buffers, at)

    def has_view(self, at: int) -> bool:
        """Tell whether some view shows this buffer."""
        return any(buffer.base == at for buffer in self.buffers)

    def view(self, at: int, shape: Shape) -> int:
        """The same memory in another shape."""
        base = self.memory(at)
        if (base, shape) not in self._views:
            self._views[base, shape] = self.add(self.buffers[base].name, "view", shape, base=base)
        return self._views[base, shape]

    def leaf(self, node: Expression) -> int:
        """Return the buffer of a leaf."""
        key = _leaf_key(node)
        if key not in self._leaves:
            self._leaves[key] = self._add_leaf(node)
        return self._leaves[key]

    def _add_leaf(self, node: Expression) -> int:
        if node.op is CONSTANT:
            value = np.asarray(node.attributes["value"])
            return self.add("constant", "constant", node.shape, value=value)
        if node.op is COUNT:
            return self.add("m", "scalar", ())
        name = self._free_name(node.name or node.op.name)
        self.names[node] = name
        return self.add(name, self._kind(node), node.shape)

    def _kind(self, node: Expression) -> BufferKind:
        if node.op is EXAMPLES or has_examples(node.shape):
            return "data"
        return "scalar" if node in self.scalars else "state"

    def _free_name(self, name: str) -> str:
        taken = set(self.names.values()) | {"m"}
        number, free = 2, name
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        return free


def _leaf_key(node: Expression) -> object:
    if node.op is CONSTANT:
        value = node.attributes["value"]
        return ("constant", value.shape, value.tobytes())
    return "count" if node.op is COUNT else node
