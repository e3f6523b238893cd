"""Trials as a table of words: on the page, and on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.evaluation.wording import duration, percent
from chainrule.runs.settings import as_typed
from chainrule.tuning.space import SEARCHABLE
from chainrule.tuning.trials import ENDINGS, Trial

# Stands where a trial does not have a setting or a figure.
_NOTHING = "–"


def table(trials: Sequence[Trial]) -> list[list[str]]:
    """Return a head and a row for each trial: its figures, the settings that were searched, and how it ended."""
    searched = [name for name in SEARCHABLE if any(name in one.drawn for one in trials)]
    names = (name.replace("_", " ") for name in searched)
    head = ["trial", "validation cost", "accuracy", "epochs", "time", *names, "ended"]
    return [head, *(_row(one, searched) for one in trials)]


def _row(trial: Trial, searched: Sequence[str]) -> list[str]:
    accuracy = trial.validation_accuracy
    return [
        str(trial.number),
        _NOTHING if trial.validation_cost is None else f"{trial.validation_cost:.4f}",
        _NOTHING if accuracy is None else percent(accuracy),
        str(trial.epochs),
        duration(trial.seconds),
        *(as_typed(trial.drawn[name]) if name in trial.drawn else _NOTHING for name in searched),
        trial.ending,
    ]


def endings(trials: Sequence[Trial]) -> str:
    """Say how many trials ended in which way.

    >>> endings([Trial(1, "complete", 0.5, 0.7, 2, 3, 0.1, {}), Trial(2, "pruned", 0.6, 0.6, 1, 1, 0.1, {})])
    '1 complete, 1 pruned'
    """
    counts = {ending: sum(one.ending == ending for one in trials) for ending in ENDINGS}
    return ", ".join(f"{count} {ending}" for ending, count in counts.items() if count)
