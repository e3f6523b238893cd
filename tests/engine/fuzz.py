"""Many malformed programs, as `make fuzz` or `python -m tests.engine.fuzz 100000 SEED`; prints the counts."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tests.engine.malformed import try_words
from tests.engine.mutants import BASES, mutants
from tests.engine.reading import Words

_AT_ONCE = 500


def main(cases: int, seed: int) -> int:
    """Try so many cases; save the words of one that fails, and return how many failed."""
    counts: Counter[str] = Counter()
    started = time.monotonic()
    names = list(BASES)
    for number in range(-(-cases // _AT_ONCE)):
        base, key = names[number % len(names)], seed + number // len(names)
        for at, words in enumerate(mutants(base, key, min(_AT_ONCE, cases - number * _AT_ONCE))):
            try:
                try_words(words, counts)
            except Exception as reason:
                counts["failed"] += 1
                print(f"{base}, seed {key}, case {at}: {reason!r}; {_saved(words, counts['failed'])}")
    seconds = time.monotonic() - started
    told = ", ".join(f"{count} {what}" for what, count in counts.most_common())
    print(f"{sum(counts.values())} programs in {seconds:.0f} s: {told}")
    return counts["failed"]


def _saved(words: Words, number: int) -> Path:
    path = Path(f"fuzz-{number}.npz").absolute()
    np.savez(path, words=words[0], constants=words[1])
    return path


if __name__ == "__main__":
    _cases, _seed = map(int, (sys.argv[1:] + ["100000", "0"][len(sys.argv) - 1 :])[:2])
    sys.exit(min(1, main(_cases, _seed)))
