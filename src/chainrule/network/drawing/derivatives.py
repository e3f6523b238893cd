"""The chain from X to J: its stages, and the derivatives between them as formulas and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.draw.fonts import plain
from chainrule.graph.expression import DRAW, Expression, variable
from chainrule.graph.gradients import gradients
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.shapes import concrete
from chainrule.graph.text import formula
from chainrule.graph.trace.labels import is_bookkeeping
from chainrule.graph.trace.trace import Trace, trace
from chainrule.graph.value import evaluate
from chainrule.graph.walk import substitute, topological
from chainrule.network.drawing.subject import LayerView, Subject
from chainrule.network.drawing.words import Words

Array = NDArray[Any]

# What gives one number an element, though not element by element as NumPy has it.
_PICKS = {"pick"}
# A longer derivative (gelu's, say) goes by its name.
_LONGEST = 64


@dataclass(frozen=True, eq=False)
class Stage:
    """One value on the way from X to J.

    Attributes:
        node: the value.
        source: the stage's input on that way.
        kind: "Z", "A", "dropout", "L" or "J".
        view: the layer that it belongs to; None for L and J.
    """

    node: Expression
    source: Expression
    kind: str
    view: LayerView | None = None


def stages_of(subject: Subject) -> list[Stage]:
    """Return the stages from left to right; the identity, and dropout that drops nothing, are none."""
    found: list[Stage] = []
    for view in subject.layers:
        if view.Z is not None:
            found.append(Stage(view.Z, view.before, "Z", view))
        source = view.before if view.Z is None else view.Z
        if view.A is not source:
            found.append(Stage(view.A, source, "A" if view.dense else "dropout", view))
    last = subject.output
    if subject.L is not None:
        found.append(Stage(subject.L, last, "L"))
        last = subject.L
    if subject.J is not None:
        found.append(Stage(subject.J, last, "J"))
    return found


class Derivatives:
    """The derivatives of one drawing, in its words.

    Args:
        subject: what is drawn; it has a cost.
        words: its words.
        labels: the words of nodes, where they are not those of the drawing.

    Raises:
        UserError: a trace without a cost.
    """

    def __init__(self, subject: Subject, words: Words, labels: dict[Expression, str] | None = None) -> None:
        if subject.J is None:
            raise UserError("gradients are of the cost J: give a trace of the cost, not of the network's output")
        self.subject, self.words, self.J = subject, words, subject.J
        self.labels = dict(words.labels if labels is None else labels)
        # The numbers of a node that draws are of no interest; that they are random is.
        self.labels |= {node: "random" for node in topological([self.J]) if node.op is DRAW}

    def name(self, node: Expression, by: Expression) -> str:
        """Return the name of a derivative, for example `dA1/dZ1`."""
        return f"d{self.labels[node]}/d{self.labels[by]}"

    def local(self, stage: Stage) -> str:
        """Return the formula of a stage's derivative by its input, element by element.

        Empty where a number depends on more than one of them, as with softmax.
        """
        if stage.kind == "Z":
            assert stage.view is not None
            assert stage.view.W is not None
            return self.labels[stage.view.W]
        found = self._local(stage)
        text = "" if found is None else self._written(found)
        return "" if len(plain(text)) > 2 * _LONGEST else text

    def local_value(self, stage: Stage) -> Array | None:
        """Return that derivative as numbers, where there are numbers."""
        found = self._local(stage)
        return None if found is None else self.evaluate(found)

    def evaluate(self, expression: Expression) -> Array | None:
        """Compute an expression of the graph's nodes, where there are numbers."""
        given = self.subject.trace
        if given is None:
            return None
        return evaluate([expression], dict(given.values), count=given.count)[expression]

    def _local(self, stage: Stage) -> Expression | None:
        if stage.kind == "J":
            return gradients(self.J, [stage.source])[0]
        if stage.kind == "Z" or not one_by_one(stage.node, stage.source):
            return None
        return gradients(sum_of(stage.node), [stage.source])[0]

    def through(self, stage: Stage) -> str:
        """Return the gradient of a stage's input by that of the stage, such as `dJ/dA1 * (A1 > 0)`."""
        if stage.kind == "J":
            return self._written(gradients(self.J, [stage.source])[0])
        local = self._local(stage)
        gradient = self._gradient(stage.node)
        if local is None or local.shape != stage.node.shape:
            return self._written(gradients(sum_of(stage.node * gradient), [stage.source])[0])
        text = self._written(gradient * local)
        return text if len(plain(text)) <= _LONGEST else f"{gradient.name} * {self.name(stage.node, stage.source)}"

    def of_parameter(self, view: LayerView, node: Expression) -> str:
        """Return the gradient of W or b by that of Z, such as `X.T @ dJ/dZ1`, and what a penalty adds."""
        assert view.Z is not None
        text = self._written(gradients(sum_of(view.Z * self._gradient(view.Z)), [node])[0])
        return text + self.penalty(node)

    def penalty(self, node: Expression) -> str:
        """Write what a penalty adds to the gradient of a parameter, such as ` + 0.02 * W1`; empty without one."""
        found = self.penalties.get(node)
        if found is None:
            return ""
        added = self._written(found)
        return f" - {added[1:]}" if added.startswith("-") else f" + {added}"

    @cached_property
    def penalties(self) -> dict[Expression, Expression]:
        """What the cost's gradient has besides the way through Z, by parameter."""
        logits = [view.Z for view in self.subject.dense if view.Z is not None]
        stand_ins = {Z: variable(str(Z.name), Z.shape) for Z in logits}
        (cut,) = substitute([self.J], stand_ins)
        left = set(topological([cut]))
        parameters = [node for view in self.subject.dense for node in (view.W, view.b)]
        nodes = [node for node in parameters if node is not None and node in left]
        return dict(zip(nodes, gradients(cut, nodes), strict=True)) if nodes else {}

    @cached_property
    def trained(self) -> dict[Expression, str]:
        """The gradients that training computes in another form than the chain's, such as `1 / m * (A2 - y)`."""
        found = self._head.trained()
        logits = {view.Z for view in self.subject.dense}
        return {one.node: self._renamed(one.expression, one.labels) for one in found if one.node in logits}

    @property
    def _head(self) -> Trace:
        """The trace; without numbers one of the end of the graph, where such forms arise."""
        if self.subject.trace is not None:
            return self.subject.trace
        last = self.subject.dense[-1].Z
        assert last is not None
        nodes = {last: np.zeros(concrete(last.shape, 1))}
        if self.subject.y is not None:
            nodes[self.subject.y] = np.zeros(concrete(self.subject.y.shape, 1))
        return trace(self.J, nodes)

    def _renamed(self, expression: Expression, labels: Any) -> str:
        by_name = {str(node.name): label for node, label in self.labels.items() if node.name}
        # What the drawing has no word for is written out.
        renamed = {node: by_name[label] for node, label in labels.items() if label in by_name}
        return self.words.typeset(formula(expression, labels=renamed, notation=self.words.notation))

    def _gradient(self, node: Expression) -> Expression:
        return variable(f"d{self.labels[self.J]}/d{self.labels[node]}", node.shape)

    def _written(self, expression: Expression) -> str:
        if expression in self.labels:
            return self.labels[expression]
        return self.words.typeset(formula(expression, labels=self.labels, notation=self.words.notation))


def one_by_one(node: Expression, source: Expression) -> bool:
    """Tell whether each element of a node depends on one element of another."""
    depends = {source}
    for one in topological([node]):
        if one is source or not any(part in depends for part in one.inputs):
            continue
        if not (one.op.elementwise or is_bookkeeping(one) or one.op.name in _PICKS):
            return False
        depends.add(one)
    return node in depends
