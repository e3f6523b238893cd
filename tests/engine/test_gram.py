"""Scalar products of rows of bytes are exact, whoever computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chainrule import _engine
from tests.engine.kernels import KERNELS

Array = NDArray[Any]


def _bytes(rows: int, columns: int, seed: int = 0) -> Array:
    X = np.random.default_rng(seed).integers(0, 256, (rows, columns), np.uint8)
    X[:1] = 255
    return X


def _products(X: Array, numbers: Array, Y: Array | None, others: Array | None, *more: Any) -> Array:
    out = np.full((len(numbers), len(numbers if others is None else others)), np.nan)
    _engine._gram(X, numbers, Y, others, out, *more)
    return out


@given(
    rows=st.integers(0, 220),
    others=st.integers(0, 130),
    columns=st.integers(0, 2200),
    threads=st.sampled_from((1, 2, 5)),
    kernels=st.sampled_from(KERNELS),
    seed=st.integers(0, 99),
)
def test_products_are_exact(rows: int, others: int, columns: int, threads: int, kernels: str, seed: int) -> None:
    X, Y = _bytes(rows + 1, columns, seed), _bytes(others + 1, columns, seed + 1)
    random = np.random.default_rng(seed)
    numbers, second = random.integers(0, rows + 1, rows), random.permutation(others + 1)[:others]
    wide, wide_second = X[numbers].astype(np.float64), Y[second].astype(np.float64)
    assert (_products(X, numbers, Y, second, threads, kernels) == wide @ wide_second.T).all()
    assert (_products(X, numbers, None, None, threads, kernels) == wide @ wide.T).all()


def test_the_largest_sums_are_exact() -> None:
    X = np.full((3, 200_000), 255, np.uint8)
    assert (_products(X, np.arange(3), None, None) == 255 * 255 * 200_000).all()


def test_rows_may_be_those_of_a_larger_table() -> None:
    table = _bytes(10, 50)
    X = table[::2, 3:40]
    wide = X.astype(np.float64)
    assert (_products(X, np.arange(5), None, None) == wide @ wide.T).all()


def test_what_does_not_fit_is_refused() -> None:
    X, out = _bytes(4, 6), np.empty((2, 2))
    two = np.array([0, 3])
    for numbers in ([0, 4], [-1, 0]):
        with pytest.raises(IndexError, match="no such row"):
            _engine._gram(X, np.array(numbers), None, None, out)
        with pytest.raises(IndexError, match="no such row"):
            _engine._gram(X, two, X, np.array(numbers), out)
    for second, others in ((X[:, :5], two), (X, np.arange(3)), (X, None), (None, two)):
        with pytest.raises(ValueError, match=r"table of products|have numbers"):
            _engine._gram(X, two, second, others, out)
    with pytest.raises(ValueError, match="in pieces"):
        _engine._gram(_bytes(4, 12)[:, ::2], two, None, None, out)
