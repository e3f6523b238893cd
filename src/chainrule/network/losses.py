"""Losses of one example, and the cost: their mean over the examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.ops.elementwise import abs, log
from chainrule.graph.ops.reduction import mean, sum
from chainrule.graph.ops.shape import reshape
from chainrule.graph.shapes import M, Shape
from chainrule.network import custom
from chainrule.network.names import chosen

Function: TypeAlias = Callable[[Expression, Expression], Expression]
Kind = Literal["binary", "categorical", "values"]


@dataclass(frozen=True)
class Loss:
    """A loss function with what belongs to it.

    Attributes:
        name: the name it is chosen by, or that of a person's own function.
        function: from y_hat of shape (m, k) and y to an expression of shape (m, k) or (m,).
        kind: what y holds. "binary": labels 0 or 1, shape (m, k); "categorical": labels 0 to k - 1, shape (m,);
            "values": numbers, shape (m, k).
        own: whether it is a person's own function, which files hold as an expression graph.
    """

    name: str
    function: Function = field(repr=False)
    kind: Kind
    own: bool = field(default=False, repr=False)

    def __call__(self, y_hat: Expression, y: Expression) -> Expression:
        """Return the loss of each example.

        Raises:
            UserError: shapes that do not belong together (they are never broadcast), or a function that fails.
        """
        expected = self.label_shape(y_hat.shape)
        if y.shape != expected:
            raise UserError(
                f"{self._what}: y has shape {shapes.text(y.shape)}, but for y_hat of shape "
                f"{shapes.text(y_hat.shape)} it must have shape {shapes.text(expected)}; reshape y"
            )
        result = custom.call(self.function, self._what, y_hat, y)
        if result.shape not in (y_hat.shape, y_hat.shape[:1]):
            raise UserError(
                f"{self._what} must have shape {shapes.text(y_hat.shape)} or (m,), not {shapes.text(result.shape)}"
            )
        return result

    def label_shape(self, y_hat: Shape) -> Shape:
        """Return the shape that y has for an output of shape (m, k).

        Raises:
            UserError: the output does not suit the loss.

        >>> loss("categorical_cross_entropy").label_shape(("m", 3))
        ('m',)
        """
        if len(y_hat) != 2 or y_hat[0] != M:
            raise UserError(f"{self._what}: y_hat must have shape (m, k), not {shapes.text(y_hat)}")
        if self.kind == "categorical" and y_hat[1] == 1:
            raise UserError(
                f"{self._what} needs at least two outputs, one a class; for one, use binary_cross_entropy"
            )
        return y_hat[:1] if self.kind == "categorical" else y_hat

    def check(self, outputs: int) -> None:
        """Try the function on variables for this number of outputs.

        Raises:
            UserError: it fails, has another shape, lets examples meet, or uses more than y_hat, y and constants.
        """
        custom.probe(self.__call__, self._what, self._arguments(outputs))

    def to_dict(self, outputs: int) -> str | dict[str, Any]:
        """Return a built-in loss's name, or the graph of a person's own for this number of outputs.

        >>> loss("squared_error").to_dict(1)
        'squared_error'
        """
        if not self.own:
            return self.name
        graph = custom.store(self.__call__, self._what, self._arguments(outputs))
        return {"name": self.name, "kind": self.kind, "outputs": outputs, "graph": graph}

    def _arguments(self, outputs: int) -> dict[str, Shape]:
        y_hat: Shape = (M, outputs)
        return {"y_hat": y_hat, "y": self.label_shape(y_hat)}

    @property
    def _what(self) -> str:
        return f"loss {self.name}"


def binary_cross_entropy(y_hat: Expression, y: Expression) -> Expression:
    """-(y log y_hat + (1 - y) log(1 - y_hat)), the loss of a probability of class 1.

    After a sigmoid it is computed from the logits, exactly (see `chainrule.graph.rewrite`); a y_hat of exactly 0 or
    1 from elsewhere may cost infinity.

    Args:
        y_hat: probabilities, shape (m, k).
        y: labels 0 or 1 (or probabilities), shape (m, k).

    Example:
        >>> import chainrule as cr
        >>> y_hat, y = cr.variables("y_hat y")
        >>> print(cr.binary_cross_entropy(y_hat, y))
        -(y * log(y_hat) + (1 - y) * log(1 - y_hat))
    """
    return -(y * log(y_hat) + (1 - y) * log(1 - y_hat))


def categorical_cross_entropy(y_hat: Expression, y: Expression) -> Expression:
    """-log(y_hat[y]), the loss of the probabilities of k classes.

    After a softmax it is computed from the logits, exactly.

    Args:
        y_hat: probabilities, shape (m, k); each row sums to 1.
        y: labels, whole numbers from 0 to k - 1, shape (m,).

    Example:
        >>> import chainrule as cr
        >>> print(cr.categorical_cross_entropy(cr.variable("y_hat", ("m", 3)), cr.variable("y", "m")))
        -log(y_hat[y])
    """
    return -log(y_hat[y])


def squared_error(y_hat: Expression, y: Expression) -> Expression:
    """(y_hat - y) ** 2, without a half, as PyTorch's MSELoss.

    Example:
        >>> import chainrule as cr
        >>> print(cr.squared_error(*cr.variables("y_hat y")))
        (y_hat - y) ** 2
    """
    return (y_hat - y) ** 2


def absolute_error(y_hat: Expression, y: Expression) -> Expression:
    """|y_hat - y|, as PyTorch's L1Loss; its derivative at 0 is 0.

    Example:
        >>> import chainrule as cr
        >>> print(cr.absolute_error(*cr.variables("y_hat y")))
        abs(y_hat - y)
    """
    return abs(y_hat - y)


LOSSES: dict[str, Loss] = {
    "binary_cross_entropy": Loss("binary_cross_entropy", binary_cross_entropy, "binary"),
    "categorical_cross_entropy": Loss("categorical_cross_entropy", categorical_cross_entropy, "categorical"),
    "squared_error": Loss("squared_error", squared_error, "values"),
    "absolute_error": Loss("absolute_error", absolute_error, "values"),
}


def loss(name_or_function: str | Loss | Function, *, kind: Kind = "values", outputs: int | None = None) -> Loss:
    """Return a loss by its name, or a person's own function as one.

    Args:
        name_or_function: one of `LOSSES`, or a function of (y_hat, y) to an expression of shape (m, k) or (m,).
        kind: for a person's function, what y holds (see `Loss`).
        outputs: if given, a person's function is tried on this many outputs at once.

    Raises:
        UserError: no such name, or a function that does not fit.

    Example:
        >>> import chainrule as cr
        >>> loss(lambda y_hat, y: cr.abs(y_hat - y), outputs=1).name
        'custom'
    """
    if isinstance(name_or_function, Loss):
        found = name_or_function
    elif callable(name_or_function):
        found = _of_function(name_or_function, _checked_kind(kind))
    else:
        found = chosen("loss", name_or_function, LOSSES)
    if found.own and outputs is not None:
        found.check(outputs)
    return found


def _of_function(function: Function, kind: Kind) -> Loss:
    for known in LOSSES.values():
        if known.function is function:
            return known
    return Loss(custom.display_name(function), function, kind, own=True)


def _checked_kind(kind: Any) -> Kind:
    if kind not in get_args(Kind):
        raise UserError(f"the kind of a loss is one of {', '.join(get_args(Kind))}, not {kind!r}")
    checked: Kind = kind
    return checked


def loss_from_dict(values: object, outputs: int) -> Loss:
    """Make a loss from what `to_dict` gave, for the number of outputs it was stored with.

    Raises:
        UserError: an unknown name, or a malformed graph.

    >>> loss_from_dict("squared_error", 1).kind
    'values'
    """
    if isinstance(values, str):
        return chosen("loss", values, LOSSES)
    if not isinstance(values, Mapping) or set(values) != {"name", "kind", "outputs", "graph"}:
        raise UserError("a stored loss is a name, or a mapping of name, kind, outputs and graph")
    name, kind = values["name"], values["kind"]
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 200:
        raise UserError("a stored loss's name must be a word")
    if not isinstance(kind, str):
        raise UserError("a stored loss's kind must be a word")
    if type(values["outputs"]) is not int or values["outputs"] != outputs:
        raise UserError(f"loss {name} was not stored for the {outputs} outputs of its network")
    shapes_only = Loss(name, squared_error, _checked_kind(kind))
    function = custom.load(values["graph"], f"loss {name}", shapes_only._arguments(outputs))
    found = Loss(name, function, shapes_only.kind, own=True)
    found.check(outputs)
    return found


def per_example(L: Expression) -> Expression:
    """Return one loss an example: the mean over the outputs.

    Args:
        L: losses of shape (m, k) or (m,).

    Returns:
        An expression of shape (m,).

    Raises:
        UserError: another shape.

    Example:
        >>> import chainrule as cr
        >>> per_example(cr.variable("L", ("m", 3))).shape
        ('m',)
    """
    if L.shape == (M,):
        return L
    if len(L.shape) != 2 or L.shape[0] != M:
        raise UserError(f"losses have shape (m, k) or (m,), not {shapes.text(L.shape)}")
    return reshape(L, (M,)) if L.shape[1] == 1 else mean(L, axis=1)


def mean_cost(L: Expression, weights: Expression | None = None) -> Expression:
    """Return the cost J, the mean of the losses over the examples: sum(weights * L) / sum(weights) with weights.

    Args:
        L: losses of shape (m, k) or (m,).
        weights: how much each example counts, shape (m,).

    Raises:
        UserError: another shape.

    Example:
        >>> import chainrule as cr
        >>> L, w = cr.variable("L", "m"), cr.variable("w", "m")
        >>> print(mean_cost(L), "and", mean_cost(L, w))
        mean(L) and sum(w * L) / sum(w)
    """
    each = per_example(L)
    if weights is None:
        return mean(each)
    if weights.shape != (M,):
        raise UserError(f"weights of examples have shape (m,), not {shapes.text(weights.shape)}")
    return sum(weights * each) / sum(weights)
