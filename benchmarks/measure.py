"""Takes turns: each contender in a process of its own, one run each in every round, the idle ones asleep."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cases import Case
from contenders import LIMITS, OURS, PEERS, WHOLE, environment, processors

HERE = Path(__file__).parent
# Threads of a contender that has just run may spin for a moment before they sleep.
_PAUSE = 0.05
# Peers this many times slower than the best of them so far run no more than this often, nor does our own whole
# call, as no goal is about it.
_FAR_BEHIND, _FEW_RUNS = 1.5, 2
# Runs that are short vary most; there is time for more of them.
_MOST_ROUNDS, _MORE_SECONDS, _SECONDS_OF_OURS = 25, 40.0, 60.0


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
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "unsuited" in answer:
            self.result.problem = answer["unsuited"]
            return
        self.result.clock.append(answer["clock"])
        self.result.processors.append(answer["processors"])
        self.result.others.append(answer["others"])
        self.result.cost, self.result.peak = answer["cost"], answer["peak"]

    def end(self) -> None:
        """Let the process end."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True)
class Entrant:
    """A contender, its case, and how many threads it may use."""

    contender: str
    case: Case
    threads: int


def take_turns(
    entrants: Sequence[Entrant], *, rounds: int, shorter: int = 1, ahead: bool = False
) -> dict[Entrant, Result]:
    """Run contenders round after round.

    Args:
        entrants: who takes part.
        rounds: how often each runs; where all steps are run, and runs are short, more often.
        shorter: how many times fewer steps than the case says.
        ahead: whether what is measured runs before other programs.

    Returns:
        What each did.
    """
    workers: dict[Entrant, Worker] = {}
    try:
        for one in entrants:
            workers[one] = Worker(one.contender, one.case, one.threads, shorter, ahead)
        _run_round_after_round(workers, rounds, more=shorter == 1)
    finally:
        for worker in workers.values():
            worker.end()
    return {one: worker.result for one, worker in workers.items()}


def _run_round_after_round(workers: dict[Entrant, Worker], rounds: int, *, more: bool) -> None:
    for number in range(rounds):
        _run_round(workers, number)
    if more:
        done = _run_while(workers, rounds, _MORE_SECONDS)
        # Where peers take most of a round, there were few to compare one thread with two, and with the limit.
        ours = {one: worker for one, worker in workers.items() if one.contender in (OURS, *LIMITS)}
        _run_while(ours, done, _SECONDS_OF_OURS)


def _run_while(workers: dict[Entrant, Worker], done: int, seconds: float) -> int:
    """Run more rounds while there is time; return how many there were in all."""
    began = time.perf_counter()
    while done < _MOST_ROUNDS and time.perf_counter() - began <= seconds:
        _run_round(workers, done)
        done += 1
    return done


def _run_round(workers: dict[Entrant, Worker], number: int) -> None:
    for one, worker in workers.items():
        if not worker.result.problem and not _is_far_behind(one, workers, number):
            worker.run()


def _is_far_behind(one: Entrant, workers: dict[Entrant, Worker], done: int) -> bool:
    if done < _FEW_RUNS or one.contender not in (*PEERS, WHOLE):
        return False
    peers = [w.result.seconds for other, w in workers.items() if other.contender in PEERS and w.result.clock]
    return bool(peers) and workers[one].result.seconds > _FAR_BEHIND * min(peers)
