"""From a cost and what will be done with it to the descent that costs least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import DTypeLike, NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.training.descent import Descent
from chainrule.training.dual_descent import DualDescent
from chainrule.training.dual_plan import DualPlan, Work, plan_dual
from chainrule.training.optimizers import Optimizer

Array = NDArray[Any]


def planned_descent(
    J: Expression,
    parameters: Sequence[Expression],
    values: Mapping[Expression, Array],
    *,
    work: Work | None,
    dual: bool | None,
    optimizer: Optimizer,
    dtype: DTypeLike,
    seed: int,
    engine: str,
    threads: int | None,
    metrics: Mapping[str, Expression] | None = None,
    evaluation: Mapping[str, Expression] | None = None,
) -> Descent:
    """Compile a cost, in coordinates where that pays; the arguments not named here are those of a Descent.

    Args:
        J, parameters, values: the cost, what to change, and first values.
        work: the data and what will be done with them; None where the descent must be direct.
        dual: True or False as the user wants it; None for what costs less.

    Raises:
        UserError: the dual form is wanted, but not possible.
    """
    metrics, evaluation = metrics or {}, evaluation or {}
    roots = [J, *metrics.values(), *evaluation.values()]
    if dual and work is None:
        raise UserError(
            "dual=True: augment changes the rows in each epoch, and sums of them are not kept; leave one out"
        )
    plan = DualPlan(None, "")
    if work is not None:
        plan = plan_dual(roots, parameters, work=work, optimizer=optimizer, dual=dual)
    if plan.found is None or work is None:
        descent = Descent(
            J,
            parameters,
            values,
            optimizer=optimizer,
            metrics=metrics,
            evaluation=evaluation,
            dtype=dtype,
            seed=seed,
            engine=engine,
            threads=threads,
        )
    else:
        descent = DualDescent(
            plan.found,
            parameters,
            values,
            work=work,
            optimizer=optimizer,
            metrics=list(metrics),
            evaluation=list(evaluation),
            dtype=dtype,
            seed=seed,
            engine=engine,
            threads=threads,
        )
    descent.plan = plan.line
    return descent
