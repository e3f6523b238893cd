"""chainrule beside its peers: `python benchmarks/run.py [--only tiny,small] [--quick]`.

Every case runs its contenders in turn, round after round, so that whatever slows the machine slows all of
them. A full run writes results.json, results.md and results.svg beside this file; `--quick` takes fewer steps
and rounds and prints only. With `--only`, `--out benchmarks` renews those cases among the results that are
there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cases import CASES, Case
from contenders import CONTENDERS, DIRECT, LIMITS, MACHINE, OURS, PEERS, WHOLE
from machine import described
from measure import Entrant, take_turns
from others import OTHERS
from report import lines, write
from results import Results

HERE = Path(__file__).parent
_SHORTER = 10
# Batches of so few rows are often quicker with one thread.
_FEW_ROWS = 32


def main() -> None:
    options = _options()
    results = Results.read(options.out)
    results.machine = described()
    chosen = options.only.split(",") if options.only else [*CASES, *OTHERS]
    unknown = [name for name in chosen if name not in (*CASES, *OTHERS)]
    if unknown:
        raise SystemExit(f"there is no case {unknown[0]!r}; there are: {', '.join((*CASES, *OTHERS))}")
    for name in chosen:
        if name in CASES:
            _train(results, CASES[name], options)
        else:
            results.others[name] = OTHERS[name].measure(options.quick)
            head, rows = OTHERS[name].table(results.others[name])
            print(f"== {name}", *(f"   {dict(zip(head, row, strict=True))}" for row in rows), sep="\n", flush=True)
        if options.out:
            write(results, options.out)


def _train(results: Results, case: Case, options: argparse.Namespace) -> None:
    shorter = _SHORTER if options.quick else 1
    short = case.shortened(shorter)
    rounds = options.rounds or (2 if options.quick else 3)
    wanted = options.contenders.split(",") if options.contenders else [*LIMITS, OURS, WHOLE, DIRECT, *PEERS]
    # Figures of an earlier run are not mixed with new ones.
    results.rows.pop(case.name, None)
    few = short.rows_in_step <= _FEW_ROWS or len(options.threads) == 1
    # One thread and two take turns as well: what slows the machine for a minute slows both.
    entrants = [
        Entrant(name, case, threads)
        for name in (MACHINE, *wanted)
        for threads in options.threads
        if threads == 2 or few or name in (MACHINE, *LIMITS, OURS)
    ]
    found = take_turns(entrants, rounds=rounds, shorter=shorter, ahead=options.ahead)
    for threads in options.threads:
        of_these = {one.contender: result for one, result in found.items() if one.threads == threads}
        row = results.add(short, threads, of_these)
    print(lines(results, row), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="some of: " + ", ".join((*CASES, *OTHERS)) + "; separated by commas")
    parser.add_argument("--contenders", help="some of: " + ", ".join(CONTENDERS))
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, two rounds")
    parser.add_argument("--rounds", type=int, help="how often each contender runs at least")
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1], help="numbers of threads")
    parser.add_argument("--ahead", action="store_true", help="go before other programs (Linux, as root)")
    parser.add_argument("--out", type=Path, help="the folder of results.json, results.md and results.svg")
    options = parser.parse_args()
    if options.out is None and not (options.quick or options.only or options.contenders):
        options.out = HERE
    return options


if __name__ == "__main__":
    main()
