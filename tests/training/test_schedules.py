"""Schedules: their bounds, and arguments that make no sense. PyTorch's are compared in tests/oracles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.schedules import Schedule

SCHEDULES: list[Schedule] = [
    cr.Constant(0.1),
    cr.StepDecay(0.1, every=2),
    cr.Cosine(0.1, final=0.01),
    cr.OneCycle(0.1),
    cr.WarmUp(0.1, epochs=3),
    cr.WarmUp(cr.Cosine(0.1), epochs=3),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("epochs", [1, 2, 10, 100])
def test_rates_stay_between_zero_and_the_largest(schedule: Schedule, epochs: int) -> None:
    rates = [schedule(point, epochs) for point in np.linspace(0, epochs, 57)[:-1]]
    assert min(rates) > 0
    assert max(rates) <= 0.1


def test_the_ends_are_where_they_were_asked_to_be() -> None:
    assert cr.Cosine(0.1, final=0.01)(0, 10) == pytest.approx(0.1)
    assert cr.Cosine(0.1, final=0.01)(10, 10) == pytest.approx(0.01)
    assert cr.Cosine(0.1, final=0.01)(12, 10) == pytest.approx(0.01)
    assert cr.OneCycle(0.1)(0, 10) == pytest.approx(0.004)
    assert cr.OneCycle(0.1)(3, 10) == pytest.approx(0.1)
    assert cr.OneCycle(0.1)(10, 10) == pytest.approx(4e-7)
    assert cr.WarmUp(0.1, epochs=4)(2, 10) == pytest.approx(0.05)
    assert cr.WarmUp(0.1, epochs=4)(5, 10) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (cr.Constant, {"rate": 0}),
        (cr.Constant, {"rate": "slow"}),
        (cr.StepDecay, {"rate": -1}),
        (cr.StepDecay, {"rate": 0.1, "every": 0}),
        (cr.StepDecay, {"rate": 0.1, "factor": -1}),
        (cr.StepDecay, {"rate": 0.1, "factor": float("inf")}),
        (cr.Cosine, {"rate": float("nan")}),
        (cr.Cosine, {"rate": 0.1, "final": -0.1}),
        (cr.OneCycle, {"rate": 0.1, "warm_up": 1.0}),
        (cr.OneCycle, {"rate": 0.1, "warm_up": 0.0}),
        (cr.OneCycle, {"rate": 0.1, "start_divisor": 0}),
        (cr.OneCycle, {"rate": 0.1, "final_divisor": 0}),
        (cr.WarmUp, {"rate": 0.1, "epochs": 0}),
        (cr.WarmUp, {"rate": -0.1}),
    ],
    ids=repr,
)
def test_arguments_that_make_no_sense_are_refused(kind: Callable[..., object], arguments: dict[str, Any]) -> None:
    with pytest.raises(cr.UserError, match=r"must be a|is a part of"):
        kind(**arguments)


def test_a_training_follows_its_schedule() -> None:
    X, y = cr.points("gauss", count=20)
    network = cr.Network([cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, learning_rate=cr.StepDecay(0.1, every=2, factor=0.5), epochs=5, batch_size="all")
    assert [epoch.learning_rate for epoch in model.history] == [0.1, 0.1, 0.05, 0.05, 0.025]
