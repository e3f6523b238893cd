"""Expressions as LaTeX, in the notation of a textbook: the counterpart of `text.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chainrule.graph import latex_pieces as pieces
from chainrule.graph import shapes
from chainrule.graph.expression import CONSTANT, DRAW, Expression
from chainrule.graph.latex_pieces import RULES, Piece, bracketed, enclosed
from chainrule.graph.latex_words import derivative_latex, escaped, name_latex, number_latex
from chainrule.graph.shapes import M, Shape
from chainrule.graph.text import Notation, check_notation, only_number

__all__ = ["derivative_latex", "latex", "name_latex", "number_latex"]

_LONGEST = 2000
# Constant vectors of up to so many numbers are written out.
_LONGEST_VECTOR = 6
_SILENT = {"broadcast_to", "reshape", "copy"}
_OVER_AXES = {"sum", "mean", "max"}
_RELATIONS = {"greater": ">", "greater_equal": r"\geq", "less": "<", "less_equal": r"\leq", "equal": "="}
_FUNCTIONS = {"sigmoid": r"\sigma", "maximum": r"\max", "minimum": r"\min"}


def latex(node: Expression, *, labels: Mapping[Expression, str] | None = None, notation: Notation = "rows") -> str:
    r"""Write out a node as LaTeX, without dollar signs; inside it, named expressions appear by name.

    It needs amsmath's commands, as MathJax and KaTeX have them; only `where` is beyond matplotlib's mathtext.

    Args:
        node: what to write.
        labels: LaTeX to write in the place of nodes inside it, before their names.
        notation: whether examples are rows or columns; in columns, the layer stands in brackets: `W^{[1]}`.

    Raises:
        UserError: an unknown notation.

    Example:
        >>> import chainrule as cr
        >>> y_hat, y = cr.variables("y_hat y")
        >>> print(latex(cr.binary_cross_entropy(y_hat, y)))
        -(y \log \hat{y} + (1 - y) \log(1 - \hat{y}))
        >>> X, W = cr.examples("X", features=3), cr.parameter("W1", (3, 2))
        >>> latex(X @ W), latex(X @ W, notation="columns")
        ('X W_{1}', 'W^{[1]} X')
    """
    return _Writer(labels or {}, check_notation(notation)).write(node)


class _Writer:
    """Writes one formula; stops early where sharing would make it explode."""

    def __init__(self, labels: Mapping[Expression, str], notation: Notation) -> None:
        self.labels = labels
        self.notation = notation
        self.columns = notation == "columns"
        self.written: dict[Expression, Piece] = {}

    def write(self, root: Expression) -> str:
        """Write the root, inputs first and without recursion."""
        stack = [root]
        while stack:
            node = stack[-1]
            whole = bool(node.inputs) and (node is root or not self._stands_for_itself(node))
            waiting = [source for source in _shown(node) if source not in self.written] if whole else []
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if node not in self.written:
                self.written[node] = self._operation(node) if whole else self._word(node)
        return self.written[root].text

    def _stands_for_itself(self, node: Expression) -> bool:
        return node in self.labels or bool(node.name)

    def _word(self, node: Expression) -> Piece:
        array = _is_array(node.shape)
        if node in self.labels:
            return pieces.foreign(self.labels[node], array)
        if node.op is CONSTANT and not node.name:
            return _constant(node)
        word = node.name or (f"draw{node.attributes['node']}" if node.op is DRAW else node.op.name)
        return pieces.named(name_latex(word, self.notation), array)

    def _operation(self, node: Expression) -> Piece:
        parts = [self.written[source] for source in _shown(node)]
        if node.op.name in _SILENT:
            return parts[0]
        piece = self._formula(node, parts)
        array = any(part.array for part in parts) if node.op.elementwise else _is_array(node.shape)
        return (
            replace(piece, array=array, name=False)
            if len(piece.text) <= _LONGEST
            else Piece(r"\ldots", array=array)
        )

    def _formula(self, node: Expression, parts: list[Piece]) -> Piece:
        name = node.op.name
        if name == "matmul":
            return self._matmul(node.inputs, parts, "row", "column")
        if name == "multiply":
            return self._multiply(node, parts)
        if name in _OVER_AXES:
            return _over_axes(node, parts[0])
        if name in _RELATIONS:
            return Piece(enclosed(self._relation(node), "[]"))
        if name == "where":
            return self._cases(node, parts)
        return RULES[name](*parts) if name in RULES else _call(node, parts)

    def _relation(self, node: Expression) -> str:
        left, right = (self.written[source] for source in node.inputs)
        return f"{bracketed(left, pieces.SUM)} {_RELATIONS[node.op.name]} {bracketed(right, pieces.SUM)}"

    def _cases(self, node: Expression, parts: Sequence[Piece]) -> Piece:
        condition = self._through(node.inputs[0])
        compares = condition.op.name in _RELATIONS and not self._stands_for_itself(condition)
        test = self._relation(condition) if compares else rf"{bracketed(parts[0], pieces.SUM)} \neq 0"
        rows = rf"{parts[1].text} & \text{{if }} {test} \\ {parts[2].text} & \text{{otherwise}}"
        return Piece(rf"\begin{{cases}} {rows} \end{{cases}}", pieces.LOOSEST)

    def _through(self, node: Expression) -> Expression:
        while node.op.name in _SILENT and not self._stands_for_itself(node):
            node = node.inputs[0]
        return node

    def _multiply(self, node: Expression, parts: list[Piece]) -> Piece:
        """Write a product element by element; that of a column and a row is the product of a matrix."""
        vectors = [self._through(source) for source in node.inputs]
        if len(node.shape) == 2 and all(len(vector.shape) == 1 for vector in vectors):
            lies = [source.shape[-1] == 1 for source in node.inputs if len(source.shape) == 2]
            if lies == [True, False]:
                return self._matmul(vectors, parts, "column", "row")
            if lies == [False, True]:
                return self._matmul(vectors[::-1], parts[::-1], "column", "row")
        return pieces.times(*parts)

    def _matmul(self, operands: Sequence[Expression], parts: Sequence[Piece], left: str, right: str) -> Piece:
        """Write a product of matrices, with vectors laid as said. In columns the operands change places."""
        order = (1, 0) if self.columns else (0, 1)
        laid = [
            self._laid(operands[position], parts[position], as_)
            for position, as_ in zip(order, (left, right), strict=True)
        ]
        return pieces.joined(laid[0], laid[1], "matmul")

    def _laid(self, vector: Expression, part: Piece, wanted: str) -> Piece:
        """Transpose a vector that lies the other way: all are columns, but those of examples rows in columns."""
        if len(vector.shape) != 1:
            return part
        lies = "row" if self.columns and shapes.has_examples(vector.shape) else "column"
        return part if lies == wanted else pieces.transposed(part)


def _shown(node: Expression) -> tuple[Expression, ...]:
    return node.inputs[:1] if node.op.name in _SILENT else node.inputs


def _is_array(shape: Shape) -> bool:
    return shapes.has_examples(shape) or shapes.size(shape) > 1


def _constant(node: Expression) -> Piece:
    value = node.attributes["value"]
    number = only_number(value)
    if number is not None:
        return pieces.number(number)
    if value.ndim == 1 and value.size <= _LONGEST_VECTOR:
        return Piece(f"({', '.join(number_latex(float(x)) for x in value)})", array=True)
    size = r" \times ".join(str(axis) for axis in value.shape)
    return Piece(rf"\mathrm{{constant}}_{{{size}}}", array=True)


def _call(node: Expression, parts: Sequence[Piece]) -> Piece:
    head = _FUNCTIONS.get(node.op.name) or rf"\operatorname{{{escaped(node.op.name)}}}"
    settings = [
        f"{name_latex(key)} = {number_latex(value)}"
        for key, value in node.attributes.items()
        if isinstance(value, int | float)
    ]
    return Piece(head + enclosed(", ".join([*(part.text for part in parts), *settings])))


def _over_axes(node: Expression, part: Piece) -> Piece:
    """Write a sum, mean or maximum with the index of each axis; axes of length 1 are not worth one."""
    shape = node.inputs[0].shape
    axes = [axis for axis in node.attributes["axes"] if shape[axis] != 1]
    if not axes:
        return part
    letters = _letters(shape)
    if node.op.name == "max":
        below = ", ".join(letters[axis] for axis in axes)
        return Piece(rf"\max_{{{below}}}{enclosed(part.text)}", pieces.APPLIED)
    over_examples = M in [shape[axis] for axis in axes]
    summand = pieces.indexed(part) if part.name and over_examples else part
    text = f"{_limits(shape, axes, letters)} {bracketed(summand, pieces.PRODUCT, right=True)}"
    if node.op.name == "mean":
        text = rf"\frac{{1}}{{{_averaged([shape[axis] for axis in axes])}}} {text}"
    return Piece(text, pieces.PRODUCT, open=True)


def _letters(shape: Shape) -> list[str]:
    """Name the index of each axis: i counts the examples, j, k, ... the others."""
    others = iter("jklnpqrstuv")
    return ["i" if axis == M else next(others, "j") for axis in shape]


def _limits(shape: Shape, axes: Sequence[int], letters: Sequence[str]) -> str:
    if len(axes) > 1 and M not in shape:
        return rf"\sum_{{{', '.join(letters[axis] for axis in axes)}}}"
    return " ".join(rf"\sum_{{{letters[axis]}=1}}^{{{shape[axis]}}}" for axis in axes)


def _averaged(axes: Sequence[shapes.Axis]) -> str:
    known = shapes.size(tuple(axes))
    return " ".join([*([str(known)] if known > 1 or M not in axes else []), *(["m"] if M in axes else [])])
