"""A graph as a person sees it, with numbers or without: shown nodes with labels, and the edges between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.graph.trace.labels import is_shown, labels_of
from chainrule.graph.trace.local import Edge, Local, edges_into
from chainrule.graph.walk import topological

if TYPE_CHECKING:
    from chainrule.graph.trace.trained import Trained

Array = NDArray[Any]


class GraphView(Protocol):
    """What drawings need of a graph: a `Trace` has it, and `Formulas` without numbers."""

    @property
    def J(self) -> Expression:
        """The root."""

    @property
    def nodes(self) -> tuple[Expression, ...]:
        """Every node, inputs first."""

    @property
    def shown(self) -> tuple[Expression, ...]:
        """The nodes that are steps of their own."""

    @property
    def values(self) -> Mapping[Expression, Array]:
        """The value of every node; empty without numbers."""

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge between shown nodes."""

    @property
    def count(self) -> int | None:
        """The number of examples; None where there are none, or no numbers."""

    @property
    def has_gradients(self) -> bool:
        """Whether the gradients are there as numbers."""

    def label(self, node: Expression, /) -> str:
        """The word for a node."""

    def local(self, node: Expression, /) -> Local:
        """A node by itself."""

    def gradient(self, node: Expression, /) -> Array:
        """The gradient of the root by a node."""

    def trained(self) -> Sequence[Trained]:
        """The gradients that training takes from a rewritten form."""


class Formulas:
    """A graph without numbers.

    Args:
        J: its root.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> [edge.formula for edge in Formulas(a * b).edges]
        ['dJ/da = b', 'dJ/db = a']
    """

    values: Mapping[Expression, Array] = MappingProxyType({})
    has_gradients = False
    count: int | None = None

    def __init__(self, J: Expression) -> None:
        self.J = J
        self.nodes = tuple(topological([J]))
        self.shown = tuple(node for node in self.nodes if node is J or is_shown(node))
        self._labels = labels_of(self.nodes)

    @cached_property
    def _locals(self) -> dict[Expression, Local]:
        return {node: Local(node, self._labels, self.values, None, leaf=False) for node in self.shown}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge between shown nodes."""
        return edges_into(self._locals, self.J)

    def label(self, node: Expression) -> str:
        """The word for a node."""
        return self._labels[node]

    def local(self, node: Expression) -> Local:
        """A node by itself."""
        return self._locals[node]

    def gradient(self, node: Expression) -> Array:
        """There is none without numbers."""
        raise UserError(f"{self.label(node)} has no gradient: the graph has no numbers; trace it first")

    def trained(self) -> Sequence[Trained]:
        """There are none without numbers."""
        return ()
