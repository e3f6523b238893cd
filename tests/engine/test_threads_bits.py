"""The same bits for any number of threads, calls and steps a call, on every instruction set."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from chainrule.compiler.machine import Batches
from tests.engine.kernels import KERNELS
from tests.engine.trainings import TRAININGS, Array, Training, run_steps, shuffled

STEPS = 6


@cache
def _training(name: str) -> Training:
    return TRAININGS[name]()


@cache
def _alone(name: str) -> dict[str, Array]:
    """Costs and state of a training on one thread, full batches first, then short ones."""
    return _trained(_training(name), threads=1)


def _trained(training: Training, *, threads: int, kernels: str = "") -> dict[str, Array]:
    machine = training.machine(threads, kernels)
    full = run_steps(machine, training, Batches.all_rows(training.rows, STEPS))
    short = run_steps(machine, training, shuffled(training, training.rows // 2, STEPS), first=1 + STEPS)
    return {"full": full["cost"], "short": short["cost"], **machine.state}


def assert_same_bits(found: dict[str, Array], expected: dict[str, Array]) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert np.isfinite(array).all()
        np.testing.assert_array_equal(found[name].view(np.uint32), array.view(np.uint32), err_msg=name)


@pytest.mark.parametrize("threads", [2, 3, 5, 16, 64])
@pytest.mark.parametrize("name", TRAININGS)
def test_the_bits_are_those_of_one_thread(name: str, threads: int) -> None:
    assert_same_bits(_trained(_training(name), threads=threads), _alone(name))


@pytest.mark.parametrize("kernels", [one for one in KERNELS if one != "scalar"])
@pytest.mark.parametrize("name", TRAININGS)
def test_the_bits_are_those_of_any_processor(name: str, kernels: str) -> None:
    assert_same_bits(_trained(_training(name), threads=2, kernels=kernels), _scalar(name))


@cache
def _scalar(name: str) -> dict[str, Array]:
    return _trained(_training(name), threads=1, kernels="scalar")


@pytest.mark.parametrize("name", TRAININGS)
def test_many_steps_in_a_call_are_many_calls(name: str) -> None:
    training = _training(name)
    batches = shuffled(training, 64, 100)
    together, apart = training.machine(2), training.machine(3)
    costs = run_steps(together, training, batches)["cost"]
    ones = [run_steps(apart, training, batches.between(i, i + 1), 1 + i)["cost"] for i in range(100)]
    assert_same_bits({"cost": np.concatenate(ones), **apart.state}, {"cost": costs, **together.state})


@pytest.mark.parametrize("name", TRAININGS)
def test_the_costs_are_those_of_the_reference(name: str) -> None:
    training = _training(name)
    reference = training.reference()
    machine = training.machine(2)
    batches = Batches.all_rows(training.rows, STEPS)
    expected = run_steps(reference, training, batches)
    found = run_steps(machine, training, batches)
    np.testing.assert_allclose(found["cost"], expected["cost"], rtol=2e-5)
    for name, value in reference.state.items():
        np.testing.assert_allclose(machine.state[name], value, rtol=0, atol=2e-4 * (1 + np.abs(value).max()))
