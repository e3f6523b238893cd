"""The batches of an epoch, cut one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.training.batches import order_of_epoch


def batches_of_epoch(count: int, size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Cut the examples in the order of an epoch into batches; the last may be short."""
    order = order_of_epoch(count, seed, epoch)
    return [order[start : start + size] for start in range(0, count, size)]
