"""Graphs compiled and run, beside their values in the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

import chainrule as cr
from chainrule.compiler import numpy_run
from chainrule.compiler.entry_plan import EntryPlan, plan_entry
from chainrule.compiler.lower import Compiled, EntrySpec, compile_program
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Entry, Program
from chainrule.compiler.run_inputs import StepKey
from chainrule.graph.expression import Expression

Array = NDArray[Any]
Values = Mapping[Expression, Array]


@contextmanager
def blocks_of(rows: int | None) -> Iterator[None]:
    """Make machines take that many rows at a time; None leaves it to them."""

    def plan(program: Program, entry: Entry, dtype: np.dtype[Any], block_bytes: int) -> EntryPlan:
        found = plan_entry(program, entry, dtype, block_bytes)
        return replace(found, phases=tuple(replace(phase, block_rows=rows or 1) for phase in found.phases))

    with pytest.MonkeyPatch.context() as patch:
        if rows is not None:
            patch.setattr(numpy_run, "plan_entry", plan)
        yield


def compile_entry(
    outputs: Mapping[str, Expression] | None = None,
    updates: Mapping[Expression, Expression] | None = None,
    *,
    scalars: Sequence[Expression] = (),
) -> Compiled:
    return compile_program({"entry": EntrySpec(outputs or {}, updates or {})}, scalars=scalars)


def run(
    compiled: Compiled,
    values: Values,
    *,
    dtype: DTypeLike = np.float64,
    rows: NDArray[np.int64] | None = None,
    block: int | None = None,
    key: StepKey | None = None,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Run the only entry once; return its outputs and the state after it."""
    given = {compiled.names[leaf]: value for leaf, value in values.items() if leaf in compiled.names}
    data = {name: value for name, value in given.items() if name in compiled.program.named("data")}
    scalars = {name: float(value) for name, value in given.items() if name in compiled.program.named("scalar")}
    with blocks_of(block):
        machine = NumpyRun(
            compiled.program, {name: np.asarray(value) for name, value in given.items()}, dtype=dtype
        )
        (name,) = compiled.program.entries
        # A program that reads no data has no other way to know the number of rows.
        if not data and rows is None:
            rows = np.arange(next((len(v) for leaf, v in values.items() if "m" in leaf.shape), 0))
        return machine.run(name, data, rows=rows, scalars=scalars, key=key), machine.state


def reference(node: Expression, values: Values, *, rows: NDArray[np.int64] | None = None) -> Array:
    """The value of a graph on the chosen rows, by the reference."""
    batch = {
        leaf: value if rows is None or "m" not in leaf.shape else value[rows] for leaf, value in values.items()
    }
    return np.asarray(cr.value(node, batch, seed=0, step=0))


def assert_close(found: Array, expected: Array, *, tolerance: float = 1e-10) -> None:
    """Compare, with the size of the largest number as the scale; what is not finite must be the same."""
    assert found.shape == expected.shape
    finite = np.isfinite(expected)
    scale = 1.0 + np.abs(expected[finite]).max(initial=0.0)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    np.testing.assert_allclose(found[finite], expected[finite], rtol=0, atol=tolerance * scale)


def assert_agrees(
    outputs: Mapping[str, Expression],
    values: Values,
    *,
    dtype: DTypeLike = np.float64,
    rows: NDArray[np.int64] | None = None,
    block: int | None = None,
    tolerance: float = 1e-10,
) -> None:
    """Compile expressions, run them and compare each with the reference."""
    found, _ = run(compile_entry(outputs), values, dtype=dtype, rows=rows, block=block)
    for name, node in outputs.items():
        assert_close(found[name], reference(node, values, rows=rows), tolerance=tolerance)
