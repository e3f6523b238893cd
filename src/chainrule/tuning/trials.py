"""Trials that are over, as plain values: in order, in words, as a file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chainrule.files import write_csv
from chainrule.runs.settings import as_typed, from_plain, plain
from chainrule.tuning.space import SEARCHABLE

Ending = Literal["complete", "pruned", "overflowed"]

# Trials that are worth more stand before others.
ENDINGS: tuple[Ending, ...] = ("complete", "pruned", "overflowed")
COLUMNS = ("trial", "ending", "validation_cost", "validation_accuracy", "epoch", "epochs", "seconds", *SEARCHABLE)


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Attributes:
        number: from 1, in the order of the search.
        ending: "complete", "pruned" (ended early because most others were better by then) or "overflowed".
        validation_cost: the lowest of its epochs; None where there was none.
        validation_accuracy: in the epoch of that cost.
        epoch: the number of that epoch.
        epochs: how many there were.
        seconds: how long it took.
        drawn: the settings that were searched, by the names of `RunSettings`.
    """

    number: int
    ending: Ending
    validation_cost: float | None
    validation_accuracy: float | None
    epoch: int | None
    epochs: int
    seconds: float
    drawn: Mapping[str, Any]

    @property
    def cost(self) -> float:
        """The validation cost; infinite where there is none."""
        return math.inf if self.validation_cost is None else self.validation_cost

    def to_dict(self) -> dict[str, Any]:
        """The trial as plain values."""
        drawn = {name: plain(value) for name, value in self.drawn.items()}
        return {**vars(self), "drawn": drawn}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Trial:
        """Read what `to_dict` gave."""
        return cls(**{**values, "drawn": from_plain(values["drawn"])})

    def words(self) -> str:
        """What was drawn, as one reads it.

        >>> Trial(1, "pruned", 0.7, 0.5, 2, 3, 1.0, {"learning_rate": 0.001, "hidden": (64, 16)}).words()
        'learning rate 0.001, hidden 64,16'
        """
        return ", ".join(f"{name.replace('_', ' ')} {as_typed(value)}" for name, value in self.drawn.items())


def best_first(trials: Sequence[Trial]) -> list[Trial]:
    """Return trials in the order of their worth: complete ones, then pruned ones, each by its cost."""
    return sorted(trials, key=lambda one: (ENDINGS.index(one.ending), one.cost, one.number))


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Return the complete trial with the lowest validation cost, the first of equals; None where there is none."""
    first = best_first(trials)[:1]
    return first[0] if first and first[0].ending == "complete" else None


def write_trials(path: Path, trials: Sequence[Trial]) -> None:
    """Write trials as CSV, the best first; what a trial does not have is empty.

    Raises:
        WorkFailed: the file cannot be written.
    """
    write_csv(path, COLUMNS, [_row(one) for one in best_first(trials)])


def _row(trial: Trial) -> list[object]:
    figures = (trial.validation_cost, trial.validation_accuracy, trial.epoch, trial.epochs)
    drawn = [as_typed(trial.drawn[name]) if name in trial.drawn else "" for name in SEARCHABLE]
    return [trial.number, trial.ending, *figures, f"{trial.seconds:.3f}", *drawn]
