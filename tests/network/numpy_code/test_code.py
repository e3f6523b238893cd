"""The text of written code: what a learner reads, its names, saving it, and what is refused."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError, WorkFailed
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.network.numpy_code.code import NumpyCode
from tests.network.numpy_code.running import functions, run

LOGISTIC = cr.Network([cr.Dense(1, "sigmoid")])
TWO_LAYERS = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])


def body(code: NumpyCode, name: str) -> list[str]:
    """The statements of a function as text without comments and layout."""
    function = next(
        node for node in ast.parse(code.text).body if isinstance(node, ast.FunctionDef) and node.name == name
    )
    return [ast.unparse(statement) for statement in function.body[1:]]


def test_backpropagation_reads_as_in_a_course() -> None:
    assert body(TWO_LAYERS.as_numpy(2), "backward")[3:] == [
        "dZ2 = A2 - y",
        "dW2 = A1.T @ dZ2 / m",
        "db2 = np.sum(dZ2, axis=0) / m",
        "dA1 = dZ2 @ W2.T",
        "dZ1 = dA1 * (1 - A1 ** 2)",
        "dW1 = X.T @ dZ1 / m",
        "db1 = np.sum(dZ1, axis=0) / m",
        "return {'W1': dW1, 'b1': db1, 'W2': dW2, 'b2': db2}",
    ]


def test_columns_read_as_in_a_course_that_stacks_examples_as_columns() -> None:
    code = TWO_LAYERS.as_numpy(2, notation="columns")
    assert body(code, "forward")[2:4] == ["Z1 = W1 @ X + b1", "A1 = np.tanh(Z1)"]
    assert body(code, "backward")[3:8] == [
        "dZ2 = A2 - y",
        "dW2 = dZ2 @ A1.T / m",
        "db2 = np.sum(dZ2, axis=1, keepdims=True) / m",
        "dA1 = W2.T @ dZ2",
        "dZ1 = dA1 * (1 - A1 ** 2)",
    ]
    assert {"W1      (4, 2)", "b1      (4, 1)", "X       (2, m), one column an example"} <= set(
        code.text.split("\n")
    )


def test_the_loop_reads_as_in_a_course() -> None:
    loop = next(part for part in body(LOGISTIC.as_numpy(2, loops=True), "cost_and_gradients") if "for i" in part)
    assert loop.split("\n    ") == [
        "for i in range(m):",
        "x, y_i = (X[i], y[i])",
        "values = forward(x, parameters)",
        "z1, a1 = (values['z1'], values['a1'])",
        "L = logit_cross_entropy(z1, y_i)",
        "J += L[0]",
        "dz1 = a1 - y_i",
        "dW1 += np.outer(x, dz1)",
        "db1 += dz1",
    ]


def test_shapes_and_the_written_loss_stand_in_comments() -> None:
    text = TWO_LAYERS.as_numpy(2).text
    assert re.search(r"Z1 = X @ W1 \+ b1 +# \(m, 4\)$", text, re.MULTILINE)
    assert re.search(r"dW1 = .* # dJ/dW1  \(2, 4\)$", text, re.MULTILINE)
    assert re.search(r"dZ2 = .* # dL/dZ2  \(m, 1\)$", text, re.MULTILINE)
    assert "# L = -(y * log(A2) + (1 - y) * log(1 - A2)), exact even for large Z:" in text
    assert "exact even" not in cr.Network([cr.Dense(1)]).as_numpy(2).text


@pytest.mark.parametrize("loops", [False, True])
def test_code_needs_nothing_but_numpy(loops: bool) -> None:
    tree = ast.parse(TWO_LAYERS.as_numpy(2, loops=loops).text)
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == ["import numpy as np"]


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("notation", ["rows", "columns"])
def test_no_line_is_longer_than_linters_allow(loops: bool, notation: Any) -> None:
    deep = cr.Network([*(cr.Dense(40, "gelu") for _ in range(12)), cr.Dropout(0.25), cr.Dense(10, "softmax")])
    text = deep.as_numpy(100, loops=loops, notation=notation, l1=0.125, l2=0.1).text
    assert max(map(len, text.split("\n"))) <= 88
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    run(text)


def test_names_of_own_steps_never_clash_with_names_of_the_code() -> None:
    def activation(z: Expression) -> Expression:
        shifted = (z + 1.0).named("np")
        scaled = (2.0 * shifted).named("class")
        gate = cr.sigmoid(scaled).named("W1") - cr.sigmoid(-scaled).named("softplus")
        return (gate.named("a value") * scaled).named("m") + shifted.named("A1")

    def loss(y_hat: Expression, y: Expression) -> Expression:
        distance = (y_hat - y).named("sigmoid")
        return (distance.named("t1") ** 2).named("J") + 0 * cr.softplus(distance).named("C1\n")

    network = cr.Network([cr.Dense(2, activation), cr.Dense(1, activation)])
    X, y = np.array([[0.5, -1.0], [2.0, 0.1]]), np.array([[1.0], [0.0]])
    connected = network.connect(cr.examples("X", features=2))
    values = {node: np.full(shapes.fixed(node.shape), 0.3) for node in connected.parameters}
    labels = cr.variable("labels", ("m", 1))
    J = cr.mean((connected.output - labels) ** 2)
    expected = cr.value(J, {**values, connected.X: X, labels: y})
    for loops in (False, True):
        code = functions(network.as_numpy(2, loops=loops, loss=loss))
        result, _ = code.cost_and_gradients(X, y, {str(node.name): value for node, value in values.items()})
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_long_names_are_not_given_short_ones() -> None:
    def activation(z: Expression) -> Expression:
        parts = [cr.tanh(z * number).named(f"a_rather_long_name_of_part_{number}") for number in range(1, 6)]
        return parts[0] * parts[1] * parts[2] * parts[3] * parts[4]

    code = cr.Network([cr.Dense(2, activation)]).as_numpy(3)
    assert not re.search(r"t\d+ = a_rather_long_name_of_part_\d$", code.text, re.MULTILINE)
    assert max(map(len, code.text.split("\n"))) <= 88


def test_what_is_named_in_an_own_loss_has_a_line() -> None:
    def loss(y_hat: Expression, y: Expression) -> Expression:
        return cr.abs((y_hat - y).named("distance")) ** 1.5

    code = cr.Network([cr.Dense(1)]).as_numpy(2, loss=loss)
    assert body(code, "cost")[1:3] == ["distance = Z1 - y", "L = np.abs(distance) ** 1.5"]
    assert "ddistance = " in code.text


def test_labels_of_another_shape_are_refused_and_never_broadcast() -> None:
    X, parameters = np.ones((3, 2)), {"W1": np.zeros((2, 1)), "b1": np.zeros(1)}
    for loops in (False, True):
        code = functions(LOGISTIC.as_numpy(2, loops=loops))
        with pytest.raises(AssertionError):
            code.cost_and_gradients(X, np.ones(3), parameters)


def test_the_learning_rate_is_that_of_the_written_descent() -> None:
    assert "learning_rate=0.005, steps=1000" in LOGISTIC.as_numpy(2, learning_rate=0.005).text


def test_code_is_text_that_is_printed_and_saved(tmp_path: Path) -> None:
    code = LOGISTIC.as_numpy(2)
    assert str(code) == code.text
    assert code._repr_markdown_() == f"```python\n{code.text}```"
    code.save(tmp_path / "logistic.py")
    assert (tmp_path / "logistic.py").read_text(encoding="utf-8") == code.text
    assert [path.name for path in tmp_path.iterdir()] == ["logistic.py"]
    with pytest.raises(UserError, match=r"ends in \.py"):
        code.save(tmp_path / "logistic.txt")
    with pytest.raises(WorkFailed):
        code.save(tmp_path / "missing" / "logistic.py")


def test_all_functions_are_named() -> None:
    names = ("forward", "cost", "backward", "cost_and_gradients", "update", "gradient_descent")
    assert LOGISTIC.as_numpy(2).names == names
    assert LOGISTIC.as_numpy(2, loops=True).names == tuple(n for n in names if n not in {"cost", "backward"})


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"features": None}, "say how many numbers"),
        ({"features": 0}, "features"),
        ({"features": 2.5}, "features"),
        ({"loss": "binary_crossentropy"}, "did you mean 'binary_cross_entropy'"),
        ({"loss": "categorical_cross_entropy"}, "at least two outputs"),
        ({"l1": -1.0}, "l1"),
        ({"l2": "much"}, "l2"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"notation": "both"}, "notation is"),
        ({"loops": "yes"}, "loops is True or False"),
    ],
)
def test_choices_that_make_no_sense_are_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        LOGISTIC.as_numpy(**{"features": 2, **choices})
