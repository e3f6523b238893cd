"""Trainings that end as if the program had: nothing of it is told to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chainrule.training.descent import Descent


class Killed(BaseException):
    """Stands for the end of the program."""


def killed_after(calls: int, train: Callable[[], object]) -> bool:
    """Let the program end in a call for steps, where one call takes a single step; tell whether it came to that."""
    real, left = Descent.steps, [calls]

    def steps(self: Descent, data: Any, first: int, rates: Any, batches: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return real(self, data, first, rates[:1], batches.between(0, 1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Descent, "steps", steps)
        try:
            train()
        except Killed:
            return True
    return False
