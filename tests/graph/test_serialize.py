"""Graphs as data: what is written comes back, and nothing that is read can do more than fail with a clear error."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph import serialize
from chainrule.graph.expression import Expression, apply
from chainrule.graph.op import REGISTRY, Op
from chainrule.graph.serialize import from_data, to_data
from chainrule.graph.walk import topological

finite = st.floats(allow_nan=False, allow_infinity=False)


def through_json(roots: list[Expression]) -> list[Expression]:
    return from_data(json.loads(json.dumps(to_data(roots), allow_nan=False)))


def described(roots: list[Expression]) -> list[object]:
    """All that makes a graph, node by node."""
    order = topological(roots)
    position = {node: index for index, node in enumerate(order)}
    return [
        (
            node.op.name,
            [position[source] for source in node.inputs],
            {key: np.asarray(value).tolist() for key, value in node.attributes.items()},
            node.name,
            node.shape,
        )
        for node in order
    ]


def one_of_each() -> list[Expression]:
    """A graph in which every operation of the registry stands at least once."""
    X, z, y = cr.examples("X", features=3), cr.variable("z", ("m", 3)), cr.examples("y")
    W = cr.parameter("W", (3, 3), 0.5)
    special: dict[str, list[Expression]] = {
        "leaves": [X, z, y, W, cr.example_count(), cr.draw(("m", 3), node=4), cr.constant([[1.5, -0.0, 1e-300]])],
        "products": [X @ W, W.T, cr.pick(z, y), cr.one_hot(y, classes=3)],
        "shapes": [cr.reshape(z, ("m", 1, 3)), cr.broadcast_to(2.0, ("m", 3)), cr.broadcast_to(2.0, (4, 3))],
        "reductions": [cr.sum(z, axis=1), cr.mean(z), cr.max(z, axis=1, keepdims=True)],
        "rows": [cr.softmax(z), cr.logsumexp(z)],
        "slopes": [cr.leaky_relu(z, 0.2), cr.elu(z, 1.25)],
    }
    roots = [node for nodes in special.values() for node in nodes]
    there = {node.op.name for node in topological(roots)}
    return roots + [
        apply(name, *[z] * len(op.vjps)) for name, op in REGISTRY.items() if op.elementwise and name not in there
    ]


def test_every_operation_comes_back_as_it_was() -> None:
    roots = one_of_each()
    assert {node.op.name for node in topological(roots)} == set(REGISTRY)
    assert described(through_json(roots)) == described(roots)


@pytest.mark.parametrize("op", REGISTRY.values(), ids=lambda op: op.name)
def test_every_attribute_of_an_operation_can_be_stored(op: Op) -> None:
    assert set(serialize.attribute_names(op)) <= set(serialize._KINDS)


@given(st.lists(finite, min_size=1, max_size=6))
def test_numbers_come_back_to_the_last_bit(numbers: list[float]) -> None:
    (back,) = through_json([cr.constant(numbers)])
    assert back.attributes["value"].tobytes() == np.array(numbers).tobytes()


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    """Random elementwise expressions of x with some sharing."""
    nodes = [cr.variable("x", ("m", 2)), cr.constant(draw(finite)), cr.constant([0.5, 2.0])]
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(["add", "multiply", "maximum", "tanh", "sigmoid", "negate", "where"]))
        inputs = [draw(st.sampled_from(nodes)) for _ in REGISTRY[name].vjps]
        node = apply(name, *inputs)
        nodes.append(node.named("u") if draw(st.booleans()) else node)
    return nodes[-1]


@given(expressions())
def test_a_graph_comes_back_as_it_was(root: Expression) -> None:
    assert described(through_json([root])) == described([root])
    assert to_data(through_json([root])) == to_data([root])


def test_what_is_shared_stays_shared() -> None:
    x = cr.variable("x")
    u = cr.exp(x)
    first, second = through_json([u + 1, u * u])
    assert first.inputs[0] is second.inputs[0] is second.inputs[1]


def test_a_loaded_graph_has_the_same_value() -> None:
    z = cr.variable("z", ("m", 2))
    (back,) = through_json([cr.softmax(z) * cr.constant([1.0, 3.0])])
    rows = np.array([[0.0, 1.0], [-2.0, 0.5]])
    assert (cr.value(back, z=rows) == cr.value(cr.softmax(z) * cr.constant([1.0, 3.0]), z=rows)).all()


def test_a_deep_graph_needs_no_deep_stack() -> None:
    x = cr.variable("x")
    for _ in range(4000):
        x = x + 1
    assert float(cr.value(through_json([x])[0], x=0.0)) == 4000


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (cr.parameter("W", (3, 2), cr.Glorot()), "initializer"),
        (cr.variable("z") * float("inf"), "finite"),
        (cr.constant(float("nan")), "finite"),
        (cr.variable("z" * 300), "at most 200 characters"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_when_written(root: Expression, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        to_data([root])


X_NODE: list[Any] = ["examples", [], {"shape": ["m", 3]}, "X"]
ONE: list[Any] = ["constant", [], {"value": {"shape": [], "values": 1.0}}, None]
HUGE = 10**400


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([["system", [], {}, None]], "unknown operation 'system'"),
        ([[["exp"], [], {}, None]], "unknown operation"),
        ([["exp", [0], {}, None]], "position of one of the 0 nodes"),
        ([X_NODE, ["exp", [1], {}, None]], "position of one of the 1 nodes"),
        ([X_NODE, ["exp", [-1], {}, None]], "position of one of the 1 nodes"),
        ([X_NODE, ["exp", [True], {}, None]], "position of one of the 1 nodes"),
        ([X_NODE, ["exp", [0, 0], {}, None]], "exp takes 1 inputs, not 2"),
        ([X_NODE, ["matmul", [0, 0], {}, None]], "inner axes differ"),
        ([X_NODE, ["exp", [0], {"alpha": 1}, None]], "must have exactly nothing"),
        ([X_NODE, ["exp", [0], None, None]], "must have exactly nothing"),
        ([X_NODE, ["exp", [0], {}, 5]], "name"),
        ([X_NODE, ["exp", [0], {}, "a" * 300]], "name"),
        ([X_NODE, ["exp", [0], {}]], "3 parts"),
        ([X_NODE, ["leaky_relu", [0], {"alpha": float("nan")}, None]], "finite"),
        ([X_NODE, ["leaky_relu", [0], {"alpha": HUGE}, None]], "finite"),
        ([X_NODE, ["leaky_relu", [0], {"alpha": True}, None]], "must be a number"),
        ([X_NODE, ["sum", [0], {"axes": [7], "keepdims": False}, None]], "no axes"),
        ([X_NODE, ["sum", [0], {"axes": [1, 0], "keepdims": False}, None]], "in order"),
        ([X_NODE, ["sum", [0], {"axes": [1], "keepdims": 1}, None]], "true or false"),
        ([X_NODE, ["reshape", [0], {"shape": ["m", 0]}, None]], "whole number"),
        ([X_NODE, ["reshape", [0], {"shape": ["m", "m"]}, None]], "cannot have shape"),
        ([X_NODE, ["reshape", [0], {"shape": [3, "m"]}, None]], "mix the examples"),
        ([X_NODE, ["reshape", [0], {"shape": [1] * 40}, None]], "at most 8"),
        ([ONE, ["broadcast_to", [0, 0], {"shape": [2**20, 2**20]}, None]], "cannot have shape"),
        ([ONE, X_NODE, ["broadcast_to", [0, 1], {"shape": [2]}, None]], "number of examples"),
        ([["examples", [], {"shape": [3]}, "X"]], "axis of examples first"),
        ([["parameter", [], {"shape": ["m"], "init": {"shape": [], "values": 1.0}}, "w"]], "cannot start"),
        ([["constant", [], {"value": {"shape": [2], "values": [1.0]}}, None]], "axis of 1 numbers"),
        ([["constant", [], {"value": {"shape": [1], "values": [[1.0]]}}, None]], "must be a number"),
        ([["constant", [], {"value": {"shape": [], "values": float("inf")}}, None]], "finite"),
        ([["constant", [], {"value": {"shape": ["m"], "values": [1]}}, None]], "known axes"),
        ([["one_hot", [], {"classes": 2}, None]], "takes 1 inputs"),
        ({}, "must be a list"),
        ([X_NODE] * (serialize.MOST_NODES + 1), "at most 10,000"),
    ],
)
def test_malformed_nodes_are_refused_with_a_reason(nodes: object, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        from_data({"nodes": nodes, "roots": [0]})


@pytest.mark.parametrize("roots", [None, [0.0], ["0"], [1], [-1], {}])
def test_roots_are_positions_of_nodes(roots: object) -> None:
    with pytest.raises(UserError):
        from_data({"nodes": [X_NODE], "roots": roots})


def test_shapes_that_grow_out_of_small_ones_are_refused() -> None:
    column = ["variable", [], {"shape": [2**20, 1]}, "a"]
    row = ["variable", [], {"shape": [1, 2**20]}, "b"]
    with pytest.raises(UserError, match="too large"):
        from_data({"nodes": [column, row, ["add", [0, 1], {}, None]], "roots": [2]})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(sorted(REGISTRY)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the path of every value inside nested lists and dicts."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in items for place in places(inner, (*path, key)))]


def mutated(data: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return data


WHOLE = json.dumps(to_data(one_of_each()))
PLACES = places(json.loads(WHOLE))


@given(st.sampled_from(PLACES), json_values)
def test_mutated_data_is_a_graph_or_a_clear_error(path: tuple[Any, ...], new: Any) -> None:
    try:
        roots = from_data(mutated(json.loads(WHOLE), path, new))
    except UserError:
        return
    assert all(isinstance(root, Expression) for root in roots)


@given(json_values)
def test_anything_at_all_is_a_graph_or_a_clear_error(data: Any) -> None:
    with pytest.raises(UserError):
        from_data(data)
