"""Seconds of training until 97.5 % and 98 % of MNIST's last 10,000 digits are right, with 256 hidden neurons."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from accuracy_peers import DATA, ENOUGH
from contenders import environment

_TARGETS = (0.975, ENOUGH)
_HIDDEN = "256"
# chainrule's defaults over a few epochs; peers with what a search over batches, rates and schedules found quickest.
SETTINGS = {
    "chainrule": ["epochs=5"],
    "scikit-learn": ["batch=128", "rate=0.001"],
    "PyTorch": ["batch=128", "rate=0.004", "decay=7"],
    "JAX": ["batch=64", "rate=0.003", "decay=5"],
}


def measure(quick: bool) -> dict[str, Any]:
    """Seconds to each target by contender and seed, all contenders in turn; None where it was never reached."""
    if not DATA.exists():
        print(f"not measured: there is no {DATA}", file=sys.stderr)
        return {}
    found: dict[str, list[list[float | None]]] = {name: [] for name in SETTINGS}
    for seed in range(1 if quick else 5):
        for name, settings in SETTINGS.items():
            command = [
                sys.executable,
                Path(__file__).with_name("accuracy_peers.py"),
                name,
                str(seed),
                _HIDDEN,
                *settings,
            ]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(2))
            course = json.loads(done.stdout.splitlines()[-1])
            found[name].append([next((s for s, share in course if share >= target), None) for target in _TARGETS])
    return found


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows."""
    rows = []
    for place, target in enumerate(_TARGETS if values else ()):
        seconds = {
            name: statistics.median(float("inf") if run[place] is None else run[place] for run in runs)
            for name, runs in values.items()
        }
        first = min(seconds, key=lambda name: seconds[name])
        cells = ["not reached" if s == float("inf") else f"{s:.2f} s" for s in seconds.values()]
        rows.append([f"{target:.1%}", *cells, first, "chainrule first", "yes" if first == "chainrule" else "no"])
    return ["right answers", *SETTINGS, "first", "goal", "reached"], rows
