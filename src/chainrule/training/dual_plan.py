"""Whether the dual form pays: counted operations of the whole training, direct and dual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import EXAMPLES, Expression
from chainrule.graph.walk import topological
from chainrule.training.dual_candidates import Candidates, find_candidates
from chainrule.training.optimizers import GradientDescent, Momentum, Nesterov, Optimizer

Array = NDArray[Any]

# Every part of their steps is linear in the gradient and treats all elements alike.
_LINEAR = (GradientDescent, Momentum, Nesterov)
# A byte that is read costs about as much as two multiplications with their additions.
_BYTE = 2
# A step reads a weight and writes it, writes its gradient and reads it, four bytes each.
_BYTES_OF_UPDATE = 16
# An example reads a row of K, which is float32.
_BYTES_OF_K = 4
# It is chosen where it costs at most half, and not for less than what some milliseconds of work can do.
_LARGEST_SHARE = 0.5
_LEAST_WORK = 1e8


@dataclass(frozen=True, eq=False)
class Work:
    """What a training will do.

    Attributes:
        data: the arrays of the leaves with examples.
        rows: which rows are learned from; None for all.
        steps: how many steps.
        batch: rows of a step.
        checks: how often other rows are evaluated.
        checked: how many rows those are.
    """

    data: Mapping[Expression, Array]
    rows: NDArray[np.int64] | None
    steps: int
    batch: int
    checks: int = 0
    checked: int = 0

    @property
    def basis(self) -> NDArray[np.int64]:
        """The rows that are learned from, each once."""
        if self.rows is not None:
            return np.unique(self.rows)
        return np.arange(len(next(iter(self.data.values()), ())))


@dataclass(frozen=True, eq=False)
class DualPlan:
    """What was decided.

    Attributes:
        found: the parameters to write in dual form; None where the training is direct.
        line: the decision in words.
    """

    found: Candidates | None
    line: str


def plan_dual(
    roots: Sequence[Expression],
    parameters: Sequence[Expression],
    *,
    work: Work,
    optimizer: Optimizer,
    dual: bool | None,
) -> DualPlan:
    """Decide between W and its coordinates.

    Args:
        roots: the cost and what else is computed.
        parameters: what is trained.
        work: what will be done.
        optimizer: how parameters change.
        dual: True or False as the user wants it; None for what costs less.

    Raises:
        UserError: it is wanted, but not possible.
    """
    if dual is not None and not isinstance(dual, bool | np.bool_):
        raise UserError(f"dual is True, False or None (where it pays), not {dual!r:.60}")
    if dual is False:
        return DualPlan(None, "direct: dual=False")
    try:
        found = _possible(roots, parameters, work, optimizer)
    except UserError as reason:
        if dual:
            raise UserError(f"dual=True: {reason}; leave dual out") from None
        return DualPlan(None, f"direct: {reason}")
    count, features = len(work.basis), int(found.X.shape[1])
    a_step = _dual_step(found, work, count, optimizer) / _direct_step(found, work)
    in_all = _dual_cost(found, work, count, optimizer) / max(_direct_cost(found, work), 1.0)
    pays = in_all <= _LARGEST_SHARE and _direct_cost(found, work) >= _LEAST_WORK
    chosen = bool(dual) or pays
    what = ", ".join(str(w) for w in found.uses)
    line = (
        f"K C costs {a_step:.2g} of X {what} a step for {count} rows of {features} numbers, "
        f"{in_all:.2g} in all with what it needs before and after"
    )
    if not chosen:
        return DualPlan(None, f"direct: {line}; not worth it")
    return DualPlan(found, f"dual: {line}; {'chosen' if pays else 'as wanted'}")


def _possible(
    roots: Sequence[Expression], parameters: Sequence[Expression], work: Work, optimizer: Optimizer
) -> Candidates:
    if type(optimizer) not in _LINEAR:
        names = ", ".join(kind.__name__ for kind in _LINEAR)
        raise UserError(f"{type(optimizer).__name__} leaves the sums of examples, unlike {names}")
    if not len(work.basis):
        raise UserError("there are no examples")
    return find_candidates(roots, parameters)


def _outputs(found: Candidates) -> int:
    return sum(shapes.size(w.shape[1:]) for w in found.uses)


def _itemsize(found: Candidates, work: Work) -> int:
    """The bytes of one number of the data."""
    leaves = [node for node in topological([found.X]) if node.op is EXAMPLES]
    return max(work.data[leaf].dtype.itemsize for leaf in leaves)


def _direct_step(found: Candidates, work: Work) -> float:
    n, h = int(found.X.shape[1]), _outputs(found)
    penalties = sum(n * shapes.size(w.shape[1:]) for w, uses in found.uses.items() if uses.squares)
    rows = work.batch * n * (2 * h + _BYTE * _itemsize(found, work))
    return float(rows + n * h * _BYTE * _BYTES_OF_UPDATE + penalties)


def _dual_step(found: Candidates, work: Work, M: int, optimizer: Optimizer) -> float:
    h = _outputs(found)
    rows = work.batch * M * (h + _BYTE * _BYTES_OF_K)
    norms = sum(len(uses.squares) > 0 for uses in found.uses.values())
    norms += len(found.uses) if optimizer.clip_norm is not None else 0
    return float(rows + M * h * _BYTE * _BYTES_OF_UPDATE + norms * M * M * (h + 4 * _BYTE))


def _direct_cost(found: Candidates, work: Work) -> float:
    n, h = int(found.X.shape[1]), _outputs(found)
    checks = work.checks * work.checked * n * (h + _BYTE * _itemsize(found, work))
    return work.steps * _direct_step(found, work) + checks


def _dual_cost(found: Candidates, work: Work, M: int, optimizer: Optimizer) -> float:
    n, h = int(found.X.shape[1]), _outputs(found)
    # K, the products with the first weights, and the weights at the end.
    before = M * M * n / 2 + M * n * (2 * h + 3 * _BYTE * _itemsize(found, work))
    checks = min(checks_by_gram(found.X, work, M, h), checks_by_weights(found.X, work, M, h))
    return before + work.steps * _dual_step(found, work, M, optimizer) + (checks if work.checks else 0.0)


def checks_by_gram(X: Expression, work: Work, M: int, h: int) -> float:
    """The cost of evaluating other rows by their products with the examples that are learned from."""
    n = int(X.shape[1])
    return float(work.checked * M * n + work.checks * work.checked * M * (h + 4 * _BYTE))


def checks_by_weights(X: Expression, work: Work, M: int, h: int) -> float:
    """The cost of evaluating other rows with weights that are formed anew each time."""
    n = int(X.shape[1])
    return float(work.checks * (M + work.checked) * n * (h + 1))
