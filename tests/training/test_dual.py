"""The dual form takes the same steps as the direct path, in other coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import fixed
from chainrule.training.minimize import Minimum
from chainrule.training.optimizers import Optimizer

Array = NDArray[Any]

M, N = 14, 60


@dataclass(frozen=True, eq=False)
class Case:
    """A cost with its data."""

    J: Expression
    parameters: list[Expression]
    data: dict[Expression, Array]
    initial: dict[Expression, Array]


def preprocessed(kind: str, X: Expression, array: Array) -> Expression:
    if kind == "standardize":
        shift, scale = array.mean(axis=0), 1 / array.std(axis=0)
        return (X - cr.constant(shift)) * cr.constant(scale)
    return X / 255 if kind == "scale" else X


def case(kind: str = "scale", *, l2: float = 0.0, hidden: int = 0, weighted: bool = False) -> Case:
    rng = np.random.default_rng(1)
    array: Array = rng.integers(0, 256, (M, N)).astype(np.uint8)
    if kind == "none":
        array = rng.standard_normal((M, N))
    X, y = cr.examples("X", features=N), cr.examples("y")
    R = preprocessed(kind, X, array)
    if hidden:
        W, b, V = cr.parameter("W", (N, hidden)), cr.parameter("b", (hidden,)), cr.parameter("V", (hidden,))
        z, parameters = cr.tanh(R @ W + b) @ V, [W, b, V]
    else:
        W, b = cr.parameter("W", (N,)), cr.parameter("b")
        z, parameters = R @ W + b, [W, b]
    data: dict[Expression, Array] = {X: array, y: (rng.random(M) < 0.5) * 1.0}
    L = cr.logit_cross_entropy(z, y)
    J = cr.mean(L)
    if weighted:
        v = cr.examples("v")
        data[v] = rng.random(M) + 0.2
        J = cr.sum(v * L) / cr.sum(v)
    if l2:
        J = J + l2 / 2 * cr.sum(W**2) + 0.01 * cr.sqrt(1 + cr.sum(W * W))
    initial = {w: rng.standard_normal(fixed(w.shape)) * 0.1 for w in parameters}
    return Case(J, parameters, data, initial)


def found(one: Case, optimizer: Optimizer, *, dual: bool, **options: Any) -> Minimum:
    return cr.minimize(
        one.J,
        one.parameters,
        data=one.data,
        initial=one.initial,
        optimizer=optimizer,
        dual=dual,
        progress=False,
        **{"steps": 120, "engine": "reference", **options},
    )


OPTIMIZERS = [
    cr.GradientDescent(0.03),
    cr.Momentum(0.01),
    cr.Nesterov(0.01),
    cr.GradientDescent(0.03, clip_norm=0.4),
    cr.Momentum(cr.Cosine(0.02), clip_norm=0.4),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("kind", ["scale", "standardize", "none"])
@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("hidden", [0, 4])
@pytest.mark.parametrize("batch_size", ["all", 5])
def test_dual_and_direct_are_the_same_mathematics(
    optimizer: Optimizer, kind: str, l2: float, hidden: int, batch_size: int | str
) -> None:
    one = case(kind, l2=l2, hidden=hidden, weighted=hidden > 0)
    options = {"dtype": np.float64, "batch_size": batch_size, "steps": 40}
    dual, direct = (found(one, optimizer, dual=yes, **options) for yes in (True, False))
    np.testing.assert_allclose(dual.costs, direct.costs, rtol=1e-10)
    for w in one.parameters:
        np.testing.assert_allclose(dual[w], direct[w], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["scale", "standardize"])
@pytest.mark.parametrize("hidden", [0, 4])
@pytest.mark.parametrize("engine", ["reference", "engine"])
def test_float32_is_as_near_to_float64_as_the_direct_path(kind: str, hidden: int, engine: str) -> None:
    one = case(kind, l2=0.1, hidden=hidden)
    options = {"steps": 400, "batch_size": 7, "engine": engine}
    exact = found(one, cr.Momentum(0.01), dual=False, dtype=np.float64, **options)
    dual, direct = (found(one, cr.Momentum(0.01), dual=yes, **options) for yes in (True, False))
    for w in one.parameters:
        size = abs(exact[w]).max()
        own = abs(direct[w] - exact[w]).max() / size
        assert abs(dual[w] - exact[w]).max() / size <= max(10 * own, 3e-6)


def test_weights_that_start_at_zero_need_no_start() -> None:
    one = case()
    zero = Case(one.J, one.parameters, one.data, {})
    dual, direct = (found(zero, cr.GradientDescent(0.03), dual=yes, dtype=np.float64) for yes in (True, False))
    for w in one.parameters:
        np.testing.assert_allclose(dual[w], direct[w], rtol=1e-9, atol=1e-12)


def test_the_path_is_the_same_and_cannot_be_written_to() -> None:
    one = case(l2=0.3)
    dual, direct = (found(one, cr.Momentum(0.01), dual=yes, snapshots=4) for yes in (True, False))
    assert [snapshot.step for snapshot in dual.snapshots] == [0, 40, 80, 120]
    for mine, other in zip(dual.snapshots, direct.snapshots, strict=True):
        for w in one.parameters:
            np.testing.assert_allclose(mine[w], other[w], atol=3e-6)
            with pytest.raises(ValueError, match="read-only"):
                mine[w][...] = 0


def test_two_weights_on_the_same_data_are_both_kept_as_sums() -> None:
    rng = np.random.default_rng(2)
    X, y = cr.examples("X", features=N), cr.examples("y")
    w, v = cr.parameter("w", (N,)), cr.parameter("v", (N, 3))
    J = cr.mean((cr.tanh(X / 255 @ w) + cr.sum((X / 255) @ v, axis=1) - y) ** 2) + cr.sum(v**2)
    data: dict[Expression, Array] = {X: rng.integers(0, 256, (M, N)).astype(np.uint8), y: rng.random(M)}
    one = Case(J, [w, v], data, {w: rng.standard_normal(N) * 0.1, v: rng.standard_normal((N, 3)) * 0.1})
    dual, direct = (found(one, cr.GradientDescent(0.002), dual=yes, dtype=np.float64) for yes in (True, False))
    assert "X w, v" in dual.plan
    for p in (w, v):
        np.testing.assert_allclose(dual[p], direct[p], rtol=1e-9, atol=1e-12)


def test_a_cost_that_overflows_goes_back_to_the_last_good_weights() -> None:
    one = case()
    dual, direct = (found(one, cr.GradientDescent(1e38), dual=yes) for yes in (True, False))
    assert dual.diverged_at == direct.diverged_at is not None
    for w in one.parameters:
        np.testing.assert_allclose(dual[w], direct[w], rtol=1e-4)
