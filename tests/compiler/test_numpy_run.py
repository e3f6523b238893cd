"""The NumPy machine: what it accepts, what it keeps, and what it says about mistakes."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.run_inputs import StepKey
from chainrule.errors import WorkFailed
from chainrule.random import uniform
from tests.compiler.running import blocks_of

x = cr.examples("x", features=2)
y = cr.examples("y")
w = cr.parameter("w", (2,))
rate = cr.variable("rate")
COMPILED = compile_program(
    {
        "step": EntrySpec({"cost": cr.sum(x @ w) + cr.sum(y)}, {w: w + rate * cr.sum(x, axis=0)}),
        "forward": EntrySpec({"z": x @ w}),
    },
    scalars=[rate],
)
DATA = {"x": np.arange(6.0).reshape(3, 2), "y": np.ones(3)}


def machine(**options: Any) -> NumpyRun:
    return NumpyRun(COMPILED.program, {"w": np.array([1.0, 2.0])}, **options)


MISTAKES: dict[str, dict[str, Any]] = {
    "no entry 'train'; it has: step, forward": {"entry": "train"},
    "the data y is missing": {"data": {"x": DATA["x"]}},
    r"the data x has shape \(3, 3\)": {"data": {**DATA, "x": np.ones((3, 3))}},
    r"the data x has shape \(3,\)": {"data": {**DATA, "x": np.ones(3)}},
    r"the data y has shape \(\)": {"data": {**DATA, "y": np.ones(())}},
    "differ in their number of rows": {"data": {**DATA, "y": np.ones(4)}},
    "the input rate of the step is missing": {"scalars": {}},
    r"the input rate of the step has shape \(2,\)": {"scalars": {"rate": np.ones(2)}},
    "rows 0 to 3 were asked for, but the data have 3 rows": {"rows": np.array([0, 3])},
    "rows -1 to 0 were asked for": {"rows": np.array([0, -1])},
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        machine().run(**{"entry": "step", "data": DATA, "scalars": {"rate": 0.1}} | MISTAKES[message])


def test_the_first_value_of_each_state_is_needed_in_its_shape() -> None:
    with pytest.raises(cr.UserError, match="the state w has no first value"):
        NumpyRun(COMPILED.program, {})
    with pytest.raises(cr.UserError, match=r"the state w has shape \(2,\), but its value has shape \(3,\)"):
        NumpyRun(COMPILED.program, {"w": np.ones(3)})


def test_an_entry_needs_only_what_it_reads() -> None:
    assert machine().run("forward", {"x": DATA["x"]})["z"].tolist() == [2.0, 8.0, 14.0]


def test_states_are_copied_and_then_changed_in_place() -> None:
    first = np.array([1.0, 2.0])
    running = NumpyRun(COMPILED.program, {"w": first}, dtype=np.float64)
    state = running.state["w"]
    running.run("step", DATA, scalars={"rate": 1.0})
    assert first.tolist() == [1.0, 2.0]
    assert state.tolist() == running.state["w"].tolist() == [7.0, 11.0]


def test_results_stay_as_they_are_in_later_runs() -> None:
    running = machine()
    first = running.run("forward", DATA)["z"]
    cost = running.run("step", DATA, scalars={"rate": 1.0})["cost"]
    before = (first.tolist(), cost.tolist())
    running.run("step", DATA, scalars={"rate": 1.0})
    running.run("forward", {"x": 2 * DATA["x"]})
    assert (first.tolist(), cost.tolist()) == before


def test_batches_of_any_size_follow_one_another() -> None:
    running = machine()
    for count in (1, 50, 3, 0, 7):
        data = np.random.default_rng(count).normal(size=(count, 2))
        np.testing.assert_allclose(running.run("forward", {"x": data})["z"], data @ [1, 2], rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_and_state_have_the_type_of_the_machine(dtype: type) -> None:
    running = machine(dtype=dtype)
    results = running.run("step", DATA, scalars={"rate": 0.1})
    assert results["cost"].dtype == running.state["w"].dtype == dtype


def test_numbers_too_large_for_float32_become_infinite_without_a_warning() -> None:
    program = compile_program({"out": EntrySpec({"out": x * w * cr.constant([1e300, 1.0]) + 1e300})}).program
    found = NumpyRun(program, {"w": np.array([1e300, 1.0])}).run("out", {"x": np.full((1, 2), 1e300)})["out"]
    assert found.tolist() == [[np.inf, np.inf]]


@pytest.mark.parametrize("block", [None, 1, 2])
def test_random_numbers_depend_on_seed_step_node_and_place_alone(block: int | None) -> None:
    program = compile_program({"draw": EntrySpec({"out": cr.draw(("m", 2), node=3) + 0 * x})}).program
    with blocks_of(block):
        found = NumpyRun(program, {}).run("draw", {"x": DATA["x"]}, key=StepKey(seed=5, step=9))["out"]
    np.testing.assert_array_equal(found, uniform((5, 9, 3), 6).reshape(3, 2).astype(np.float32))


def test_memory_that_does_not_suffice_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: NumpyRun, slot: int, size: int) -> None:
        raise MemoryError("Unable to allocate 8 TiB")

    monkeypatch.setattr(NumpyRun, "slot_memory", fail)
    with pytest.raises(WorkFailed, match="entry forward: there is not enough memory: Unable to allocate"):
        machine().run("forward", DATA)


def test_blocks_are_planned_for_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    # A row of forward has two numbers of x and one of z, with a copy of it; 8 bytes each.
    monkeypatch.setattr("chainrule.compiler.numpy_run._BLOCK_BYTES", 8 * 5 * 3)
    wide = machine(dtype=np.float64)
    np.testing.assert_allclose(wide.run("forward", {"x": np.ones((10, 2))})["z"], np.full(10, 3.0))
    (phase,) = wide._plan("forward").phases
    assert 1 < phase.block_rows < 10
