"""One table of defaults for Python and the command line; docs/developer/defaults.md tells what chose them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defaults:
    """What is used where nothing is said.

    The first part serves `cr.fit` and `chainrule train` alike, but for the learning rate: that of `cr.fit` with the
    default optimizer falls to 0 along half a cosine. The second is for pictures, whose thousands of similar numbers
    want another start: a smaller learning rate, and much against overfitting.
    """

    optimizer: str = "adam"
    learning_rate: float = 0.003
    epochs: int = 60
    batch_size: int = 64
    patience: int = 10
    seed: int = 0
    engine: str = "engine"
    checkpoint_every: float = 30.0
    trials: int = 30

    hidden: tuple[int, ...] = (64, 16)
    activation: str = "relu"
    validation: float = 0.15
    test: float = 0.15
    picture_size: int = 64
    picture_preprocess: str = "standardize"
    picture_learning_rate: float = 1e-4
    l2: float = 0.1
    dropout: float = 0.3
    augment: tuple[str, ...] = ("flip",)


DEFAULTS = Defaults()
