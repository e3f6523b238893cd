"""Everything that decides a run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from chainrule.errors import UserError
from chainrule.training.defaults import DEFAULTS


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What `chainrule train` was told; one field for each option.

    Attributes:
        pictures: the folder of labelled pictures.
        negative: a folder of other pictures, where `pictures` holds one class alone.
        label_from: a regular expression whose first group, found in a file's name, is its class.
        positive: the class to tell from the rest.
        strict: whether an unreadable picture is an error.
        size, color, fit: how a picture becomes a row, see `PictureSettings`.
        preprocess: "standardize" each pixel over the training pictures, or only "scale" it to 0..1.
        hidden: neurons of each hidden layer; none for a single neuron (or one a class).
        activation: of all hidden layers, or one for each.
        learning_rate: None takes the default for pictures with the default optimizer, else the optimizer's usual one.
        optimizer, epochs, batch_size, l1, l2, dropout, class_weight, patience: see `cr.fit`.
        validation, test: shares of the pictures to choose and to judge by.
        seed: decides the split, the first parameters, the order and dropout.
        threads: how many threads to use; None takes what the machine offers.
        out: the run's folder; None makes runs/<folder>-<n>.
    """

    pictures: str
    negative: str | None = None
    label_from: str | None = None
    positive: str | None = None
    strict: bool = False
    size: int = DEFAULTS.picture_size
    color: str = "rgb"
    fit: str = "squash"
    preprocess: str = DEFAULTS.picture_preprocess
    hidden: tuple[int, ...] = DEFAULTS.hidden
    activation: tuple[str, ...] = (DEFAULTS.activation,)
    optimizer: str = DEFAULTS.optimizer
    learning_rate: float | None = None
    epochs: int = DEFAULTS.epochs
    batch_size: int | str = DEFAULTS.batch_size
    l1: float = 0.0
    l2: float = DEFAULTS.l2
    dropout: float = DEFAULTS.dropout
    class_weight: str | None = None
    patience: int = DEFAULTS.patience
    validation: float = DEFAULTS.validation
    test: float = DEFAULTS.test
    seed: int = DEFAULTS.seed
    threads: int | None = None
    out: str | None = None

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            if not getattr(self, name) > 0:
                raise UserError(f"--{name}: a run needs a share of the pictures above 0, not {getattr(self, name)}")

    @property
    def rate(self) -> float | None:
        """The learning rate to use; None for the optimizer's usual one."""
        if self.learning_rate is None and self.optimizer == DEFAULTS.optimizer:
            return DEFAULTS.picture_learning_rate
        return self.learning_rate

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for run.json and the report."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    def command(self) -> str:
        """Return the shell command that repeats the run.

        Example:
            >>> RunSettings(pictures="my dogs", seed=3, hidden=()).command()
            "chainrule train 'my dogs' --hidden none --seed 3"
        """
        words = ["chainrule", "train", self.pictures]
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name in {"pictures", "out"} or value == one.default:
                continue
            option = f"--{one.name.replace('_', '-')}"
            words += [option] if value is True else [option, _written(value)]
        return " ".join(shlex.quote(word) for word in words)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def described(settings: RunSettings) -> Mapping[str, str]:
    """The settings that a reader of the report wants, as words."""
    shown = {name: value for name, value in settings.to_dict().items() if value not in (None, False)}
    return {name: _written(tuple(value) if isinstance(value, list) else value) for name, value in shown.items()}
