"""What stands below a network of circles and lines: what its lines mean, how many parameters, whose numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.draw.fonts import shortened, text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.graph.shapes import fixed
from chainrule.network.drawing.columns import LINE, SIZE, Column, counted
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.strokes import stroke
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import short

_SAMPLE, _GAP, _APART, _ABOVE = 30.0, 8.0, 26.0, 30.0
# Of so many layers the parameters are added up before the reader's eyes; of a longer label the first are written.
_SUMMED, _WRITTEN = 6, 6
_NAME = 160.0


def draw_legend(canvas: Canvas, subject: Subject, options: Options, columns: Sequence[Column]) -> None:
    """Write below a drawing what it means, around its middle."""
    left, _, right, bottom = canvas.extents
    x, y = (left + right) / 2, bottom + _ABOVE
    texts = [(total_text(subject), "ink"), *_numbers(subject, options, columns)]
    if options.learning_rate is not None:
        texts.append((f"the update of every parameter: w := w - {options.learning_rate:g} · dJ/dw", "parameter"))
    with canvas.group("legend"):
        weights = [column for column in columns if column.weights is not None]
        if weights:
            y = _keys(canvas, x, y, gradient=weights[0].of_gradients)
        for text, ink in texts:
            canvas.text(x, y, text, size=SIZE, anchor="middle", ink=ink)
            y += LINE


def total_text(subject: Subject) -> str:
    """Write how many parameters a network has; with n where an example's numbers are not counted."""
    sizes = [
        [math.prod(fixed(node.shape)) for node in (view.W, view.b) if node is not None] for view in subject.dense
    ]
    if subject.features is not None:
        layers = [f"{sum(layer):,}" for layer in sizes]
        added = " + ".join(layers) + " = " if 1 < len(layers) <= _SUMMED else ""
        return added + counted(sum(map(sum, sizes)), "parameter")
    units = subject.dense[0].A.shape[1]
    rest = sum(map(sum, sizes)) - sizes[0][0]
    return (f"{units:,}n" if units != 1 else "n") + (f" + {rest:,}" if rest else "") + " parameters"


def _keys(canvas: Canvas, x: float, y: float, *, gradient: bool) -> float:
    """Draw a sample of each kind of line; return where the next text stands."""
    what = ("dJ/dw > 0: w falls", "dJ/dw < 0: w grows") if gradient else ("weight > 0", "weight < 0")
    widths = [_SAMPLE + _GAP + text_width(text, SIZE) for text in what]
    start = x - (sum(widths) + _APART) / 2
    for text, width, sign in zip(what, widths, (1.0, -1.0), strict=True):
        canvas.line(start, y - 4.5, start + _SAMPLE, y - 4.5, **stroke(0.7 * sign, 1.0, gradient=gradient))
        canvas.text(start + _SAMPLE + _GAP, y, text, size=SIZE)
        start += width + _APART
    text = f"the wider and stronger, the larger {'dJ/dw' if gradient else 'the weight'}, compared within a layer"
    canvas.text(x, y + LINE, text, size=SIZE, anchor="middle", ink="soft")
    return y + 2 * LINE + _GAP


def _numbers(subject: Subject, options: Options, columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Say whose numbers stand in the circles."""
    X = subject.value(subject.X)
    if X is None:
        return []
    m = len(X)
    y = subject.value(subject.y)
    label = "" if y is None else f", label y = {_label(np.atleast_1d(y[options.example - 1]), options.classes)}"
    lines = [(f"the numbers in the circles: example {options.example} of {m:,}{label}", "ink")]
    if any(column.gradients is not None for column in columns):
        lines.append(("below them: dJ/da of this example", "backward"))
        if _saturated(columns):
            lines.append(("nan: where ŷ rounds to 0 or 1, dJ/da is no number; dJ/dw is taken from dJ/dz", "soft"))
    J = subject.trained_cost()
    if J is not None and J.size == 1:
        lines.append((f"cost J = {short(float(J.reshape(())))} over {counted(m, 'example')}", "ink"))
    return lines


def _saturated(columns: Sequence[Column]) -> bool:
    """Tell whether the chain as written has no numbers where the sound form has."""
    chain = [column.gradients for column in columns if column.gradients is not None]
    sound = [column.weights for column in columns if column.weights is not None]
    return not all(np.isfinite(one).all() for one in chain) and all(np.isfinite(one).all() for one in sound)


def _label(y: NDArray[np.float64], classes: Sequence[str]) -> str:
    """Write a label: the number of its class with the class's name, or the numbers that are expected."""
    if len(y) > 1:
        written = ", ".join(short(float(value)) for value in y[:_WRITTEN])
        return f"[{written}{', …' if len(y) > _WRITTEN else ''}]"
    number = float(y[0])
    name = classes[int(number)] if number in range(len(classes)) else ""
    return short(number) + (f" ({shortened(name, _NAME, SIZE)})" if name else "")
