"""The checks of derivatives can fail: each rule, made wrong by one per cent, is found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import chainrule.graph.gradients
from chainrule.graph.expression import Expression, apply
from chainrule.graph.op import REGISTRY, Op
from chainrule.testing import check_gradients

from .cases import ALL, CASES, Case

RULES = [(op, position) for op in REGISTRY.values() for position, vjp in enumerate(op.vjps) if vjp is not None]


@pytest.mark.parametrize(("op", "position"), RULES, ids=[f"{op.name}-{position}" for op, position in RULES])
def test_a_rule_that_is_wrong_by_one_per_cent_is_found(
    op: Op, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = list(op.vjps)
    right = rules[position]
    assert right is not None
    rules[position] = one_per_cent_too_much(right)
    with monkeypatch.context() as patched:
        patched.setattr(type(op), "__setattr__", object.__setattr__)
        patched.setattr(op, "vjps", tuple(rules))
        assert any(is_found_wrong(case) for case in CASES[op.name])
    assert op.vjps[position] is right


def one_per_cent_too_much(rule: Callable[..., Expression]) -> Callable[..., Expression]:
    def wrong(*arguments: Any) -> Expression:
        return rule(*arguments) * 1.01

    return wrong


def is_found_wrong(case: Case) -> bool:
    cost, values = case.cost()
    try:
        check_gradients(cost, case.moved, values, order=1)
    except AssertionError as error:
        return "by finite differences" in str(error)
    return False


def test_a_mean_in_place_of_the_sum_over_copies_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def mean_to(a: Expression, shape: tuple[int, ...]) -> Expression:
        lead = len(a.shape) - len(shape)
        axes = tuple(i for i in range(len(a.shape)) if i < lead or shape[i - lead] != a.shape[i])
        return apply("reshape", apply("mean", a, axes=axes, keepdims=False), shape=shape) if axes else a

    case = Case("add", lambda a, b: a + b, [CASES["add"][0].values[0], CASES["add"][0].values[0][:1]])
    assert not is_found_wrong(case)
    monkeypatch.setattr(chainrule.graph.gradients, "sum_to", mean_to)
    assert is_found_wrong(case)


def test_a_gradient_that_forgets_one_of_two_uses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in CASES["multiply"] if case.node.inputs[0] is case.node.inputs[1])
    monkeypatch.setattr(chainrule.graph.gradients, "vector_jacobian_product", only_through_the_first_input)
    assert is_found_wrong(case)


_product = chainrule.graph.gradients.vector_jacobian_product


def only_through_the_first_input(node: Expression, position: int, gradient: Expression) -> Expression | None:
    again = node.inputs[position] in node.inputs[:position]
    return None if again else _product(node, position, gradient)


def test_without_a_mutation_nothing_is_found() -> None:
    assert not any(is_found_wrong(case) for case in ALL)
