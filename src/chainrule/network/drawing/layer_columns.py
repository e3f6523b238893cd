"""The columns and layers of a drawing of layers, with their boxes, placed from left to right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chainrule.network.drawing.blocks import Block, Line
from chainrule.network.drawing.derivatives import Derivatives, Stage, stages_of
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.drawing.layer_blocks import LayerBlocks
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import LayerView, Subject
from chainrule.network.drawing.words import Words

# Around the columns of a layer; between the arrow from the parameters and the title.
PAD, TITLE_GAP = 10.0, 12.0
_GAP_INSIDE, _GAP = 26.0, 36.0
# The first column is as wide as the words for the rows that stand in it.
_FIRST, _MORE = 104.0, 76.0
# How far from the left the parameters enter a Z that stands alone.
_ENTRY = 48.0


@dataclass(eq=False)
class Column:
    """One value on the way from X to J, with all that stands above and below it.

    Attributes:
        kind: "X", "Z", "A", "dropout", "L", "J", or "more" for layers that are left out.
        name: of the value.
        forward: its box in the forward lane.
        view: the layer that it belongs to.
        locals: the derivatives under its box; None without gradients.
        gradient: its box in the backward lane; None without gradients, or where no gradient is needed.
        factor: the derivative by the value before, as a factor of a chain.
        count: of how many layers that are left out it stands for.
        x, width: where it stands.
    """

    kind: str
    name: str
    forward: Block | None
    view: LayerView | None = None
    locals: Block | None = None
    gradient: Block | None = None
    factor: str = ""
    count: int = 0
    x: float = 0.0
    width: float = 0.0

    @property
    def middle(self) -> float:
        """Where its middle is."""
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width


@dataclass(eq=False)
class Layer:
    """A Dense layer in the drawing: its columns, and what belongs to its parameters.

    Attributes:
        view: the layer.
        title: what stands above it.
        columns: Z and A, and D of dropout after it.
        parameters: the box of W and b.
        gradients: the box of their gradients; None without gradients.
        update: the box of their update; None without a learning rate.
        names: of the parameters.
    """

    view: LayerView
    title: Line
    columns: list[Column]
    parameters: Block
    gradients: Block | None = None
    update: Block | None = None
    names: list[str] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.columns[0].x

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.columns[-1].right

    @property
    def entry(self) -> float:
        """Where the parameters enter Z: in its middle, or farther left where Z stands alone under the title."""
        z = self.columns[0]
        return z.middle if len(self.columns) > 1 else z.x + min(z.width / 2, _ENTRY)


class Columns:
    """The columns and layers of one drawing, placed from left to right."""

    def __init__(self, subject: Subject, options: Options, words: Words) -> None:
        self.subject, self.options, self.words = subject, options, words
        self.derivatives = Derivatives(subject, words) if options.backward else None
        self.blocks = LayerBlocks(subject, words, self.derivatives)
        self.stages = stages_of(subject)
        chosen = shown(len(subject.dense), options.max_layers)
        self._numbers = [None if place is None else place + 1 for place in chosen]
        self.columns = list(self._all())
        self.layers = [self._layer(view) for view in subject.dense if view.number in self._numbers]
        self._place()

    def _all(self) -> Iterator[Column]:
        yield Column("X", "X", self.blocks.input())
        done = 0
        for place, stage in enumerate(self.stages):
            number = stage.view.number if stage.view else None
            if number and number not in self._numbers:  # 0 is dropout of the input
                done += stage.kind == "Z"
                continue
            if done:
                yield Column("more", "", None, count=done)
                done = 0
            yield self._column(stage, self.stages[place + 1] if place + 1 < len(self.stages) else None)

    def _column(self, stage: Stage, after: Stage | None) -> Column:
        name = self.words.labels[stage.node]
        column = Column(stage.kind, name, self.blocks.forward(stage), stage.view)
        if self.derivatives is not None:
            column.locals = self.blocks.locals(stage)
            if stage.view is None or stage.view.number:
                column.gradient = self.blocks.gradient(stage.node, after)
            column.factor = self.derivatives.name(stage.node, stage.source)
        return column

    def _layer(self, view: LayerView) -> Layer:
        assert view.dense is not None
        columns = [
            column for column in self.columns if column.view is not None and column.view.number == view.number
        ]
        nodes = [node for node in (view.W, view.b) if node is not None]
        layer = Layer(view, self.blocks.title(view), columns, self.blocks.parameters(nodes))
        layer.names = [self.words.labels[node] for node in nodes]
        if self.derivatives is not None:
            layer.gradients = self.blocks.parameter_gradients(view, nodes)
            rate = self.options.learning_rate
            layer.update = None if rate is None else self.blocks.update(nodes, rate)
        return layer

    def _place(self) -> None:
        """Set every column's place; a layer is at least as wide as what stands above and below it."""
        for column in self.columns:
            blocks = [column.forward, column.locals, column.gradient]
            column.width = max((block.width for block in blocks if block), default=_MORE)
        self.columns[0].width = max(self.columns[0].width, _FIRST if self.derivatives else 0.0)
        for layer in self.layers:
            blocks = [layer.parameters, layer.gradients, layer.update]
            needed = [block.width for block in blocks if block]
            # The title stands beside the arrow that comes from above into the middle of Z.
            needed.append(layer.entry - layer.left + TITLE_GAP + layer.title.width)
            there = sum(column.width for column in layer.columns) + _GAP_INSIDE * (len(layer.columns) - 1)
            # All of it goes to the right of Z, so that the arrow does not move.
            layer.columns[-1].width += max(0.0, max(needed) - there)
        x = 0.0
        before: Column | None = None
        for column in self.columns:
            inside = before is not None and column.view is not None and _same_layer(before, column)
            x += 0.0 if before is None else (_GAP_INSIDE if inside else _GAP + 2 * PAD)
            column.x = x
            x += column.width
            before = column


def _same_layer(one: Column, other: Column) -> bool:
    return one.view is not None and other.view is not None and one.view.number == other.view.number
