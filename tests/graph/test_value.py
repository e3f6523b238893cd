"""Values: how they are given, what is refused, and what passes through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.op import REGISTRY

from .cases import ALL, Case

a, b, c = cr.variables("a b c")
J = 5 * (a * b + c)
X, y = cr.examples("X", features=2), cr.examples("y")


@pytest.mark.parametrize("values", [{a: 3, b: 2, c: 1}, {"a": 3, "b": 2, "c": 1}, {a: 3, "b": 2, "c": np.array(1)}])
def test_values_are_given_by_node_or_by_name(values: dict[Any, Any]) -> None:
    assert cr.value(J, values) == 35.0
    assert cr.value(J, a=3, b=2, c=1) == cr.value(J, {a: 3}, b=2, c=1) == 35.0


def test_an_inner_node_may_be_given_and_what_is_under_it_left_out() -> None:
    u = (a * b).named("u")
    total = 5 * (u + c)
    assert cr.value(total, {u: 6, c: 1}) == cr.value(total, u=6, c=1) == 35.0
    assert cr.value(total, {u: 6, a: 100, c: 1}) == 35.0
    assert cr.value(u, {u: 6}) == 6.0


def test_a_rewrite_stops_at_a_given_inner_node() -> None:
    probability = cr.sigmoid(a)
    assert cr.value(cr.log(probability), {probability: 0.5}) == np.log(0.5)


def test_a_constant_may_be_given_another_value_without_changing_its_twin() -> None:
    first, second = cr.constant(2.0), cr.constant(2.0)
    assert cr.value(a * first + b * second, {a: 1, b: 1, first: 5}) == 7.0


def test_one_mapping_serves_a_cost_and_its_gradients() -> None:
    values: dict[Any, Any] = {a: 3, b: 2, c: 1}
    assert [cr.value(gradient, values) for gradient in cr.gradients(J, [a, b, c])] == [10.0, 15.0, 5.0]
    by_X = cr.grad(cr.mean(X), X)
    assert cr.value(by_X, {X: np.zeros((4, 2))}).tolist() == [[0.125, 0.125]] * 4


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({a: 1, b: 2}, ["c has no value", "value(J, {c: ...})", "c=..."]),
        ({a: 1, b: 2, "d": 3}, ["'d'", "no node has that name", "a, b, c"]),
        ({a: 1, b: 2, 3: 3}, ["3", "no node has that name"]),
        ({a: 1, "a": 1, b: 2, c: 3}, ["a is given a value twice"]),
        ({a: [1, 2], b: 2, c: 3}, ["the value of a has shape (2,)", "a has shape ()"]),
        ({a: 1j, b: 2, c: 3}, ["a must be real numbers, not complex128"]),
        ({a: "one", b: 2, c: 3}, ["a must be real numbers"]),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values: dict[Any, Any], words: list[str]) -> None:
    with pytest.raises(cr.UserError) as caught:
        cr.value(J, values)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_name_that_two_nodes_have_must_be_given_by_node() -> None:
    other = cr.variable("a")
    with pytest.raises(cr.UserError, match="2 nodes have the name 'a'"):
        cr.value(a * other, a=1)
    assert cr.value(a * other, {a: 2, other: 3}) == 6.0


def test_examples_must_agree_in_number_and_features() -> None:
    with pytest.raises(cr.UserError, match=r"differ in their number of examples: X has 3, y has 4"):
        cr.value(cr.sum(X) + cr.sum(y), {X: np.zeros((3, 2)), y: np.zeros(4)})
    with pytest.raises(cr.UserError, match=r"X has shape \(3, 5\), but X has shape \(m, 2\)"):
        cr.value(X, {X: np.zeros((3, 5))})
    with pytest.raises(cr.UserError, match="number of examples is not known"):
        cr.value(cr.example_count())


def test_the_number_of_examples_may_be_any() -> None:
    for count in (1, 2, 5):
        assert cr.value(cr.mean(X), X=np.ones((count, 2))) == 1.0
        assert cr.value(cr.example_count() * cr.mean(y), y=np.ones(count)) == count


@pytest.mark.parametrize("label", [3, -1, 0.5, np.nan])
def test_a_label_that_is_no_class_is_named(label: float) -> None:
    Z = cr.examples("Z", features=3)
    with pytest.raises(cr.UserError, match=rf"label {label:g} is not one of the classes 0 to 2"):
        cr.value(Z[y], {Z: np.zeros((1, 3)), y: [label]})


NEVER_NAN = {"sign", "greater", "greater_equal", "less", "less_equal", "equal"}


@pytest.mark.parametrize("case", [case for case in ALL if case.op not in {"one_hot", *NEVER_NAN}], ids=str)
def test_what_is_not_a_number_passes_through(case: Case) -> None:
    for node in case.moved:
        values = {**case.given, node: np.full_like(case.given[node], np.nan)}
        with_nan, without = cr.value(case.node, values), cr.value(case.node, case.given)
        assert np.isnan(with_nan).any() or case.op == "where"
        assert np.shape(with_nan) == np.shape(without)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_float32_gives_float32(case: Case) -> None:
    single = cr.value(case.node, case.given, dtype=np.float32)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, cr.value(case.node, case.given), rtol=2e-5, atol=2e-6)


def test_every_forward_leaves_its_inputs_alone() -> None:
    for case in ALL:
        copies = [value.copy() for value in case.values]
        cr.value(case.node, case.given)
        assert all((value == copy).all() for value, copy in zip(case.values, copies, strict=True))


def test_random_numbers_depend_on_seed_step_and_node_alone() -> None:
    first, second = cr.draw(("m", 2), node=0), cr.draw(("m", 2), node=1)
    values = {X: np.zeros((3, 2))}
    one = cr.value(first, values, seed=1, step=2)
    assert one.shape == (3, 2)
    assert (one == cr.value(first + 0 * second, values, seed=1, step=2)).all()
    for other in (
        cr.value(first, values, seed=2, step=2),
        cr.value(first, values, seed=1, step=3),
        cr.value(second, values, seed=1, step=2),
    ):
        assert (one != other).all()
    assert (cr.value(first, {X: np.zeros((2, 2))}, seed=1, step=2) == one[:2]).all()


def test_leaves_have_no_forward_of_their_own() -> None:
    assert all(op.vjps == () for op in REGISTRY.values() if op.leaf)
