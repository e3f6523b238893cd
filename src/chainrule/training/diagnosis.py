"""What went wrong in a training whose cost overflowed or exploded, from its data and its history."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.value import evaluate
from chainrule.network.losses import Loss
from chainrule.training.advice import Advice
from chainrule.training.cost_graph import CostGraph
from chainrule.training.divergence import Situation, explosion_advice, likely_causes
from chainrule.training.history import History
from chainrule.training.labels import ClassName
from chainrule.training.loop import Plan
from chainrule.training.optimizers import LBFGS, GradientDescent, Momentum, Nesterov
from chainrule.training.ranges import evenly, outlier_of, range_of
from chainrule.training.rates import usual_rate

Array = NDArray[Any]

# At so many points the learning rates of a training are asked for.
_RATES = 101
# From so many targets their variance is taken.
_TARGETS = 1000


def what_went_wrong(
    history: History, graph: CostGraph, plan: Plan, classes: tuple[ClassName, ...] | None, *, standardized: bool
) -> list[Advice]:
    """Say why a cost overflowed or exploded; nothing where it did neither.

    Args:
        history: of the training.
        graph: what was trained.
        plan: on what, and how.
        classes: their names; None where the answers are numbers.
        standardized: whether the rows are standardized.
    """
    grown = history.exploded
    if grown is None and not history.diverged:
        return []
    causes = likely_causes(_situation(history, graph, plan, classes, standardized=standardized))
    return causes if grown is None else [explosion_advice(grown, history.best_epoch), *causes]


def plain_cost(loss: Loss, y: Array, rows: NDArray[np.int64], classes: tuple[ClassName, ...] | None) -> float:
    """Return about the cost of always giving the same answer; 0 for losses that are not known.

    That is log(k) for equal chances of k classes, and the variance of the targets for the squared error.

    Args:
        loss: of one example.
        y: the targets, an example each row.
        rows: the numbers of the training rows.
        classes: their names; None where the answers are numbers.
    """
    if classes is not None and loss.name in ("binary_cross_entropy", "categorical_cross_entropy"):
        return math.log(len(classes))
    if classes is None and loss.name == "squared_error":
        return float(np.var(y[evenly(rows, _TARGETS)].astype(np.float64), axis=0).mean())
    return 0.0


def _situation(
    history: History, graph: CostGraph, plan: Plan, classes: tuple[ClassName, ...] | None, *, standardized: bool
) -> Situation:
    X, y, rows = plan.data["X"], plan.data["y"], plan.training_rows
    leaf = graph.leaf("X")

    def read(piece: Array) -> Array:
        return evaluate([graph.used.X], {leaf: piece})[graph.used.X]

    numbers = y.reshape(len(y), -1) if classes is None else None
    return Situation(
        optimizer=type(plan.optimizer).__name__,
        rate=_largest_rate(plan, len(history)),
        usual_rate=usual_rate(plan.optimizer),
        follows_slope=isinstance(plan.optimizer, GradientDescent | Momentum | Nesterov),
        rows=range_of(X, rows, read),
        standardized=standardized,
        outlier=outlier_of(X, rows),
        targets=None if numbers is None else range_of(numbers, rows, lambda piece: piece),
        target_outlier=None if numbers is None else outlier_of(numbers, rows),
    )


def _largest_rate(plan: Plan, epochs: int) -> float | None:
    """The largest learning rate up to the end of the epoch that was begun."""
    if isinstance(plan.optimizer, LBFGS):
        return None
    until = min(epochs + 1, plan.epochs)
    return float(plan.optimizer.rates_at(np.linspace(0, until, _RATES), plan.epochs).max())
