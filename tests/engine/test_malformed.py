"""Words changed at random are refused as Python refuses them, or they are programs that run: nothing in between."""

from collections import Counter

import numpy as np
import pytest

from chainrule._engine import _check_program
from chainrule.compiler.program import Program
from chainrule.compiler.verify import MalformedProgram
from chainrule.compiler.words import words_of
from tests.compiler import programs
from tests.engine.malformed import try_words
from tests.engine.mutants import BASES, mutants

COUNT = 200


@pytest.mark.parametrize("base", BASES)
def test_mutants_are_refused_as_in_python_or_give_the_same_results(base: str) -> None:
    counts: Counter[str] = Counter()
    for words in mutants(base, 0, COUNT):
        try_words(words, counts)
    # Were all refused, or all for the same reason, the test would show nothing.
    assert counts["compared"] > 0.03 * COUNT
    assert counts["refused"] > 0.1 * COUNT
    assert counts["unreadable"] > 0.1 * COUNT


def test_every_beginning_of_a_program_is_refused() -> None:
    words, constants = words_of(programs.program())
    for length in range(len(words)):
        with pytest.raises(MalformedProgram):
            _check_program(words[:length], constants)


def test_every_word_at_its_extremes_is_no_crash() -> None:
    words, constants = words_of(programs.program())
    refused = 0
    for at in range(len(words)):
        for value in (-(2**63), -1, 2**31 - 1, 2**31, 2**63 - 1):
            changed = words.copy()
            changed[at] = value
            try:
                _check_program(changed, constants)
            except MalformedProgram:
                refused += 1
    assert refused > 4 * len(words)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_constants_that_are_too_few_or_too_many_are_refused(size: int) -> None:
    words, _ = words_of(programs.program())
    with pytest.raises(MalformedProgram):
        _check_program(words, np.zeros(size, np.float32))


def test_the_empty_program_is_one() -> None:
    _check_program(*words_of(Program((), {})))


@pytest.mark.parametrize("wrong", [np.zeros(4), np.zeros((2, 2), np.int64), np.zeros(4, np.int32), None, "words"])
def test_arrays_that_are_no_words_are_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        _check_program(wrong, np.zeros(0, np.float32))  # type: ignore[arg-type]
