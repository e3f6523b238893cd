"""Expressions: immutable nodes of the computational graph, and the leaves that stand for values from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.draw.shown import Drawn
from chainrule.graph.op import REGISTRY, Array, Op, ShapeMismatch, register
from chainrule.graph.shapes import M, Shape

if TYPE_CHECKING:
    from chainrule.graph.draw.colors import Theme
    from chainrule.graph.draw.drawing import Drawing
    from chainrule.graph.draw.graph import Level
    from chainrule.graph.text import Notation

Operand: TypeAlias = "Expression | ArrayLike"

_NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})


class Expression(Drawn):
    """A node of the graph: an operation on inputs, with a shape and an optional name.

    Build expressions with Python's operators and chainrule's functions; they never change afterwards. Expressions
    compare and hash by identity.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> print(a * b + 1)
        a * b + 1
    """

    __slots__ = ("__weakref__", "attributes", "inputs", "name", "op", "shape")

    op: Op
    inputs: tuple[Expression, ...]
    attributes: Mapping[str, Any]
    shape: Shape
    name: str | None

    # NumPy then leaves `array * expression` to the expression.
    __array_ufunc__ = None
    __iter__ = None

    def __init__(
        self,
        op: Op,
        inputs: Sequence[Expression] = (),
        attributes: Mapping[str, Any] = _NO_ATTRIBUTES,
        name: str | None = None,
    ) -> None:
        set_field = super().__setattr__
        set_field("op", op)
        set_field("inputs", tuple(inputs))
        set_field("attributes", MappingProxyType(dict(attributes)))
        set_field("name", name)
        set_field("shape", _shape_of(op, self.inputs, self.attributes))

    def with_inputs(self, inputs: Sequence[Expression]) -> Expression:
        """Return the same operation on other inputs."""
        if [node.shape for node in inputs] != [node.shape for node in self.inputs]:
            return Expression(self.op, inputs, self.attributes, self.name)
        # Of inputs of the same shapes, so is the result: it need not be found again.
        node = object.__new__(Expression)
        for field in ("op", "attributes", "name", "shape"):
            object.__setattr__(node, field, getattr(self, field))
        object.__setattr__(node, "inputs", tuple(inputs))
        return node

    def __setattr__(self, field: str, value: object) -> NoReturn:
        raise AttributeError(f"an expression never changes: cannot set {field!r}; build a new expression")

    def __delattr__(self, field: str) -> NoReturn:
        raise AttributeError(f"an expression never changes: cannot delete {field!r}; build a new expression")

    def __copy__(self) -> Expression:
        return self

    def __deepcopy__(self, _: object) -> Expression:
        return self

    def named(self, name: str) -> Expression:
        """Return the same expression under a name, which prints in its place in larger ones.

        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> u = (a * b).named("u")
        >>> print(5 * u)
        5 * u
        """
        return Expression(self.op, self.inputs, self.attributes, name)

    def draw(
        self,
        *,
        backward: bool = False,
        level: Level = "ops",
        notation: Notation = "rows",
        theme: Theme = "auto",
        max_nodes: SupportsIndex = 300,
    ) -> Drawing:
        """Draw the graph from left to right, a box a node; notebooks show it by themselves.

        Args:
            backward: whether the local derivatives are shown too, as formulas.
            level: "ops" (every operation) or "names" (named nodes alone, with the formulas between them).
            notation: "rows" (X of shape (m, n)) or "columns" (X of shape (n, m)).
            theme: "auto" follows the page, "light" and "dark" do not.
            max_nodes: how many nodes one picture may have.

        Raises:
            UserError: more nodes than that.

        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> (a * b).draw()
        <Drawing of J = a * b, 3 nodes>
        """
        from chainrule.graph.draw.graph import draw_graph
        from chainrule.graph.trace.graph_view import Formulas

        graph = Formulas(self)
        return draw_graph(
            graph, backward=backward, level=level, notation=notation, theme=theme, max_nodes=max_nodes
        )

    def dot(self, *, backward: bool = False, level: Level = "ops", notation: Notation = "rows") -> str:
        """Return the graph in the DOT language, for Graphviz; the arguments are those of `draw`."""
        from chainrule.graph.draw.dot import dot_text
        from chainrule.graph.draw.graph import at_level, views_of
        from chainrule.graph.trace.graph_view import Formulas

        return dot_text(views_of(at_level(Formulas(self), level), backward=backward, notation=notation))

    def __bool__(self) -> NoReturn:
        raise UserError(
            f"the truth of the expression {self} is not known: it has no value yet; "
            "use cr.where(condition, a, b), or cr.value(expression, ...) for a number"
        )

    def __str__(self) -> str:
        from chainrule.graph.text import formula

        return formula(self)

    def __repr__(self) -> str:
        name = f" {self.name} =" if self.name and self.inputs else ""
        return f"<Expression{name} {self}, shape {shapes.text(self.shape)}>"

    def __add__(self, other: Operand) -> Expression:
        return apply("add", self, other)

    def __radd__(self, other: Operand) -> Expression:
        return apply("add", other, self)

    def __sub__(self, other: Operand) -> Expression:
        return apply("subtract", self, other)

    def __rsub__(self, other: Operand) -> Expression:
        return apply("subtract", other, self)

    def __mul__(self, other: Operand) -> Expression:
        return apply("multiply", self, other)

    def __rmul__(self, other: Operand) -> Expression:
        return apply("multiply", other, self)

    def __truediv__(self, other: Operand) -> Expression:
        return apply("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Expression:
        return apply("divide", other, self)

    def __pow__(self, other: Operand) -> Expression:
        return apply("power", self, other)

    def __rpow__(self, other: Operand) -> Expression:
        return apply("power", other, self)

    def __matmul__(self, other: Operand) -> Expression:
        return apply("matmul", self, other)

    def __rmatmul__(self, other: Operand) -> Expression:
        return apply("matmul", other, self)

    def __neg__(self) -> Expression:
        return apply("negate", self)

    def __abs__(self) -> Expression:
        return apply("abs", self)

    def __gt__(self, other: Operand) -> Expression:
        return apply("greater", self, other)

    def __ge__(self, other: Operand) -> Expression:
        return apply("greater_equal", self, other)

    def __lt__(self, other: Operand) -> Expression:
        return apply("less", self, other)

    def __le__(self, other: Operand) -> Expression:
        return apply("less_equal", self, other)

    def __getitem__(self, labels: Operand) -> Expression:
        return apply("pick", self, labels)

    @property
    def T(self) -> Expression:
        """The transpose of a matrix."""
        return apply("transpose", self)


def _shape_of(op: Op, inputs: tuple[Expression, ...], attributes: Mapping[str, Any]) -> Shape:
    try:
        return op.shape([node.shape for node in inputs], attributes)
    except ShapeMismatch as reason:
        operands = " and ".join(f"{short(node)} of shape {shapes.text(node.shape)}" for node in inputs)
        raise UserError(f"{op.name}: {operands}: {reason}") from None


def short(node: Expression) -> str:
    """Write a node in a few words, for messages."""
    text = str(node)
    return text if len(text) <= 60 else text[:57] + "..."


def apply(op_name: str, *operands: Operand, **attributes: Any) -> Expression:
    """Build the node of an operation; numbers and arrays among the operands become constants."""
    return Expression(REGISTRY[op_name], [as_expression(operand) for operand in operands], attributes)


def as_expression(operand: Operand) -> Expression:
    """Return an expression as it is, a number or array as a constant."""
    return operand if isinstance(operand, Expression) else constant(operand)


# Leaves.


def _shape_attribute(_: Sequence[Shape], attributes: Mapping[str, Any]) -> Shape:
    return cast(Shape, attributes["shape"])


def _no_forward(**_: Any) -> Array:
    raise AssertionError("a leaf's value comes from outside")


def _leaf(name: str, forward: Any = _no_forward) -> Op:
    return register(Op(name, _shape_attribute, forward, leaf=True))


def _constant_forward(value: Array, shape: Shape) -> Array:
    return value


VARIABLE = _leaf("variable")
EXAMPLES = _leaf("examples")
PARAMETER = _leaf("parameter")
COUNT = _leaf("count")
CONSTANT = _leaf("constant", _constant_forward)
DRAW = _leaf("draw")


def constant(value: ArrayLike, name: str | None = None) -> Expression:
    """Make a number or an array of fixed value into an expression.

    Args:
        value: real numbers, without the axis of examples.
        name: what to print in its place.

    Example:
        >>> import chainrule as cr
        >>> print(cr.constant(2.5) * cr.variable("x"))
        2.5 * x
    """
    array = np.array(value, dtype=np.float64) if _is_real(value) else None
    if array is None:
        raise UserError(f"a constant is a real number or an array of them, not {value!r}")
    if array.size == 0:
        raise UserError(f"a constant has at least one number, but this array has shape {array.shape}")
    array.flags.writeable = False
    shape: Shape = tuple(array.shape)
    return Expression(CONSTANT, (), {"value": array, "shape": shape}, name)


def _is_real(value: ArrayLike) -> bool:
    try:
        return np.asarray(value).dtype.kind in "biuf"
    except ValueError:  # rows of different lengths
        return False


def variable(name: str, shape: int | Iterable[int | str] = ()) -> Expression:
    """Make an expression that stands for a value given later, a number unless a shape is said.

    Args:
        name: how it prints and how `cr.value` may be told its value.
        shape: whole numbers; "m" is the axis of examples.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> float(cr.value(cr.exp(z), z=0.0))
        1.0
    """
    return Expression(VARIABLE, (), {"shape": shapes.as_shape(shape)}, name)


def variables(names: str) -> tuple[Expression, ...]:
    """Make one number-valued variable for each name; always a tuple.

    Example:
        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> print(5 * (a * b + c))
        5 * (a * b + c)
    """
    return tuple(variable(name) for name in names.replace(",", " ").split())


def examples(name: str, *, features: int | tuple[int, ...] | None = None) -> Expression:
    """Make an expression for data, one row an example: shape (m, features), or (m,) without features.

    Example:
        >>> import chainrule as cr
        >>> cr.examples("X", features=3).shape
        ('m', 3)
    """
    more = () if features is None else (features,) if isinstance(features, int) else tuple(features)
    return Expression(EXAMPLES, (), {"shape": shapes.as_shape((M, *more))}, name)


def parameter(name: str, shape: int | Iterable[int] = (), init: Any = 0.0) -> Expression:
    """Make a parameter: what training changes.

    Args:
        name: for example "W1".
        shape: whole numbers, without the axis of examples.
        init: its first value: a number, an array of that shape, or an initializer (`cr.Glorot()`...).

    Example:
        >>> import chainrule as cr
        >>> X = cr.examples("X", features=3)
        >>> w = cr.parameter("w", (3,), 0.0)
        >>> (X @ w).shape
        ('m',)
    """
    checked = shapes.as_shape(shape)
    if shapes.has_examples(checked):
        raise UserError(f"parameter {name}: its shape {shapes.text(checked)} must not have the axis of examples")
    if not callable(init):
        init = np.array(init, dtype=np.float64)
        init.flags.writeable = False
        if init.shape not in ((), checked):
            raise UserError(f"parameter {name}: shape {checked} was said, but init has shape {init.shape}")
    return Expression(PARAMETER, (), {"shape": checked, "init": init}, name)


def example_count() -> Expression:
    """Return the number of examples, m, as an expression.

    Example:
        >>> import chainrule as cr
        >>> y = cr.examples("y")
        >>> float(cr.value(cr.sum(y) / cr.example_count(), y=[1.0, 3.0]))
        2.0
    """
    return Expression(COUNT, (), {"shape": ()}, "m")


def draw(shape: int | Iterable[int | str], *, node: int) -> Expression:
    """Return random numbers, uniform in [0, 1), drawn anew each step.

    They depend on the run's seed, the step, `node` (which tells the draws of a graph apart) and the position in
    the array: not on blocks, threads or order.

    Example:
        >>> import chainrule as cr
        >>> keep = cr.draw(("m", 3), node=1) >= 0.5
        >>> keep.shape
        ('m', 3)
    """
    return Expression(DRAW, (), {"shape": shapes.as_shape(shape), "node": node})


def is_constant(node: Expression, number: float | None = None) -> bool:
    """Tell whether a node is a constant (with all its elements equal to `number`)."""
    if node.op is not CONSTANT:
        return False
    value: NDArray[np.float64] = node.attributes["value"]
    return number is None or bool((value == number).all())
