"""Reductions in the engine: one order for every sum, which blocks, shapes and processors keep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce as fold
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler.program import Reduce, Shape, concrete
from tests.engine.kernels import KERNELS, Alone, Array, bits

Kind = Literal["sum", "max"]
KINDS: list[Kind] = ["sum", "max"]
LONGEST_ROW = 4096


def joined(kind: Kind, a: Array, b: Array) -> Array:
    return a + b if kind == "sum" else np.where((a > b) | np.isnan(a), a, b)


def start_of(kind: Kind) -> np.float32:
    return np.float32(0 if kind == "sum" else -np.inf)


def in_lanes(rows: Array, kind: Kind) -> Array:
    """Reduce the last axis: element e in lane e % 16, then the lanes in a tree; long rows in pieces."""
    pieces = [rows[..., at : at + LONGEST_ROW] for at in range(0, rows.shape[-1], LONGEST_ROW)]
    return fold(lambda a, b: joined(kind, a, b), [_piece(piece, kind) for piece in pieces])


def _piece(rows: Array, kind: Kind) -> Array:
    padding = [(0, 0)] * (rows.ndim - 1) + [(0, -rows.shape[-1] % 16)]
    padded = np.pad(rows, padding, constant_values=start_of(kind))
    vectors = padded.reshape(*rows.shape[:-1], padded.shape[-1] // 16, 16)
    lanes = np.full_like(vectors[..., 0, :], start_of(kind))
    for at in range(vectors.shape[-2]):
        lanes = joined(kind, lanes, vectors[..., at, :])
    for half in (8, 4, 2, 1):
        lanes = joined(kind, lanes[..., :half], lanes[..., half : 2 * half])
    return np.asarray(lanes[..., 0])


def in_order(x: Array, axes: tuple[int, ...], examples: int | None, kind: Kind, first: Array) -> Array:
    """Reduce as the engine does, going on from `first`, whose shape is without the axes."""
    if examples in axes:
        rest = tuple(axis - (axis > examples) for axis in axes if axis != examples)
        for row in np.moveaxis(x, examples, 0):
            first = joined(kind, first, in_order(row, rest, None, kind, np.full_like(first, start_of(kind))))
        return first
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    real = [axis for axis in range(x.ndim) if x.shape[axis] > 1 or axis == examples]
    inside = max((axis for axis in real if axis in kept), default=-1)
    before = [axis for axis in axes if axis < inside]
    last = [axis for axis in axes if axis > inside]
    shape, *parts = ([x.shape[axis] for axis in some] for some in (kept, before, last))
    ordered = x.transpose(*kept, *before, *last).reshape(*shape, *(math.prod(part) for part in parts))
    sums = in_lanes(ordered, kind)
    result = np.full(shape, start_of(kind), np.float32)
    for at in range(sums.shape[-1]):
        result = joined(kind, result, sums[..., at])
    return joined(kind, first, result)


@dataclass
class Case:
    shape: Shape
    axes: tuple[int, ...]
    kind: Kind
    rows: int
    seed: int

    @property
    def examples(self) -> int | None:
        return self.shape.index("m") if "m" in self.shape else None

    @property
    def accumulates(self) -> bool:
        return self.examples in self.axes

    @property
    def alone(self) -> Alone:
        kept = tuple(axis for at, axis in enumerate(self.shape) if at not in self.axes)
        return Alone(Reduce(1, 0, self.kind, self.axes, self.accumulates), [self.shape, kept])

    def source(self) -> Array:
        random = np.random.default_rng(self.seed)
        return random.normal(0, 1, concrete(self.shape, self.rows)).astype(np.float32)

    def start(self) -> Array:
        start = self.alone.empty(1, self.rows)
        return np.full_like(start, start_of(self.kind)) if self.accumulates else start

    def expected(self) -> Array:
        start = np.full_like(self.start(), start_of(self.kind))
        return in_order(self.source(), self.axes, self.examples, self.kind, start)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    lengths = st.one_of(st.integers(1, 4), st.sampled_from([15, 16, 17, 40, 64, 70, 100]))
    fixed = draw(st.lists(lengths, max_size=3))
    by_row = draw(st.booleans()) or not fixed
    at = draw(st.integers(0, len(fixed))) if by_row and draw(st.booleans()) else 0
    shape: Shape = (*fixed[:at], "m", *fixed[at:]) if by_row else tuple(fixed)
    axes = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    kind = draw(st.sampled_from(KINDS))
    rows = draw(st.sampled_from([0, 1, 2, 3, 17, 33])) if by_row else 0
    return Case(shape, tuple(sorted(axes)), kind, rows, draw(st.integers(0, 1000)))


@settings(max_examples=150)
@given(cases())
def test_the_order_is_as_it_is_written(case: Case) -> None:
    expected = bits(case.expected())
    for kernels in KERNELS:
        out = case.start()
        case.alone.on(kernels).run([case.source(), out], case.rows)
        assert bits(out) == expected


@settings(max_examples=60)
@given(cases(), st.integers(1, 9))
def test_blocks_of_rows_do_not_change_a_bit(case: Case, block: int) -> None:
    if case.accumulates:
        source, out = case.source(), case.start()
        for start in range(0, case.rows, block):
            rows = np.take(source, range(start, min(start + block, case.rows)), case.shape.index("m"))
            case.alone.on().run([np.ascontiguousarray(rows), out], min(block, case.rows - start))
        assert bits(out) == bits(case.expected())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [4095, 4096, 4097, 9000])
@pytest.mark.parametrize("kernels", KERNELS)
def test_long_rows_go_in_pieces(length: int, kind: Kind, kernels: str) -> None:
    case = Case((2, length), (1,), kind, 0, seed=length)
    out = case.start()
    case.alone.on(kernels).run([case.source(), out])
    assert bits(out) == bits(case.expected())


def test_sums_are_close_to_the_true_ones() -> None:
    x = np.random.default_rng(11).uniform(0, 1, (300, 700)).astype(np.float32)
    for axes in [(0,), (1,), (0, 1)]:
        case = Case((300, 700), axes, "sum", 0, seed=0)
        out = case.start()
        case.alone.on().run([x, out])
        np.testing.assert_allclose(out, x.astype(np.float64).sum(axes), rtol=3e-6)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_nan_stays_whatever_comes_after_it(axes: tuple[int, ...], kernels: str) -> None:
    for at in [(0, 0), (1, 20), (4, 39)]:
        x = np.ones((5, 40), np.float32)
        x[at] = np.nan
        for kind in KINDS:
            case = Case((5, 40), axes, kind, 0, seed=0)
            out = case.start()
            case.alone.on(kernels).run([x, out])
            assert np.array_equal(np.isnan(out), np.isnan(x).any(axes))


def test_the_maximum_of_nothing_is_below_all() -> None:
    case = Case(("m", 3), (0,), "max", 0, seed=0)
    out = case.start()
    case.alone.on().run([case.source(), out], 0)
    assert (out == -np.inf).all()
