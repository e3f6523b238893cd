"""What training records, epoch by epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.training.advice import Advice
from chainrule.training.divergence import Explosion
from chainrule.training.range_test import RangeTest


@dataclass(frozen=True)
class Epoch:
    """The record of one epoch.

    Attributes:
        epoch: its number, from 1.
        cost, accuracy: means over the epoch's batches, at the parameters of their time; the cost is without
            penalties, as the validation cost is; accuracy is None where the answers are no classes.
        validation_cost, validation_accuracy: over the validation examples at the epoch's end; None without them.
        learning_rate: that of the epoch's last step.
        seconds: how long the epoch took.
    """

    epoch: int
    cost: float
    accuracy: float | None
    validation_cost: float | None
    validation_accuracy: float | None
    learning_rate: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The parameters as they were after an epoch.

    Attributes:
        epoch: how many epochs were done; 0 is the start, before any step.
        parameters: W1, b1, W2, ... by name, as arrays that cannot be written to, of the dtype trained in.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=20, snapshots=3)
        >>> [(snapshot.epoch, snapshot.parameters["W1"].shape) for snapshot in model.history.snapshots]
        [(0, (2, 1)), (10, (2, 1)), (20, (2, 1))]
    """

    epoch: int
    parameters: Mapping[str, NDArray[np.floating[Any]]]


@dataclass(frozen=True)
class History:
    """All epochs, and how the training ended.

    Attributes:
        epochs: the records.
        best_epoch: the epoch whose parameters were kept; None where they are the last ones or, of a cost that
            overflowed or exploded at once, the first.
        stopped: why the training ended, in words.
        diverged: whether it ended because the cost was no longer a number.
        snapshots: the parameters over time, as far as `snapshots=` of `cr.fit` asked for them. A model's file does
            not hold them: the history of a model read from a file is empty.
        plan: how the work was planned, in words: whether weights were kept as sums of the examples.
        start_cost, end_cost: the cost, without penalties and dropout, of the same few training rows at the first
            parameters and at those that were kept; None where it was not looked at (L-BFGS).
        exploded: how far the cost had grown at the last parameters, where it stayed a number but far too large.
        advice: what to look at: why the cost overflowed, neurons that do nothing, labels that look wrong; empty
            where nothing was found. A model's file does not hold it.
        range_test: what chose the learning rate, where that was left to the training (`learning_rate="auto"`).

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=3)
        >>> len(model.history), model.history[-1].epoch, model.history.stopped
        (3, 3, 'all 3 epochs are done')
    """

    epochs: tuple[Epoch, ...] = ()
    best_epoch: int | None = None
    stopped: str = ""
    diverged: bool = False
    snapshots: tuple[Snapshot, ...] = field(default=(), compare=False, repr=False)
    plan: str = field(default="", compare=False, repr=False)
    start_cost: float | None = field(default=None, compare=False, repr=False)
    end_cost: float | None = field(default=None, compare=False, repr=False)
    exploded: Explosion | None = field(default=None, compare=False, repr=False)
    advice: tuple[Advice, ...] = field(default=(), compare=False, repr=False)
    range_test: RangeTest | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    def __getitem__(self, index: int) -> Epoch:
        return self.epochs[index]

    def rows(self) -> list[dict[str, Any]]:
        """The records as dictionaries."""
        return [asdict(record) for record in self.epochs]

    def to_csv(self) -> str:
        r"""The records as CSV text; what is not known is empty.

        >>> History().to_csv()
        'epoch,cost,accuracy,validation_cost,validation_accuracy,learning_rate,seconds\n'
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, [one.name for one in fields(Epoch)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows())
        return text.getvalue()


def means_of_epochs(
    outputs: Mapping[str, NDArray[Any]], counts: NDArray[np.int64], epochs: int
) -> dict[str, list[float]]:
    """Average the outputs of steps over their epochs, each step weighed by its number of examples.

    Args:
        outputs: the cost and metrics of steps by name, those of whole epochs first. The cost's mean is without
            penalties, where the outputs tell that.
        counts: the examples of each step of an epoch, shape (steps,).
        epochs: how many epochs are whole.

    Returns:
        The means of each epoch by name.

    Example:
        >>> outputs = {"cost": np.array([1.0, 4.0, 5.0, 5.0, 9.0])}
        >>> means_of_epochs(outputs, np.array([2, 1]), 2)["cost"]
        [2.0, 5.0]
    """
    if not epochs:
        return {}
    chosen = {**outputs, "cost": outputs.get("unpenalised", outputs["cost"])}
    steps = epochs * len(counts)
    by_epoch = {name: array[:steps].reshape(epochs, -1).astype(np.float64) for name, array in chosen.items()}
    # One step after the other, so that the sum does not depend on how many are added up together.
    totals = {name: np.add.accumulate(array * counts, axis=1)[:, -1] for name, array in by_epoch.items()}
    return {name: (total / counts.sum()).tolist() for name, total in totals.items()}


def last_relative_changes(costs: Sequence[float], count: int) -> list[float]:
    """Return |J - J_before| / |J_before| for the last `count` epochs.

    >>> last_relative_changes([4.0, 2.0, 1.0], 2)
    [0.5, 0.5]
    """
    pairs = pairwise(costs[-count - 1 :])
    return [abs(now - before) / max(abs(before), 1e-300) for before, now in pairs]
