"""The inputs of a neuron as circles below each other, b as a box below them, and weights written on lines."""

from __future__ import annotations

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.blocks import SIZE, SMALL
from chainrule.network.drawing.ellipsis import dots
from chainrule.network.drawing.neuron_values import Neuron
from chainrule.network.drawing.words import short

RADIUS, STEP = 20.0, 50.0
# How wide a text may be in a circle: in its middle, and in its lower part.
_ROOM, _ROOM_BELOW = 34.0, 30.0
_VALUE = 11.0


class Inputs:
    """A column of inputs around the level of y = 0.

    Args:
        canvas: what to draw on.
        neuron: whose inputs.
        x: where their middles are.
        with_b: whether b stands below them.
    """

    def __init__(self, canvas: Canvas, neuron: Neuron, x: float, *, with_b: bool) -> None:
        self.canvas, self.neuron, self.x, self.with_b = canvas, neuron, x, with_b
        self.count = len(neuron.slots) + with_b

    def y(self, place: int) -> float:
        """Return where the middle of an input is; b has the place after the last."""
        return (place - (self.count - 1) / 2) * STEP

    def draw(self) -> None:
        """Draw the circles, and b."""
        numbers = self.neuron.numbers
        for place, (slot, name) in enumerate(zip(self.neuron.slots, self.neuron.names, strict=True)):
            if slot is None:
                dots(self.canvas, self.x, self.y(place))
                continue
            with self.canvas.group("node", name=name, kind="input"):
                y = self.y(place)
                self.canvas.circle(self.x, y, RADIUS, fill="input-soft", ink="input", line_width=1.4)
                self._write(y, name, None if numbers is None else float(numbers.x[slot]), "input")
        if self.with_b:
            with self.canvas.group("node", name="b", kind="parameter"):
                y, side = self.y(self.count - 1), RADIUS - 1
                self.canvas.box(self.x - side, y - side, 2 * side, 2 * side, fill="parameter-soft", ink="parameter")
                self._write(y, "b", None if numbers is None else numbers.b, "parameter")

    def _write(self, y: float, name: str, value: float | None, ink: str) -> None:
        self._fitted(y + 4 if value is None else y - 2, name, SIZE, _ROOM, "ink")
        if value is not None:
            self._fitted(y + 12, short(value), _VALUE, _ROOM_BELOW, ink)

    def _fitted(self, y: float, text: str, size: float, room: float, ink: str) -> None:
        """Write a text smaller where it would not fit."""
        size = min(size, size * room / text_width(text, size))
        self.canvas.text(self.x, y, text, size=size, anchor="middle", ink=ink)


def write_on_line(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    """Write in the middle of a line, on ground of its own."""
    x, y = (start[0] + end[0]) / 2 - 6, (start[1] + end[1]) / 2
    width = text_width(text, SMALL) + 12
    canvas.box(x - width / 2, y - 10, width, 20, radius=10, fill="parameter-soft", ink="parameter")
    canvas.text(x, y + 4, text, size=SMALL, anchor="middle", ink="parameter")
