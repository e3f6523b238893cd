"""The columns and rows of a drawing of unrolled examples: one column a layer, one row an example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chainrule.network.drawing.blocks import Block
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.drawing.example_blocks import ExampleBlocks, Row
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import Words

# How wide the place of layers that are left out is.
_MORE = 76.0


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
        return max((block.width for block in blocks), default=_MORE)

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
        self.blocks = ExampleBlocks(subject, words, backward=options.backward, learning_rate=options.learning_rate)
        self.rows = self._rows()
        self.columns = list(self._columns())
        self.J = None if subject.J is None else self.blocks.cost(subject.J, self.rows, self.m)

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

    def _columns(self) -> Iterator[CellColumn]:
        blocks, subject, rows = self.blocks, self.subject, self.examples
        yield CellColumn("X", None, [blocks.input(row) for row in rows], name="X")
        dense = subject.dense
        chosen = shown(len(dense), self.options.max_layers)
        for place in chosen:
            if place is None:
                yield CellColumn("more", count=len(dense) - len(chosen) + 1, name="more")
                continue
            view = dense[place]
            cells = [blocks.neurons(view, row) for row in rows]
            sums = blocks.sums(view) if self.options.backward else None
            yield CellColumn("layer", blocks.parameters(view), cells, sums, name=self.words.labels[view.A])
        L = subject.L
        if L is not None:
            yield CellColumn("L", blocks.loss_formula(L), [blocks.loss(L, row) for row in rows], name="L")
