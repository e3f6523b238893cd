"""The steps of a trace: forward from left to right, backward from right to left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from chainrule.graph.expression import Expression
from chainrule.graph.text import Notation, check_notation
from chainrule.graph.trace.local import Edge, Local
from chainrule.graph.trace.steps_latex import backward_latex, forward_latex
from chainrule.graph.trace.wording import in_notation, put_in, value_data, value_text

if TYPE_CHECKING:
    from chainrule.graph.trace.trace import Trace

Array = NDArray[Any]
Kind = Literal["input", "forward", "backward"]


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a trace.

    Attributes:
        kind: "input" for a value from outside, "forward" for a node's value, "backward" for a node's gradient.
        node: the node.
        label: what is computed: `u`, or `dJ/du`.
        formula: how, by labels: `a * b`, or `dJ/dv * dv/du`; empty for inputs.
        numbers: the formula with the numbers (or shapes) put in.
        value: the result, in the notation of the steps.
        details: of a backward step, its local derivatives: `du/da = b = 2`.
        latex: the whole step as LaTeX, without dollar signs.
    """

    kind: Kind
    node: Expression
    label: str
    formula: str
    numbers: str
    value: Array
    details: tuple[str, ...]
    latex: str

    @property
    def result(self) -> str:
        """The result in words: a number, a short array, or the summary of a long one."""
        return value_text(self.value)

    @property
    def text(self) -> str:
        """The step in one line: `u = a * b = 3 * 2 = 6`."""
        parts = [self.label, self.formula, self.numbers, self.result]
        return " = ".join(dict.fromkeys(part for part in parts if part))

    @property
    def data(self) -> dict[str, Any]:
        """The step as plain values for JSON; `value` is None for arrays that are not short."""
        return {
            "kind": self.kind,
            "label": self.label,
            "formula": self.formula,
            "numbers": self.numbers,
            "details": list(self.details),
            "text": self.text,
            "latex": self.latex,
            **value_data(self.value),
        }

    def __str__(self) -> str:
        return self.text


def steps_of(trace: Trace, notation: Notation) -> Iterator[Step]:
    """Yield the steps of a trace, those backward only where it has gradients."""
    check_notation(notation)
    # What comes from outside stands first, as in an exercise.
    for node in sorted(trace.shown, key=lambda node: bool(trace.local(node).inputs)):
        yield _forward(trace.local(node), trace.value(node), notation)
    if not trace.has_gradients:
        return
    parts: dict[Expression, list[Edge]] = {trace.J: []}
    for edge in trace.backward_edges:
        if edge.part is not None and trace.reached(edge.node):
            parts.setdefault(edge.source, []).append(edge)
    order = {node: place for place, node in enumerate(trace.shown)}
    # From right to left, but the inputs of one node in the order in which they are written.
    for node in sorted(parts, key=lambda node: _when(order, parts[node], node)):
        yield _backward(trace, node, parts[node], notation)


def _when(order: dict[Expression, int], edges: Sequence[Edge], node: Expression) -> tuple[int, int]:
    """A gradient is complete after its last part, which comes from the leftmost node that uses it."""
    return (-min(order[edge.node] for edge in edges) if edges else -len(order), order[node])


def _forward(local: Local, value: Array, notation: Notation) -> Step:
    formula = local.formula(notation)
    return Step(
        kind="forward" if formula else "input",
        node=local.node,
        label=local.label,
        formula=formula,
        numbers=local.numbers(notation),
        value=in_notation(value, notation),
        details=(),
        latex=forward_latex(local, value, notation),
    )


def _backward(trace: Trace, node: Expression, edges: Sequence[Edge], notation: Notation) -> Step:
    value = trace.gradient(node)
    gradients = [trace.gradient(edge.node) for edge in edges]
    return Step(
        kind="backward",
        node=node,
        label=f"d{trace.label(trace.J)}/d{trace.label(node)}",
        formula=" + ".join(_chain_formula(edge, notation) for edge in edges),
        numbers=_added([_chain_numbers(*pair, notation) for pair in zip(edges, gradients, strict=True)]),
        value=in_notation(value, notation),
        details=tuple(edge.text_in(notation) for edge in edges if edge.text and not edge.into_root),
        latex=backward_latex(trace.label(trace.J), trace.label(node), edges, gradients, value, notation),
    )


def _chain_formula(edge: Edge, notation: Notation) -> str:
    if edge.whole and edge.local is not None and not edge.into_root:
        return f"{edge.gradient.name} * {edge.name}"
    return edge.through_formula(notation)


def _chain_numbers(edge: Edge, gradient: Array, notation: Notation) -> str:
    if edge.whole and edge.local_value is not None and not edge.into_root:
        return f"{_bracketed(put_in(gradient, notation))} * {_bracketed(put_in(edge.local_value, notation))}"
    shown = edge.local if edge.into_root and edge.whole and edge.local is not None else edge.part
    assert shown is not None
    return edge.target.with_numbers(shown, {edge.gradient: gradient}, notation)


def _added(terms: Sequence[str]) -> str:
    return " + ".join([*terms[:1], *map(_bracketed, terms[1:])])


def _bracketed(number: str) -> str:
    """Put a number in brackets where a minus would follow another sign.

    >>> _bracketed("-2"), _bracketed("2")
    ('(-2)', '2')
    """
    return f"({number})" if number.startswith("-") else number
