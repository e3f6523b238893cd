"""What the arrays of a network are called, and how shapes and formulas are written, in either notation."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from chainrule.graph import shapes
from chainrule.graph.draw.fonts import plain
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import M
from chainrule.graph.text import Notation, formula
from chainrule.graph.trace.wording import in_notation, significant
from chainrule.network.drawing.subject import Subject

Y_HAT = "ŷ"

_LOWERED = re.compile(r"_\{([^{}]*)\}")
_NUMBERED = re.compile(r"([A-Za-z]+)(\d+)")
# Arrays of up to so many numbers are written out.
_WRITTEN_OUT = 4
_DIGITS, _MOST_DIGITS = 3, 10
_NEARLY_1 = 0.9995
# A mean that is smaller than this share of the largest size is zero but for rounding.
_ROUNDING = 1e-12


class Words:
    """The words of one drawing.

    Args:
        subject: what is drawn.
        notation: "rows" calls the weights of layer 1 `W1`, "columns" `W^{[1]}`.
    """

    def __init__(self, subject: Subject, notation: Notation) -> None:
        self.notation = notation
        self.columns = notation == "columns"
        unsaid = subject.features is None
        # Dropout before the first Dense layer has the number 0 and keeps the shape of X.
        dropped = (view.A for view in subject.layers if view.number == 0)
        self._open = {subject.X, subject.dense[0].before, *dropped} if unsaid else set()
        self._first_weights = subject.dense[0].W if unsaid else None
        self.labels: dict[Expression, str] = {}
        for view in subject.layers:
            if view.dense is None and view.A is not view.before:
                self.labels.setdefault(view.A, self.numbered("D", view.number))
        for node in _named(subject):
            self.labels.setdefault(node, self._label(node, subject))

    def _label(self, node: Expression, subject: Subject) -> str:
        if node is subject.X:
            return "X"
        if node is subject.J:
            return "J"
        parts = _NUMBERED.fullmatch(node.name or "")
        return self.numbered(parts[1], int(parts[2])) if parts else str(node.name)

    def numbered(self, letter: str, layer: int) -> str:
        """Return the name of a layer's array, for example `W1` or `W^{[1]}`."""
        return f"{letter}^{{[{layer}]}}" if self.columns else f"{letter}{layer}"

    def element(self, node: Expression, place: int | str | None, example: int | None = None) -> str:
        """Return the name of one number of an example, for example `a1_{2}` or `a^{[1](3)}_{2}`.

        Args:
            node: X, or what a layer gives.
            place: of the number, counted from 1; None where the array has one number an example.
            example: whose number it is, which columns say in parentheses; None for any.
        """
        label = self.labels[node]
        name = label[0].lower() + label[1:]
        if self.columns and example is not None:
            name = name[:-1] + f"({example})}}" if name.endswith("}") else f"{name}^{{({example})}}"
        return name if place is None else f"{name}_{{{place}}}"

    def gradient(self, node: Expression) -> str:
        """Return the name of a gradient of the cost, for example `dJ/dW1`."""
        return f"dJ/d{self.labels[node]}"

    def shape_of(self, node: Expression) -> tuple[int | str, ...]:
        """Return a node's shape in the notation; `n` stands for a number of features that is left open."""
        axes: list[int | str] = list(node.shape)
        if node is self._first_weights:
            axes[0] = "n"
        elif node in self._open:
            axes[1] = "n"
        if self.columns:
            # What belongs to every example alike is a column; labels of one number an example stay as they are.
            axes = [*axes, 1] if len(axes) == 1 and axes[0] != M else axes[::-1]
        return tuple(axes)

    def shape(self, node: Expression) -> str:
        """Write a node's shape, for example `(m, 4)`."""
        return shapes.text(self.shape_of(node))

    def formula(self, node: Expression) -> str:
        """Write how a node is computed, by the labels of its inputs."""
        return self.typeset(formula(node, labels=self.labels, notation=self.notation))

    def typeset(self, text: str) -> str:
        """Bring a formula into the look of the notation: as one types it, or as it stands on a blackboard."""
        if not self.columns:
            return text
        return text.replace(" @ ", " ").replace("]}.T", "]T}").replace(".T", "^{T}")

    def value(self, array: NDArray[np.float64]) -> str:
        """Write a value in a few words: a short array in full, of a longer one its range and mean."""
        array = in_notation(array, self.notation)
        if array.size <= _WRITTEN_OUT:
            return _written_out(array)
        finite = array[np.isfinite(array)]
        if not finite.size:
            return "no finite number"
        low, high, mean = float(finite.min()), float(finite.max()), float(finite.mean())
        if low == high and finite.size == array.size:
            return f"all {short(low)}"
        if abs(mean) < _ROUNDING * max(-low, high):
            mean = 0.0
        return f"{short(low)} to {short(high)}, mean {short(mean)}"


def _named(subject: Subject) -> list[Expression]:
    found = [subject.X, subject.y, subject.L, subject.J]
    for view in subject.layers:
        found += [view.W, view.b, view.Z, view.A]
    return [node for node in found if node is not None]


def _written_out(array: NDArray[np.float64]) -> str:
    if array.ndim == 0:
        return short(float(array))
    return "[" + ", ".join(_written_out(part) for part in array) + "]"


def typed(label: str) -> str:
    """Write a label as one types it, for tooltips, which know no markup.

    >>> typed("a^{[1](3)}_{2}"), typed("a1_{2}")
    ('a[1](3)_2', 'a1_2')
    """
    return plain(_LOWERED.sub(r"_\1", label))


def short(value: float) -> str:
    """Write a number with three significant digits; with more where one just below 1 would look like 1.

    >>> short(0.73456), short(-12345.0), short(2.0), short(0.999897)
    ('0.735', '-12300', '2', '0.9999')
    """
    if _NEARLY_1 <= abs(value) < 1:
        texts = [f"{value:.{digits}g}" for digits in range(_DIGITS, _MOST_DIGITS)]
        return next((text for text in texts if text.strip("-") != "1"), texts[0])
    return significant(value, _DIGITS)


def shortest(value: float) -> str:
    """Write a number as `short` does, with two significant digits where it has an exponent.

    >>> shortest(0.73456), shortest(-6.62e-18)
    ('0.735', '-6.6e-18')
    """
    text = short(value)
    return significant(value, 2) if "e" in text else text


def bracketed(text: str) -> str:
    """Write a number as a second factor.

    >>> bracketed("-1.5"), bracketed("2")
    ('(-1.5)', '2')
    """
    return f"({text})" if text.startswith("-") else text
