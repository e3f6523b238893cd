"""A machine refuses buffers that are not those of its program, whatever Python hands to it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule._engine import Machine
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.words import words_of
from tests.compiler import programs

Array = NDArray[Any]

ROWS = 6


def _machine() -> Machine:
    return Machine(*words_of(programs.program()), [np.ones((3, 2), np.float32)], 1)


def _arguments() -> dict[str, Any]:
    """What `Machine.run` takes for the program written by hand: scalars are its rate and m."""
    return {
        "entry": 0,
        "data": [np.ones((ROWS, 3), np.float32)],
        "rows": np.array([5, 0, 1]),
        "count": 3,
        "scalars": np.array([0.5, 3], np.float32),
        "seed": 1,
        "number": 2,
        "outputs": [np.empty((3, 2), np.float32), None, None],
    }


def _steps() -> dict[str, Any]:
    found = _arguments()
    del found["outputs"], found["count"], found["number"], found["scalars"]
    scalars, outputs = np.ones((2, 2), np.float32), np.empty((2, 3), np.float32)
    return found | {
        "bounds": np.array([0, 2, 3]),
        "first": 1,
        "scalars": scalars,
        "outputs": outputs,
        "seconds": 1.0,
    }


def test_the_right_buffers_run() -> None:
    arguments = _arguments()
    _machine().run(**arguments)
    np.testing.assert_allclose(arguments["outputs"][0], np.tanh(3 * np.array([[0.5, 0.25]] * 3)) + 0.5, rtol=1e-6)


read_only = np.empty((3, 2), np.float32)
read_only.flags.writeable = False

WRONG: dict[str, dict[str, Any]] = {
    "no such entry": {"entry": 1},
    "an entry below 0": {"entry": -1},
    "no data": {"data": []},
    "data that are missing": {"data": [None]},
    "data twice": {"data": [np.ones((ROWS, 3), np.float32)] * 2},
    "narrower rows": {"data": [np.ones((ROWS, 2), np.float32)]},
    "data of one axis": {"data": [np.ones(ROWS * 3, np.float32)]},
    "rows in pieces": {"data": [np.ones((ROWS, 6), np.float32)[:, ::2]]},
    "columns": {"data": [np.ones((3, ROWS), np.float32).T]},
    "whole numbers": {"data": [np.ones((ROWS, 3), np.int64)]},
    "places of what is multiplied with weights": {"data": [np.zeros(ROWS, np.int32)]},
    "texts": {"data": [np.full((ROWS, 3), "a")]},
    "a row beyond the last": {"rows": np.array([0, ROWS, 1])},
    "a row before the first": {"rows": np.array([0, -1, 1])},
    "a row far away": {"rows": np.array([0, 2**62, 1])},
    "more rows than are named": {"count": 4},
    "fewer than no rows": {"count": -1},
    "more rows than there are": {"rows": None, "count": ROWS + 1},
    "more rows than anything has": {"rows": None, "count": 2**62},
    "rows as a table": {"rows": np.zeros((1, 3), np.int64)},
    "too few scalars": {"scalars": np.ones(1, np.float32)},
    "too many scalars": {"scalars": np.ones(3, np.float32)},
    "no outputs": {"outputs": []},
    "an output that is missing": {"outputs": [None, None, None]},
    "an output too many": {"outputs": [np.empty((3, 2), np.float32), np.empty(1, np.float32), None]},
    "an output of fewer rows": {"outputs": [np.empty((2, 2), np.float32), None, None]},
    "an output of another type": {"outputs": [np.empty((3, 2)), None, None]},
    "an output in pieces": {"outputs": [np.empty((3, 4), np.float32)[:, ::2], None, None]},
    "an output that is only read": {"outputs": [read_only, None, None]},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_buffers_are_refused(wrong: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError, RuntimeError)):
        _machine().run(**_arguments() | WRONG[wrong])


STATES: dict[str, list[Array]] = {
    "none": [],
    "two": [np.ones((3, 2), np.float32)] * 2,
    "too small": [np.ones(5, np.float32)],
    "of another type": [np.ones((3, 2))],
    "only read": [read_only],
}


@pytest.mark.parametrize("state", STATES)
def test_wrong_states_are_refused(state: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError)):
        Machine(*words_of(programs.program()), STATES[state], 1)


def test_an_entry_with_rows_does_not_run_many_steps() -> None:
    with pytest.raises(ValueError, match="no single number"):
        _machine().run_steps(**_steps())


def _single() -> Machine:
    """A machine whose entry gives numbers alone: no rows."""
    program = programs.program(block=(*programs.BLOCK[:2], *programs.BLOCK[3:]), outputs={"size": programs.SIZE})
    return Machine(*words_of(program), [np.ones((3, 2), np.float32)], 1)


STEPS: dict[str, dict[str, Any]] = {
    "bounds too few": {"bounds": np.array([0, 3])},
    "bounds backwards": {"bounds": np.array([0, 3, 2])},
    "bounds below 0": {"bounds": np.array([-1, 2, 3])},
    "bounds beyond the rows": {"bounds": np.array([0, 2, 4])},
    "a row beyond the last": {"rows": np.array([0, ROWS, 1])},
    "all rows and more": {"rows": None, "bounds": np.array([0, ROWS, 2 * ROWS + 1])},
    "scalars too few": {"scalars": np.ones((2, 1), np.float32)},
    "outputs of fewer steps": {"outputs": np.empty((1, 1), np.float32)},
    "outputs of another type": {"outputs": np.empty((2, 1))},
    "more outputs": {"outputs": np.empty((2, 2), np.float32)},
}


@pytest.mark.parametrize("wrong", STEPS)
def test_wrong_steps_are_refused(wrong: str) -> None:
    right = _steps() | {"outputs": np.empty((2, 1), np.float32)}
    assert _single().run_steps(**right) == 2
    with pytest.raises((ValueError, TypeError)):
        _single().run_steps(**right | STEPS[wrong])


@pytest.mark.parametrize("buffer", [-1, len(programs.BUFFERS), programs.Z, programs.X_, 2**31 - 1])
def test_what_is_no_output_cannot_be_read(buffer: int) -> None:
    with pytest.raises(ValueError, match="no such output"):
        _machine().read(buffer, np.empty(6, np.float32))


def test_random_arguments_are_refused_or_run() -> None:
    choose = random.Random(0)
    machine = _machine()
    types = ["u1", "f2", "f4", "f8", "i4"]
    odd: list[Callable[[], Any]] = [
        lambda: None,
        lambda: choose.randrange(-2, 9),
        lambda: np.zeros(choose.randrange(4), np.float32),
        lambda: np.array([choose.randrange(-1, 7) for _ in range(choose.randrange(5))], np.int64),
        lambda: np.ones((choose.randrange(8), choose.choice([2, 3])), choose.choice(types)),
        lambda: [choose.choice(odd)() for _ in range(choose.randrange(4))],
    ]
    ran = 0
    for _ in range(2000):
        arguments = _arguments()
        for name in choose.sample(list(arguments), choose.choice([1, 1, 2])):
            arguments[name] = choose.choice(odd)()
        try:
            machine.run(**arguments)
            ran += 1
        except (ValueError, TypeError, IndexError, RuntimeError, BufferError):
            pass
    assert 40 < ran < 1500


def test_two_threads_of_python_take_turns_on_one_machine() -> None:
    X = np.random.default_rng(0).normal(size=(4000, 3)).astype(np.float32)
    program = programs.program(epilogue=programs.EPILOGUE[:2])
    machine = EngineRun(program, {"W": np.ones((3, 2))}, threads=2)
    expected = [machine.run("entry", {"X": piece}, scalars={"rate": 0.0}) for piece in (X, X[:2000])]
    found: list[tuple[int, dict[str, Array]]] = []

    def work() -> None:
        for i in (0, 1, 0, 1, 0):
            found.append((i, machine.run("entry", {"X": (X, X[:2000])[i]}, scalars={"rate": 0.0})))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    for i, outputs in found:
        for name, value in outputs.items():
            np.testing.assert_array_equal(value, expected[i][name])
