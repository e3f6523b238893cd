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
        best_epoch: the epoch whose parameters were kept; None where they are the last ones, or the last good ones.
        stopped: why the training ended, in words.
        diverged: whether it ended because the cost was no longer a number.
        snapshots: the parameters over time, as far as `snapshots=` of `cr.fit` asked for them. A model's file does
            not hold them: the history of a model read from a file is empty.

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


@dataclass
class Recorder:
    """Averages the steps of an epoch by their numbers of examples."""

    totals: dict[str, float] = field(default_factory=dict)
    examples: int = 0

    def add(self, outputs: dict[str, float], examples: int) -> None:
        """Take up a step's outputs."""
        self.examples += examples
        for name, value in outputs.items():
            self.totals[name] = self.totals.get(name, 0.0) + value * examples

    def mean(self, name: str) -> float | None:
        """The mean of an output so far; None where it is not known."""
        return self.totals[name] / self.examples if name in self.totals and self.examples else None


def last_relative_changes(costs: Sequence[float], count: int) -> list[float]:
    """Return |J - J_before| / |J_before| for the last `count` epochs.

    >>> last_relative_changes([4.0, 2.0, 1.0], 2)
    [0.5, 0.5]
    """
    pairs = list(pairwise(costs))[-count:]
    return [abs(now - before) / max(abs(before), 1e-300) for before, now in pairs]
