"""Requests to stop, by Ctrl-C or a signal, that are seen between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM, where it is raised as Ctrl-C is."""

    signal = signal.SIGTERM


@contextmanager
def terminated_as_by_hand() -> Iterator[None]:
    """Have SIGTERM raise `Terminated`; only the main thread is told of signals, others do without."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        _put_back({signal.SIGTERM: before})


def _terminate(*_: object) -> None:
    raise Terminated


def _put_back(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        # None stands for a handler that was not set from Python.
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


class StopRequests:
    """Notes the first signal that asks to stop; the second one ends the program as if there were no first.

    Attributes:
        signal: the number of the signal; None while there was none.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch for signals; only the main thread is told of them, others do without."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        try:
            yield
        finally:
            self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        _put_back(self._before)
        self._before = {}
