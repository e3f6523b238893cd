"""The loop over epochs and batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.augment import Augmented
from chainrule.training.bar import EpochBar
from chainrule.training.batches import BatchPlan
from chainrule.training.checkpoint import Checkpoint, Checkpoints, training_key
from chainrule.training.descent import Descent
from chainrule.training.divergence import Explosion, explosion
from chainrule.training.history import Epoch, History, Snapshot, means_of_epochs
from chainrule.training.optimizers import Optimizer
from chainrule.training.snapshots import SnapshotRecorder
from chainrule.training.stopping import Stopping, Values, all_finite
from chainrule.training.trail import Chunk, Outputs, Pace, Trail, joined

# On how many rows the first parameters and those at the end are tried.
_ROWS_TO_TRY = 256
# By so many learning rates a schedule is told from others.
_RATES_TO_TELL = 101

Data = Mapping[str, NDArray[Any]]

# Told of each epoch; the answer True ends the training.
Callback = Callable[[Epoch], object]


@dataclass(frozen=True, eq=False)
class Plan:
    """How long to train, on what, and who is told.

    `rows` are the rows of `data` to train on (None for all), `validation_rows` those of `validation` to check on;
    `plain_cost` is that of always giving the same answer, 0 where it is not known.
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
    checkpoints: Checkpoints | None = None
    augmented: Augmented | None = None
    plain_cost: float = 0.0

    @property
    def training_rows(self) -> NDArray[np.int64]:
        """The row numbers of `data` to train on."""
        return np.arange(self.count) if self.rows is None else self.rows


def train(descent: Descent, plan: Plan) -> History:
    """Train until the epochs are over or something stops it; the descent ends with the parameters to keep."""
    training = _Training(descent, plan)
    watched = nullcontext() if plan.checkpoints is None else plan.checkpoints.stops.watched()
    with watched, EpochBar(plan.epochs, plan.count, enabled=plan.progress) as bar:
        while training.reason is None and len(training.records) < plan.epochs:
            training.go_on(bar)
    if plan.checkpoints is not None:
        plan.checkpoints.stop_if_asked()
    return training.history()


class _Training:
    """A training on its way: epochs are taken some at a time, where nobody has to be asked after each.

    Attributes:
        trail: the steps, and the way back.
        records: what is known of each epoch.
        reason: why the training ends; None while it goes on.
        diverged: whether it ends because the cost is no longer a number.
    """

    def __init__(self, descent: Descent, plan: Plan) -> None:
        self.descent = descent
        self.plan = plan
        self.batches = BatchPlan(plan.count, plan.batch_size, descent.seed, plan.rows)
        self.per_epoch = self.batches.per_epoch
        if plan.augmented is not None:
            descent.augmented = replace(plan.augmented, steps_an_epoch=self.per_epoch)
        self.data = descent.prepared(plan.data, plan.rows)
        self.validation: Data | None = None
        if plan.validation is not None:
            self.validation = descent.prepared_to_check(plan.validation, plan.validation_rows)
        self.trail = Trail(descent, self.data, self.per_epoch)
        self.records: list[Epoch] = []
        self.reason: str | None = None
        self.diverged = False
        # The number of the epoch with the lowest cost so far.
        self._lowest = 0
        self._pace = Pace(plan.count, steps=self.per_epoch)
        self._start_cost = self._cost_of_some()
        # Of an epoch that was begun before: its outputs, and how long it has taken.
        self._outputs: Outputs = {}
        self._seconds = 0.0
        before = None if plan.checkpoints is None else plan.checkpoints.open(self._key())
        if before is None:
            plan.snapshots.take(0, self.trail.values)
        else:
            self._resume(before)

    def _key(self) -> str:
        """What tells this training from others: all that decides its bits."""
        plan, descent, stopping = self.plan, self.descent, self.plan.stopping
        rates = plan.optimizer.rates_at(np.linspace(0, plan.epochs, _RATES_TO_TELL), plan.epochs).tolist()
        parts = [descent.program.to_bytes(), type(descent.machine).__name__, descent.seed, plan.augmented, rates]
        parts += [plan.epochs, plan.batch_size, plan.count, stopping.patience, stopping.tolerance, stopping.early]
        checked = [] if plan.validation is None else [(plan.validation, plan.validation_rows)]
        return training_key(parts, [(descent.machine.state, None), (plan.data, plan.rows), *checked])

    def _resume(self, before: Checkpoint) -> None:
        self.descent.restore_state(before.state)
        self.trail.go_on_from(before.done, before.marks)
        self.records = list(before.records)
        self._outputs, self._seconds = dict(before.outputs), before.seconds
        self.plan.stopping.go_on_from(before.records, before.best)
        self.plan.snapshots.go_on_from(before.snapshots)
        for record in self.records:
            self._note_lowest(record)

    def _keep(self, outputs: Outputs, started: float, *, epoch_over: bool) -> None:
        """Write a checkpoint where it is time; `outputs` are those of the running epoch."""
        checkpoints, stopping = self.plan.checkpoints, self.plan.stopping
        if checkpoints is None or not checkpoints.is_due(epoch_over=epoch_over):
            return
        best = None
        if stopping.best_epoch is not None and stopping.best_values is not None:
            best = stopping.best_epoch, stopping.best_cost, stopping.best_values
        checkpoints.write(
            Checkpoint(
                done=len(self.records) * self.per_epoch + len(outputs.get("cost", ())),
                seconds=0.0 if epoch_over else time.perf_counter() - started,
                state=self.descent.whole_state(),
                outputs=outputs,
                marks=self.trail.marks(),
                records=self.records,
                best=best,
                snapshots=self.plan.snapshots.kept,
            )
        )

    def go_on(self, bar: EpochBar) -> None:
        """Take the next epochs, record them, and find out whether the training ends with one of them."""
        started = time.perf_counter() - self._seconds
        before, chunk = self._outputs, self._next_chunk()
        show = bar.teller(len(self.records), self.batches.counts)

        def tell(outputs: Outputs) -> None:
            own = joined([before, outputs])
            if show is not None:
                show(own)
            if len(own["cost"]) < self.per_epoch and np.isfinite(own["cost"][-1]):
                self._keep(own, started, epoch_over=False)

        told = tell if show is not None or self.plan.checkpoints is not None else None
        outputs = joined([before, self.trail.take(chunk, told)])
        self._outputs, self._seconds = {}, 0.0
        for record in self._records(chunk, outputs, started):
            self._take_up(record)
            if self.reason is not None:
                break
        last, end = chunk.first - 1 + len(chunk), len(self.records) * self.per_epoch
        if end == last:
            self.plan.snapshots.take(len(self.records), self.trail.values)
        elif self.reason is not None:
            self.trail.go_to(end)
        else:
            self._diverge(chunk)
        if self.records:
            bar.epoch(self.records[-1])
        if self.reason is None:
            self._keep({}, started, epoch_over=True)

    def _next_chunk(self) -> Chunk:
        """As many epochs as fit before someone is asked or something is kept."""
        plan, done = self.plan, len(self.records)
        epochs = 1
        if plan.validation is None and not plan.callbacks and plan.checkpoints is None:
            until = min(plan.epochs, plan.snapshots.next_after(done))
            epochs = min(self._pace.next(), int(until) - done)
        start, stop = self.trail.done, (done + epochs) * self.per_epoch
        epoch, place = np.divmod(np.arange(start, stop), self.per_epoch)
        rates = plan.optimizer.rates_at(epoch + place / self.per_epoch, plan.epochs)
        return Chunk(start + 1, rates, self.batches.between(start, stop))

    def _records(self, chunk: Chunk, outputs: Outputs, started: float) -> list[Epoch]:
        """Describe the epochs of a chunk that are complete, each step with a cost that is a number."""
        epochs = self.trail.done // self.per_epoch - len(self.records)
        means = means_of_epochs(outputs, self.batches.counts, epochs)
        checked: dict[str, float] = {}
        if epochs and self.validation is not None:
            checked = self.descent.evaluate(self.validation, rows=self.plan.validation_rows)
        seconds = (time.perf_counter() - started) / max(epochs, 1)
        first = len(self.records) + 1
        rates = chunk.rates[first * self.per_epoch - chunk.first :: self.per_epoch].tolist()
        return [
            Epoch(
                epoch=first + place,
                cost=means["cost"][place],
                accuracy=means["accuracy"][place] if "accuracy" in means else None,
                validation_cost=checked.get("cost"),
                validation_accuracy=checked.get("accuracy"),
                learning_rate=rates[place],
                seconds=seconds,
            )
            for place in range(epochs)
        ]

    def _note_lowest(self, record: Epoch) -> None:
        """Keep the way to the parameters around the epoch of the lowest cost: the best ones, if it explodes."""
        if not self._lowest or record.cost < self.records[self._lowest - 1].cost:
            self._lowest = record.epoch
            self.trail.keep((record.epoch - 1) * self.per_epoch, record.epoch * self.per_epoch)

    def _take_up(self, record: Epoch) -> None:
        self.records.append(record)
        self._note_lowest(record)
        stopping = self.plan.stopping
        self.reason = stopping.after(record, self.trail.values() if stopping.early else [])
        for callback in self.plan.callbacks:
            answer = callback(record)
            # Any other answer, say the length of what was written, is no wish to stop.
            if isinstance(answer, bool | np.bool_) and answer:
                self.reason = self.reason or "a callback asked to stop"

    def _diverge(self, chunk: Chunk) -> None:
        step = self.trail.done + 1
        self.diverged = True
        self.reason = (
            f"the cost overflowed at step {step} (epoch {self.trail.done // self.per_epoch + 1}) "
            f"with learning rate {chunk.rates[step - chunk.first]:g}"
        )

    def history(self) -> History:
        """Write down how the training ended; the descent ends with the parameters to keep."""
        plan, stopping = self.plan, self.plan.stopping
        if not self.diverged:
            plan.snapshots.take_end(len(self.records), self.trail.values)
        exploded = self._explosion()
        kept = len(self.records)
        if stopping.best_epoch is not None and stopping.best_values is not None:
            kept = stopping.best_epoch
            self.descent.restore(stopping.best_values)
        elif self.diverged or exploded is not None:
            kept = self._go_to_best()
        plan.snapshots.take_end(kept, self.descent.values)
        snapshots = tuple(Snapshot(number, self._by_name(values)) for number, values in plan.snapshots.kept)
        is_chosen = stopping.best_epoch is not None or self.diverged or exploded is not None
        return History(
            tuple(self.records),
            kept if is_chosen and kept else None,
            self.reason or f"all {plan.epochs} epochs are done",
            self.diverged,
            snapshots,
            self.descent.plan,
            start_cost=self._start_cost,
            end_cost=self._cost_of_some(),
            exploded=exploded,
        )

    def _explosion(self) -> Explosion | None:
        """Tell whether the cost exploded; where the last parameters are of no use at all, the training diverged."""
        if self.diverged:
            return None
        # Finite parameters, too, may be so large that every answer overflows.
        end = self._cost_of_some()
        if not (all_finite(self.trail.values()) and math.isfinite(end)):
            if self.plan.stopping.best_values is None:
                self.reason, self.diverged = "the parameters overflowed in the last epoch", True
            return None
        costs = [record.cost for record in self.records]
        return explosion(self._start_cost, end, costs, plain=self.plan.plain_cost)

    def _go_to_best(self) -> int:
        """Go back to the better parameters of those around the epoch of the lowest cost; return their epoch."""
        # Where a cost was no number, the parameters before that step are of no use either.
        last = self.trail.good_epochs if self.diverged else len(self.records)
        found, lowest = 0, math.inf
        for epoch in (self._lowest - 1, self._lowest):
            if 0 <= epoch <= last:
                self.trail.go_to(epoch * self.per_epoch)
                cost = self._cost_of_some()
                if cost < lowest:
                    found, lowest = epoch, cost
        self.trail.go_to(found * self.per_epoch)
        return found

    def _by_name(self, values: Values) -> dict[str, NDArray[Any]]:
        found = {str(parameter.name): array for parameter, array in self.descent.found(values).items()}
        for array in found.values():
            array.flags.writeable = False
        return found

    def _cost_of_some(self) -> float:
        return self.descent.evaluate(self.data, rows=self.plan.training_rows[:_ROWS_TO_TRY])["cost"]
