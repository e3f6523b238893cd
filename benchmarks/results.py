"""The figures of a run, in memory and in results.json."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bare import Machine
from cases import CASES, Case
from contenders import LIMITS, MACHINE, OURS, PEERS
from known import MOST, PRODUCT_RATE, SECONDS
from measure import Result

FILE = "results.json"


@dataclass
class Row:
    """A case and what everyone did in it.

    Attributes:
        case: the case as it ran.
        turns: by number of threads, the result of each contender by name.
    """

    case: Case
    turns: dict[int, dict[str, Result]] = field(default_factory=dict)

    def seconds(self, name: str, threads: int | None = None) -> float | None:
        """Seconds of a step: with so many threads, or with whatever number is quickest; None if it did not run."""
        found = [
            results[name].seconds / self.steps_of(name)
            for count, results in self.turns.items()
            if threads in (None, count) and name in results and results[name].clock
        ]
        return min(found, default=None)

    def steps_of(self, name: str) -> int:
        """How many steps a measured run has."""
        return Machine.STEPS if name == MACHINE else self.case.steps

    @property
    def ours(self) -> float | None:
        """Seconds of a step of chainrule, with all threads."""
        return self.seconds(OURS, max(self.turns))

    def ratio(self, one: tuple[str, int], other: tuple[str, int]) -> float | None:
        """How many times as long one takes as another: the median of its rounds, each a contender and its threads.

        What slows the machine for some seconds slows both in a round, so that this varies less than the medians.
        """
        first, second = (self.turns.get(threads, {}).get(name) for name, threads in (one, other))
        if first is None or second is None or not (first.clock and second.clock):
            return None
        # Who is far behind runs in fewer rounds.
        rounds = zip(first.clock, second.clock, strict=False)
        return statistics.median(a / b for a, b in rounds) * self.steps_of(other[0]) / self.steps_of(one[0])

    @property
    def share(self) -> float | None:
        """The limit's part of chainrule's time: 1 is as fast as the hardware."""
        return min(self.beside_ours(LIMITS).values(), default=None)

    @property
    def limit(self) -> float | None:
        """Seconds of a step of the bare products or the bare reading, by the number of threads that suits them."""
        return next((s for name in LIMITS if (s := self.seconds(name))), None)

    def best(self, names: tuple[str, ...] = PEERS) -> tuple[str, float] | None:
        """The quickest of some peers, and how many times as long as chainrule it takes."""
        return min(self.beside_ours(names).items(), key=lambda one: one[1], default=None)

    def times_faster(self, names: tuple[str, ...] = PEERS) -> float | None:
        """How many times longer the best of some peers takes."""
        best = self.best(names)
        return best and best[1]

    def beside_ours(self, names: tuple[str, ...]) -> dict[str, float]:
        """How many times as long as chainrule with all threads these take, each with the threads that suit it."""
        ours = OURS, max(self.turns)
        found = {name: [self.ratio((name, threads), ours) for threads in self.turns] for name in names}
        known = {name: [one for one in ratios if one] for name, ratios in found.items()}
        return {name: min(ratios) for name, ratios in known.items() if ratios}

    @property
    def product_rate(self) -> float:
        """Operations a second of the machine's bare product during these runs."""
        seconds = self.seconds(MACHINE, max(self.turns))
        return 2 * 1024**3 / seconds if seconds else PRODUCT_RATE

    @property
    def problems(self) -> list[str]:
        """What speaks against trusting the row."""
        return [*self._costs_apart(), *self._crippled_peers(), *self._busy()]

    def _costs_apart(self) -> list[str]:
        costs = {
            (name, threads): result.cost
            for threads, results in self.turns.items()
            for name, result in results.items()
            if result.cost is not None
        }
        if not costs:
            return []
        middle = statistics.median(costs.values())
        return [
            f"invalid: {name} ends at another cost, {cost:.6g} in place of {middle:.6g}"
            for (name, _), cost in costs.items()
            if not abs(cost - middle) <= self.case.tolerance * abs(middle)
        ]

    def _crippled_peers(self) -> list[str]:
        found = []
        usual = 2 * 1024**3 / PRODUCT_RATE
        for name, known in SECONDS.get(self.case.name, {}).items():
            times = [
                statistics.median(self._without_slowness(result.clock, results.get(MACHINE), usual))
                / self.case.steps
                for results in self.turns.values()
                if (result := results.get(name)) and result.clock
            ]
            if times and min(times) > MOST * known:
                found.append(
                    f"spoilt: {name} takes {min(times) / known:.2f} times what it is known to take (after the "
                    "machine's own slowness in each round, by its bare product, was taken out)"
                )
        return found

    @staticmethod
    def _without_slowness(clock: list[float], machine: Result | None, usual: float) -> list[float]:
        """Seconds of rounds as they would be on a machine whose bare product takes `usual` seconds."""
        if machine is None:
            return clock
        slow = [max(1.0, seconds / Machine.STEPS / usual) for seconds in machine.clock]
        return [one / by for one, by in zip(clock, slow, strict=False)]

    def _busy(self) -> list[str]:
        shares = [share for results in self.turns.values() for one in results.values() for share in one.others]
        busy = statistics.median(shares) if shares else 0.0
        return [f"other programs used {busy:.0%} of the machine"] if busy > 0.1 else []


@dataclass
class Results:
    """All figures: of training cases, and of the other measurements by their names."""

    rows: dict[str, Row] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)

    def add(self, case: Case, threads: int, found: dict[str, Result]) -> Row:
        """Note a case's results."""
        row = self.rows.get(case.name)
        if row is None or row.case != case:
            row = self.rows[case.name] = Row(case)
        row.turns[threads] = found
        return row

    def save(self, folder: Path) -> None:
        """Write results.json."""
        rows = {
            name: {
                "steps": row.case.steps,
                "turns": {
                    str(threads): {who: asdict(result) for who, result in results.items()}
                    for threads, results in row.turns.items()
                },
            }
            for name, row in self.rows.items()
        }
        text = json.dumps({"machine": self.machine, "cases": rows, "others": self.others}, indent=1)
        (folder / FILE).write_text(text + "\n")

    @classmethod
    def read(cls, folder: Path | None) -> Results:
        """Read results.json, so that a run of some cases renews those alone."""
        path = None if folder is None else folder / FILE
        if path is None or not path.exists():
            return cls()
        stored = json.loads(path.read_text())
        rows = {}
        for name, values in stored["cases"].items():
            if name in CASES:
                turns = {
                    int(threads): {who: Result(**result) for who, result in results.items()}
                    for threads, results in values["turns"].items()
                }
                rows[name] = Row(replace(CASES[name], steps=values["steps"]), turns)
        return cls(rows, stored["others"], stored["machine"])
