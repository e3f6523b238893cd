"""Every program computes what the reference computes, whatever the graph, the blocks and the numbers' types."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.walk import topological
from tests.compiler import graphs
from tests.compiler.graphs import Grown
from tests.compiler.running import Array, assert_agrees, assert_close, compile_entry, reference, run

fast = settings(derandomize=True, max_examples=250)
blocks = st.sampled_from([None, 1, 2, 3])


@fast
@given(graphs.grown(), blocks, st.data())
def test_random_graphs_forward(graph: Grown, block: int | None, data: st.DataObject) -> None:
    possible = [node for node in graph.pool if graphs.examples_first(node)]
    chosen = [possible[-1], *data.draw(st.lists(st.sampled_from(possible), max_size=4))]
    assert_agrees({f"out{i}": node for i, node in enumerate(chosen)}, graph.values, block=block)


@fast
@given(graphs.grown(), blocks)
def test_random_graphs_with_gradients(graph: Grown, block: int | None) -> None:
    J = graphs.as_cost(graph.pool[-3:])
    there = set(topological([J]))
    parameters = [w for w in graph.parameters if w in there]
    found = cr.gradients(J, parameters)
    assert_agrees(
        {"J": J} | {f"d{w}": g for w, g in zip(parameters, found, strict=True)}, graph.values, block=block
    )


@fast
@given(graphs.grown(), blocks, st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_random_graphs_on_chosen_rows(graph: Grown, block: int | None, picks: list[int]) -> None:
    count = len(graph.values[graph.pool[0]])
    rows = np.array([pick % count for pick in picks])
    possible = [node for node in graph.pool if graphs.examples_first(node)][-3:]
    outputs = {f"out{i}": node for i, node in enumerate(possible)}
    assert_agrees(outputs, graph.values, block=block, rows=rows)


@fast
@given(graphs.grown(smooth=True), blocks)
def test_random_smooth_graphs_in_float32(graph: Grown, block: int | None) -> None:
    outputs = {f"out{i}": node for i, node in enumerate(graph.pool[-4:]) if graphs.examples_first(node)}
    assert_agrees(outputs, graph.values, block=block, dtype=np.float32, tolerance=2e-4)


X = cr.examples("X", features=3)
v = cr.examples("v")
W = cr.parameter("W", (3, 2))
w = cr.parameter("w", (3,))
s = cr.parameter("s")
B = cr.parameter("B", (1, 1))
_random = np.random.default_rng(1)
VALUES: dict[cr.Expression, Array] = {
    leaf: _random.normal(size=tuple(5 if axis == "m" else axis for axis in leaf.shape))
    for leaf in (X, v, W, w, s, B)
}

CASES = {
    "a leaf of examples": X,
    "a parameter": W,
    "a constant": cr.constant([1.0, 2.0]),
    "a reshape of a parameter": cr.reshape(W, (2, 3)),
    "a reshape of examples": cr.reshape(X, ("m", 3, 1)),
    "the number of examples": cr.sum(v * 0) + cr.example_count(),
    "a transposed parameter": W.T,
    "a transpose read by a sum": cr.sum(W.T * cr.reshape(W, (2, 3)), axis=0),
    "transposed examples read by a map": cr.sum(X.T * cr.reshape(w, (3, 1)), axis=1),
    "a product of a vector and a matrix": w @ W,
    "a product of a vector of examples and a matrix": v @ X,
    "a product of vectors of examples": v @ v,
    "outer products summed": cr.reshape(v, ("m", 1)).T @ X,
    "rows standardised over the examples": (X - cr.mean(X, axis=0)) / cr.sqrt(cr.mean(X**2, axis=0)),
    "three phases": cr.mean((v - cr.mean(v)) ** 2) + cr.max(v - cr.sum(v * cr.max(v))),
    "a maximum of one number": cr.max(s),
    "a sum of one number": cr.sum(s * 2),
    "a number to powers": (s * s) ** np.array([2.0, 2.0, 2.0]),
    "a number to the power -1, three times": s ** np.array([-1.0, -1.0, -1.0]),
    "random numbers of fixed shape beside examples": X * cr.draw((3,), node=7),
    "random numbers for each example": X * cr.draw(("m", 3), node=7),
    "one number by a matrix of one": B * s + cr.sum(v),
    "examples and a matrix of one": cr.reshape(v, ("m", 1)) * B,
    "scaled data in a product": (X / 255) @ W + (2 * X) @ W + (X * w) @ W,
    "a product with scaled data transposed": (X * w).T @ cr.reshape(v, ("m", 1)),
    "a product with scaled data on the right": cr.reshape(v, ("m", 1)).T @ (X * w),
    "standardised data in a product": ((X - [1.0, -2.0, 0.5]) * [0.5, 3.0, 1.0]) @ W + (X - 2) @ W,
    "a product with standardised data transposed": ((X - 0.5) / 2).T @ cr.reshape(v, ("m", 1)),
    "a product with standardised data on the right": cr.reshape(v, ("m", 1)).T @ ((X - [1.0, -2.0, 0.5]) * 3),
    "shifted data far from zero": (X - 1000.0) @ W,
    "infinite constants": cr.where(X > 0, X, -np.inf),
    "a large constant": cr.sum(v) * cr.constant(np.arange(6000.0)),
    "softmax of many": cr.softmax(1000 * (X @ W)),
}


@pytest.mark.parametrize("block", [None, 1, 2])
@pytest.mark.parametrize("case", CASES)
def test_special_graphs(case: str, block: int | None) -> None:
    assert_agrees({"out": CASES[case]}, VALUES, block=block)


def test_rows_and_sums_of_two_phases_are_results_together() -> None:
    z = X * w
    centered = z - cr.mean(z, axis=0)
    assert_agrees({"z": z, "centered": centered, "again": z, "size": cr.mean(centered**2)}, VALUES, block=2)


def test_one_expression_twice_and_its_parts_are_results_together() -> None:
    a = cr.tanh(X @ W)
    assert_agrees(
        {"a": a, "twice": a, "z": a.inputs[0], "double": 2 * a, "flat": cr.reshape(a, ("m", 2, 1))}, VALUES
    )


def test_large_constants_stay_arrays_of_the_program() -> None:
    compiled = compile_entry({"out": v @ v * cr.constant(np.arange(6000.0))})
    assert [buffer.shape for buffer in compiled.program.buffers if buffer.kind == "constant"] == [(6000,)]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64, np.bool_])
def test_data_of_any_real_type(dtype: type) -> None:
    raw: Array = _random.integers(0, 2 if dtype is np.bool_ else 200, (5, 3)).astype(dtype)
    assert_agrees({"out": cr.tanh(X / 255 @ W), "sum": cr.sum(X)}, {**VALUES, X: raw}, block=2)


@pytest.mark.parametrize("rows", [None, np.array([4, 0, 0, 3])])
def test_arrays_that_are_not_contiguous(rows: Array | None) -> None:
    wide = _random.normal(size=(3, 10))
    parameters = {W: np.asfortranarray(VALUES[W]), w: np.repeat(VALUES[w], 2)[::2]}
    values = {**VALUES, **parameters, X: wide.T[::-2], v: wide[0, ::2]}
    assert_agrees({"out": cr.tanh(X @ W + 0), "g": (X * w).T @ (X @ W)}, values, block=2, rows=rows)


def test_one_row_alone_has_the_bits_that_it_has_among_others_in_maps() -> None:
    compiled = compile_entry({"out": cr.gelu(X * w)})
    whole, _ = run(compiled, VALUES, dtype=np.float32)
    for row in range(5):
        alone, _ = run(compiled, VALUES, dtype=np.float32, rows=np.array([row]))
        np.testing.assert_array_equal(alone["out"], whole["out"][row : row + 1])


def test_no_rows_give_no_predictions_empty_sums_and_the_lowest_maximum() -> None:
    values = {**VALUES, X: np.zeros((0, 3)), v: np.zeros(0)}
    outputs = {"rows": X @ W, "sum": X.T @ (X @ W), "max": cr.max(v), "penalty": cr.sum(W**2)}
    found, _ = run(compile_entry(outputs), values)
    assert found["rows"].shape == (0, 2)
    np.testing.assert_array_equal(found["sum"], np.zeros((3, 2)))
    assert found["max"] == -np.inf
    assert_close(found["penalty"], reference(outputs["penalty"], VALUES))


def test_a_variable_of_examples_is_data() -> None:
    q = cr.variable("q", ("m", 3))
    assert_agrees({"out": q @ W}, {**VALUES, q: VALUES[X]})


def test_results_by_example_need_the_examples_first() -> None:
    with pytest.raises(cr.UserError, match=r"output out has shape \(3, m\).*its transpose"):
        compile_entry({"out": X.T})
    with pytest.raises(cr.UserError, match=r"draw of shape \(2, m\)"):
        compile_entry({"out": cr.sum(cr.draw((2, "m"), node=0))})


def test_sections_do_not_depend_on_the_names_of_leaves() -> None:
    twins = [cr.parameter("w", (3,)) for _ in range(3)]
    values = {X: VALUES[X], **{twin: np.full(3, float(i)) for i, twin in enumerate(twins)}}
    compiled = compile_entry({"out": X * twins[0] - twins[1] * twins[2]})
    assert sorted(compiled.names[twin] for twin in twins) == ["w", "w_2", "w_3"]
    assert_agrees({"out": X * twins[0] - twins[1] * twins[2]}, values)


def test_a_leaf_named_m_is_not_the_number_of_examples() -> None:
    m, count = cr.parameter("m"), cr.example_count()
    assert_agrees({"out": cr.sum(v) * m + count}, {**VALUES, m: np.array(0.25)})
