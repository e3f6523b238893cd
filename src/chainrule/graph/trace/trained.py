"""Where training takes a gradient from a rewritten form, such as dJ/dz = a - y, beside the chain as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from chainrule.graph.expression import Expression, variable
from chainrule.graph.gradients import gradients
from chainrule.graph.rewrite import stable_copies
from chainrule.graph.text import Notation, formula
from chainrule.graph.trace.labels import depend_on_parameters
from chainrule.graph.trace.wording import value_text
from chainrule.graph.value import evaluate
from chainrule.graph.walk import substitute, topological

if TYPE_CHECKING:
    from chainrule.graph.trace.trace import Trace

# What a rewrite adds only to move signs, factors and axes about.
_REARRANGING = {"negate", "multiply", "divide", "reshape", "transpose", "broadcast_to"}


@dataclass(frozen=True, eq=False)
class Trained:
    """A gradient in the form that training computes.

    Attributes:
        node: the node in the graph as it was written.
        label: what the gradient is called, for example `dJ/dz`.
        expression: the form itself.
        labels: the words of the nodes in it.
        value: its value.
        written_value: what the chain as written gives; where numbers round to 0 or 1 it may be off or NaN.
    """

    node: Expression
    label: str
    expression: Expression
    labels: Mapping[Expression, str]
    value: NDArray[Any]
    written_value: NDArray[Any]

    @property
    def formula(self) -> str:
        """The formula alone, for example `a - y`."""
        return self.formula_in("rows")

    def formula_in(self, notation: Notation) -> str:
        """The formula in a notation."""
        return self.labels.get(self.expression) or formula(self.expression, labels=self.labels, notation=notation)

    @property
    def text(self) -> str:
        """The formula with its value."""
        return f"{self.label} = {self.formula} = {value_text(self.value)}"


def trained_forms(trace: Trace) -> tuple[Trained, ...]:
    """Return the rewritten gradients where the rewritten part of the graph begins: of a cross-entropy, the logits.

    Example:
        >>> import chainrule as cr
        >>> x, y = cr.variables("x y")
        >>> z = (cr.parameter("w") * x).named("z")
        >>> a = cr.sigmoid(z).named("a")
        >>> L = -(y * cr.log(a) + (1 - y) * cr.log(1 - a))
        >>> trace = cr.trace(L.named("L"), w=1.0, x=2.0, y=1.0).backward()
        >>> print(trained_forms(trace)[0].text)
        dL/dz = a - y = -0.119203
    """
    trace.backward()
    cut = _cut_at_given(trace)
    J = cut[trace.J]
    copies = stable_copies([J])
    learns = depend_on_parameters(trace.nodes)
    nodes = [node for node in _where_rewritten(trace, cut, copies) if trace.reached(node) and node in learns]
    if not nodes:
        return ()
    found = gradients(copies[J], [copies[cut[node]] for node in nodes])
    # Equal parts of the graph and of the gradients become one node, so that they go by the names of the graph.
    merged = stable_copies([J, *found])
    labels = {merged[cut[node]]: trace.label(node) for node in reversed(trace.shown)}
    given = {merged[cut[node]]: trace.value(node) for node in trace.shown if not cut[node].inputs}
    results = evaluate([merged[g] for g in found], given, count=trace.count)
    root = trace.label(trace.J)
    return tuple(
        Trained(node, f"d{root}/d{trace.label(node)}", merged[g], labels, results[merged[g]], trace.gradient(node))
        for node, g in zip(nodes, found, strict=True)
    )


def _cut_at_given(trace: Trace) -> dict[Expression, Expression]:
    """Return a copy of each node of a graph that ends where values were given."""
    inner = {node: variable(trace.label(node), node.shape) for node in trace.given if node.inputs}
    return dict(zip(trace.nodes, substitute(trace.nodes, inner), strict=True))


def _where_rewritten(
    trace: Trace, cut: Mapping[Expression, Expression], copies: Mapping[Expression, Expression]
) -> list[Expression]:
    """Find the nodes on which the sound graph uses an operation that stands in for several written ones."""
    as_written = {node.op for node in topological([cut[trace.J]])}
    found = {
        source
        for node in topological([copies[cut[trace.J]]])
        if node.op not in as_written and node.op.name not in _REARRANGING
        for source in node.inputs
    }
    return [node for node in trace.shown if copies[cut[node]] in found]
