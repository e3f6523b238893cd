"""A graph in which only named nodes are steps: what has no name is part of the formula of the one that uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from chainrule.graph.expression import Expression, constant
from chainrule.graph.gradients import seeded_gradients
from chainrule.graph.ops.shape import broadcast_to
from chainrule.graph.trace.graph_view import GraphView
from chainrule.graph.trace.labels import is_bookkeeping
from chainrule.graph.trace.local import Edge, Local, edges_into, spreads
from chainrule.graph.walk import substitute, topological

if TYPE_CHECKING:
    from chainrule.graph.trace.trained import Trained

Array = NDArray[Any]


class Named:
    """The named nodes of a graph, its leaves and its root.

    Args:
        graph: the graph with every operation, with numbers or without.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.graph.trace.graph_view import Formulas
        >>> w, x, b = cr.variables("w x b")
        >>> a = cr.sigmoid((w * x + b).named("z")).named("a")
        >>> graph = Named(Formulas(a))
        >>> [graph.label(node) for node in graph.shown], graph.local(a.inputs[0]).formula()
        (['w', 'x', 'b', 'z', 'a'], 'w * x + b')
        >>> [edge.formula for edge in graph.edges]
        ['dz/dw = x', 'dz/dx = w', 'dz/db = 1', 'da/dz = a * (1 - a)']
    """

    def __init__(self, graph: GraphView) -> None:
        self.graph = graph
        self.J, self.nodes, self.values = graph.J, graph.nodes, graph.values
        self.has_gradients = graph.has_gradients
        self.shown = tuple(
            node for node in graph.shown if node.name or node is graph.J or not graph.local(node).inputs
        )

    @cached_property
    def _locals(self) -> dict[Expression, Local]:
        labels = {node: self.graph.label(node) for node in self.graph.shown}
        shown, count = set(self.shown), self.graph.count
        return {
            node: _Composite(node, labels, self.values, count, leaf=not self.graph.local(node).inputs, ends=shown)
            for node in self.shown
        }

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge between named nodes."""
        return edges_into(self._locals, self.J)

    @property
    def count(self) -> int | None:
        """The number of examples."""
        return self.graph.count

    def label(self, node: Expression) -> str:
        """The word for a node."""
        return self.graph.label(node)

    def local(self, node: Expression) -> Local:
        """A node by itself."""
        return self._locals[node]

    def gradient(self, node: Expression) -> Array:
        """The gradient of the root by a node."""
        return self.graph.gradient(node)

    def trained(self) -> Sequence[Trained]:
        """The gradients that training takes from a rewritten form."""
        return self.graph.trained()


class _Composite(Local):
    """A node with everything behind it up to the nodes that are steps of their own."""

    def __init__(
        self,
        node: Expression,
        labels: Mapping[Expression, str],
        values: Mapping[Expression, Array],
        count: int | None,
        *,
        leaf: bool,
        ends: set[Expression],
    ) -> None:
        self.ends = ends
        super().__init__(node, labels, values, count, leaf=leaf)

    def _sources(self, node: Expression) -> tuple[Expression, ...]:
        behind = topological([node], self._until(node))
        return tuple(one for one in behind if one in self.ends and one is not node)

    def _until(self, node: Expression) -> Callable[[Expression], Sequence[Expression]]:
        return lambda one: () if one in self.ends and one is not node else one.inputs

    def _alone(self, stand_ins: Mapping[Expression, Expression]) -> Expression:
        alone = substitute([self.node], stand_ins, self._until(self.node))[0]
        return alone.named(self.label)

    def _edge(self, source: Expression, gradient: Expression, into_root: bool) -> Edge:
        position = self.inputs.index(source)
        stand_in, shape = self.stand_ins[position], self.node.shape
        part = seeded_gradients(self.alone, [stand_in], gradient).get(stand_in)
        whole = part is not None and (shape == () or (self._one_by_one(stand_in) and spreads(self.node, source)))
        local = None
        if whole:
            one = broadcast_to(constant(1.0), shape) if shape else constant(1.0)
            local = seeded_gradients(self.alone, [stand_in], one)[stand_in]
        return Edge(source, self, (position,), local, part, gradient, whole, into_root)

    def _one_by_one(self, stand_in: Expression) -> bool:
        """Tell whether each element of the node depends on one element of an input alone."""
        way = {stand_in}
        for node in topological([self.alone]):
            if any(one in way for one in node.inputs):
                way.add(node)
                if not (node.op.elementwise or is_bookkeeping(node)):
                    return False
        return True
