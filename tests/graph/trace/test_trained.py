"""Where training takes a rewritten form, beside the chain as written."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from tests.graph.trace.networks import binary, categorical


def test_the_chain_as_written_and_the_form_of_training_stand_side_by_side() -> None:
    J, values = binary()
    trace = cr.trace(J, values).backward()
    assert {"A2", "Z2"} <= {trace.label(node) for node in trace.shown if trace.reached(node)}
    (found,) = trace.trained()
    assert (found.label, found.formula) == ("dJ/dZ2", "1 / m * (A2 - y)")
    np.testing.assert_allclose(found.value, found.written_value, rtol=1e-12)


def test_softmax_has_its_own_form() -> None:
    J, values = categorical()
    (found,) = cr.trace(J, values).trained()
    assert found.label == "dJ/dZ2"
    expected = (cr.trace(J, values).value("A2") - np.eye(3)[np.asarray(values[_input(values, "y")])]) / 5
    np.testing.assert_allclose(found.value, expected, rtol=1e-12)


def _input(values: dict[object, object], name: str) -> object:
    return next(node for node in values if str(node) == name)


def test_the_form_of_training_holds_where_the_chain_breaks_down() -> None:
    J, values = binary(scale=1000.0)
    (found,) = cr.trace(J, values).trained()
    assert not np.isfinite(found.written_value).all()
    assert np.isfinite(found.value).all()
    expected = cr.value(cr.grad(J, found.node), values)
    np.testing.assert_allclose(found.value, expected, rtol=1e-12)


@pytest.mark.parametrize("loss", [cr.squared_error, cr.absolute_error])
def test_nothing_is_said_where_nothing_is_rewritten(loss: object) -> None:
    y_hat, y = cr.variables("y_hat y")
    assert cr.trace(loss(y_hat, y), y_hat=0.3, y=1.0).trained() == ()  # type: ignore[operator]


def test_a_graph_that_is_cut_at_the_probability_has_no_logits_to_take_it_from() -> None:
    J, values = binary()
    trace = cr.trace(J, {"A2": np.full((5, 1), 0.3), "y": values[_input(values, "y")]})
    assert trace.trained() == ()
    assert trace.check().ok
