"""One table of defaults for Python and the command line; docs/developer/defaults.md tells what chose them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defaults:
    """What is used where nothing is said."""

    hidden: tuple[int, ...] = (64, 16)
    activation: str = "relu"
    optimizer: str = "adam"
    epochs: int = 60
    batch_size: int = 64
    patience: int = 10
    validation: float = 0.15
    test: float = 0.15
    l2: float = 0.0
    dropout: float = 0.0
    picture_size: int = 64
    picture_preprocess: str = "standardize"
    seed: int = 0


DEFAULTS = Defaults()
