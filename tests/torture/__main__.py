"""`python -m tests.torture [--kills 200] [--pictures 10000] [--files 10000] [--disks 200] [--no-memory]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.torture.kills import torture
from tests.torture.large import torture_disk, torture_memory
from tests.torture.mutants import torture_files, torture_pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--disks", type=int, default=200)
    parser.add_argument("--memory", action=argparse.BooleanOptionalAction, default=True)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], bool]] = {
            f"{told.kills} kills": lambda: torture(folder, told.kills),
            f"{told.pictures:,} mutated pictures": lambda: torture_pictures(folder, told.pictures),
            f"{told.files:,} mutated models and checkpoints": lambda: torture_files(told.files),
            f"{told.disks} full disks": lambda: torture_disk(folder, told.disks),
        }
        if told.memory:
            parts["rows larger than memory"] = lambda: torture_memory(folder)
        failed = []
        for title, part in parts.items():
            print(f"== {title}", flush=True)
            if not part():
                failed.append(title)
    print("failed: " + ", ".join(failed) if failed else "all of it as it should be")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
