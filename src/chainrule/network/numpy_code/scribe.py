"""One operation at a time as NumPy code: what the rules of the operations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.op import Array
from chainrule.graph.shapes import Shape
from chainrule.network.numpy_code.layout import CALL, SIGNED, Layout, Written, shape_text, size_text
from chainrule.network.numpy_code.names import Names


@dataclass
class Module:
    """What stands at the top of the code, once for all functions.

    Attributes:
        names: the names that the module has.
        helpers: from a function's text with its name left open to its name.
        constants: arrays of numbers, by their name.
        imports: lines in addition to NumPy's.
    """

    layout: Layout
    names: Names = field(default_factory=Names)
    helpers: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)

    def helper(self, wish: str, body: str) -> str:
        """Return the name of a function with this body, which holds `NAME` in the place of its name."""
        if body not in self.helpers:
            self.helpers[body] = self.names.claim(wish)
        return self.helpers[body]

    def constant(self, value: Array) -> str:
        """Return the name of an array of numbers."""
        for name, known in self.constants.items():
            if known.shape == value.shape and np.array_equal(known, value, equal_nan=True):
                return name
        name = self.names.numbered("C")
        self.constants[name] = value
        return name


@dataclass
class Scribe:
    """Writes nodes of which the inputs are written.

    Attributes:
        module: the top of the code.
        written: every node that has a text.
        composite: writes a call of a function for an operation that is made of others.
        counts: whether some text says `m`.
    """

    module: Module
    written: dict[Expression, Written]
    composite: Callable[[Scribe, Expression], Written]
    counts: bool = False

    @property
    def layout(self) -> Layout:
        """The convention."""
        return self.module.layout

    def operand(self, node: Expression, position: int, *, truth: bool = False) -> Written:
        """An input as an operand of an elementwise operation; as numbers, unless True and False will do."""
        source = node.inputs[position]
        found = self.layout.operand(self.written[source], source, node.shape)
        return found if truth else as_numbers(found)

    def value(self, source: Expression) -> Written:
        """An input as it lies in the code."""
        return as_numbers(self.written[source])

    def in_graph_form(self, source: Expression) -> Written:
        """An input as it lies in the graph."""
        return self.layout.as_graph(self.value(source), source.shape)

    def shape(self, shape: Shape) -> str:
        """A shape, of which m is a variable in the code."""
        self.counts = self.counts or shapes.has_examples(shape)
        return shape_text(shape)

    def size(self, shape: Shape) -> str:
        """A shape as the argument of a function that makes an array: the length alone of a vector."""
        self.counts = self.counts or shapes.has_examples(shape)
        return size_text(shape)

    def number_of_examples(self) -> str:
        """The variable m."""
        self.counts = True
        return "m"


def as_numbers(written: Written) -> Written:
    """Turn True and False into 1.0 and 0.0."""
    return written.then(".astype(float)") if written.truth else written


_LARGEST_WHOLE = 1e15
_SHORT = 10


def number(value: float) -> Written:
    """Write a number so that Python reads the same one, whole numbers whole.

    Where arithmetic has left the last bit of a short number wrong, the short number is written.

    >>> number(2.0).text, number(1 - 0.8).text, number(1 / 3).text, number(float("inf")).text
    ('2', '0.2', '0.3333333333333333', 'np.inf')
    """
    if np.isnan(value):
        return Written("np.nan")
    if np.isinf(value):
        return Written("np.inf" if value > 0 else "-np.inf", CALL if value > 0 else SIGNED)
    whole = value.is_integer() and abs(value) < _LARGEST_WHOLE
    short = f"{value:.0f}" if whole else f"{value:.15g}"
    text = short if len(short) <= _SHORT or whole else repr(value)
    return Written(text, SIGNED if text.startswith("-") else CALL)


Rule = Callable[[Scribe, Expression], Written]
Rules = Mapping[str, Rule]
