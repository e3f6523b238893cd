"""A look at a training that has ended: from its data, parameters and history to advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.graph.expression import Expression
from chainrule.training.advice import Advice
from chainrule.training.cost_graph import CostGraph
from chainrule.training.diagnosis import what_went_wrong
from chainrule.training.history import History
from chainrule.training.labels import ClassName
from chainrule.training.loop import Data, Plan
from chainrule.training.probe import Probe
from chainrule.training.signs import (
    LEARNED,
    dead_neurons,
    overfitting,
    saturated_neurons,
    suspicious_labels,
    uneven_gradients,
)

Array = NDArray[Any]

# Held-out rows whose labels are looked at; a run looks at all of its own.
_MOST_CHECKED = 5000


def with_advice(
    history: History,
    graph: CostGraph,
    plan: Plan,
    parameters: Mapping[Expression, Array],
    classes: tuple[ClassName, ...] | None,
    *,
    standardized: bool,
    dtype: DTypeLike,
) -> History:
    """Return a history with what is to be looked at: why it went wrong, or signs that it could go better.

    Args:
        history: of the training.
        graph: what was trained.
        plan: on what, and how.
        parameters: those that were kept.
        classes: their names; None where the answers are numbers.
        standardized: whether the rows are standardized.
        dtype: the type that was computed in.
    """
    if not len(history) and not history.diverged:
        return history
    # What follows from a cost that overflowed or exploded would only hide why it did.
    advice = what_went_wrong(history, graph, plan, classes, standardized=standardized)
    if not advice:
        probe = Probe(graph, parameters, dtype=dtype)
        advice = _signs(history, probe, plan, classes)
    return replace(history, advice=tuple(advice))


def _signs(history: History, probe: Probe, plan: Plan, classes: tuple[ClassName, ...] | None) -> list[Advice]:
    start = max(plan.plain_cost, history[0].cost if history.start_cost is None else history.start_cost)
    end = history[-1].cost if history.end_cost is None else history.end_cost
    checked = 0 if plan.validation_rows is None else len(plan.validation_rows)
    found = [overfitting(history.epochs, history.best_epoch, start=start, checked=checked)]
    if not probe.is_too_large:
        found = [*_neurons(probe, plan, learned=end < LEARNED * start), *found]
        found.append(None if classes is None else _labels(probe, plan, classes))
    return [advice for advice in found if advice is not None]


def _neurons(probe: Probe, plan: Plan, *, learned: bool) -> list[Advice | None]:
    """Look for neurons that stand still, and for gradients that do not get through."""
    rows = probe.sample(plan.training_rows)
    layers = probe.layers(plan.data, rows)
    dead = dead_neurons(layers, len(rows))
    if learned:
        return [dead]
    saturated = saturated_neurons(layers, len(rows))
    # Neurons that stand still stop gradients, which needs no second word.
    uneven = uneven_gradients(layers) if dead is None and saturated is None else None
    return [dead, saturated, uneven]


def _labels(probe: Probe, plan: Plan, classes: tuple[ClassName, ...]) -> Advice | None:
    """Look for labels that look wrong: among held-out rows, which were not learned by heart, or else all."""
    data: Data = plan.data
    rows, of = probe.sample(plan.training_rows), "training rows"
    if plan.validation is not None and plan.validation_rows is not None:
        data, rows, of = plan.validation, plan.validation_rows[:_MOST_CHECKED], "held-out rows"
    outputs = probe.outputs(data, rows)
    if not _are_probabilities(outputs):
        return None
    probabilities = np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs
    y = data["y"][rows].reshape(-1).astype(np.int64)
    names = [f"row {row}" for row in rows.tolist()]
    return suspicious_labels(probabilities, y, classes=classes, names=names, of=of)


def _are_probabilities(outputs: Array) -> bool:
    if not (np.isfinite(outputs).all() and (outputs >= 0).all() and (outputs <= 1).all()):
        return False
    return outputs.shape[1] == 1 or bool(np.allclose(outputs.sum(axis=1), 1, atol=1e-3))
