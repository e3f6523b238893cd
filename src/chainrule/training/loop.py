"""The loop over epochs and batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.training.bar import EpochBar
from chainrule.training.batches import batches_of_epoch
from chainrule.training.descent import Descent
from chainrule.training.history import Epoch, History, Recorder, Snapshot
from chainrule.training.optimizers import Optimizer
from chainrule.training.snapshots import SnapshotRecorder
from chainrule.training.stopping import Stopping, Values, all_finite

# On how many rows the parameters at the end are tried.
_ROWS_TO_TRY = 256

Data = Mapping[str, NDArray[Any]]

# Told of each epoch; the answer True ends the training.
Callback = Callable[[Epoch], object]


@dataclass(frozen=True, eq=False)
class Plan:
    """How long to train, on what, and who is told.

    `rows` are the rows of `data` to train on (None for all), `validation_rows` those of `validation` to check on.
    """

    data: Data
    count: int
    rows: NDArray[np.int64] | None
    validation: Data | None
    validation_rows: NDArray[np.int64] | None
    epochs: int
    batch_size: int | None
    optimizer: Optimizer
    stopping: Stopping
    callbacks: Sequence[Callback] = ()
    progress: bool | None = None
    snapshots: SnapshotRecorder = field(default_factory=SnapshotRecorder)


class Diverged(Exception):
    """The cost of a step is no longer a number."""


def train(descent: Descent, plan: Plan) -> History:
    """Train until the epochs are over or something stops it; the descent ends with the parameters to keep."""
    records: list[Epoch] = []
    good = _Good(descent)
    reason = None
    plan.snapshots.take(0, descent.values)
    with EpochBar(plan.epochs, plan.count, enabled=plan.progress) as bar:
        while reason is None and len(records) < plan.epochs:
            number = len(records) + 1
            try:
                record = _epoch(descent, plan, number, good, bar)
            except Diverged as problem:
                descent.restore(plan.stopping.best_values or good.values)
                return _history(descent, plan, records, str(problem), kept=good.epoch, diverged=True)
            records.append(record)
            plan.snapshots.take(number, descent.values)
            reason = plan.stopping.after(record, descent.values() if plan.stopping.early else [])
            for callback in plan.callbacks:
                answer = callback(record)
                # Any other answer, say the length of what was written, is no wish to stop.
                if isinstance(answer, bool | np.bool_) and answer:
                    reason = reason or "a callback asked to stop"
    return _finish(descent, plan, records, reason or f"all {plan.epochs} epochs are done", good)


def _finish(descent: Descent, plan: Plan, records: list[Epoch], reason: str, good: _Good) -> History:
    plan.snapshots.take_end(len(records), descent.values)
    if plan.stopping.best_values is not None:
        descent.restore(plan.stopping.best_values)
    elif not _gives_numbers(descent, plan):
        descent.restore(good.values)
        reason = "the parameters overflowed in the last epoch"
        return _history(descent, plan, records, reason, kept=good.epoch, diverged=True)
    return _history(descent, plan, records, reason, kept=len(records))


def _gives_numbers(descent: Descent, plan: Plan) -> bool:
    """Tell whether the parameters are of use: also finite ones may be so large that every answer overflows."""
    rows = np.arange(plan.count) if plan.rows is None else plan.rows
    cost = descent.evaluate(plan.data, rows=rows[:_ROWS_TO_TRY])["cost"]
    return all_finite(descent.values()) and math.isfinite(cost)


def _history(
    descent: Descent, plan: Plan, records: list[Epoch], reason: str, *, kept: int, diverged: bool = False
) -> History:
    """Write down how the training ended; the descent holds the best parameters, or those of the epoch `kept`."""
    best = plan.stopping.best_epoch
    plan.snapshots.take_end(kept if best is None else best, descent.values)
    names = [str(parameter.name) for parameter in descent.parameters]
    snapshots = [Snapshot(number, dict(zip(names, values, strict=True))) for number, values in plan.snapshots.kept]
    return History(tuple(records), best, reason, diverged, tuple(snapshots))


class _Good:
    """The last parameters known to give a cost that is a number: those of the start of an epoch.

    Attributes:
        values: the parameters.
        epoch: how many epochs were done when they were those.
    """

    def __init__(self, descent: Descent) -> None:
        self.values: Values = descent.values()
        self.epoch = 0
        self._candidate = self.epoch, self.values

    def epoch_starts(self, number: int, values: Values) -> None:
        self._candidate = number - 1, values

    def cost_is_finite(self) -> None:
        self.epoch, self.values = self._candidate


def _epoch(descent: Descent, plan: Plan, number: int, good: _Good, bar: EpochBar) -> Epoch:
    started = time.perf_counter()
    recorder = Recorder()
    rate = 0.0
    batches: Sequence[NDArray[Any] | None] = [None]
    if plan.batch_size is not None:
        batches = batches_of_epoch(plan.count, plan.batch_size, descent.seed, number - 1)
    good.epoch_starts(number, descent.values())
    for place, batch in enumerate(batches):
        rows = plan.rows if batch is None else batch if plan.rows is None else plan.rows[batch]
        rate = plan.optimizer.rate_at(number - 1 + place / len(batches), plan.epochs)
        step = (number - 1) * len(batches) + place + 1
        outputs = descent.step(plan.data, step, rate, rows=rows)
        if not math.isfinite(outputs["cost"]):
            raise Diverged(f"the cost overflowed at step {step} (epoch {number}) with learning rate {rate:g}")
        good.cost_is_finite()
        outputs["cost"] = outputs.get("unpenalised", outputs["cost"])
        recorder.add(outputs, plan.count if batch is None else len(batch))
        bar.step(recorder.examples, recorder.mean("cost"), recorder.mean("accuracy"))
    record = _record(descent, plan, number, recorder, rate, started)
    bar.epoch(record)
    return record


def _record(descent: Descent, plan: Plan, number: int, recorder: Recorder, rate: float, started: float) -> Epoch:
    checked: dict[str, float] = {}
    if plan.validation is not None:
        checked = descent.evaluate(plan.validation, rows=plan.validation_rows)
    cost = recorder.mean("cost")
    assert cost is not None
    return Epoch(
        epoch=number,
        cost=cost,
        accuracy=recorder.mean("accuracy"),
        validation_cost=checked.get("cost"),
        validation_accuracy=checked.get("accuracy"),
        learning_rate=rate,
        seconds=time.perf_counter() - started,
    )
