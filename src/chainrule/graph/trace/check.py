"""The gradients of a trace against finite differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expression
from chainrule.graph.trace.wording import number_text
from chainrule.graph.value import evaluate

if TYPE_CHECKING:
    from chainrule.graph.trace.trace import Trace

Array = NDArray[Any]

# Of a larger array, so many elements spread over it are tried.
_MOST_ELEMENTS = 16
_STEP = 1e-6
# Where the slopes to the left and to the right differ by more than this share, there is a kink.
_KINK = 1e-3
_TOLERANCE = 1e-5
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class CheckedNode:
    """A node's gradient beside finite differences.

    Attributes:
        label: what the gradient is called.
        elements: how many elements were compared.
        kinks: how many more lie on a kink (such as relu at 0), where a finite difference says nothing.
        worst: the largest difference, as a share of the gradient where that is above 1.
        allowed: how large it may be, rounding included.
    """

    label: str
    elements: int
    kinks: int
    worst: float
    allowed: float

    @property
    def ok(self) -> bool:
        """Whether they agree."""
        return self.worst <= self.allowed

    def __str__(self) -> str:
        kinks = f", {self.kinks} on a kink left out" if self.kinks else ""
        word = "agrees" if self.ok else "DIFFERS"
        return f"{self.label} {word}: {self.elements} compared{kinks}, largest difference {number_text(self.worst)}"


@dataclass(frozen=True)
class Check:
    """All gradients of a trace beside finite differences; true where all agree.

    Attributes:
        nodes: the nodes, in the order of the graph.
    """

    nodes: tuple[CheckedNode, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient agrees."""
        return all(node.ok for node in self.nodes)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return "\n".join(map(str, self.nodes))


def check_gradients(trace: Trace) -> Check:
    """Move each element of each node a little up and down, and compare the slope of the root with its gradient.

    The nodes after it are computed anew, the others keep their values. Of a root with more than one element the sum
    is taken, as `backward` does. Nodes that no gradient flows to, such as labels of classes, are left out.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x")
        >>> print(check_gradients(cr.trace(x**3, x=2.0).backward()).nodes[0].label)
        dJ/dx
    """
    checked = [node for node in trace.shown if node is not trace.J and trace.reached(node)]
    return Check(tuple(_checked(trace, node) for node in checked))


def _checked(trace: Trace, node: Expression) -> CheckedNode:
    value, gradient = trace.value(node), trace.gradient(node)
    slope = _Slope(trace, node)
    worst, allowed, compared, kinks = 0.0, _TOLERANCE, 0, 0
    chosen = np.unique(np.linspace(0, value.size - 1, min(value.size, _MOST_ELEMENTS)).round().astype(int))
    for position in chosen:
        element = gradient.flat[position]
        left, right, noise = slope.at(int(position))
        size = max(1.0, abs(left), abs(right))
        if abs(left - right) > _KINK * size + 4 * noise:
            kinks += 1
            continue
        compared += 1
        difference = abs((left + right) / 2 - element) / max(1.0, abs(element))
        worst = max(worst, difference if np.isfinite(difference) else np.inf)
        allowed = max(allowed, _TOLERANCE + noise)
    label = f"d{trace.label(trace.J)}/d{trace.label(node)}"
    return CheckedNode(label, compared, kinks, float(worst), float(allowed))


class _Slope:
    """The slope of the root in one element of a node, to the left and to the right."""

    def __init__(self, trace: Trace, node: Expression) -> None:
        self.trace, self.node = trace, node
        depends = {node}
        for one in trace.nodes:
            if one not in trace.given and any(source in depends for source in one.inputs):
                depends.add(one)
        self.fixed = {one: trace.values[one] for one in trace.nodes if one not in depends}
        self.here = self._root(trace.value(node))

    def _root(self, value: Array) -> Array:
        given = {**self.fixed, self.node: value}
        return evaluate([self.trace.J], given, count=self.trace.count)[self.trace.J]

    def at(self, position: int) -> tuple[float, float, float]:
        """Return both slopes, and how far off rounding may put them."""
        value = self.trace.value(self.node)
        step = _STEP * max(1.0, abs(float(value.flat[position])))
        up, down = value.copy(), value.copy()
        up.flat[position] += step
        down.flat[position] -= step
        above, below = self._root(up), self._root(down)
        right = float((above - self.here).sum()) / step
        left = float((self.here - below).sum()) / step
        noise = 16 * _EPSILON * float(np.abs(self.here).sum() + 1) / step
        return left, right, noise
