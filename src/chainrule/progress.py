"""A progress bar on stderr for work that takes more than a moment."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterable, Sized
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")

# Shorter work shows no bar: a bar that flashes by tells nothing.
PATIENCE = 1.0


def track(
    iterable: Iterable[T],
    *,
    total: int | None = None,
    label: str = "Working",
    enabled: bool | None = None,
    size: Callable[[T], int] = lambda item: 1,
) -> Generator[T, None, None]:
    """Hand on the items of an iterable and show on stderr how far it is.

    The bar appears after a second, so short work stays silent, and it stays on the screen when the work is done.

    Args:
        iterable: what to go through.
        total: how many items there are; None takes it from `len(iterable)` where there is one.
        label: what is being done, such as "Reading pictures".
        enabled: True shows the bar, False never does, None shows it when stderr is a terminal.
        size: how much of the total an item is.

    Returns:
        A generator of the same items in the same order. Where the loop over it may end early, close it
        (`contextlib.closing`), so that the bar ends with the loop.

    >>> sum(track([1, 2, 3], label="Adding", enabled=False))
    6
    """
    show = sys.stderr.isatty() if enabled is None else enabled
    if not show:
        yield from iterable
        return
    bar: Progress | None = None
    done = 0
    begun = time.monotonic()
    try:
        for item in iterable:
            yield item
            done += size(item)
            if bar is None and time.monotonic() - begun >= PATIENCE:
                bar = _start(iterable, total, label)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=done)
    finally:
        if bar is not None:
            bar.stop()


def _start(iterable: Iterable[object], total: int | None, label: str) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    bar.add_task(label, total=total)
    bar.start()
    return bar
