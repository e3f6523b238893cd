"""The way back through an opened neuron, below it: dL/da, da/dz, dL/dz, and the derivatives by its weights."""

from __future__ import annotations

from itertools import pairwise

from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.arithmetic import product, step
from chainrule.network.drawing.blocks import SIZE, SMALL, Block, Line, equation
from chainrule.network.drawing.neuron_values import Neuron
from chainrule.network.drawing.words import short

_WIDEST, _GAP, _LEAST = 200.0, 34.0, 96.0


def draw_slopes(canvas: Canvas, neuron: Neuron, middles: tuple[float, float], top: float) -> None:
    """Draw the derivatives of a neuron from right to left.

    Args:
        canvas: what to draw on.
        neuron: whose derivatives.
        middles: where the middles of the linear and of the activation part are.
        top: where to begin.
    """
    _Slopes(canvas, neuron).draw(middles, top)


class _Slopes:
    def __init__(self, canvas: Canvas, neuron: Neuron) -> None:
        assert neuron.slopes is not None
        self.canvas, self.neuron, self.slopes = canvas, neuron, neuron.slopes
        self.root = neuron.slopes.root

    def draw(self, middles: tuple[float, float], top: float) -> None:
        """Draw the boxes, the arrows between them, and the whole chain below."""
        blocks = [self._by_weights(), self._by_z(), self._by_a()]
        if self.neuron.single:
            blocks.insert(2, self._of_activation())
        height = max([_LEAST, *(block.height for block in blocks[1:])])
        lefts = self._lefts(blocks, middles)
        middle = top + max(height, blocks[0].height) / 2
        for block, left in zip(blocks, lefts, strict=True):
            high = block.height if block is blocks[0] else height
            block.draw(self.canvas, left, middle - high / 2, block.width, high)
        for (block, left), (after, start) in pairwise(zip(blocks, lefts, strict=True)):
            with self.canvas.group("edge", source=after.name, target=block.name, kind="backward"):
                ends = [(start, middle), (left + block.width, middle)]
                self.canvas.path(ends, ink="backward", width=2)
        self._chain(lefts[0], middle + max(height, blocks[0].height) / 2 + 34.0)

    def _lefts(self, blocks: list[Block], middles: tuple[float, float]) -> list[float]:
        """Put dL/dz under the linear part and da/dz under the activation part, as far as there is room."""
        z = middles[0] - blocks[1].width / 2
        lefts = [z - _GAP - blocks[0].width, z]
        if self.neuron.single:
            lefts.append(max(middles[1] - blocks[2].width / 2, z + blocks[1].width + _GAP))
        lefts.append(max(lefts[-1] + blocks[len(lefts) - 1].width + _GAP, middles[1]))
        return lefts

    def _by_a(self) -> Block:
        name = f"d{self.root}/da"
        lines = equation(name, self.slopes.root_by_a, _WIDEST, "backward")
        if self.slopes.at_a is not None:
            lines.append(Line(f"= {short(self.slopes.at_a)}", "backward"))
        if self.neuron.is_output:
            about = f" ({self.slopes.about})" if self.slopes.about else ""
            lines.append(Line(f"from the {'loss' if self.root == 'L' else 'cost'}{about}", "soft", SMALL))
        else:
            lines.append(Line(f"from layer {self.neuron.view.number + 1}", "soft", SMALL))
        return Block(lines, "panel", "backward", name, "gradient")

    def _of_activation(self) -> Block:
        lines = equation("da/dz", self.slopes.a_by_z, _WIDEST, "backward")
        if self.slopes.slope is not None:
            lines.append(Line(f"= {short(self.slopes.slope)}", "backward"))
        lines.append(Line("the slope of the curve", "soft", SMALL))
        return Block(lines, "backward-soft", "backward", "da/dz", "derivative")

    def _by_z(self) -> Block:
        name, slopes = f"d{self.root}/dz", self.slopes
        if not self.neuron.single:
            lines = equation(name, "", _WIDEST, "backward")
            if slopes.at_z is not None:
                lines.append(Line(f"= {short(slopes.at_z)}", "backward"))
            lines.append(Line(f"from d{self.root}/da of the whole layer", "soft", SMALL))
            lines += self._as_trained()
            return Block(lines, "panel", "backward", name, "gradient")
        lines = equation(name, f"d{self.root}/da × da/dz", _WIDEST, "backward")
        if slopes.at_a is not None and slopes.slope is not None and slopes.at_z is not None:
            factors, found = product([slopes.at_a, slopes.slope], slopes.at_z)
            lines.append(Line(f"= {factors} *{{{found}}}", "backward"))
        lines += self._as_trained()
        return Block(lines, "panel", "backward", name, "gradient")

    def _as_trained(self) -> list[Line]:
        if not self.slopes.in_one_step:
            return []
        return [
            Line("the same in one step, as training computes it:", "soft", SMALL),
            *equation("dL/dz", self.slopes.in_one_step, _WIDEST, "backward"),
        ]

    def _by_weights(self) -> Block:
        neuron, z = self.neuron, f"d{self.root}/dz"
        lines = [Line(self._title(), "soft", SMALL)]
        for place, slot in enumerate(neuron.slots):
            if slot is None:
                lines.append(Line("…", "backward"))
                continue
            name = f"d{self.root}/dw_{{{neuron.marks[place]}}}"
            value = None if neuron.numbers is None else float(neuron.numbers.x[slot])
            lines.append(self._row(name, f"{z} × {neuron.names[place]}", value))
        if neuron.view.b is not None:
            lines.append(self._row(f"d{self.root}/db", f"{z} × 1", 1.0))
        if neuron.view.number > 1:
            back = neuron.words.element(neuron.view.before, "k")
            lines.append(Line(f"back to layer {neuron.view.number - 1}: {z} × w_{{k}} for {back}", "soft", SMALL))
        return Block(lines, "backward-soft", "backward", f"d{self.root}/dw", "gradient", left=True)

    def _title(self) -> str:
        inputs = self.neuron.words.element(self.neuron.view.before, "k")
        return f"dz/dw_{{k}} = {inputs}" + (", dz/db = 1" if self.neuron.view.b is not None else "")

    def _row(self, name: str, formula: str, value: float | None) -> Line:
        at_z = self.slopes.at_z
        text = f"*{{{name}}} = {formula}"
        if value is not None and at_z is not None:
            factors, found = product([at_z, value], at_z * value)
            text += f" = {factors} *{{{found}}}"
        return Line(text, "backward")

    def _chain(self, left: float, y: float) -> None:
        """Write out the whole product for the weight whose gradient is the largest, and what becomes of it."""
        neuron, slopes, root = self.neuron, self.slopes, self.root
        place = neuron.strongest
        weight = f"w_{{{neuron.marks[place]}}}"
        factors = [f"d{root}/da", "da/dz"] if neuron.single else [f"d{root}/dz"]
        text = f"The chain: *{{d{root}/d{weight}}} = " + " × ".join([*factors, f"dz/d{weight}"])
        numbers = [slopes.at_a, slopes.slope] if neuron.single else [slopes.at_z]
        if neuron.numbers is not None and slopes.at_z is not None and None not in numbers:
            x = float(neuron.numbers.x[neuron.slots[place] or 0])
            known = [float(number) for number in [*numbers, x] if number is not None]
            product_text, found = product(known, slopes.at_z * x)
            text += f" = {product_text} *{{{found}}}"
        with self.canvas.group("chain", name=f"d{root}/d{weight}"):
            self.canvas.text(left, y, text, size=SIZE + 1, ink="backward")
        about = self._about_all(weight)
        if about:
            y += 24
            self.canvas.text(left, y, about, ink="soft")
        update = self._update(weight, neuron.slots[place] or 0)
        if update:
            with self.canvas.group("update", name=weight):
                self.canvas.text(left, y + 24, update, ink="parameter")

    def _about_all(self, weight: str) -> str:
        """Say what all examples together give."""
        slopes = self.slopes
        text = f"Over all m examples: dJ/d{weight} is the mean of dL/d{weight}" if slopes.mean else ""
        if slopes.trained:
            text = f"{text}; " if text else "Over all m examples "
            text += f"training computes dJ/dz = {slopes.trained} in one step"
        return f"{text}." if text else ""

    def _update(self, weight: str, slot: int) -> str:
        """Write what gradient descent does to a weight; empty without a learning rate."""
        rate, neuron = self.neuron.options.learning_rate, self.neuron
        if rate is None:
            return ""
        text = f"The update: *{{{weight}}} := {weight} - {short(rate)} × dJ/d{weight}"
        gradient = neuron.subject.gradient(neuron.view.W)
        if gradient is None or neuron.numbers is None:
            return text
        numbers, found = step(float(neuron.numbers.w[slot]), rate, float(gradient[slot, neuron.place]))
        return f"{text} = {numbers} *{{{found}}}"
