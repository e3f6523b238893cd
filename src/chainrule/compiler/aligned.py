"""Arrays that begin with a line of the cache: a vector that lies across two lines is loaded twice."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_CACHE_LINE = 64


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return zeros in one piece, which begins with a line.

    >>> aligned_zeros((2, 3), np.float32).ctypes.data % 64
    0
    """
    dtype = np.dtype(dtype)
    size = prod(shape) * dtype.itemsize
    memory = np.zeros(size + _CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % _CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def aligned_rows(rows: int, columns: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return zeros each of whose rows begins with a line.

    >>> aligned_rows(2, 3, np.float32).strides
    (64, 4)
    """
    in_a_line = _CACHE_LINE // np.dtype(dtype).itemsize
    return aligned_zeros((rows, -(-columns // in_a_line) * in_a_line), dtype)[:, :columns]
