"""Every operation against PyTorch in float64: value, gradient, second derivative, broadcasting and kinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expression, apply
from chainrule.graph.op import REGISTRY
from chainrule.graph.shapes import broadcast

from ..graph.cases import ALL, Case, some

torch = pytest.importorskip("torch")
F = torch.nn.functional
Function = Callable[..., Any]


def binary_cross_entropy(z: Any, y: Any) -> Any:
    return F.binary_cross_entropy_with_logits(z, y, reduction="none")


def concrete(shape: tuple[Any, ...], a: Any) -> list[int]:
    return [a.shape[0] if axis == "m" else axis for axis in shape]


def reshape(a: Any, shape: tuple[Any, ...]) -> Any:
    return a.reshape([-1 if axis == "m" else axis for axis in shape])


def broadcast_to(a: Any, count: Any, shape: tuple[Any, ...]) -> Any:
    return a.broadcast_to(concrete(shape, a))


def comparison(compare: Function) -> Function:
    return lambda a, b: compare(a, b).to(a.dtype)


TORCH: dict[str, Function] = {
    "copy": lambda a: a * 1,
    "negate": torch.neg,
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "power": torch.pow,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
    "erf": torch.erf,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "where": lambda condition, a, b: torch.where(condition != 0, a, b),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    # PyTorch takes the line z above 20 unless told otherwise.
    "softplus": lambda z: F.softplus(z, threshold=100.0),
    "silu": F.silu,
    "gelu": F.gelu,
    "leaky_relu": lambda z, alpha: F.leaky_relu(z, alpha),
    "elu": lambda z, alpha: F.elu(z, alpha),
    "greater": comparison(torch.gt),
    "greater_equal": comparison(torch.ge),
    "less": comparison(torch.lt),
    "less_equal": comparison(torch.le),
    "equal": comparison(torch.eq),
    "logit_cross_entropy": binary_cross_entropy,
    "matmul": torch.matmul,
    "transpose": lambda a: a.T,
    "sum": lambda a, axes, keepdims: a.sum(axes, keepdim=keepdims),
    "mean": lambda a, axes, keepdims: a.mean(axes, keepdim=keepdims),
    "max": lambda a, axes, keepdims: a.amax(axes, keepdim=keepdims),
    "softmax": lambda a: torch.softmax(a, -1),
    "logsumexp": lambda a: torch.logsumexp(a, -1),
    "reshape": reshape,
    "broadcast_to": broadcast_to,
    "pick": lambda a, labels: a.gather(1, labels.long()[:, None])[:, 0],
    "one_hot": lambda labels, classes: F.one_hot(labels.long(), classes).to(labels.dtype),
}


def test_every_operation_is_compared() -> None:
    assert set(TORCH) == {name for name, op in REGISTRY.items() if not op.leaf}


def tensors(arrays: list[NDArray[np.float64]], moved: list[bool]) -> list[Any]:
    return [torch.tensor(array, requires_grad=moves) for array, moves in zip(arrays, moved, strict=False)]


def by_torch(node: Expression, leaves: dict[Expression, Any]) -> Any:
    """Compute one operation, whose inputs are leaves or constants, in PyTorch."""
    inputs = [
        leaves[source] if source in leaves else torch.tensor(source.attributes.get("value", np.nan))
        for source in node.inputs
    ]
    return TORCH[node.op.name](*inputs, **node.attributes)


def assert_same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs.detach().numpy(force=True), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_values_are_those_of_pytorch(case: Case) -> None:
    theirs = by_torch(case.node, dict(zip(case.inputs, tensors(list(case.values), [False] * 3), strict=False)))
    assert_same(cr.value(case.node, case.given, rewrite=False), theirs)


@pytest.mark.parametrize("case", [case for case in ALL if case.moved and any(case.node.op.vjps)], ids=str)
def test_derivatives_are_those_of_pytorch(case: Case) -> None:
    moved = [node in case.moved for node in case.inputs]
    leaves = dict(zip(case.inputs, tensors(list(case.values), moved), strict=True))
    cost, values = case.cost()
    weights = torch.tensor(next(array for node, array in values.items() if node.name == "weights"))
    wanted = [leaves[node] for node in case.moved]
    theirs = torch.autograd.grad((by_torch(case.node, leaves) * weights).sum(), wanted, create_graph=True)
    ours = cr.gradients(cost, case.moved)
    for gradient, their_gradient in zip(ours, theirs, strict=True):
        assert_same(cr.value(gradient, values, rewrite=False), their_gradient)
    for gradient, their_gradient in zip(ours, theirs, strict=True):
        compare_second_derivatives(cr.sum(gradient), their_gradient.sum(), leaves, case, values)


def compare_second_derivatives(
    total: Expression, their_total: Any, leaves: dict[Expression, Any], case: Case, values: dict[Expression, Any]
) -> None:
    for node in case.moved:
        theirs = None
        if their_total.requires_grad:
            (theirs,) = torch.autograd.grad(their_total, leaves[node], retain_graph=True, allow_unused=True)
        try:
            ours = cr.value(cr.grad(total, node), values, rewrite=False)
        except cr.UserError:  # the first derivative does not depend on the node
            ours = np.zeros(leaves[node].shape)
        assert_same(ours, torch.zeros_like(leaves[node]) if theirs is None else theirs)


BROADCASTING = [
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "logit_cross_entropy", "where",
]  # fmt: skip
SHAPES: list[tuple[Any, ...]] = [(), (1,), (3,), ("m",), ("m", 1), ("m", 3), (1, 3), (1, 1), (4, 3), (4, 1)]


@given(name=st.sampled_from(BROADCASTING), shapes=st.tuples(*[st.sampled_from(SHAPES)] * 3))
@settings(max_examples=150)
def test_shapes_broadcast_as_in_pytorch(name: str, shapes: tuple[Any, ...]) -> None:
    shapes = shapes[: len(REGISTRY[name].vjps)]
    inputs = [cr.variable(letter, shape) for letter, shape in zip("abc", shapes, strict=False)]
    arrays = [
        some(*(4 if axis == "m" else axis for axis in shape), low=0.3 + 0.1 * i) for i, shape in enumerate(shapes)
    ]
    if broadcast(shapes) is None:
        with pytest.raises(cr.UserError, match=name):
            apply(name, *inputs)
        return
    node = apply(name, *inputs)
    leaves = tensors(arrays, [True] * 3)
    theirs = TORCH[name](*torch.broadcast_tensors(*leaves))
    values = dict(zip(inputs, arrays, strict=True))
    assert_same(cr.value(node, values, rewrite=False), theirs)
    moved = inputs[1:] if name == "where" else inputs
    found = torch.autograd.grad((theirs**2).sum(), leaves[-len(moved) :])
    for gradient, their_gradient in zip(cr.gradients(cr.sum(node**2), moved), found, strict=True):
        assert gradient.shape in SHAPES
        assert_same(cr.value(gradient, values, rewrite=False), their_gradient)


KINKS = [
    ("relu", [[0.0, -0.0]], {}),
    ("abs", [[0.0, -0.0]], {}),
    ("sign", [[0.0, -0.0]], {}),
    ("leaky_relu", [[0.0, -0.0]], {"alpha": 0.01}),
    ("elu", [[0.0, -0.0]], {"alpha": 1.0}),
    ("elu", [[0.0, -0.0]], {"alpha": 0.5}),
    ("maximum", [[1.0, 0.0, -2.0], [1.0, 0.0, -2.0]], {}),
    ("minimum", [[1.0, 0.0, -2.0], [1.0, 0.0, -2.0]], {}),
    ("max", [[1.0, 3.0, 3.0, 3.0]], {"axes": (0,), "keepdims": False}),
    ("max", [[[1.0, 3.0], [3.0, 3.0]]], {"axes": (1,), "keepdims": False}),
    ("max", [[[1.0, 3.0], [3.0, 3.0]]], {"axes": (0, 1), "keepdims": True}),
    ("power", [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0]], {}),
    ("power", [[0.0, 0.0], [0.5, -1.5]], {}),
    ("power", [[-2.0, -2.0, 3.0], [2.0, 3.0, 0.0]], {}),
    ("sqrt", [[0.0, 4.0]], {}),
    ("log", [[0.0]], {}),
    ("log1p", [[-1.0]], {}),
    ("divide", [[1.0, 0.0], [0.0, 2.0]], {}),
    ("logsumexp", [[1000.0, 1000.0, -1000.0]], {}),
    ("softmax", [[1000.0, 1000.0, -1000.0]], {}),
    ("logit_cross_entropy", [[0.0, -0.0, 1000.0, -1000.0], [0.0, 1.0, 0.0, 1.0]], {}),
    ("sigmoid", [[1000.0, -1000.0, 0.0]], {}),
    ("softplus", [[1000.0, -1000.0, 0.0]], {}),
    ("silu", [[1000.0, -1000.0, 0.0]], {}),
    ("gelu", [[1000.0, -1000.0, 0.0]], {}),
    ("tanh", [[1000.0, -1000.0, 0.0]], {}),
]


@pytest.mark.parametrize(("name", "values", "attributes"), KINKS, ids=[f"{k[0]}-{i}" for i, k in enumerate(KINKS)])
def test_derivatives_at_kinks_and_extremes_are_those_of_pytorch(
    name: str, values: list[Any], attributes: dict[str, Any]
) -> None:
    arrays = [np.array(value) for value in values]
    inputs = [cr.variable(letter, array.shape) for letter, array in zip("ab", arrays, strict=False)]
    node = apply(name, *inputs, **attributes)
    leaves = tensors(arrays, [True] * len(arrays))
    result = by_torch(node, dict(zip(inputs, leaves, strict=True)))
    given = dict(zip(inputs, arrays, strict=True))
    assert_same(cr.value(node, given, rewrite=False), result)
    if not any(node.op.vjps):
        return
    theirs = torch.autograd.grad(result.sum(), leaves, allow_unused=True)
    for gradient, their_gradient in zip(cr.gradients(node, inputs), theirs, strict=True):
        assert_same(cr.value(gradient, given, rewrite=False), their_gradient)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 0.5, -1.0, [0.0, 1.0, 2.0]], ids=str)
def test_the_derivative_of_a_constant_power_at_0_is_that_of_pytorch(exponent: Any) -> None:
    a = cr.variable("a", (3,))
    leaf = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    (leaf ** (torch.tensor(exponent) if isinstance(exponent, list) else exponent)).sum().backward()
    assert_same(cr.value(cr.grad(a**exponent, a), {a: np.zeros(3)}), leaf.grad)


def test_where_passes_the_gradient_to_the_chosen_one() -> None:
    condition, a, b = (cr.variable(name, (3,)) for name in ("condition", "a", "b"))
    values = {condition: [1.0, 0.0, -1.0], a: [1.0, 2.0, 3.0], b: [np.inf, 5.0, np.nan]}
    by_a, by_b = cr.gradients(cr.where(condition, a**2, b), [a, b])
    assert cr.value(by_a, values).tolist() == [2.0, 0.0, 6.0]
    assert cr.value(by_b, values).tolist() == [0.0, 1.0, 0.0]
