"""What the page of a search draws: the cost of each trial, and each setting against the cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from chainrule.evaluation.figures import SERIES, Line, Points, points_figure
from chainrule.evaluation.plots import Legend, Plot, spans_decades
from chainrule.evaluation.wording import figure
from chainrule.runs.settings import as_typed
from chainrule.tuning.trials import Trial, best_of

_COST = "validation cost"
_COMPLETE, _PRUNED = SERIES[0], SERIES[7]
_LEGEND = (Legend("complete", "dot", _COMPLETE), Legend("pruned", "ring", _PRUNED))
_BEST = Legend("the best", "dot", "ink")

Value = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class _Axis:
    """A setting to draw the cost over.

    Attributes:
        title: what it is called.
        value: finds it in the settings of a trial; None where there is none.
        kind: "number", "logarithmic", or "name", which gives each value a place of its own.
    """

    title: str
    value: Value
    kind: str = "number"


def _plain(name: str) -> Value:
    return lambda drawn: drawn.get(name)


def _units(layer: int) -> Value:
    """The neurons of a hidden layer, counted from 0; None where there is no such layer."""
    return lambda drawn: drawn["hidden"][layer] if len(drawn.get("hidden", ())) > layer else None


_AXES = (
    _Axis("Learning rate", _plain("learning_rate"), "logarithmic"),
    _Axis("Hidden layers", lambda drawn: len(drawn["hidden"]) if "hidden" in drawn else None, "name"),
    _Axis("Neurons of the first hidden layer", _units(0), "logarithmic"),
    _Axis("Neurons of the second hidden layer", _units(1), "logarithmic"),
    _Axis("Neurons of the third hidden layer", _units(2), "logarithmic"),
    _Axis("Activation", lambda drawn: as_typed(drawn["activation"]) if "activation" in drawn else None, "name"),
    _Axis("Penalty l2", _plain("l2"), "logarithmic"),
    _Axis("Batch size", _plain("batch_size"), "name"),
    _Axis("Dropout", _plain("dropout")),
)


def progress_plot(trials: Sequence[Trial]) -> Plot:
    """Return the cost of each trial, in their order, and the lowest one so far."""
    shown = _with_cost(trials)
    title = "Validation cost by trial"
    if not shown:
        return Plot(title, None, reason="No trial has a cost.")
    numbers, lowest = _lowest_so_far(trials)
    svg = points_figure(
        "trials",
        _points(shown, lambda one: one.number),
        x_label="trial",
        y_label=_COST,
        line=Line(numbers, lowest, SERIES[1]) if numbers else None,
        mark=_mark(best_of(trials), lambda one: one.number),
        whole=True,
        logarithmic=_logarithmic(shown),
        description=f"Validation cost by trial. The lowest is {figure(min(one.cost for one in shown))}.",
    )
    return Plot(title, Markup(svg), (*_LEGEND, _BEST, Legend("the best so far", "line", SERIES[1])))


def setting_plots(trials: Sequence[Trial]) -> list[Plot]:
    """Return a plot of the cost over each setting that was searched."""
    plots = [_setting_plot(_with_cost(trials), axis, f"setting-{i}") for i, axis in enumerate(_AXES)]
    return [plot for plot in plots if plot is not None]


def _setting_plot(trials: Sequence[Trial], axis: _Axis, name: str) -> Plot | None:
    shown = [one for one in trials if axis.value(one.drawn) is not None]
    if not shown:
        return None
    names = sorted({axis.value(one.drawn) for one in shown}) if axis.kind == "name" else []

    def place(one: Trial) -> float:
        value = axis.value(one.drawn)
        return names.index(value) if names else float(value)

    best = best_of(trials)
    is_shown = best in shown
    svg = points_figure(
        name,
        _points(shown, place),
        x_label=axis.title.lower(),
        y_label=_COST,
        mark=_mark(best if is_shown else None, place),
        names=list(map(str, names)),
        logarithmic=("x" if axis.kind == "logarithmic" else "") + _logarithmic(shown),
        description=f"Validation cost by {axis.title.lower()}, of {len(shown)} trials.",
    )
    return Plot(axis.title, Markup(svg), (*_LEGEND, _BEST) if is_shown else _LEGEND)


def _with_cost(trials: Sequence[Trial]) -> list[Trial]:
    """The trials that can be drawn, in their order."""
    shown = [one for one in trials if one.ending != "overflowed" and math.isfinite(one.cost)]
    return sorted(shown, key=lambda one: one.number)


def _points(shown: Sequence[Trial], place: Callable[[Trial], float]) -> list[Points]:
    groups = (("complete", _COMPLETE, False), ("pruned", _PRUNED, True))
    found = []
    for ending, color, hollow in groups:
        chosen = [one for one in shown if one.ending == ending]
        if chosen:
            found.append(Points(list(map(place, chosen)), [one.cost for one in chosen], color, hollow))
    return found


def _mark(best: Trial | None, place: Callable[[Trial], float]) -> tuple[float, float] | None:
    return None if best is None else (place(best), best.cost)


def _lowest_so_far(trials: Sequence[Trial]) -> tuple[list[float], list[float]]:
    """The corners of the line of steps: it is level until a trial is better, and falls there."""
    x: list[float] = []
    y: list[float] = []
    for one in sorted(trials, key=lambda trial: trial.number):
        best = min(one.cost if one.ending == "complete" else math.inf, y[-1] if y else math.inf)
        if math.isfinite(best):
            x += [one.number, one.number] if y else [one.number]
            y += [y[-1], best] if y else [best]
    return x, y


def _logarithmic(shown: Sequence[Trial]) -> str:
    return "y" if spans_decades(np.array([one.cost for one in shown])) else ""
