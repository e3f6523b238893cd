"""The progress bar of a training: cost, accuracy, speed and the time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.training.history import Epoch, means_of_epochs

if TYPE_CHECKING:
    from rich.progress import Progress

# Redrawing more often than this would cost more than it tells.
_SECONDS_BETWEEN_UPDATES = 0.1


class EpochBar:
    """Shows a training on stderr; does nothing unless stderr is a terminal or `enabled` is True."""

    def __init__(self, epochs: int, examples: int, *, enabled: bool | None) -> None:
        self.epochs = epochs
        self.examples = examples
        self.enabled = sys.stderr.isatty() if enabled is None else enabled
        self._bar: Progress | None = None
        self._begun = self._shown = time.monotonic()
        self._validation = ""

    def __enter__(self) -> EpochBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def teller(self, epochs: int, counts: NDArray[np.int64]) -> Callable[[Mapping[str, NDArray[Any]]], None] | None:
        """Return what shows where the running epoch is, told of outputs of its steps; None where nothing is shown.

        Args:
            epochs: how many epochs are over.
            counts: the examples of each step of an epoch.
        """
        return partial(self._step, epochs, counts) if self.enabled else None

    def _step(self, epochs: int, counts: NDArray[np.int64], outputs: Mapping[str, NDArray[Any]]) -> None:
        now = time.monotonic()
        if now - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown = now
        if self._bar is None:
            self._bar = _new_bar(self.epochs)
        # The last epoch that has a step.
        over = (len(outputs["cost"]) - 1) // len(counts)
        own = {name: array[over * len(counts) :] for name, array in outputs.items()}
        counts = counts[: len(own["cost"])]
        means = {name: values[0] for name, values in means_of_epochs(own, counts, 1).items()}
        done = epochs + over + counts.sum() / self.examples
        speed = done * self.examples / (now - self._begun)
        text = f"cost {means['cost']:.3f}" + (f" accuracy {means['accuracy']:.0%}" if "accuracy" in means else "")
        self._bar.update(
            self._bar.task_ids[0], completed=done, figures=text + self._validation, speed=f"{speed:,.0f}"
        )

    def epoch(self, record: Epoch) -> None:
        """Show the figures at an epoch's end."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=record.epoch)
        if record.validation_accuracy is not None:
            self._validation = f" validation {record.validation_accuracy:.0%}"


def _new_bar(epochs: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        # All of it fits into 80 columns.
        BarColumn(bar_width=8),
        TextColumn("epoch {task.completed:.0f}/{task.total}"),
        TextColumn("{task.fields[figures]}"),
        TextColumn("{task.fields[speed]}/s"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar.start()
    bar.add_task("Training", total=epochs, figures="", speed="")
    return bar
