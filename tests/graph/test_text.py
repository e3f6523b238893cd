"""Formulas: as a person would write them, and as Python reads them back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.expression import Expression, apply
from chainrule.graph.walk import topological

a, b, c = cr.variables("a b c")
NAMES = {
    "a": a,
    "b": b,
    "c": c,
    **{name: getattr(cr, name) for name in ("exp", "tanh", "where", "maximum", "equal")},
}
VALUES = {a: 0.7, b: 1.3, c: 2.1}
INFIX = ["add", "subtract", "multiply", "divide", "power", "greater", "greater_equal", "less", "less_equal"]


def trees() -> st.SearchStrategy[Expression]:
    leaves = st.sampled_from([a, b, c]) | st.sampled_from([2.0, 0.5, -3.0, 1e-7, 12.0]).map(cr.constant)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(apply, st.sampled_from(INFIX), inner, inner),
            st.builds(apply, st.sampled_from(["negate", "exp", "tanh"]), inner),
            st.builds(apply, st.sampled_from(["maximum", "equal"]), inner, inner),
            st.builds(apply, st.just("where"), inner, inner, inner),
        ),
        max_leaves=10,
    )


@given(trees())
@settings(max_examples=300)
def test_python_reads_a_formula_back_with_the_same_value(node: Expression) -> None:
    with np.errstate(all="ignore"):
        powers = [cr.value(one, VALUES, rewrite=False) for one in topological([node]) if one.op.name == "power"]
    # Python takes a root of a negative number for a complex one, and a power of 0 below 0 for an error.
    assume(np.isfinite(powers).all())
    again = eval(str(node), {}, NAMES)
    if not isinstance(again, Expression):  # arithmetic on numbers alone
        return
    written, read = cr.value(node, VALUES, rewrite=False), cr.value(again, VALUES, rewrite=False)
    if np.isfinite(written) and abs(written) < 1e6:
        np.testing.assert_allclose(read, written, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "5 * (a * b + c)", "a - (b - c)", "a - b - c", "a / (b / c)", "a * (b / c)", "a / b * c", "(a ** b) ** c",
        "a ** b ** c", "(-a) ** 2", "-a ** 2", "a ** (-b)", "(-2) ** a", "a * -2", "-(a + b)", "-a * b",
        "(a > b) > c", "a > (b > c)", "(a > b) * c", "where(a > b, a, b)", "2 * exp(-a)", "a - -b", "equal(a, b)",
    ],
)  # fmt: skip
def test_brackets_stand_only_where_they_are_needed(text: str) -> None:
    assert str(eval(text, {}, NAMES)) == text


def test_matrices_read_as_people_write_them() -> None:
    X, W, v = cr.examples("X", features=3), cr.parameter("W", (3, 2)), cr.parameter("b", (2,))
    y = cr.examples("y")
    Z = X @ W + v
    assert str(Z) == "X @ W + b"
    assert str((X @ W).T) == "(X @ W).T"
    assert str(X.T @ (X @ W)) == "X.T @ (X @ W)"
    assert str(cr.softmax(Z)[y]) == "softmax(X @ W + b)[y]"
    assert str(cr.sum(Z, axis=1)) == "sum(X @ W + b, axis=1)"
    assert str(cr.mean(Z)) == "mean(X @ W + b)"
    assert str(cr.leaky_relu(Z, alpha=0.2)) == "leaky_relu(X @ W + b, alpha=0.2)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"), (0.1, "0.1"), (1 / 3, "0.333333"), (1e-7, "1e-07"), (2568192, "2568192"), (-2.5, "-2.5"),
        (np.ones(3), "1"), ([1, 2, 3], "constant(3)"), (np.eye(2), "constant(2, 2)"), (np.inf, "inf"),
        (np.nan, "nan"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_whole_numbers_whole(value: float, text: str) -> None:
    assert str(cr.constant(value)) == text


def test_a_formula_that_would_explode_is_cut_short() -> None:
    node: Expression = a
    for _ in range(100):
        node = cr.exp(node) + node
    assert len(str(node)) < 5000
