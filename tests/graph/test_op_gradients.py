"""The derivative rule of every operation against finite differences, first and second order."""

import pytest

import chainrule as cr
from chainrule.graph.op import REGISTRY, Op
from chainrule.testing import check_gradients

from .cases import ALL, CASES, Case


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if not op.leaf], ids=lambda op: op.name)
def test_every_operation_has_a_case(op: Op) -> None:
    assert CASES[op.name]
    assert all(case.node.op is op for case in CASES[op.name])


@pytest.mark.parametrize("case", ALL, ids=str)
def test_derivatives_are_those_of_finite_differences(case: Case) -> None:
    cost, values = case.cost()
    check_gradients(cost, case.moved, values)


@pytest.mark.parametrize("op", [op for op in REGISTRY.values() if not op.leaf], ids=lambda op: op.name)
def test_there_is_a_rule_or_a_none_for_every_input(op: Op) -> None:
    for case in CASES[op.name]:
        assert len(op.vjps) == len(case.node.inputs)


@pytest.mark.parametrize("case", ALL, ids=str)
def test_the_shape_of_a_value_is_the_shape_of_its_node(case: Case) -> None:
    value = cr.value(case.node, case.given, rewrite=False)
    assert len(value.shape) == len(case.node.shape)
    assert all(axis in ("m", length) for axis, length in zip(case.node.shape, value.shape, strict=True))
