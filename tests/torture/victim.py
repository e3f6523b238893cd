"""A command of chainrule that kills itself: `python -m tests.torture.victim KIND NUMBER STAGE COMMAND...`.

KIND is `step` (in the call for steps with that number, between two steps of an epoch), `write` (in the file that is
written as that number, at the STAGE opened, half or synced) or `none`.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from chainrule import files
from chainrule.training.descent import Descent

# Steps of a call: fewer than an epoch has, so that checkpoints are written within epochs too.
STEPS_OF_A_CALL = 2


def die() -> None:
    """End as a machine without power does."""
    os.kill(os.getpid(), signal.SIGKILL)


def few_steps_a_call(kind: str, number: int) -> None:
    """Take few steps in each call, and perhaps die in one."""
    real, calls = Descent.steps, count(1)

    def steps(self: Descent, data: Any, first: int, rates: Any, batches: Any) -> Any:
        if next(calls) == number and kind == "step":
            die()
        return real(
            self, data, first, rates[:STEPS_OF_A_CALL], batches.between(0, min(STEPS_OF_A_CALL, len(batches)))
        )

    Descent.steps = steps  # type: ignore[method-assign]


def die_in_a_write(number: int, stage: str) -> None:
    """Die between the opening of a temporary file and its rename."""
    real, writes = files._write_synced, count(1)

    def write(path: Path, data: bytes) -> None:
        if next(writes) != number:
            real(path, data)
            return
        if stage == "synced":
            real(path, data)
        else:
            path.write_bytes(data[: len(data) // 2] if stage == "half" else b"")
        die()

    files._write_synced = write


def main() -> None:
    kind, number, stage, *command = sys.argv[1:]
    few_steps_a_call(kind, int(number))
    if kind == "write":
        die_in_a_write(int(number), stage)
    sys.argv = ["chainrule", *command]
    from chainrule.cli import main as chainrule

    chainrule()


if __name__ == "__main__":
    main()
