"""A graph with numbers: every value, every local derivative, every gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.graph.draw.shown import Drawn
from chainrule.graph.expression import Expression
from chainrule.graph.text import Notation
from chainrule.graph.trace.labels import is_bookkeeping, is_shown, labels_of, seen_through
from chainrule.graph.trace.local import Edge, Local, edges_into
from chainrule.graph.value import Values, bind, count_examples, evaluate
from chainrule.graph.walk import topological

if TYPE_CHECKING:
    from chainrule.graph.draw.colors import Theme
    from chainrule.graph.draw.drawing import Drawing
    from chainrule.graph.draw.graph import Level
    from chainrule.graph.trace.check import Check
    from chainrule.graph.trace.steps import Step
    from chainrule.graph.trace.trained import Trained
    from chainrule.graph.trace.worksheet import Worksheet

Array = NDArray[Any]


def trace(
    J: Expression, values: Values | None = None, /, *, seed: int = 0, step: int = 0, **by_name: ArrayLike
) -> Trace:
    """Compute a graph in float64, exactly as it is written, and keep the value of every node.

    Args:
        J: what to compute: a cost, or any other expression.
        values: the value of each input and parameter, by node or by name. A node inside the graph may be given too:
            what it depends on is then left out.
        seed, step: the key of random numbers, for graphs with dropout.
        **by_name: more values by name.

    Returns:
        The trace; after its `backward()` it has every gradient.

    Raises:
        UserError: a missing value, a name that is not in the graph, a value of the wrong shape.

    Example:
        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> u = (a * b).named("u")
        >>> v = (u + c).named("v")
        >>> trace = cr.trace(5 * v, a=3, b=2, c=1).backward()
        >>> float(trace.value("u")), float(trace.gradient("a"))
        (6.0, 10.0)
        >>> print(trace)
        a = 3
        b = 2
        c = 1
        u = a * b = 3 * 2 = 6
        v = u + c = 6 + 1 = 7
        J = 5 * v = 5 * 7 = 35
        dJ/dJ = 1
        dJ/dv = 5
        dJ/du = dJ/dv * dv/du = 5 * 1 = 5
        dJ/dc = dJ/dv * dv/dc = 5 * 1 = 5
        dJ/da = dJ/du * du/da = 5 * 2 = 10
        dJ/db = dJ/du * du/db = 5 * 3 = 15
    """
    if not isinstance(J, Expression):
        raise UserError(f"a trace is of an expression, not of {type(J).__name__}: trace(J, a=3, b=2)")
    given = bind([J], values, by_name)
    for node in given:
        if is_bookkeeping(node):
            raise UserError(f"{node} only changes a shape: give the value of {seen_through(node)} instead")
    count = count_examples(given)
    found = evaluate([J], given, count=count, seed=seed, step=step)
    return Trace(J, {node: np.array(value) for node, value in found.items()}, frozenset(given), count)


class Trace(Drawn):
    """A graph with numbers; made by `cr.trace`.

    Attributes:
        J: the root.
        nodes: every node, inputs before the nodes that use them, as the graph is written.
        shown: the nodes that are steps of their own: no constants, no bookkeeping of shapes.
        given: the nodes whose values came from outside.
        values: the value of every node.
        count: the number of examples; None where there are none.

    Example:
        >>> import chainrule as cr
        >>> x, y = cr.variables("x y")
        >>> z = (cr.parameter("w") * x).named("z")
        >>> a = cr.sigmoid(z).named("a")
        >>> trace = cr.trace(cr.binary_cross_entropy(a, y).named("L"), w=0.0, x=2.0, y=1).backward()
        >>> [edge.formula for edge in trace.edges if edge.node is a]
        ['da/dz = a * (1 - a)']
        >>> [one.text for one in trace.trained()]
        ['dL/dz = a - y = -0.5']
    """

    def __init__(
        self, J: Expression, values: Mapping[Expression, Array], given: frozenset[Expression], count: int | None
    ) -> None:
        self.J = J
        self.given = given
        self.count = count
        self.nodes = tuple(topological([J], self._inputs))
        self.shown = tuple(node for node in self.nodes if node is J or is_shown(node))
        self.values = values
        self._labels = labels_of(self.nodes)
        self._gradients: Mapping[Expression, Array] | None = None
        for array in values.values():
            array.flags.writeable = False

    def _inputs(self, node: Expression) -> tuple[Expression, ...]:
        return () if node in self.given else node.inputs

    def find(self, node: Expression | str) -> Expression:
        """Return a node of the trace by itself or by its label.

        Raises:
            UserError: there is none, or more than one.
        """
        if isinstance(node, Expression):
            if node not in self._labels:
                raise UserError(f"{node} is not in the trace of {self.label(self.J)}")
            return node
        found = [one for one in self.shown if self._labels[one] == node]
        if not found:
            there = ", ".join(self._labels[one] for one in self.shown)
            raise UserError(f"the trace has no node {node!r}; its nodes are: {there}")
        if len(found) > 1:
            raise UserError(f"{len(found)} nodes of the trace are called {node!r}: name one by its expression")
        return found[0]

    def label(self, node: Expression | str) -> str:
        """Return the word for a node: its name, or v1, v2, ... for what has none."""
        return self._labels[self.find(node)]

    def formula(self, node: Expression | str, notation: Notation = "rows") -> str:
        """Return a node's formula by the labels of its inputs; empty for an input.

        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> cr.trace(5 * (a * b + c), a=3, b=2, c=1).formula("J")
        '5 * v2'
        """
        return self.local(self.find(node)).formula(notation)

    def value(self, node: Expression | str) -> Array:
        """Return a node's value, float64 of the node's shape (0-d for a number)."""
        return self.values[self.find(node)]

    def local(self, node: Expression) -> Local:
        """Return a node by itself, with its formula, numbers and edges."""
        return self._locals[self._seen(node)]

    def _seen(self, node: Expression) -> Expression:
        return node if node is self.J else seen_through(node)

    @cached_property
    def _locals(self) -> dict[Expression, Local]:
        return {
            node: Local(node, self._labels, self.values, self.count, leaf=node in self.given) for node in self.shown
        }

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge between shown nodes, in the order of the nodes where they end."""
        return edges_into(self._locals, self.J)

    def backward(self) -> Trace:
        """Compute the gradient of the root with respect to every node; return the trace itself.

        The chain is the one that was written. Of a root with more than one element, the sum is differentiated.
        """
        if self._gradients is None:
            self._gradients = self._chain()
        return self

    def _chain(self) -> Mapping[Expression, Array]:
        found: dict[Expression, Array] = {self.J: np.ones(self.values[self.J].shape)}
        for edge in self.backward_edges:
            if edge.node not in found or edge.part is None:
                continue
            part = edge.target.evaluate(edge.part, {edge.gradient: found[edge.node]})
            before = found.get(edge.source)
            found[edge.source] = part if before is None else before + part
        return MappingProxyType(found)

    @cached_property
    def backward_edges(self) -> tuple[Edge, ...]:
        """The edges in the order in which gradients flow: from the root to the inputs."""
        by_node: dict[Expression, list[Edge]] = {}
        for edge in self.edges:
            by_node.setdefault(edge.node, []).append(edge)
        return tuple(edge for node in reversed(self.shown) for edge in by_node.get(node, ()))

    @property
    def has_gradients(self) -> bool:
        """Whether `backward` was called."""
        return self._gradients is not None

    def gradient(self, node: Expression | str) -> Array:
        """Return dJ/d(node), of the node's shape; zeros where J has no slope in it.

        Raises:
            UserError: `backward` was not called.
        """
        found = self._seen(self.find(node))
        if self._gradients is None:
            raise UserError("the trace has no gradients yet: call trace.backward() first")
        return self._gradients.get(found, np.zeros(self.values[found].shape))

    def reached(self, node: Expression) -> bool:
        """Tell whether a gradient flows to a node."""
        return self._gradients is not None and node in self._gradients

    def steps(self, *, notation: Notation = "rows") -> Iterator[Step]:
        """Yield the forward steps from left to right and, after `backward`, the backward steps from right to left.

        Args:
            notation: "rows" (X of shape (m, n)) or "columns" (X of shape (n, m)), as many courses have it.

        Example:
            >>> import chainrule as cr
            >>> a, b = cr.variables("a b")
            >>> for step in cr.trace(a * b, a=3, b=2).backward().steps():
            ...     print(step.kind, step.text)
            input a = 3
            input b = 2
            forward J = a * b = 3 * 2 = 6
            backward dJ/dJ = 1
            backward dJ/da = b = 2
            backward dJ/db = a = 3
        """
        from chainrule.graph.trace.steps import steps_of

        return steps_of(self, notation)

    def trained(self) -> tuple[Trained, ...]:
        """Return the gradients that training takes from a rewritten, numerically sound form, beside the chain."""
        from chainrule.graph.trace.trained import trained_forms

        return trained_forms(self)

    def check(self) -> Check:
        """Compare every gradient with finite differences.

        Example:
            >>> import chainrule as cr
            >>> a, b = cr.variables("a b")
            >>> cr.trace(a * b, a=3, b=2).check().ok
            True
        """
        from chainrule.graph.trace.check import check_gradients

        return check_gradients(self.backward())

    def worksheet(self, blank: Iterable[str] | None = None, *, notation: Notation = "rows") -> Worksheet:
        """Make an exercise: the steps with chosen results left blank, and the key.

        Args:
            blank: what to leave blank: `u` for a value, `dJ/du` for a gradient, `du/da` for a local derivative;
                None for every result but the inputs.
            notation: "rows" or "columns".

        Returns:
            The worksheet: print it, and `print(worksheet.key_text)`.

        Raises:
            UserError: something to blank that is not in the trace.

        Example:
            >>> import chainrule as cr
            >>> a, b = cr.variables("a b")
            >>> worksheet = cr.trace((a * b).named("u") ** 2, a=3, b=2).backward().worksheet(["u", "dJ/da"])
            >>> print(worksheet)
            a = 3
            b = 2
            u = a * b = ______ (1)
            J = u ** 2 = 36
            du/da = b = 2
            du/db = a = 3
            dJ/dJ = 1
            dJ/du = 2 * u = 12
            dJ/da = dJ/du * du/da = ______ (2)
            dJ/db = dJ/du * du/db = 36
            >>> print(worksheet.key_text)
            (1) u = a * b = 3 * 2 = 6
            (2) dJ/da = dJ/du * du/da = 12 * 2 = 24
        """
        from chainrule.graph.trace.worksheet import worksheet_of

        return worksheet_of(self, blank, notation)

    def draw(
        self,
        *,
        level: Level = "ops",
        update: SupportsFloat | None = None,
        every_gradient: bool = False,
        notation: Notation = "rows",
        theme: Theme = "auto",
        max_nodes: SupportsIndex = 300,
    ) -> Drawing:
        """Draw the graph with its values and, after `backward`, its derivatives; notebooks show it by themselves.

        Args:
            level: "ops" (every operation) or "names" (named nodes alone, with the formulas between them).
            update: a learning rate; then each parameter shows its update by gradient descent and the arrow back.
            every_gradient: whether the gradients of data are shown too; where the graph has parameters, training
                needs only those on the way to them.
            notation: "rows" (X of shape (m, n)) or "columns" (X of shape (n, m)).
            theme: "auto" follows the page, "light" and "dark" do not.
            max_nodes: how many nodes one picture may have.

        Raises:
            UserError: more nodes than that, or an update without gradients.

        Example:
            >>> import chainrule as cr
            >>> w, x = cr.parameter("w"), cr.variable("x")
            >>> trace = cr.trace((w * x).named("z") ** 2, w=2.0, x=3.0).backward()
            >>> trace.draw(update=0.1)
            <Drawing of J = z ** 2, 4 nodes>
        """
        from chainrule.graph.draw.graph import draw_graph

        return draw_graph(
            self,
            backward=self.has_gradients,
            level=level,
            every_gradient=every_gradient,
            update=update,
            notation=notation,
            theme=theme,
            max_nodes=max_nodes,
        )

    def dot(self, *, level: Level = "ops", every_gradient: bool = False, notation: Notation = "rows") -> str:
        """Return the graph with its numbers in the DOT language, for Graphviz."""
        from chainrule.graph.draw.dot import dot_text
        from chainrule.graph.draw.graph import at_level, views_of

        graph, backward = at_level(self, level), self.has_gradients
        return dot_text(views_of(graph, backward=backward, every_gradient=every_gradient, notation=notation))

    def __str__(self) -> str:
        return "\n".join(step.text for step in self.steps())

    def __repr__(self) -> str:
        state = "with gradients" if self.has_gradients else "forward"
        return f"<Trace of {self.label(self.J)}, {len(self.shown)} nodes, {state}>"
