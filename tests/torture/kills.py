"""SIGKILL at any moment, in the middle of an epoch, and while a file is being written; then `chainrule resume`."""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chainrule.sample.write import write_sample

SETTINGS = ["--size", "8", "--hidden", "6", "--epochs", "8", "--batch-size", "6", "--checkpoint-every", "0"]
COUNT = 60
# The files that a run writes, and the calls for steps that it makes, at least.
WRITES, CALLS = 30, 30
VICTIM = (sys.executable, "-m", "tests.torture.victim")
STAGES = ("opened", "half", "synced")


@dataclass(frozen=True)
class Kill:
    """One way to end: its kind, the number of the call or file, the stage, or the share of the time."""

    kind: str
    number: int = 0
    stage: str = "-"
    share: float = 1.0


def planned(count: int, seed: int) -> Iterator[Kill]:
    """Three eighths at any moment, three within an epoch, two in a write; at least a quarter of each."""
    chance = random.Random(seed)
    for place in range(count):
        kind = ("time", "step", "write", "time", "step", "write", "time", "step")[place % 8]
        if kind == "time":
            yield Kill(kind, share=chance.random())
        elif kind == "step":
            yield Kill(kind, number=chance.randint(1, CALLS))
        else:
            yield Kill(kind, number=chance.randint(1, WRITES), stage=chance.choice(STAGES))


class Runs:
    """Runs on one set of drawn pictures, whose model must always be the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pictures = folder / "pictures"
        write_sample(self.pictures, count=COUNT, size=16, seed=0)
        started = time.monotonic()
        assert self.command(Kill("none"), "train", "whole", 1).wait() == 0
        self.seconds = time.monotonic() - started
        self.digest = self.model("whole")

    def command(self, kill: Kill, command: str, run: str, threads: int) -> subprocess.Popen[bytes]:
        told = [str(self.pictures), *SETTINGS, "--out", run] if command == "train" else [run]
        kind = "none" if kill.kind == "time" else kill.kind
        return subprocess.Popen(
            [*VICTIM, kind, str(kill.number), kill.stage, command, *told, "--threads", str(threads)],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "OPENBLAS_NUM_THREADS": "1",
            },
        )

    def model(self, run: str) -> str:
        return hashlib.sha256((self.folder / run / "model.safetensors").read_bytes()).hexdigest()

    def killed(self, kill: Kill, command: str, run: str, threads: int) -> bool:
        """Run a command until it is killed; tell whether it was, before its end."""
        process = self.command(kill, command, run, threads)
        if kill.kind == "time":
            time.sleep(kill.share * self.seconds)
            process.kill()
        return process.wait() == -signal.SIGKILL

    def try_one(self, number: int, kill: Kill) -> str:
        """Kill a run, go on until it ends, and compare; return what came of it in a word."""
        run, chance = f"run-{number}", random.Random(number)
        if not self.killed(kill, "train", run, 1 + number % 2):
            came = "ended first"
        else:
            came = "resumed" if (self.folder / run / "run.json").exists() else "had not begun"
            if came == "resumed" and chance.random() < 0.25:
                self.killed(Kill("step", number=chance.randint(1, CALLS)), "resume", run, 2)
                came = "resumed twice"
        if came == "had not begun":
            shutil.rmtree(self.folder / run, ignore_errors=True)
            self.command(Kill("none"), "train", run, 1).wait()
        elif not (self.folder / run / "report.html").exists():
            self.command(Kill("none"), "resume", run, 2 - number % 2).wait()
        same = (self.folder / run / "report.html").exists() and self.model(run) == self.digest
        remains = list((self.folder / run).glob(".*.tmp"))
        shutil.rmtree(self.folder / run, ignore_errors=True)
        return came if same and not remains else f"FAILED after {kill}"


def torture(folder: Path, count: int) -> bool:
    """Kill so many runs; print what came of it."""
    runs = Runs(folder)
    kills = list(planned(count, seed=0))
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(runs.try_one, range(count), kills))
    table = Counter((kill.kind, came) for kill, came in zip(kills, outcomes, strict=True))
    names = {"time": "at any moment", "step": "within an epoch", "write": "between opening a file and its rename"}
    for (kind, came), number in sorted(table.items()):
        print(f"   {number:4} killed {names[kind]}: {came}")
    good = sum(not came.startswith("FAILED") for came in outcomes)
    print(f"   {good} of {count} ended in the model that was never interrupted, byte by byte")
    return good == count
