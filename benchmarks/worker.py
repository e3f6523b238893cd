"""One contender in a process of its own: `python worker.py CONTENDER CASE THREADS SHORTER AHEAD`.

It reads a line for each run and answers with a line of JSON, so that contenders take turns without disturbing each
other: threads of an idle contender sleep.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from contenders import CONTENDERS

MEMORY = "/proc/self/status"


def memory(what: str) -> int:
    """Bytes of memory now (VmRSS) or at the peak (VmHWM); 0 where the system does not tell."""
    if not Path(MEMORY).exists():
        return 0
    found = [line.split()[1] for line in Path(MEMORY).read_text().splitlines() if line.startswith(what)]
    return 1024 * int(found[0]) if found else 0


def forget_peak() -> None:
    """Have the system count the peak of memory from now on, where it can."""
    if Path(MEMORY).exists():
        Path("/proc/self/clear_refs").write_text("5")


@contextmanager
def before_others() -> Iterator[None]:
    """Have Linux run the threads of this process before all other programs.

    While the machine has other work, threads that wait for each other by spinning take fifty times as long.
    """
    _schedule(os.SCHED_RR, 1)
    try:
        yield
    finally:
        _schedule(os.SCHED_OTHER, 0)


def _schedule(policy: int, priority: int) -> None:
    # New threads inherit it from the one that starts them.
    for thread in os.listdir("/proc/self/task"):
        with suppress(ProcessLookupError):
            os.sched_setscheduler(int(thread), policy, os.sched_param(priority))


def main() -> None:
    name, case_name, threads, shorter, ahead = sys.argv[1:]
    # What contenders print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")

    module, kind = CONTENDERS[name]
    from cases import CASES, GROWTH
    from contender import Unsuited, timed
    from data import Work

    work = Work((CASES | GROWTH)[case_name].shortened(int(shorter)))
    made = getattr(import_module(module), kind)
    try:
        contender = made(work, int(threads))
    except Unsuited as reason:
        answer(unsuited=str(reason))
        return
    before = memory("VmRSS")
    work.make()
    contender.prepare()
    answer(ready=True)
    cost = None
    for _ in sys.stdin:
        contender.reset()
        forget_peak()
        with before_others() if ahead == "1" else nullcontext():
            timing = timed(contender.run)
        peak = memory("VmHWM") - before
        # Each run is the same; the cost of large networks takes longer than a run.
        if cost is None and (values := contender.parameters()):
            cost = work.cost(values)
        answer(**asdict(timing), cost=cost, peak=peak)


if __name__ == "__main__":
    main()
