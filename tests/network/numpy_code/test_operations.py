"""Every operation in NumPy code gives what its record's NumPy forward gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, apply
from chainrule.graph.op import REGISTRY, Op
from chainrule.graph.value import evaluate
from chainrule.network.numpy_code.block import RULES
from chainrule.network.numpy_code.one_example import one_example
from tests.graph.cases import ALL, CASES, Case
from tests.network.numpy_code.running import as_written, computed

M = 4


def given_values(case: Case) -> dict[Expression, Any]:
    """The values of a case; labels as the whole numbers that code indexes with."""
    labels = {"pick": (1,), "one_hot": (0,)}.get(case.op, ())
    return {
        node: value.astype(int) if position in labels else value
        for position, (node, value) in enumerate(case.given.items())
    }


def assert_written_right(nodes: list[Expression], given: dict[Expression, Any], *, columns: bool) -> None:
    reference = evaluate(nodes, {node: np.asarray(value) for node, value in given.items()}, count=M)
    for node, result in zip(nodes, computed(nodes, given, columns=columns, m=M), strict=True):
        expected = as_written(reference[node], node.shape, columns=columns)
        assert result.shape == expected.shape
        np.testing.assert_allclose(result.astype(float), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", REGISTRY)
def test_an_operation_is_written_in_numpy_or_made_of_others_that_are(name: str) -> None:
    assert name in RULES or REGISTRY[name].expand is not None, f"write {name} in a table of rules"
    assert REGISTRY[name].leaf or CASES[name]


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_code_computes_what_the_record_of_the_operation_does(case: Case, columns: bool) -> None:
    assert_written_right([case.node], given_values(case), columns=columns)


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_code_computes_derivatives(case: Case, columns: bool) -> None:
    J, given = case.cost()
    whole = given_values(case)
    if case.moved:
        gradients = cr.gradients(J, case.moved)
        needed = {node: whole.get(node, value) for node, value in given.items()}
        assert_written_right(gradients, needed, columns=columns)


@pytest.mark.parametrize("case", [case for case in ALL if shapes.has_examples(case.node.shape)], ids=str)
def test_an_example_alone_has_its_share_of_the_values_of_all(case: Case) -> None:
    one = one_example([case.node])[case.node]
    whole = np.asarray(cr.value(case.node, case.given))
    for i in range(M):
        given = {
            str(node.name): np.take(value, i, node.shape.index("m")) if shapes.has_examples(node.shape) else value
            for node, value in case.given.items()
        }
        result = cr.value(one, given)
        expected = np.take(whole, i, case.node.shape.index("m"))
        np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize("columns", [False, True])
def test_numbers_arrays_and_the_count_are_written_with_all_their_digits(columns: bool) -> None:
    x = cr.variable("x", (2, 3))
    table = np.array([[1.0, 1 / 3, -np.inf], [1e-300, 5.0, 2.0]])
    nodes = [x + table, x * cr.constant([0.1, 0.2, 0.3]), x + cr.example_count(), x * 0.1, x - 1e20]
    assert_written_right(nodes, {x: np.ones((2, 3))}, columns=columns)


def test_true_and_false_count_as_numbers_wherever_they_are_computed_with() -> None:
    a, b = cr.variable("a", (3,)), cr.variable("b", (3,))
    above, below = a > b, b >= 2
    nodes = [
        above + below,
        above - below,
        -above,
        above * below,
        2 * above,
        above**2.0,
        a * above,
        1 - above,
        cr.where(above, a, b),
        cr.where(a, a, below),
        cr.sum(above),
        cr.maximum(above, below),
        above @ b,
        above > below,
        above / 2 + below,
    ]
    assert_written_right(nodes, {a: np.array([1.0, 0.0, 3.0]), b: np.array([0.5, 2.0, 2.0])}, columns=False)


def test_brackets_stand_where_the_order_of_operations_needs_them() -> None:
    a, b, c = cr.variables("a b c")
    A, B, C = (cr.variable(name, (2, 2)) for name in "ABC")
    nodes = [
        a - (b - c),
        a / (b * c),
        a * (b / c),
        (a**b) ** c,
        a ** (b**c),
        (-a) ** 2.0,
        -(a**2.0),
        -(a - b),
        apply("negate", apply("negate", a)),
        -(a + b) * c,
        a - (-b),
        (a > b) * c,
        (a > b) > (b > c),
        A @ (B @ C),
        (A @ B) @ C,
        A * (B @ C),
        (A * B) @ C,
        A @ B / c,
        (A @ B).T @ C.T,
        (A + B).T,
        -(A @ B),
        A @ -B,
    ]
    matrices = {X: np.arange(4.0).reshape(2, 2) - shift for shift, X in enumerate((A, B, C))}
    numbers = {a: 2.0, b: 3.0, c: 0.5}
    for columns in (False, True):
        assert_written_right(nodes, numbers | matrices, columns=columns)


def test_a_value_that_is_used_twice_is_computed_once() -> None:
    x = cr.variable("x", (3,))
    e = cr.exp(x)
    assert_written_right([e / (1 + e)], {x: np.ones(3)}, columns=False)


def test_a_long_formula_is_written_on_several_lines() -> None:
    x = cr.variable("x", (3,))
    total = x
    for number in range(60):
        total = cr.tanh(total) * (number + 0.25) + cr.sigmoid(x - number)
    assert_written_right([total], {x: np.array([0.5, -0.5, 2.0])}, columns=False)


def test_a_graph_in_which_examples_meet_has_no_form_for_one() -> None:
    X = cr.examples("X", features=3)
    with pytest.raises(UserError, match="mixes the examples"):
        one_example([X - cr.mean(X, axis=0)])


def test_an_operation_without_a_form_in_numpy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = REGISTRY["tanh"]
    novel = Op("novel", known.shape, known.forward, elementwise=True)
    monkeypatch.setitem(REGISTRY, "novel", novel)
    x = cr.variable("x", (3,))
    with pytest.raises(UserError, match="novel has no form in NumPy code"):
        computed([apply("novel", x)], {x: np.ones(3)}, columns=False, m=M)
