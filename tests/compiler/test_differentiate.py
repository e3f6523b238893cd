"""Gradients for training: the values of the written graph's gradients, in a form that suits the blocks."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compiler.differentiate import differentiate
from chainrule.compiler.program import memory_of, sources_of
from chainrule.graph.expression import Expression
from chainrule.graph.walk import topological
from tests.compiler import graphs
from tests.compiler.graphs import Grown
from tests.compiler.running import Array, assert_close, compile_entry, reference, run

X = cr.examples("X", features=3)
y = cr.examples("y")
weights = cr.examples("weights")
w = cr.parameter("w", (3,))
b = cr.parameter("b")
_random = np.random.default_rng(3)
VALUES: dict[Expression, Array] = {
    X: _random.normal(size=(6, 3)),
    y: _random.integers(0, 2, 6),
    weights: _random.random(6),
    w: _random.normal(size=3),
    b: np.array(0.3),
}

z = X @ w + b
a = cr.sigmoid(z)
losses = -(y * cr.log(a) + (1 - y) * cr.log(1 - a))

ONE_PHASE = {
    "a mean": cr.mean(losses),
    "a sum": cr.sum(losses),
    "a weighted mean": cr.sum(weights * losses) / cr.sum(weights),
    "a mean with a penalty": cr.mean(losses) + 0.1 * cr.sum(w**2),
    "a penalty of all": cr.mean(losses) + 0.1 * (cr.sum(w**2) + b**2) + cr.sum(cr.abs(w)),
    "the root of a mean": cr.sqrt(cr.mean((z - y) ** 2)),
    "the logarithm of a sum": cr.log(cr.sum(cr.exp(z))),
    "a sum by a sum of others": cr.sum(losses * weights) * cr.sum(weights) + cr.example_count(),
    "a function of a sum and a parameter": cr.exp(-cr.mean(losses)) * cr.sum(w) + b * cr.mean(losses) ** 2,
}
MORE_PHASES = {
    "several sums": cr.mean(z * y) ** 2 + cr.log(cr.sum(cr.exp(z))),
    "a variance": cr.mean((z - cr.mean(z)) ** 2),
    "a maximum over the examples": cr.max(losses),
    "a softmax over the examples": cr.sum(cr.exp(z - cr.max(z)) * y) / cr.sum(cr.exp(z - cr.max(z))),
    "means for each feature": cr.sum(cr.mean(X * w, axis=0) ** 2) + b * cr.mean(z),
}


@pytest.mark.parametrize("block", [None, 2])
@pytest.mark.parametrize("case", [*ONE_PHASE, *MORE_PHASES])
def test_cost_and_gradients_of_the_written_graph(case: str, block: int | None) -> None:
    J = {**ONE_PHASE, **MORE_PHASES}[case]
    found = differentiate(J, [w, b])
    results, _ = run(
        compile_entry({"J": found.cost, "w": found.gradients[0], "b": found.gradients[1]}), VALUES, block=block
    )
    written = dict(zip("wb", cr.gradients(J, [w, b]), strict=True))
    for name, node in {"J": J, **written}.items():
        assert_close(results[name], reference(node, VALUES))


@pytest.mark.parametrize("case", ONE_PHASE)
def test_a_cost_of_one_sum_needs_one_phase_and_its_block_no_count(case: str) -> None:
    found = differentiate(ONE_PHASE[case], [w, b])
    compiled = compile_entry({"J": found.cost, "w": found.gradients[0], "b": found.gradients[1]})
    (phase,) = compiled.program.entries["entry"].phases
    buffers = compiled.program.buffers
    read = {memory_of(buffers, at) for item in phase.block for at in sources_of(item)}
    # What runs before the blocks is numbers of numbers, such as 1 / m.
    assert {buffers[at].shape for item in phase.prologue for at in sources_of(item)} <= {()}
    assert {buffers[at].kind for at in read} <= {"data", "state", "temporary", "constant"}


COSTS: list[Callable[[Expression, Expression], Expression]] = [
    lambda e, p: cr.mean(e),
    lambda e, p: cr.sum(e) / 7,
    lambda e, p: cr.mean(e) + p,
    lambda e, p: cr.tanh(cr.mean(e)) * (2 + cr.tanh(p)),
    lambda e, p: cr.log(1 + cr.mean(e) ** 2) + p**2,
    lambda e, p: cr.mean(e) * cr.sum(cr.tanh(e)) + p,
    lambda e, p: cr.mean((e - cr.mean(e)) ** 2),
    lambda e, p: cr.max(e) + p,
]


@settings(derandomize=True, max_examples=200)
@given(graphs.grown(draws=False), st.sampled_from(COSTS), st.sampled_from([None, 1, 2]))
def test_random_costs(
    graph: Grown, cost: Callable[[Expression, Expression], Expression], block: int | None
) -> None:
    # More than a few operations in a chain of products make numbers of any size.
    by_example = next(node for node in reversed(graph.pool) if graphs.has_examples(node))
    other = next(node for node in reversed(graph.pool) if not graphs.has_examples(node))
    J = cost(cr.tanh(by_example), cr.sum(cr.tanh(other)))
    parameters = [leaf for leaf in graph.parameters if leaf in set(topological([J]))]
    found = differentiate(J, parameters)
    outputs = {"J": found.cost} | {f"d{i}": g for i, g in enumerate(found.gradients)}
    results, _ = run(compile_entry(outputs), graph.values, block=block)
    assert_close(results["J"], reference(J, graph.values))
    for i, written in enumerate(cr.gradients(J, parameters) if parameters else []):
        assert_close(results[f"d{i}"], reference(written, graph.values), tolerance=1e-9)


def test_large_logits_keep_their_gradients() -> None:
    large = {**VALUES, w: np.full(3, 1000.0)}
    found = differentiate(cr.mean(losses), [w])
    results, _ = run(compile_entry({"J": found.cost, "w": found.gradients[0]}), large, dtype=np.float32)
    logits = VALUES[X] @ large[w] + 0.3
    probability = 1 / (1 + np.exp(-logits.clip(-700, 700)))
    assert_close(results["w"], VALUES[X].T @ (probability - VALUES[y]) / 6, tolerance=1e-5)
    assert_close(results["J"], np.mean(np.maximum(logits, 0) - logits * VALUES[y]), tolerance=1e-5)


def test_a_parameter_that_the_cost_does_not_depend_on_is_an_error() -> None:
    stranger = cr.parameter("stranger")
    for J in (cr.mean(losses), cr.max(losses)):
        with pytest.raises(cr.UserError, match="with respect to stranger"):
            differentiate(J, [w, stranger])


def test_a_cost_without_examples() -> None:
    found = differentiate(cr.sum(w**2), [w])
    results, _ = run(compile_entry({"w": found.gradients[0]}), VALUES)
    assert_close(results["w"], 2 * VALUES[w])
