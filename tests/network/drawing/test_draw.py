"""network.draw: its choices, what is refused, and what it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph.text import Notation
from chainrule.network.drawing.options import Level

NETWORK = cr.Network([cr.Dense(4, "relu"), cr.Dense(1, "sigmoid")])
PARAMETERS = {"W1": np.ones((2, 4)), "b1": np.zeros(4), "W2": np.ones((4, 1)), "b2": np.zeros(1)}
X = np.array([[1.0, 2.0], [0.0, -1.0]])


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"level": "netwrok"}, "there is no level 'netwrok'; did you mean 'network'"),
        ({"level": None}, "give one of the names network, layers, neuron, examples"),
        ({"backward": 1}, "backward is True or False, not 1"),
        ({"notation": "row"}, 'notation is "rows"'),
        ({"theme": "blue"}, 'theme is "auto"'),
        ({"features": 0}, "features must be a whole number from 1 up"),
        ({"features": 2.5}, "features must be a whole number from 1 up"),
        ({"layer": 3}, "there is no layer 3: the Dense layers count from 1 to 2"),
        ({"layer": 2, "neuron": 2}, "there is no neuron 2: the neurons of layer 2 count from 1 to 1"),
        ({"example": 0}, r"example \(counted from 1\) must be"),
        (
            {"parameters": PARAMETERS, "X": X, "example": 3},
            "no example 3: the rows of X count from 1 to 2",
        ),
        ({"classes": ["dog"]}, "classes has 1 names, but must have 2: of the negative and the positive class"),
        ({"classes": "dog"}, "classes is a list of names"),
        ({"max_neurons": 2}, "max_neurons must be a whole number from 3 up"),
        ({"max_layers": 0}, "max_layers must be a whole number from 3 up"),
        ({"max_examples": True}, "max_examples must be a whole number from 3 up"),
        ({"learning_rate": 0.1}, "draw with backward=True"),
        ({"learning_rate": -1, "backward": True}, "learning_rate must be a positive number"),
    ],
)
def test_a_choice_that_there_is_not_is_refused(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        NETWORK.draw(**choices)


@pytest.mark.parametrize("level", get_args(Level))
@pytest.mark.parametrize("notation", ["rows", "columns"])
def test_every_level_draws_with_and_without_numbers(level: Level, notation: Notation) -> None:
    alone = NETWORK.draw(level=level, notation=notation)
    numbers = NETWORK.draw(level=level, notation=notation, parameters=PARAMETERS, X=X, y=[0, 1], backward=True)
    for drawing in (alone, numbers):
        assert drawing.svg.count("<g") == drawing.svg.count("</g>") > 3
    assert "n-4-1" in repr(alone)
    assert "2-4-1" in repr(numbers)


def test_softmax_wants_a_name_for_every_output() -> None:
    with pytest.raises(UserError, match="must have 3: one for each output"):
        cr.Network([cr.Dense(3, "softmax")]).draw(2, classes=["a", "b"])


def test_the_drawing_says_in_words_what_it_shows() -> None:
    drawing = NETWORK.draw(2)
    root = ElementTree.fromstring(drawing.svg)
    assert repr(drawing) == "<Drawing of the network 2-4-1>"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "A drawing of the network 2-4-1"
    description = root.findtext("{http://www.w3.org/2000/svg}desc")
    assert description == "input: 2; layer 1: 4 relu; layer 2: 1 sigmoid"


def test_a_drawing_is_saved_and_shown(tmp_path: Path) -> None:
    drawing = NETWORK.draw(2)
    drawing.save(tmp_path / "network.svg")
    assert (tmp_path / "network.svg").read_text(encoding="utf-8") == drawing.svg
    assert drawing._repr_mimebundle_()["image/svg+xml"] == drawing.svg


def test_the_same_network_gives_the_same_text() -> None:
    first, second = (NETWORK.draw(parameters=PARAMETERS, X=X, y=[0, 1], backward=True) for _ in range(2))
    assert first.svg == second.svg


def test_numbers_that_a_person_named_are_not_changed() -> None:
    W1 = PARAMETERS["W1"].copy()
    rows = X.copy()
    NETWORK.draw(parameters={**PARAMETERS, "W1": W1}, X=rows, y=[0, 1], backward=True)
    W1 += 1
    rows += 1


def test_names_with_signs_of_markup_are_well_formed() -> None:
    network = cr.Network([cr.Dense(2, "relu", name="a<b> & 'c'"), cr.Dense(2, "softmax")])
    drawing = network.draw(3, classes=["<cat>", "dog & wolf"])
    found = ["".join(text.itertext()) for text in ElementTree.fromstring(drawing.svg).iter()]
    assert {"a<b> & 'c'", "<cat>", "dog & wolf"} <= set(found)


def test_an_update_is_said_where_a_learning_rate_is_given() -> None:
    drawing = NETWORK.draw(parameters=PARAMETERS, X=X, y=[0, 1], backward=True, learning_rate=0.05)
    assert "w := w - 0.05 · dJ/dw" in drawing.svg


def test_a_trained_model_is_drawn_with_its_parameters() -> None:
    y = np.array([0, 1, 1, 0] * 5)
    rows = np.arange(40.0).reshape(20, 2) / 40
    model = cr.fit(NETWORK, rows, y, epochs=1, seed=0)
    drawing = model.network.draw(parameters=model.parameters, classes=model.classes)
    assert repr(drawing) == "<Drawing of the network 2-4-1>"
    assert "probability of 1" in drawing.svg
