"""The way back: every gradient as the chain rule writes it, beside the form that training computes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count

from chainrule.explain.example import Array, Example
from chainrule.explain.parts import Backward, BackwardStep, Label, TrainedForm
from chainrule.explain.prediction import label_text
from chainrule.graph.expression import PARAMETER, Expression
from chainrule.graph.latex import name_latex
from chainrule.graph.text import formula
from chainrule.graph.trace.labels import seen_through
from chainrule.graph.trace.local import Edge
from chainrule.graph.trace.steps import Step
from chainrule.graph.trace.trace import Trace, trace
from chainrule.graph.trace.wording import number_text, put_in, value_text
from chainrule.graph.walk import depending_on, topological
from chainrule.training.labels import Labels

# A matrix of one number in LaTeX.
_ONE_NUMBER = re.compile(r"\\begin\{bmatrix\} ([^&\\]*) \\end\{bmatrix\}")


def backward_part(example: Example, label: Labels, *, assumed: bool) -> Backward:
    """Walk back from the cost to the first layer.

    Args:
        example: the example.
        label: the label that the cost is of.
        assumed: whether it is the answer, for want of a label.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=80)
        >>> example = Example.of(cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2), X[0])
        >>> found = backward_part(example, example.class_label(1), assumed=False)
        >>> [step.name for step in found.steps][-3:], found.trained["dJ/dZ1"].formula
        (['dJ/db1', 'dJ/dX', 'dJ/dW1'], 'A1 - y')
    """
    traced = trace(
        example.J,
        {example.X: example.x[None], example.y: example.label_value(label), **example.parameters},
    ).backward()
    words = _Words(example, traced)
    learns = depending_on(traced.nodes, {example.X, *example.parameters})
    steps = [
        words.backward(step)
        for step in traced.steps()
        if step.kind == "backward" and step.node in learns and step.node not in words.products
    ]
    name: Label = (
        tuple(float(number) for number in label.values.ravel())
        if label.classes is None
        else label.classes[int(label.values[0])]
    )
    gradients = example.gradients(label)
    return Backward(
        label=name,
        label_text=label_text(name),
        assumed=assumed,
        inner_steps=tuple(words.inner(step) for step in traced.steps() if words.is_inner(step)),
        steps=tuple(steps),
        trained={
            form.label: TrainedForm(
                form.label,
                words.plain(form.formula),
                value_text(_bare(form.value)),
                _joined([form.label, words.plain(form.formula), value_text(_bare(form.value))]),
            )
            for form in traced.trained()
        },
        gradients={str(node.name): gradient for node, gradient in gradients.items()},
    )


class _Words:
    """Names for the inner nodes of one trace.

    A product X @ W to which b is added goes by the name of the sum Z: its gradient is the same, and the chain is
    shorter by one step a layer that says nothing. What else has no name is numbered anew: v1, v2, ...
    """

    def __init__(self, example: Example, traced: Trace) -> None:
        self._traced = traced
        self._layer = _layers_of(example, traced.nodes)
        self._of_layers = {node for layer in example.layers for node in (layer.Z, layer.A)} - {traced.J}
        self.products = {
            seen_through(layer.Z.inputs[0]): layer.Z
            for layer in example.layers
            if layer.Z is not None and "b" in layer.parameters
        }
        names = {traced.label(node): str(Z.name) for node, Z in self.products.items()}
        taken = {node.name for node in traced.shown if node.name}
        free = (word for word in (f"v{number}" for number in count(1)) if word not in taken)
        for node in traced.shown:
            if not node.name and node not in self.products:
                names[traced.label(node)] = next(free)
        self._plain = names
        self._latex = {name_latex(old): name_latex(new) for old, new in names.items()}

    def plain(self, text: str) -> str:
        """Put the names into a text."""
        return _replaced(text, self._plain)

    def is_inner(self, step: Step) -> bool:
        """Tell whether a step computes a node that the layers do not show."""
        node = step.node
        return step.kind == "forward" and node not in self.products and node not in self._of_layers

    def inner(self, step: Step) -> str:
        """Write such a step."""
        local = self._traced.local(step.node)
        numbers_by_node = {stand_in: put_in(_bare(value)) for stand_in, value in local.given.items()}
        numbers = formula(local.alone, labels=numbers_by_node)
        return _joined([*map(self.plain, (step.label, step.formula)), numbers, value_text(_bare(step.value))])

    def backward(self, step: Step) -> BackwardStep:
        """Write a step back."""
        node = step.node
        edges = [edge for edge in self._traced.backward_edges if edge.source is node and edge.part is not None]
        name, chain = self.plain(step.label), self.plain(step.formula)
        numbers = self._numbers(step, [edge for edge in edges if self._traced.reached(edge.node)])
        result = value_text(_bare(step.value))
        return BackwardStep(
            name=name,
            node=name.split("/d", 1)[1],
            layer=self._layer.get(node),
            is_parameter=node.op is PARAMETER,
            formula=chain,
            numbers=numbers,
            locals=tuple(self.plain(_local(edge)) for edge in edges if edge.text and not edge.into_root),
            result=result,
            text=_joined([name, chain, numbers, result]),
            latex=_ONE_NUMBER.sub(r"\1", _replaced(step.latex, self._latex)),
            value=step.value,
        )

    def _numbers(self, step: Step, edges: Sequence[Edge]) -> str:
        """Put numbers into the chain where each factor is one number; else the shapes."""
        factors = []
        for edge in edges:
            upper, local = self._traced.gradient(edge.node), edge.local_value
            if edge.into_root or not edge.whole or local is None or upper.size > 1 or local.size > 1:
                return step.numbers
            factors.append(" * ".join(_bracketed(number_text(float(_bare(one)))) for one in (upper, local)))
        return " + ".join(factors)


def _local(edge: Edge) -> str:
    assert edge.local_value is not None
    return _joined([edge.name, edge.local_formula(), value_text(_bare(edge.local_value))])


def _bare(array: Array) -> Array:
    """Return an array of one number as that number: the axes of one example say nothing."""
    return array.reshape(()) if array.size == 1 else array


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _joined(parts: Sequence[str]) -> str:
    return " = ".join(dict.fromkeys(part for part in parts if part))


def _replaced(text: str, names: Mapping[str, str]) -> str:
    """Replace whole names, all at once; a name in d(name) too.

    >>> _replaced("dJ/dv1 * dv1/dv2 + v12", {"v1": "Z1", "v2": "v1"})
    'dJ/dZ1 * dZ1/dv1 + v12'
    """
    if not names:
        return text
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![A-Za-z0-9_])(d?)({words})(?![A-Za-z0-9_])", lambda m: m[1] + names[m[2]], text)


def _layers_of(example: Example, nodes: Sequence[Expression]) -> dict[Expression, int | None]:
    """Number the layer of each node: the first that needs it; None for X, y and what only the loss needs."""
    found: dict[Expression, int | None] = {example.X: None, example.y: None}
    for number, layer in enumerate(example.layers, start=1):
        for node in topological([layer.A]):
            found.setdefault(node, number)
    for node in nodes:
        found.setdefault(node, None)
    return found
