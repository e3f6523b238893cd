"""Results as lines on the terminal and as the table in results.md."""

from __future__ import annotations

from pathlib import Path

from cases import CASES, HELD_OUT, MAIN, Case
from contenders import DIRECT, LIMITS, OURS, PEERS, WHOLE
from goals import scaling, verdicts
from results import Results, Row

_HOW = """Made by `make bench`: everyone side by side, in turn, in one run; float32, the same rows, order, first
values and updates; costs are compared at the end. Times are medians, of one step where nothing else is
said; how many times one takes as long as another is the median of its rounds, as what slows the machine for
some seconds slows both. With batches of few rows, peers also ran with one thread, and their better figure counts.
Compiling, and converting rows, is not counted, except where set-up is said to be included: there
everything from the raw rows on counts, chainrule's compiling too, but not the compiling of peers.
"""
_LIMIT = """The limit is what the hardware allows: the products of a step by OpenBLAS and nothing else, or the bytes
of all rows read once and nothing else, in turn with the others.
"""


def lines(results: Results, row: Row) -> str:
    """A case on the terminal: everyone's time of a step, then goals and doubts."""
    text = [f"== {row.case.name}: {row.case.shape}, {row.case.steps:,} steps"]
    for threads, found in row.turns.items():
        for name, result in found.items():
            seconds = row.seconds(name, threads)
            if seconds is not None:
                at_cost = "" if result.cost is None else f"  cost {result.cost:.7g}"
                cpu = sorted(result.processors)[len(result.processors) // 2] / row.steps_of(name)
                others = sorted(result.others)[len(result.others) // 2]
                text.append(
                    f"   {threads} threads  {name:14s} {duration(seconds):>10s}  processors {duration(cpu):>10s}"
                    f"  others {others:4.0%}{at_cost}"
                )
            elif threads == max(row.turns) and name not in LIMITS:
                text.append(f"   {threads} threads  {name:14s} {result.problem}")
    share = "" if row.share is None else f"; {row.share:.0%} of the bare {row.case.limit}"
    best = row.best()
    if best:
        text.append(f"   best peer: {best[0]}, {best[1]:.3g} times chainrule's time{share}")
    text += [f"   {v.mark:12s} {v.figure}  (goal: {v.goal})" for v in verdicts(results, row)]
    return "\n".join([*text, *(f"   ! {problem}" for problem in row.problems)])


def write(results: Results, folder: Path) -> None:
    """Write results.json, results.md and results.svg."""
    from chart import draw

    results.save(folder)
    (folder / "results.md").write_text(markdown(results))
    draw(results, folder / "results.svg")


def markdown(results: Results) -> str:
    """The page of results."""
    parts = [
        "# How fast it is\n",
        _HOW,
        "![How many times faster than each peer](results.svg)\n",
        _machine(results),
        "## Training\n",
        _training(results, MAIN),
        _LIMIT,
        "## Goals\n",
        _goals(results, MAIN),
        "## Held out: other sizes, losses and optimizers\n",
        _training(results, HELD_OUT),
        _goals(results, HELD_OUT),
        "## One thread and two\n",
        _threads(results),
    ]
    parts += [f"## {title}\n\n{text}\n" for title, text in _others(results)]
    return "\n".join(part for part in parts if part)


def _machine(results: Results) -> str:
    rates = [row.product_rate for row in results.rows.values()]
    told = [f"{name} {value}" for name, value in results.machine.items()]
    if rates:
        told.append(
            f"bare product of 1024 x 1024 matrices {min(rates) / 1e9:.0f} to {max(rates) / 1e9:.0f} Gflop/s"
        )
    return "; ".join(told) + ".\n"


def _training(results: Results, cases: tuple[Case, ...]) -> str:
    head = [
        "case",
        "work",
        "chainrule",
        "a step of a whole `cr.minimize`",
        "without the dual form",
        *PEERS,
        "limit",
        "best peer / chainrule",
    ]
    rows = []
    for case in cases:
        row = results.rows.get(case.name)
        if row is None:
            continue
        scale = row.case.steps if case.with_set_up else 1
        times = row.times_faster()
        figures = [row.ours, row.seconds(WHOLE), row.seconds(DIRECT), *map(row.seconds, PEERS), row.limit]
        cells = ["–" if seconds is None else duration(seconds * scale) for seconds in figures]
        rows.append([case.name, work(case), *cells, "–" if times is None else f"**{times:.3g}**"])
    return _table(head, rows)


def work(case: Case) -> str:
    """A case in words."""
    told = [case.shape]
    told.append(f"batch {case.batch}" if case.batch else f"all {case.rows:,} rows")
    told += ["Adam"] if case.optimizer == "adam" else []
    told += [{"bytes": "uint8", "standardised": "uint8, standardised"}[case.data]] if case.data != "float" else []
    if case.with_set_up:
        told.append(f"{case.steps:,} steps in all, set-up included")
    return ", ".join(told)


def _goals(results: Results, cases: tuple[Case, ...]) -> str:
    rows = []
    for case in cases:
        row = results.rows.get(case.name)
        for verdict in [] if row is None else verdicts(results, row):
            assert row is not None
            rows.append([case.name, verdict.goal, verdict.figure, verdict.mark, "; ".join(row.problems)])
    return _table(["case", "goal", "figure", "reached", "remarks"], rows)


def _threads(results: Results) -> str:
    rows = []
    for name, row in sorted(results.rows.items(), key=lambda one: list(CASES).index(one[0])):
        verdict = scaling(row)
        if verdict is not None:
            times = [duration(row.seconds(OURS, count) or 0.0) for count in (1, 2)]
            rows.append([name, *times, verdict.figure, verdict.goal, verdict.mark])
    return _table(["case", "one", "two", "second thread", "goal", "reached"], rows)


def _others(results: Results) -> list[tuple[str, str]]:
    from others import OTHERS

    return [
        (other.title, _table(*other.table(results.others[name])))
        for name, other in OTHERS.items()
        if name in results.others
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def duration(seconds: float) -> str:
    """Seconds in the unit that suits, with three digits.

    >>> duration(0.00123), duration(2.5), duration(4e-7)
    ('1.23 ms', '2.50 s', '0.400 us')
    """
    size, unit = (1.0, "s") if seconds >= 1 else (1e3, "ms") if seconds >= 1e-3 else (1e6, "us")
    number = seconds * size
    return f"{number:.{max(0, 2 - len(str(int(number))) + (number >= 1) + (number < 1))}f} {unit}"
