"""Values, local derivatives and gradients of a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from tests.graph.cases import ALL, Case
from tests.graph.trace.networks import binary, categorical


def story() -> cr.Trace:
    a, b, c = cr.variables("a b c")
    u = (a * b).named("u")
    v = (u + c).named("v")
    return cr.trace(5 * v, a=3, b=2, c=1)


def test_the_story_of_every_course_comes_out() -> None:
    trace = story().backward()
    assert {name: float(trace.value(name)) for name in ("u", "v", "J")} == {"u": 6, "v": 7, "J": 35}
    slopes = {name: float(trace.gradient(name)) for name in ("a", "b", "c", "u", "v", "J")}
    assert slopes == {"a": 10, "b": 15, "c": 5, "u": 5, "v": 5, "J": 1}
    assert [edge.text for edge in trace.edges] == [
        "du/da = b = 2",
        "du/db = a = 3",
        "dv/du = 1",
        "dv/dc = 1",
        "dJ/dv = 5",
    ]
    assert [edge.through for edge in trace.edges] == ["dJ/du * b", "dJ/du * a", "dJ/dv", "dJ/dv", "5"]


@pytest.mark.parametrize("case", ALL, ids=str)
def test_gradients_are_those_of_the_graph_for_every_operation(case: Case) -> None:
    cost, values = case.cost()
    trace = cr.trace(cost, values).backward()
    for node in case.moved:
        expected = cr.value(cr.grad(cost, node), values, rewrite=False)
        np.testing.assert_allclose(trace.gradient(node), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_finite_differences_agree_for_every_operation(case: Case) -> None:
    cost, values = case.cost()
    check = cr.trace(cost, values).check()
    assert check.ok, str(check)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_what_flows_through_an_edge_is_the_gradient_times_the_local_derivative(case: Case) -> None:
    cost, values = case.cost()
    trace = cr.trace(cost, values).backward()
    for edge in trace.edges:
        if edge.whole and edge.local_value is not None and edge.part is not None:
            gradient = trace.gradient(edge.node)
            part = edge.target.evaluate(edge.part, {edge.gradient: gradient})
            # A result with fewer axes is spread over those it was reduced along, which the part has done already.
            if gradient.size == edge.local_value.size or gradient.ndim == 0:
                product = (gradient.reshape(-1) * edge.local_value.reshape(-1)).sum() if part.ndim == 0 else part
                np.testing.assert_allclose(part.sum(), np.sum(product), rtol=1e-12)


def test_a_local_derivative_is_a_finite_difference_of_its_operation() -> None:
    x = cr.variable("x", 3)
    for function in (cr.exp, cr.sigmoid, cr.tanh, cr.softplus, cr.gelu, cr.silu):
        trace = cr.trace(cr.sum(function(x).named("a")), x=[-1.0, 0.3, 2.0]).backward()
        (edge,) = [edge for edge in trace.edges if edge.source is x]
        step = 1e-6
        up, down = (cr.value(function(x), x=trace.value("x") + sign * step) for sign in (1, -1))
        assert edge.local_value is not None
        np.testing.assert_allclose(edge.local_value, (up - down) / (2 * step), rtol=1e-6)


def test_a_product_of_matrices_has_no_local_derivative_but_a_formula() -> None:
    J, values = binary()
    formulas = {edge.through for edge in cr.trace(J, values).edges if edge.local is None}
    assert {"X.T @ dJ/dv1", "dJ/dv1 @ W1.T"} <= formulas


def test_the_gradient_of_a_bias_sums_over_the_examples() -> None:
    J, values = binary()
    (edge,) = [edge for edge in cr.trace(J, values).edges if str(edge.source) == "b1"]
    assert (edge.whole, edge.through) == (False, "sum(dJ/dZ1, axis=0)")


def test_an_input_that_is_used_twice_is_one_edge() -> None:
    x = cr.variable("x")
    trace = cr.trace(x * x, x=3.0).backward()
    (edge,) = trace.edges
    assert (edge.positions, edge.text, float(trace.gradient(x))) == ((0, 1), "dJ/dx = 2 * x = 6", 6.0)


def test_gradients_of_several_ways_add_up() -> None:
    x = cr.variable("x")
    u, v = (2 * x).named("u"), (x**2).named("v")
    step = list(cr.trace(u * v, x=3.0).backward().steps())[-1]
    assert step.text == "dJ/dx = dJ/dv * dv/dx + dJ/du * du/dx = 6 * 6 + 9 * 2 = 54"


def test_bookkeeping_is_seen_through() -> None:
    b = cr.parameter("b", (3,))
    spread = cr.reshape(cr.broadcast_to(b, (2, 3)), (6,))
    trace = cr.trace(cr.sum(spread * spread), b=[1.0, 2.0, 3.0]).backward()
    assert [trace.label(node) for node in trace.shown] == ["b", "v1", "J"]
    assert trace.gradient("b").tolist() == [4.0, 8.0, 12.0]
    assert trace.edges[0].through == "sum(2 * dJ/dv1 * b, axis=0)"


def test_of_a_root_with_more_elements_the_sum_is_differentiated() -> None:
    x = cr.variable("x", 3)
    trace = cr.trace(x**2, x=[1.0, 2.0, 3.0]).backward()
    assert trace.label(trace.J) == "J"
    assert trace.gradient("x").tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize("root", [cr.constant(5.0), cr.reshape(cr.variable("x", 2), (2, 1))])
def test_a_root_is_shown_whatever_it_is(root: Expression) -> None:
    trace = cr.trace(root, {} if root.op.leaf else {"x": [1.0, 2.0]}).backward()
    assert trace.shown[-1] is root
    assert trace.gradient(root).shape == trace.value(root).shape
    assert str(trace).splitlines()[-2:]


def test_a_node_inside_may_be_given() -> None:
    a, b, c = cr.variables("a b c")
    u = (a * b).named("u")
    trace = cr.trace(5 * (u + c), u=6, c=1).backward()
    assert [trace.label(node) for node in trace.shown] == ["u", "c", "v1", "J"]
    assert (float(trace.value("J")), float(trace.gradient("u"))) == (35.0, 5.0)
    assert next(trace.steps()).text == "u = 6"


def test_names_of_unnamed_nodes_avoid_those_that_are_taken() -> None:
    v1, J = cr.variables("v1 J")
    trace = cr.trace(2 * (v1 * J), v1=1, J=2)
    assert [trace.label(node) for node in trace.shown] == ["v1", "J", "v2", "root"]


def test_random_numbers_are_those_of_the_seed_and_the_step() -> None:
    root = cr.sum(cr.draw((4,), node=3))
    one, same, other = (cr.trace(root, seed=1, step=step).value("J") for step in (1, 1, 2))
    assert one == same != other


def test_arrays_of_a_trace_cannot_be_changed_by_mistake() -> None:
    given_array = np.ones(3)
    trace = cr.trace(cr.sum(cr.variable("x", 3)), x=given_array)
    with pytest.raises(ValueError, match="read-only"):
        trace.value("x")[0] = 2
    given_array[0] = 7
    assert trace.value("x")[0] == 1


@pytest.mark.parametrize("m", [1, 2, 7])
def test_one_example_and_a_batch_go_through_a_network_alike(m: int) -> None:
    for J, values in (binary(m), categorical(m)):
        trace = cr.trace(J, values).backward()
        assert trace.check().ok
        for node in trace.shown:
            if node.op.name == "parameter":
                expected = cr.value(cr.grad(J, node), values, rewrite=False)
                np.testing.assert_allclose(trace.gradient(node), expected, rtol=1e-12)


@given(st.data())
def test_random_graphs_agree_with_gradients_and_with_finite_differences(data: st.DataObject) -> None:
    leaves = list(cr.variables("a b c"))
    nodes: list[Expression] = list(leaves)
    for _ in range(data.draw(st.integers(1, 12))):
        x, y = (nodes[data.draw(st.integers(0, len(nodes) - 1))] for _ in range(2))
        build = data.draw(st.sampled_from(_BUILD))
        nodes.append(build(x, y))
    values = {leaf: data.draw(st.floats(-2, 2)) for leaf in leaves}
    J = cr.tanh(nodes[-1])
    given_values = {leaf: number for leaf, number in values.items() if str(leaf) in _names(J)}
    trace = cr.trace(J, given_values).backward()
    for leaf in given_values:
        np.testing.assert_allclose(
            trace.gradient(leaf),
            cr.value(cr.grad(J, leaf), values=given_values, rewrite=False),
            rtol=1e-9,
            atol=1e-9,
        )
    assert trace.check().ok, str(trace.check())


_BUILD: list[Any] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (2 + y * y),
    lambda x, y: cr.tanh(x),
    lambda x, y: cr.sigmoid(x) * y,
    lambda x, y: cr.exp(cr.tanh(x)),
    lambda x, y: -x,
]


def _names(J: Expression) -> set[str]:
    from chainrule.graph.walk import topological

    return {str(node) for node in topological([J]) if node.op.name == "variable"}


def test_what_is_missing_or_unknown_is_named() -> None:
    a, b = cr.variables("a b")
    with pytest.raises(UserError, match="b has no value: give one"):
        cr.trace(a * b, a=1)
    with pytest.raises(UserError, match="'c' is given a value, but no node has that name; the names are: a, b"):
        cr.trace(a * b, a=1, b=2, c=3)
    with pytest.raises(UserError, match=r"the value of a has shape \(2,\), but a has shape \(\)"):
        cr.trace(a * b, a=[1, 2], b=2)
    with pytest.raises(UserError, match="a trace is of an expression, not of float"):
        cr.trace(3.0)  # type: ignore[arg-type]


def test_what_a_trace_does_not_have_is_named() -> None:
    trace = story()
    with pytest.raises(UserError, match="no gradients yet: call trace"):
        trace.gradient("a")
    with pytest.raises(UserError, match="has no node 'w'; its nodes are: a, b, u, c, v, J"):
        trace.value("w")
    with pytest.raises(UserError, match="x is not in the trace of J"):
        trace.value(cr.variable("x"))


def test_two_nodes_of_one_name_are_told_apart_by_expression() -> None:
    one, two = cr.variable("x"), cr.variable("x")
    trace = cr.trace(one * two, {one: 2.0, two: 5.0}).backward()
    assert float(trace.gradient(one)) == 5.0
    with pytest.raises(UserError, match="2 nodes of the trace are called 'x'"):
        trace.value("x")


def test_a_long_chain_is_no_problem() -> None:
    x = cr.variable("x")
    node = x
    for _ in range(3000):
        node = node * 1.001
    trace = cr.trace(node, x=1.0).backward()
    assert float(trace.gradient(x)) == pytest.approx(1.001**3000)
