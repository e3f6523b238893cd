"""Takes turns: each contender in a process of its own, one run each in every round, the idle ones asleep."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cases import Case
from contenders import MACHINE, environment, processors

HERE = Path(__file__).parent
# Threads of a contender that has just run may spin for a moment before they sleep.
_PAUSE = 0.05
# Contenders this many times slower than the best so far run no more than this often.
_FAR_BEHIND, _FEW_RUNS = 4.0, 2


@dataclass
class Result:
    """What a contender did in a case.

    Attributes:
        clock: seconds of each run.
        processors: seconds of processors of each run.
        others: how busy other programs kept the machine meanwhile, 0 to 1.
        cost: at the end, by one formula in float64.
        peak: bytes of memory at the peak of a run, beyond those before the rows were made.
        problem: why there is no figure.
    """

    clock: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    cost: float | None = None
    peak: int = 0
    problem: str = ""

    @property
    def seconds(self) -> float:
        """The median by the clock."""
        return statistics.median(self.clock)


class Worker:
    """The process of one contender."""

    def __init__(self, name: str, case: Case, threads: int, shorter: int, ahead: bool) -> None:
        self.result = Result()
        allowed = processors(threads)
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py", name, case.name, str(threads), str(shorter), str(int(ahead))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if not os.environ.get("CHAINRULE_BENCH_VERBOSE") else None,
            text=True,
            env=environment(threads),
            preexec_fn=None if allowed is None else lambda: os.sched_setaffinity(0, allowed),  # noqa: PLW1509
        )
        answer = self._answer()
        self.result.problem = answer.get("unsuited", "")

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if line:
            return dict(json.loads(line))
        errors = (self.process.stderr.read() if self.process.stderr else "").strip().splitlines()
        return {"unsuited": f"failed: {errors[-1] if errors else 'it ended without a word'}"[:300]}

    def run(self) -> None:
        """Have it run once, and note what it answers."""
        assert self.process.stdin
        time.sleep(_PAUSE)
        before, began = _busy_seconds(), time.perf_counter()
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "unsuited" in answer:
            self.result.problem = answer["unsuited"]
            return
        passed, busy = time.perf_counter() - began, _busy_seconds() - before
        self.result.clock.append(answer["clock"])
        self.result.processors.append(answer["processors"])
        self.result.others.append(max(0.0, (busy - answer["processors"]) / passed / (os.cpu_count() or 1)))
        self.result.cost, self.result.peak = answer["cost"], answer["peak"]

    def end(self) -> None:
        """Let the process end."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()


def take_turns(
    entrants: dict[str, tuple[str, Case]], *, threads: int, rounds: int, shorter: int = 1, ahead: bool = False
) -> dict[str, Result]:
    """Run contenders round after round, with a bare product before each round.

    Args:
        entrants: by a name for the results, the contender and its case.
        threads: how many each may use.
        rounds: how often each runs.
        shorter: how many times fewer steps than the case says.
        ahead: whether what is measured runs before other programs.

    Returns:
        What each did, by name.
    """
    workers: dict[str, Worker] = {}
    machine = {MACHINE: (MACHINE, next(iter(entrants.values()))[1])}
    try:
        for name, (contender, case) in (machine | entrants).items():
            workers[name] = Worker(contender, case, threads, shorter, ahead)
        for number in range(rounds):
            for name, worker in workers.items():
                if not worker.result.problem and not _is_far_behind(name, workers, number):
                    worker.run()
    finally:
        for worker in workers.values():
            worker.end()
    return {name: worker.result for name, worker in workers.items()}


def _is_far_behind(name: str, workers: dict[str, Worker], done: int) -> bool:
    if done < _FEW_RUNS or name == MACHINE:
        return False
    others = [w.result.seconds for other, w in workers.items() if other != MACHINE and w.result.clock]
    return workers[name].result.seconds > _FAR_BEHIND * statistics.median(sorted(others)[:2])


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
