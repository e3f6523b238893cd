"""The columns of a drawing of layers: the boxes of each value, of its derivatives and of its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chainrule.graph.expression import Expression
from chainrule.network.drawing.blocks import SMALL, Block, Line, equation
from chainrule.network.drawing.columns import counted, layer_titles
from chainrule.network.drawing.derivatives import Derivatives, Stage, stages_of
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Array, LayerView, Subject
from chainrule.network.drawing.words import Words, short

# Longer formulas are broken.
_WIDEST = 176.0
_GAP_INSIDE, _GAP = 26.0, 36.0
# The first column is as wide as the words for the rows that stand in it.
_FIRST, _MORE = 104.0, 76.0
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


PAD, TITLE_GAP = 10.0, 12.0


class Columns:
    """The columns and layers of one drawing, placed from left to right."""

    def __init__(self, subject: Subject, options: Options, words: Words) -> None:
        self.subject, self.options, self.words = subject, options, words
        self.derivatives = Derivatives(subject, words) if options.backward else None
        self.stages = stages_of(subject)
        chosen = shown(len(subject.dense), options.max_layers)
        self._numbers = [None if place is None else place + 1 for place in chosen]
        self.columns = list(self._all())
        self.layers = [self._layer(view) for view in subject.dense if view.number in self._numbers]
        self._place()

    def _all(self) -> Iterator[Column]:
        yield Column("X", "X", self._value_block(self.subject.X, "X", [Line("input", "soft", SMALL)]))
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
        formula = self.words.formula(stage.node)
        if stage.kind == "dropout":
            formula = formula.replace("draw", "random")
        forward = self._value_block(stage.node, stage.kind, [], formula)
        column = Column(stage.kind, name, forward, stage.view)
        if self.derivatives is not None:
            column.locals = self._locals(stage)
            if stage.view is None or stage.view.number:
                column.gradient = self._gradient(stage.node, after)
            column.factor = self.derivatives.name(stage.node, stage.source)
        return column

    def _value_block(self, node: Expression, kind: str, lines: list[Line], formula: str = "") -> Block:
        ink = "input" if kind == "X" else "forward"
        name = self.words.labels[node]
        written = [*equation(name, formula, _WIDEST), *lines]
        if node.shape:
            X = self.subject.value(node) if kind == "X" else None
            m = "" if X is None else f", m = {len(X):,}"
            written.append(Line(self.words.shape(node) + m, "soft", SMALL))
        written += self._value_lines(self.subject.value(node), ink)
        return Block(written, f"{ink}-soft", ink, name, kind)

    def _locals(self, stage: Stage) -> Block:
        """The partial derivatives that stand under a box."""
        assert self.derivatives is not None
        lines: list[Line] = []
        view = stage.view
        if view is None or stage.kind != "Z":
            lines += self._local_lines(stage)
        else:
            if view.number > 1:  # nothing before the first layer learns
                lines += self._local_lines(stage)
            lines += self._equation(view.Z, view.W, self.words.labels[stage.source])
            lines += self._equation(view.Z, view.b, "1")
        return Block(lines, "backward-soft", "backward", cls="derivative", kind=stage.kind)

    def _equation(self, node: Expression | None, by: Expression | None, formula: str) -> list[Line]:
        assert self.derivatives is not None
        if node is None or by is None:
            return []
        return equation(self.derivatives.name(node, by), formula, _WIDEST, "backward", SMALL)

    def _local_lines(self, stage: Stage) -> list[Line]:
        assert self.derivatives is not None
        formula = self.derivatives.local(stage)
        lines = self._equation(stage.node, stage.source, formula)
        if not formula:
            lines.append(Line("each depends on its whole row", "soft", SMALL))
        return lines + self._value_lines(self.derivatives.local_value(stage), "soft")

    def _gradient(self, node: Expression, after: Stage | None) -> Block:
        assert self.derivatives is not None
        name = self.words.gradient(node)
        formula = "1" if after is None else self.derivatives.through(after)
        lines = equation(name, formula, _WIDEST, "backward")
        if node.shape:
            lines.append(Line(self.words.shape(node), "soft", SMALL))
        lines += self._value_lines(self.subject.gradient(node), "backward") if after is not None else []
        trained = self.derivatives.trained.get(node)
        if trained is not None:
            lines.append(Line("the same, as training computes it:", "soft", SMALL))
            lines += equation(name, trained, _WIDEST, "backward")
        return Block(lines, "panel", "backward", name, "gradient")

    def _value_lines(self, value: Array | None, ink: str) -> list[Line]:
        """Write numbers, the mean of many on a line of its own; one number where all are the same."""
        if value is None:
            return []
        if value.size and (value == value.flat[0]).all():
            return [Line(("= " if value.size == 1 else "all ") + short(float(value.flat[0])), ink, SMALL)]
        parts = self.words.value(value).partition(", mean ")
        return [Line(text, ink, SMALL) for text in (parts[0], "mean " + parts[2]) if text != "mean "]

    def _layer(self, view: LayerView) -> Layer:
        assert view.dense is not None
        columns = [
            column for column in self.columns if column.view is not None and column.view.number == view.number
        ]
        nodes = [node for node in (view.W, view.b) if node is not None]
        layer = Layer(view, self._title(view), columns, self._parameters(nodes))
        layer.names = [self.words.labels[node] for node in nodes]
        if self.derivatives is not None:
            layer.gradients = self._parameter_gradients(view, nodes)
            rate = self.options.learning_rate
            layer.update = None if rate is None else self._update(nodes, rate)
        return layer

    def _title(self, view: LayerView) -> Line:
        assert view.dense is not None
        what = layer_titles(self.subject, view)[0][0]
        return Line(f"*{{{what}}}: {counted(view.dense.units, 'neuron')}, {view.dense.activation.name}")

    def _parameters(self, nodes: list[Expression]) -> Block:
        lines = []
        for node in nodes:
            parameters = self.subject.parameters
            text = f"*{{{self.words.labels[node]}}}  {self.words.shape(node)}"
            if parameters is not None:
                text += f":  {self.words.value(parameters[str(node.name)])}"
            lines.append(Line(text, "parameter", SMALL + 0.5))
        return Block(lines, "parameter-soft", "parameter", cls="parameters")

    def _parameter_gradients(self, view: LayerView, nodes: list[Expression]) -> Block:
        assert self.derivatives is not None
        lines: list[Line] = []
        for node in nodes:
            text = self.derivatives.of_parameter(view, node)
            lines += equation(self.words.gradient(node), text, 1.6 * _WIDEST, "backward")
            numbers = [self.words.shape(node)]
            value = self.subject.gradient(node)
            if value is not None:
                numbers.append(self.words.value(value))
            lines.append(Line(":  ".join(numbers), "soft", SMALL))
        return Block(lines, "backward-soft", "backward", cls="parameters", kind="gradient")

    def _update(self, nodes: list[Expression], rate: float) -> Block:
        """What gradient descent does to the parameters."""
        lines: list[Line] = []
        for node in nodes:
            name = self.words.labels[node]
            lines.append(Line(f"*{{{name}}} := {name} - {short(rate)} * {self.words.gradient(node)}", "parameter"))
            gradient = self.subject.gradient(node)
            if gradient is not None and self.subject.parameters is not None:
                after = self.subject.parameters[str(node.name)] - rate * gradient
                lines.append(Line(f"then {self.words.value(after)}", "soft", SMALL))
        return Block(lines, "parameter-soft", "parameter", cls="parameters", kind="update")

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
