"""The boxes of a drawing of layers: what each says of a value, its derivatives, its gradient, or parameters."""

from __future__ import annotations

from chainrule.graph.expression import Expression
from chainrule.network.drawing.arithmetic import change
from chainrule.network.drawing.blocks import SMALL, Block, Line, equation
from chainrule.network.drawing.columns import counted, layer_titles
from chainrule.network.drawing.derivatives import Derivatives, Stage
from chainrule.network.drawing.subject import Array, LayerView, Subject
from chainrule.network.drawing.words import Words, short

# Longer formulas are broken; some have more room.
_WIDEST, _WIDEST_TRAINED, _WIDEST_OF_PARAMETERS = 176.0, 200.0, 280.0
_PARAMETERS = SMALL + 0.5


class LayerBlocks:
    """The boxes of one drawing.

    Args:
        subject: what is drawn.
        words: its words.
        derivatives: its derivatives; None without gradients, and then no box asks for them.
    """

    def __init__(self, subject: Subject, words: Words, derivatives: Derivatives | None) -> None:
        self.subject, self.words, self._derivatives = subject, words, derivatives

    @property
    def derivatives(self) -> Derivatives:
        """The derivatives of the drawing."""
        assert self._derivatives is not None
        return self._derivatives

    def input(self) -> Block:
        """The rows X."""
        return self._value(self.subject.X, "X", [Line("input", "soft", SMALL)])

    def labels(self, y: Expression) -> Block:
        """The labels y."""
        name, value = self.words.labels[y], self.subject.value(y)
        lines = [Line(f"*{{{name}}}  {self.words.shape(y)}", "input"), Line("labels", "soft", SMALL)]
        if value is not None:
            lines.append(Line(self.words.value(value), "input", SMALL))
        return Block(lines, "input-soft", "input", name, "y")

    def forward(self, stage: Stage) -> Block:
        """A value: its formula, shape and numbers."""
        formula = self.words.formula(stage.node)
        if stage.kind == "dropout":
            formula = formula.replace("draw", "random")
        return self._value(stage.node, stage.kind, [], formula)

    def locals(self, stage: Stage) -> Block:
        """The partial derivatives that stand under a box."""
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

    def gradient(self, node: Expression, after: Stage | None) -> Block:
        """The gradient of a value; `after` is the stage that reads it, None for the cost itself."""
        name = self.words.gradient(node)
        formula = "1" if after is None else self.derivatives.through(after)
        lines = equation(name, formula, _WIDEST, "backward")
        if node.shape:
            lines.append(Line(self.words.shape(node), "soft", SMALL))
        lines += self._value_lines(self.subject.gradient(node), "backward") if after is not None else []
        trained = self.derivatives.trained.get(node)
        if trained is not None:
            lines.append(Line("the same, as training computes it:", "soft", SMALL))
            lines += equation(name, trained, _WIDEST_TRAINED, "backward")
        return Block(lines, "panel", "backward", name, "gradient")

    def title(self, view: LayerView) -> Line:
        """What a layer is."""
        assert view.dense is not None
        what = layer_titles(self.subject, view)[0][0]
        return Line(f"*{{{what}}}: {counted(view.dense.units, 'neuron')}, {view.dense.activation.name}")

    def parameters(self, nodes: list[Expression]) -> Block:
        """W and b of a layer."""
        lines = []
        for node in nodes:
            parameters = self.subject.parameters
            text = f"*{{{self.words.labels[node]}}}  {self.words.shape(node)}"
            if parameters is not None:
                text += f":  {self.words.value(parameters[str(node.name)])}"
            lines.append(Line(text, "parameter", _PARAMETERS))
        return Block(lines, "parameter-soft", "parameter", cls="parameters")

    def parameter_gradients(self, view: LayerView, nodes: list[Expression]) -> Block:
        """The gradients of W and b of a layer."""
        lines: list[Line] = []
        for node in nodes:
            text = self.derivatives.of_parameter(view, node)
            lines += equation(self.words.gradient(node), text, _WIDEST_OF_PARAMETERS, "backward")
            numbers = [self.words.shape(node)]
            value = self.subject.gradient(node)
            if value is not None:
                numbers.append(self.words.value(value))
            lines.append(Line(":  ".join(numbers), "soft", SMALL))
        return Block(lines, "backward-soft", "backward", cls="parameters", kind="gradient")

    def update(self, nodes: list[Expression], rate: float) -> Block:
        """What gradient descent does to the parameters."""
        lines: list[Line] = []
        for node in nodes:
            name = self.words.labels[node]
            lines.append(Line(f"*{{{name}}} := {name} - {short(rate)} * {self.words.gradient(node)}", "parameter"))
            gradient = self.subject.gradient(node)
            if gradient is not None and self.subject.parameters is not None:
                before = self.subject.parameters[str(node.name)]
                lines.append(Line(self._change(before, -rate * gradient), "soft", SMALL))
        return Block(lines, "parameter-soft", "parameter", cls="parameters", kind="update")

    def _change(self, before: Array, added: Array) -> str:
        """Say by how much a parameter changes: the parameter itself, rounded, would often look the same."""
        if before.size == 1:
            return change(float(before.flat[0]), float(added.flat[0]))
        return f"change {self.words.value(added)}"

    def _value(self, node: Expression, kind: str, lines: list[Line], formula: str = "") -> Block:
        ink = "input" if kind == "X" else "forward"
        name = self.words.labels[node]
        written = [*equation(name, formula, _WIDEST), *lines]
        if node.shape:
            X = self.subject.value(node) if kind == "X" else None
            m = "" if X is None else f", m = {len(X):,}"
            written.append(Line(self.words.shape(node) + m, "soft", SMALL))
        written += self._value_lines(self.subject.value(node), ink)
        return Block(written, f"{ink}-soft", ink, name, kind)

    def _equation(self, node: Expression | None, by: Expression | None, formula: str) -> list[Line]:
        if node is None or by is None:
            return []
        return equation(self.derivatives.name(node, by), formula, _WIDEST, "backward", SMALL)

    def _local_lines(self, stage: Stage) -> list[Line]:
        formula = self.derivatives.local(stage)
        lines = self._equation(stage.node, stage.source, formula)
        if not formula:
            lines.append(Line("each depends on its whole row", "soft", SMALL))
        return lines + self._value_lines(self.derivatives.local_value(stage), "soft")

    def _value_lines(self, value: Array | None, ink: str) -> list[Line]:
        """Write numbers: of many the range; one number where all are the same."""
        if value is None:
            return []
        if value.size and (value == value.flat[0]).all():
            return [Line(("= " if value.size == 1 else "all ") + short(float(value.flat[0])), ink, SMALL)]
        return [Line(self.words.value(value).partition(", mean ")[0], ink, SMALL)]
