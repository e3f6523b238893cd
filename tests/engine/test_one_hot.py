"""Rows with a single 1 are given by its place: the same sums as with the rows themselves, in both machines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program
from chainrule.compiler.run_inputs import OneHot
from tests.engine.kernels import bits

Array = NDArray[Any]


def _program(width: int, columns: int) -> Program:
    """Sum columns of tanh(x) over the rows with a one in each place."""
    E, x = cr.examples("E", features=width), cr.examples("x", features=columns)
    return compile_program({"sum": EntrySpec({"sum": E.T @ cr.tanh(x)})}).program


def _data(rows: int, width: int, columns: int, seed: int = 0) -> tuple[OneHot, Array]:
    random = np.random.default_rng(seed)
    return OneHot.at(random.integers(-1, width, rows)), random.normal(size=(rows, columns)).astype(np.float32)


@given(
    rows=st.integers(0, 300),
    width=st.integers(1, 70),
    columns=st.integers(1, 40),
    threads=st.sampled_from((1, 2, 5)),
    chosen=st.booleans(),
    seed=st.integers(0, 999),
)
def test_sums_are_those_of_the_rows_themselves(
    rows: int, width: int, columns: int, threads: int, chosen: bool, seed: int
) -> None:
    program = _program(width, columns)
    places, x = _data(rows, width, columns, seed)
    numbers = np.random.default_rng(seed).permutation(rows)[: rows // 2 + 1] if chosen else None
    machine = EngineRun(program, {}, threads=threads)
    found = machine.run("sum", {"E": places, "x": x}, rows=numbers)["sum"]
    dense = machine.run("sum", {"E": places.rows(width), "x": x}, rows=numbers)["sum"]
    # A one times a number is that number, and zeros add nothing.
    assert bits(found) == bits(dense)
    reference = NumpyRun(program, {}, dtype=np.float64)
    exact = reference.run("sum", {"E": places, "x": x}, rows=numbers)["sum"]
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-5)


def test_many_rows_and_any_number_of_threads_give_the_same_bits() -> None:
    program = _program(2000, 20)
    places, x = _data(5000, 2000, 20)
    found = [EngineRun(program, {}, threads=n).run("sum", {"E": places, "x": x})["sum"] for n in (1, 2, 3, 16)]
    for other in found[1:]:
        assert bits(other) == bits(found[0])


@pytest.mark.parametrize("place", [3, -2, 2**31 - 1, -(2**31)])
def test_a_place_that_is_not_there_is_no_place(place: int) -> None:
    program = _program(3, 2)
    data = {"E": OneHot.at(np.array([place, 1])), "x": np.ones((2, 2), np.float32)}
    for machine in (EngineRun(program, {}), NumpyRun(program, {})):
        assert machine.run("sum", data)["sum"][[0, 2]].tolist() == [[0, 0], [0, 0]]


def test_only_transposed_rows_of_a_product_may_be_places() -> None:
    E, w = cr.examples("E", features=3), cr.parameter("w", (3,))
    places = OneHot.at(np.array([0, 2]))
    for expression in (E @ w, cr.sum(cr.tanh(E)), cr.sum(E.T @ E)):
        program = compile_program({"one": EntrySpec({"value": expression})}).program
        state = {"w": np.ones(3)} if program.named("state") else {}
        with pytest.raises(ValueError, match="more than places"):
            EngineRun(program, state).run("one", {"E": places})


def test_numbers_in_the_place_of_rows_are_no_places() -> None:
    with pytest.raises(cr.UserError, match=r"the data E has shape \(2,\)"):
        EngineRun(_program(3, 2), {}).run("sum", {"E": np.array([0, 1], np.int32), "x": np.ones((2, 2))})
