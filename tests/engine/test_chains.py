"""Chains with a loop of their own: found where they stand, and the same bits as step by step."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule import _engine
from chainrule.compiler.program import Map, Operand, Program, ScalarStep, concrete
from chainrule.compiler.words import words_of
from chainrule.graph import shapes
from chainrule.training.descent import Descent
from chainrule.training.optimizers import Optimizer
from tests.compiler import networks
from tests.engine.kernels import KERNELS, Alone, bits
from tests.engine.test_maps import before, number, source

Array = NDArray[Any]

# Of the map below.
M, V, W, G, RATE, SCALE, SUM_SCALE = range(7)


def _step(opcode: str, *operands: Operand) -> ScalarStep:
    return ScalarStep(opcode, operands)


def _adam(*, of_sum: bool = True) -> Map:
    """Return Adam's update of m, v and w, which are written over, from a gradient or a sum over examples."""
    steps = [_step("multiply", number(0.9), source(M))]
    gradient = source(G)
    if of_sum:
        steps.append(_step("multiply", source(SUM_SCALE), source(G)))
        gradient = before(1)
    at = len(steps)
    steps += [
        _step("multiply", number(0.1), gradient),
        _step("add", before(0), before(at)),
        _step("multiply", number(0.999), source(V)),
        _step("multiply", gradient, gradient),
        _step("multiply", number(0.001), before(at + 3)),
        _step("add", before(at + 2), before(at + 4)),
        _step("square_root", before(at + 5)),
        _step("multiply", before(at + 6), source(SCALE)),
        _step("add", before(at + 7), number(1e-8)),
        _step("divide", before(at + 1), before(at + 8)),
        _step("multiply", source(RATE), before(at + 9)),
        _step("add", source(W), before(at + 10)),
    ]
    return Map((M, V, W), tuple(range(7)), tuple(steps), (at + 1, at + 5, at + 11))


def _alone(item: Map, size: int) -> Alone:
    more = [(size,)] * (len(item.destinations) - 3)
    return Alone(item, [*[(size,)] * 4, *[()] * 3, *more])


def _seen_within(item: Map) -> Map:
    """Return the same map with its root as another result: then it is taken step by step."""
    root = next(at for at, step in enumerate(item.steps) if step.opcode == "square_root")
    return replace(item, destinations=(*item.destinations, 7), results=(*item.results, root))


def _values(size: int, seed: int = 0) -> list[Array]:
    random = np.random.default_rng(seed)
    arrays = [random.normal(0, 10.0 ** random.integers(-6, 3), size).astype(np.float32) for _ in range(4)]
    arrays[V] = np.abs(arrays[V])
    singles = [np.array(value, np.float32) for value in (-0.01, 1.25, 0.1)]
    return [*arrays, *singles, np.full(size, np.nan, np.float32)]


def _run(item: Map, values: list[Array], kernels: str = "", of: int = 1) -> list[Array]:
    arrays = [value.copy() for value in values]
    ready = _alone(item, values[0].size).on(kernels)
    for part in range(of):
        ready.run(arrays[: 4 + len(item.destinations)], 0, part, of)
    return arrays


def _steps_of_root(program: Program) -> list[int]:
    """Return of each update of many numbers that takes a root how many steps run for each piece."""
    entry = next(iter(program.entries.values()))
    sections = [section for phase in entry.phases for section in (phase.prologue, phase.block)]
    items = [item for section in (*sections, entry.epilogue) for item in section]
    words = words_of(program)
    return [
        _engine._Instruction(*words, at, "").piece_steps
        for at, item in enumerate(items)
        if isinstance(item, Map)
        and any(step.opcode == "square_root" for step in item.steps)
        and math.prod(concrete(program.buffers[item.destinations[0]].shape, 1)) > 1
    ]


@pytest.mark.parametrize(
    ("optimizer", "penalty", "steps"),
    [(cr.Adam(), 0, 1), (cr.Adam(), 1e-3, 4), (cr.AdamW(), 0, 2), (cr.Adam(clip_norm=1.0), 0, 1)],
    ids=["adam", "adam with L2", "adamw", "clipped"],
)
def test_what_optimizers_do_is_found(optimizer: Optimizer, penalty: float, steps: int) -> None:
    Z, parameters = networks.layers((3, 5, 1))
    J = networks.cross_entropy(Z) + penalty * cr.sum(parameters[0] ** 2)
    values = {w: np.zeros(shapes.fixed(w.shape), np.float32) for w in parameters}
    found = _steps_of_root(Descent(J, parameters, values, optimizer=optimizer).program)
    assert len(found) == 3, "b2 is a single number"
    assert max(found) == steps


@given(size=st.integers(2, 2100), of_sum=st.booleans(), of=st.sampled_from((1, 2, 5)), seed=st.integers(0, 999))
def test_a_chain_has_the_bits_of_its_steps(size: int, of_sum: bool, of: int, seed: int) -> None:
    item = _adam(of_sum=of_sum)
    assert _alone(item, size).on().piece_steps == 1
    assert _alone(_seen_within(item), size).on().piece_steps == (10 if of_sum else 9)
    values = _values(size, seed)
    expected = _run(_seen_within(item), values)
    for kernels in KERNELS:
        found = _run(item, values, kernels, of)
        for at in (M, V, W):
            assert bits(found[at]) == bits(expected[at]), (kernels, at)


def test_a_chain_is_near_what_float64_makes_of_it() -> None:
    values = _values(1000, seed=4)
    found = _run(_adam(), values)
    m, v, w, dw, rate, scale, sum_scale = (value.astype(np.float64) for value in values[:7])
    g = sum_scale * dw
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    w = w + rate * (m / (np.sqrt(v) * scale + 1e-8))
    for at, exact in ((M, m), (V, v), (W, w)):
        np.testing.assert_allclose(found[at], exact, rtol=1e-5, atol=1e-6 * np.abs(values[at]).max())


@pytest.mark.parametrize("kernels", KERNELS)
def test_extremes_pass_through_a_chain_as_through_its_steps(kernels: str) -> None:
    numbers = np.array([0, -0.0, 1, 3e38, -3e38, 1e-45, 1e-38, np.inf, -np.inf, np.nan], np.float32)
    values = _values(numbers.size**2)
    values[G], values[V] = (grid.ravel() for grid in np.meshgrid(numbers, numbers))
    expected, found = _run(_seen_within(_adam()), values, kernels), _run(_adam(), values, kernels)
    for at in (M, V, W):
        assert bits(found[at]) == bits(expected[at])


def test_nothing_beyond_a_result_of_a_chain_is_written() -> None:
    values = _values(37)
    memory = [np.full(100, 7, np.float32) for _ in range(3)]
    arrays = [*(array[20:57] for array in memory), *values[3:7]]
    for array, value in zip(arrays, values[:3], strict=False):
        array[:] = value
    _alone(_adam(), 37).on().run(arrays)
    for array in memory:
        assert (array[:20] == 7).all()
        assert (array[57:] == 7).all()


def test_a_rate_for_each_element_is_no_chain() -> None:
    alone = Alone(_adam(), [(40,)] * 5 + [()] * 2)
    assert alone.on().piece_steps == 10
