"""Which examples form each batch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import whole
from chainrule.compiler.machine import Batches
from chainrule.errors import UserError
from chainrule.random import permutation

# Tells the order of examples apart from other random streams of the same seed.
_ORDER_STREAM = 0x6F72646572


def rows_in_batch(batch_size: int | str, count: int) -> int | None:
    """Return the number of rows in a batch; None for full batch.

    Example:
        >>> rows_in_batch(32, 1000), rows_in_batch("all", 1000), rows_in_batch(32, 20)
        (32, None, None)
    """
    if isinstance(batch_size, str):
        if batch_size != "all":
            raise UserError(f'the batch size is a positive whole number or "all", not {batch_size!r}')
        return None
    size = whole(batch_size, 'the batch size (where it is not "all")', least=1)
    return size if size < count else None


def order_of_epoch(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the order in which an epoch, counted from 0, goes through the examples.

    Example:
        >>> sorted(order_of_epoch(4, seed=0, epoch=0).tolist())
        [0, 1, 2, 3]
    """
    return permutation((seed, _ORDER_STREAM, epoch), count)


class BatchPlan:
    """Says which examples each step of a training takes: in each epoch every one once, in a new order.

    Args:
        count: how many examples there are.
        size: how many a step takes, the last step of an epoch perhaps fewer; None takes all in each step.
        seed: decides the order.
        rows: their row numbers in the data; None where they are all rows.

    Attributes:
        per_epoch: how many steps an epoch has.

    Example:
        >>> plan = BatchPlan(10, 4, seed=0)
        >>> plan.per_epoch, plan.between(2, 5).counts.tolist()
        (3, [2, 4, 4])
    """

    def __init__(self, count: int, size: int | None, seed: int, rows: NDArray[np.int64] | None = None) -> None:
        self.count = count
        self.size = max(count, 1) if size is None else size
        self.per_epoch = max(1, -(-count // self.size))
        self._shuffled = size is not None
        self._seed = seed
        self._rows = rows
        self._order: tuple[int, NDArray[np.int64]] = -1, np.empty(0, np.int64)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many examples each step of an epoch has, shape (per_epoch,)."""
        return np.diff(np.minimum(np.arange(self.per_epoch + 1) * self.size, self.count))

    def between(self, start: int, stop: int) -> Batches:
        """The batches of the steps from `start` to before `stop`, counted from 0."""
        if not self._shuffled and self._rows is None:
            return Batches.all_rows(self.count, stop - start)
        first = start // self.per_epoch
        epochs, places = np.divmod(np.arange(start, stop + 1), self.per_epoch)
        rows = [self._rows_of(epoch) for epoch in range(first, (stop - 1) // self.per_epoch + 1)]
        return Batches(
            rows[0] if len(rows) == 1 else np.concatenate(rows), (epochs - first) * self.count + places * self.size
        )

    def _rows_of(self, epoch: int) -> NDArray[np.int64]:
        """The rows of an epoch in its order; the last one is kept, as steps may be asked for in parts."""
        if not self._shuffled:
            assert self._rows is not None
            return self._rows
        if self._order[0] != epoch:
            order = order_of_epoch(self.count, self._seed, epoch)
            self._order = epoch, order if self._rows is None else self._rows[order]
        return self._order[1]
