"""Steps of few rows are played from a tape: the same bits as without, whatever happens in between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.machine import Batches
from chainrule.compiler.run_inputs import StepKey
from chainrule.graph import shapes
from chainrule.training.descent import Descent
from tests.compiler import networks
from tests.engine.kernels import KERNELS

Array = NDArray[Any]

_random = np.random.default_rng(0)
X = _random.integers(0, 200, (600, 3))
Y = _random.integers(0, 2, (600, 1)).astype(np.float32)
# A batch of another size comes in between; each kind is seen often enough to be recorded and played.
COUNTS = [7, 7, 7, 7, 3, 3, 3, 7, 7, 3]


def _machine(*, dropout: bool = False, sizes: tuple[int, ...] = (3, 5, 2, 1), kernels: str = "") -> EngineRun:
    Z, parameters = networks.layers(sizes, scale=255, dropout=dropout)
    J = networks.cross_entropy(Z) + 1e-3 * cr.sum(parameters[0] ** 2)
    random = np.random.default_rng(1)
    values = {w: random.normal(size=shapes.fixed(w.shape)) for w in parameters}
    descent = Descent(J, parameters, values, optimizer=cr.Adam(0.01), seed=3, evaluation={"J": J})
    return EngineRun(descent.program, descent.machine.state, kernels=kernels)


def _batches(seed: int) -> Batches:
    rows = np.random.default_rng(seed).integers(0, len(X), sum(COUNTS))
    return Batches(rows, np.cumsum([0, *COUNTS]))


def _data(dtype: str) -> dict[str, Array]:
    return {"X": X.astype(dtype), "y": Y}


def _together(machine: EngineRun, data: dict[str, Array], batches: Batches, first: int) -> Array:
    numbers = np.arange(first, first + len(batches), dtype=np.float64)
    scalars = {"learning_rate": np.full(len(batches), 0.01), "step": numbers}
    return machine.run_steps("step", data, batches, scalars, key=StepKey(3, first))["cost"]


def _one_by_one(machine: EngineRun, data: dict[str, Array], batches: Batches, first: int) -> list[float]:
    costs = []
    for place in range(len(batches)):
        scalars = {"learning_rate": 0.01, "step": float(first + place)}
        outputs = machine.run(
            "step", data, rows=batches.rows_of(place), scalars=scalars, key=StepKey(3, first + place)
        )
        costs.append(float(outputs["cost"]))
    return costs


def _assert_same_state(one: EngineRun, other: EngineRun) -> None:
    for name, array in one.state.items():
        np.testing.assert_array_equal(array.view(np.uint32), other.state[name].view(np.uint32), err_msg=name)


@pytest.mark.parametrize("dropout", [False, True])
def test_played_steps_are_those_taken_one_by_one(dropout: bool) -> None:
    played, taken = _machine(dropout=dropout), _machine(dropout=dropout)
    for call in range(3):
        batches, first = _batches(call), 1 + call * len(COUNTS)
        costs = _together(played, _data("float32"), batches, first)
        assert costs.tolist() == _one_by_one(taken, _data("float32"), batches, first)
    _assert_same_state(played, taken)


def test_data_of_another_type_are_read_as_what_they_are() -> None:
    played, taken = _machine(), _machine()
    for call, dtype in enumerate(["float32", "uint8", "float16", "float64", "uint8", "float32"]):
        batches, first = _batches(call), 1 + call * len(COUNTS)
        costs = _together(played, _data(dtype), batches, first)
        assert costs.tolist() == _one_by_one(taken, _data("float32"), batches, first), dtype
    _assert_same_state(played, taken)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("sizes", [(100, 30, 1), (64, 8, 2, 1), (65, 33, 1), (90, 5, 1), (70, 200, 1)], ids=str)
def test_long_rows_may_be_read_where_they_lie(sizes: tuple[int, ...], kernels: str) -> None:
    played, taken = _machine(sizes=sizes, kernels=kernels), _machine(sizes=sizes, kernels=kernels)
    random = np.random.default_rng(3)
    for call in range(6):
        # Rows of a larger table, and memory that lies elsewhere in each call.
        table = random.normal(scale=90, size=(600, sizes[0] + call)).astype(np.float32)
        data: dict[str, Array] = {"X": table[:, : sizes[0]] if call % 2 else table[:, call:], "y": Y}
        if call == 3:
            data["X"] = data["X"].astype(np.float64)
        batches, first = _batches(call), 1 + call * len(COUNTS)
        costs = _together(played, data, batches, first)
        assert costs.tolist() == _one_by_one(taken, data, batches, first)
    _assert_same_state(played, taken)


def test_all_rows_are_read_where_they_lie_in_each_call() -> None:
    played, taken = _machine(), _machine()
    # Memory of the same size may be given out again: contents change, and addresses too.
    for call in range(6):
        data = {"X": _random.normal(size=(7 + call % 2, 3)).astype(np.float32), "y": Y[: 7 + call % 2].copy()}
        if call >= 4:
            data["y"] = data["y"].astype(np.uint8)
        first = 1 + 5 * call
        batches = Batches.all_rows(len(data["X"]), 5)
        costs = _together(played, data, batches, first)
        assert costs.tolist() == _one_by_one(taken, data, batches, first)
    _assert_same_state(played, taken)


def test_rows_may_be_chosen_in_one_call_and_all_in_the_next() -> None:
    played, taken = _machine(), _machine()
    data = {"X": X[:7].astype(np.float32), "y": Y[:7]}
    every = np.tile(np.arange(7), 4)
    for call in range(4):
        batches = Batches.all_rows(7, 4) if call % 2 else Batches(every, np.arange(5) * 7)
        costs = _together(played, data, batches, 1 + 4 * call)
        assert costs.tolist() == _one_by_one(taken, data, batches, 1 + 4 * call)
    _assert_same_state(played, taken)


def test_memory_may_move_between_steps() -> None:
    played, taken = _machine(), _machine()
    for call in range(4):
        batches, first = _batches(call), 1 + call * len(COUNTS)
        assert _together(played, _data("uint8"), batches, first).tolist() == _one_by_one(
            taken, _data("uint8"), batches, first
        )
        # More rows than before need more memory.
        for machine in (played, taken):
            machine.run("evaluate", _data("uint8"), rows=np.arange(150 * (call + 1)))
    _assert_same_state(played, taken)


def test_a_step_without_rows_changes_nothing_of_the_next() -> None:
    played, taken = _machine(), _machine()
    rows = np.arange(21) * 7
    batches = Batches(rows, np.array([0, 7, 14, 14, 21]))
    costs = _together(played, _data("float32"), batches, 1)
    # The mean of no rows is no number, and the last step that is taken.
    assert np.isfinite(costs).tolist() == [True, True, False]
    again = _together(played, _data("float32"), batches.between(0, 2), 4)
    assert np.isnan(again).all(), "the parameters were lost with that step"
    first = _together(_machine(), _data("float32"), batches.between(0, 2), 1)
    assert first.tolist() == _one_by_one(taken, _data("float32"), batches.between(0, 2), 1)


def test_lists_of_rows_that_grow_are_found_again() -> None:
    sizes = (100, 30, 1)
    played, taken = _machine(sizes=sizes), _machine(sizes=sizes)
    few, many = 5, 50
    table = np.random.default_rng(4).normal(scale=90, size=(many, sizes[0])).astype(np.float32)
    data = {"X": table, "y": Y[:many]}

    def drawn(count: int) -> Batches:
        return Batches(np.arange(4 * count) % many, count * np.arange(5))

    # More rows come first where they lie in order, which takes no list, and are drawn only when fewer were played.
    for call, batches in enumerate([drawn(few), Batches.all_rows(many, 4), drawn(few), drawn(many), drawn(few)]):
        first = 1 + 4 * call
        costs = _together(played, data, batches, first)
        assert costs.tolist() == _one_by_one(taken, data, batches, first)
    _assert_same_state(played, taken)
