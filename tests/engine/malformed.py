"""One case of the fuzzer: the verdicts of both verifiers on words and, where they are a program, both results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.machine import Machine
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program, concrete, elements
from chainrule.compiler.run_inputs import StepKey
from tests.engine.reading import Unreadable, Words, read_back
from tests.engine.verdicts import verdict_of_engine, verdict_of_python

Array = NDArray[Any]

_ROWS = 5
_MOST_ELEMENTS = 10**6


def try_words(words: Words, counts: Counter[str]) -> None:
    """Check words in the engine and in Python, and run them; AssertionError where the two differ."""
    engine = verdict_of_engine(words)
    try:
        program = read_back(words)
    except Unreadable:
        assert engine is not None, "the engine reads what is no program"
        counts["unreadable"] += 1
        return
    python = verdict_of_python(program)
    assert engine == python, f"the engine says {engine!r}, Python {python!r}"
    if engine is not None:
        counts["refused"] += 1
    elif sum(elements(buffer.shape, _ROWS) for buffer in program.buffers) > _MOST_ELEMENTS:
        counts["too large to run"] += 1
    else:
        counts["compared" if _same_results(program) else "ran"] += 1


def _same_results(program: Program) -> bool:
    """Run a program in the engine and in NumPy; whether there was something to compare.

    Where float32 and float64 differ in NumPy, rounding decides the result, and the engine may have another one.
    """
    single, double = (NumpyRun(program, _state(program), dtype=dtype) for dtype in (np.float32, np.float64))
    engine = EngineRun(program, _state(program), threads=1)
    compared = False
    for entry in program.entries:
        found, rounded = _run(engine, entry), _run(single, entry)
        for name, expected in _run(double, entry).items():
            if np.allclose(rounded[name], expected, 1e-4, 1e-4):
                np.testing.assert_allclose(found[name], expected, 1e-2, 1e-2, err_msg=f"{entry}, {name}")
                compared |= expected.size > 0
    return compared


def _run(machine: Machine, entry: str) -> Mapping[str, Array]:
    """The outputs of an entry and the state after it, from the first state."""
    program = machine.program
    for name, value in _state(program).items():
        machine.state[name][...] = value
    data = {name: _numbers(program, at) for name, at in program.named("data").items()}
    scalars: dict[str, Any] = {name: _numbers(program, at) for name, at in program.named("scalar").items()}
    rows = np.array([3, 0, 1, 1])
    outputs = machine.run(entry, data, rows=rows, scalars=scalars, key=StepKey(1, 2))
    return outputs | {f"the state {name}": value.copy() for name, value in machine.state.items()}


def _state(program: Program) -> dict[str, Array]:
    return {name: _numbers(program, at) for name, at in program.named("state").items()}


def _numbers(program: Program, at: int) -> Array:
    """Numbers between 0.25 and 1.25, always the same for a buffer; labels of classes count from 0."""
    shape = concrete(program.buffers[at].shape, _ROWS)
    return np.random.default_rng(at).random(shape) + 0.25
