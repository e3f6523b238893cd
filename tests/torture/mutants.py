"""Files with bytes changed, cut and doubled: pictures, models and checkpoints."""

from __future__ import annotations

import io
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import chainrule as cr
from chainrule.data.decode import PictureError, decode, quiet_decoders
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.model import from_bytes
from chainrule.training.checkpoint import Checkpoint
from chainrule.training.history import Epoch

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
MOST_SECONDS, MOST_MEGABYTES = 5.0, 256
# So many pictures a process: where it ends by itself, these are known to hold what ended it.
PICTURES_A_PROCESS = 500


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Change some bytes, more often those near the start, cut, double or add a piece."""
    content = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 16])):
        place = min(int(len(content) * chance.random() ** chance.choice([1, 4])), len(content) - 1)
        content[place] = chance.choice(
            [0, 255, 127, 128, chance.randrange(256), content[place] ^ 1 << chance.randrange(8)]
        )
    kind = chance.random()
    place = chance.randrange(len(content))
    if kind < 0.1:
        del content[place:]
    elif kind < 0.2:
        content[place:place] = content[place : place + chance.randrange(64)]
    elif kind < 0.3:
        content[place:place] = chance.randbytes(chance.randrange(1, 64))
    return bytes(content)


def pictures() -> list[bytes]:
    """Whole pictures of each format, in colour, grey, with a palette and with transparency."""
    chance = np.random.default_rng(0)
    pixels = Image.fromarray(chance.integers(0, 256, (40, 60, 3), dtype=np.uint8)).resize((60, 40))
    found = []
    for kind in FORMATS:
        for mode in ("RGB", "L", "P", "RGBA", "1", "CMYK"):
            for more in ({}, {"progressive": True}, {"compression": "tiff_lzw"}, {"lossless": True}):
                file = io.BytesIO()
                try:
                    pixels.convert(mode).save(file, kind, **more)
                except (OSError, ValueError, KeyError):
                    continue
                found.append(file.getvalue())
    return found


def read_mutated_pictures(first: int, count: int, folder: Path) -> None:
    """Read pictures and print what came of each: the work of one process."""
    originals, path, settings = pictures(), folder / f"mutant-{first}", PictureSettings(size=16)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with quiet_decoders():
        for number in range(first, first + count):
            chance = random.Random(number)
            path.write_bytes(mutated(chance.choice(originals), chance))
            began = time.monotonic()
            try:
                came = "read" if len(decode(os.fspath(path), settings)) == settings.features else "another size"
            except PictureError:
                came = "refused"
            if time.monotonic() - began > MOST_SECONDS:
                came = "too slow"
            print(came, flush=True)
    taken = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print("memory", taken, flush=True)


def torture_pictures(folder: Path, count: int) -> bool:
    """Read so many mutated pictures."""
    table: Counter[str] = Counter()
    most = 0
    for first in range(0, count, PICTURES_A_PROCESS):
        size = min(PICTURES_A_PROCESS, count - first)
        code = "from pathlib import Path; from tests.torture.mutants import read_mutated_pictures as read; "
        command = [sys.executable, "-c", code + f"read({first}, {size}, Path({str(folder)!r}))"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=size * MOST_SECONDS, check=False)
            lines, failed = done.stdout.splitlines(), done.returncode != 0
        except subprocess.TimeoutExpired as reason:
            lines, failed = bytes(reason.stdout or b"").decode().splitlines(), True
        if failed:
            table["ended the process, or raised something else"] += 1
        table.update(line for line in lines if not line.startswith("memory"))
        most = max([most, *(int(line.split()[1]) for line in lines if line.startswith("memory"))])
    for came, number in sorted(table.items()):
        print(f"   {number:6,} pictures: {came}")
    print(f"   {most} MB taken at most (of {MOST_MEGABYTES})")
    return table["read"] + table["refused"] == count and most <= MOST_MEGABYTES


def model() -> bytes:
    """A small model with everything that a file may hold."""
    X, y = cr.points("gauss", count=40)
    network = cr.Network([cr.Dense(3, lambda z: z / (1 + cr.abs(z))), cr.Dense(1, "sigmoid")])
    return cr.fit(network, X, y, epochs=2, preprocess="standardize", classes=["no", "yes"]).to_bytes()


def checkpoint() -> bytes:
    """A checkpoint with everything that it may hold."""
    values = [np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4), np.zeros(4, np.float32)]
    state: dict[str, NDArray[Any]] = {"W1": values[0], "b1": values[1], "W1.m": values[0] / 7}
    record = Epoch(1, 0.5, 0.75, 0.6, 0.7, 0.01, 0.1)
    found = Checkpoint(9, 0.1, state, {"cost": np.ones(2, np.float32)}, [(8, values)], [record], (1, 0.6, values))
    return found.to_bytes("a key")


def torture_files(count: int) -> bool:
    """Read so many mutated models and checkpoints: each is refused, or is the one that was written."""

    def again_model(data: bytes) -> bytes:
        return from_bytes(data).to_bytes()

    def again_checkpoint(data: bytes) -> bytes:
        found, key = Checkpoint.from_bytes(data)
        return found.to_bytes(key)

    kinds: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
        "models": (model(), again_model),
        "checkpoints": (checkpoint(), again_checkpoint),
    }
    good = True
    for name, (whole, read) in kinds.items():
        table: Counter[str] = Counter()
        for number in range(count // 2):
            data = mutated(whole, random.Random(number))
            try:
                table["read, and equal" if read(data) == whole else "READ, AND ANOTHER"] += 1
            except UserError:
                table["refused"] += 1
            except Exception as reason:
                table[f"RAISED {type(reason).__name__}: {reason}"[:80]] += 1
        for came, number in sorted(table.items()):
            print(f"   {number:6,} {name}: {came}")
        good = good and table["refused"] + table["read, and equal"] == count // 2
    return good
