"""The shapes of a network's arrays: every W, b, Z and A, as a table of text, HTML, data or as a drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, SupportsIndex

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.draw.colors import Theme
from chainrule.graph.draw.drawing import Drawing
from chainrule.graph.draw.fonts import parts_of, plain
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import M
from chainrule.graph.text import Notation, check_notation
from chainrule.network.drawing.subject import LayerView, LossChoice, Subject, subject_of
from chainrule.network.drawing.words import Words
from chainrule.network.layers import Dropout
from chainrule.network.network import Network
from chainrule.network.text import table

LETTERS = "WbZA"
_KINDS = {"W": "weights", "b": "bias", "Z": "before the activation", "A": "after the activation"}


@dataclass(frozen=True)
class ArrayShape:
    """The shape of one array.

    Attributes:
        name: for example "W1", or "W[1]" in the notation "columns".
        kind: what it is, in words.
        layer: the number of its Dense layer; None of what belongs to no layer.
        shape: its axes: whole numbers, "m" (the examples) and "n" (a number of features that is left open).
        gradient: the name of the gradient of J with respect to it, which has the same shape; None where none is
            taken.
        label: its name with the marks `^{...}` of what is raised.
    """

    name: str
    kind: str
    layer: int | None
    shape: tuple[int | str, ...]
    gradient: str | None
    label: str

    @property
    def size(self) -> int | None:
        """How many numbers it holds; None where that depends on m or n."""
        known = [axis for axis in self.shape if not isinstance(axis, str)]
        return math.prod(known) if len(known) == len(self.shape) else None

    @property
    def text(self) -> str:
        """The shape as people write it."""
        return shapes.text(self.shape)


@dataclass(frozen=True)
class Count:
    """How many parameters there are: `per_feature * n + fixed`; `per_feature` is 0 where n is known.

    >>> Count(4, 9).text, Count(0, 12345).text, Count(1, 0).text
    ('4n + 9', '12,345', 'n')
    """

    per_feature: int = 0
    fixed: int = 0

    @property
    def text(self) -> str:
        """The count as people write it."""
        if not self.per_feature:
            return f"{self.fixed:,}"
        open_part = "n" if self.per_feature == 1 else f"{self.per_feature:,}n"
        return f"{open_part} + {self.fixed:,}" if self.fixed else open_part


@dataclass(frozen=True, eq=False)
class LayerShapes:
    """The shapes of one layer.

    Attributes:
        title: "layer 1", or what the layer is called; of dropout its rate.
        activation: the name of g in A = g(Z); empty of dropout.
        arrays: the arrays by their letters W, b, Z and A; dropout has A alone.
        formula: how Z is computed, as "Z1 = X @ W1 + b1"; empty of dropout.
        fit: the same with shapes, those axes bold (`*{...}`) that have to be equal.
        parameters: how many it has.
    """

    title: str
    activation: str
    arrays: dict[str, ArrayShape]
    formula: str = ""
    fit: str = ""
    parameters: Count = Count()


@dataclass(frozen=True, eq=False, repr=False)
class ShapesTable:
    """The shapes of a network's arrays. Printing it gives text, a notebook shows it as a table, `draw` draws it.

    Attributes:
        notation: "rows" or "columns".
        X: the input.
        layers: each layer's arrays.
        ends: the labels y, the losses L and the cost J.

    Example:
        >>> import chainrule as cr
        >>> table = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]).shapes(2)
        >>> table["W1"].shape, table["A2"].shape, table["W1"].gradient, table.parameters
        ((2, 4), ('m', 1), 'dJ/dW1', 17)
        >>> print(table.columns("name", "shape")[1])
        ('W1', (2, 4))
    """

    notation: Notation
    X: ArrayShape
    layers: tuple[LayerShapes, ...]
    ends: tuple[ArrayShape, ...]

    @property
    def rows(self) -> list[ArrayShape]:
        """Every array, in the order in which forward propagation makes them."""
        inner = [array for layer in self.layers for array in layer.arrays.values()]
        return [self.X, *inner, *self.ends]

    @property
    def parameters(self) -> int | None:
        """How many parameters there are in all; None where n is left open."""
        return None if self.count.per_feature else self.count.fixed

    @property
    def count(self) -> Count:
        """How many parameters there are in all, as a formula where n is left open."""
        counts = [layer.parameters for layer in self.layers]
        return Count(sum(count.per_feature for count in counts), sum(count.fixed for count in counts))

    def __getitem__(self, name: str) -> ArrayShape:
        for array in self.rows:
            if array.name == name:
                return array
        raise UserError(f"there is no array {name!r:.60}; there are {', '.join(array.name for array in self.rows)}")

    def __iter__(self) -> Iterator[ArrayShape]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def columns(self, *names: str) -> list[tuple[Any, ...]]:
        """Return some attributes of every array, such as "name" and "shape", one tuple an array."""
        return [tuple(getattr(array, name) for name in names) for array in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain values, ready for JSON."""
        arrays = [
            {
                "name": array.name,
                "kind": array.kind,
                "layer": array.layer,
                "shape": list(array.shape),
                "size": array.size,
                "gradient": array.gradient,
            }
            for array in self.rows
        ]
        return {"notation": self.notation, "arrays": arrays, "parameters": self.parameters}

    def draw(self, *, theme: Theme = "auto", max_layers: SupportsIndex = 12) -> Drawing:
        """Draw the table as SVG.

        Args:
            theme: "auto" (as the page), "light" or "dark".
            max_layers: how many layers are drawn before an ellipsis stands for the rest.

        Raises:
            UserError: another theme, or fewer than 3 layers.
        """
        from chainrule.network.drawing.shapes_drawing import draw_shapes

        return draw_shapes(self, theme=theme, max_layers=max_layers)

    @property
    def svg(self) -> str:
        """The drawing, as text."""
        return self.draw().svg

    @property
    def headings(self) -> tuple[str, ...]:
        """The letters above the columns, with their marks."""
        return tuple(f"{letter}^{{[l]}}" if self.notation == "columns" else letter for letter in LETTERS)

    @property
    def law(self) -> str:
        """What holds for the gradients, in a sentence with its marks."""
        W = self.layers_of_neurons[0].arrays["W"]
        return f"A gradient has the shape of its array: dJ/d{W.label} is {W.text}, as {W.label} is."

    @property
    def layers_of_neurons(self) -> list[LayerShapes]:
        """The layers without dropout."""
        return [layer for layer in self.layers if layer.fit]

    def __str__(self) -> str:
        cells = [tuple(map(plain, row)) for row in self._cells()]
        fits = [(plain(layer.formula), plain(layer.fit)) for layer in self.layers_of_neurons]
        return "\n".join([table(cells, right=(6,)), "", table(fits), "", plain(self.law)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        fits = [(layer.formula, layer.fit) for layer in self.layers_of_neurons]
        return f"{_html([head], body)}{_html([], fits)}<p>{_marked(self.law)}</p>"

    def _cells(self) -> list[tuple[str, ...]]:
        rows = [("layer", "activation", *self.headings, "parameters"), ("input X", "", "", "", "", self.X.text, "")]
        for layer in self.layers:
            texts = [layer.arrays[letter].text if letter in layer.arrays else "" for letter in LETTERS]
            rows.append((layer.title, layer.activation, *texts, layer.parameters.text if layer.fit else ""))
        names = {"y": "labels y", "L": "losses L", "J": "cost J"}
        rows += [(names[array.name], "", "", "", "", array.text, "") for array in self.ends]
        return [*rows, ("total", "", "", "", "", "", self.count.text)]


def shapes_of(
    network: Network,
    features: SupportsIndex | None = None,
    *,
    notation: Notation = "rows",
    m: SupportsIndex | None = None,
    loss: LossChoice = None,
) -> ShapesTable:
    """Return the shapes of a network's arrays; see `Network.shapes`."""
    subject = subject_of(network, features, loss=loss, backward=True)
    return _Maker(subject, check_notation(notation), None if m is None else whole(m, "m", least=1)).table()


class _Maker:
    """Reads the shapes off the graph of the cost."""

    def __init__(self, subject: Subject, notation: Notation, m: int | None) -> None:
        self.subject, self.notation, self.m = subject, notation, m
        self.words = Words(subject, notation)

    def table(self) -> ShapesTable:
        subject = self.subject
        assert subject.y is not None
        assert subject.L is not None
        assert subject.J is not None
        ends = [("y", subject.y, "labels"), ("L", subject.L, "losses"), ("J", subject.J, "cost")]
        return ShapesTable(
            self.notation,
            self._array(subject.X, "X", "input", None),
            tuple(self._layer(view) for view in subject.layers),
            tuple(self._array(node, name, kind, None) for name, node, kind in ends),
        )

    def _layer(self, view: LayerView) -> LayerShapes:
        if view.dense is None:
            assert isinstance(view.layer, Dropout)
            after = self._array(view.A, "D", "after dropout", view.number)
            return LayerShapes(f"dropout {view.layer.rate:g}", "", {"A": after})
        nodes = {"W": view.W, "b": view.b, "Z": view.Z, "A": view.A}
        arrays = {
            letter: self._array(node, letter, _KINDS[letter], view.number)
            for letter, node in nodes.items()
            if node is not None
        }
        assert view.Z is not None
        title = f"layer {view.number}" + (f", {view.dense.name}" if view.dense.name else "")
        is_open = "n" in arrays["W"].shape
        bias = view.dense.units if view.dense.bias else 0
        weights = arrays["W"].size
        return LayerShapes(
            title,
            view.dense.activation.name,
            arrays,
            f"{arrays['Z'].label} = {self.words.formula(view.Z)}",
            self._fit(self._axes(view.before), arrays),
            Count(view.dense.units if is_open else 0, bias + (weights or 0)),
        )

    def _fit(self, before: tuple[int | str, ...], arrays: dict[str, ArrayShape]) -> str:
        W, Z = arrays["W"].shape, arrays["Z"]
        if self.notation == "columns":
            product = f"({W[0]}, *{{{W[1]}}}) (*{{{before[0]}}}, {before[1]})"
        else:
            product = f"({before[0]}, *{{{before[1]}}}) @ (*{{{W[0]}}}, {W[1]})"
        return product + (f" + {arrays['b'].text}" if "b" in arrays else "") + f" = {Z.text}"

    def _array(self, node: Expression, letter: str, kind: str, layer: int | None) -> ArrayShape:
        label = letter if layer is None else self.words.numbered(letter, layer)
        gradient = None if layer is None else f"dJ/d{plain(label)}"
        return ArrayShape(plain(label), kind, layer, self._axes(node), gradient, label)

    def _axes(self, node: Expression) -> tuple[int | str, ...]:
        axes = self.words.shape_of(node)
        return axes if self.m is None else tuple(self.m if axis == M else axis for axis in axes)


_CELL = "padding:.2em .8em;text-align:left"


def _html(head: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> str:
    lines = [f"<tr>{''.join(f'<th style={_CELL!r}>{_marked(cell)}</th>' for cell in row)}</tr>" for row in head]
    lines += [f"<tr>{''.join(f'<td style={_CELL!r}>{_marked(cell)}</td>' for cell in row)}</tr>" for row in body]
    return f"<table>{''.join(lines)}</table>"


def _marked(content: str) -> str:
    """Write a text with its marks as HTML."""
    written = ""
    for part in parts_of(content):
        tags = [tag for tag, on in (("sup", part.rise > 0), ("sub", part.rise < 0), ("b", part.bold)) if on]
        opening, closing = "".join(f"<{tag}>" for tag in tags), "".join(f"</{tag}>" for tag in reversed(tags))
        written += f"{opening}{escape(part.text)}{closing}"
    return written
