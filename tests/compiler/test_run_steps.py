"""Many steps in one call: the same as one call a step, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler import engine_run, numpy_run
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.machine import Batches, Machine, engine_of, machine_for, readable, scalar_table
from chainrule.compiler.program import Buffer
from chainrule.compiler.run_inputs import StepKey

X, W, RATE, STEP = cr.examples("x", features=2), cr.parameter("w", (2,)), cr.variable("rate"), cr.variable("step")
Z = X @ W
PROGRAM = compile_program(
    {
        "step": EntrySpec({"cost": cr.mean(Z**2), "step": STEP * 1.0}, {W: W - RATE * cr.mean(Z) * STEP}),
        "rows": EntrySpec({"z": Z}),
    },
    scalars=[RATE, STEP],
    state=[W],
).program
DATA = {"x": np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)}
BATCHES = Batches(np.array([8, 0, 3, 3, 1, 2, 7]), np.array([0, 2, 5, 7]))
SCALARS = {"rate": np.array([0.5, -0.25, 1.0]), "step": np.array([4.0, 5.0, 6.0])}


@pytest.fixture(params=["engine", "reference"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return machine_for(PROGRAM, {"w": np.array([1.0, 2.0])}, engine=request.param)


def steps(machine: Machine, **changed: Any) -> dict[str, NDArray[Any]]:
    given: dict[str, Any] = {"data": DATA, "batches": BATCHES, "scalars": SCALARS, "key": StepKey(3, 4), **changed}
    return machine.run_steps("step", given["data"], given["batches"], given["scalars"], key=given["key"])


def test_many_steps_in_one_call_are_those_steps_one_by_one(machine: Machine) -> None:
    together = steps(machine)
    end = machine.state["w"].copy()
    machine.state["w"][...] = [1.0, 2.0]
    for place in range(3):
        scalars = {name: float(column[place]) for name, column in SCALARS.items()}
        alone = machine.run("step", DATA, rows=BATCHES.rows_of(place), scalars=scalars)
        assert float(alone["cost"]) == together["cost"][place]
    assert machine.state["w"].tobytes() == end.tobytes()
    assert together["step"].tolist() == [4.0, 5.0, 6.0]


def test_steps_on_all_rows_need_no_row_numbers(machine: Machine) -> None:
    together = steps(machine, batches=Batches.all_rows(9, 3))
    machine.state["w"][...] = [1.0, 2.0]
    listed = steps(machine, batches=Batches(np.tile(np.arange(9), 3), np.array([0, 9, 18, 27])))
    assert together["cost"].tolist() == listed["cost"].tolist()


def test_steps_end_with_the_first_whose_cost_is_no_number(machine: Machine) -> None:
    scalars = {**SCALARS, "rate": np.array([1e30, 1e30, 1.0])}
    costs = steps(machine, scalars=scalars)["cost"]
    assert np.isfinite(costs).tolist() == [True, False]


def test_a_call_comes_back_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_run, "SECONDS_A_CALL", 0.0)
    reference = machine_for(PROGRAM, {"w": np.array([1.0, 2.0])}, engine="reference")
    assert len(steps(reference)["cost"]) == 1
    # The engine looks at the clock now and then.
    monkeypatch.setattr(engine_run, "SECONDS_A_CALL", 0.0)
    engine = machine_for(PROGRAM, {"w": np.array([1.0, 2.0])}, engine="engine")
    many = {name: np.full(1000, 0.0) for name in SCALARS}
    assert 1 <= len(steps(engine, batches=Batches.all_rows(9, 1000), scalars=many)["cost"]) < 1000


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"scalars": {"rate": SCALARS["rate"]}}, "input step of the step is missing"),
        ({"scalars": {**SCALARS, "rate": np.ones(2)}}, "input rate of the step is not one number a step"),
        (
            {"batches": Batches(np.array([0, 9, 1]), np.arange(4))},
            "rows 0 to 9 were asked for",
        ),
        ({"batches": Batches(np.array([0, -1, 1]), np.arange(4))}, "rows -1 to 1"),
        ({"batches": Batches.all_rows(8, 3)}, "take 8 rows each, but the data have 9"),
        ({"data": {}}, "data x is missing"),
        ({"data": {"x": np.ones((9, 3))}}, "shape"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_before_the_first_step(
    machine: Machine, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(cr.UserError, match=message):
        steps(machine, **changed)
    assert machine.state["w"].tolist() == [1.0, 2.0]


def test_an_entry_of_more_than_numbers_runs_step_by_step(machine: Machine) -> None:
    with pytest.raises(cr.UserError, match="rows gives more than single numbers"):
        machine.run_steps("rows", DATA, BATCHES, SCALARS, key=StepKey())


def test_the_inputs_of_steps_stand_in_the_order_of_the_program() -> None:
    shapes: dict[str, Any] = {"step": (), "other": (2,), "m": (), "rate": ()}
    buffers = [Buffer(name, "scalar", shape) for name, shape in shapes.items()]
    expected = [[4.0, 0.0, 0.0, 2.0, 0.5], [5.0, 0.0, 0.0, 3.0, -0.25], [6.0, 0.0, 0.0, 2.0, 1.0]]
    assert scalar_table(buffers, {"step", "m", "rate"}, SCALARS, BATCHES).tolist() == expected


ROWS = np.arange(24).reshape(6, 4)


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "uint8"])
def test_rows_that_can_be_read_are_not_copied(kind: str) -> None:
    rows = ROWS.astype(kind)
    for view in (rows, rows[::2], rows[1:], rows[:, None][:, 0], rows[:, 1:3], rows[:, 0]):
        assert readable(view) is view


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        ROWS > 3,
        ROWS.astype(">f4"),
        ROWS.astype(">f8"),
        ROWS.astype(np.float32, order="F"),
        ROWS.astype(np.float32)[::-1],
        ROWS.astype(np.float32)[:, ::2],
        np.frombuffer(b"\0" + ROWS.astype(np.float32).tobytes(), np.uint8)[1:].view(np.float32).reshape(6, 4),
        np.array([1e300]),
    ],
    ids=lambda rows: f"{rows.dtype.str} {rows.strides}",
)
def test_other_rows_are_converted_without_a_change_of_their_numbers(rows: NDArray[Any]) -> None:
    found = readable(rows)
    assert found.flags.c_contiguous
    assert found.flags.aligned
    assert found.dtype in (np.float32, np.float64)
    assert (found == rows).all()


def test_an_engine_has_one_of_two_names() -> None:
    assert engine_of("reference") == "reference"
    for word in ("numpy", "", None, 1, ["engine"]):
        with pytest.raises(cr.UserError, match='the engine is "engine" or "reference"'):
            engine_of(word)
