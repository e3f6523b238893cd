"""What a drawing of a network shows: the network in the graph of its cost, built or found in a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from chainrule.network.drawing.subject import Subject, subject_of

NETWORK = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
PARAMETERS = {
    "W1": np.array([[0.5, -1.0, 0.2], [0.1, 0.3, -0.7]]),
    "b1": np.array([0.1, 0.0, -0.2]),
    "W2": np.array([[1.0], [-2.0], [0.5]]),
    "b2": np.array([0.3]),
}
X = np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 0.5]])
Y = [1, 0, 1]


def cost(network: cr.Network, *, training: bool = False) -> cr.Expression:
    y_hat = network.connect(cr.examples("X", features=2), training=training).output
    return cr.mean(cr.binary_cross_entropy(y_hat, cr.examples("y", features=1)).named("L")).named("J")


def named(subject: Subject) -> list[str | None]:
    nodes = [subject.X, subject.y, subject.L, subject.J]
    nodes += [node for view in subject.layers for node in (view.W, view.b, view.Z, view.A)]
    return [None if node is None else node.name for node in nodes]


def test_a_network_alone_is_connected_up_to_its_cost() -> None:
    subject = subject_of(NETWORK, 2)
    assert named(subject) == ["X", "y", "L", "J", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "A2"]
    assert subject.trace is None
    assert subject.value(subject.X) is None
    assert subject.J is not None
    assert node_of(subject.J, "A2") is subject.output


def test_the_number_of_features_is_read_off_the_numbers() -> None:
    assert subject_of(NETWORK, None).features is None
    assert subject_of(NETWORK, None, parameters=PARAMETERS).features == 2
    assert subject_of(NETWORK, None, parameters=PARAMETERS, X=X).features == 2


def test_rows_give_values_and_labels_give_gradients() -> None:
    subject = subject_of(NETWORK, None, parameters=PARAMETERS, X=X, y=Y, backward=True)
    values = {**PARAMETERS, "X": X, "y": np.array(Y)[:, None]}
    J = cost(NETWORK)
    assert subject.value(subject.J) == pytest.approx(cr.value(J, values))
    for view in subject.dense:
        assert view.W is not None
        expected = cr.value(cr.gradients(J, [node_of(J, str(view.W.name))])[0], values)
        assert np.allclose(expected, gradient_of(subject, view.W), rtol=1e-12)


def gradient_of(subject: Subject, node: cr.Expression) -> Any:
    found = subject.gradient(node)
    assert found is not None
    return found


def node_of(J: cr.Expression, name: str) -> cr.Expression:
    waiting = [J]
    while waiting:
        node = waiting.pop()
        if node.name == name:
            return node
        waiting.extend(node.inputs)
    raise LookupError(name)


def test_rows_without_labels_have_values_and_no_cost() -> None:
    subject = subject_of(NETWORK, None, parameters=PARAMETERS, X=X)
    assert subject.value(subject.output) is not None
    assert subject.y is None
    assert subject.J is None
    assert subject.gradient(subject.output) is None


def test_labels_may_be_one_axis_or_two() -> None:
    one, two = (
        subject_of(NETWORK, None, parameters=PARAMETERS, X=X, y=y) for y in (Y, np.array(Y, dtype=float)[:, None])
    )
    assert one.value(one.J) == two.value(two.J)


@pytest.mark.parametrize("bias", [True, False])
def test_a_network_is_found_in_a_trace_of_its_cost(bias: bool) -> None:
    network = cr.Network([cr.Dense(3, "identity", bias=bias), cr.Dense(1, "sigmoid")])
    values = {name: array for name, array in PARAMETERS.items() if bias or name != "b1"}
    trace = cr.trace(cost(network), {**values, "X": X, "y": np.array(Y)[:, None]})
    found = subject_of(network, None, given=trace, backward=True)
    built = subject_of(network, None, parameters=values, X=X, y=Y, backward=True)
    assert named(found) == named(built)
    assert found.features == 2
    assert found.parameters is not None
    assert set(found.parameters) == set(values)
    for mine, theirs in zip(found.dense, built.dense, strict=True):
        assert mine.A is (mine.Z if mine.number == 1 else mine.A)
        assert np.array_equal(gradient_of(found, mine.A), gradient_of(built, theirs.A))


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_found_in_a_trace(training: bool) -> None:
    network = cr.Network([cr.Dropout(0.2), cr.Dense(3, "tanh"), cr.Dropout(0.5), cr.Dense(1, "sigmoid")])
    trace = cr.trace(cost(network, training=training), {**PARAMETERS, "X": X, "y": np.array(Y)[:, None]})
    subject = subject_of(network, None, given=trace, backward=True)
    drops = [view for view in subject.layers if view.dense is None]
    assert [view.number for view in drops] == [0, 1]
    assert [view.A is not view.before for view in drops] == [training, training]
    assert subject.dense[1].before is drops[1].A
    assert subject.X.name == "X"


def test_the_output_alone_may_be_traced() -> None:
    trace = cr.trace(NETWORK.connect(cr.examples("X", features=2)).output, {**PARAMETERS, "X": X})
    subject = subject_of(NETWORK, None, given=trace)
    assert subject.J is None
    assert subject.output is trace.J
    with pytest.raises(UserError, match="ends with the network's output"):
        subject_of(NETWORK, None, given=trace, backward=True)


def test_what_training_computes_is_finite_where_the_chain_as_written_is_not() -> None:
    far = {**PARAMETERS, "b2": np.array([900.0])}
    subject = subject_of(NETWORK, None, parameters=far, X=X, y=Y, backward=True)
    W = subject.dense[1].W
    assert W is not None
    assert not np.isfinite(gradient_of(subject, W)).all()
    A1, trained = subject.value(subject.dense[0].A), subject.trained_gradient(W)
    assert A1 is not None
    assert trained is not None
    assert np.allclose(A1[1:2].T / 3, trained)
    cost_value = subject.trained_cost()
    assert cost_value is not None
    assert 299 < float(cost_value) < 301


TRACE = cr.trace(cost(NETWORK), {**PARAMETERS, "X": X, "y": np.array(Y)[:, None]})
a, b = cr.variables("a b")
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a parameter is missing": ({"parameters": {"W1": PARAMETERS["W1"]}}, "parameters has no b1"),
    "a parameter has another shape": (
        {"parameters": {**PARAMETERS, "W2": np.ones((1, 3))}},
        r"W2 must be numbers of shape \(3, 1\), not float64 of shape \(1, 3\)",
    ),
    "a parameter is none of the network": (
        {"parameters": {**PARAMETERS, "W3": 1.0}},
        "no parameter 'W3'; its parameters are W1, b1, W2, b2",
    ),
    "parameters are complex": ({"parameters": {**PARAMETERS, "b1": 1j * PARAMETERS["b1"]}}, "b1 must be numbers"),
    "parameters are a list": ({"parameters": list(PARAMETERS.values())}, "a mapping from W1, b1"),
    "W1 is no matrix": ({"parameters": {**PARAMETERS, "W1": [1.0, 2.0]}}, "W1 must be an array of shape"),
    "rows without parameters": ({"X": X}, "need the parameters too"),
    "labels without rows": ({"y": Y}, "give X too"),
    "gradients without labels": ({"parameters": PARAMETERS, "X": X, "backward": True}, "give y"),
    "one row without its axis": ({"parameters": PARAMETERS, "X": X[0]}, r"X must be .*\(m, n\)"),
    "no rows": ({"parameters": PARAMETERS, "X": X[:0]}, r"not of shape \(0, 2\)"),
    "rows of another length": ({"parameters": PARAMETERS, "X": X[:, :1]}, "numbers an example: 1"),
    "features that the rows do not have": ({"features": 3, "parameters": PARAMETERS, "X": X}, "features is 3"),
    "rows of text": ({"parameters": PARAMETERS, "X": [["a", "b"]]}, "X must be real numbers"),
    "fewer labels": ({"parameters": PARAMETERS, "X": X, "y": [0, 1]}, "X has 3, y has 2"),
    "labels of two columns": ({"parameters": PARAMETERS, "X": X, "y": X}, r"y has shape \(m, 1\)"),
    "no such loss": ({"loss": "crossentropy"}, "there is no loss 'crossentropy'"),
    "a trace and rows": ({"given": TRACE, "X": X}, "leave X out, or trace out"),
    "a trace of something else": ({"given": cr.trace(a * b, a=1, b=2)}, "the trace has no W1"),
    "no trace": ({"given": 3}, "trace is what cr.trace gives, not int"),
    "other features than the trace": ({"given": TRACE, "features": 5}, "features is 5"),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        subject_of(NETWORK, **{"features": None, **arguments})


def test_a_trace_of_another_network_is_refused() -> None:
    with pytest.raises(UserError, match="not that of a layer of 4 neurons"):
        subject_of(cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]), None, given=TRACE)
