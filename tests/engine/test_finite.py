"""Whether all numbers of an array are finite: as NumPy tells, of arrays in one piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chainrule._engine import is_clearly_finite

_FLOATS = ("float16", "float32", "float64")


@pytest.mark.parametrize("dtype", _FLOATS)
@given(data=st.data())
def test_is_what_numpy_says(dtype: str, data: st.DataObject) -> None:
    found = data.draw(arrays(dtype, st.integers(0, 40), elements={"allow_nan": True, "allow_infinity": True}))
    assert is_clearly_finite(found) == np.isfinite(found).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", _FLOATS)
@pytest.mark.parametrize("at", [0, 4095, 4096, 9999])
def test_finds_a_single_one_anywhere(dtype: str, at: int, bad: float) -> None:
    numbers = np.full(10_000, np.finfo(dtype).max, dtype)
    numbers[:5] = 0.0, -0.0, np.finfo(dtype).tiny, np.finfo(dtype).smallest_subnormal, np.finfo(dtype).min
    assert is_clearly_finite(numbers)
    numbers[at] = bad
    assert not is_clearly_finite(numbers)


@pytest.mark.parametrize(
    "other",
    [np.ones((4, 4))[:, ::2], np.ones(3, int), np.ones(3, np.longdouble), np.ones(3, ">f4"), [1.0]],
    ids=["every other number", "whole numbers", "long doubles", "another byte order", "a list"],
)
def test_cannot_tell_of_anything_else(other: object) -> None:
    assert not is_clearly_finite(other)
