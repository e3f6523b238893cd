"""Updates that follow the products of a gradient at once give the bits that they give after all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.program import Map
from chainrule.compiler.run_inputs import StepKey
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.training.optimizers import Optimizer
from tests.compiler import networks

Array = NDArray[Any]
rate, number = cr.variable("learning_rate"), cr.variable("step")


def after_three_steps(
    sizes: tuple[int, ...],
    optimizer: Optimizer,
    data: dict[str, Array],
    penalty: float,
    threads: int,
    *,
    measured: bool,
) -> dict[str, Array]:
    """The state of a network; where the gradients are measured, they must be kept, and updates come at the end."""
    random = np.random.default_rng(0)
    Z, parameters = networks.layers(sizes, scale=255)
    J = networks.cross_entropy(Z) + penalty * cr.sum(parameters[0] ** 2)
    updates: dict[Expression, Expression] = {}
    outputs = {"J": J}
    for w, gradient in zip(parameters, cr.gradients(J, parameters), strict=True):
        update = optimizer.update(w, gradient, learning_rate=rate, step=number)
        updates |= {w: update.parameter, **update.state}
        outputs |= {f"size of d{w}": cr.sum(gradient**2)} if measured else {}
    compiled = compile_program({"step": EntrySpec(outputs, updates)}, scalars=[rate, number])
    kept = any(
        isinstance(item, Map) and any(compiled.program.buffers[at].kind == "temporary" for at in item.destinations)
        for item in compiled.program.entries["step"].epilogue
    )
    assert kept == (measured or penalty > 0)
    state = {compiled.names[leaf]: np.zeros(shapes.fixed(leaf.shape)) for leaf in updates}
    state |= {compiled.names[w]: random.normal(size=shapes.fixed(w.shape), scale=0.1) for w in parameters}
    machine = EngineRun(compiled.program, state, threads=threads)
    for step in (1, 2, 3):
        machine.run("step", data, scalars={"learning_rate": 0.01, "step": float(step)}, key=StepKey(0, step))
    return {name: np.array(value) for name, value in machine.state.items()}


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("penalty", [0.0, 0.01], ids=["no penalty", "a penalty reads the old weights"])
@pytest.mark.parametrize("optimizer", [cr.GradientDescent(0.01), cr.Momentum(0.01), cr.Adam(0.01)], ids=str)
@pytest.mark.parametrize(
    ("sizes", "rows"),
    [((50, 30, 1), 10), ((160, 128, 64, 3, 1), 100), ((9, 1), 40), ((700, 600, 1), 300), ((300, 30, 1), 2000)],
    ids=["bands of a small product", "a team", "one neuron", "bands of a large product", "lanes"],
)
def test_the_bits_are_those_of_updates_at_the_end(
    sizes: tuple[int, ...], rows: int, optimizer: Optimizer, penalty: float, threads: int
) -> None:
    random = np.random.default_rng(1)
    data = {
        "X": random.integers(0, 256, (rows, sizes[0])).astype(np.float32),
        "y": random.integers(0, 2, (rows, 1)).astype(np.float32),
    }
    at_once, at_the_end = (
        after_three_steps(sizes, optimizer, data, penalty, threads, measured=measured) for measured in (False, True)
    )
    assert at_once.keys() == at_the_end.keys()
    for name, value in at_once.items():
        np.testing.assert_array_equal(value, at_the_end[name], err_msg=name)


def test_the_bits_are_the_same_where_the_last_of_several_blocks_makes_the_update() -> None:
    random = np.random.default_rng(2)
    rows, features = 900, 20_000
    data: dict[str, Array] = {
        "X": random.integers(0, 256, (rows, features)).astype(np.uint8),
        "y": random.integers(0, 2, (rows, 1)).astype(np.float32),
    }
    at_once, at_the_end = (
        after_three_steps((features, 256, 1), cr.GradientDescent(0.01), data, 0.0, 2, measured=measured)
        for measured in (False, True)
    )
    for name, value in at_once.items():
        np.testing.assert_array_equal(value, at_the_end[name], err_msg=name)
