"""Shapes with an axis of examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import UserError
from chainrule.graph import shapes

SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@given(SHAPES, SHAPES)
def test_known_axes_broadcast_as_in_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        expected: tuple[int, ...] | None = np.broadcast_shapes(a, b)
    except ValueError:
        expected = None
    assert shapes.broadcast([a, b]) == expected


@pytest.mark.parametrize(
    ("a", "b", "together"),
    [
        (("m",), (), ("m",)),
        (("m", 3), (3,), ("m", 3)),
        (("m", 1), ("m",), None),
        (("m", 1), (1, 3), ("m", 3)),
        (("m",), (3,), None),
        (("m",), (1,), ("m",)),
        (("m",), (2, 1), (2, "m")),
    ],
)
def test_examples_meet_only_examples_and_single_axes(
    a: shapes.Shape, b: shapes.Shape, together: shapes.Shape | None
) -> None:
    assert shapes.broadcast([a, b]) == shapes.broadcast([b, a]) == together


@pytest.mark.parametrize(
    ("axis", "axes"), [(None, (0, 1, 2)), (-1, (2,)), ((2, 0), (0, 2)), ((1, 1), (1,)), ([0], (0,)), ((), ())]
)
def test_axes_are_named_as_in_numpy(axis: int | tuple[int, ...] | None, axes: tuple[int, ...]) -> None:
    assert shapes.normalise_axes(axis, 3) == axes


@pytest.mark.parametrize("axis", [3, -4, (0, 3)])
def test_an_axis_that_is_not_there_is_an_error(axis: int | tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="is not one of the 3 axes"):
        shapes.normalise_axes(axis, 3)


def test_the_axis_of_examples_counts_as_one_until_it_is_known() -> None:
    assert shapes.size(("m", 3, 2)) == 6
    assert shapes.concrete(("m", 3), 5) == (5, 3)
