"""What a search tries: settings of a run, each drawn from a range that suits pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chainrule.errors import UserError
from chainrule.runs.settings import RunSettings
from chainrule.training.optimizers import NAMES, optimizer_of

# The settings that a search can try; what a person gives of them stays as it is.
SEARCHABLE = ("learning_rate", "hidden", "activation", "l2", "batch_size", "dropout")

_ADAPTIVE, _PLAIN = (1e-5, 1e-2), (1e-4, 1e-1)
_RATES = {
    "adam": _ADAPTIVE,
    "adamw": _ADAPTIVE,
    "rmsprop": _ADAPTIVE,
    "sgd": _PLAIN,
    "momentum": _PLAIN,
    "nesterov": _PLAIN,
}
_MOST_LAYERS = 3
_UNITS = (8, 256)
_ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh")
_L2 = (1e-4, 3.0)
_BATCHES = (16, 32, 64, 128, 256)
_MOST_DROPOUT = 0.6


class Drawing(Protocol):
    """What draws values and remembers them by name, such as a trial of Optuna's."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Draw a number."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Draw a whole number."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Draw one of some values."""


@dataclass(frozen=True)
class Space:
    """Settings of a run, some of which are to be searched.

    Attributes:
        settings: of the run; those that are searched are replaced.
        searched: the names of these.

    Raises:
        UserError: settings among which there is nothing to search.
    """

    settings: RunSettings
    searched: tuple[str, ...]

    def __post_init__(self) -> None:
        check_optimizer(self.settings.optimizer)
        if self.settings.epochs < 1:
            raise UserError("--epochs 0: trials are compared by their epochs; give a whole number from 1 up")
        if not self.searched:
            raise UserError(
                "every setting is given, so that there is nothing to search: leave one or more of "
                f"{', '.join(map(_option, SEARCHABLE))} out, or use chainrule train"
            )
        if "hidden" in self.searched and "activation" not in self.searched and len(self.settings.activation) > 1:
            raise UserError(
                f"--activation {','.join(self.settings.activation)}: one for each layer needs to know how many "
                "there are: give --hidden too, or one activation for all"
            )

    @classmethod
    def around(cls, settings: RunSettings, given: Collection[str]) -> Space:
        """Return a space of all that can be searched but for what was given.

        Example:
            >>> Space.around(RunSettings(pictures="pets", hidden=()), {"hidden", "l2"}).searched
            ('learning_rate', 'batch_size')
        """
        searched = [name for name in SEARCHABLE if name not in given]
        if "hidden" in given and not settings.hidden:
            # They are settings of hidden layers.
            searched = [name for name in searched if name not in {"activation", "dropout"}]
        return cls(settings, tuple(searched))

    def draw(self, drawing: Drawing) -> dict[str, Any]:
        """Draw the settings that are searched, by name; numbers with the few digits that one would type."""
        found: dict[str, Any] = {}
        hidden = self.settings.hidden
        if "hidden" in self.searched:
            layers = drawing.suggest_int("layers", 0, _MOST_LAYERS)
            hidden = tuple(drawing.suggest_int(f"units {i}", *_UNITS, log=True) for i in range(1, layers + 1))
            found["hidden"] = hidden
        if "activation" in self.searched and hidden:
            found["activation"] = (drawing.suggest_categorical("activation", _ACTIVATIONS),)
        if "learning_rate" in self.searched:
            rate = drawing.suggest_float("learning rate", *_RATES[self.settings.optimizer], log=True)
            found["learning_rate"] = _short(rate)
        if "l2" in self.searched:
            found["l2"] = _short(drawing.suggest_float("l2", *_L2, log=True))
        if "batch_size" in self.searched:
            found["batch_size"] = drawing.suggest_categorical("batch size", _BATCHES)
        if "dropout" in self.searched and hidden:
            found["dropout"] = round(drawing.suggest_float("dropout", 0.0, _MOST_DROPOUT), 2)
        return found

    def usual(self) -> dict[str, Any]:
        """What to draw for the settings that `chainrule train` takes by itself, by the names that `draw` uses."""
        usual = RunSettings(pictures=self.settings.pictures, optimizer=self.settings.optimizer)
        rate = optimizer_of(usual.optimizer, learning_rate=usual.rate).learning_rate
        assert isinstance(rate, float)
        units = {f"units {i}": count for i, count in enumerate(usual.hidden, 1)}
        drawn: dict[str, dict[str, Any]] = {
            "learning_rate": {"learning rate": rate},
            "hidden": {"layers": len(usual.hidden), **units},
            "activation": {"activation": usual.activation[0]},
            "l2": {"l2": usual.l2},
            "batch_size": {"batch size": usual.batch_size},
            "dropout": {"dropout": usual.dropout},
        }
        return {name: value for one in self.searched for name, value in drawn[one].items()}

    def with_drawn(self, drawn: Mapping[str, Any]) -> RunSettings:
        """Return the settings of a run with what was drawn."""
        return replace(self.settings, **drawn)


def check_optimizer(name: str) -> None:
    """Check that an optimizer, if there is one of this name, has a learning rate and batches.

    >>> check_optimizer("lbfgs")
    Traceback (most recent call last):
    chainrule.errors.UserError: --optimizer lbfgs: there is no learning rate and no batch to search; choose ...
    """
    if name in NAMES and name not in _RATES:
        raise UserError(
            f"--optimizer {name}: there is no learning rate and no batch to search; choose one of "
            f"{', '.join(_RATES)}"
        )


def _short(value: float) -> float:
    return float(f"{value:.2g}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
