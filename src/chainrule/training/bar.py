"""The progress bar of a training: cost, accuracy, speed and the time that is left."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from chainrule.training.history import Epoch

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
        self._epochs_done = 0
        self._validation = ""

    def __enter__(self) -> EpochBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, examples: int, cost: float | None, accuracy: float | None) -> None:
        """Show where the running epoch is."""
        now = time.monotonic()
        if not self.enabled or now - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown = now
        if self._bar is None:
            self._bar = _new_bar(self.epochs)
        done = self._epochs_done + examples / self.examples
        speed = done * self.examples / (now - self._begun)
        text = f"cost {cost:.3f}" + ("" if accuracy is None else f" accuracy {accuracy:.0%}")
        self._bar.update(
            self._bar.task_ids[0], completed=done, figures=text + self._validation, speed=f"{speed:,.0f}"
        )

    def epoch(self, record: Epoch) -> None:
        """Show the figures at an epoch's end."""
        self._epochs_done = record.epoch
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
