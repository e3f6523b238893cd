"""The boxes of a drawing of unrolled examples: what each says of an example, a layer, a loss or the cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.graph.expression import Expression
from chainrule.graph.text import formula
from chainrule.network.drawing.blocks import SMALL, Block, Line, equation
from chainrule.network.drawing.columns import counted, layer_titles
from chainrule.network.drawing.derivatives import Derivatives, stages_of
from chainrule.network.drawing.subject import Array, LayerView, Subject
from chainrule.network.drawing.words import Words, short

# Longer formulas are broken; that of J has more room.
_WIDEST, _WIDEST_OF_J, _WIDEST_OF_L = 190.0, 260.0, 210.0


@dataclass(frozen=True)
class Row:
    """An example.

    Attributes:
        mark: its number, or m.
        place: its place among the rows of X; None without numbers.
    """

    mark: str
    place: int | None


class ExampleBlocks:
    """The boxes of one drawing.

    Args:
        subject: what is drawn.
        words: its words.
        backward: whether gradients are shown.
        learning_rate: of the update that stands under them; None for no update.

    Raises:
        UserError: gradients of a trace that has no cost.
    """

    def __init__(
        self, subject: Subject, words: Words, *, backward: bool, learning_rate: float | None = None
    ) -> None:
        self.subject, self.words, self.learning_rate = subject, words, learning_rate
        self.derivatives = Derivatives(subject, words) if backward else None

    def name(self, node: Expression, mark: str) -> str:
        """Return what a value is called for one example, for example `a1^{(2)}` or `a^{[1](2)}`."""
        label = self.words.labels[node]
        if node is not self.subject.L:
            label = label[0].lower() + label[1:]
        return f"{label[:-1]}({mark})}}" if label.endswith("}") else f"{label}^{{({mark})}}"

    def input(self, row: Row) -> Block:
        """An example's numbers."""
        X = self.subject.X
        name = self.name(X, row.mark)
        lines = [Line(f"*{{{name}}}"), *self._value(X, row, "input"), *self._dropped(0, row)]
        return Block(lines, "input-soft", "input", name, "X")

    def parameters(self, view: LayerView) -> Block:
        """What all examples share in a layer."""
        assert view.dense is not None
        dense = view.dense
        lines = [
            Line(f"*{{{layer_titles(self.subject, view)[0][0]}}}"),
            Line(f"{counted(dense.units, 'neuron')}, {dense.activation.name}"),
        ]
        for node in (view.W, view.b):
            if node is not None:
                lines.append(Line(f"*{{{self.words.labels[node]}}} {self.words.shape(node)}", "parameter"))
        return Block(lines, "parameter-soft", "parameter", str(view.number), "parameters", "shared")

    def neurons(self, view: LayerView, row: Row) -> Block:
        """An example's z and a in a layer, and what it adds to the gradient of the weights."""
        assert view.Z is not None
        z, a = self.name(view.Z, row.mark), self.name(view.A, row.mark)
        labels = self._labels(row)
        lines = equation(z, self._formula(view.Z, labels), _WIDEST)
        if view.A is not view.Z:
            lines += equation(a, self._formula(view.A, labels), _WIDEST)
        lines += self._value(view.A, row, "forward", a)
        lines += self._dropped(view.number, row)
        if self.derivatives is not None:
            lines += self._gradient(view, row)
            lines += self._part(view, row)
        return Block(lines, "forward-soft", "forward", a, "layer")

    def loss_formula(self, L: Expression) -> Block:
        """What stands above the losses."""
        labels = self._labels(Row("i", None))
        lines = [Line("*{loss}"), *equation(labels[L], self._formula(L, labels), _WIDEST_OF_L)]
        return Block(lines, "none", "none", cls="head")

    def loss(self, L: Expression, row: Row) -> Block:
        """An example's loss and label."""
        name = self.name(L, row.mark)
        lines = [Line(f"*{{{name}}}"), *self._value(L, row, "forward")]
        y = self.subject.y
        if y is not None:
            text = self.name(y, row.mark)
            value = self.subject.value(y)
            if value is not None and row.place is not None:
                written = self._written(np.asarray(value[row.place]))[0]
                text += f" {written}" if written.startswith("=") else f" = {written}"
            lines.append(Line(text, "input", SMALL))
        return Block(lines, "forward-soft", "forward", name, "L")

    def cost(self, J: Expression, rows: Sequence[Row | None], m: int | None) -> Block:
        """The cost; `m` is the number of examples where it is known."""
        if self.is_mean:
            assert self.subject.L is not None
            last = rows[-1]
            assert last is not None
            terms = ["…" if row is None else self.name(self.subject.L, row.mark) for row in rows]
            lines = equation(
                "J", f"({' + '.join(terms)}) / {last.mark}" if len(terms) > 1 else terms[0], _WIDEST_OF_J
            )
        else:
            lines = equation("J", self.words.formula(J), _WIDEST)
        value = self.subject.value(J)
        if value is not None and value.size == 1:
            lines.append(Line(f"= {short(float(value.reshape(())))}", "forward"))
        if self.derivatives is not None and self.is_mean:
            share = "1 / m" if m is None else f"1 / {m:,} = {short(1 / m)}"
            lines.append(Line(f"dJ/dL^{{(i)}} = {share}", "backward", SMALL))
        return Block(lines, "forward-soft", "forward", "J", "J")

    @cached_property
    def is_mean(self) -> bool:
        """Whether the cost is the mean of the losses, as the graph says."""
        J, L = self.subject.J, self.subject.L
        return J is not None and L is not None and self.words.formula(J) == f"mean({self.words.labels[L]})"

    def sums(self, view: LayerView) -> Block:
        """The gradients of a layer's parameters: what the examples add, in one sum."""
        assert self.derivatives is not None
        assert view.Z is not None
        assert view.W is not None
        x, z = self.name(view.before, "i"), self.name(view.Z, "i")
        product = f"dJ/d{z} {transposed(x)}" if self.words.columns else f"{transposed(x)} dJ/d{z}"
        lines = equation(
            f"dJ/d{self.words.labels[view.W]}",
            f"Σ_{{i}} {product}{self.derivatives.penalty(view.W)}",
            _WIDEST,
            "backward",
        )
        lines += self._total(view, view.W)
        if view.b is not None:
            lines += equation(
                f"dJ/d{self.words.labels[view.b]}",
                f"Σ_{{i}} dJ/d{z}{self.derivatives.penalty(view.b)}",
                _WIDEST,
                "backward",
            )
            lines += self._total(view, view.b)
        lines += self._updates(view)
        return Block(lines, "backward-soft", "backward", str(view.number), "sum", "sum")

    def _updates(self, view: LayerView) -> list[Line]:
        """What gradient descent does to the parameters of a layer."""
        if self.learning_rate is None:
            return []
        names = [self.words.labels[node] for node in (view.W, view.b) if node is not None]
        rate = short(self.learning_rate)
        return [Line(f"*{{{name}}} := {name} - {rate} * dJ/d{name}", "parameter") for name in names]

    def _total(self, view: LayerView, parameter: Expression) -> list[Line]:
        total = self.subject.gradient(parameter)
        if total is None:
            return []
        assert self.derivatives is not None
        penalty = " with the penalty" if self.derivatives.penalty(parameter) else ""
        return [Line(f"*{{sum{penalty}: {self.words.value(total)}}}", "backward", SMALL)]

    def _part(self, view: LayerView, row: Row) -> list[Line]:
        """What an example adds to dJ/dW, in numbers."""
        assert view.W is not None
        before, slope = self.subject.value(view.before), self.subject.gradient(view.Z)
        if before is None or slope is None or row.place is None:
            return []
        part = np.outer(before[row.place], slope[row.place])
        return [Line(f"adds to dJ/d{self.words.labels[view.W]}: {self.words.value(part)}", "backward", SMALL)]

    def _value(self, node: Expression, row: Row, ink: str, name: str = "") -> list[Line]:
        value = self.subject.value(node)
        if value is None or row.place is None:
            return []
        return [Line(text, ink, SMALL) for text in self._written(value[row.place], name)]

    def _written(self, array: Array, name: str = "") -> list[str]:
        """Write the numbers of an example, with their name where it is given; the mean of many by itself."""
        if array.size == 1:
            return [f"{name} = {short(float(array.reshape(())))}".strip()]
        text, _, mean = self.words.value(np.ravel(array)).partition(", mean ")
        if name:
            text = f"{name} = {text}" if text.startswith("[") else f"{name}: {text}"
        return [text, f"mean {mean}"] if mean else [text]

    def _dropped(self, number: int, row: Row) -> list[Line]:
        """What dropout makes of a layer's values, or of the input (number 0), before the next layer reads them."""
        views = [view for view in self.subject.layers if view.number == number and view.dense is None]
        return [
            Line(f"{self.name(view.A, row.mark)} = {self.name(view.before, row.mark)} after dropout", "soft", SMALL)
            for view in views
            if view.A is not view.before
        ]

    def _labels(self, row: Row) -> dict[Expression, str]:
        """The words of one example: parameters keep theirs."""
        parameters = {node for view in self.subject.dense for node in (view.W, view.b)}
        return {
            node: label if node in parameters or node is self.subject.J else self.name(node, row.mark)
            for node, label in self.words.labels.items()
        }

    def _formula(self, node: Expression, labels: dict[Expression, str]) -> str:
        return self.words.typeset(formula(node, labels=labels, notation=self.words.notation))

    def _gradient(self, view: LayerView, row: Row) -> list[Line]:
        assert view.Z is not None
        name = f"dJ/d{self.name(view.Z, row.mark)}"
        value = self.subject.gradient(view.Z)
        if value is not None and row.place is not None:
            written = self._written(value[row.place], f"*{{{name}}}")
            return [Line(text, "backward", SMALL) for text in written]
        found = Derivatives(self.subject, self.words, self._labels(row))
        after = next(stage for stage in stages_of(self.subject) if stage.source is view.Z)
        return equation(name, found.through(after), _WIDEST, "backward", SMALL)


def transposed(name: str) -> str:
    """Write the transpose of an example's values.

    >>> transposed("a^{[1](i)}"), transposed("x^{(i)}")
    ('a^{[1](i)T}', 'x^{(i)T}')
    """
    return f"{name[:-1]}T}}"
