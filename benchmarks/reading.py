"""How fast a folder of pictures is read, beside a plain loop over Pillow, both in turn in one run.

    python benchmarks/reading.py [FOLDER] [--repeats 5] [--threads N]

Without a folder it draws 600 JPEGs of 500 x 375 pixels. It prints medians of the wall-clock time and of the time of
the processors (user and system), and by how many times ours is shorter.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chainrule.data.pictures import picture_paths, read_pictures
from chainrule.threads import thread_count

SIZE = 64


def draw_pictures(folder: Path, count: int = 600) -> None:
    """Draw pictures as heavy to decode as photographs: gradients with noise on them."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:375, 0:500]
    for index in range(count):
        target = folder / ("bright" if index % 2 else "dark") / f"{index}.jpg"
        target.parent.mkdir(exist_ok=True)
        slopes = rng.uniform(-0.4, 0.4, size=(2, 3))
        pixels = 128 + (x[..., None] - 250) * slopes[0] + (y[..., None] - 187) * slopes[1]
        pixels = pixels + rng.normal(0, 12, size=(375, 500, 1))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(target, quality=90)


def plain_loop(paths: list[str]) -> NDArray[np.uint8]:
    rows = []
    for path in paths:
        with Image.open(path) as image:
            rows.append(np.asarray(image.convert("RGB").resize((SIZE, SIZE))))
    return np.stack(rows)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of the clock and of the processors."""
    before, begun = processor_seconds(), time.perf_counter()
    work()
    return time.perf_counter() - begun, processor_seconds() - before


def processor_seconds() -> float:
    """Return user and system time so far, with that of the processes that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def compare(folder: str, repeats: int, threads: int) -> None:
    paths = picture_paths(folder)
    ways: dict[str, Callable[[], object]] = {
        "plain loop": lambda: plain_loop(paths),
        "chainrule": lambda: read_pictures(folder, size=SIZE, threads=threads, progress=False),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for work in ways.values():
        work()  # once unmeasured, so that the files are in memory and everything is imported
    for _ in range(repeats):
        for name, work in ways.items():
            times[name].append(timed(work))
    medians = {name: [statistics.median(column) for column in zip(*times[name], strict=True)] for name in ways}
    print(f"{len(paths)} pictures from {folder}, {threads} threads, medians of {repeats}")
    for name, (wall, cpu) in medians.items():
        print(f"  {name:12s} {wall:7.3f} s, {cpu:7.3f} s of processors, {len(paths) / wall:7.0f} pictures a second")
    ratios = [a / b for a, b in zip(medians["plain loop"], medians["chainrule"], strict=True)]
    print(f"  ratio        {ratios[0]:7.2f}    {ratios[1]:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    threads = thread_count(options.threads)
    if options.folder:
        compare(options.folder, options.repeats, threads)
        return
    with tempfile.TemporaryDirectory() as folder:
        draw_pictures(Path(folder))
        compare(folder, options.repeats, threads)


if __name__ == "__main__":
    main()
