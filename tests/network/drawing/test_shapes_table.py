"""The table of the shapes of a network's arrays: what it says, and how it is drawn."""

import json
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.draw.fonts import plain
from tests.network.drawing import rectangles

DEEP = cr.Network(
    [cr.Dense(20, "relu"), cr.Dropout(0.2), cr.Dense(7, "tanh"), cr.Dense(5, "relu"), cr.Dense(1, "sigmoid")]
)
SOFTMAX = cr.Network([cr.Dense(4, "relu", bias=False), cr.Dense(3, "softmax", name="the <answer>")])
LONG = cr.Network([*(cr.Dense(30 + i, "tanh") for i in range(40)), cr.Dense(1, "sigmoid", name="x" * 200)])


@pytest.mark.parametrize("network", [DEEP, SOFTMAX])
def test_every_shape_is_that_of_the_array_which_the_graph_computes(network: cr.Network) -> None:
    table = network.shapes(6, m=9)
    X = cr.examples("X", features=6)
    connected = network.connect(X)
    arrays = cr.initial_values(connected.parameters, seed=0)
    values: dict[Any, Any] = {X: np.ones((9, 6)), **dict(zip(connected.parameters, arrays, strict=True))}
    assert table["X"].shape == (9, 6)
    for node in [*connected.parameters, *(node for part in connected.layers for node in (part.Z, part.A))]:
        if node is not None:
            assert table[str(node.name)].shape == cr.value(node, values).shape


@pytest.mark.parametrize("network", [DEEP, SOFTMAX])
def test_columns_are_rows_turned_over(network: cr.Network) -> None:
    rows, columns = network.shapes(6), network.shapes(6, notation="columns")
    for row, column in zip(rows, columns, strict=True):
        is_bias = row.kind == "bias"
        assert column.shape == ((*row.shape, 1) if is_bias else row.shape[::-1])
    assert columns["W[1]"].gradient == "dJ/dW[1]"


def test_the_numbers_of_parameters_are_those_of_the_summary() -> None:
    table = DEEP.shapes(12288)
    assert table.parameters == 12288 * 20 + 20 + 20 * 7 + 7 + 7 * 5 + 5 + 5 + 1
    assert f"{table.parameters:,}" in DEEP.summary(12288)
    parameters = [array.size or 0 for array in table if array.kind in ("weights", "bias")]
    assert sum(parameters) == table.parameters


@pytest.mark.parametrize(
    ("network", "text"), [(DEEP, "20n + 213"), (SOFTMAX, "4n + 15"), (cr.Network([cr.Dense(1)]), "n + 1")]
)
def test_an_open_number_of_features_stays_open(network: cr.Network, text: str) -> None:
    table = network.shapes()
    assert table["X"].shape == ("m", "n")
    assert table["X"].size is None
    assert table.parameters is None
    assert table.count.text == text
    assert text in str(table)


def test_dropout_keeps_the_shape_and_the_next_layer_reads_it() -> None:
    table = DEEP.shapes(12288)
    assert table["D1"].shape == table["A1"].shape == ("m", 20)
    assert "Z2 = D1 @ W2 + b2" in str(table)


def test_dropout_of_the_input_keeps_an_open_number_of_features() -> None:
    table = cr.Network([cr.Dropout(0.1), cr.Dropout(0.2), cr.Dense(1)]).shapes()
    assert [array.shape for array in table if array.kind == "after dropout"] == [("m", "n"), ("m", "n")]


def test_the_loss_decides_the_shape_of_the_labels() -> None:
    assert SOFTMAX.shapes(6)["y"].shape == ("m",)
    assert SOFTMAX.shapes(6, loss="squared_error")["y"].shape == ("m", 3)


def test_the_text_fits_a_terminal_and_has_no_marks() -> None:
    for table in (DEEP.shapes(12288), DEEP.shapes(12288, notation="columns")):
        text = str(table)
        assert max(map(len, text.splitlines())) <= 80
        assert text == plain(text)
    assert "Z1 = X @ W1 + b1   (m, 12288) @ (12288, 20) + (20,) = (m, 20)" in str(DEEP.shapes(12288))


def test_the_data_is_json_with_every_array() -> None:
    table = SOFTMAX.shapes(6)
    data = json.loads(json.dumps(table.to_dict()))
    assert [array["name"] for array in data["arrays"]] == [
        "X",
        "W1",
        "Z1",
        "A1",
        "W2",
        "b2",
        "Z2",
        "A2",
        "y",
        "L",
        "J",
    ]
    assert data["arrays"][1] == {
        "name": "W1",
        "kind": "weights",
        "layer": 1,
        "shape": [6, 4],
        "size": 24,
        "gradient": "dJ/dW1",
    }


def test_the_html_is_balanced_and_escapes_names() -> None:
    class Balance(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    html = SOFTMAX.shapes(6, notation="columns")._repr_html_()
    reader = Balance()
    reader.feed(html)
    assert reader.open == []
    assert "the &lt;answer&gt;" in html
    assert "W<sup>[1]</sup>" in html


@pytest.mark.parametrize("network", [DEEP, SOFTMAX, LONG, cr.Network([cr.Dense(1)])])
@pytest.mark.parametrize("notation", ["rows", "columns"])
@pytest.mark.parametrize("features", [None, 1, 12288])
def test_nothing_in_the_drawing_overlaps_or_is_cut(
    network: cr.Network, notation: Any, features: int | None
) -> None:
    svg = network.shapes(features, notation=notation, m=None if features else 1000).svg
    boxes, texts = rectangles.boxes(svg), rectangles.texts(svg)
    assert rectangles.overlapping(boxes) == []
    assert rectangles.overlapping(texts) == []
    assert rectangles.cut_by(boxes, texts) == []
    assert rectangles.outside(svg) == []


def test_the_drawing_has_a_box_for_every_array_and_an_ellipsis_for_layers_left_out() -> None:
    svg = DEEP.shapes(12288).svg
    assert all(f'data-name="{array.name}" data-shape="{array.text}"' in svg for array in DEEP.shapes(12288))
    written = [text.what for text in rectangles.texts(svg)]
    assert "A4 = ŷ" in written
    assert "A3 = ŷ" not in written
    assert "examples are rows" in written
    assert f"sum: {DEEP.shapes(12288).count.text}" in written
    assert "cr-ellipsis" not in svg
    long = LONG.shapes(3).draw(max_layers=5).svg
    assert long.count('data-name="W') == 4
    assert 'data-name="W41"' in long
    assert "cr-ellipsis" in long


@pytest.mark.parametrize("notation", ["rows", "columns"])
def test_every_box_stands_under_the_heading_that_it_belongs_to(notation: Any) -> None:
    svg = DEEP.shapes(12288, notation=notation).svg
    places = {text.what: (text.left + text.right) / 2 for text in rectangles.texts(svg)}
    bracket = "[4]" if notation == "columns" else "4"
    for heading, name in (("weights", "W"), ("bias", "b"), ("linear part", "Z")):
        assert places[heading] == pytest.approx(places[name + bracket], abs=0.1)
    assert places["activation"] == pytest.approx(places[f"A{bracket} = ŷ"], abs=0.1)
    for name in "XyLJ":
        assert places[name] == pytest.approx(places["data, cost"], abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": 0}, "features must be a whole number from 1 up"),
        ({"features": 3, "m": 0}, "m must be a whole number from 1 up"),
        ({"features": 3, "notation": "cols"}, "notation"),
        ({"features": 3, "loss": "nothing"}, "nothing"),
    ],
)
def test_a_mistake_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        DEEP.shapes(**arguments)


def test_a_name_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(cr.UserError, match="there is no array 'W9'; there are X, W1, b1"):
        DEEP.shapes(3)["W9"]
