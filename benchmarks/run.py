"""chainrule beside its peers: `python benchmarks/run.py [--only tiny,small] [--quick]`.

Every case runs its contenders in turn, round after round, so that whatever slows the machine slows all of them. A full
run writes results.json, results.md and results.svg beside this file; `--quick` takes fewer steps and rounds and prints
the table only.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cases import CASES
from contenders import CONTENDERS, LIMITS, OURS, PEERS, WHOLE
from measure import take_turns
from report import Results, line, write

HERE = Path(__file__).parent
_SHORTER = 10


def main() -> None:
    options = _options()
    shorter = _SHORTER if options.quick else 1
    rounds = options.rounds or (2 if options.quick else 5)
    results = Results.read(options.out)
    for case in CASES.values():
        if options.only and case.name not in options.only.split(","):
            continue
        wanted = options.contenders.split(",") if options.contenders else [*LIMITS, OURS, WHOLE, *PEERS]
        for threads in (2, 1) if options.one_thread else (2,):
            names = wanted if threads == 2 else [name for name in wanted if name in (*LIMITS, OURS)]
            found = take_turns(case, names, threads=threads, rounds=rounds, shorter=shorter)
            results.add(case, threads, found, shorter)
            print(line(results, case, threads), flush=True)
        if options.out:
            write(results, options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="cases, separated by commas: " + ", ".join(CASES))
    parser.add_argument("--contenders", help="separated by commas: " + ", ".join(CONTENDERS))
    parser.add_argument("--quick", action="store_true", help="a tenth of the steps, two rounds")
    parser.add_argument("--rounds", type=int, help="how often each contender runs")
    parser.add_argument("--one-thread", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--out", type=Path, help="the folder of the results")
    options = parser.parse_args()
    if options.out is None and not (options.quick or options.only or options.contenders):
        options.out = HERE
    return options


if __name__ == "__main__":
    main()
