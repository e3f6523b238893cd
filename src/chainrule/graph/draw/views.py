"""What a drawing of a graph shows of each node and each edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.graph import shapes
from chainrule.graph.draw.content import Block, Content, Line, text_block
from chainrule.graph.draw.heat import heat_map
from chainrule.graph.expression import CONSTANT, PARAMETER, Expression
from chainrule.graph.text import Notation
from chainrule.graph.trace.graph_view import GraphView
from chainrule.graph.trace.labels import depend_on_parameters
from chainrule.graph.trace.local import Edge
from chainrule.graph.trace.wording import in_notation, number_text, significant

Array = NDArray[Any]
Kind = Literal["input", "parameter", "inner", "root"]

_WIDEST_TITLE, _WIDEST_LABEL = 250.0, 190.0
_TITLE_LINES = 3
_SMALL, _DIGITS = 11.0, 4
# A gradient of more parts is not written out.
_MOST_PRODUCTS = 2


@dataclass(frozen=True, eq=False)
class NodeView:
    """What stands in the box of a node.

    Attributes:
        label: the word for it.
        kind: "input", "parameter", "inner" or "root".
        content: the lines.
        tooltip: more, for the pointer.
        updated: which block of the content says how a parameter is updated; None where none does.
    """

    label: str
    kind: Kind
    content: Content
    tooltip: str
    updated: int | None = None


@dataclass(frozen=True, eq=False)
class EdgeView:
    """What stands on an edge.

    Attributes:
        source, target: the positions of its nodes.
        content: the local derivative; no lines where none is shown.
        backward: whether a derivative flows back on it.
        tooltip: more, for the pointer.
    """

    source: int
    target: int
    content: Content
    backward: bool
    tooltip: str


class Views:
    """Puts a graph, with numbers or without, into words and small pictures.

    Args:
        graph: its shown nodes, with labels and, in a trace, numbers.
        backward: whether derivatives are shown.
        every_gradient: whether those of data are shown too, where the graph has parameters.
        update: the learning rate of an update to show; None for none.
        notation: "rows" or "columns".
    """

    def __init__(
        self, graph: GraphView, *, backward: bool, every_gradient: bool, update: float | None, notation: Notation
    ) -> None:
        self.graph, self.backward, self.update, self.notation = graph, backward, update, notation
        self.root = graph.label(graph.J)
        self.learns = set(graph.shown) if every_gradient else depend_on_parameters(graph.nodes)
        self.trained = {one.node: one for one in graph.trained()} if backward and graph.has_gradients else {}

    @cached_property
    def outgoing(self) -> dict[Expression, list[Edge]]:
        """The edges that start at each node."""
        found: dict[Expression, list[Edge]] = {}
        for edge in self.graph.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    def nodes(self) -> list[NodeView]:
        """Return what each shown node's box holds, inputs first."""
        return [self._node(node) for node in self.graph.shown]

    def edges(self) -> list[EdgeView]:
        """Return what stands on each edge."""
        places = {node: place for place, node in enumerate(self.graph.shown)}
        return [
            self._edge(edge, places[edge.source], places[edge.node], alone=len(self.outgoing[edge.source]) == 1)
            for edge in self.graph.edges
        ]

    def _node(self, node: Expression) -> NodeView:
        local = self.graph.local(node)
        formula = local.formula(self.notation)
        title = f"{local.label} = {formula}" if formula else local.label
        blocks = [text_block(Line(title, size=13.5, weight="bold").wrapped(_WIDEST_TITLE, _TITLE_LINES))]
        blocks += self._value(node)
        tooltip, updated = title, None
        if self.backward and node in self.learns:
            blocks += self._gradient(node)
            if self.update is not None and node.op is PARAMETER and self.graph.has_gradients:
                updated = len(blocks)
                blocks.append(text_block([self._updated(node)]))
        return NodeView(local.label, self._kind(node), Content(tuple(blocks)), tooltip, updated)

    def _kind(self, node: Expression) -> Kind:
        if node is self.graph.J:
            return "root"
        if node.op is PARAMETER:
            return "parameter"
        return "inner" if self.graph.local(node).inputs else "input"

    def _value(self, node: Expression) -> list[Block]:
        value = self.graph.values.get(node)
        if value is None:
            shape = node.shape[::-1] if self.notation == "columns" else node.shape
            return [text_block([Line(f"shape {shapes.text(shape)}", "soft", _SMALL)])] if shape else []
        return [self._numbers("=", in_notation(value, self.notation), "forward")]

    def _gradient(self, node: Expression) -> list[Block]:
        if not self.graph.has_gradients:
            return []
        name = f"d{self.root}/d{self.graph.label(node)}"
        products = self._products(node)
        gradient = in_notation(self.graph.gradient(node), self.notation)
        blocks = [self._numbers(f"{name} = {products} =" if products else f"{name} =", gradient, "backward")]
        if node in self.trained:
            form = self.trained[node].formula_in(self.notation)
            number = f" = {rounded(float(gradient))}" if gradient.ndim == 0 else ""
            line = Line(f"in training: {name} = {form}{number}", "backward", _SMALL)
            blocks.append(text_block([line.within(_WIDEST_TITLE)]))
        return blocks

    def _products(self, node: Expression) -> str:
        """Write what is multiplied (and added) to a gradient, where all of it is numbers: `5 * 2`."""
        edges = [edge for edge in self.outgoing.get(node, ()) if edge.part is not None]
        parts = []
        for edge in edges:
            local = edge.local_value if edge.whole and not edge.into_root else None
            if local is None or local.ndim or edge.node.shape or len(edges) > _MOST_PRODUCTS:
                return ""
            factors = (rounded(float(self.graph.gradient(edge.node))), rounded(float(local)))
            parts.append(" * ".join(f"({text})" if text.startswith("-") else text for text in factors))
        return " + ".join(parts)

    def _updated(self, node: Expression) -> Line:
        label, rate = self.graph.label(node), number_text(self.update or 0.0)
        value, gradient = self.graph.values[node], self.graph.gradient(node)
        text = f"{label} := {label} - {rate} * d{self.root}/d{label}"
        if value.ndim == 0:
            text += f" = {rounded(float(value - (self.update or 0.0) * gradient))}"
        return Line(text, "parameter", _SMALL)

    def _numbers(self, name: str, value: Array, ink: str) -> Block:
        """Write a value after its name: a number, a short array, or a picture of an array and its range."""
        if value.ndim == 0:
            return text_block([Line(f"{name} {rounded(float(value))}", ink)])
        cells = tuple(tuple(row) for row in heat_map(value)) if value.size > 1 else ()
        shape = f"shape {shapes.text(value.shape)}"
        lines = [Line(f"{name} {shape}" if name != "=" else shape, ink, _SMALL)]
        return Block((*lines, *(Line(text, ink, _SMALL) for text in _range(value))), cells)

    def _edge(self, edge: Edge, source: int, target: int, *, alone: bool) -> EdgeView:
        backward = self.backward and edge.part is not None and edge.source in self.learns
        lines = [Line(text, "backward", _SMALL).within(_WIDEST_LABEL) for text in self._local(edge, alone=alone)]
        content = Content((text_block(lines),) if backward else ())
        tooltip = f"{edge.source_label} → {edge.target.label}"
        return EdgeView(
            source, target, content, backward, f"{tooltip}: {self._whole(edge)}" if backward else tooltip
        )

    def _whole(self, edge: Edge) -> str:
        return " = ".join(self._local(edge, alone=True))

    def _local(self, edge: Edge, *, alone: bool) -> Iterator[str]:
        """Write a local derivative, or where there is none a number an element, the edge's part of the gradient."""
        if edge.local is None or not edge.whole:
            part = edge.through_formula(self.notation)
            yield f"d{self.root}/d{edge.source_label} = {part}" if alone else part
            return
        formula = edge.local_formula(self.notation)
        value = None if not self.graph.values else edge.local_value
        written = None if value is None else _in_short(in_notation(value, self.notation))
        constant = edge.local.op is CONSTANT
        first = f"{edge.name} = {written if constant and written else formula}"
        if written is None or constant or formula == written:
            yield first
        elif value is not None and value.size == 1 and len(first) + len(written) < 24:
            yield f"{first} = {written}"
        else:
            yield first
            yield f"= {written}"


def _range(value: Array) -> tuple[str, ...]:
    finite = value[np.isfinite(value)]
    if not finite.size:
        return ("no finite number",)
    low, mean, high = (rounded(float(x)) for x in (finite.min(), finite.mean(), finite.max()))
    more = () if finite.size == value.size else (f"{value.size - finite.size} not finite",)
    if low == high:
        return (f"{'each' if value.size > 1 else '='} {low}", *more)
    return (f"{low} to {high}", f"mean {mean}", *more)


def _in_short(value: Array) -> str:
    """Write the numbers of a local derivative: one number where all are alike, otherwise the range."""
    alike = value.size and (value == value.flat[0]).all()
    return rounded(float(value.flat[0])) if alike else _range(value)[0]


def rounded(value: float) -> str:
    """Write a number with at most four significant digits after its whole part.

    >>> rounded(12345.0), rounded(0.5249791), rounded(-1.904832)
    ('12345', '0.525', '-1.905')
    """
    return significant(value, _DIGITS) if abs(value) < 10**_DIGITS else number_text(value)
