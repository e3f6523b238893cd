"""Optimizers: each says, as expressions, how a parameter and the optimizer's own state change in one step.

Formulas and constants are PyTorch's. With g the gradient and t the number of the step (the first is 1).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import from_zero, positive, whole
from chainrule.errors import UserError
from chainrule.graph.expression import Expression, constant, parameter
from chainrule.graph.ops.elementwise import expm1, sqrt
from chainrule.graph.shapes import fixed
from chainrule.network.names import chosen
from chainrule.training.schedules import Schedule

# Constants that say how much of the past is kept, and others that are not negative.
_SHARES = {"momentum", "decay", "beta1", "beta2"}
_FROM_ZERO = {"epsilon", "weight_decay"}


@dataclass(frozen=True, eq=False)
class Update:
    """One step of one parameter: its new value, and the new value of each piece of state."""

    parameter: Expression
    state: Mapping[Expression, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Optimizer(ABC):
    """What all optimizers share.

    Attributes:
        learning_rate: a number, or a schedule (`cr.Cosine(0.1)`...).
        clip_norm: where set, the gradients of all parameters together are scaled down to this norm at most.
    """

    learning_rate: float | Schedule = 0.01
    clip_norm: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not callable(self.learning_rate):
            positive(self.learning_rate, "the learning rate")
        if self.clip_norm is not None:
            positive(self.clip_norm, "clip_norm")
        for one in fields(self):
            if one.name in _SHARES:
                from_zero(getattr(self, one.name), one.name, below=1)
            elif one.name in _FROM_ZERO:
                from_zero(getattr(self, one.name), one.name)

    @abstractmethod
    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step for the parameter `w` with the gradient `g`."""

    def rates_at(self, epochs_done: NDArray[np.float64], epochs: int) -> NDArray[np.float64]:
        """Return the learning rate at many points of the training, counted in epochs."""
        if not callable(self.learning_rate):
            return np.full(len(epochs_done), self.learning_rate, np.float64)
        return np.array([self.rate_at(epoch, epochs) for epoch in epochs_done.tolist()], np.float64)

    def rate_at(self, epoch: float, epochs: int) -> float:
        """Return the learning rate at a point of the training, counted in epochs."""
        if not callable(self.learning_rate):
            return self.learning_rate
        return from_zero(self.learning_rate(epoch, epochs), f"the learning rate of the schedule at epoch {epoch:g}")


def _state(w: Expression, name: str) -> Expression:
    return parameter(f"{w.name}.{name}", fixed(w.shape), 0.0)


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """Gradient descent: w := w - learning_rate * g.

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), 1.0)
        >>> minimum = cr.minimize((w - 3) ** 2, [w], optimizer=cr.GradientDescent(0.1), steps=100)
        >>> round(float(minimum[w]), 3)
        3.0
    """

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step."""
        return Update(w - learning_rate * g)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Momentum (Polyak 1964): v := momentum * v + g; w := w - learning_rate * v.

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), 1.0)
        >>> minimum = cr.minimize((w - 3) ** 2, [w], optimizer=cr.Momentum(0.01), steps=500)
        >>> round(float(minimum[w]), 2)
        3.0
    """

    momentum: float = 0.9

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step."""
        v = _state(w, "velocity")
        v_new = self.momentum * v + g
        return Update(w - learning_rate * v_new, {v: v_new})


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Nesterov's momentum (Sutskever et al. 2013): v := momentum * v + g; w := w - rate * (g + momentum * v).

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), 1.0)
        >>> minimum = cr.minimize((w - 3) ** 2, [w], optimizer=cr.Nesterov(0.01), steps=500)
        >>> round(float(minimum[w]), 2)
        3.0
    """

    momentum: float = 0.9

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step."""
        v = _state(w, "velocity")
        v_new = self.momentum * v + g
        return Update(w - learning_rate * (g + self.momentum * v_new), {v: v_new})


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop (Hinton 2012): s := decay * s + (1 - decay) * g**2; w := w - rate * g / (sqrt(s) + epsilon).

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), 1.0)
        >>> minimum = cr.minimize((w - 3) ** 2, [w], optimizer=cr.RMSprop(cr.Cosine(0.1)), steps=500)
        >>> round(float(minimum[w]), 2)
        3.0
    """

    decay: float = 0.99
    epsilon: float = 1e-8

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step."""
        s = _state(w, "mean_square")
        s_new = self.decay * s + (1 - self.decay) * g**2
        return Update(w - learning_rate * g / (sqrt(s_new) + self.epsilon), {s: s_new})


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma, Ba 2015): means of g and g**2, corrected for their start at zero.

    m := beta1 * m + (1 - beta1) * g; v := beta2 * v + (1 - beta2) * g**2;
    w := w - rate * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + epsilon).

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), 1.0)
        >>> minimum = cr.minimize((w - 3) ** 2, [w], optimizer=cr.Adam(cr.Cosine(0.1)), steps=500)
        >>> round(float(minimum[w]), 2)
        3.0
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step."""
        m, v = _state(w, "mean"), _state(w, "mean_square")
        m_new = self.beta1 * m + (1 - self.beta1) * g
        v_new = self.beta2 * v + (1 - self.beta2) * g**2
        size = learning_rate / _one_minus_power(self.beta1, step)
        scale = 1 / sqrt(_one_minus_power(self.beta2, step))
        return Update(w - size * (m_new / (sqrt(v_new) * scale + self.epsilon)), {m: m_new, v: v_new})


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov, Hutter 2019): first w := w * (1 - rate * weight_decay).

    Example:
        >>> import chainrule as cr
        >>> w = cr.parameter("w", (), 1.0)
        >>> minimum = cr.minimize((w - 3) ** 2, [w], optimizer=cr.AdamW(cr.Cosine(0.1)), steps=500)
        >>> round(float(minimum[w]), 1)
        3.0
    """

    weight_decay: float = 0.01

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Write down one step."""
        adam = super().update(w, g, learning_rate=learning_rate, step=step)
        return Update(adam.parameter - learning_rate * self.weight_decay * w, adam.state)


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """L-BFGS (Liu, Nocedal 1989): Newton's method with a curvature learned from the last steps.

    Each step takes all examples and finds its own length, by a line search for the strong Wolfe conditions; so
    there is no learning rate, and dropout cannot be used.

    Args:
        history: from how many steps the curvature is learned.
        tolerance: the training ends where no element of the gradient is larger.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.parameter("a", (), -1.2), cr.parameter("b", (), 1.0)
        >>> J = 100 * (b - a**2) ** 2 + (1 - a) ** 2
        >>> minimum = cr.minimize(J, [a, b], optimizer=cr.LBFGS(), steps=100)
        >>> round(float(minimum[a]), 2), round(float(minimum[b]), 2), len(minimum.costs) < 60
        (1.0, 1.0, True)
    """

    learning_rate: float | Schedule = field(default=1.0, init=False, repr=False)
    clip_norm: float | None = field(default=None, init=False, repr=False)
    history: int = 10
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(self.history, "history", least=1)
        positive(self.tolerance, "tolerance")

    def update(self, w: Expression, g: Expression, *, learning_rate: Expression, step: Expression) -> Update:
        """Leave the parameter: L-BFGS moves all parameters together, outside the program."""
        return Update(w)


def _one_minus_power(base: float, step: Expression) -> Expression:
    # In float32, 1 - 0.999**t would lose five digits at the first steps.
    return -expm1(step * math.log(base)) if base else constant(1.0)


# Those whose steps a program takes.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


NAMES: dict[str, type[Optimizer]] = {**OPTIMIZERS, "lbfgs": LBFGS}


def optimizer_of(
    choice: str | Optimizer, *, learning_rate: float | Schedule | None = None, clip_norm: float | None = None
) -> Optimizer:
    """Return an optimizer as it is, or by name with its usual constants.

    Example:
        >>> optimizer_of("adam")
        Adam(learning_rate=0.001, clip_norm=None, beta1=0.9, beta2=0.999, epsilon=1e-08)
    """
    if isinstance(choice, Optimizer):
        if learning_rate is not None or clip_norm is not None:
            raise UserError("give the learning rate and clip_norm to the optimizer itself, or its name instead")
        return choice
    kind = chosen("optimizer", choice, NAMES)
    if kind is LBFGS:
        if learning_rate is not None or clip_norm is not None:
            raise UserError("L-BFGS finds the length of its steps itself: leave learning_rate and clip_norm out")
        return LBFGS()
    return kind(clip_norm=clip_norm) if learning_rate is None else kind(learning_rate, clip_norm=clip_norm)
