"""A million rows in a file of 16 GB, which is not read into memory; and a disk that is full."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

import chainrule as cr
from chainrule import files
from chainrule.errors import WorkFailed
from chainrule.training.checkpoint import Checkpoint

ROWS, FEATURES = 1_000_000, 4096
MOST_MEGABYTES = 500
TRAIN = """
import sys, threading, time
import numpy as np
import chainrule as cr
most = [0]
def look():
    while True:
        for line in open("/proc/self/status"):
            if line.startswith("RssAnon"):
                most[0] = max(most[0], int(line.split()[1]))
        time.sleep(0.02)
threading.Thread(target=look, daemon=True).start()
path, rows, features = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
X = np.memmap(path, np.float32, "r", shape=(rows, features))
y = np.arange(rows) % 2
network = cr.Network([cr.Dense(8, "relu"), cr.Dense(1, "sigmoid")])
model = cr.fit(network, X, y, epochs=1, batch_size=512, validation=0.1, progress=False)
print(most[0] // 1024, len(model.history))
"""


def torture_memory(folder: Path) -> bool:
    """Train on a sparse file; the memory beyond the page cache must stay small."""
    if not Path("/proc/self/status").exists():
        print("   only Linux tells the memory beyond the page cache")
        return True
    path = folder / "rows"
    with open(path, "wb") as file:
        file.truncate(ROWS * FEATURES * 4)
    began = time.monotonic()
    command = [sys.executable, "-c", TRAIN, str(path), str(ROWS), str(FEATURES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    path.unlink()
    if done.returncode:
        print(done.stderr)
        return False
    most, epochs = map(int, done.stdout.split())
    seconds = time.monotonic() - began
    print(f"   {ROWS:,} rows of {FEATURES:,} numbers: {seconds:.0f} s, {most} MB taken (of {MOST_MEGABYTES})")
    return epochs == 1 and most < MOST_MEGABYTES


class FullDisk:
    """Stands for the writing of files: the disk is full in the middle of one."""

    def __init__(self, chance: random.Random) -> None:
        self.left, self.share, self.last = chance.randint(0, 20), chance.random(), b""
        self._real = files._write_synced

    def __call__(self, path: Path, data: bytes) -> None:
        if not self.left:
            path.write_bytes(data[: int(len(data) * self.share)])
            raise OSError(28, os.strerror(28))
        self.left -= 1
        self._real(path, data)
        self.last = data


def torture_disk(folder: Path, count: int) -> bool:
    """Let the disk be full in the middle of writing a checkpoint, so many times: the one before stays whole."""
    X, y = cr.points("xor", count=200, seed=1)
    whole, real, good = _fit(X, y, None), files._write_synced, 0
    for number in range(count):
        path, disk = folder / f"checkpoint-{number}", FullDisk(random.Random(number))
        files._write_synced = disk
        intact = False
        try:
            _fit(X, y, path)
        except WorkFailed:
            kept = path.read_bytes() if path.exists() else b""
            intact = kept == disk.last and (not kept or bool(Checkpoint.from_bytes(kept)))
        finally:
            files._write_synced = real
        good += intact and _fit(X, y, path) == whole
    print(f"   {good} of {count} full disks left the checkpoint before whole, and the training went on from it")
    return good == count


def _fit(X: NDArray[Any], y: NDArray[Any], path: Path | None) -> bytes:
    network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
    return cr.fit(network, X, y, epochs=25, batch_size=50, checkpoint=path, checkpoint_every=0).to_bytes()
