"""L-BFGS on a compiled cost: all examples in each step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import DRAW, Expression
from chainrule.graph.walk import topological
from chainrule.training.bar import EpochBar
from chainrule.training.descent import Descent
from chainrule.training.history import Epoch, History, Snapshot
from chainrule.training.lbfgs import Iterate, Vector, lbfgs
from chainrule.training.loop import Plan
from chainrule.training.optimizers import LBFGS
from chainrule.training.stopping import Values

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Place:
    """Where a search is, with the descent's parameters at this place.

    Attributes:
        outputs: the cost and metrics there.
        length: that of the step that led there; 0 where there was none.
        reason: why the search ends there; None where it goes on.
    """

    outputs: Mapping[str, float]
    length: float
    reason: str | None


def search(
    descent: Descent, data: Mapping[str, Array], rows: NDArray[np.int64] | None, optimizer: LBFGS
) -> Iterator[Place]:
    """Go down a cost from where the descent's parameters are; ends at a place that has a reason.

    Args:
        descent: its entry `value_and_gradient` is what is called.
        data: the arrays by name.
        rows: which rows count; None for all.
        optimizer: how much is remembered, and what is near enough.
    """
    parts = _Parts(descent.values())
    outputs: dict[str, float] = {}

    def function(x: Vector) -> tuple[float, Vector]:
        descent.restore(parts.split(x))
        found = descent.machine.run("value_and_gradient", data, rows=rows)
        outputs.clear()
        outputs.update({name: float(array) for name, array in found.items() if not name.startswith("gradient ")})
        gradient = parts.joined([found[f"gradient {i}"] for i in range(len(descent.parameters))])
        return outputs["cost"], gradient

    def place(point: Iterate, known: Mapping[str, float]) -> Place:
        descent.restore(parts.split(point.x))
        return Place(known, point.length, point.reason)

    start = parts.joined(descent.values())
    known: Mapping[str, float] = {}
    for point in lbfgs(function, start, history=optimizer.history, tolerance=optimizer.tolerance):
        # A search that ends without a step has tried others since.
        known = dict(outputs) if point.length or not known else known
        yield place(point, known)


class _Parts:
    """Parameters as one vector."""

    def __init__(self, values: Values) -> None:
        self._shapes = [array.shape for array in values]
        self._ends = np.cumsum([array.size for array in values])

    def joined(self, values: Values) -> Vector:
        return np.concatenate([np.ravel(array) for array in values]).astype(np.float64)

    def split(self, x: Vector) -> Values:
        pieces = np.split(x, self._ends[:-1])
        return [piece.reshape(shape) for piece, shape in zip(pieces, self._shapes, strict=True)]


def check_suits(J: Expression, *, batch: int, count: int) -> None:
    """Refuse what a line search makes no sense of.

    Args:
        J: the cost.
        batch: how many examples a step takes.
        count: how many there are.

    Raises:
        UserError: mini-batches, or a cost with random numbers.
    """
    if batch < count:
        raise UserError(
            f"L-BFGS compares costs along a line, so each step takes all {count} examples, not {batch}: "
            'give batch_size="all"'
        )
    if any(node.op is DRAW for node in topological([J])):
        raise UserError(
            "L-BFGS compares costs along a line, but this cost changes at random in each step (dropout): "
            "leave dropout out, or take another optimizer"
        )


def train_full_batch(descent: Descent, plan: Plan, optimizer: LBFGS) -> History:
    """Train with L-BFGS, an epoch a step; the descent ends with the parameters to keep.

    Raises:
        UserError: the plan has checkpoints, which are not kept of a search, or changes the rows.
    """
    for there, name in ((plan.checkpoints, "checkpoint"), (plan.augmented, "augment")):
        if there is not None:
            raise UserError(f"L-BFGS knows no {name}: leave it out, or take another optimizer")
    data = descent.prepared(plan.data, plan.rows)
    records: list[Epoch] = []
    reason, diverged = f"all {plan.epochs} epochs are done", False
    plan.snapshots.take(0, descent.values)
    before: Mapping[str, float] = {}
    started = time.perf_counter()
    with EpochBar(plan.epochs, plan.count, enabled=plan.progress) as bar:
        for place in search(descent, data, plan.rows, optimizer):
            stopped = place.reason
            if place.length:
                records.append(_record(descent, plan, len(records) + 1, before, place, started))
                started = time.perf_counter()
                plan.snapshots.take(len(records), descent.values)
                bar.epoch(records[-1])
                stopped = plan.stopping.after(records[-1], descent.values()) or stopped
                answers = [callback(records[-1]) for callback in plan.callbacks]
                if any(isinstance(answer, bool | np.bool_) and answer for answer in answers):
                    stopped = stopped or "a callback asked to stop"
            else:
                diverged = not np.isfinite(place.outputs["cost"])
            before = place.outputs
            if stopped is not None or len(records) >= plan.epochs:
                reason = stopped or reason
                break
    return _history(descent, plan, records, reason, diverged=diverged)


def _record(
    descent: Descent, plan: Plan, number: int, before: Mapping[str, float], place: Place, started: float
) -> Epoch:
    checked: Mapping[str, float] = {}
    if plan.validation is not None:
        checked = descent.evaluate(plan.validation, rows=plan.validation_rows)
    return Epoch(
        epoch=number,
        cost=before.get("unpenalised", before["cost"]),
        accuracy=before.get("accuracy"),
        validation_cost=checked.get("cost"),
        validation_accuracy=checked.get("accuracy"),
        learning_rate=place.length,
        seconds=time.perf_counter() - started,
    )


def _history(descent: Descent, plan: Plan, records: list[Epoch], reason: str, *, diverged: bool) -> History:
    kept = len(records)
    plan.snapshots.take_end(kept, descent.values)
    best = plan.stopping.best_values
    if best is not None:
        descent.restore(best)
        kept = plan.stopping.best_epoch or kept
        plan.snapshots.take_end(kept, descent.values)
    snapshots = tuple(
        Snapshot(number, {str(w.name): array for w, array in descent.found(values).items()})
        for number, values in plan.snapshots.kept
    )
    return History(tuple(records), plan.stopping.best_epoch, reason, diverged, snapshots, descent.plan)
