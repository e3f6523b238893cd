"""A learning rate that is chosen by a range test, before the training begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chainrule.training.batches import BatchPlan
from chainrule.training.descent import Descent
from chainrule.training.loop import Data, Plan
from chainrule.training.range_test import RangeTest, chosen_rate, end_of_test
from chainrule.training.rates import usual_rate

# From rates that hardly move anything to those that no network bears; then, where the cost exploded before it fell,
# as it may for rows of many hundreds, up to the first of those.
_RANGES = ((1e-6, 10.0), (1e-12, 1e-5))
# Full batches have no noise to be smoothed, and cost more.
_STEPS, _FULL_STEPS = 100, 50


def with_tested_rate(descent: Descent, plan: Plan) -> tuple[Plan, RangeTest]:
    """Choose a plan's learning rate by a range test.

    The descent is put back to where it was, so that the training is the one that the rate by hand would give.

    Args:
        descent: at the first parameters.
        plan: the training; its batches are those of the test.

    Returns:
        The plan with the chosen rate, and the test.
    """
    before, data = descent.whole_state(), descent.prepared(plan.data, plan.rows)
    for lowest, highest in _RANGES:
        rates, costs = _steps(descent, data, plan, lowest, highest)
        descent.restore_state(before)
        tested = chosen_rate(rates, costs, usual=usual_rate(plan.optimizer), plain=plan.plain_cost)
        if tested.fell or len(tested.smoothed) == len(costs):
            break
    return replace(plan, optimizer=replace(plan.optimizer, learning_rate=tested.rate)), tested


def _steps(
    descent: Descent, data: Data, plan: Plan, lowest: float, highest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take steps with growing rates until the cost explodes."""
    batches = BatchPlan(plan.count, plan.batch_size, descent.seed, plan.rows)
    count = _STEPS if plan.batch_size is not None else _FULL_STEPS
    rates = np.geomspace(lowest, highest, count)
    costs: list[float] = []
    while len(costs) < count and end_of_test(costs) == len(costs):
        done = len(costs)
        # Few at a time: what comes after an explosion tells nothing.
        until = min(count, done + max(1, count // 10))
        outputs = descent.steps(data, done + 1, rates[done:until], batches.between(done, until))
        costs += outputs.get("unpenalised", outputs["cost"]).astype(np.float64).tolist()
    return rates[: len(costs)], np.array(costs)
