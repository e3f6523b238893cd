"""When training ends, and which parameters are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import positive, whole
from chainrule.training.history import Epoch, last_relative_changes

Values = list[NDArray[Any]]


@dataclass
class Stopping:
    """Watches the cost after each epoch.

    Attributes:
        patience: how many epochs without improvement (or without change) end the training.
        tolerance: where set, the training has converged when the relative change of the cost has stayed below
            this for `patience` epochs.
        early: whether to stop when the validation cost no longer falls, and to keep the best parameters.
    """

    patience: int = 10
    tolerance: float | None = None
    early: bool = False
    best_cost: float = math.inf
    best_epoch: int | None = None
    best_values: Values | None = None
    costs: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        whole(self.patience, "patience", least=1)
        if self.tolerance is not None:
            positive(self.tolerance, "tolerance")

    def after(self, record: Epoch, values: Values) -> str | None:
        """Take up an epoch; return the reason to stop, or None to go on."""
        self.costs.append(record.cost)
        if self.early and record.validation_cost is not None:
            if record.validation_cost < self.best_cost:
                self.best_cost, self.best_epoch, self.best_values = record.validation_cost, record.epoch, values
            elif record.epoch - (self.best_epoch or 0) >= self.patience:
                return f"the validation cost has not fallen for {self.patience} epochs"
        if self._converged():
            return f"the cost changed by less than {self.tolerance:g} for {self.patience} epochs"
        return None

    def go_on_from(self, records: Sequence[Epoch], best: tuple[int, float, Values] | None) -> None:
        """Know what another one knew after these epochs."""
        self.costs = [record.cost for record in records]
        if best is not None:
            self.best_epoch, self.best_cost, self.best_values = best

    def _converged(self) -> bool:
        if self.tolerance is None or len(self.costs) <= self.patience:
            return False
        return max(last_relative_changes(self.costs, self.patience)) < self.tolerance


def all_finite(values: Values) -> bool:
    """Tell whether every parameter is a number.

    >>> all_finite([np.array([1.0, np.inf])])
    False
    """
    return all(bool(np.isfinite(array).all()) for array in values)
