"""What the parts of an explanation say beside their numbers: places, names, formulas, and what is chosen."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from chainrule.explain.build import explain
from chainrule.explain.explanation import Explanation
from tests.explain.models import KINDS, case, right_label

SIZE = 6


@pytest.fixture(scope="module")
def picture_model() -> cr.Model:
    """A model of pictures of 6 x 6 pixels, with three wide layers."""
    generator = np.random.default_rng(5)
    X = generator.integers(0, 256, (40, SIZE * SIZE * 3)).astype(np.uint8)
    network = cr.Network([cr.Dense(50, "relu"), cr.Dense(21, "tanh"), cr.Dense(20, "relu"), cr.Dense(1, "sigmoid")])
    pictures = cr.PictureSettings(size=SIZE)
    return cr.fit(network, X, X[:, 0] > 127, classes=["no", "yes"], pictures=pictures, epochs=2)


@pytest.fixture(scope="module")
def row() -> np.ndarray[Any, Any]:
    return np.random.default_rng(6).integers(0, 256, SIZE * SIZE * 3).astype(np.uint8)


@pytest.fixture(scope="module")
def found(picture_model: cr.Model, row: np.ndarray[Any, Any]) -> Explanation:
    return picture_model.explain(row)


def labelled(kind: str) -> Explanation:
    data = case(kind)
    return data.model.explain(data.X[0], right_label(data, 0))


def test_numbers_of_a_picture_stand_where_their_index_says(found: Explanation, row: np.ndarray[Any, Any]) -> None:
    pixels = row.reshape(SIZE, SIZE, 3)
    channels = ("red", "green", "blue")
    assert len(found.input.numbers) == 12
    for number in found.input.numbers:
        assert number.place is not None
        line, column, channel = number.place
        assert number.raw == pixels[number.place] == row[number.index]
        assert number.index == (line * SIZE + column) * 3 + channel
        assert number.channel == channels[channel]
        assert number.x == pytest.approx(number.raw / 255)
    places = {number.place[:2] for number in found.input.numbers if number.place is not None}
    assert places == {(0, 0), (0, 1), (3, 3), (5, 5)}


@pytest.mark.parametrize(
    ("kind", "formula", "raw_name"),
    [
        ("binary", "X = (row - mean) / deviation", "row"),
        ("logistic", "X = (row - low) / (high - low)", "row"),
        ("softmax", "", "X"),
    ],
)
def test_the_preprocessing_is_written_as_a_formula(kind: str, formula: str, raw_name: str) -> None:
    part = labelled(kind).input
    assert (part.formula, part.raw_name) == (formula, raw_name)
    assert part.shape is None
    assert [number.index for number in part.numbers] == list(range(5))


def test_bytes_of_pictures_are_divided_by_255(found: Explanation, row: np.ndarray[Any, Any]) -> None:
    assert found.input.formula == "X = pixels / 255"
    assert (found.input.dtype, found.input.shape) == ("uint8", (SIZE, SIZE, 3))
    np.testing.assert_allclose(found.input.x, row / 255)


def test_a_small_layer_is_shown_whole_and_of_a_wide_one_the_strongest(found: Explanation) -> None:
    first, second, third, _ = found.layers
    assert not first.shows_all
    assert not second.shows_all
    assert third.shown == tuple(range(20))
    for part in (first, second):
        strengths = np.abs(part.A)[list(part.shown)]
        assert len(strengths) == 12
        assert (np.diff(strengths) <= 0).all()
        assert strengths.min() >= np.delete(np.abs(part.A), part.shown).max()


def test_layers_say_what_they_read_and_how_many_neurons_are_silent(found: Explanation) -> None:
    assert [part.reads for part in found.layers] == ["X", "A1", "A2", "A3"]
    assert [part.is_output for part in found.layers] == [False, False, False, True]
    assert found.layers[0].silent == (found.layers[0].A == 0).sum() > 0
    assert found.layers[0].z_formula == "X @ W1 + b1"
    assert found.layers[0].parameters == {"W1": (108, 50), "b1": (50,)}
    assert found.layers[-1].title == "output layer: 1 neuron, sigmoid"


def test_dropout_is_named_with_the_layer_before_it() -> None:
    assert [part.dropout for part in labelled("binary").layers] == [0.3, 0.0, 0.0]


def test_a_layer_without_activation_has_one_name_for_z_and_a() -> None:
    last = labelled("regression").layers[-1]
    assert (last.z_name, last.a_name, last.a_formula) == ("Z2", "Z2", "")
    assert labelled("regression").prediction.formula == ""


def test_an_activation_of_ones_own_is_written_out() -> None:
    found = labelled("own")
    assert found.layers[0].a_formula == "Z1 * sigmoid(Z1)"
    assert found.backward is not None
    assert found.backward.inner_steps[0].startswith("v1 = sigmoid(Z1) = ")


def test_terms_of_exactly_zero_are_left_to_the_rest(found: Explanation) -> None:
    part = found.prediction.sums[0]
    assert all(term.product != 0 for term in part.terms)
    assert len(part.terms) + part.rest_count == 20


def test_terms_of_one_neuron_on_a_picture_say_their_place(row: np.ndarray[Any, Any]) -> None:
    X = np.stack([row, 255 - row] * 10)
    network = cr.Network([cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, [0, 1] * 10, pictures=cr.PictureSettings(size=SIZE), epochs=2)
    part = model.explain(row).prediction.sums[0]
    assert (len(part.terms), part.rest_count) == (8, 100)
    for term in part.terms:
        line, column, channel = np.unravel_index(term.index, (SIZE, SIZE, 3))
        assert term.name == f"X[{term.index}]"
        assert term.place == f"row {line}, column {column}, {('red', 'green', 'blue')[channel]}"


def test_the_sums_of_several_classes_start_with_the_answer_and_the_label() -> None:
    model, X, _ = case("softmax")
    answer = model.explain(X[0]).prediction.answer
    for label in set(model.classes or ()) - {answer}:
        assert [part.class_name for part in model.explain(X[0], label).prediction.sums][:2] == [answer, label]


@pytest.mark.parametrize("kind", KINDS)
def test_the_chain_leads_from_the_cost_to_every_parameter_and_to_x(kind: str) -> None:
    back = labelled(kind).backward
    assert back is not None
    assert back.steps[0].name == "dJ/dJ"
    nodes = [step.node for step in back.steps]
    assert len(set(nodes)) == len(nodes)
    assert {"X", "W1"} <= set(nodes)
    assert "y" not in nodes
    assert [step.node for step in back.steps if step.is_parameter] == sorted(
        back.gradients, key=lambda name: nodes.index(name)
    )
    assert back.inner_steps[-1].startswith("J = ")


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_in_the_chain_is_defined_somewhere(kind: str) -> None:
    found = labelled(kind)
    back = found.backward
    assert back is not None
    known = {"X", "y", "J", *back.gradients}
    known |= {name for part in found.layers for name in (part.z_name, part.a_name)}
    known |= {step.split(" = ")[0] for step in back.inner_steps}
    for step in back.steps:
        for text in (step.text, *step.locals):
            assert set(re.findall(r"\b(?:d?)([A-Za-z]\d+|[XyJ])\b", text)) <= known, text


def test_numbers_are_put_into_the_chain_where_each_factor_is_one_number() -> None:
    back = labelled("binary").backward
    assert back is not None
    step = next(step for step in back.steps if step.name == "dJ/dZ3")
    first, second = (float(word.strip("()")) for word in step.numbers.split(" * "))
    assert first * second == pytest.approx(step.value.item(), rel=1e-4)
    assert step.formula == "dJ/dA3 * dA3/dZ3"
    assert step.locals[0].startswith("dA3/dZ3 = A3 * (1 - A3) = 0.")
    assert r"\frac{\partial A_{3}}{\partial Z_{3}}" in step.latex
    assert "bmatrix" not in step.latex


@pytest.mark.parametrize(
    ("kind", "name", "formula"),
    [
        ("binary", "dJ/dZ3", "A3 - y"),
        ("logistic", "dJ/dZ1", "A1 - y"),
        ("softmax", "dJ/dZ2", "A2 - one_hot(y, classes=3)"),
    ],
)
def test_the_form_that_training_computes_stands_beside_the_chain(kind: str, name: str, formula: str) -> None:
    back = labelled(kind).backward
    assert back is not None
    assert back.trained[name].formula == formula
    assert back.trained[name].result == next(step.result for step in back.steps if step.name == name)


def test_the_steps_of_a_layer_carry_its_number() -> None:
    back = labelled("binary").backward
    assert back is not None
    layers = {step.node: step.layer for step in back.steps}
    assert layers["W1"] == layers["A1"] == layers["Z1"] == layers["b1"] == 1
    assert layers["W3"] == layers["Z3"] == layers["A3"] == 3
    assert layers["J"] is layers["X"] is layers["v1"] is None


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((2, 5)), None, "one row is explained at a time, but x has 2"),
        (np.zeros((1, 1, 5)), None, r"x must be one row of shape \(5,\)"),
        (np.zeros(4), None, "X has 4 features a row, but the model was trained on 5"),
        (np.full(5, np.nan), None, "X holds nan"),
        (np.zeros(5), "green", "y holds the label 'green', which is none of the classes red, blue"),
        (np.zeros(5), ["red", "blue"], "y must have shape"),
        ("a.png", None, "this model was trained on rows, not pictures"),
    ],
)
def test_what_cannot_be_explained_is_refused(x: Any, y: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        case("binary").model.explain(x, y)


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), "fast"])
def test_a_learning_rate_is_above_zero(rate: Any) -> None:
    with pytest.raises(UserError, match="learning_rate must be a positive number"):
        case("binary").model.explain(np.zeros(5), learning_rate=rate)


def test_numbers_of_another_count_are_no_label_of_a_regression() -> None:
    with pytest.raises(UserError, match=r"y must have shape \(m, 2\)"):
        case("two outputs").model.explain(np.zeros(5), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("among", "message"),
    [
        ((np.zeros((3, 4)), [0, 0, 0]), "X has 4 features"),
        ((np.zeros((3, 5)), [0, 0]), "X has 3 rows but y has 2 labels"),
        ((np.zeros((3, 5)),), "among is rows and their labels"),
    ],
)
def test_rows_to_search_have_labels_and_the_models_width(among: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        explain(case("binary").model, np.zeros(5), among=among)
