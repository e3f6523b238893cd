"""Matrix products of the engine: every element is the chain of fused multiply-adds that is promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chainrule import _engine

from .kernels import KERNELS, bits

Array = NDArray[Any]
DTYPES = ("float32", "float64", "float16", "uint8")
LAYOUTS = ("rows", "columns", "wide rows", "wide columns", "strided")


def _laid_out(values: Array, layout: str) -> Array:
    """Return a view with these values whose elements lie apart as the layout says."""
    rows, columns = values.shape
    if layout == "rows":
        return np.ascontiguousarray(values)
    if layout == "columns":
        return np.asfortranarray(values)
    if layout == "strided":
        memory = np.zeros((2 * rows + 1, 3 * columns + 1), values.dtype)[: 2 * rows : 2, : 3 * columns : 3]
    elif layout == "wide rows":
        memory = np.zeros((rows, columns + 5), values.dtype)[:, 2 : columns + 2]
    else:
        memory = np.zeros((columns, rows + 5), values.dtype)[:, 3 : rows + 3].T
    memory[...] = values
    return memory


def _matrix(generator: np.random.Generator, rows: int, columns: int, dtype: str, layout: str) -> Array:
    if dtype == "uint8":
        return _laid_out(generator.integers(0, 256, (rows, columns), np.uint8), layout)
    return _laid_out(generator.standard_normal((rows, columns)).astype(dtype), layout)


def _fma(a: Array, b: Array, c: Array) -> Array:
    """Return a * b + c of float32, rounded once: float64 whose last bit is made odd where it is not exact."""
    product = a.astype(np.float64) * b.astype(np.float64)
    addend = c.astype(np.float64)
    total = product + addend
    part = total - product
    error = (product - (total - part)) + (addend - part)
    is_even = (total.view(np.int64) & 1) == 0
    odd = np.nextafter(total, np.copysign(np.inf, error))
    total = np.where((error != 0) & is_even, odd, total)
    return total.astype(np.float32)


def _chain(a: Array, b: Array, c: Array) -> Array:
    for k in range(a.shape[1]):
        c = _fma(a[:, k, None], b[None, k], c)
    return c


def _dots(a: Array, b: Array, c: Array, accumulate: bool) -> Array:
    chains = np.zeros((64, a.shape[0], b.shape[1]), np.float32)
    for k in range(a.shape[1]):
        chains[k % 64] = _fma(a[:, k, None], b[None, k], chains[k % 64])
    v = chains.reshape(4, 16, *chains.shape[1:])
    sums = (v[0] + v[1]) + (v[2] + v[3])
    for half in (8, 4, 2, 1):
        sums = sums[:half] + sums[half : 2 * half]
    total: Array = c + sums[0] if accumulate else sums[0]
    return total


def _expected(a: Array, b: Array, c: Array, accumulate: bool) -> Array:
    a32, b32 = a.astype(np.float32), b.astype(np.float32)
    start = c if accumulate else np.zeros_like(c)
    # One row is contiguous whatever its array says of the distance to the next.
    rows_are_contiguous = a.strides[1] == a.itemsize and (len(a) == 1 or a.strides[0] != a.itemsize)
    if b.shape[1] < 8 and rows_are_contiguous and a.shape[1] > 0:
        return _dots(a32, b32, c, accumulate)
    return _chain(a32, b32, start)


def _product(a: Array, b: Array, c: Array, accumulate: bool, kernels: str, parts: int = 1) -> Array:
    result = c.copy()
    _engine._multiply(a, b, result, accumulate=accumulate, kernels=kernels, parts=parts)
    return result


@given(
    rows=st.integers(0, 40),
    columns=st.integers(0, 40),
    depth=st.integers(0, 70),
    dtypes=st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)),
    layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS)),
    accumulate=st.booleans(),
    parts=st.sampled_from((1, 2, 3, 5, 64)),
    seed=st.integers(0, 2**32 - 1),
)
@example(1, 1, 1, ("float32", "float32"), ("rows", "rows"), True, 1, 721)
def test_every_element_is_one_chain_in_increasing_k_or_the_dot_form_for_few_columns(
    rows: int,
    columns: int,
    depth: int,
    dtypes: tuple[str, str],
    layouts: tuple[str, str],
    accumulate: bool,
    parts: int,
    seed: int,
) -> None:
    generator = np.random.default_rng(seed)
    a = _matrix(generator, rows, depth, dtypes[0], layouts[0])
    b = _matrix(generator, depth, columns, dtypes[1], layouts[1])
    c = generator.standard_normal((rows, columns)).astype(np.float32)
    expected = _expected(a, b, c, accumulate)
    for kernels in KERNELS:
        np.testing.assert_array_equal(_product(a, b, c, accumulate, kernels, parts), expected, kernels)


SHAPES = (
    (600, 40, 300),  # several blocks of rows and of k
    (300, 20, 1100),  # several blocks of rows that are converted
    (1024, 20, 40),  # columns that share a place of the first cache
    (50, 270, 520),  # packed
    (29, 100, 513),
    (513, 33, 2),
    (300, 5, 700),
    (9, 3, 5000),  # the dot form in several stretches
    (3, 1, 4097),
    (130, 1, 64),
)


@pytest.mark.parametrize(("rows", "columns", "depth"), SHAPES)
@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_all_instruction_sets_and_all_numbers_of_parts_give_the_same_bits_near_the_true_product(
    rows: int, columns: int, depth: int, layout: str, dtype: str
) -> None:
    generator = np.random.default_rng(rows + columns + depth)
    a = _matrix(generator, rows, depth, dtype, layout)
    c = generator.standard_normal((rows, columns)).astype(np.float32)
    for b_layout in ("rows", "columns"):
        b = _matrix(generator, depth, columns, "float32", b_layout)
        first = _product(a, b, c, True, KERNELS[0])
        exact = a.astype(np.float64) @ b.astype(np.float64) + c
        bound = np.abs(a.astype(np.float64)) @ np.abs(b.astype(np.float64)) + np.abs(c)
        assert (np.abs(first - exact) <= bound * (depth + 2) * 2.0**-24).all()
        for kernels in KERNELS:
            for parts in (1, 2, 3, 5, 16, 64):
                assert bits(_product(a, b, c, True, kernels, parts)) == bits(first), (kernels, parts)


@pytest.mark.parametrize("layout", ["rows", "columns"])
@pytest.mark.parametrize(("columns", "depth"), [(1, 5000), (4, 2), (4, 200), (7, 16), (30, 784), (100, 30)])
def test_a_row_alone_has_the_bits_that_it_has_in_a_batch(columns: int, depth: int, layout: str) -> None:
    generator = np.random.default_rng(depth)
    a = _matrix(generator, 37, depth, "uint8", "rows")
    b = _matrix(generator, depth, columns, "float32", layout)
    together = _product(a, b, np.zeros((37, columns), np.float32), False, "")
    for row in (0, 17, 36):
        alone = _product(a[row : row + 1], b, np.zeros((1, columns), np.float32), False, "")
        assert bits(alone) == bits(together[row : row + 1])


def test_accumulating_block_by_block_gives_the_bits_of_one_product() -> None:
    generator = np.random.default_rng(5)
    X = _matrix(generator, 100, 300, "uint8", "rows")
    for columns in (1, 5, 20):
        dZ = _matrix(generator, 100, columns, "float32", "rows")
        whole = _product(X.T, dZ, np.zeros((300, columns), np.float32), False, "")
        blocks = np.zeros_like(whole)
        for first in range(0, 100, 32):
            _engine._multiply(X[first : first + 32].T, dZ[first : first + 32], blocks, accumulate=True)
        assert bits(blocks) == bits(whole)


@pytest.mark.parametrize("kernels", KERNELS)
def test_nan_and_infinity_stay_in_their_row_and_column(kernels: str) -> None:
    for rows, columns, depth in ((20, 20, 20), (20, 3, 70), (50, 3, 9), (3, 1, 5)):
        a, b = np.ones((rows, depth), np.float32), np.ones((depth, columns), np.float32)
        a[1, -1] = np.nan
        b[0, -1] = np.inf
        for left in (a, np.asfortranarray(a)):
            c = _product(left, b, np.zeros((rows, columns), np.float32), False, kernels)
            assert np.isnan(c[1]).all()
            assert (np.delete(c, 1, axis=0)[:, -1] == np.inf).all()
            assert (np.delete(c, 1, axis=0)[:, :-1] == depth).all()


def test_denormal_numbers_are_kept() -> None:
    a = np.full((3, 20), 2.0**-70, np.float32)
    b = np.full((20, 9), 2.0**-75, np.float32)
    for kernels in KERNELS:
        assert (_product(a, b, np.zeros((3, 9), np.float32), False, kernels) == 20 * 2.0**-145).all()


def test_small_products_are_for_one_thread_and_large_ones_for_many() -> None:
    def parts(rows: int, depth: int, columns: int) -> int:
        a, b = np.zeros((rows, depth), np.uint8), np.zeros((depth, columns), np.float32)
        return _engine._product_parts(a, b, np.zeros((rows, columns), np.float32))

    assert parts(10, 2, 4) == parts(10, 784, 1) == 1
    assert parts(128, 784, 256) >= 8
    assert parts(512, 12288, 1) >= 8


def test_what_is_no_product_is_refused() -> None:
    c = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match="shapes"):
        _engine._multiply(np.zeros((2, 4)), np.zeros((5, 3)), c)
    with pytest.raises(TypeError, match="float32"):
        _engine._multiply(np.zeros((2, 4), np.int32), np.zeros((4, 3)), c)
    with pytest.raises(ValueError, match="scalar"):
        _engine._multiply(np.zeros((2, 4)), np.zeros((4, 3)), c, kernels="fast")
