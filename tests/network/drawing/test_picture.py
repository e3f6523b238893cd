"""The picture of a picture: the true order of its numbers, the right numbers, nothing overlapping."""

import re
from base64 import b64decode
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import chainrule as cr
from tests.network.drawing import rectangles

_SVG = "{http://www.w3.org/2000/svg}"


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def written_in(svg: str, group: str) -> list[tuple[dict[str, str], list[str]]]:
    """Return the data and the texts of each group of a class."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{_SVG}g"):
        if element.get("class") == f"cr-{group}":
            texts = ["".join(text.itertext()) for text in element.iter(f"{_SVG}text")]
            found.append((dict(element.attrib), texts))
    return found


def read_back(svg: str) -> dict[int, int]:
    """Return the numbers of x that are written out, by their positions counted from 1."""
    texts = [text for _, texts in written_in(svg, "pixel") for text in texts]
    return {int(name[1:]): int(value) for name, value in pairwise(texts) if re.fullmatch(r"x\d+", name)}


@pytest.mark.parametrize("color", ["rgb", "grey"])
def test_the_numbers_of_x_are_those_of_the_rows_of_a_dataset(tmp_path: Path, color: Any) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.fromarray(noise(64, 64, 3)).save(tmp_path / name / "1.png")
    data = cr.read_pictures(tmp_path, size=64, color=color)
    assert data.pictures is not None
    row = data.X[0]
    for pixels in (row, row.reshape(data.pictures.shape)):
        found = read_back(cr.draw_picture(pixels).svg)
        assert {1, 2, 3, len(row) - 1, len(row)} & {*found} >= {1, 2, 3, len(row)}
        assert found == {place: int(row[place - 1]) for place in found}


def test_each_pixel_is_called_by_its_row_and_column() -> None:
    pixels = noise(5, 7, 3)
    for data, texts in written_in(cr.draw_picture(pixels).svg, "pixel"):
        row, column = int(data["data-row"]), int(data["data-column"])
        assert [int(texts[i]) for i in (1, 3, 5)] == pixels[row - 1, column - 1].tolist()
        assert texts[-1] == f"row {row}, column {column}"


def test_the_planes_hold_the_corners_of_the_channels() -> None:
    pixels = noise(64, 64, 3)
    planes = written_in(cr.draw_picture(pixels, max_pixels=4).svg, "plane")
    assert [data["data-name"] for data, _ in planes] == ["R", "G", "B"]
    corner = [0, 1, 63]
    for channel, (_, texts) in enumerate(planes):
        rows = [texts[start + 1 : start + 4] for start in (4, 8, 12)]
        assert texts[1:4] == ["1", "2", "64"]
        assert [[int(text) for text in row] for row in rows] == pixels[np.ix_(corner, corner)][
            :, :, channel
        ].tolist()


@pytest.mark.parametrize(
    ("shape", "names"), [((64, 64, 3), "RGBRGB"), ((64, 64), ["grey", "grey"]), ((3, 1, 3), "RGB")]
)
def test_the_ways_lead_the_numbers_of_the_first_pixels_to_consecutive_places(shape: Any, names: Any) -> None:
    svg = cr.draw_picture(noise(*shape)).svg
    ways = sorted((int(data["data-place"]), data["data-name"]) for data, _ in written_in(svg, "way"))
    assert ways == list(enumerate(names, start=1))
    levels = {}
    for text in ElementTree.fromstring(svg).iter(f"{_SVG}text"):
        name = "".join(text.itertext())
        if re.fullmatch(r"x\d+", name):
            levels[int(name[1:])] = float(text.attrib["y"])
    for group in ElementTree.fromstring(svg).iter(f"{_SVG}g"):
        if group.get("class") == "cr-way":
            end = float(group[0].attrib["d"].replace(",", " ").split()[-1])
            assert abs(end + 4.5 - levels[int(group.attrib["data-place"])]) < 1


def test_the_picture_itself_is_in_the_drawing() -> None:
    pixels = noise(64, 48, 3)
    image = next(ElementTree.fromstring(cr.draw_picture(pixels).svg).iter(f"{_SVG}image"))
    kind, data = image.attrib["href"].split(",")
    assert kind == "data:image/png;base64"
    assert np.array_equal(np.asarray(Image.open(BytesIO(b64decode(data)))), pixels)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((64, 64, 3), "64 × 64 × 3 = 12288 numbers"),
        ((64, 64), "64 × 64 = 4096 numbers"),
        ((30, 64, 1), "30 × 64 = 1920 numbers"),
        ((12288,), "64 × 64 × 3 = 12288 numbers"),
        ((784,), "28 × 28 = 784 numbers"),
        ((3,), "1 × 1 × 3 = 3 numbers"),
    ],
)
def test_the_size_is_said(shape: tuple[int, ...], words: str) -> None:
    drawing = cr.draw_picture(noise(*shape))
    assert words in drawing.svg
    assert repr(drawing) == f"<Drawing of a picture, {words}>"


def test_the_notation_says_whether_x_is_a_row_or_a_column_of_X() -> None:
    assert "x is one row of X, which has shape (m, 12288)." in cr.draw_picture(noise(64, 64, 3)).svg
    svg = cr.draw_picture(noise(64, 64, 3), notation="columns").svg
    assert "x is one column of X, which has shape (12288, m)." in svg


def test_scaled_numbers_stand_beside_the_bytes() -> None:
    pixels = noise(64, 64, 3)
    assert "/ 255" not in cr.draw_picture(pixels).svg
    _, texts = written_in(cr.draw_picture(pixels, scaled=True).svg, "pixel")[0]
    assert texts[:3] == ["x1", str(pixels[0, 0, 0]), f"{pixels[0, 0, 0] / 255:.3f}"]


@pytest.mark.parametrize("shape", [(64, 64, 3), (64, 64), (1, 1, 3), (1, 1), (2, 3, 3), (3, 500, 3), (2000, 2, 3)])
@pytest.mark.parametrize("options", [{}, {"scaled": True, "notation": "columns"}, {"max_pixels": 12}])
def test_nothing_overlaps_or_is_cut(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    svg = cr.draw_picture(noise(*shape), **options).svg
    boxes, texts = rectangles.boxes(svg), rectangles.texts(svg)
    assert rectangles.overlapping(boxes) == []
    assert rectangles.overlapping(texts) == []
    assert rectangles.cut_by(boxes, texts) == []
    assert rectangles.outside(svg) == []


@pytest.mark.parametrize("shape", [(64, 64, 3), (1000, 1000, 3)])
def test_a_drawing_is_light(shape: tuple[int, ...]) -> None:
    # Noise is the worst case: nothing of it can be compressed.
    assert len(cr.draw_picture(noise(*shape)).svg) < 300_000


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((4, 4, 4), np.uint8), r"shape \(4, 4, 4\), but a picture has \(height, width, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        (np.zeros(13, np.uint8), "a row of 13 numbers is no square picture"),
        (np.zeros(0, np.uint8), "a row of 0 numbers"),
        (np.full((2, 2), 0.5), "whole numbers from 0 to 255, not float64 from 0.5 to 0.5"),
        (np.array([[0, 256]]), "from 0 to 256"),
        (np.array([["a"]]), "pixels must be whole numbers"),
        (None, "shape"),
    ],
)
def test_what_is_no_picture_is_refused(pixels: Any, message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.draw_picture(pixels)


@pytest.mark.parametrize("options", [{"theme": "blue"}, {"notation": "x"}, {"max_pixels": 2}, {"scaled": 1}])
def test_a_choice_that_is_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(cr.UserError, match=next(iter(options))):
        cr.draw_picture(noise(4, 4), **options)
