"""How arrays lie in the code: as in the graph, or transposed where examples are columns.

With notation "columns" every matrix is the transpose of the graph's, and a vector without the axis of examples is a
column, of shape (k, 1). Vectors with one number an example, and arrays of three axes and more, stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import Shape

CALL, SIGNED, PRODUCT, SUM, COMPARISON, LOOSEST = 100, 30, 20, 10, 5, 0


@dataclass(frozen=True)
class Written:
    """An expression in NumPy: its text, how strongly it binds, and whether it is an array of True and False."""

    text: str
    binding: int = CALL
    truth: bool = False

    def bracketed(self, least: int) -> str:
        """The text, in brackets where it binds less than that."""
        return self.text if self.binding >= least else f"({self.text})"

    def then(self, suffix: str) -> Written:
        """The text with an index, an attribute or a method call after it; a transpose undoes another."""
        if suffix == ".T" and self.binding == CALL and self.text.endswith(".T"):
            return Written(self.text[:-2])
        return Written(f"{self.bracketed(CALL)}{suffix}") if suffix else self


@dataclass(frozen=True)
class Layout:
    """One of the two conventions."""

    columns: bool

    def shape(self, shape: Shape) -> Shape:
        """Return the shape that an array of the graph has in the code.

        >>> Layout(columns=True).shape(("m", 3)), Layout(columns=True).shape((3,))
        ((3, 'm'), (3, 1))
        """
        if not self.columns:
            return shape
        if len(shape) == 2:
            return (shape[1], shape[0])
        return (*shape, 1) if _is_column(shape) else shape

    def as_graph(self, written: Written, shape: Shape) -> Written:
        """Bring an array from the code's form to the graph's."""
        if not self.columns:
            return written
        return written.then(".T" if len(shape) == 2 else "[:, 0]" if _is_column(shape) else "")

    def from_graph(self, written: Written, shape: Shape) -> Written:
        """Bring an array from the graph's form to the code's."""
        if not self.columns:
            return written
        return written.then(".T" if len(shape) == 2 else "[:, None]" if _is_column(shape) else "")

    def operand(self, written: Written, source: Expression, shape: Shape) -> Written:
        """Write an operand so that NumPy broadcasts it as the graph does, to a result of this shape."""
        given = source.shape
        if not self.columns or not given:
            return written
        if len(shape) > 2:
            return self.as_graph(written, given)
        if len(given) == 1 and len(shape) == 2 and not _is_column(given):
            return written.then("[:, None]")
        if len(shape) == 1 and not _is_column(shape):
            return self.as_graph(written, given)
        return written

    def axes(self, axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
        """Return the axes of the code's form of an array with so many axes."""
        return tuple(sorted(1 - axis for axis in axes)) if self.columns and rank == 2 else axes


def _is_column(shape: Shape) -> bool:
    return len(shape) == 1 and not shapes.has_examples(shape)


def shape_text(shape: Shape) -> str:
    """Write a shape as Python does.

    >>> shape_text(("m", 3)), shape_text(("m",))
    ('(m, 3)', '(m,)')
    """
    return shapes.text(shape)


def size_text(shape: Shape) -> str:
    """Write a shape as people do where an array is made.

    >>> f"np.zeros({size_text((4,))})", f"np.zeros({size_text((4, 2))})"
    ('np.zeros(4)', 'np.zeros((4, 2))')
    """
    return str(shape[0]) if len(shape) == 1 else shape_text(shape)
