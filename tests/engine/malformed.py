"""One case of the fuzzer: what both verifiers say of words, and that nothing in between happens."""

from __future__ import annotations

from collections import Counter

from tests.engine.reading import Unreadable, Words, read_back
from tests.engine.verdicts import verdict_of_engine, verdict_of_python


def try_words(words: Words, counts: Counter[str]) -> None:
    """Check words in the engine and in Python; AssertionError where they differ."""
    engine = verdict_of_engine(words)
    try:
        program = read_back(words)
    except Unreadable:
        assert engine is not None, "the engine reads what is no program"
        counts["unreadable"] += 1
        return
    python = verdict_of_python(program)
    assert engine == python, f"the engine says {engine!r}, Python {python!r}"
    counts["refused" if engine else "accepted"] += 1
