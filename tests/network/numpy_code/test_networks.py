"""The code of whole networks, with loops and all examples at once, against the values of the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.graph.walk import topological
from chainrule.network.losses import mean_cost
from tests.network.numpy_code.problems import Problem, assert_code_is_right
from tests.network.numpy_code.running import Array, as_written, functions


def leaky_square(z: Expression) -> Expression:
    return cr.where(z > 0, z**2, 0.1 * z)


def centred(z: Expression) -> Expression:
    """An activation with steps that have names, across the neurons of a layer, and constants."""
    shifted = (z.T - cr.mean(z, axis=1)).T.named("shifted")
    return shifted * cr.sigmoid(shifted + np.linspace(-1, 1, int(z.shape[1])))


def huber(y_hat: Expression, y: Expression) -> Expression:
    distance = cr.abs(y_hat - y).named("distance")
    return cr.where(distance < 1, 0.5 * distance**2, distance - 0.5)


def largest_error(y_hat: Expression, y: Expression) -> Expression:
    return cr.max(cr.abs(y_hat - y), axis=1)


PROBLEMS = {
    "logistic regression": Problem(cr.Network([cr.Dense(1, "sigmoid")])),
    "2-4-1": Problem(cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]), features=2),
    "deep relu": Problem(cr.Network([*(cr.Dense(units, "relu") for units in (6, 5, 4)), cr.Dense(1, "sigmoid")])),
    "softmax": Problem(cr.Network([cr.Dense(4, "relu"), cr.Dense(3, "softmax")])),
    "linear regression": Problem(cr.Network([cr.Dense(1)])),
    "several outputs": Problem(cr.Network([cr.Dense(4, "silu"), cr.Dense(3)])),
    "several outputs, absolute error": Problem(cr.Network([cr.Dense(2, "tanh")]), loss="absolute_error"),
    "every activation": Problem(
        cr.Network([cr.Dense(3, name) for name in ("gelu", "elu", "leaky_relu", "softplus", "silu", "softmax")])
    ),
    "own activation": Problem(cr.Network([cr.Dense(3, leaky_square), cr.Dense(1, "sigmoid")])),
    "own activation with named steps": Problem(
        cr.Network([cr.Dense(4, centred), cr.Dense(3, centred), cr.Dense(1, "sigmoid")])
    ),
    "own loss": Problem(cr.Network([cr.Dense(4, "tanh"), cr.Dense(2)]), loss=huber),
    "own loss, one number an example": Problem(cr.Network([cr.Dense(3)]), loss=largest_error),
    "penalties": Problem(
        cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]), l1=0.01, l2=0.2
    ),
    "without bias": Problem(cr.Network([cr.Dense(3, "relu", bias=False), cr.Dense(1, "sigmoid", bias=False)])),
    "one neuron in each layer": Problem(
        cr.Network([cr.Dense(1, "tanh"), cr.Dense(1, "relu"), cr.Dense(1, "sigmoid")]), features=1
    ),
    "one example": Problem(cr.Network([cr.Dense(2, "tanh"), cr.Dense(1, "sigmoid")]), m=1),
    "large logits": Problem(cr.Network([cr.Dense(1, "sigmoid")]), scale=60.0),
    "large logits of classes": Problem(cr.Network([cr.Dense(3, "softmax")]), scale=60.0),
    "large logits, own loss": Problem(cr.Network([cr.Dense(1, "sigmoid")]), loss=huber, scale=60.0),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_cost_gradients_and_step_are_those_of_the_graph(name: str) -> None:
    assert_code_is_right(PROBLEMS[name])


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=0, max_size=3),
    features=st.integers(1, 4),
    outputs=st.sampled_from([1, 3]),
    m=st.integers(1, 4),
    activation=st.sampled_from(["tanh", "sigmoid", "softplus", "gelu"]),
    l2=st.sampled_from([0.0, 0.5]),
)
def test_any_sizes(sizes: list[int], features: int, outputs: int, m: int, activation: str, l2: float) -> None:
    hidden = [cr.Dense(units, activation) for units in sizes]
    last = cr.Dense(outputs, "sigmoid" if outputs == 1 else "softmax")
    assert_code_is_right(Problem(cr.Network([*hidden, last]), features=features, m=m, l2=l2))


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize(("activation", "units"), [("sigmoid", 1), ("softmax", 3)])
def test_logits_of_a_thousand_cost_a_thousand_and_warn_of_nothing(loops: bool, activation: str, units: int) -> None:
    code = functions(cr.Network([cr.Dense(units, activation)]).as_numpy(1, loops=loops))
    W = np.full((1, units), 1000.0) * np.arange(1, units + 1) / units
    X, y = np.array([[1.0], [-1.0]]), np.array([[0], [1]]) if units == 1 else np.array([0, 2])
    J, gradients = code.cost_and_gradients(X, y, {"W1": W, "b1": np.zeros(units)})
    np.testing.assert_allclose(J, 1000.0 if units == 1 else 2000 / 3, rtol=1e-12)
    assert all(np.isfinite(g).all() for g in gradients.values())


def test_both_forms_go_the_same_way_for_many_steps() -> None:
    problem = Problem(cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]), m=20)
    parameters = {str(p.name): problem.values[p] for p in problem.parameters}
    ends = [
        problem.code(loops=loops, columns=False).gradient_descent(
            problem.values[problem.X], problem.values[problem.y], parameters, steps=50
        )
        for loops in (False, True)
    ]
    assert ends[0][1][-1] < ends[0][1][0]
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-10)


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("loops", [False, True])
def test_dropout_is_drawn_from_the_generator_that_is_given(loops: bool, columns: bool) -> None:
    network = cr.Network([cr.Dense(4, "tanh"), cr.Dropout(0.5), cr.Dense(1, "sigmoid")])
    problem = Problem(network)
    code = problem.code(loops=loops, columns=columns)
    parameters = {str(p.name): problem.written(p, columns=columns) for p in problem.parameters}
    X, y = (problem.written(node, columns=columns) for node in (problem.X, problem.y))
    J, gradients = code.cost_and_gradients(X, y, parameters, np.random.default_rng(7))

    # The same draws in the graph, where each example has its row.
    rng = np.random.default_rng(7)
    draws = rng.random((4, problem.m)).T if columns and not loops else rng.random((problem.m, 4))
    trained = network.connect(problem.X, training=True)
    cost = mean_cost(cr.binary_cross_entropy(trained.output, problem.y))
    values: dict[Any, Any] = {problem.X: problem.values[problem.X], problem.y: problem.values[problem.y]}
    values |= {new: problem.values[old] for new, old in zip(trained.parameters, problem.parameters, strict=True)}
    (draw,) = [node for node in topological([cost]) if node.op.name == "draw"]
    values[draw] = draws
    np.testing.assert_allclose(J, cr.value(cost, values), rtol=1e-12)
    for node, g in zip(trained.parameters, cr.gradients(cost, trained.parameters), strict=True):
        expected = as_written(cr.value(g, values), node.shape, columns=columns)
        np.testing.assert_allclose(gradients[str(node.name)], expected, rtol=1e-10, atol=1e-14)


class AllTheSame:
    """A generator of random numbers that are not."""

    def random(self, shape: int | tuple[int, ...]) -> Array:
        return np.full(shape, 0.7)


def test_dropout_may_come_first_and_twice() -> None:
    layers = [cr.Dropout(0.2), cr.Dense(4, "tanh"), cr.Dropout(0.5), cr.Dropout(0.8), cr.Dense(1, "sigmoid")]
    network = cr.Network([*layers[:3], cr.Dropout(0.0), *layers[3:]])
    problem = Problem(network)
    X, y = problem.values[problem.X], problem.values[problem.y]
    parameters = {str(p.name): problem.values[p] for p in problem.parameters}
    # 0.7 is kept by the first two, and dropped by the third: nothing comes through.
    expected = np.mean(np.logaddexp(0, parameters["b2"]) - y * parameters["b2"])
    for loops in (False, True):
        J, gradients = problem.code(loops=loops, columns=False).cost_and_gradients(X, y, parameters, AllTheSame())
        np.testing.assert_allclose(J, expected, rtol=1e-12)
        assert [name for name, g in gradients.items() if g.any()] == ["b2"]
