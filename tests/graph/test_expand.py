"""An operation without an instruction of its own has the value of the simpler ones it expands to."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.op import REGISTRY, Op

from .cases import ALL, Case

EXPANDING = [op for op in REGISTRY.values() if op.expand]
NUMBERS = np.array([1000.0, -1000.0, 0.0, -0.0, 1e-300, -1e-300, 30.0, -30.0, 1e-8])


@pytest.mark.parametrize("case", [case for case in ALL if case.node.op.expand], ids=str)
def test_an_expansion_has_the_value_of_the_operation(case: Case) -> None:
    assert case.node.op.expand is not None
    expanded = case.node.op.expand(case.node)
    assert expanded.shape == case.node.shape
    assert expanded.op is not case.node.op
    ours = cr.value(expanded, case.given, rewrite=False)
    np.testing.assert_allclose(ours, cr.value(case.node, case.given, rewrite=False), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("op", [op for op in EXPANDING if op.elementwise], ids=lambda op: op.name)
def test_an_elementwise_expansion_agrees_at_extremes(op: Op) -> None:
    attributes = {"alpha": 0.3} if op.name in {"leaky_relu", "elu"} else {}
    labels = np.resize([0.0, 1.0, 0.5], NUMBERS.shape)
    numbers = [NUMBERS] if op.name == "logit_cross_entropy" else [np.append(NUMBERS, [np.inf, -np.inf, np.nan])]
    numbers = [*numbers, labels if op.name == "logit_cross_entropy" else numbers[0][::-1]][: len(op.vjps)]
    inputs = [cr.constant(array) for array in numbers]
    node = cr.Expression(op, inputs, attributes)
    assert op.expand is not None
    assert_same_value(node, op.expand(node))


@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_softmax_and_logsumexp_expansions_agree_at_extremes(name: str) -> None:
    rows = [[1000.0, -1000.0, 0.0], [0.0, 0.0, 0.0], [-1000.0, -1000.0, -1000.0], [1e-300, 0.0, -1e-300]]
    node = cr.Expression(REGISTRY[name], [cr.constant([*rows, [-np.inf, 0.0, 1.0]])])
    assert node.op.expand is not None
    assert_same_value(node, node.op.expand(node))
    assert np.isfinite(cr.value(node, rewrite=False)).all()


def test_the_logarithm_of_a_sum_of_nothing_is_minus_infinity() -> None:
    node = cr.logsumexp(cr.constant([-np.inf, -np.inf]))
    assert node.op.expand is not None
    assert cr.value(node) == cr.value(node.op.expand(node)) == -np.inf


def assert_same_value(node: cr.Expression, expanded: cr.Expression) -> None:
    ours, theirs = (cr.value(item, rewrite=False) for item in (node, expanded))
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=1e-15)
