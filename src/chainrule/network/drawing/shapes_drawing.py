"""The shapes of a network's arrays as a drawing: a row for each layer, a box for each array."""

from __future__ import annotations

from typing import SupportsIndex

from chainrule.arguments import whole
from chainrule.graph.draw.colors import Theme
from chainrule.graph.draw.drawing import Drawing
from chainrule.graph.draw.fonts import shortened, text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.network.drawing.ellipsis import dots, shown
from chainrule.network.drawing.shapes_table import LETTERS, ArrayShape, LayerShapes, ShapesTable
from chainrule.network.drawing.words import Y_HAT

_LEAST_SHOWN = 3
_NAME, _SHAPE, _SMALL = 14.0, 13.0, 12.0
_HIGH, _APART, _BETWEEN, _PADDING = 42.0, 12.0, 14.0, 10.0
_DOTS = 30.0
_ROLES = {"W": "parameter", "b": "parameter", "Z": "forward", "A": "forward"}
_LONGEST_TITLE = 180.0
_SAID_OF_ENDS = {"X": "all examples", "y": "one for each example", "L": "one for each example", "J": "one number"}
_DATA, _FIT = "data", "how the shapes fit; b is added to each example"
_SAID = {_DATA: "data, cost", "W": "weights", "b": "bias", "Z": "linear part", "A": "activation"}


def draw_shapes(table: ShapesTable, *, theme: Theme, max_layers: SupportsIndex) -> Drawing:
    """Draw a table of shapes; see `ShapesTable.draw`."""
    return _Rows(table, theme, whole(max_layers, "max_layers", least=_LEAST_SHOWN)).drawing()


class _Rows:
    """Places the rows from top to bottom."""

    def __init__(self, table: ShapesTable, theme: Theme, most: int) -> None:
        self.table = table
        self.layers = [None if at is None else table.layers[at] for at in shown(len(table.layers), most)]
        self.canvas = Canvas("The shapes of a network's arrays", theme=theme, description=str(table))
        self.y = 0.0
        drawn = [layer for layer in self.layers if layer is not None]
        below = [*_SAID_OF_ENDS.values(), *(layer.activation for layer in drawn)]
        widest = max(
            *(text_width(layer.title, _NAME, "bold") for layer in drawn),
            *(text_width(text, _SMALL) for text in below),
        )
        self.convention = "examples are columns" if table.notation == "columns" else "examples are rows"
        self.titles = max(min(widest, _LONGEST_TITLE), text_width(self.convention, _SMALL, "bold")) + 2 * _BETWEEN
        self.widths = {letter: self._width(letter, drawn) for letter in (_DATA, *LETTERS)}
        left = self.titles
        self.lefts: dict[str, float] = {}
        for letter in (_DATA, *LETTERS):
            self.lefts[letter] = left
            left += self.widths[letter] + _BETWEEN
        self.fits = left + _BETWEEN
        wide = max(text_width(text, _SMALL, "bold") for layer in drawn for text in (layer.fit, layer.formula, _FIT))
        counts = [text_width(layer.parameters.text, _NAME, "bold") for layer in drawn]
        total = text_width(self._sum_text, _NAME, "bold")
        self.right = self.fits + wide + 2 * _BETWEEN + max(*counts, total, text_width("parameters", _SMALL))

    def _width(self, letter: str, drawn: list[LayerShapes]) -> float:
        arrays = [layer.arrays[letter] for layer in drawn if letter in layer.arrays]
        if letter == _DATA:
            arrays = [self.table.X, *self.table.ends]
        inside = max((self._inner(array) for array in arrays), default=0.0)
        return max(inside + 2 * _PADDING, text_width(_SAID[letter], _SMALL))

    def _inner(self, array: ArrayShape) -> float:
        return max(text_width(self._label(array), _NAME, "bold"), text_width(array.text, _SHAPE))

    def _label(self, array: ArrayShape) -> str:
        """Return the name of an array; the last layer's says that it is the answer."""
        last = self.table.layers_of_neurons[-1].arrays["A"]
        return f"{array.label} = {Y_HAT}" if array is last else array.label

    @property
    def _sum_text(self) -> str:
        return f"sum: {self.table.count.text}"

    def drawing(self) -> Drawing:
        self._headings()
        self._alone("input", self.table.X)
        for layer in self.layers:
            if layer is None:
                dots(self.canvas, _BETWEEN, self.y + _DOTS / 2 - _APART / 2)
                self.y += _DOTS
            else:
                self._layer(layer)
        for array in self.table.ends:
            self._alone(array.kind, array)
        self._total()
        count = len(self.table.layers_of_neurons)
        return Drawing(self.canvas.render(), f"the shapes of {count} layer{'' if count == 1 else 's'}")

    def _headings(self) -> None:
        self.canvas.text(0, 0, self.convention, size=_SMALL, weight="bold", ink="input")
        for letter in (_DATA, *LETTERS):
            middle = self.lefts[letter] + self.widths[letter] / 2
            self.canvas.text(middle, 0, _SAID[letter], size=_SMALL, anchor="middle", ink="soft")
        self.canvas.text(self.fits, 0, _FIT, size=_SMALL, ink="soft")
        self.canvas.text(self.right, 0, "parameters", size=_SMALL, anchor="end", ink="soft")
        self.y = _APART

    def _layer(self, layer: LayerShapes) -> None:
        canvas, y = self.canvas, self.y
        with canvas.group("layer", name=layer.title):
            self._title(layer.title, layer.activation)
            for letter, array in layer.arrays.items():
                self._box(letter, array, _ROLES[letter])
            if layer.fit:
                canvas.text(self.fits, y + 17, layer.formula, size=_SMALL, ink="soft")
                canvas.text(self.fits, y + 34, layer.fit, size=_SMALL)
                canvas.text(self.right, y + 26, layer.parameters.text, size=_NAME, anchor="end", ink="parameter")
        self.y += _HIGH + _APART

    def _alone(self, title: str, array: ArrayShape) -> None:
        with self.canvas.group("layer", name=title):
            self._title(title, _SAID_OF_ENDS[array.name])
            self._box(_DATA, array, "backward" if array.name in "LJ" else "input")
        self.y += _HIGH + _APART

    def _title(self, title: str, below: str) -> None:
        title = shortened(title, _LONGEST_TITLE, _NAME, "bold")
        self.canvas.text(0, self.y + (18 if below else 26), title, size=_NAME, weight="bold")
        if below:
            self.canvas.text(0, self.y + 35, shortened(below, _LONGEST_TITLE, _SMALL), size=_SMALL, ink="soft")

    def _box(self, letter: str, array: ArrayShape, role: str) -> None:
        left, width = self.lefts[letter], self.widths[letter]
        tooltip = f"{array.name}, {array.kind}: {array.text}" + (
            f"; so is {array.gradient}" if array.gradient else ""
        )
        with self.canvas.group("array", tooltip=tooltip, name=array.name, shape=array.text):
            self.canvas.box(left, self.y, width, _HIGH, fill=f"{role}-soft", ink=role)
            middle = left + width / 2
            self.canvas.text(
                middle,
                self.y + 17,
                self._label(array),
                size=_NAME,
                anchor="middle",
                ink=role,
                weight="bold",
                cls="label",
            )
            self.canvas.text(middle, self.y + 34, array.text, size=_SHAPE, anchor="middle", cls="label")

    def _total(self) -> None:
        canvas, y = self.canvas, self.y
        canvas.line(0, y, self.right, y)
        canvas.text(0, y + 24, self.table.law, size=_SMALL, ink="backward")
        canvas.text(self.right, y + 24, self._sum_text, size=_NAME, anchor="end", weight="bold")
