"""One neuron as a circle, and the same circle opened: its linear part and its activation part."""

from __future__ import annotations

import math

from chainrule.graph.draw.fonts import shortened, text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.blocks import SIZE, SMALL, Line
from chainrule.network.drawing.columns import layer_titles
from chainrule.network.drawing.curve import Curve
from chainrule.network.drawing.ellipsis import dots
from chainrule.network.drawing.neuron_slopes import bracketed, draw_slopes
from chainrule.network.drawing.neuron_values import Neuron
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import Y_HAT, Words, short

_RADIUS, _CLOSED = 20.0, 44.0
_STEP, _ROW = 50.0, 30.0
_CURVE = (170.0, 120.0)
_LINES, _FAN = 150.0, 170.0
_ARROW, _PAD = 46.0, 22.0
_HEAD, _FOOT = 64.0, 62.0


def draw_neuron(canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
    """Draw the neuron that the options name, closed and opened, with its derivatives where they are asked for.

    Raises:
        UserError: gradients of a trace that has no cost.
    """
    _Opened(canvas, subject, options, words).draw()


class _Opened:
    def __init__(self, canvas: Canvas, subject: Subject, options: Options, words: Words) -> None:
        self.canvas, self.subject, self.options, self.words = canvas, subject, options, words
        self.neuron = Neuron(subject, options, words)
        self.with_b = self.neuron.view.b is not None
        self.rows = self._rows()
        self.entries = len(self.neuron.slots) + self.with_b
        self.formula = self._z_formula()
        widths = [text_width(text, SIZE) for text in [*self.rows, self.formula, self._z_line()]]
        self.linear = max([*widths, 150.0]) + 2 * _PAD
        a_lines = [line.width for line in self._a_lines()]
        self.active = max([*a_lines, _CURVE[0] + 24.0 if self.neuron.single else 0.0]) + 2 * _PAD
        self.height = max(_HEAD + len(self.rows) * _ROW + _FOOT, 240.0)
        self.inputs_x = 2 * _RADIUS + _LINES + 2 * _CLOSED + _ARROW + 118.0
        self.left = self.inputs_x + _RADIUS + _FAN
        self.middle = self.left + self.linear
        self.right = self.middle + self.active

    def draw(self) -> None:
        """Draw around the level of y = 0, on which the neuron gives its result."""
        self._title()
        self._closed()
        self._shape()
        self._inputs_of_opened()
        self._linear_part()
        self._activation_part()
        self._output()
        if self.neuron.slopes is not None:
            middles = (self.left + self.middle) / 2, (self.middle + self.right) / 2
            draw_slopes(self.canvas, self.neuron, middles, self.canvas.extents[3] + 44.0)

    def _title(self) -> None:
        view, neuron = self.neuron.view, self.neuron
        assert view.dense is not None
        top = min(-self.height / 2, -self.entries * _STEP / 2) - 56.0
        layer = " · ".join(text for text, _ in layer_titles(self.subject, view))
        what = f"neuron {neuron.place + 1} of {view.dense.units:,}" if view.dense.units > 1 else "its one neuron"
        self.canvas.text(-_RADIUS, top, f"{layer}: {what}, {neuron.activation}", size=15, weight="bold")
        self.canvas.text(-_RADIUS, top + 20, self._where(), size=SIZE, ink="parameter")
        X = self.subject.value(self.subject.X)
        if X is not None:
            text = f"the numbers are those of example {self.options.example} of {len(X):,}"
            x = -_RADIUS + text_width(self._where(), SIZE) + 24
            self.canvas.text(x, top + 20, text, size=SIZE, ink="soft")

    def _where(self) -> str:
        """Say which of the layer's parameters are this neuron's."""
        view, place = self.neuron.view, self.neuron.place + 1
        assert view.W is not None
        W = self.words.labels[view.W]
        which = "row" if self.words.columns else "column"
        one = view.dense is not None and view.dense.units == 1
        text = f"w is all of {W}" if one else f"w is {which} {place} of {W}"
        if view.b is not None:
            text += f", b is {'all' if one else f'number {place}'} of {self.words.labels[view.b]}"
        return text

    def _closed(self) -> None:
        """Draw the neuron as one circle with its inputs."""
        canvas, neuron = self.canvas, self.neuron
        x = _RADIUS + _LINES + _CLOSED
        count = len(neuron.slots)
        for place, slot in enumerate(neuron.slots):
            if slot is None:
                continue
            with canvas.group("edge", source=neuron.names[place], target="a", kind="weight"):
                y = self._spread(place, count)
                far = math.hypot(x, y)  # from one middle to the other
                ends = [(_RADIUS * x / far, y * (1 - _RADIUS / far)), (x * (1 - _CLOSED / far), y * _CLOSED / far)]
                canvas.path(ends, ink="parameter", width=1.3, arrow=False)
        self._input_column(0.0, count)
        label = self.words.element(neuron.view.A, self._own_mark(), self._example)
        with canvas.group("node", name=label, kind="closed"):
            canvas.circle(x, 0, _CLOSED, fill="forward-soft", ink="forward", line_width=2)
            canvas.text(x, 0 if neuron.numbers else 5, label, size=15, anchor="middle", weight="bold")
            if neuron.numbers is not None:
                canvas.text(x, 19, short(neuron.numbers.a), size=SIZE, anchor="middle", ink="forward")
        canvas.path([(x + _CLOSED, 0), (x + _CLOSED + _ARROW, 0)], ink="forward", width=2)
        canvas.text(x, _CLOSED + 24, "one circle", anchor="middle", ink="soft")
        canvas.text(x + _CLOSED + _ARROW + 44, 12, "=", size=34, anchor="middle", ink="soft")
        canvas.text(x + _CLOSED + _ARROW + 44, 34, "opened", anchor="middle", ink="soft")

    @property
    def _example(self) -> int | None:
        return self.options.example if self.neuron.numbers is not None else None

    def _own_mark(self) -> int | None:
        dense = self.neuron.view.dense
        return None if dense is not None and dense.units == 1 else self.neuron.place + 1

    def _spread(self, place: int, count: int) -> float:
        return (place - (count - 1) / 2) * _STEP

    def _input_column(self, x: float, count: int) -> None:
        """Draw the circles of the inputs; `count` says how many there are with b."""
        neuron = self.neuron
        for place, slot in enumerate(neuron.slots):
            y = self._spread(place, count)
            if slot is None:
                dots(self.canvas, x, y)
                continue
            with self.canvas.group("node", name=neuron.names[place], kind="input"):
                self.canvas.circle(x, y, _RADIUS, fill="input-soft", ink="input", line_width=1.4)
                value = neuron.numbers is not None
                self._fitted(x, y - 2 if value else y + 4, neuron.names[place], SIZE, "ink")
                if neuron.numbers is not None:
                    self._fitted(x, y + 12, short(float(neuron.numbers.x[slot])), 11, "input")

    def _fitted(self, x: float, y: float, text: str, size: float, ink: str) -> None:
        size = min(size, size * (2 * _RADIUS - 6) / text_width(text, size))
        self.canvas.text(x, y, text, size=size, anchor="middle", ink=ink)

    def _shape(self) -> None:
        """Draw the opened neuron: one shape of two parts."""
        canvas, top = self.canvas, -self.height / 2
        with canvas.group("opened"):
            width = self.right - self.left
            canvas.box(
                self.left, top, width, self.height, radius=46, fill="forward-soft", ink="forward", line_width=2
            )
            canvas.line(self.middle, top, self.middle, top + self.height, ink="forward", dash=True)
        linear, active = (self.left + self.middle) / 2, (self.middle + self.right) / 2
        canvas.text(linear, top + 24, "linear part", anchor="middle", ink="forward", weight="bold")
        canvas.text(active, top + 24, "activation part", anchor="middle", ink="forward", weight="bold")

    def _row_y(self, place: int) -> float:
        """Where the line of an input's product stands."""
        return -self.height / 2 + _HEAD + (place + 0.5) * _ROW

    def _inputs_of_opened(self) -> None:
        canvas, neuron, x = self.canvas, self.neuron, self.inputs_x
        for place, slot in enumerate(neuron.slots):
            if slot is None:
                continue
            start = (x + _RADIUS, self._spread(place, self.entries))
            end = (self.left, self._row_y(place))
            weight = f"w_{{{neuron.marks[place]}}}"
            with canvas.group("edge", source=neuron.names[place], target="z", kind="weight"):
                canvas.path([start, end], ink="parameter", width=1.5)
                text = weight if neuron.numbers is None else f"{weight} = {short(float(neuron.numbers.w[slot]))}"
                self._pill(start, end, text)
        self._input_column(x, self.entries)
        if self.with_b:
            start = (x + _RADIUS, self._spread(self.entries - 1, self.entries))
            with canvas.group("edge", source="b", target="z", kind="parameter"):
                canvas.path([start, (self.left, self._row_y(len(neuron.slots)))], ink="parameter", width=1.5)
            with canvas.group("node", name="b", kind="parameter"):
                side = _RADIUS - 1
                canvas.box(x - side, start[1] - side, 2 * side, 2 * side, fill="parameter-soft", ink="parameter")
                value = neuron.numbers
                self._fitted(x, start[1] - 2 if value else start[1] + 4, "b", SIZE, "ink")
                if value is not None:
                    self._fitted(x, start[1] + 12, short(value.b), 11, "parameter")

    def _pill(self, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
        """Write on a line, on ground of its own."""
        x, y = (start[0] + end[0]) / 2 - 6, (start[1] + end[1]) / 2
        width = text_width(text, SMALL) + 12
        self.canvas.box(x - width / 2, y - 10, width, 20, radius=10, fill="parameter-soft", ink="parameter")
        self.canvas.text(x, y + 4, text, size=SMALL, anchor="middle", ink="parameter")

    def _rows(self) -> list[str]:
        """The lines of the linear part: each product, and b."""
        neuron, numbers = self.neuron, self.neuron.numbers
        rows = []
        for place, slot in enumerate(neuron.slots):
            if slot is None:
                rows.append(self._rest())
                continue
            product = f"w_{{{neuron.marks[place]}}} {neuron.names[place]}"
            if numbers is not None:
                w, x = float(numbers.w[slot]), float(numbers.x[slot])
                product += f" = {short(w)} × {bracketed(x)} = {short(w * x)}"
            rows.append(product)
        if self.with_b:
            rows.append("b" if numbers is None else f"b = {short(numbers.b)}")
        return rows

    def _rest(self) -> str:
        """Say what the inputs that are not drawn add."""
        neuron, numbers = self.neuron, self.neuron.numbers
        if numbers is None or neuron.inputs is None:
            return "…"
        drawn = {slot for slot in neuron.slots if slot is not None}
        left = [slot for slot in range(neuron.inputs) if slot not in drawn]
        return f"{len(left):,} more: {short(float(numbers.w[left] @ numbers.x[left]))}"

    def _z_formula(self) -> str:
        neuron = self.neuron
        terms = [f"w_{{{mark}}} {name}" for mark, name in zip(neuron.marks, neuron.names, strict=True)]
        if len(terms) > 3 or None in neuron.slots:
            terms = [terms[0], "…", terms[-1]]
        return "z = " + " + ".join([*terms, *(["b"] if self.with_b else [])])

    def _z_line(self) -> str:
        numbers = self.neuron.numbers
        return "z = the sum of all" + ("" if numbers is None else f" = *{{{short(numbers.z)}}}")

    def _linear_part(self) -> None:
        canvas, bottom = self.canvas, self.height / 2
        canvas.text((self.left + self.middle) / 2, -bottom + 46, self.formula, anchor="middle")
        for place, text in enumerate(self.rows):
            canvas.text(
                self.left + _PAD, self._row_y(place) + 4.5, text, ink="soft" if text[0].isdigit() else "ink"
            )
        y = self._row_y(len(self.rows)) - _ROW / 2 + 4
        canvas.line(self.left + _PAD, y, self.middle - _PAD, y, ink="forward")
        with canvas.group("result", name="z"):
            canvas.text(self.left + _PAD, y + 24, self._z_line(), ink="forward")

    @property
    def _units(self) -> int:
        assert self.neuron.view.dense is not None
        return self.neuron.view.dense.units

    def _a_lines(self) -> list[Line]:
        neuron, numbers = self.neuron, self.neuron.numbers
        if not neuron.single:
            lines = [Line(f"a = {neuron.activation}(all z of the layer)")]
            if neuron.activation == "softmax":
                lines += [
                    Line("exp(z), divided by the", "soft"),
                    Line(f"sum of exp over the {self._units} z", "soft"),
                ]
        elif neuron.activation == "identity":
            lines = [Line("a = z")]
        else:
            lines = [Line(f"a = {neuron.activation}(z)")]
        if numbers is not None:
            inside = f"{neuron.activation}({short(numbers.z)}) = " if neuron.single else ""
            inside = "" if neuron.activation == "identity" else inside
            lines.append(Line(f"a = {inside}*{{{short(numbers.a)}}}", "forward"))
        return lines

    def _activation_part(self) -> None:
        neuron, canvas = self.neuron, self.canvas
        lines = self._a_lines()
        middle = (self.middle + self.right) / 2
        y = -self.height / 2 + 46
        numbers, slopes = neuron.numbers, neuron.slopes
        result = lines.pop() if numbers is not None else None
        for place, line in enumerate(lines):
            canvas.text(middle, y + 20 * place, line.text, anchor="middle", ink=line.ink)
        bottom = self.height / 2 - 22
        if result is not None:
            with canvas.group("result", name="a"):
                canvas.text(middle, bottom, result.text, anchor="middle", ink=result.ink)
        if not neuron.single:
            return
        assert neuron.view.dense is not None
        z = None if numbers is None else numbers.z
        curve = Curve(neuron.view.dense.activation, neuron.view.dense.units, neuron.place, z)
        top, room = y + 20, bottom - 20 * (result is not None) - y - 26
        box = (middle - _CURVE[0] / 2, top + max(0.0, (room - _CURVE[1]) / 2), *_CURVE)
        point = None if numbers is None else (numbers.z, numbers.a)
        curve.draw(canvas, box, point, None if slopes is None else slopes.slope)

    def _meaning(self) -> str:
        """Say what an output is."""
        classes = self.options.classes
        if not classes:
            return "the output"
        name = classes[1] if self._units == 1 else classes[self.neuron.place]
        return shortened(f"the probability of {name}", 240.0)

    def _output(self) -> None:
        neuron, canvas, x = self.neuron, self.canvas, self.right
        with canvas.group("edge", source="a", target="next", kind="forward"):
            canvas.path([(x, 0), (x + _ARROW, 0)], ink="forward", width=2)
        last = neuron.is_output
        label = self.words.element(neuron.view.A, self._own_mark(), self._example)
        mark = self._own_mark()
        y_hat = Y_HAT if mark is None else f"{Y_HAT}_{{{mark}}}"
        lines = [f"*{{a}} is {label}" + (f" = {y_hat}" if last else "")]
        lines.append(self._meaning() if last else f"goes on to layer {neuron.view.number + 1}")
        for place, text in enumerate(lines):
            canvas.text(x + _ARROW + 8, 18 * place - 2, text, ink="soft" if place else "ink")
