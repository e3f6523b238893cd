"""Which examples form each batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import whole
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


def batches_of_epoch(count: int, size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Cut the examples, in a new order each epoch, into batches; the last may be short.

    Example:
        >>> [len(batch) for batch in batches_of_epoch(10, 4, seed=0, epoch=0)]
        [4, 4, 2]
    """
    order = permutation((seed, _ORDER_STREAM, epoch), count)
    return [order[start : start + size] for start in range(0, count, size)]


def batch_stream(count: int, size: int | None, seed: int) -> Iterator[NDArray[np.int64] | None]:
    """Go through batches epoch after epoch without end; None stands for all examples.

    Example:
        >>> stream = batch_stream(4, 2, seed=0)
        >>> sorted(int(row) for _ in range(2) for row in next(stream))
        [0, 1, 2, 3]
    """
    for epoch in itertools.count():
        yield from [None] if size is None else batches_of_epoch(count, size, seed, epoch)
