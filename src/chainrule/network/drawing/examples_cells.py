"""What stands in the boxes of a drawing of unrolled examples: one column a layer, one row an example."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from chainrule.graph.expression import Expression
from chainrule.graph.text import formula
from chainrule.network.drawing.blocks import SMALL, Block, Line, equation
from chainrule.network.drawing.columns import counted, layer_titles
from chainrule.network.drawing.derivatives import Derivatives, stages_of
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import LayerView, Subject
from chainrule.network.drawing.words import Words, short

_WIDEST = 190.0


@dataclass(frozen=True)
class Row:
    """An example.

    Attributes:
        mark: its number, or m.
        place: its place among the rows of X; None without numbers.
    """

    mark: str
    place: int | None


@dataclass(eq=False)
class CellColumn:
    """A column: X, a layer, or the loss.

    Attributes:
        kind: "X", "layer", "L", or "more" for layers that are left out.
        head: what stands above it; None for nothing.
        cells: its boxes, one a row.
        sums: where the gradients of its parameters add up; None without gradients.
        count: of how many layers that are left out it stands for.
        name: of what it gives.
    """

    kind: str
    head: Block | None = None
    cells: list[Block] = field(default_factory=list)
    sums: Block | None = None
    count: int = 0
    name: str = ""
    x: float = 0.0

    @property
    def width(self) -> float:
        """How wide its widest box is."""
        blocks = [*self.cells, *(block for block in (self.head, self.sums) if block)]
        return max((block.width for block in blocks), default=56.0)

    @property
    def middle(self) -> float:
        """Where its middle is."""
        return self.x + self.width / 2


class Cells:
    """The columns and rows of one drawing.

    Attributes:
        rows: the examples that are drawn; None for the ellipsis.
        columns: from left to right.
        J: the box of the cost; None where a trace has none.
    """

    def __init__(self, subject: Subject, options: Options, words: Words) -> None:
        self.subject, self.options, self.words = subject, options, words
        X = subject.value(subject.X)
        self.m = None if X is None else len(X)
        self.rows = self._rows()
        self.columns = self._columns()
        self.J = None if subject.J is None else self._cost()

    def _rows(self) -> list[Row | None]:
        most = self.options.max_examples + 1  # the ellipsis is no example
        if self.m is not None:
            return [None if at is None else Row(str(at + 1), at) for at in shown(self.m, most)]
        marks = [*map(str, range(1, most - 1)), None, "m"]
        return [None if mark is None else Row(mark, None) for mark in marks]

    @property
    def examples(self) -> list[Row]:
        """The rows without the ellipsis."""
        return [row for row in self.rows if row is not None]

    def name(self, node: Expression, mark: str) -> str:
        """Return what a value is called for one example, for example `a1^{(2)}` or `a^{[1](2)}`."""
        label = self.words.labels[node]
        if node is not self.subject.L:
            label = label[0].lower() + label[1:]
        return f"{label[:-1]}({mark})}}" if label.endswith("}") else f"{label}^{{({mark})}}"

    def _columns(self) -> list[CellColumn]:
        subject = self.subject
        found = [CellColumn("X", None, [self._input(row) for row in self.examples], name="x")]
        dense = subject.dense
        chosen = shown(len(dense), self.options.max_layers)
        for at, place in enumerate(chosen):
            if place is None:
                count = len(dense) - len(chosen) + 1
                found.append(CellColumn("more", count=count, name=f"more {at}"))
                continue
            found.append(self._layer(dense[place]))
        if subject.L is not None:
            head = Block(
                [Line("*{loss}"), *equation("L", self.words.formula(subject.L), _WIDEST)],
                "none",
                "none",
                cls="head",
            )
            found.append(CellColumn("L", head, [self._loss(row) for row in self.examples], name="L"))
        return found

    def _input(self, row: Row) -> Block:
        name = self.name(self.subject.X, row.mark)
        return Block(
            [Line(f"*{{{name}}}"), *self._value(self.subject.X, row, "input")], "input-soft", "input", name
        )

    def _value(self, node: Expression, row: Row, ink: str) -> list[Line]:
        value = self.subject.value(node)
        if value is None or row.place is None:
            return []
        return [Line(part, ink, SMALL) for part in self._written(value[row.place])]

    def _written(self, array: np.ndarray) -> list[str]:
        if array.size == 1:
            return [f"= {short(float(array.reshape(())))}"]
        low, _, mean = self.words.value(np.ravel(array)).partition(", mean ")
        return [low, f"mean {mean}"] if mean else [low]

    def _layer(self, view: LayerView) -> CellColumn:
        assert view.dense is not None
        titles = layer_titles(self.subject, view)
        nodes = [node for node in (view.W, view.b) if node is not None]
        lines = [
            Line(f"*{{{titles[0][0]}}}"),
            Line(f"{counted(view.dense.units, 'neuron')}, {view.dense.activation.name}"),
        ]
        lines += [Line(f"*{{{self.words.labels[node]}}} {self.words.shape(node)}", "parameter") for node in nodes]
        head = Block(lines, "parameter-soft", "parameter", str(view.number), "parameters", "shared")
        cells = [self._neurons(view, row) for row in self.examples]
        sums = self._sums(view) if self.options.backward else None
        return CellColumn("layer", head, cells, sums, name=self.words.labels[view.A])

    def _neurons(self, view: LayerView, row: Row) -> Block:
        """One example's z and a in a layer."""
        assert view.Z is not None
        z, a = self.name(view.Z, row.mark), self.name(view.A, row.mark)
        labels = self._labels(row)
        lines = equation(z, self._formula(view.Z, labels), _WIDEST)
        if view.A is not view.Z:
            lines += equation(a, self._formula(view.A, labels), _WIDEST)
        lines += self._value(view.A, row, "forward")
        lines += self._dropped(view.number, row)
        if self.derivatives is not None:
            lines += self._gradient(view, row)
        return Block(lines, "forward-soft", "forward", a, "layer")

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

    @cached_property
    def derivatives(self) -> Derivatives | None:
        """The derivatives over all examples; None without gradients."""
        return Derivatives(self.subject, self.words) if self.options.backward else None

    def _gradient(self, view: LayerView, row: Row) -> list[Line]:
        assert view.Z is not None
        name = f"dJ/d{self.name(view.Z, row.mark)}"
        value = self.subject.gradient(view.Z)
        if value is not None and row.place is not None:
            written = self._written(value[row.place])
            return [Line(f"*{{{name}}}", "backward", SMALL), *(Line(text, "backward", SMALL) for text in written)]
        found = Derivatives(self.subject, self.words, self._labels(row))
        after = next(stage for stage in stages_of(self.subject) if stage.source is view.Z)
        return equation(name, found.through(after), _WIDEST, "backward", SMALL)

    def _loss(self, row: Row) -> Block:
        L = self.subject.L
        assert L is not None
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

    def _cost(self) -> Block:
        J = self.subject.J
        assert J is not None
        if self.is_mean:
            assert self.subject.L is not None
            last = self.rows[-1]
            assert last is not None
            terms = ["…" if row is None else self.name(self.subject.L, row.mark) for row in self.rows]
            lines = equation("J", f"({' + '.join(terms)}) / {last.mark}" if len(terms) > 1 else terms[0], 260.0)
        else:
            lines = equation("J", self.words.formula(J), _WIDEST)
        value = self.subject.value(J)
        if value is not None and value.size == 1:
            lines.append(Line(f"= {short(float(value.reshape(())))}", "forward"))
        if self.derivatives is not None and self.is_mean:
            share = "1 / m" if self.m is None else f"1 / {self.m:,} = {short(1 / self.m)}"
            lines.append(Line(f"dJ/dL^{{(i)}} = {share}", "backward", SMALL))
        return Block(lines, "forward-soft", "forward", "J", "J")

    @cached_property
    def is_mean(self) -> bool:
        """Whether the cost is the mean of the losses, as the graph says."""
        J, L = self.subject.J, self.subject.L
        return J is not None and L is not None and self.words.formula(J) == f"mean({self.words.labels[L]})"

    def _sums(self, view: LayerView) -> Block:
        """The gradients of a layer's parameters: a part of each example, and their sum."""
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
        lines += self._parts(view)
        if view.b is not None:
            lines += equation(
                f"dJ/d{self.words.labels[view.b]}",
                f"Σ_{{i}} dJ/d{z}{self.derivatives.penalty(view.b)}",
                _WIDEST,
                "backward",
            )
            found = self.subject.gradient(view.b)
            lines += [] if found is None else [Line(self.words.value(found), "backward", SMALL)]
        return Block(lines, "backward-soft", "backward", str(view.number), "sum", "sum")

    def _parts(self, view: LayerView) -> list[Line]:
        """What each example adds to dJ/dW, in numbers."""
        before, slope = self.subject.value(view.before), self.subject.gradient(view.Z)
        total = self.subject.gradient(view.W)
        if before is None or slope is None or total is None:
            return []
        lines = []
        for row in self.rows:
            if row is None or row.place is None:
                lines.append(Line("…", "soft", SMALL))
                continue
            part = np.outer(before[row.place], slope[row.place])
            lines.append(Line(f"example {row.mark}: {self.words.value(part)}", "soft", SMALL))
        what = "with the penalty" if self.derivatives and self.derivatives.penalty(view.W) else "sum"
        return [*lines, Line(f"*{{{what}: {self.words.value(total)}}}", "backward", SMALL)]


def transposed(name: str) -> str:
    """Write the transpose of an example's values.

    >>> transposed("a^{[1](i)}"), transposed("x^{(i)}")
    ('a^{[1](i)T}', 'x^{(i)T}')
    """
    return f"{name[:-1]}T}}"
