"""What stands below a network of circles and lines: what its lines mean, how many parameters, whose numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.graph.shapes import fixed
from chainrule.network.drawing.columns import LINE, SIZE, Column, counted
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.strokes import stroke
from chainrule.network.drawing.subject import Subject
from chainrule.network.drawing.words import short

_SAMPLE, _GAP, _APART = 30.0, 8.0, 26.0


def draw_legend(canvas: Canvas, subject: Subject, options: Options, columns: Sequence[Column]) -> None:
    """Write below a drawing what it means, around its middle."""
    left, _, right, bottom = canvas.extents
    x, y = (left + right) / 2, bottom + 30
    with canvas.group("legend"):
        weights = [column for column in columns if column.weights is not None]
        if weights:
            y = _keys(canvas, x, y, gradient=weights[0].of_gradients)
        for text, ink in [(total_text(subject), "ink"), *_numbers(subject, options, columns)]:
            canvas.text(x, y, text, size=SIZE, anchor="middle", ink=ink)
            y += LINE


def total_text(subject: Subject) -> str:
    """Write how many parameters a network has; with n where an example's numbers are not counted."""
    sizes = [
        math.prod(fixed(node.shape)) for view in subject.dense for node in (view.W, view.b) if node is not None
    ]
    if subject.features is not None:
        return counted(sum(sizes), "parameter")
    first = subject.dense[0]
    assert first.dense is not None
    rest = sum(sizes) - sizes[0]
    return (
        (f"{first.dense.units:,} · n" if first.dense.units > 1 else "n")
        + (f" + {rest:,}" if rest else "")
        + (" parameters")
    )


def _keys(canvas: Canvas, x: float, y: float, *, gradient: bool) -> float:
    """Draw a sample of each kind of line; return where the next text stands."""
    what = ("dJ/dw > 0: w falls", "dJ/dw < 0: w grows") if gradient else ("weight > 0", "weight < 0")
    widths = [_SAMPLE + _GAP + text_width(text, SIZE) for text in what]
    start = x - (sum(widths) + _APART) / 2
    for text, width, sign in zip(what, widths, (1.0, -1.0), strict=True):
        canvas.line(start, y - 4.5, start + _SAMPLE, y - 4.5, **stroke(0.7 * sign, 1.0, gradient=gradient))
        canvas.text(start + _SAMPLE + _GAP, y, text, size=SIZE)
        start += width + _APART
    text = f"the wider, the larger {'dJ/dw' if gradient else 'the weight'}, compared within a layer"
    canvas.text(x, y + LINE, text, size=SIZE, anchor="middle", ink="soft")
    return y + 2 * LINE + 8


def _numbers(subject: Subject, options: Options, columns: Sequence[Column]) -> list[tuple[str, str]]:
    X = subject.value(subject.X)
    if X is None:
        return []
    m = len(X)
    y = subject.value(subject.y)
    label = "" if y is None else f", label y = {_label(np.atleast_1d(y[options.example - 1]))}"
    lines = [(f"the numbers in the circles: example {options.example} of {m:,}{label}", "ink")]
    if any(column.gradients is not None for column in columns):
        lines.append(("in the last line of a circle: dJ/da", "backward"))
    J = subject.value(subject.J)
    if J is not None and J.size == 1:
        of = "of this example" if m == 1 else f"over all {m:,} examples"
        lines.append((f"cost J = {short(float(J.reshape(())))} {of}", "ink"))
    return lines


def _label(y: NDArray[np.float64]) -> str:
    written = [short(float(value)) for value in y[:6]]
    return written[0] if len(y) == 1 else "[" + ", ".join(written) + (", …]" if len(y) > 6 else "]")
