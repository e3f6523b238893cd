"""What all contenders share: made for a case and a number of threads, each runs it from the same first values."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from data import Work
from numpy.typing import NDArray

Array = NDArray[Any]


class Unsuited(Exception):
    """A contender cannot do the case; the message says why."""


class Contender(ABC):
    """One way to do a case.

    `run` is measured. What it needs beforehand (compiling, and converting the rows where set-up does not count) is
    done in `prepare`; where set-up counts, `run` begins with the raw rows.
    """

    def __init__(self, work: Work, threads: int) -> None:
        self.work = work
        self.case = work.case
        self.threads = threads

    @abstractmethod
    def prepare(self) -> None:
        """Do what is not measured, once."""

    @abstractmethod
    def reset(self) -> None:
        """Set the parameters to their first values; not measured."""

    @abstractmethod
    def run(self) -> None:
        """Take all steps of the case."""

    @abstractmethod
    def parameters(self) -> list[Array]:
        """W1, b1, ... as they are now."""


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of the clock and of this process on all processors."""
    processors, clock = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - clock, time.process_time() - processors
