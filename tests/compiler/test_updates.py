"""Updates: every new value is computed from the state before the step."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.graph.expression import Expression
from tests.compiler.running import Array, assert_close, compile_entry, reference, run

X = cr.examples("X", features=2)
a, b, c = (cr.parameter(name, (2,)) for name in "abc")
A = cr.parameter("A", (2, 2))
s = cr.parameter("s")
rate = cr.variable("rate")
_random = np.random.default_rng(2)
VALUES: dict[Expression, Array] = {
    leaf: _random.normal(size=tuple(4 if axis == "m" else axis for axis in leaf.shape))
    for leaf in (X, a, b, c, A, s, rate)
}


def assert_updates(
    updates: Mapping[Expression, Expression], outputs: Mapping[str, Expression] | None = None
) -> None:
    compiled = compile_entry(outputs, updates, scalars=[rate])
    found, state = run(compiled, VALUES, block=3)
    for name, node in (outputs or {}).items():
        assert_close(found[name], reference(node, VALUES))
    for leaf, node in updates.items():
        assert_close(state[compiled.names[leaf]], reference(node, VALUES))


data_sum = cr.sum(X, axis=0)
step = a - rate * data_sum

CASES: dict[str, tuple[dict[Expression, Expression], dict[str, Expression]]] = {
    "a swap": ({a: b, b: a}, {}),
    "a turn of three": ({a: b, b: c, c: a}, {}),
    "a swap with arithmetic": ({a: b + 1, b: a * 2}, {}),
    "a state read after its update": ({a: a + 1, b: a * data_sum}, {}),
    "a state read by a product after its update": ({a: a + 1, b: A @ a}, {}),
    "a state read by a sum after its update": ({a: a + 1, s: cr.sum(a)}, {}),
    "a state read through a reshape after its update": (
        {a: a + 1, b: cr.sum(cr.reshape(a, (1, 2)) * A, axis=1)},
        {},
    ),
    "a transposed update": ({A: A.T}, {}),
    "an update by a product with itself": ({A: A @ A}, {}),
    "an update to a leaf of the same value": ({a: a}, {}),
    "updates to constants": ({a: cr.constant([1.0, 2.0]), s: cr.constant(3.0)}, {}),
    "an update to a sum over the examples": ({a: data_sum}, {"sum": data_sum}),
    "an update to a maximum over the examples": ({a: cr.max(X, axis=0)}, {}),
    "an update to the number of examples": ({s: cr.example_count() + 0 * cr.sum(X)}, {}),
    "an update to a scalar": ({s: rate}, {"before": s}),
    "an update to a reshape": ({a: cr.reshape(A @ cr.reshape(b, (2, 1)), (2,))}, {}),
    "an update that a block needs too": ({a: cr.tanh(a)}, {"out": X * cr.tanh(a)}),
    "an update that is an output": ({a: step}, {"new": step, "again": step}),
    "an output of the state before": ({a: step}, {"old": a, "size": cr.sum(a**2)}),
    "the same new value twice": ({a: step, b: step, c: step + 1}, {}),
    "an output that uses an update": (
        {a: step},
        {"norm": cr.sqrt(cr.sum(step**2)), "flat": cr.reshape(step, (2, 1))},
    ),
    "a new value used by another": ({a: step, b: 0.9 * b + 0.1 * step**2, s: cr.sum(step)}, {}),
    "an update that draws": ({a: a + cr.draw((2,), node=1)}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_updates(case: str) -> None:
    updates, outputs = CASES[case]
    assert_updates(updates, outputs)
    assert_updates(dict(reversed(updates.items())), dict(reversed(outputs.items())))


@settings(derandomize=True, max_examples=200)
@given(st.data())
def test_random_updates_of_many_states(data: st.DataObject) -> None:
    pool: list[Expression] = [a, b, c, cr.sum(A, axis=0), data_sum]
    for _ in range(data.draw(st.integers(1, 8))):
        left, right = (data.draw(st.sampled_from(pool)) for _ in range(2))
        made = [left + right, left - right, left * cr.tanh(right), cr.tanh(left), A @ left, left * cr.sum(right)]
        pool.append(data.draw(st.sampled_from(made)))
    updates = {leaf: data.draw(st.sampled_from(pool)) for leaf in data.draw(st.permutations([a, b, c]))}
    outputs = {f"out{i}": node for i, node in enumerate(data.draw(st.lists(st.sampled_from(pool), max_size=2)))}
    assert_updates(updates, outputs)


def test_many_steps_of_adam_follow_the_formula() -> None:
    w, first, second = (cr.parameter(name, (2,)) for name in ("w", "first", "second"))
    number = cr.variable("step")
    gradient = cr.gradients(cr.mean((X @ w - 1) ** 2), [w])[0]
    new_first = 0.9 * first + 0.1 * gradient
    new_second = 0.999 * second + 0.001 * gradient**2
    moved = w - rate * (new_first / (1 - 0.9**number)) / (cr.sqrt(new_second / (1 - 0.999**number)) + 1e-8)
    spec = EntrySpec({}, {w: moved, first: new_first, second: new_second})
    compiled = compile_program({"step": spec}, scalars=[rate, number], state=[w, first, second])
    machine = NumpyRun(compiled.program, {name: np.zeros(2) for name in ("w", "first", "second")}, dtype=np.float64)
    data = VALUES[X]
    w0, m0, v0 = np.zeros(2), np.zeros(2), np.zeros(2)
    for i in range(1, 6):
        machine.run("step", {"X": data}, scalars={"rate": 0.1, "step": float(i)})
        g = 2 * data.T @ (data @ w0 - 1) / len(data)
        m0, v0 = 0.9 * m0 + 0.1 * g, 0.999 * v0 + 0.001 * g**2
        w0 = w0 - 0.1 * (m0 / (1 - 0.9**i)) / (np.sqrt(v0 / (1 - 0.999**i)) + 1e-8)
    assert list(machine.state) == ["w", "first", "second"]
    assert_close(machine.state["w"], w0)


def test_a_step_of_descent_writes_parameters_in_place() -> None:
    compiled = compile_entry({}, {a: step, A: A - rate * (X.T @ X)}, scalars=[rate])
    states = set(compiled.program.named("state").values())
    epilogue = compiled.program.entries["entry"].epilogue
    assert [set(item.destinations) <= states for item in epilogue] == [True] * len(states)  # type: ignore[union-attr]


def test_the_new_value_of_a_state_has_its_shape() -> None:
    with pytest.raises(cr.UserError, match=r"a has shape \(2,\), but its new value has shape \(\); broadcast it"):
        compile_entry({}, {a: cr.sum(a)})


def test_only_state_can_be_updated() -> None:
    with pytest.raises(cr.UserError, match="rate is a scalar and cannot be written"):
        compile_entry({}, {rate: 2 * rate}, scalars=[rate])


def test_the_state_that_is_named_first_comes_first() -> None:
    compiled = compile_program({"entry": EntrySpec({"out": a + b})}, state=[c, b, a])
    assert list(compiled.program.named("state")) == ["c", "b", "a"]
