"""Random numbers and transposed copies of the engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import _engine
from chainrule.random import uniform


@given(
    seed=st.integers(0, 2**64 - 1),
    step=st.integers(-1, 2**63 - 1),
    node=st.integers(0, 2**63 - 1),
    start=st.integers(0, 2**60),
    count=st.integers(0, 70),
)
def test_numbers_are_those_of_the_reference(seed: int, step: int, node: int, start: int, count: int) -> None:
    out = np.empty(count, np.float32)
    _engine._draw_uniform(seed, step, node, start, out)
    assert out.tolist() == uniform((seed, step, node), count, start).tolist()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (16, 16), (33, 17), (5, 200), (64, 100)])
def test_transposed_copies(shape: tuple[int, int]) -> None:
    matrix = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    out = np.empty(shape[::-1], np.float32)
    _engine._transpose(matrix, shape[1], out)
    assert np.array_equal(out, matrix.T)
