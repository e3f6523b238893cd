"""The columns of circles of a network: which neurons are drawn, and what is written above and below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.draw.fonts import shortened, text_width
from chainrule.graph.expression import Expression
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.strokes import largest
from chainrule.network.drawing.subject import LayerView, Subject
from chainrule.network.drawing.words import Words, short, typed
from chainrule.network.layers import Dropout

Array = NDArray[Any]

SIZE, LINE = 13.0, 17.0
_MARGIN, _LEAST_GAP, _DOTS = 28.0, 110.0, 110.0
# Of an open number of features so many places are drawn; the widest that a name may be.
_OPEN, _NAME = 5, 170.0


@dataclass(frozen=True, eq=False)
class Column:
    """The neurons of a layer, or the numbers of an example.

    Attributes:
        slots: which neurons are drawn, counted from 0; None for the ellipsis.
        labels: what stands in the circle of each slot.
        tooltips: what is shown where the pointer rests on a circle.
        captions: what stands below: text and role; the first is bold.
        head: what stands above the lines that come into it: text and role.
        name: what the weights of those lines are called.
        weights: the numbers that those lines show, of shape (n_in, n_out); None without numbers.
        of_gradients: whether those are the gradients of the weights.
        values: what the neurons give for the example; None without numbers.
        gradients: dJ/da of the example; None without gradients.
        layer: its number; 0 for the input.
        open: whether it ends with x_n, whose place is not known.
    """

    slots: list[int | None]
    labels: list[str]
    tooltips: list[str]
    captions: list[tuple[str, str]]
    head: list[tuple[str, str]]
    layer: int
    name: str = ""
    weights: Array | None = None
    of_gradients: bool = False
    values: Array | None = None
    gradients: Array | None = None
    open: bool = False

    @cached_property
    def largest(self) -> float:
        """The size of the largest of the weights."""
        return 0.0 if self.weights is None else largest(self.weights)

    @property
    def width(self) -> float:
        """How wide its captions are."""
        title, *others = [text for text, _ in self.captions]
        return max([text_width(title, SIZE, "bold"), *(text_width(text, SIZE) for text in others)])

    @property
    def head_width(self) -> float:
        """How wide what stands above is."""
        return max((text_width(text, SIZE) for text, _ in self.head), default=0.0)


def columns_of(subject: Subject, options: Options, words: Words) -> list[Column | None]:
    """Return the input and the layers from left to right; None stands for layers that are left out."""
    return _Columns(subject, options, words).all()


def places(columns: list[Column | None], diameter: float) -> Iterator[tuple[Column | None, float]]:
    """Yield the columns with their middles, far enough apart for what is written above and below."""
    x, before = 0.0, columns[0]
    yield before, x
    for column in columns[1:]:
        widths = [one.width if one else _DOTS for one in (before, column)]
        head = column.head_width if column else 0.0
        x += max(_LEAST_GAP + diameter, sum(widths) / 2 + _MARGIN, head + _MARGIN)
        yield column, x
        before = column


class _Columns:
    def __init__(self, subject: Subject, options: Options, words: Words) -> None:
        self.subject, self.options, self.words = subject, options, words
        self.gradients = options.backward and subject.trace is not None
        self.example = options.example if subject.trace is not None else None

    def all(self) -> list[Column | None]:
        dense = self.subject.dense
        chosen = shown(len(dense), self.options.max_layers)
        return [self._input(), *(None if place is None else self._layer(dense[place]) for place in chosen)]

    def _input(self) -> Column:
        features, most = self.subject.features, self.options.max_neurons
        # A number of features that is left open is drawn as a wide layer whose last number is x_n.
        slots = shown(most + 1, min(most, _OPEN)) if features is None else shown(features, most)
        labels = [self.words.element(self.subject.X, (slot or 0) + 1, self.example) for slot in slots]
        if features is None:
            labels[-1] = self.words.element(self.subject.X, "n", None)
        captions = [("input", "ink"), ("n numbers" if features is None else counted(features, "number"), "soft")]
        captions += _shown_of(slots, features)
        captions += [(self._with_shape(self.subject.X), "input"), *self._dropout(0)]
        values = self._values(self.subject.X)
        tooltips = [self._tooltip(label, slot, values) for label, slot in zip(labels, slots, strict=True)]
        return Column(slots, labels, tooltips, captions, [], 0, values=values, open=features is None)

    def _layer(self, view: LayerView) -> Column:
        layer = view.dense
        assert layer is not None
        assert view.W is not None
        slots = shown(layer.units, self.options.max_neurons)
        one = layer.units == 1
        labels = [self.words.element(view.A, None if one else (slot or 0) + 1, self.example) for slot in slots]
        captions = [*layer_titles(self.subject, view), (counted(layer.units, "neuron"), "soft")]
        captions += _shown_of(slots, layer.units)
        captions += [(cut(layer.activation.name), "forward"), (self._with_shape(view.A), "forward")]
        captions += self._dropout(view.number)
        values = self._values(view.A)
        weights = self._weights(view)
        return Column(
            slots,
            labels,
            [self._tooltip(label, slot, values, view) for label, slot in zip(labels, slots, strict=True)],
            captions,
            self._head(view, weights),
            view.number,
            name=self.words.gradient(view.W) if self.gradients else self.words.labels[view.W],
            weights=weights,
            of_gradients=self.gradients,
            values=values,
            gradients=self._row(self.subject.gradient(view.A)) if self.gradients else None,
        )

    def _head(self, view: LayerView, weights: Array | None) -> list[tuple[str, str]]:
        nodes = [node for node in (view.W, view.b) if node is not None]
        head = [(self._with_shape(node), "parameter") for node in nodes]
        head += [] if view.b is not None else [("no bias", "soft")]
        if self.options.backward:
            head += [(f"{self.words.gradient(node)}  {self.words.shape(node)}", "backward") for node in nodes]
        if weights is not None:
            head.append((_size_text(weights, "dJ/dw" if self.gradients else "weights"), "soft"))
        return head

    def _tooltip(self, label: str, slot: int | None, values: Array | None, view: LayerView | None = None) -> str:
        """Name a number and, where it is known, what it comes from."""
        if slot is None:
            return ""
        found = [typed(label)]
        if values is not None:
            found[0] += f" = {short(float(values[slot]))}"
        if view is not None and (Z := self._values(view.Z)) is not None and view.Z is not view.A:
            found.append(f"z = {short(float(Z[slot]))}")
        parameters = self.subject.parameters
        if view is not None and view.b is not None and parameters is not None:
            found.append(f"bias b = {short(float(parameters[str(view.b.name)][slot]))}")
        return ", ".join(found)

    def _with_shape(self, node: Expression) -> str:
        return f"{self.words.labels[node]}  {self.words.shape(node)}"

    def _dropout(self, number: int) -> list[tuple[str, str]]:
        """What happens to a layer's values in training before the next layer reads them."""
        layers = [view.layer for view in self.subject.layers if view.number == number]
        return [
            (f"dropout {layer.rate:g} in training", "backward") for layer in layers if isinstance(layer, Dropout)
        ]

    def _weights(self, view: LayerView) -> Array | None:
        assert view.W is not None
        if self.gradients:
            return self.subject.trained_gradient(view.W)
        parameters = self.subject.parameters
        return None if parameters is None else np.asarray(parameters[str(view.W.name)], dtype=np.float64)

    def _values(self, node: Expression | None) -> Array | None:
        return self._row(self.subject.value(node))

    def _row(self, values: Array | None) -> Array | None:
        return None if values is None else np.asarray(values[self.options.example - 1])


def _shown_of(slots: list[int | None], count: int | None) -> list[tuple[str, str]]:
    """Say how many are drawn, where not all are: their lines are then not all either."""
    if None not in slots:
        return []
    return [(f"{len(slots) - 1} of {'n' if count is None else f'{count:,}'} shown", "soft")]


def _size_text(weights: Array, what: str) -> str:
    if not np.isfinite(weights).any():
        return f"{what} not finite"
    most = largest(weights)
    return f"{what} up to ±{short(most)}" if most else f"{what} all 0"


def layer_titles(subject: Subject, view: LayerView) -> list[tuple[str, str]]:
    """Return what a layer is called: its own name where it has one, and its place."""
    layer = view.dense
    last = view is subject.dense[-1]
    place = "output layer" if last else f"hidden layer {view.number}"
    return [(cut(layer.name), "ink"), (place, "soft")] if layer is not None and layer.name else [(place, "ink")]


def cut(name: str) -> str:
    """Return a name that a person gave, no wider than a column."""
    return shortened(name, _NAME, SIZE, "bold")


def counted(count: int, what: str) -> str:
    """Write how many there are of something.

    >>> counted(1, "neuron"), counted(12288, "number")
    ('1 neuron', '12,288 numbers')
    """
    return f"{count:,} {what}" + ("" if count == 1 else "s")
