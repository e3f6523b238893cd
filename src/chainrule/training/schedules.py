"""Learning rates that change during training. A schedule is any function of the epoch and the number of epochs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chainrule.arguments import from_zero, positive
from chainrule.errors import UserError

# From the point of the training, counted in epochs (2.5 is half-way through the third), and their number.
Schedule = Callable[[float, int], float]


@dataclass(frozen=True)
class Constant:
    """The same rate throughout.

    Example:
        >>> Constant(0.1)(epoch=2.5, epochs=10)
        0.1
    """

    rate: float

    def __post_init__(self) -> None:
        positive(self.rate, "the learning rate")

    def __call__(self, epoch: float, epochs: int) -> float:
        """Return the rate at a point of the training."""
        return self.rate


@dataclass(frozen=True)
class StepDecay:
    """The rate times `factor` after every `every` epochs.

    Example:
        >>> [StepDecay(0.1, every=2, factor=0.5)(epoch, 6) for epoch in range(5)]
        [0.1, 0.1, 0.05, 0.05, 0.025]
    """

    rate: float
    every: float = 10
    factor: float = 0.1

    def __post_init__(self) -> None:
        positive(self.rate, "the learning rate")
        positive(self.every, "the number of epochs between steps")
        positive(self.factor, "the factor of a step")

    def __call__(self, epoch: float, epochs: int) -> float:
        """Return the rate at a point of the training."""
        return self.rate * self.factor ** math.floor(epoch / self.every)


@dataclass(frozen=True)
class Cosine:
    """From `rate` down to `final` along half a cosine (Loshchilov, Hutter 2017, without restarts).

    Example:
        >>> [round(Cosine(1.0)(epoch, 2), 3) for epoch in (0, 1, 2)]
        [1.0, 0.5, 0.0]
    """

    rate: float
    final: float = 0.0

    def __post_init__(self) -> None:
        positive(self.rate, "the learning rate")
        from_zero(self.final, "the final learning rate")

    def __call__(self, epoch: float, epochs: int) -> float:
        """Return the rate at a point of the training."""
        return _between(self.rate, self.final, min(epoch / epochs, 1.0))


@dataclass(frozen=True)
class OneCycle:
    """Up to `rate` and down again (Smith, Topin 2018), with PyTorch's constants.

    From rate / 25 up to the rate in the first `warm_up` part of the training, then down to rate / 250,000.

    Example:
        >>> [round(OneCycle(1.0)(epoch, 10), 3) for epoch in (0, 3, 10)]
        [0.04, 1.0, 0.0]
    """

    rate: float
    warm_up: float = 0.3
    start_divisor: float = 25.0
    final_divisor: float = 1e4

    def __post_init__(self) -> None:
        positive(self.rate, "the learning rate")
        positive(self.start_divisor, "the divisor of the first learning rate")
        positive(self.final_divisor, "the divisor of the final learning rate")
        if positive(self.warm_up, "the warm-up") >= 1:
            raise UserError(f"the warm-up is a part of the training between 0 and 1, not {self.warm_up}")

    def __call__(self, epoch: float, epochs: int) -> float:
        """Return the rate at a point of the training."""
        share = min(epoch / epochs, 1.0)
        start = self.rate / self.start_divisor
        if share < self.warm_up:
            return _between(start, self.rate, share / self.warm_up)
        return _between(self.rate, start / self.final_divisor, (share - self.warm_up) / (1 - self.warm_up))


@dataclass(frozen=True)
class WarmUp:
    """Another schedule (or a rate), reached in a straight line over the first `epochs` epochs.

    Example:
        >>> [WarmUp(0.1, epochs=2)(epoch, 10) for epoch in (1, 2, 3)]
        [0.05, 0.1, 0.1]
    """

    rate: float | Schedule
    epochs: float = 1.0

    def __post_init__(self) -> None:
        if not callable(self.rate):
            positive(self.rate, "the learning rate")
        positive(self.epochs, "the number of epochs of the warm-up")

    def __call__(self, epoch: float, epochs: int) -> float:
        """Return the rate at a point of the training."""
        rate = self.rate(epoch, epochs) if callable(self.rate) else self.rate
        # The first step would otherwise have the rate 0.
        return rate * min(1.0, max(epoch, 1e-3) / self.epochs)


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
