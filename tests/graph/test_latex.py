"""Expressions as LaTeX: right by the rules of mathematics, valid, and in the notation of a textbook."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

import chainrule as cr
from chainrule.graph.expression import Expression, apply
from chainrule.graph.latex import derivative_latex, latex, name_latex, number_latex
from chainrule.graph.op import REGISTRY
from chainrule.graph.text import Notation
from chainrule.graph.walk import topological
from tests.graph.cases import ALL, CASES, Case
from tests.graph.latex_reader import read

a, b, c = cr.variables("a b c")
NAMES = {
    "a": a, "b": b, "c": c, "cr": cr,
    **{name: getattr(cr, name) for name in ("exp", "log", "tanh", "sigmoid", "sqrt", "where", "maximum", "equal")},
}  # fmt: skip
NOTATIONS: tuple[Notation, ...] = ("rows", "columns")
VALUES = {"a": 0.7, "b": 1.3, "c": 2.1}
COMPARISONS = ["equal", "greater", "greater_equal", "less", "less_equal"]
INFIX = ["add", "subtract", "multiply", "divide", "power", *COMPARISONS[1:]]
ONE = ["negate", "exp", "log", "tanh", "sigmoid", "sqrt", "abs", "log1p", "expm1"]


def trees() -> st.SearchStrategy[Expression]:
    leaves = st.sampled_from([a, b, c]) | st.sampled_from([2.0, 0.5, -3.0, 1e-7, 12.0, -4e20]).map(cr.constant)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(apply, st.sampled_from(INFIX), inner, inner),
            st.builds(apply, st.sampled_from(ONE), inner),
            st.builds(apply, st.sampled_from(["maximum", "minimum", "equal"]), inner, inner),
            st.builds(apply, st.just("where"), inner, inner, inner),
        ),
        max_leaves=10,
    )


def balanced(text: str) -> bool:
    """Whether the braces, and what begins and ends, pair up."""
    bare, depth = re.sub(r"\\[{}\\]", "", text), 0
    for sign in bare:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    pairs = [(r"\\left\b", r"\\right\b"), (r"\\begin\b", r"\\end\b")]
    return depth == 0 and all(len(re.findall(x, bare)) == len(re.findall(y, bare)) for x, y in pairs)


def turns_on_a_rounding(node: Expression) -> bool:
    """Whether a comparison is of equals but for rounding, a condition is nearly 0, or a 1 is lost.

    A log1p(x - y) is written as ln(1 + x - y), where a large x takes up the 1 that x - y would not.
    """
    values = {a: VALUES["a"], b: VALUES["b"], c: VALUES["c"]}

    def close(left: Expression, right: Expression) -> bool:
        x, y = (cr.value(side, values, rewrite=False) for side in (left, right))
        return left is not right and bool(np.isclose(x, y, rtol=1e-6, atol=1e-12))

    nodes = topological([node])
    sums = topological([part.inputs[0] for part in nodes if part.op.name == "log1p"])
    if any(abs(cr.value(part, values, rewrite=False)) > 1e6 for part in sums):
        return True
    conditions = [part.inputs[0] for part in nodes if part.op.name == "where"]
    return any(close(*part.inputs) for part in nodes if part.op.name in COMPARISONS) or any(
        close(one, cr.constant(0.0)) for one in conditions if one.op.name not in COMPARISONS
    )


@given(trees())
@settings(max_examples=400)
def test_mathematics_reads_a_formula_back_with_the_same_value(node: Expression) -> None:
    with np.errstate(all="ignore"):
        written = cr.value(node, {a: VALUES["a"], b: VALUES["b"], c: VALUES["c"]}, rewrite=False)
        if not np.isfinite(written) or abs(written) > 1e6:
            return
        assume(not turns_on_a_rounding(node))
        again = read(latex(node), VALUES)
    np.testing.assert_allclose(again, written, rtol=1e-6, atol=1e-9)


@given(trees())
@settings(max_examples=200)
def test_braces_are_balanced_and_matplotlib_can_draw_what_has_no_cases(node: Expression) -> None:
    text = latex(node)
    assert balanced(text)
    if r"\begin" not in text:
        MathTextParser("path").parse(f"${text}$")


@given(st.text(max_size=12))
def test_any_name_is_written_with_balanced_braces(name: str) -> None:
    assert balanced(name_latex(name))
    assert balanced(derivative_latex("J", name, "columns"))


@pytest.mark.parametrize("case", ALL, ids=str)
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_operation_and_its_derivatives_are_written(case: Case, notation: Notation) -> None:
    cost, _ = case.cost()
    for node in (case.node, cost, *cr.gradients(cost, case.moved)):
        text = latex(node, notation=notation)
        assert balanced(text)
        if r"\begin" not in text:
            MathTextParser("path").parse(f"${text}$")


def test_there_is_a_case_of_every_operation() -> None:
    leaves = {name for name, op in REGISTRY.items() if op.leaf}
    assert {name for name, cases in CASES.items() if cases} | leaves == set(REGISTRY)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("5 * (a * b + c)", "5 (a b + c)"),
        ("a * (b + c)", r"a \, (b + c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("a + (b + c)", "a + b + c"),
        ("a - -b", "a - (-b)"),
        ("a * -2", r"a \, (-2)"),
        ("-(a + b)", "-(a + b)"),
        ("-a * b", "-a b"),
        ("a * 2", r"a \cdot 2"),
        ("3 * (1 / a)", r"3 \cdot \frac{1}{a}"),
        ("a / (b / c)", r"\frac{a}{\frac{b}{c}}"),
        ("(a / b) ** 2", r"\left( \frac{a}{b} \right)^{2}"),
        ("(a ** b) ** c", "(a^{b})^{c}"),
        ("a ** b ** c", "a^{b^{c}}"),
        ("(-a) ** 2", "(-a)^{2}"),
        ("-a ** 2", "-a^{2}"),
        ("1 - tanh(a) ** 2", r"1 - (\tanh(a))^{2}"),
        ("exp(-a)", "e^{-a}"),
        ("exp(a / b)", r"\exp\left( \frac{a}{b} \right)"),
        ("exp(exp(a))", r"\exp(e^{a})"),
        ("b * log(a)", r"b \log a"),
        ("log(a) * b", r"(\log a) b"),
        ("log(1 - a)", r"\log(1 - a)"),
        ("log(a) ** 2", r"(\log a)^{2}"),
        ("cr.log1p(a)", r"\log(1 + a)"),
        ("b * cr.expm1(a)", r"b \, (e^{a} - 1)"),
        ("sigmoid(a) * (1 - sigmoid(a))", r"\sigma(a) \, (1 - \sigma(a))"),
        ("sqrt(a + b)", r"\sqrt{a + b}"),
        ("abs(a - b)", r"\left| a - b \right|"),
        ("cr.relu(a)", r"\operatorname{relu}(a)"),
        ("cr.leaky_relu(a, alpha=0.2)", r"\operatorname{leaky\_relu}(a, \alpha = 0.2)"),
        ("maximum(a, 0)", r"\max(a, 0)"),
        ("a > 0", "[a > 0]"),
        ("b * (a >= 0)", r"b \, [a \geq 0]"),
        ("(a <= b) < c", r"[[a \leq b] < c]"),
        ("equal(a, b)", "[a = b]"),
        ("where(a > b, a, 0.1 * b)", r"\begin{cases} a & \text{if } a > b \\ 0.1 b & \text{otherwise} \end{cases}"),
        ("where(a, b, c)", r"\begin{cases} b & \text{if } a \neq 0 \\ c & \text{otherwise} \end{cases}"),
    ],
)
def test_numbers_are_written_as_in_a_textbook(formula: str, text: str) -> None:
    assert latex(eval(formula, {}, NAMES)) == text


X, W1, W2 = cr.examples("X", features=3), cr.parameter("W1", (3, 4)), cr.parameter("W2", (4, 4))
w, bias = cr.parameter("w", (3,)), cr.parameter("b1", (4,))
y, P = cr.examples("y"), cr.variable("P", ("m", 4))


@pytest.mark.parametrize(
    ("node", "rows", "columns"),
    [
        (X @ W1 + bias, "X W_{1} + b_{1}", "W^{[1]} X + b^{[1]}"),
        (X @ W1 @ W2, "X W_{1} W_{2}", r"W^{[2]} \, (W^{[1]} X)"),
        (X @ (W1 @ W2), r"X \, (W_{1} W_{2})", "W^{[2]} W^{[1]} X"),
        (X.T @ P, r"X^{\top} P", r"P X^{\top}"),
        (P @ W1.T, r"P W_{1}^{\top}", r"W^{[1]\top} P"),
        ((X @ W1).T, r"(X W_{1})^{\top}", r"(W^{[1]} X)^{\top}"),
        (X @ w, "X w", r"w^{\top} X"),
        (w @ W1, r"w^{\top} W_{1}", "W^{[1]} w"),
        (w @ w, r"w^{\top} w", r"w^{\top} w"),
        (X.T @ y, r"X^{\top} y", r"y X^{\top}"),
        (y @ X, r"y^{\top} X", r"X y^{\top}"),
        (P * P, r"P \odot P", r"P \odot P"),
        (2 * P, "2 P", "2 P"),
        (a * P, "a P", "a P"),
        (P * (X @ W1), r"P \odot (X W_{1})", r"P \odot (W^{[1]} X)"),
        ((P * P) @ W2, r"(P \odot P) W_{2}", r"W^{[2]} \, (P \odot P)"),
        (2 * (X @ W1), "2 X W_{1}", "2 W^{[1]} X"),
        (bias ** 2, "b_{1}^{2}", "(b^{[1]})^{2}"),
        (P[y], "P_{y}", "P_{y}"),
        (cr.softmax(P)[y], r"\operatorname{softmax}(P)_{y}", r"\operatorname{softmax}(P)_{y}"),
        (P.named("A2")[y], "(A_{2})_{y}", "(A^{[2]})_{y}"),
        (cr.log(P.named("A2")), r"\log A_{2}", r"\log A^{[2]}"),
        (cr.mean(y.named("L")), r"\frac{1}{m} \sum_{i=1}^{m} L^{(i)}", r"\frac{1}{m} \sum_{i=1}^{m} L^{(i)}"),
        (cr.sum(P.named("A2"), axis=0), r"\sum_{i=1}^{m} A_{2}^{(i)}", r"\sum_{i=1}^{m} A^{[2](i)}"),
        (cr.mean(P ** 2, axis=1), r"\frac{1}{4} \sum_{j=1}^{4} P^{2}", r"\frac{1}{4} \sum_{j=1}^{4} P^{2}"),
        (cr.mean(P ** 2), *2 * (r"\frac{1}{4 m} \sum_{i=1}^{m} \sum_{j=1}^{4} P^{2}",)),
        (cr.sum(W1 ** 2), r"\sum_{j, k} W_{1}^{2}", r"\sum_{j, k} (W^{[1]})^{2}"),
        (cr.sum(y - 1), *2 * (r"\sum_{i=1}^{m} (y - 1)",)),
        (cr.sum(y) * a, *2 * (r"\left( \sum_{i=1}^{m} y^{(i)} \right) a",)),
        (a * cr.sum(y), *2 * (r"a \sum_{i=1}^{m} y^{(i)}",)),
        (cr.max(P, axis=1), *2 * (r"\max_{j}(P)",)),
        (cr.sum(cr.reshape(y, ("m", 1)), axis=1), "y", "y"),
        (cr.constant([1, 2, 3]) * w, r"(1, 2, 3) \odot w", r"(1, 2, 3) \odot w"),
        (cr.constant([2, 2, 2]) * w, "2 w", "2 w"),
        (cr.constant(np.eye(2)), *2 * (r"\mathrm{constant}_{2 \times 2}",)),
        (cr.draw(("m", 3), node=2) > 0.5, *2 * (r"[\mathrm{draw}_{2} > 0.5]",)),
    ],
)  # fmt: skip
def test_matrices_are_written_in_both_notations(node: Expression, rows: str, columns: str) -> None:
    assert (latex(node), latex(node, notation="columns")) == (rows, columns)


def test_the_gradient_of_a_matrix_by_a_vector_is_a_column_times_a_row() -> None:
    g, A, v = cr.variable("g", 2), cr.parameter("A", (2, 3)), cr.variable("v", 3)
    by_A, by_v = cr.gradients(cr.sum((A @ v) * g), [A, v])
    assert (latex(by_A), latex(by_A, notation="columns")) == (r"g v^{\top}", r"v g^{\top}")
    assert latex(by_v) == r"A^{\top} g"


def test_what_has_a_name_stands_by_its_name_and_the_root_is_written_out() -> None:
    u = (a * b).named("u")
    assert (latex(5 * u), latex(u)) == ("5 u", "a b")


def test_labels_are_latex_and_stand_before_names_in_brackets_where_they_need_them() -> None:
    u = (a * b).named("u")
    assert latex(u * c, labels={u: r"\frac{\partial J}{\partial u}"}) == r"\frac{\partial J}{\partial u} c"
    assert latex(a * b + c, labels={a: "3", b: "-2", c: "1"}) == "3 (-2) + 1"
    assert latex(a * b, labels={a: "3", b: "2"}) == r"3 \cdot 2"
    assert latex(a**2, labels={a: r"3 \times 10^{5}"}) == r"(3 \times 10^{5})^{2}"
    assert latex(a**2, labels={a: "10^{5}"}) == "(10^{5})^{2}"
    assert latex(a * b, labels={a: "x + 1"}) == "(x + 1) b"
    assert latex(a, labels={a: "3"}) == "3"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("y", "y"), ("y_hat", r"\hat{y}"), ("x_bar", r"\bar{x}"), ("y_hat1", r"\hat{y}_{1}"), ("W1", "W_{1}"),
        ("W12", "W_{12}"), ("x_i", "x_{i}"), ("x_max", r"x_{\mathrm{max}}"), ("w1_2", "w_{1,2}"),
        ("alpha", r"\alpha"), ("theta0", r"\theta_{0}"), ("Sigma", r"\Sigma"), ("x_beta", r"x_{\beta}"),
        ("learning_rate", r"\mathrm{learning\_rate}"), ("cost", r"\mathrm{cost}"), ("draw3", r"\mathrm{draw}_{3}"),
        ("x_", r"\mathrm{x\_}"), ("ß", "ß"), ("a b", r"\text{a b}"), ("100% {x}", r"\text{100\% \{x\}}"),
        ("a\\b\n", r"\text{a\textbackslash{}b }"), ("12", "12"), ("0.5", "0.5"), ("nan", r"\mathrm{nan}"),
        ("dJ/dW1", r"\frac{\partial J}{\partial W_{1}}"), ("", r"\text{}"),
    ],
)  # fmt: skip
def test_names(name: str, text: str) -> None:
    assert name_latex(name) == text


def test_in_columns_w_b_z_and_a_carry_their_layer_in_brackets() -> None:
    names = ("W1", "b2", "Z10", "A3", "x1", "W", "W0", "Wx1")
    texts = ["W^{[1]}", "b^{[2]}", "Z^{[10]}", "A^{[3]}", "x_{1}", "W", "W_{0}", r"\mathrm{Wx}_{1}"]
    assert [name_latex(name, "columns") for name in names] == texts
    assert derivative_latex("J", "W1", "columns") == r"\frac{\partial J}{\partial W^{[1]}}"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3, "3"), (0.1, "0.1"), (1 / 3, "0.333333"), (1.2e-5, r"1.2 \times 10^{-5}"), (1e-7, "10^{-7}"),
        (-1e-7, "-10^{-7}"), (-2.5, "-2.5"), (-0.0, "0"), (2568192, "2568192"), (1e20, "10^{20}"),
        (np.inf, r"\infty"), (-np.inf, r"-\infty"), (np.nan, r"\mathrm{NaN}"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_in_powers_of_ten(number: float, text: str) -> None:
    assert number_latex(number) == text


def test_shared_nodes_do_not_make_a_formula_explode() -> None:
    node: Expression = a
    for _ in range(100):
        node = cr.exp(node) + node
    text = latex(node)
    assert len(text) < 5000
    assert r"\ldots" in text
    assert balanced(text)


def test_a_deep_graph_is_written_without_recursion() -> None:
    node: Expression = a
    for _ in range(5000):
        node = cr.sigmoid(node) / 2
    assert balanced(latex(node))


def test_an_unknown_notation_is_refused() -> None:
    with pytest.raises(cr.UserError, match="notation is"):
        latex(a, notation="rowss")  # type: ignore[arg-type]
    with pytest.raises(cr.UserError, match="notation is"):
        name_latex("a", "rowss")  # type: ignore[arg-type]
