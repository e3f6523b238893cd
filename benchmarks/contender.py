"""What all contenders share: made for a case and a number of threads, each runs it from the same first values."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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


@dataclass(frozen=True)
class Timing:
    """What a run took.

    Attributes:
        clock: seconds.
        processors: seconds of this process on all processors.
        others: how busy other programs kept the machine meanwhile, 0 to 1.
    """

    clock: float
    processors: float
    others: float


def timed(work: Callable[[], object]) -> Timing:
    """Run some work and tell what it took."""
    busy, processors, clock = _busy_seconds(), time.process_time(), time.perf_counter()
    work()
    clock, processors = time.perf_counter() - clock, time.process_time() - processors
    others = (_busy_seconds() - busy - processors) / clock / (os.cpu_count() or 1)
    return Timing(clock, processors, max(0.0, others))


def _busy_seconds() -> float:
    """Seconds that the processors of this machine have worked so far; 0 where the system does not tell."""
    path = Path("/proc/stat")
    if not path.exists():
        return 0.0
    user, nice, system, _, _, irq, softirq, steal, *_ = (
        int(n) for n in path.read_text().splitlines()[0].split()[1:]
    )
    ticks: float = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq + steal) / ticks
