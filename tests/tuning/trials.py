"""Trials of searches that did not take place, and trainings that cost nothing."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

from chainrule.model import Model
from chainrule.runs.settings import RunSettings
from chainrule.training.history import Epoch, History
from chainrule.training.loop import Callback
from chainrule.tuning.space import Space
from chainrule.tuning.trials import Trial

DRAWN = {
    "learning_rate": 0.001,
    "hidden": (64, 16),
    "activation": ("relu",),
    "l2": 0.3,
    "batch_size": 64,
    "dropout": 0.3,
}


def trial(number: int, cost: float | None, ending: Any = "complete", **changes: Any) -> Trial:
    drawn = {**DRAWN, **changes.pop("drawn", {})}
    given = {"validation_accuracy": 0.6, "epoch": 2, "epochs": 3, "seconds": 1.5, **changes}
    return Trial(number, ending, cost, drawn=drawn, **given)


def space(*given: str, **settings: Any) -> Space:
    return Space.around(RunSettings(pictures="pets", **settings), given)


def pretended(settings: RunSettings, callback: Callback) -> Model:
    """Train nothing: the cost falls with the epochs to one that knows the best learning rate, 0.002."""
    assert isinstance(settings.learning_rate, float)
    best = 0.3 + (math.log10(settings.learning_rate) - math.log10(0.002)) ** 2
    records = []
    for number in range(1, settings.epochs + 1):
        cost = best + 1 / number
        records.append(Epoch(number, cost, 0.5, cost, 0.5, settings.learning_rate, 0.01))
        if callback(records[-1]):
            break
    return with_history(History(tuple(records), len(records), "it is over"))


def with_history(history: History) -> Model:
    return cast(Model, SimpleNamespace(history=history))
