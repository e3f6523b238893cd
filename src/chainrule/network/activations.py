"""Activations: what a layer does to Z = A_previous @ W + b. Formulas and constants are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.ops.activation import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from chainrule.graph.ops.reduction import softmax
from chainrule.graph.shapes import M, Shape
from chainrule.network import custom
from chainrule.network.initializers import Glorot, He, Initializer
from chainrule.network.names import chosen

Function: TypeAlias = Callable[[Expression], Expression]


@dataclass(frozen=True)
class Activation:
    """An activation function with what belongs to it.

    Attributes:
        name: the name it is chosen by, or that of a person's own function.
        function: from an expression of shape (m, units) to one of the same shape.
        default_initializer: how weights start in front of it.
        own: whether it is a person's own function, which files hold as an expression graph.
    """

    name: str
    function: Function = field(repr=False)
    default_initializer: Initializer = field(default_factory=Glorot)
    own: bool = field(default=False, repr=False)

    def __call__(self, z: Expression) -> Expression:
        """Return the activation of z.

        Raises:
            UserError: the function fails, or does not keep the shape.
        """
        result = custom.call(self.function, self._what, z)
        if result.shape != z.shape:
            raise UserError(
                f"{self._what} must keep the shape: it makes {shapes.text(result.shape)} of {shapes.text(z.shape)}"
            )
        return result

    def check(self, units: int) -> None:
        """Try the function on a variable of shape (m, units).

        Raises:
            UserError: it fails, has another shape, lets examples meet, or uses more than its input and constants.
        """
        custom.probe(self.__call__, self._what, _arguments(units))

    def to_dict(self, units: int) -> str | dict[str, Any]:
        """Return a built-in activation's name, or the graph of a person's own for this number of units.

        >>> activation("relu").to_dict(3)
        'relu'
        """
        if not self.own:
            return self.name
        return {
            "name": self.name,
            "units": units,
            "graph": custom.store(self.__call__, self._what, _arguments(units)),
        }

    @property
    def _what(self) -> str:
        return f"activation {self.name}"


def identity(z: Expression) -> Expression:
    """Z itself: for regression, and for logits."""
    return z


_RELU_LIKE: dict[str, Function] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "softplus": softplus,
    "gelu": gelu,
    "silu": silu,
}
_OTHERS: dict[str, Function] = {"identity": identity, "sigmoid": sigmoid, "tanh": tanh, "softmax": softmax}

ACTIVATIONS: dict[str, Activation] = {
    **{name: Activation(name, function, Glorot()) for name, function in _OTHERS.items()},
    **{name: Activation(name, function, He()) for name, function in _RELU_LIKE.items()},
}


def activation(name_or_function: str | Activation | Function, *, units: int | None = None) -> Activation:
    """Return an activation by its name, or a person's own function as one.

    Args:
        name_or_function: one of `ACTIVATIONS`, or a function from an expression of shape (m, units) to an
            expression of the same shape, built from operators and chainrule's functions.
        units: if given, a person's function is tried on this many units at once.

    Raises:
        UserError: no such name, or a function that does not fit.

    Example:
        >>> import chainrule as cr
        >>> activation("tanh").name
        'tanh'
        >>> squared = activation(lambda z: cr.maximum(z, 0) ** 2, units=4)
        >>> squared.name
        'custom'
    """
    if isinstance(name_or_function, Activation):
        found = name_or_function
    elif callable(name_or_function):
        found = _of_function(name_or_function)
    else:
        found = chosen("activation", name_or_function, ACTIVATIONS)
    if found.own and units is not None:
        found.check(units)
    return found


def _of_function(function: Function) -> Activation:
    for known in ACTIVATIONS.values():
        if known.function is function:
            return known
    return Activation(custom.display_name(function), function, own=True)


def activation_from_dict(values: object, units: int) -> Activation:
    """Make an activation from what `to_dict` gave, for the number of units it was stored with.

    Raises:
        UserError: an unknown name, or a malformed graph.

    >>> activation_from_dict("relu", 3).name
    'relu'
    """
    if isinstance(values, str):
        return chosen("activation", values, ACTIVATIONS)
    if not isinstance(values, Mapping) or set(values) != {"name", "units", "graph"}:
        raise UserError("a stored activation is a name, or a mapping of name, units and graph")
    name = values["name"]
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 200:
        raise UserError("a stored activation's name must be a word")
    if type(values["units"]) is not int or values["units"] != units:
        raise UserError(f"activation {name} was not stored for the {units} neurons of its layer")
    found = Activation(name, custom.load(values["graph"], f"activation {name}", _arguments(units)), own=True)
    found.check(units)
    return found


def _arguments(units: int) -> dict[str, Shape]:
    return {"z": (M, units)}
