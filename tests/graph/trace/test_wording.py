"""Numbers and arrays in a few words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph.trace.wording import number_text, summary, value_data, value_text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_to_six_digits(number: float) -> None:
    assert float(number_text(number)) == pytest.approx(number, rel=5e-6)
    assert len(number_text(number)) <= 13


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    found = summary(np.array([1.0, np.nan, np.inf, 3.0]))
    assert (found.min, found.mean, found.max, found.not_finite) == (1.0, 2.0, 3.0, 2)
    assert str(found).endswith("max 3, 2 not finite")
    assert summary(np.array([np.nan])).not_finite == 1


def test_short_arrays_are_written_out_and_longer_ones_summarised() -> None:
    assert value_text(np.array([[1.0, 2.0], [3.0, 4.0]])) == "[[1, 2], [3, 4]]"
    assert value_text(np.arange(7.0)) == "shape (7,), min 0, mean 3, max 6"
    assert value_data(np.arange(7.0))["value"] is None
    assert value_data(np.zeros((2, 3)), "columns")["shape"] == [3, 2]


def test_an_empty_array_has_no_numbers() -> None:
    assert value_text(np.zeros((0, 3))) == "[]"
