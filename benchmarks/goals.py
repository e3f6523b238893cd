"""What each case is to reach, and whether it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contenders import FRAMEWORKS, LIMITS, OURS, PEERS
from results import Results, Row

# Held-out cases: this part of the efficiency of the nearest case with a goal.
_HELD_OUT = 0.8
_PEAK = 1.3
_SCALING = 0.95
_NEVER_SLOWER = 1.02


@dataclass(frozen=True)
class Verdict:
    """A figure beside its goal; `reached` is None where there is no figure."""

    figure: str
    goal: str
    reached: bool | None

    @property
    def mark(self) -> str:
        """A word for the table."""
        return {True: "yes", False: "no", None: "not measured"}[self.reached]


def verdicts(results: Results, row: Row) -> list[Verdict]:
    """What a training case is to reach."""
    if row.case.nearest:
        return [_held_out(results, row)]
    return GOALS[row.case.name](row)


def _of_peers(share: float, names: tuple[str, ...] = PEERS) -> Callable[[Row], list[Verdict]]:
    who = "peer" if names == PEERS else "framework"

    def judge(row: Row) -> list[Verdict]:
        times = row.times_faster(names)
        goal = f"at least {1 / share:.3g} times as fast as the best {who}"
        figure = "" if times is None else f"{times:.3g} times as fast"
        return [Verdict(figure, goal, None if times is None else times >= 1 / share)]

    return judge


def _of_limit(row: Row, share: float) -> Verdict:
    found = row.share
    goal = f"at least {share:.0%} of the bare products' rate"
    return Verdict("" if found is None else f"{found:.0%}", goal, None if found is None else found >= share)


def _middle(row: Row) -> list[Verdict]:
    ahead, near = _of_peers(1 / 1.3, FRAMEWORKS)(row)[0], _of_limit(row, 0.85)
    figures = ", ".join(figure for figure in (ahead.figure, near.figure) if figure)
    known = [verdict.reached for verdict in (ahead, near) if verdict.reached is not None]
    return [Verdict(figures, f"{ahead.goal}, or {near.goal}", any(known) if known else None)]


def _tall(row: Row) -> list[Verdict]:
    bytes_of_rows = row.case.rows * row.case.features
    results = row.turns[max(row.turns)].get(OURS)
    share = results.peak / bytes_of_rows if results and results.peak else None
    goal = f"peak memory at most {_PEAK} times the bytes of X"
    memory = Verdict(f"{share:.2f} times" if share else "", goal, None if share is None else share <= _PEAK)
    return [*_of_peers(1 / 3)(row), memory]


GOALS: dict[str, Callable[[Row], list[Verdict]]] = {
    "tiny": _of_peers(1 / 4),
    "small": _of_peers(1 / 2),
    "middle": _middle,
    "large": lambda row: [_of_limit(row, 0.9), *_of_peers(1.0, FRAMEWORKS)(row)],
    "tall": _tall,
    "wide": _of_peers(1 / 10),
    "wide long": _of_peers(1 / 30),
    "wide deep": _of_peers(1 / 4),
}


def _held_out(results: Results, row: Row) -> Verdict:
    near = results.rows.get(row.case.nearest)
    goal = f"at least {_HELD_OUT:.0%} of the efficiency of {row.case.nearest}"
    ours, theirs = (None if one is None else efficiency(one) for one in (row, near))
    if not ours or not theirs:
        return Verdict("", goal, None)
    return Verdict(f"{ours / theirs:.0%}", goal, ours / theirs >= _HELD_OUT)


def efficiency(row: Row) -> float | None:
    """The share of the limit, or where there is none how many times the best peer is slower."""
    return row.share or row.times_faster()


def scaling(row: Row) -> Verdict | None:
    """What the second thread brings, beside what it brings the bare product or reading."""
    found = row.ratio((OURS, 1), (OURS, 2))
    if found is None:
        return None
    limits = [times for name in LIMITS if (times := row.ratio((name, 1), (name, 2)))]
    if row.case.name in ("middle", "large", "tall") and limits:
        bare = limits[0]
        goal = f"{_SCALING:.0%} of the {bare:.2f} times of the bare {LIMITS_IN_WORDS[row.case.limit]}"
        return Verdict(f"{found:.2f} times as fast", goal, found >= min(_SCALING * bare, 2.0))
    return Verdict(f"{found:.2f} times as fast", "never slower", found >= 1 / _NEVER_SLOWER)


LIMITS_IN_WORDS = {"products": "products", "reading": "read"}
