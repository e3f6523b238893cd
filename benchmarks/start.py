"""How long a program takes to begin: `import chainrule` and `chainrule --help`, beside `import numpy`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

_PROGRAM = Path(sysconfig.get_path("scripts")) / "chainrule"
_COMMANDS = {
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import chainrule": [sys.executable, "-c", "import chainrule"],
    "chainrule --help": [str(_PROGRAM), "--help"],
}
# Seconds more than NumPy's import.
_MOST = {"import chainrule": 0.1, "chainrule --help": 0.2}


def measure(quick: bool) -> dict[str, Any]:
    """Median seconds of each command, all in turn."""
    times: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for number in range(4 if quick else 16):
        for name, command in _COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            # The first round brings the files into memory.
            if number:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows."""
    rows, numpy = [], values["import numpy"]
    for name, seconds in values.items():
        goal = f"at most {_MOST[name]} s more than numpy" if name in _MOST else ""
        reached = "" if name not in _MOST else "yes" if seconds - numpy <= _MOST[name] else "no"
        rows.append([name, f"{seconds:.3f} s", f"{seconds - numpy:+.3f} s" if goal else "", goal, reached])
    return ["command", "time", "beyond numpy", "goal", "reached"], rows
