"""Scalar products of rows: exact for bytes, near enough for other numbers, the same in any order of summation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.training import gram as gram_module
from chainrule.training.gram import Rows, gram

Array = NDArray[Any]


def rows_of(array: Array, expression: Expression | None = None, numbers: Array | None = None) -> Rows:
    X = cr.examples("X", features=array.shape[1])
    every = np.arange(len(array)) if numbers is None else numbers
    return Rows(X if expression is None else expression, {X: array}, every)


def random_bytes(rows: int, columns: int) -> Array:
    return np.random.default_rng(rows + columns).integers(0, 256, (rows, columns)).astype(np.uint8)


@pytest.mark.parametrize("columns", [1, 255, 1024, 1025, 5000])
def test_products_of_bytes_are_exact(columns: int) -> None:
    X = random_bytes(7, columns)
    X[0], X[1] = 255, 0
    wide = X.astype(np.int64)
    assert (gram(rows_of(X), dtype=np.float64) == wide @ wide.T).all()
    assert (gram(rows_of(X, numbers=np.array([4, 1])), rows_of(X), dtype=np.float64) == wide[[4, 1]] @ wide.T).all()


def test_products_of_bytes_may_take_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    X = random_bytes(23, 40)
    wide = X.astype(np.int64)
    monkeypatch.setattr(gram_module, "_WORK_OF_A_CALL", 23 * 40 * 5)
    assert (gram(rows_of(X), dtype=np.float64) == wide @ wide.T).all()
    assert (gram(rows_of(X), rows_of(X[:9].copy()), dtype=np.float64) == wide @ wide[:9].T).all()


@pytest.mark.parametrize("way", ["divided", "times a number", "a number times"])
def test_products_of_scaled_bytes_are_those_of_the_preprocessed_rows(way: str) -> None:
    array = random_bytes(5, 300)
    X = cr.examples("X", features=300)
    scaled = {"divided": X / 255, "times a number": X * 0.5, "a number times": 3 * X}[way]
    values = cr.value(scaled, {X: array})
    found = gram(Rows(scaled, {X: array}, np.arange(5)), dtype=np.float64)
    np.testing.assert_allclose(found, values @ values.T, rtol=1e-14)


@given(st.integers(1, 9), st.integers(1, 60), st.sampled_from([1e-12, 1.0, 1e12]), st.integers(0, 99))
@settings(max_examples=40)
def test_products_of_other_numbers_are_near(count: int, columns: int, size: float, seed: int) -> None:
    X = np.random.default_rng(seed).standard_normal((count, columns)) * size
    found = gram(rows_of(X)).astype(np.float64)
    norms = np.sqrt((X**2).sum(axis=1))
    assert (abs(found - X @ X.T) <= 4e-7 * norms[:, None] * norms).all()


def test_a_row_of_zeros_has_products_of_zero() -> None:
    X = np.array([[0.0, 0.0], [1.5, -2.0]])
    assert gram(rows_of(X)).tolist() == [[0.0, 0.0], [0.0, 6.25]]


def test_other_numbers_do_not_depend_on_the_order_of_the_columns() -> None:
    X = np.random.default_rng(3).standard_normal((6, 1000))
    mixed = X[:, np.random.default_rng(4).permutation(1000)]
    assert (gram(rows_of(X)) == gram(rows_of(mixed))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_wait_in_parts_give_the_same(monkeypatch: pytest.MonkeyPatch, dtype: Any) -> None:
    X = np.random.default_rng(5).standard_normal((11, 40))
    whole, other = gram(rows_of(X), dtype=dtype), gram(rows_of(X[:4]), rows_of(X), dtype=dtype)
    monkeypatch.setattr(gram_module, "_WAITING", 120)
    monkeypatch.setattr(gram_module, "_BLOCK", 80)
    np.testing.assert_allclose(gram(rows_of(X), dtype=dtype), whole, rtol=1e-13)
    np.testing.assert_allclose(gram(rows_of(X[:4]), rows_of(X), dtype=dtype), other, rtol=1e-13)


def test_float64_is_not_rounded_to_whole_numbers() -> None:
    X = np.random.default_rng(6).standard_normal((5, 90))
    np.testing.assert_allclose(gram(rows_of(X), dtype=np.float64), X @ X.T, rtol=1e-13, atol=1e-13)
