"""Advice on a training: what to look at, with the numbers behind it and what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

# Why a cost overflowed or exploded.
Cause = Literal["exploding_cost", "outlier", "unscaled_features", "large_targets", "learning_rate"]
# What could be better in a training that went through.
Sign = Literal[
    "dead_neurons",
    "saturated_neurons",
    "vanishing_gradients",
    "exploding_gradients",
    "overfitting",
    "suspicious_labels",
]
Kind = Cause | Sign
CAUSES: frozenset[str] = frozenset(get_args(Cause))

# So many digits tell all that matters, and hide what another order of sums would change.
_DIGITS = 4


@dataclass(frozen=True)
class Advice:
    """One thing to look at after a training.

    Attributes:
        kind: what it is about, a word for programs.
        message: what was found, how much of it, and what to try; one line.
        numbers: what the message is made of, as plain values by name.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=60)
        >>> network = cr.Network([cr.Dense(8, "sigmoid"), cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(network, 1000 * X, y, epochs=20)
        >>> [advice.kind for advice in model.history.advice]
        ['saturated_neurons']
    """

    kind: Kind
    message: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The kind as people write it.

        >>> Advice("dead_neurons", "").title
        'Dead neurons'
        """
        return self.kind.replace("_", " ").capitalize()

    def to_dict(self) -> dict[str, Any]:
        """The advice as plain values, for a file.

        >>> Advice("overfitting", "more rows help", {"gap": 0.123456}).to_dict()
        {'kind': 'overfitting', 'message': 'more rows help', 'numbers': {'gap': 0.1235}}
        """
        return {"kind": self.kind, "message": self.message, "numbers": _rounded(dict(self.numbers))}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    if not isinstance(value, float):
        return value
    # JSON has no word for what is no number.
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
