"""Expressions as text, in the notation a person would type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.graph.op import Op

# "rows": examples are rows, X of shape (m, n). "columns": the convention of many courses, where every matrix is the
# transpose of ours and so the operands of a product change places.
Notation = Literal["rows", "columns"]

_CALL, _SIGNED, _PRODUCT, _COMPARISON, _LOOSEST = 100, 30, 20, 5, 0
_LONGEST = 2000
_LARGEST_WHOLE = 1e15
# Broadcasting and reshaping are bookkeeping that a formula does not show.
_SILENT = {"broadcast_to", "reshape", "copy"}
_AXIS_OPS = {"sum", "mean", "max"}


def formula(
    node: Expression, *, labels: Mapping[Expression, str] | None = None, notation: Notation = "rows"
) -> str:
    """Write out a node; inside it, named expressions appear by name.

    Args:
        node: what to write.
        labels: what to write in the place of nodes inside it, before their names: labels, or numbers put in.
        notation: whether examples are rows or columns.

    Raises:
        UserError: an unknown notation.

    Example:
        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> J = 5 * (a * b + c)
        >>> formula(cr.gradients(J, [a])[0])
        '5 * b'
        >>> formula(J, labels={a: "3", b: "-2", c: "1"})
        '5 * (3 * (-2) + 1)'
        >>> X, W = cr.examples("X", features=3), cr.parameter("W", (3, 2))
        >>> formula(X @ W, notation="columns")
        'W @ X'
    """
    return _Writer(labels or {}, columns=check_notation(notation) == "columns").write(node, root=True)[0]


def check_notation(notation: Notation) -> Notation:
    """Return a notation that is known.

    Raises:
        UserError: another word.

    >>> check_notation("columns")
    'columns'
    """
    if notation not in get_args(Notation):
        raise UserError(
            f'notation is "rows" (X of shape (m, n)) or "columns" (X of shape (n, m)), not {notation!r}'
        )
    return notation


class _Writer:
    """Writes one formula; stops early where sharing would make the text explode."""

    def __init__(self, labels: Mapping[Expression, str], *, columns: bool) -> None:
        self.labels = labels
        self.columns = columns
        self.written: dict[Expression, tuple[str, int]] = {}

    def write(self, root_node: Expression, *, root: bool) -> tuple[str, int]:
        """Return the text of a node and how strongly it binds, inputs first and without recursion."""
        stack = [root_node]
        while stack:
            node = stack[-1]
            named = node.name or node in self.labels
            shown = [] if named and not (root and node is root_node) else list(_shown(node))
            waiting = [source for source in shown if source not in self.written]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            if node not in self.written:
                self.written[node] = self._one(node, is_root=root and node is root_node)
        return self.written[root_node]

    def _one(self, node: Expression, *, is_root: bool) -> tuple[str, int]:
        if node in self.labels and not (is_root and node.inputs):
            label = self.labels[node]
            return label, _LOOSEST if label.startswith("-") else _CALL
        if node.name and not (is_root and node.inputs):
            return node.name, _CALL
        if node.op.leaf:
            text = _leaf(node)
            return text, _SIGNED if text.startswith("-") else _CALL
        if node.op.name in _SILENT:
            return self.written[node.inputs[0]]
        text, binding = self._operation(node)
        return (text, binding) if len(text) <= _LONGEST else ("...", _CALL)

    def _operation(self, node: Expression) -> tuple[str, int]:
        op = node.op
        parts = [self.written[source] for source in _shown(node)]
        if op.name == "matmul" and self.columns:
            parts.reverse()
        if op.name == "transpose":
            return f"{_bracket(parts[0], _CALL)}.T", _CALL
        if op.name == "pick":
            return f"{_bracket(parts[0], _CALL)}[{parts[1][0]}]", _CALL
        if not op.symbol:
            return f"{op.name}({', '.join([text for text, _ in parts] + self._extra(node))})", _CALL
        if op.name == "negate":
            return _negated(*parts[0], op.precedence)
        return self._infix(op, parts), op.precedence

    def _extra(self, node: Expression) -> list[str]:
        if node.op.name in _AXIS_OPS:
            axes, rank = node.attributes["axes"], len(node.inputs[0].shape)
            if len(axes) == rank:
                return []
            if self.columns and rank == 2:
                axes = tuple(1 - axis for axis in axes)
            return [f"axis={axes[0] if len(axes) == 1 else axes}"]
        return [f"{key}={value:g}" for key, value in node.attributes.items() if isinstance(value, int | float)]

    def _infix(self, op: Op, parts: list[tuple[str, int]]) -> str:
        # A chain of + or of * needs no brackets on either side; the others bind to the left (** to the right),
        # and Python reads a chain of comparisons as something else.
        left = op.precedence + (op.name == "power" or op.precedence == _COMPARISON)
        right = op.precedence + (op.name not in {"add", "multiply", "power"})
        if (
            op.name == "multiply"
            and parts[1][1] == op.precedence
            and (" / " in parts[1][0] or " @ " in parts[1][0])
        ):
            right += 1
        return f"{_bracket(parts[0], left)} {op.symbol} {_bracket(parts[1], right)}"


def _negated(text: str, binding: int, precedence: int) -> tuple[str, int]:
    """Put a minus before a text: -(a * b) is -a * b, to the last bit."""
    return (f"-{text}", min(binding, precedence)) if binding >= _PRODUCT else (f"-({text})", precedence)


def _shown(node: Expression) -> tuple[Expression, ...]:
    return node.inputs[:1] if node.op.name in _SILENT else node.inputs


def _bracket(part: tuple[str, int], least: int) -> str:
    text, binding = part
    return text if binding >= least else f"({text})"


def _leaf(node: Expression) -> str:
    if node.op.name == "constant":
        return _number(node)
    return node.name or node.op.name


def only_number(value: NDArray[np.float64]) -> float | None:
    """Return the number that every element is; None where they differ or there are none.

    >>> only_number(np.array([2.0, 2.0]))
    2.0
    """
    if value.size == 0:
        return None
    first = value.flat[0]
    same = value.size == 1 or np.array_equal(value, np.full_like(value, first), equal_nan=True)
    return float(first) if same else None


def _number(node: Expression) -> str:
    value = node.attributes["value"]
    number = only_number(value)
    if number is None:
        return f"constant{value.shape}".replace(",)", ")")
    return f"{number:.0f}" if number.is_integer() and abs(number) < _LARGEST_WHOLE else f"{number:.6g}"
