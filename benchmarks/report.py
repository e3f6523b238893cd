"""Results as lines, a table and a chart."""
from __future__ import annotations
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from cases import Case
from contenders import MACHINE
from measure import Result

@dataclass
class Results:
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path | None) -> Results:
        path = None if folder is None else folder / "results.json"
        return cls(json.loads(path.read_text())) if path and path.exists() else cls()

    def add(self, case: Case, threads: int, found: dict[str, Result], shorter: int) -> None:
        self.rows[f"{case.name} {threads}"] = {n: r.to_dict() for n, r in found.items()} | {"steps": case.shortened(shorter).steps}

def line(results: Results, case: Case, threads: int) -> str:
    row = dict(results.rows[f"{case.name} {threads}"])
    steps = row.pop("steps")
    out = [f"== {case.name} {case.shape} threads={threads} steps={steps}"]
    for name, r in row.items():
        if r["problem"]:
            out.append(f"   {name:14s} {r['problem']}")
            continue
        s = sorted(r["clock"])[len(r["clock"]) // 2]
        p = sorted(r["processors"])[len(r["clock"]) // 2]
        k = 20 if name == MACHINE else steps
        out.append(f"   {name:14s} {s / k * 1e6:12.2f} us  cpu {p / k * 1e6:12.2f}  others {max(r['others']):.2f} cost {r['cost']} peak {r['peak'] / 1e6:.0f} MB")
    return "\n".join(out)

def write(results: Results, folder: Path) -> None:
    (folder / "results.json").write_text(json.dumps(results.rows))
