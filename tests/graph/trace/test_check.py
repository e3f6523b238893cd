"""Finite differences beside the gradients of a trace."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.graph.expression import Expression
from chainrule.graph.op import Op


def test_a_wrong_derivative_is_found() -> None:
    wrong = Op("wrong", lambda shapes, _: shapes[0], lambda x: x**2, (lambda g, node, x: g * x,), elementwise=True)
    x = cr.variable("x", 3)
    check = cr.trace(cr.sum(Expression(wrong, [x])), x=[1.0, 2.0, 3.0]).check()
    assert not check
    assert [node.ok for node in check.nodes] == [False, True]
    assert "dJ/dx DIFFERS: 3 compared, largest difference" in str(check)


def test_kinks_are_counted_and_left_out() -> None:
    x = cr.variable("x", 3)
    check = cr.trace(cr.sum(cr.relu(x)), x=[-1.0, 0.0, 2.0]).check()
    assert check.ok
    assert (check.nodes[0].elements, check.nodes[0].kinks) == (2, 1)


def test_labels_of_classes_are_not_moved() -> None:
    z, y = cr.variable("z", ("m", 3)), cr.variable("y", "m")
    check = cr.trace(cr.sum(cr.pick(z, y)), z=np.ones((2, 3)), y=[0, 2]).check()
    assert check.ok
    assert [node.label for node in check.nodes] == ["dJ/dz", "dJ/dv1"]


def test_of_a_large_array_some_elements_are_tried() -> None:
    x = cr.variable("x", 10_000)
    (one, _) = cr.trace(cr.sum(x**2), x=np.linspace(-1, 1, 10_000)).check().nodes
    assert one.elements == 16


def test_a_gradient_that_is_no_number_differs() -> None:
    x = cr.variable("x")
    assert not cr.trace(cr.sqrt(x) * 0, x=0.0).check().ok
