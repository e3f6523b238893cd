"""The steps of a trace as text, LaTeX and data."""

from __future__ import annotations

import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from tests.graph.trace.networks import binary, categorical
from tests.graph.trace.test_trace import story


def test_before_backward_there_are_forward_steps_alone() -> None:
    assert [step.kind for step in story().steps()] == ["input"] * 3 + ["forward"] * 3


def test_forward_runs_left_to_right_and_backward_right_to_left() -> None:
    steps = [step.label for step in story().backward().steps()]
    assert steps == ["a", "b", "c", "u", "v", "J", "dJ/dJ", "dJ/dv", "dJ/du", "dJ/dc", "dJ/da", "dJ/db"]


def test_a_step_has_formula_numbers_and_result() -> None:
    steps = {step.label: step for step in story().backward().steps()}
    u, da = steps["u"], steps["dJ/da"]
    assert (u.formula, u.numbers, u.result) == ("a * b", "3 * 2", "6")
    assert (da.formula, da.numbers, da.result) == ("dJ/du * du/da", "5 * 2", "10")
    assert da.details == ("du/da = b = 2",)
    assert str(steps["dJ/dv"]) == "dJ/dv = 5"


def test_negative_numbers_are_put_in_brackets() -> None:
    a, b = cr.variables("a b")
    steps = {step.label: step for step in cr.trace(b * (a - b).named("u"), a=-3, b=-2).backward().steps()}
    assert steps["u"].text == "u = a - b = (-3) - (-2) = -1"
    assert steps["dJ/db"].text == "dJ/db = u + dJ/du * du/db = -1 + (-2) * (-1) = 1"


def test_arrays_stand_by_their_shapes() -> None:
    J, values = binary()
    steps = {step.label: step for step in cr.trace(J, values).backward().steps()}
    assert steps["v1"].numbers == "(5, 3) @ (3, 4)"
    assert steps["dJ/dW1"].formula == "X.T @ dJ/dv1"
    assert steps["dJ/dW1"].result.startswith("shape (3, 4), min ")
    assert steps["b2"].result.startswith("[")


def test_in_columns_shapes_and_products_turn_round() -> None:
    J, values = binary()
    steps = {step.label: step for step in cr.trace(J, values).backward().steps(notation="columns")}
    assert (steps["v1"].formula, steps["v1"].numbers) == ("W1 @ X", "(4, 3) @ (3, 5)")
    assert (steps["dJ/dW1"].formula, steps["dJ/dW1"].value.shape) == ("dJ/dv1 @ X.T", (4, 3))
    assert steps["dJ/db1"].formula == "sum(dJ/dZ1, axis=1)"
    assert "(4, 5)" in steps["dJ/dZ1"].numbers


def test_columns_compute_the_same_numbers() -> None:
    J, values = binary()
    trace = cr.trace(J, values).backward()
    for rows, columns in zip(trace.steps(), trace.steps(notation="columns"), strict=True):
        np.testing.assert_array_equal(rows.value, columns.value.T)


@pytest.mark.parametrize("build", [binary, categorical])
def test_steps_are_data_that_json_takes(build: object) -> None:
    J, values = build(m=2)  # type: ignore[operator]
    data = [step.data for step in cr.trace(J, values).backward().steps()]
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert set(data[0]) == {
        *("kind", "label", "formula", "numbers", "details", "text", "latex"),
        *("shape", "value", "min", "mean", "max"),
    }


def test_what_is_no_number_is_said_in_words() -> None:
    x = cr.variable("x")
    (_, step) = cr.trace(cr.log(x), x=0.0).steps()
    assert step.text == "J = log(x) = log(0) = -inf"
    assert step.data["value"] == "-inf"
    json.dumps(step.data, allow_nan=False)


def test_latex_has_the_whole_step() -> None:
    latex = {step.label: step.latex for step in story().backward().steps()}
    assert latex["u"].startswith("u = ")
    assert latex["u"].endswith(" = 6")
    assert r"\frac{\partial J}{\partial u}" in latex["dJ/da"]
    assert latex["dJ/da"].endswith(" = 10")


def test_latex_braces_are_balanced_for_a_network() -> None:
    J, values = categorical()
    trace = cr.trace(J, values).backward()
    for steps in (trace.steps(), trace.steps(notation="columns")):
        for step in steps:
            assert step.latex.count("{") == step.latex.count("}")


def test_an_unknown_notation_is_refused() -> None:
    with pytest.raises(UserError, match='notation is "rows"'):
        list(story().steps(notation="row"))  # type: ignore[arg-type]


def test_latex_puts_numbers_in_and_repeats_nothing() -> None:
    a, b = cr.variables("a b")
    u = (a * b).named("u")
    trace = cr.trace((u - a).named("J"), a=3, b=-2).backward()
    written = {step.label: step.latex for step in trace.steps()}
    assert written["u"] == r"u = a b = 3 (-2) = -6"
    assert written["J"] == r"J = u - a = (-6) - 3 = -9"
    assert written["dJ/du"] == r"\frac{\partial J}{\partial u} = 1"
    assert written["dJ/db"].endswith(r"= 1 \cdot 3 = 3")


def test_latex_of_arrays_has_their_formula_alone() -> None:
    X, w = cr.examples("X", features=2), cr.parameter("w", (2,))
    trace = cr.trace((X @ w).named("z"), X=np.ones((4, 2)), w=[1.0, 2.0])
    (step,) = (step for step in trace.steps() if step.label == "z")
    assert step.latex.startswith("z = X w = ")
    assert step.latex.count("=") == 2
