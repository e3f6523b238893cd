"""Scalar products of rows of data with one another, K = X' X'^T, the same bits on every machine.

Bytes are whole numbers, whose products the engine adds up exactly. Other numbers are left to NumPy, whose products
add up in an order of their own. So they get whole numbers alone, few enough at a time that every sum is exact:
whatever the order, the result is the same. (Ozaki et al., "Error-free transformations of matrix multiplication by
using fast routines of matrix multiplication", Numerical Algorithms 59, 2012.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule import _engine
from chainrule.graph.expression import EXAMPLES, Expression, is_constant
from chainrule.graph.value import evaluate
from chainrule.graph.walk import topological
from chainrule.threads import one_thread_for_products, thread_count

Array = NDArray[Any]
Numbers = NDArray[np.int64]

# So many columns of whole numbers of 21 bits are added up exactly in float64 (2**21 * 2**21 * 2**10 = 2**52). Where
# there are fewer columns, numbers may have more bits: at most 24, which float32 holds.
_COLUMNS = 1 << 10
_BITS_OF_A_SUM = 52
_MOST_BITS = 24
# Numbers that are preprocessed at a time, 16 MiB as float64, and that wait as float32, 64 MiB.
_BLOCK = 1 << 21
_WAITING = 1 << 24
# Up to so many products a second thread saves nothing, and NumPy's would spin into what comes after.
_LITTLE_WORK = 1 << 30
# So many products are left to the engine in one call: less than 0.1 s, so that Ctrl-C is heard.
_WORK_OF_A_CALL = 1 << 32


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as a product reads them: an expression of data, computed some rows at a time.

    Attributes:
        expression: of shape (m, n); each row depends on one example alone.
        data: the arrays of its leaves.
        numbers: which rows of the data.
    """

    expression: Expression
    data: Mapping[Expression, Array]
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def features(self) -> int:
        """How many numbers a row has."""
        return int(self.expression.shape[1])

    def part(self, place: slice) -> Rows:
        """Some of the rows."""
        return Rows(self.expression, self.data, self.numbers[place])

    def values(self) -> NDArray[np.float64]:
        """Compute the rows, shape (len, features)."""
        leaves = [node for node in topological([self.expression]) if node.op is EXAMPLES]
        given = {leaf: self.data[leaf][self.numbers] for leaf in leaves}
        return evaluate([self.expression], given)[self.expression]

    def parts(self, size: int) -> Iterator[slice]:
        """Cut the rows into parts of about so many numbers."""
        return _parts(len(self), size // self.features)


def gram(rows: Rows, columns: Rows | None = None, *, dtype: DTypeLike = np.float32) -> Array:
    """Return the scalar products of rows with one another, or with other rows of the same preprocessing.

    Exact where the rows are bytes, perhaps times one number; others are rounded first, to 21 bits or more of the
    largest number of their row, which changes the result about as much as float32's own rounding of it.

    Args:
        rows: the rows of the result.
        columns: its columns; None for the same.
        dtype: of the result. In float64, the reference's, numbers are not rounded and sums have no fixed order.

    Returns:
        An array of shape (len(rows), len(columns)).

    Example:
        >>> import chainrule as cr
        >>> X = cr.examples("X", features=2)
        >>> gram(Rows(X, {X: np.array([[0, 255], [1, 2]], np.uint8)}, np.arange(2))).tolist()
        [[65025.0, 510.0], [510.0, 5.0]]
    """
    left, right = _scaled_bytes(rows), _scaled_bytes(rows if columns is None else columns)
    if left is None or right is None:
        is_little = len(rows) * len(rows if columns is None else columns) * rows.features <= _LITTLE_WORK
        with one_thread_for_products() if is_little else nullcontext():
            return _of_floats(rows, columns, np.dtype(dtype)).astype(dtype, copy=False)
    products = _of_bytes(left[0], rows.numbers, right[0], None if columns is None else columns.numbers)
    products *= left[1] ** 2
    return products.astype(dtype, copy=False)


def _scaled_bytes(rows: Rows) -> tuple[Array, float] | None:
    """Split rows into bytes and the one number that multiplies them; None where they are something else."""
    node, factor = rows.expression, 1.0
    if node.op.name == "divide" and _is_number(node.inputs[1]):
        node, factor = node.inputs[0], 1.0 / float(node.inputs[1].attributes["value"])
    elif node.op.name == "multiply":
        number, other = sorted(node.inputs, key=_is_number, reverse=True)
        if _is_number(number):
            node, factor = other, float(number.attributes["value"])
    array = rows.data.get(node)
    return None if array is None or array.dtype != np.uint8 else (array, factor)


def _is_number(node: Expression) -> bool:
    return is_constant(node) and node.shape == ()


def _of_bytes(X: Array, numbers: Numbers, Y: Array, others: Numbers | None) -> NDArray[np.float64]:
    """Whole numbers, in whatever order they are added."""
    columns = numbers if others is None else others
    total = np.empty((len(numbers), len(columns)))
    work = total.size * X.shape[1]
    threads = 1 if work <= _LITTLE_WORK else thread_count()
    if others is None and work <= _WORK_OF_A_CALL:
        _engine._gram(_lines(X), numbers, None, None, total, threads)
        return total
    for place in _parts(len(numbers), _WORK_OF_A_CALL // max(len(columns) * X.shape[1], 1)):
        start = place.start if others is None else 0
        found = np.empty((len(numbers[place]), len(columns) - start))
        _engine._gram(_lines(X), numbers[place], _lines(Y), columns[start:], found, threads)
        total[place, start:] = found
        if others is None:
            total[start:, place] = found.T
    return total


def _lines(X: Array) -> Array:
    """Return bytes each of whose rows lies in one piece."""
    return X if X.strides[1] == 1 or X.shape[1] == 1 else np.ascontiguousarray(X)


def _of_floats(rows: Rows, columns: Rows | None, dtype: np.dtype[Any]) -> NDArray[np.float64]:
    others = rows if columns is None else columns
    total = np.zeros((len(rows), len(others)))
    for place in rows.parts(_WAITING):
        block, factors = _waiting(rows.part(place), dtype)
        for other in others.parts(_WAITING):
            if columns is None and other.start < place.start:
                total[place, other] = total[other, place].T
                continue
            same = columns is None and other == place
            second, second_factors = (block, factors) if same else _waiting(others.part(other), dtype)
            for part in _parts(rows.features, _COLUMNS):
                a = block[:, part].astype(np.float64)
                b = a if same else second[:, part].astype(np.float64)
                total[place, other] += a @ b.T
            total[place, other] *= factors[:, None]
            total[place, other] *= second_factors
    return total


def _waiting(rows: Rows, dtype: np.dtype[Any]) -> tuple[Array, NDArray[np.float64]]:
    """Compute rows, for float32 as whole numbers of few bits; return them and the factor of each row."""
    waiting = np.empty((len(rows), rows.features), dtype)
    factors = np.ones(len(rows))
    columns = min(rows.features, _COLUMNS)
    bits = min((_BITS_OF_A_SUM - (columns - 1).bit_length()) // 2, _MOST_BITS)
    for place in rows.parts(_BLOCK):
        values = rows.part(place).values()
        if dtype == np.float32:
            factors[place] = np.exp2(np.frexp(np.abs(values).max(axis=1))[1] - bits)
            values = np.rint(values / factors[place][:, None])
        waiting[place] = values
    return waiting, factors


def _parts(count: int, step: int) -> Iterator[slice]:
    step = max(1, step)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
