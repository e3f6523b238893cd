"""Initializers: the first values of a layer's weights.

An initializer is called with a shape and a key, and draws counter-based random numbers: the same key gives the same
values on every machine. Weights have shape (n_in, n_out), so that fan_in = shape[0] and fan_out = shape[1].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.network.names import chosen
from chainrule.random import normal, uniform

Values: TypeAlias = NDArray[np.float64]
Key: TypeAlias = tuple[int, ...]
Distribution = Literal["uniform", "normal"]


@dataclass(frozen=True)
class Initializer:
    """What all initializers have: a name, and a form for files."""

    name: ClassVar[str] = ""

    def __call__(self, shape: tuple[int, ...], key: Key) -> Values:
        """Return first values.

        Args:
            shape: of the parameter, (n_in, n_out) for weights.
            key: whole numbers that tell one draw from another: (seed, index of the parameter).

        Returns:
            A float64 array of that shape.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return name and settings as plain values, for a file.

        >>> He().to_dict()
        {'name': 'he', 'distribution': 'normal'}
        """
        return {"name": self.name, **asdict(self)}


@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros: right for logistic regression, whose cost has one valley.

    A deeper network whose weights start equal stays symmetric: all neurons of a layer learn the same.

    >>> Zeros()((2,), (0,))
    array([0., 0.])
    """

    name: ClassVar[str] = "zeros"

    def __call__(self, shape: tuple[int, ...], key: Key) -> Values:
        """Return zeros."""
        return np.zeros(shape)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Evenly spread between two bounds.

    Args:
        low, high: the bounds, low < high; high itself is not drawn.

    >>> bool((abs(Uniform(-0.1, 0.1)((3, 2), (0,))) <= 0.1).all())
    True
    """

    low: float = -0.05
    high: float = 0.05
    name: ClassVar[str] = "uniform"

    def __post_init__(self) -> None:
        _check_number(self, "low")
        _check_number(self, "high")
        if not self.low < self.high:
            raise UserError(f"Uniform: low must be less than high; they were {self.low} and {self.high}")

    def __call__(self, shape: tuple[int, ...], key: Key) -> Values:
        """Draw values from low to high."""
        return self.low + (self.high - self.low) * _uniform(shape, key)


@dataclass(frozen=True)
class Normal(Initializer):
    """Normally distributed around 0.

    Args:
        standard_deviation: more than 0.

    >>> Normal()((3, 2), (0,)).shape
    (3, 2)
    """

    standard_deviation: float = 0.01
    name: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        _check_number(self, "standard_deviation")
        if self.standard_deviation <= 0:
            raise UserError(f"Normal: standard_deviation must be more than 0; it was {self.standard_deviation}")

    def __call__(self, shape: tuple[int, ...], key: Key) -> Values:
        """Draw values around 0."""
        return self.standard_deviation * _normal(shape, key)


@dataclass(frozen=True)
class Glorot(Initializer):
    """Variance 2 / (fan_in + fan_out), which keeps signals and gradients of a tanh or sigmoid layer of one size.

    Uniform within sqrt(6 / (fan_in + fan_out)), as first published, or normal. Source: Glorot, Bengio,
    "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, equation 16.

    Args:
        distribution: "uniform" or "normal".

    >>> Glorot()((3, 2), (0,)).shape
    (3, 2)
    """

    distribution: Distribution = "uniform"
    name: ClassVar[str] = "glorot"

    def __post_init__(self) -> None:
        _check_distribution(self, self.distribution)

    def __call__(self, shape: tuple[int, ...], key: Key) -> Values:
        """Draw values of variance 2 / (fan_in + fan_out)."""
        return _of_variance(2 / (_fan_in(shape) + _fan_out(shape)), self.distribution, shape, key)


@dataclass(frozen=True)
class He(Initializer):
    """Variance 2 / fan_in, which keeps signals of a relu layer (where half of them are 0) of one size.

    Normal, as first published, or uniform within sqrt(6 / fan_in). Source: He, Zhang, Ren, Sun, "Delving deep into
    rectifiers", ICCV 2015, equation 10. PyTorch calls this Kaiming initialization (mode fan_in, gain sqrt(2)).

    Args:
        distribution: "normal" or "uniform".

    >>> He()((3, 2), (0,)).shape
    (3, 2)
    """

    distribution: Distribution = "normal"
    name: ClassVar[str] = "he"

    def __post_init__(self) -> None:
        _check_distribution(self, self.distribution)

    def __call__(self, shape: tuple[int, ...], key: Key) -> Values:
        """Draw values of variance 2 / fan_in."""
        return _of_variance(2 / _fan_in(shape), self.distribution, shape, key)


INITIALIZERS: dict[str, type[Initializer]] = {
    kind.name: kind for kind in cast(tuple[type[Initializer], ...], (Zeros, Uniform, Normal, Glorot, He))
}


def initializer(name_or_object: str | Initializer) -> Initializer:
    """Return an initializer by its name, with its usual settings, or the object itself.

    Raises:
        UserError: no such name.

    >>> initializer("he")
    He(distribution='normal')
    """
    if isinstance(name_or_object, Initializer):
        return name_or_object
    return chosen("initializer", name_or_object, INITIALIZERS)()


def initializer_from_dict(values: object) -> Initializer:
    """Make an initializer from what `to_dict` gave.

    Raises:
        UserError: a setting is missing, unknown or has no sensible value.

    >>> initializer_from_dict({"name": "normal", "standard_deviation": 0.1})
    Normal(standard_deviation=0.1)
    """
    if not isinstance(values, Mapping):
        raise UserError(f"a stored initializer is a mapping with a name, not {type(values).__name__}")
    kind = chosen("initializer", values.get("name"), INITIALIZERS)
    expected = {"name", *(field.name for field in fields(kind))}
    if set(values) != expected:
        raise UserError(f"a stored initializer {kind.name} has exactly the settings {', '.join(sorted(expected))}")
    return kind(**{name: value for name, value in values.items() if name != "name"})


def _check_number(owner: Initializer, name: str) -> None:
    value: object = getattr(owner, name)  # whatever a file or a caller without type checks gave
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (number and math.isfinite(cast(float, value))):
        raise UserError(f"{type(owner).__name__}: {name} must be a finite number; it was {value!r}")
    object.__setattr__(owner, name, float(cast(float, value)))


def _check_distribution(owner: Initializer, distribution: object) -> None:
    if distribution not in get_args(Distribution):
        raise UserError(
            f'{type(owner).__name__}: distribution must be "uniform" or "normal"; it was {distribution!r}'
        )


def _of_variance(variance: float, distribution: Distribution, shape: tuple[int, ...], key: Key) -> Values:
    if distribution == "normal":
        return math.sqrt(variance) * _normal(shape, key)
    limit = math.sqrt(3 * variance)  # the variance of a uniform distribution within (-a, a) is a^2 / 3
    return limit * (2 * _uniform(shape, key) - 1)


def _fan_in(shape: tuple[int, ...]) -> int:
    return shape[0] if shape else 1


def _fan_out(shape: tuple[int, ...]) -> int:
    return shape[1] if len(shape) > 1 else 1


def _uniform(shape: tuple[int, ...], key: Key) -> Values:
    return uniform(key, math.prod(shape)).reshape(shape)


def _normal(shape: tuple[int, ...], key: Key) -> Values:
    return normal(key, math.prod(shape)).reshape(shape)
