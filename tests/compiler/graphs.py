"""Random graphs: a few leaves, then operations on what is there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph import shapes
from chainrule.graph.expression import Expression

Draw = st.DrawFn
Values = dict[Expression, NDArray[np.float64]]

MOST_OPERATIONS = 14
_MOST_AXES = 3

_SMOOTH: list[Callable[[Expression], Expression]] = [
    cr.tanh,
    cr.sigmoid,
    cr.softplus,
    cr.gelu,
    cr.silu,
    lambda a: -a,
    lambda a: 0.5 * a,
    lambda a: a / 3,
    lambda a: cr.log(1.5 + cr.tanh(a)),
    lambda a: cr.sqrt(1.5 + cr.tanh(a)),
    lambda a: cr.exp(cr.tanh(a)),
    lambda a: cr.tanh(a) ** 2,
    lambda a: cr.tanh(a) ** 3,
    lambda a: (1.5 + cr.tanh(a)) ** -1.3,
]
_KINKED: list[Callable[[Expression], Expression]] = [
    cr.relu,
    cr.leaky_relu,
    cr.elu,
    cr.abs,
    lambda a: cr.where(a > 0.1, a, -0.3 * a),
]
_PAIRS: list[Callable[[Expression, Expression], Expression]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * cr.tanh(b),
    lambda a, b: a / (1.5 + cr.tanh(b)),
    cr.maximum,
    cr.minimum,
]


@dataclass
class Grown:
    """A pool of expressions, the parameters among its leaves, and values for all leaves."""

    pool: list[Expression]
    parameters: list[Expression]
    values: Values
    draws: int = field(default=0)


def leaves(count: int, seed: int) -> Grown:
    random = np.random.default_rng(seed)
    data = [cr.examples("X", features=3), cr.examples("v"), cr.examples("c", features=1)]
    labels = cr.examples("labels")
    named = {"W": (3, 2), "U": (2, 3), "w": (3,), "r": (2,), "B": (1, 1), "s": ()}
    parameters = [cr.parameter(name, shape) for name, shape in named.items()]
    values = {leaf: random.normal(size=shapes.concrete(leaf.shape, count)) for leaf in [*data, *parameters]}
    values[labels] = random.integers(0, 2, count).astype(np.float64)
    return Grown([*data, labels, *parameters], parameters, values)


@st.composite
def grown(draw: Draw, *, least_rows: int = 1, smooth: bool = False, draws: bool = True) -> Grown:
    graph = leaves(draw(st.integers(least_rows, 7)), draw(st.integers(0, 1000)))
    kinds = [_one, _one, _two, _two, _two, _reduction, _reduction, _product, _product, _layout, _rows]
    kinds += [] if smooth else [_kinked]
    kinds += [_random] if draws else []
    for _ in range(draw(st.integers(1, MOST_OPERATIONS))):
        made = draw(st.sampled_from(kinds))(draw, graph)
        if made is not None and len(made.shape) <= _MOST_AXES:
            graph.pool.append(made)
    return graph


def _any(draw: Draw, graph: Grown, fits: Callable[[Expression], bool] = lambda _: True) -> Expression | None:
    """Choose from the pool, rather something new."""
    there = [node for node in graph.pool if fits(node)]
    return there[-1 - draw(st.integers(0, len(there) - 1))] if there else None


def _one(draw: Draw, graph: Grown) -> Expression | None:
    node = _any(draw, graph)
    return None if node is None else draw(st.sampled_from(_SMOOTH))(node)


def _kinked(draw: Draw, graph: Grown) -> Expression | None:
    node = _any(draw, graph)
    return None if node is None else draw(st.sampled_from(_KINKED))(node)


def _two(draw: Draw, graph: Grown) -> Expression | None:
    a = _any(draw, graph)
    b = _any(draw, graph, lambda b: a is not None and shapes.broadcast([a.shape, b.shape]) is not None)
    return None if a is None or b is None else draw(st.sampled_from(_PAIRS))(a, b)


def _reduction(draw: Draw, graph: Grown) -> Expression | None:
    a = _any(draw, graph, lambda a: len(a.shape) > 0)
    if a is None:
        return None
    axes = draw(st.sets(st.integers(0, len(a.shape) - 1), min_size=1))
    return draw(st.sampled_from([cr.sum, cr.mean, cr.max]))(a, axis=axes, keepdims=draw(st.booleans()))


def _product(draw: Draw, graph: Grown) -> Expression | None:
    a = _any(draw, graph, lambda a: 1 <= len(a.shape) <= 2)
    assert a is not None
    b = _any(draw, graph, lambda b: _multiply(a, b))
    return None if b is None else a @ b


def _multiply(a: Expression, b: Expression) -> bool:
    fits = 1 <= len(b.shape) <= 2 and a.shape[-1] == b.shape[0]
    return fits and (a.shape[:-1] + b.shape[1:]).count("m") <= 1


def _layout(draw: Draw, graph: Grown) -> Expression | None:
    a = _any(draw, graph, lambda a: len(a.shape) > 0)
    assert a is not None
    if len(a.shape) == 2 and draw(st.booleans()):
        return a.T
    if draw(st.booleans()):
        return cr.reshape(a, (*a.shape, 1))
    if "m" in a.shape:
        return cr.reshape(a, ("m", shapes.size(a.shape))) if a.shape[0] == "m" else None
    return cr.reshape(a, (shapes.size(a.shape),))


def _rows(draw: Draw, graph: Grown) -> Expression | None:
    a = _any(draw, graph, lambda a: len(a.shape) == 2 and a.shape[0] == "m" and a.shape[1] in (2, 3))
    if a is None:
        return None
    labels = graph.pool[3]
    made: list[Expression] = [a[labels], cr.softmax(a), cr.logsumexp(a), cr.one_hot(labels, classes=a.shape[1]) * a]
    return draw(st.sampled_from(made))


def _random(draw: Draw, graph: Grown) -> Expression:
    graph.draws += 1
    shape = draw(st.sampled_from([("m",), ("m", 2), ("m", 3), (3,), ()]))
    return cr.draw(shape, node=graph.draws)


def examples_first(node: Expression) -> bool:
    return "m" not in node.shape[1:]


def has_examples(node: Expression) -> bool:
    return "m" in node.shape


def as_cost(nodes: list[Expression]) -> Expression:
    """A number that depends on all nodes."""
    parts = [cr.mean(cr.tanh(node) ** 2) if has_examples(node) else cr.sum(cr.tanh(node)) for node in nodes]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
