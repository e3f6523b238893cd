"""Layers: descriptions of what to compute, which `Network.connect` turns into expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.errors import UserError
from chainrule.graph.expression import Expression, draw
from chainrule.network.activations import Activation, Function, activation, activation_from_dict
from chainrule.network.initializers import Initializer, initializer, initializer_from_dict

MOST_UNITS = 1_000_000
_LONGEST_NAME = 200


class Layer:
    """What all layers have in common: a form for files."""

    def to_dict(self) -> dict[str, Any]:
        """Return the layer as plain values, for a file."""
        raise NotImplementedError


@dataclass(frozen=True, init=False, repr=False)
class Dense(Layer):
    """A layer of neurons, each of which sees the whole layer before: A = g(A_previous @ W + b).

    Args:
        units: how many neurons.
        activation: g, by name ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "gelu",
            "silu", "softmax") or as a function from an expression of shape (m, units) to one of the same shape.
        initializer: how W starts, by name or as an object; He for relu and its like, Glorot for the others.
        bias: whether there is a b; it starts at 0.
        name: what the summary calls the layer.

    Raises:
        UserError: an argument that makes no sense; the message says what to do.

    Example:
        >>> import chainrule as cr
        >>> cr.Dense(64, "relu")
        Dense(64, "relu")
    """

    units: int
    activation: Activation
    initializer: Initializer
    bias: bool
    name: str | None

    def __init__(
        self,
        units: int,
        activation: str | Activation | Function = "identity",
        *,
        initializer: str | Initializer | None = None,
        bias: bool = True,
        name: str | None = None,
    ) -> None:
        checked = _checked_units(units)
        chosen = _activation(activation, checked)
        if not isinstance(bias, bool):
            raise UserError(f"Dense: bias is True or False, not {bias!r}")
        _check_name(name)
        set_field = object.__setattr__
        set_field(self, "units", checked)
        set_field(self, "activation", chosen)
        set_field(self, "initializer", _initializer(initializer, chosen))
        set_field(self, "bias", bias)
        set_field(self, "name", name)

    def __repr__(self) -> str:
        more = f', "{self.activation.name}"' if not self.activation.own else f", {self.activation.name}"
        if self.initializer != self.activation.default_initializer:
            more += f", initializer={self.initializer!r}"
        more += "" if self.bias else ", bias=False"
        more += f", name={self.name!r}" if self.name else ""
        return f"Dense({self.units}{more})"

    def to_dict(self) -> dict[str, Any]:
        """Return the layer as plain values, for a file; a person's own activation as its expression graph.

        >>> Dense(1, "sigmoid").to_dict()["activation"]
        'sigmoid'
        """
        return {
            "type": "dense",
            "units": self.units,
            "activation": self.activation.to_dict(self.units),
            "initializer": self.initializer.to_dict(),
            "bias": self.bias,
            "name": self.name,
        }


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, sets each value to 0 with probability `rate` and divides the others by 1 - rate.

    What is expected stays the same, so prediction does nothing (inverted dropout, as in PyTorch). Source:
    Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.

    Args:
        rate: from 0 to below 1.

    Raises:
        UserError: another rate.

    Example:
        >>> import chainrule as cr
        >>> cr.Dropout(0.5)
        Dropout(rate=0.5)
    """

    rate: float

    def __post_init__(self) -> None:
        rate: object = self.rate  # whatever a file or a caller without type checks gave
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
            raise UserError(f"Dropout: rate is the share of values set to 0, from 0 to below 1; it was {rate!r}")
        object.__setattr__(self, "rate", float(rate))

    def __call__(self, A: Expression, *, node: int) -> Expression:
        """Return A with some values dropped, by random numbers that `node` tells apart from other layers'."""
        if self.rate == 0:
            return A
        return A * (draw(A.shape, node=node) >= self.rate) / (1 - self.rate)

    def to_dict(self) -> dict[str, Any]:
        """Return the layer as plain values, for a file.

        >>> Dropout(0.5).to_dict()
        {'type': 'dropout', 'rate': 0.5}
        """
        return {"type": "dropout", "rate": self.rate}


def layer_from_dict(values: object) -> Layer:
    """Make a layer from what `to_dict` gave.

    Raises:
        UserError: a setting is missing, unknown or has no sensible value.

    >>> layer_from_dict({"type": "dropout", "rate": 0.5})
    Dropout(rate=0.5)
    """
    kind = values.get("type") if isinstance(values, Mapping) else None
    if not isinstance(values, Mapping) or kind not in ("dense", "dropout"):
        raise UserError("a stored layer is a mapping whose type is dense or dropout")
    expected = {"dense": {"type", *Dense.__dataclass_fields__}, "dropout": {"type", "rate"}}[kind]
    if set(values) != expected:
        raise UserError(f"a stored {kind} layer has exactly the settings {', '.join(sorted(expected))}")
    if kind == "dropout":
        return Dropout(values["rate"])
    units = _checked_units(values["units"])
    return Dense(
        units,
        activation_from_dict(values["activation"], units),
        initializer=initializer_from_dict(values["initializer"]),
        bias=values["bias"],
        name=values["name"],
    )


def _checked_units(units: object) -> int:
    # NumPy's whole numbers count too.
    whole = hasattr(units, "__index__") and not isinstance(units, bool)
    if not whole or not 1 <= int(units) <= MOST_UNITS:  # type: ignore[call-overload]
        raise UserError(f"Dense: units is the number of neurons, from 1 to {MOST_UNITS:,}; it was {units!r:.60}")
    return int(units)  # type: ignore[call-overload, no-any-return]


def _check_name(name: object) -> None:
    if name is not None and not (isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME):
        raise UserError(f"Dense: name is a text of at most {_LONGEST_NAME} characters, not {name!r:.60}")


def _activation(choice: str | Activation | Function, units: int) -> Activation:
    chosen = activation(choice, units=units)
    if units == 1 and chosen.name == "softmax":
        raise UserError("Dense: softmax of one neuron is always 1; use sigmoid, or one neuron for each class")
    return chosen


def _initializer(choice: str | Initializer | None, chosen: Activation) -> Initializer:
    return chosen.default_initializer if choice is None else initializer(choice)
