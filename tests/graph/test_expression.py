"""What an expression is: immutable, compared by identity, built by operators, with errors that help."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.expression import Expression, apply

x, y = cr.variables("x y")
X, W = cr.examples("X", features=3), cr.parameter("W", (2, 4))

OPERATORS: list[Callable[[Any, Any], Any]] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
    operator.gt, operator.ge, operator.lt, operator.le,
]  # fmt: skip


def test_an_expression_has_no_truth() -> None:
    with pytest.raises(cr.UserError, match=r"the truth of the expression x > 0 is not known.*cr\.where"):
        bool(x > 0)


def test_expressions_compare_and_hash_by_identity() -> None:
    again = cr.variable("x")
    assert x == x
    assert x != again
    assert x.__eq__(1) is NotImplemented
    assert len({x, again, x}) == 2


@pytest.mark.parametrize("field", ["op", "inputs", "attributes", "shape", "name", "something"])
def test_an_expression_never_changes(field: str) -> None:
    with pytest.raises(AttributeError, match="never changes"):
        setattr(x, field, None)
    with pytest.raises(AttributeError, match="never changes"):
        delattr(x, field)


def test_attributes_and_constants_never_change() -> None:
    array = np.array([1.0, 2.0])
    node, parameter = cr.constant(array), cr.parameter("p", (2,), array)
    array[0] = 9
    assert node.attributes["value"].tolist() == parameter.attributes["init"].tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        node.attributes["value"][0] = 3
    with pytest.raises(TypeError):
        node.attributes["value"] = 3  # type: ignore[index]


def test_a_copy_of_an_expression_is_the_expression() -> None:
    J = x * y
    assert copy.copy(J) is J
    assert copy.deepcopy({"J": J})["J"] is J


@pytest.mark.parametrize(
    "number", [2, 2.5, True, np.float64(2.5), np.float32(2.5), np.int64(2), np.array(2.5)], ids=repr
)
@pytest.mark.parametrize("operation", OPERATORS)
def test_operators_take_numbers_on_both_sides(operation: Callable[[Any, Any], Any], number: Any) -> None:
    for node, expected in (
        (operation(x, number), operation(3.0, float(number))),
        (operation(number, x), operation(float(number), 3.0)),
    ):
        assert isinstance(node, Expression)
        assert node.shape == ()
        assert cr.value(node, x=3.0) == expected


@pytest.mark.parametrize("array", [np.array([1.0, 2.0]), np.array([1, 2], dtype=np.uint8), [1.0, 2.0]], ids=repr)
@pytest.mark.parametrize("operation", OPERATORS)
def test_operators_take_arrays_on_both_sides(operation: Callable[[Any, Any], Any], array: Any) -> None:
    numbers = np.asarray(array, dtype=np.float64)
    assert cr.value(operation(x, array), x=3.0).tolist() == operation(3.0, numbers).tolist()
    assert cr.value(operation(array, x), x=3.0).tolist() == operation(numbers, 3.0).tolist()


def test_products_take_arrays_on_both_sides() -> None:
    v = cr.variable("v", (2,))
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert cr.value(v @ matrix, v=[1.0, 1.0]).tolist() == [4.0, 6.0]
    assert cr.value(matrix @ v, v=[1.0, 1.0]).tolist() == [3.0, 7.0]


@pytest.mark.parametrize(
    "wrong", [1j, "a", None, object(), [x, y], np.array(["a"])], ids=lambda wrong: type(wrong).__name__
)
def test_only_real_numbers_become_constants(wrong: Any) -> None:
    with pytest.raises(cr.UserError, match="a constant is a real number or an array of them, not"):
        cr.constant(wrong)
    with pytest.raises(cr.UserError, match="a constant is a real number"):
        x + wrong


def test_a_ragged_list_is_no_constant() -> None:
    with pytest.raises(cr.UserError, match="a constant is a real number"):
        cr.constant([[1.0], [1.0, 2.0]])


def test_an_expression_is_not_iterable() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        iter(x)
    with pytest.raises(TypeError):
        _ = 1 in x  # type: ignore[operator]


def test_numpy_functions_refuse_expressions() -> None:
    with pytest.raises(TypeError, match="does not support ufuncs"):
        np.exp(x)  # type: ignore[call-overload]


def test_names_print_in_place_of_formulas() -> None:
    u = (x * y).named("u")
    assert (u.name, str(u), str(5 * u)) == ("u", "x * y", "5 * u")
    assert repr(u) == "<Expression u = x * y, shape ()>"
    assert repr(X) == "<Expression X, shape (m, 3)>"


def test_variables_are_always_a_tuple() -> None:
    assert [node.name for node in cr.variables("a, b c")] == ["a", "b", "c"]
    assert len(cr.variables("a")) == 1


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: X @ W, ["matmul", "X of shape (m, 3)", "W of shape (2, 4)", "inner axes differ: 3 and 2"]),
        (lambda: X + W, ["add", "X of shape (m, 3)", "W of shape (2, 4)"]),
        (lambda: X * cr.examples("v"), ["multiply", "X of shape (m, 3)", "v of shape (m,)"]),
        (lambda: X @ X.T, ["matmul", "X.T of shape (3, m)", "axis of examples twice"]),
        (lambda: x @ X, ["matmul", "x of shape ()", "one or two axes"]),
        (lambda: x.T, ["transpose", "x of shape ()"]),
        (lambda: X[W], ["pick", "X of shape (m, 3)", "W of shape (2, 4)"]),
        (lambda: cr.one_hot(X, classes=3), ["one_hot", "X of shape (m, 3)"]),
        (lambda: cr.softmax(cr.examples("v")), ["softmax", "v of shape (m,)"]),
        (lambda: cr.logsumexp(x), ["logsumexp", "x of shape ()"]),
        (lambda: cr.reshape(X, ("m", 4)), ["reshape", "X of shape (m, 3)", "(m, 4)"]),
        (lambda: cr.reshape(X, (3, "m")), ["reshape", "X of shape (m, 3)", "mix the examples"]),
        (lambda: cr.broadcast_to(X, (3,)), ["broadcast_to", "X of shape (m, 3)", "(3,)"]),
        (lambda: cr.sum(X, axis=2), ["sum", "X of shape (m, 3)", "axis 2"]),
        (lambda: cr.max(X, axis=(0, -3)), ["max", "X of shape (m, 3)", "axis -3"]),
        (lambda: cr.mean(X, axis="m"), ["mean", "X of shape (m, 3)", "axis 'm'"]),  # type: ignore[arg-type]
        (lambda: cr.where(X, W, 0), ["where", "X of shape (m, 3)", "W of shape (2, 4)"]),
        (lambda: apply("add", x), ["add", "x of shape ()", "takes 2 inputs, not 1"]),
        (lambda: cr.parameter("p", ("m", 2)), ["parameter p", "(m, 2)"]),  # type: ignore[arg-type]
        (lambda: cr.parameter("p", (2,), np.zeros(3)), ["parameter p", "(2,)", "(3,)"]),
        (lambda: cr.variable("v", (2, 0)), ["(2, 0)", "not 0"]),
        (lambda: cr.variable("v", (2.5,)), ["(2.5,)", "not 2.5"]),  # type: ignore[arg-type]
        (lambda: cr.variable("v", 2.5), ["(2.5,)", "not 2.5"]),  # type: ignore[arg-type]
        (lambda: cr.variable("v", ("m", "m")), ["(m, m)", "twice"]),
        (lambda: cr.examples("v", features=0), ["(m, 0)", "not 0"]),
    ],
)  # fmt: skip
def test_an_error_names_the_operation_both_shapes_and_both_names(
    build: Callable[[], Any], words: list[str]
) -> None:
    with pytest.raises(cr.UserError) as caught:
        build()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_an_error_about_a_long_formula_is_short() -> None:
    total = X
    for _ in range(200):
        total = total + X
    with pytest.raises(cr.UserError) as caught:
        total @ W
    assert len(str(caught.value)) < 250


def test_axes_may_be_numpys_numbers() -> None:
    assert cr.sum(X, axis=np.int64(1)).shape == ("m",)  # type: ignore[arg-type]


def test_an_empty_array_is_no_constant() -> None:
    with pytest.raises(cr.UserError, match=r"at least one number.*\(0, 2\)"):
        cr.constant(np.zeros((0, 2)))
