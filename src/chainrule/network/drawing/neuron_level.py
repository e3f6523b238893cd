"""One neuron as a circle, and the same circle opened: its linear part and its activation part."""

from __future__ import annotations

import math

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.blocks import SIZE
from chainrule.network.drawing.curve import KEY_HEIGHT, Curve
from chainrule.network.drawing.neuron_inputs import RADIUS, STEP, Inputs, write_on_line
from chainrule.network.drawing.neuron_slopes import draw_slopes
from chainrule.network.drawing.neuron_texts import (
    activation_lines,
    linear_formula,
    meaning,
    products,
    result_line,
    sum_line,
    title,
    where,
)
from chainrule.network.drawing.neuron_values import Neuron
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import Y_HAT, Words, short

_CLOSED, _ROW = 44.0, 30.0
_CURVE = (190.0, 130.0)
_LINES, _FAN = 150.0, 170.0
_ARROW, _PAD = 46.0, 22.0
_HEAD, _FOOT, _LEAST = 64.0, 62.0, 282.0
_TITLE, _SLOPES = 56.0, 44.0


def draw_neuron(canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
    """Draw the neuron that the options name, closed and opened, with its derivatives where they are asked for.

    Raises:
        UserError: gradients of a trace that has no cost.
    """
    _Opened(canvas, Neuron(subject, options, words)).draw()


class _Opened:
    def __init__(self, canvas: Canvas, neuron: Neuron) -> None:
        self.canvas, self.neuron = canvas, neuron
        self.rows = products(neuron)
        texts = [linear_formula(neuron), sum_line(neuron).text, *(line.text for line in self.rows)]
        linear = max([150.0, *(text_width(text, SIZE) for text in texts)]) + 2 * _PAD
        lines = [*activation_lines(neuron), result_line(neuron)]
        least = _CURVE[0] + 24.0 if neuron.single else 0.0
        active = max([least, *(line.width for line in lines if line)]) + 2 * _PAD
        self.height = max(_HEAD + len(self.rows) * _ROW + _FOOT, _LEAST)
        x = 2 * RADIUS + _LINES + 2 * _CLOSED + _ARROW + 118.0
        self.inputs = Inputs(canvas, neuron, x, with_b=neuron.view.b is not None)
        self.left = x + RADIUS + _FAN
        self.middle = self.left + linear
        self.right = self.middle + active

    def draw(self) -> None:
        """Draw around the level of y = 0, on which the neuron gives its result."""
        self._title()
        self._closed()
        self._shape()
        self._weights()
        self._linear_part()
        self._activation_part()
        self._output()
        if self.neuron.slopes is not None:
            middles = (self.left + self.middle) / 2, (self.middle + self.right) / 2
            draw_slopes(self.canvas, self.neuron, middles, self.canvas.extents[3] + _SLOPES)

    def _title(self) -> None:
        canvas, neuron, left = self.canvas, self.neuron, -RADIUS
        top = min(-self.height / 2, -self.inputs.count * STEP / 2) - _TITLE
        canvas.text(left, top, title(neuron), size=15, weight="bold")
        canvas.text(left, top + 20, where(neuron), size=SIZE, ink="parameter")
        X = neuron.subject.value(neuron.subject.X)
        if X is not None:
            text = f"the numbers are those of example {neuron.options.example} of {len(X):,}"
            canvas.text(left + text_width(where(neuron), SIZE) + 24, top + 20, text, size=SIZE, ink="soft")

    def _closed(self) -> None:
        """Draw the neuron as one circle with its inputs."""
        canvas, neuron = self.canvas, self.neuron
        x = RADIUS + _LINES + _CLOSED
        inputs = Inputs(canvas, neuron, 0.0, with_b=False)
        for place, (slot, name) in enumerate(zip(neuron.slots, neuron.names, strict=True)):
            if slot is None:
                continue
            with canvas.group("edge", source=name, target="a", kind="weight"):
                y = inputs.y(place)
                far = math.hypot(x, y)  # from one middle to the other
                ends = [(RADIUS * x / far, y * (1 - RADIUS / far)), (x * (1 - _CLOSED / far), y * _CLOSED / far)]
                canvas.path(ends, ink="parameter", width=1.3, arrow=False)
        inputs.draw()
        with canvas.group("node", name=neuron.name, kind="closed"):
            canvas.circle(x, 0, _CLOSED, fill="forward-soft", ink="forward", line_width=2)
            canvas.text(x, 0 if neuron.numbers else 5, neuron.name, size=15, anchor="middle", weight="bold")
            if neuron.numbers is not None:
                canvas.text(x, 19, short(neuron.numbers.a), size=SIZE, anchor="middle", ink="forward")
        canvas.path([(x + _CLOSED, 0), (x + _CLOSED + _ARROW, 0)], ink="forward", width=2)
        canvas.text(x, _CLOSED + 24, "one circle", anchor="middle", ink="soft")
        canvas.text(x + _CLOSED + _ARROW + 44, 12, "=", size=34, anchor="middle", ink="soft")
        canvas.text(x + _CLOSED + _ARROW + 44, 34, "opened", anchor="middle", ink="soft")

    def _shape(self) -> None:
        """Draw the opened neuron: one shape of two parts."""
        canvas, left, width, top = self.canvas, self.left, self.right - self.left, -self.height / 2
        with canvas.group("opened"):
            canvas.box(left, top, width, self.height, radius=46, fill="forward-soft", ink="forward", line_width=2)
            canvas.line(self.middle, top, self.middle, top + self.height, ink="forward", dash=True)
        linear, active = (self.left + self.middle) / 2, (self.middle + self.right) / 2
        canvas.text(linear, top + 24, "linear part", anchor="middle", ink="forward", weight="bold")
        canvas.text(active, top + 24, "activation part", anchor="middle", ink="forward", weight="bold")

    def _row_y(self, place: int) -> float:
        """Where the line of an input's product stands."""
        return -self.height / 2 + _HEAD + (place + 0.5) * _ROW

    def _weights(self) -> None:
        """Draw the inputs of the opened neuron, and the lines from them to their products."""
        canvas, neuron, inputs = self.canvas, self.neuron, self.inputs
        for place, (slot, name, mark) in enumerate(zip(neuron.slots, neuron.names, neuron.marks, strict=True)):
            if slot is None:
                continue
            start, end = (inputs.x + RADIUS, inputs.y(place)), (self.left, self._row_y(place))
            weight = f"w_{{{mark}}}"
            with canvas.group("edge", source=name, target="z", kind="weight"):
                canvas.path([start, end], ink="parameter", width=1.5)
                numbers = neuron.numbers
                text = weight if numbers is None else f"{weight} = {short(float(numbers.w[slot]))}"
                write_on_line(canvas, start, end, text)
        inputs.draw()
        if inputs.with_b:
            place = len(neuron.slots)
            with canvas.group("edge", source="b", target="z", kind="parameter"):
                ends = [(inputs.x + RADIUS, inputs.y(place)), (self.left, self._row_y(place))]
                canvas.path(ends, ink="parameter", width=1.5)

    def _linear_part(self) -> None:
        canvas, left, top = self.canvas, self.left + _PAD, -self.height / 2
        canvas.text((self.left + self.middle) / 2, top + 46, linear_formula(self.neuron), anchor="middle")
        for place, line in enumerate(self.rows):
            canvas.text(left, self._row_y(place) + 4.5, line.text, ink=line.ink)
        y = self._row_y(len(self.rows)) - _ROW / 2 + 4
        canvas.line(left, y, self.middle - _PAD, y, ink="forward")
        with canvas.group("result", name="z"):
            canvas.text(left, y + 24, sum_line(self.neuron).text, ink="forward")

    def _activation_part(self) -> None:
        neuron, canvas = self.neuron, self.canvas
        middle, y, bottom = (self.middle + self.right) / 2, -self.height / 2 + 46, self.height / 2 - 22
        for place, line in enumerate(activation_lines(neuron)):
            canvas.text(middle, y + 20 * place, line.text, anchor="middle", ink=line.ink)
        result = result_line(neuron)
        if result is not None:
            with canvas.group("result", name="a"):
                canvas.text(middle, bottom, result.text, anchor="middle", ink=result.ink)
            bottom -= 20
        if not neuron.single:
            return
        assert neuron.view.dense is not None
        numbers, slopes = neuron.numbers, neuron.slopes
        z = None if numbers is None else numbers.z
        curve = Curve(neuron.view.dense.activation, neuron.units, neuron.place, z)
        top = y + 20 + max(0.0, (bottom - y - 26 - KEY_HEIGHT - _CURVE[1]) / 2)
        point = None if numbers is None else (numbers.z, numbers.a)
        curve.draw(canvas, (middle - _CURVE[0] / 2, top, *_CURVE), point, None if slopes is None else slopes.slope)

    def _output(self) -> None:
        neuron, canvas, x = self.neuron, self.canvas, self.right
        with canvas.group("edge", source="a", target="next", kind="forward"):
            canvas.path([(x, 0), (x + _ARROW, 0)], ink="forward", width=2)
        y_hat = Y_HAT if neuron.units == 1 else f"{Y_HAT}_{{{neuron.place + 1}}}"
        first = f"*{{a}} is {neuron.name}" + (f" = {y_hat}" if neuron.is_output else "")
        canvas.text(x + _ARROW + 8, -2, first)
        canvas.text(x + _ARROW + 8, 16, meaning(neuron), ink="soft")
