"""A network as one box a layer: values from left to right, gradients from right to left, and the chain of each."""

from __future__ import annotations

from itertools import pairwise

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.blocks import SIZE, SMALL, Block
from chainrule.network.drawing.columns import counted
from chainrule.network.drawing.ellipsis import dots
from chainrule.network.drawing.layer_columns import PAD, TITLE_GAP, Column, Columns, Layer
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import Words, short

_LANE_GAP, _TITLE, _ROW = 40.0, 24.0, 27.0
_LABEL_GAP, _ABOVE, _SIDE, _TURN = 10.0, 30.0, 12.0, 22.0


def draw_layers(canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
    """Draw a network as one box a layer, with its gradients where they are asked for.

    Raises:
        UserError: gradients of a trace that has no cost.
    """
    _Layers(canvas, subject, options, words).draw()


class _Layers:
    def __init__(self, canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
        self.canvas, self.subject, self.options, self.words = canvas, subject, options, words
        found = Columns(subject, options, words)
        self.columns, self.layers, self.derivatives = found.columns, found.layers, found.derivatives
        self.blocks = found.blocks
        forward = [column.forward for column in self.columns if column.forward]
        under = [column.locals for column in self.columns if column.locals]
        back = [column.gradient for column in self.columns if column.gradient]
        above = max(layer.parameters.height for layer in self.layers)
        self.layer_top = above + _ABOVE
        self.forward_top = self.layer_top + _TITLE + 6
        self.forward_height = max(block.height for block in forward)
        self.lane = self.forward_top + self.forward_height / 2
        self.locals_top = self.forward_top + self.forward_height
        self.locals_height = max((block.height for block in under), default=0.0)
        self.layer_bottom = self.locals_top + self.locals_height + PAD
        self.back_top = self.layer_bottom + _LANE_GAP
        self.back_height = max((block.height for block in back), default=0.0)
        self.back_lane = self.back_top + self.back_height / 2
        self.gradients_top = self.back_top + self.back_height + 30.0

    def draw(self) -> None:
        """Draw the boxes of layers first, so that all else lies on them."""
        for layer in self.layers:
            self._layer(layer)
        for column in self.columns:
            self._column(column)
        for before, after in pairwise(self.columns):
            self._forward(before, after)
        self._labels_of_examples()
        if self.derivatives is not None:
            self._backward()

    def _layer(self, layer: Layer) -> None:
        canvas = self.canvas
        left, right = layer.left - PAD, layer.right + PAD
        with canvas.group("layer", name=layer.view.number):
            canvas.box(left, self.layer_top, right - left, self.layer_bottom - self.layer_top, radius=10)
            x = layer.entry + TITLE_GAP
            canvas.text(x, self.layer_top + 19, layer.title.text, size=SIZE)
        block, z = layer.parameters, layer.columns[0]
        x = self._under(layer, block)
        top = self.layer_top - _ABOVE - block.height
        block.draw(canvas, x, top, block.width, block.height)
        with canvas.group("edge", source=" ".join(layer.names), target=z.name, kind="parameter"):
            canvas.path([(layer.entry, top + block.height), (layer.entry, self.forward_top)], ink="parameter")

    def _column(self, column: Column) -> None:
        if column.kind == "more":
            dots(self.canvas, column.middle, self.lane, across=True)
            text = counted(column.count, "more layer")
            self.canvas.text(column.middle, self.lane + 24, text, size=SMALL, anchor="middle", ink="soft")
            return
        assert column.forward is not None
        column.forward.draw(self.canvas, column.x, self.forward_top, column.width, self.forward_height)
        if column.locals is not None:
            column.locals.draw(self.canvas, column.x, self.locals_top, column.width, self.locals_height)
        if column.gradient is not None:
            column.gradient.draw(self.canvas, column.x, self.back_top, column.width, self.back_height)

    def _forward(self, before: Column, after: Column) -> None:
        with self.canvas.group("edge", source=before.name, target=after.name, kind="forward"):
            self.canvas.path([(before.right, self.lane), (after.x, self.lane)], ink="forward", width=1.8)

    def _labels_of_examples(self) -> None:
        """Draw y, which enters the loss (or the cost, where no loss is named) from above."""
        y = self.subject.y
        column = next((one for one in self.columns if one.kind in "LJ"), None)
        if y is None or column is None:
            return
        block = self.blocks.labels(y)
        top = self.forward_top - 36.0 - block.height
        block.draw(self.canvas, column.middle - block.width / 2, top, block.width, block.height)
        with self.canvas.group("edge", source=block.name, target=column.name, kind="forward"):
            ends = [(column.middle, top + block.height), (column.middle, self.forward_top)]
            self.canvas.path(ends, ink="input", width=1.8)

    def _backward(self) -> None:
        last = self.columns[-1]
        with self.canvas.group("edge", source=last.name, target=f"d{last.name}/d{last.name}", kind="turn"):
            side = last.right + _TURN  # beside the derivative of the last step, which is no part of this way
            ends = [
                (last.right, self.lane),
                (side, self.lane),
                (side, self.back_lane),
                (last.right, self.back_lane),
            ]
            self.canvas.path(ends, ink="backward", width=1.8, rounded=10)
        for before, after in pairwise(self.columns[1:]):
            if before.gradient is not None or before.kind == "more":
                self._gradient_flows(before, after)
        self._row_label(self.locals_top + self.locals_height / 2, "derivatives", "of each step")
        self._row_label(self.back_lane, "gradients,", "backward")
        self._row_label(self.gradients_top + 34, "gradients of", "parameters")
        if self.options.learning_rate is not None:
            first = self.layers[0].gradients
            assert first is not None
            self._row_label(self.gradients_top + first.height + 58, "update", ink="parameter")
        for layer in self.layers:
            self._parameter_gradients(layer)
        self._chains()

    def _row_label(self, y: float, *lines: str, ink: str = "backward") -> None:
        """Say at the left what a row shows."""
        for place, text in enumerate(lines):
            self.canvas.text(self.columns[0].middle, y - 4 + 17 * place, text, anchor="middle", ink=ink)

    def _gradient_flows(self, before: Column, after: Column) -> None:
        if before.kind == "more":
            dots(self.canvas, before.middle, self.back_lane, across=True)
        names = [column.gradient.name if column.gradient else "" for column in (after, before)]
        with self.canvas.group("edge", source=names[0], target=names[1], kind="backward"):
            self.canvas.path([(after.x, self.back_lane), (before.right, self.back_lane)], ink="backward", width=1.8)

    def _parameter_gradients(self, layer: Layer) -> None:
        block, z = layer.gradients, layer.columns[0]
        assert block is not None
        x, top = self._under(layer, block), self.gradients_top
        block.draw(self.canvas, x, top, block.width, block.height)
        with self.canvas.group("edge", source=z.name, target=" ".join(layer.names), kind="backward"):
            ends = [(layer.entry, self.back_top + self.back_height), (layer.entry, top)]
            self.canvas.path(ends, ink="backward", width=1.8)
        if layer.update is not None:
            self._update(layer, layer.update, top + block.height)

    def _update(self, layer: Layer, update: Block, above: float) -> None:
        """Draw the update of a layer's parameters, and the way back to them."""
        parameters = layer.parameters
        x, top = self._under(layer, update), above + 24.0
        with self.canvas.group("edge", source="gradients", target=" ".join(layer.names), kind="update"):
            self.canvas.path([(layer.entry, above), (layer.entry, top)], ink="parameter", width=1.8, dash=True)
        update.draw(self.canvas, x, top, update.width, update.height)
        y0, y1 = top + update.height / 2, self.layer_top - _ABOVE - parameters.height / 2
        side = layer.left - PAD - _SIDE
        with self.canvas.group("edge", source=" ".join(layer.names), target=" ".join(layer.names), kind="update"):
            points = [(x, y0), (side, y0), (side, y1), (self._under(layer, parameters), y1)]
            self.canvas.path(points, ink="parameter", width=1.8, dash=True, rounded=10)
        rate = self.options.learning_rate
        assert rate is not None
        above = self.layer_top - _ABOVE - parameters.height - 8
        text = f"update, learning rate {short(rate)}"
        self.canvas.text(side, above, text, size=SMALL, ink="parameter")

    def _chains(self) -> None:
        """Write the chain of each weight's gradient, each factor under the boxes that it belongs to."""
        canvas, left = self.canvas, self.columns[0].x
        y = canvas.extents[3] + 40.0
        text = "*{The chain of each gradient: multiply along its row.} Arrays multiply as the boxes above say."
        canvas.text(left, y, text)
        y += 10.0
        for layer in reversed(self.layers):
            y += _ROW
            self._chain(layer, y)
        first = self.layers[0]
        if len(first.names) > 1:
            W, b = first.names
            z = first.columns[0].name
            text = f"dJ/d{b} has the same chain, with d{z}/d{b} in the place of d{z}/d{W}"
            text += "; so has every other layer's b." if len(self.subject.dense) > 1 else "."
            y += _ROW + 6
            canvas.text(left, y, text, ink="soft")
        assert self.derivatives is not None
        if self.derivatives.penalties:
            text = (
                "J has a part that reads parameters directly (a penalty): its derivative is added to the chain's."
            )
            canvas.text(left, y + _ROW - 6, text, ink="soft")

    def _chain(self, layer: Layer, y: float) -> None:
        canvas, z = self.canvas, layer.columns[0]
        W = layer.names[0]
        columns = self.columns[self.columns.index(z) :]
        with canvas.group("chain", name=f"dJ/d{W}"):
            label = f"*{{dJ/d{W}}} ="
            canvas.box(
                z.x - _LABEL_GAP - text_width(label) - 8,
                y - 17,
                columns[-1].right - z.x + _LABEL_GAP + text_width(label) + 8,
                23,
                ink="none",
                fill="backward-soft",
            )
            canvas.text(z.x - _LABEL_GAP, y, label, anchor="end", ink="backward")
            for before, after in pairwise(columns):
                canvas.text((before.right + after.x) / 2, y, "×", anchor="middle", weight="bold", ink="backward")
            canvas.text(z.middle, y, f"d{z.name}/d{W}", anchor="middle", ink="parameter")
            for column in columns[1:]:
                canvas.text(column.middle, y, column.factor or "···", anchor="middle", ink="backward")

    def _under(self, layer: Layer, block: Block) -> float:
        """Return where a block begins whose middle is that of Z, or as near as the layer's sides allow."""
        return max(layer.left, min(layer.entry - block.width / 2, layer.right - block.width))
