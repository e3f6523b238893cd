"""Whether the time grows with the examples and no faster: middle and tall with 1, 4 and 16 times as many."""

from __future__ import annotations

from typing import Any

from cases import GROWTH, SIZES
from contenders import OURS
from measure import Entrant, take_turns

_APART = 0.15


def measure(quick: bool) -> dict[str, Any]:
    """Seconds for a row, by case and size, all sizes of a case in turn."""
    found: dict[str, Any] = {}
    for name in ("middle", "tall"):
        entrants = [Entrant(OURS, GROWTH[f"{name} x{size}"], threads=2) for size in SIZES]
        for entrant, result in take_turns(entrants, rounds=3 if quick else 7).items():
            case = entrant.case
            rows = case.steps * case.rows_in_step
            found[case.name] = {"rows": case.rows, "seconds": result.seconds / rows if result.clock else None}
    return found


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows."""
    rows = []
    for name in ("middle", "tall"):
        seconds = [values[f"{name} x{size}"]["seconds"] for size in SIZES]
        if None in seconds:
            continue
        most = max(abs(one / seconds[0] - 1) for one in seconds)
        cells = [f"{1e9 * one:.0f} ns" for one in seconds]
        goal = "time for a row within 15 % of that with 1x"
        rows.append([name, *cells, f"{most:.0%} apart", goal, "yes" if most <= _APART else "no"])
    return ["case", *(f"a row of {size}x" for size in SIZES), "figure", "goal", "reached"], rows
