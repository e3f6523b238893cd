"""Short expressions of the same value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, apply
from chainrule.graph.simplify import simplify

x, y = cr.variables("x y")
v, r = cr.variable("v", (3,)), cr.variable("r", (2, 3))
VALUES: dict[Expression, Any] = {x: 0.7, y: -1.3, v: [0.2, 1.5, -2.0], r: [[0.1, 0.2, 0.3], [1.0, -1.0, 2.0]]}


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (1 * x + 0, "x"), (x * 1, "x"), (0 * x, "0"), (x - 0, "x"), (0 - x, "-x"),
        (x / 1, "x"), (0 / x, "0"),
        (x**1, "x"), (x**0, "1"), (apply("negate", -x), "x"), (x + -y, "x - y"), (-x + y, "y - x"),
        (x - (-y), "x + y"),
        (x * -1, "-x"), (-x * y, "-x * y"), (x * 2, "2 * x"), (3 * (x * 2), "6 * x"), (x * 3 * y, "3 * x * y"),
        (x + x, "2 * x"), (x + -2 * y, "x - 2 * y"), (x - -2 * y, "x + 2 * y"), (x + -2, "x - 2"),
        (cr.constant(2) * 3 + 1, "7"), (x + -1 / y, "x - 1 / y"),
        (cr.where(1, x, y), "x"), (cr.where(0, x, y), "y"),
        (cr.sum(cr.broadcast_to(x, (3,))), "3 * x"),
        (cr.sum(cr.broadcast_to(x, ("m", 3))), "3 * m * x"),
        (cr.sum(cr.broadcast_to(v, (2, 3)), axis=0), "2 * v"),
        (cr.sum(cr.broadcast_to(v, (2, 3)), axis=1), "sum(v, axis=1)"),
        (x + cr.sum(-v), "x - sum(v)"),
        (v + -r.T @ np.ones(2), "v - r.T @ 1"),
        (cr.reshape(cr.reshape(v, (3, 1)), 3), "v"),
        (r.T.T, "r"),
    ],
    ids=str,
)  # fmt: skip
def test_a_person_would_write_it_so(node: Expression, text: str) -> None:
    (short,) = simplify([node])
    assert str(short) == text
    assert short.shape == node.shape
    if "m" not in text:
        np.testing.assert_allclose(cr.value(short, VALUES), cr.value(node, VALUES), rtol=1e-15)


def test_named_nodes_and_nodes_to_keep_stay() -> None:
    u = (1 * x).named("u")
    kept = x + 0
    assert str(simplify([u + 0])[0]) == "1 * x"
    assert simplify([kept * 1], keep={kept})[0] is kept


def fit(*nodes: Expression) -> bool:
    """Whether shapes fit together, axis by axis from the right."""
    try:
        np.broadcast_shapes(*(shapes.fixed(node.shape) for node in nodes))
    except ValueError:
        return False
    return True


def some_node(draw: st.DrawFn) -> Expression:
    nodes: list[Expression] = [x, y, v, r, *(cr.constant(number) for number in (0.0, 1.0, -1.0, 2.0, -3.0))]
    nodes += [cr.broadcast_to(x, (2, 3)), cr.broadcast_to(v, (2, 3)), cr.broadcast_to(cr.constant(-2.0), (3,))]
    for _ in range(draw(st.integers(1, 10))):
        one, other = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        op = draw(
            st.sampled_from(["add", "subtract", "multiply", "divide", "negate", "where", "sum", "mean", "power"])
        )
        if op in {"add", "subtract", "multiply"}:
            assume(fit(one, other))
            nodes.append(apply(op, one, other))
        elif op == "divide":
            nodes.append(one / draw(st.sampled_from([x, y, cr.constant(-2.0), cr.constant(1.0)])))
        elif op == "where":
            condition = draw(st.sampled_from([x > 0, cr.constant(1.0), cr.constant(0.0), v]))
            assume(fit(condition, one, other))
            nodes.append(cr.where(condition, one, other))
        elif op == "power":
            nodes.append(one ** draw(st.sampled_from([0.0, 1.0, 2.0])))
        elif op == "negate":
            nodes.append(-one)
        else:
            axes = draw(st.sets(st.sampled_from(range(len(one.shape))))) if one.shape else set()
            nodes.append(apply(op, one, axes=tuple(sorted(axes)), keepdims=draw(st.booleans())))
    return nodes[-1]


@given(st.data())
@settings(max_examples=300)
def test_a_simplified_expression_has_the_same_value_and_shape(data: st.DataObject) -> None:
    node = some_node(data.draw)  # type: ignore[arg-type]
    (short,) = simplify([node])
    assert short.shape == node.shape
    written = cr.value(node, VALUES, rewrite=False)
    np.testing.assert_allclose(
        cr.value(short, VALUES, rewrite=False), written, rtol=1e-9, atol=1e-9 * np.abs(written).max(initial=1)
    )
