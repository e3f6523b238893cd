"""One node of a trace by itself: its formula, its numbers put in, and the derivatives by its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

from numpy.typing import NDArray

from chainrule.graph import shapes
from chainrule.graph.expression import Expression, constant, variable
from chainrule.graph.gradients import vector_jacobian_product
from chainrule.graph.ops.shape import broadcast_to
from chainrule.graph.rewrite import merge_common
from chainrule.graph.simplify import simplify
from chainrule.graph.text import Notation, formula
from chainrule.graph.trace.labels import is_bookkeeping, is_shown, seen_through
from chainrule.graph.trace.wording import put_in, value_text
from chainrule.graph.value import evaluate

Array = NDArray[Any]

# Each element of their inputs goes into one element of the result, so a local derivative is a number an element.
# The results of products of matrices and of softmax depend on whole rows.
_ONE_BY_ONE = {"sum", "mean", "max", "logsumexp", "pick"}


class Local:
    """A node whose inputs are replaced by variables of their labels, so that its formulas are short.

    Args:
        node: a shown node of the trace.
        labels: the word of every node.
        values: the value of every node; empty where only formulas are wanted.
        count: the number of examples, where there are any.
        leaf: whether the node's value was given, so that its inputs do not count.
    """

    def __init__(
        self,
        node: Expression,
        labels: Mapping[Expression, str],
        values: Mapping[Expression, Array],
        count: int | None,
        *,
        leaf: bool,
    ) -> None:
        self.node = node
        self.label = labels[node]
        self.count = count
        self.inputs = () if leaf else self._sources(node)
        by_source = {source: variable(labels[source], source.shape) for source in self.inputs if _seen(source)}
        self.stand_ins = tuple(by_source.get(source, source) for source in self.inputs)
        self.alone = self._alone(by_source) if self.inputs else node
        stands_for = {stand_in: source for source, stand_in in by_source.items()} | {self.alone: node}
        self.named = frozenset(stands_for)
        self.given = {stand_in: values[source] for stand_in, source in stands_for.items() if source in values}

    def _sources(self, node: Expression) -> tuple[Expression, ...]:
        return node.inputs

    def _alone(self, stand_ins: Mapping[Expression, Expression]) -> Expression:
        """The node with its inputs replaced."""
        return Expression(self.node.op, self.stand_ins, self.node.attributes, self.label)

    def formula(self, notation: Notation = "rows") -> str:
        """The node's formula by the labels of its inputs; empty for a leaf."""
        return formula(self.alone, notation=notation) if self.inputs else ""

    def numbers(self, notation: Notation = "rows") -> str:
        """The formula with the numbers put in; empty for a leaf."""
        return self.with_numbers(self.alone, {}, notation) if self.inputs else ""

    def with_numbers(self, expression: Expression, more: Mapping[Expression, Array], notation: Notation) -> str:
        """Write an expression of the node, its inputs, and perhaps of more values, with the numbers put in."""
        values = {**self.given, **more}
        labels = {stand_in: put_in(value, notation) for stand_in, value in values.items()}
        if expression is not self.alone and expression in labels:
            return labels[expression]
        return formula(expression, labels=labels, notation=notation)

    def evaluate(self, expression: Expression, more: Mapping[Expression, Array] | None = None) -> Array:
        """Compute an expression of the node, its inputs, and perhaps of more values."""
        return evaluate([expression], {**self.given, **(more or {})}, count=self.count)[expression]

    def edges(self, root: str, *, into_root: bool) -> list[Edge]:
        """Return the edges into the node: one for each different input that a person sees."""
        gradient = variable(f"d{root}/d{self.label}", self.node.shape)
        sources = [source for source in dict.fromkeys(self.inputs) if _seen(source)]
        return [self._edge(source, gradient, into_root) for source in sources]

    def _edge(self, source: Expression, gradient: Expression, into_root: bool) -> Edge:
        positions = [position for position, one in enumerate(self.inputs) if one is source]
        part = self._sum(vector_jacobian_product(self.alone, position, gradient) for position in positions)
        local = self._sum(self._derivative(position) for position in positions)
        whole = part is not None and spreads(self.node, source)
        behind = source
        while part is not None and is_bookkeeping(behind):
            whole = whole and behind.op.name != "broadcast_to"
            part = self._sum([vector_jacobian_product(behind, 0, part)])
            behind = behind.inputs[0]
        return Edge(seen_through(source), self, tuple(positions), local, part, gradient, whole, into_root)

    def _derivative(self, position: int) -> Expression | None:
        """The derivative of each element by the one element of an input that it depends on; None for others."""
        node, vjp = self.alone, self.node.op.vjps[position]
        if vjp is None or not (node.op.elementwise or node.op.name in _ONE_BY_ONE or node.shape == ()):
            return None
        one = constant(1.0) if node.op.elementwise or node.shape == () else broadcast_to(constant(1.0), node.shape)
        return vjp(one, node, *node.inputs)

    def _sum(self, parts: Iterable[Expression | None]) -> Expression | None:
        known = [part for part in parts if part is not None]
        if not known:
            return None
        # Merged first, so that a part that comes twice is written as two times it.
        return simplify([reduce(add, merge_common(known))], keep=self.named)[0]


def edges_into(locals_: Mapping[Expression, Local], J: Expression) -> tuple[Edge, ...]:
    """Return every edge between the nodes of a graph, in the order of the nodes where they end.

    Args:
        locals_: each of its shown nodes by itself, inputs first.
        J: the root.
    """
    root = locals_[J].label
    return tuple(edge for node, local in locals_.items() for edge in local.edges(root, into_root=node is J))


def _seen(source: Expression) -> bool:
    return is_shown(seen_through(source))


def spreads(node: Expression, source: Expression) -> bool:
    """Tell whether the gradient flows to the input element by element, without a sum over copies."""
    return not node.op.elementwise or _elements(source.shape) == _elements(node.shape)


def _elements(shape: shapes.Shape) -> tuple[bool, int]:
    return shapes.has_examples(shape), shapes.size(shape)


@dataclass(frozen=True, eq=False)
class Edge:
    """How a node depends on one of its inputs.

    Attributes:
        source: where the edge starts; what a person sees in the place of bookkeeping.
        target: the node where it ends, with its numbers.
        positions: which of the node's inputs it is (more than one in `a * a`).
        local: the derivative of each element of the node by the element of the input that it depends on; None for
            products of matrices and the like, and where there is no derivative.
        part: this edge's part of the gradient, in terms of the node's own; None where there is no derivative.
        gradient: the variable in `part` that stands for the node's gradient.
        whole: whether that part is the gradient times the local derivative, element by element.
        into_root: whether the node is the root, so that the local derivative is the gradient itself.
    """

    source: Expression
    target: Local
    positions: tuple[int, ...]
    local: Expression | None
    part: Expression | None
    gradient: Expression
    whole: bool
    into_root: bool

    @property
    def node(self) -> Expression:
        """The node where the edge ends."""
        return self.target.node

    @property
    def position(self) -> int:
        """The first of the node's inputs that the edge is."""
        return self.positions[0]

    @property
    def source_label(self) -> str:
        """The word for where the edge starts."""
        return str(self.target.stand_ins[self.position].name)

    @property
    def name(self) -> str:
        """The local derivative's name, for example `du/da`."""
        return f"d{self.target.label}/d{self.source_label}"

    @cached_property
    def local_value(self) -> Array | None:
        """The local derivative as numbers, which broadcast against the node or the input."""
        return None if self.local is None else self.target.evaluate(self.local)

    def local_formula(self, notation: Notation = "rows") -> str:
        """The local derivative's formula alone, for example `b`; empty where there is none."""
        return "" if self.local is None else written(self.local, notation)

    @property
    def formula(self) -> str:
        """The local derivative as a formula, for example `du/da = b`; empty where there is none."""
        return "" if self.local is None else f"{self.name} = {self.local_formula()}"

    @property
    def text(self) -> str:
        """The local derivative with its value, for example `du/da = b = 2`; empty where there is none."""
        return self.text_in("rows")

    def text_in(self, notation: Notation) -> str:
        """As `text`, in a notation."""
        if self.local_value is None:
            return ""
        parts = [self.name, self.local_formula(notation), value_text(self.local_value, notation)]
        return " = ".join(dict.fromkeys(parts))

    @property
    def through(self) -> str:
        """The edge's part of the gradient, such as `dJ/du * b` or `X.T @ dJ/dZ1`; empty where there is none."""
        return self.through_formula()

    def through_formula(self, notation: Notation = "rows") -> str:
        """As `through`, in a notation."""
        if self.part is None:
            return ""
        if self.into_root and self.whole and self.local is not None:
            return self.local_formula(notation)
        return written(self.part, notation)


def written(node: Expression, notation: Notation = "rows") -> str:
    """Write a formula; what has a name is not written out.

    >>> import chainrule as cr
    >>> a, b = cr.variables("a b")
    >>> written((a * b).named("u"))
    'u'
    """
    return node.name or formula(node, notation=notation)
