"""Maps in the engine: every shape and broadcasting, whoever computes which part, on every processor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler.program import Map, Operand, ScalarStep, Shape, concrete
from chainrule.opcodes import OPCODES
from tests.engine.kernels import KERNELS, Alone, Array, bits

# With whole numbers these are exact in float32, whatever is fused with what.
EXACT = [
    "copy",
    "negate",
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "greater",
    "equal",
    "where",
    "absolute",
]
MOST_STEPS = 6


def source(at: int) -> Operand:
    return Operand("source", at)


def before(at: int) -> Operand:
    return Operand("step", at)


def number(value: float) -> Operand:
    return Operand("number", value)


def reference(item: Map, arrays: list[Array], shape: tuple[int, ...]) -> list[Array]:
    """Return what the destinations of a map get, in float64."""
    sources = [arrays[at].astype(np.float64) for at in item.sources]
    steps: list[Array] = []
    for step in item.steps:
        values = {"source": sources, "step": steps}
        operands = [
            np.float64(o.value) if o.kind == "number" else values[o.kind][int(o.value)] for o in step.operands
        ]
        steps.append(np.asarray(OPCODES[step.opcode].numpy(*np.broadcast_arrays(*operands)), np.float64))
    return [np.broadcast_to(steps[at], shape) for at in item.results]


@dataclass
class Case:
    """A map whose sources are the first buffers and whose destinations are the last ones."""

    item: Map
    shapes: list[Shape]
    rows: int
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        return concrete(self.shapes[-1], self.rows)

    def arrays(self) -> list[Array]:
        """Return small whole numbers for the sources, nan for the destinations."""
        random = np.random.default_rng(self.seed)
        shapes = [concrete(shape, self.rows) for shape in self.shapes]
        arrays = [random.integers(-2, 3, shape).astype(np.float32) for shape in shapes]
        for at in self.item.destinations:
            arrays[at][...] = np.nan
        return arrays

    def run(self, kernels: str = "", of: int = 1) -> list[Array]:
        """Return the destinations, computed in some parts."""
        arrays = self.arrays()
        ready = Alone(self.item, self.shapes).on(kernels)
        for part in range(of):
            ready.run(arrays, self.rows, part, of)
        return [arrays[at] for at in self.item.destinations]


@st.composite
def operands(draw: st.DrawFn, sources: int, steps: int) -> Operand:
    kinds = ["number"] + ["source"] * (sources > 0) + ["step"] * (steps > 0)
    kind = draw(st.sampled_from(kinds))
    if kind == "number":
        return number(float(draw(st.integers(-2, 2))))
    return Operand(kind, draw(st.integers(0, (sources if kind == "source" else steps) - 1)))  # type: ignore[arg-type]


@st.composite
def chains(draw: st.DrawFn, sources: int) -> tuple[ScalarStep, ...]:
    steps: list[ScalarStep] = []
    for at in range(draw(st.integers(1, MOST_STEPS))):
        opcode = draw(st.sampled_from(EXACT))
        taken = [draw(operands(sources, at)) for _ in range(OPCODES[opcode].arity)]
        if opcode == "multiply":
            # At most twice as large, so that numbers stay small enough to be exact.
            taken[1] = draw(operands(sources, 0))
        steps.append(ScalarStep(opcode, tuple(taken)))
    return tuple(steps)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    lengths = st.one_of(st.integers(1, 5), st.sampled_from([16, 17, 63, 64, 65, 130]))
    fixed = draw(st.lists(lengths, max_size=3))
    by_row = draw(st.booleans())
    at = draw(st.integers(0, len(fixed))) if by_row else 0
    shape: Shape = (*fixed[:at], "m", *fixed[at:]) if by_row else tuple(fixed)
    rows = draw(st.sampled_from([0, 1, 2, 3, 15, 16, 40])) if by_row else 0
    sources: list[Shape] = []
    for _ in range(draw(st.integers(0, 4))):
        kept = tuple(axis if draw(st.booleans()) else 1 for axis in shape)
        sources.append(kept[draw(st.integers(0, len(kept))) :] if draw(st.booleans()) else kept)
        if draw(st.booleans()):
            sources[-1] = shape
    steps = draw(chains(len(sources)))
    results = draw(st.lists(st.integers(0, len(steps) - 1), min_size=1, max_size=3))
    destinations = tuple(range(len(sources), len(sources) + len(results)))
    item = Map(destinations, tuple(range(len(sources))), steps, tuple(results))
    return Case(item, [*sources, *[shape] * len(results)], rows, draw(st.integers(0, 1000)))


@settings(max_examples=100)
@given(cases())
def test_any_map_of_any_shape(case: Case) -> None:
    expected = reference(case.item, case.arrays(), case.shape)
    for kernels in KERNELS:
        for found, value in zip(case.run(kernels), expected, strict=True):
            assert np.array_equal(found, value.astype(np.float32))


@settings(max_examples=60)
@given(cases(), st.integers(2, 9))
def test_threads_may_share_a_map(case: Case, of: int) -> None:
    for shared, alone in zip(case.run(of=of), case.run(), strict=True):
        assert np.array_equal(shared, alone)


GELU = Map(
    (2, 3),
    (0, 1),
    (
        ScalarStep("add", (source(0), source(1))),
        ScalarStep("multiply", (before(0), number(0.7071))),
        ScalarStep("erf", (before(1),)),
        ScalarStep("multiply", (before(2), number(0.5))),
        ScalarStep("add", (before(3), number(0.5))),
        ScalarStep("multiply", (before(0), before(4))),
        ScalarStep("exp", (before(0),)),
        ScalarStep("tanh", (before(6),)),
        ScalarStep("subtract", (before(7), before(5))),
    ),
    (5, 8),
)


@pytest.mark.parametrize("width", [7, 100])
@pytest.mark.parametrize("spread", ["one number", "one a column", "one a row"])
def test_rows_and_parts_and_processors_do_not_change_a_bit(width: int, spread: str) -> None:
    rows = 90
    shapes: dict[str, Shape] = {"one number": (1,), "one a column": (width,), "one a row": ("m", 1)}
    bias = shapes[spread]
    alone = Alone(GELU, [("m", width), bias, ("m", width), ("m", width)])
    random = np.random.default_rng(9)
    z = random.normal(0, 2, (rows, width)).astype(np.float32)
    b = random.normal(0, 2, concrete(bias, rows)).astype(np.float32)
    whole = [z, b, alone.empty(2, rows), alone.empty(3, rows)]
    alone.on().run(whole, rows)
    expected = bits(np.stack(whole[2:]))
    for kernels in KERNELS:
        found = [z, b, alone.empty(2, rows), alone.empty(3, rows)]
        for start in range(0, rows, 13):
            block = slice(start, start + 13)
            arrays = [array[block] if len(array) == rows else array for array in found]
            for part in range(3):
                alone.on(kernels).run(arrays, len(arrays[0]), part, 3)
        assert bits(np.stack(found[2:])) == expected


@pytest.mark.parametrize("length", [1, 5, 16, 40, 127, 128, 1023, 1024, 1025, 5000, 40_001])
def test_pieces_of_all_lengths(length: int) -> None:
    case = Case(GELU, [("m",), (), ("m",), ("m",)], length, seed=length)
    expected = reference(case.item, case.arrays(), (length,))
    for found, value in zip(case.run(), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("kernels", KERNELS)
def test_state_is_updated_in_place(kernels: str) -> None:
    # Adam's moments and its step: all three states are read and written.
    W, dW, first, second = range(4)
    item = Map(
        (W, first, second),
        (W, dW, first, second),
        (
            ScalarStep("multiply", (source(2), number(0.75))),
            ScalarStep("multiply", (source(1), number(0.25))),
            ScalarStep("add", (before(0), before(1))),
            ScalarStep("multiply", (source(1), source(1))),
            ScalarStep("multiply", (source(3), number(0.5))),
            ScalarStep("multiply", (before(3), number(0.5))),
            ScalarStep("add", (before(4), before(5))),
            ScalarStep("square_root", (before(6),)),
            ScalarStep("add", (before(7), number(1.0))),
            ScalarStep("divide", (before(2), before(8))),
            ScalarStep("subtract", (source(0), before(9))),
        ),
        (10, 2, 6),
    )
    random = np.random.default_rng(10)
    arrays = [random.uniform(0, 2, (37, 70)).astype(np.float32) for _ in range(4)]
    expected = reference(item, arrays, (37, 70))
    ready = Alone(item, [(37, 70)] * 4).on(kernels)
    for part in range(2):
        ready.run(arrays, 0, part, 2)
    for at, value in zip(item.destinations, expected, strict=True):
        np.testing.assert_allclose(arrays[at], value, rtol=1e-6, atol=3e-7)


def test_a_destination_may_be_written_over_a_source_that_later_steps_read() -> None:
    item = Map(
        (0, 1),
        (0, 1),
        (ScalarStep("negate", (source(1),)), ScalarStep("add", (source(0), number(1.0)))),
        (0, 1),
    )
    a, b = np.arange(50, dtype=np.float32), np.arange(50, dtype=np.float32) * 3
    Alone(item, [(50,), (50,)]).on().run([a, b])
    assert np.array_equal(a, np.arange(50) * -3)
    assert np.array_equal(b, np.arange(50) + 1)


def test_a_product_and_a_sum_are_rounded_once() -> None:
    steps = (ScalarStep("multiply", (source(0), source(0))), ScalarStep("subtract", (before(0), number(1.0))))
    alone = Alone(Map((1,), (0,), steps, (1,)), [(3,), (3,)])
    x = np.array([1 + 2**-12, 1 - 2**-13, 3], np.float32)
    out = alone.empty(1)
    alone.on().run([x, out])
    assert out.tolist() == (x.astype(np.float64) ** 2 - 1).astype(np.float32).tolist()
    assert alone.on().piece_steps == 1


def test_a_product_that_is_read_twice_stays() -> None:
    steps = (ScalarStep("multiply", (source(0), source(0))), ScalarStep("add", (before(0), before(0))))
    alone = Alone(Map((1,), (0,), steps, (1,)), [(3,), (3,)])
    out = alone.empty(1)
    alone.on().run([np.array([1, 2, 3], np.float32), out])
    assert out.tolist() == [2, 8, 18]
    assert alone.on().piece_steps == 2


def test_steps_of_single_numbers_run_once() -> None:
    steps = (
        ScalarStep("multiply", (source(0), number(2.0))),
        ScalarStep("exp", (before(0),)),
        ScalarStep("divide", (source(1), before(1))),
    )
    alone = Alone(Map((2,), (0, 1), steps, (2,)), [(1,), ("m", 9), ("m", 9)])
    out = alone.empty(2, 30)
    alone.on().run([np.zeros(1, np.float32), np.ones((30, 9), np.float32), out], 30)
    assert (out == 1).all()
    assert alone.on().piece_steps == 1


def test_nothing_beyond_a_destination_is_written() -> None:
    alone = Alone(Map((1,), (0,), (ScalarStep("copy", (source(0),)),), (0,)), [(1,), ("m", 5)])
    memory = np.full(100, 7, np.float32)
    alone.on().run([np.ones(1, np.float32), memory[10:45].reshape(7, 5)], 7)
    assert (memory[:10] == 7).all()
    assert (memory[10:45] == 1).all()
    assert (memory[45:] == 7).all()


@pytest.mark.parametrize("divisor", [0.5, 8.0, -0.25, 3.0, 2.0**-126, 2.0**127, 0.0])
def test_quotients_are_rounded_once_whatever_the_divisor(divisor: float) -> None:
    alone = Alone(Map((1,), (0,), (ScalarStep("divide", (source(0), number(divisor))),), (0,)), [(900,), (900,)])
    x = np.random.default_rng(12).normal(0, 1, 900).astype(np.float32)
    x[:4] = [2.0**-149, 3e38, 0, np.inf]
    out = alone.empty(1)
    alone.on().run([x, out])
    with np.errstate(all="ignore"):
        assert bits(out) == bits(x / np.float32(divisor))
