"""The canvas: what it writes is well-formed, legible in both themes, and the same each time."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import UserError
from chainrule.graph.draw import paths
from chainrule.graph.draw.colors import GROUNDS, ROLES, TEXT_ROLES, contrast
from chainrule.graph.draw.fonts import parts_of, plain, shortened, text_width
from chainrule.graph.draw.svg import Canvas

SVG = "{http://www.w3.org/2000/svg}"


def parsed(canvas: Canvas) -> ElementTree.Element:
    return ElementTree.fromstring(canvas.render())


def written(element: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("role", TEXT_ROLES)
def test_text_can_be_read_on_every_ground(role: str, ground: str, theme: int) -> None:
    assert contrast(ROLES[role][theme], ROLES[ground][theme]) >= 4.5


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_text_is_written_and_read_back(content: str) -> None:
    canvas = Canvas(content, description=content)
    with canvas.group("node", tooltip=content, name=content):
        canvas.text(0, 0, content)
    parsed(canvas)


@pytest.mark.parametrize("name", ["a<b", "R&D", 'say "x"', "größe", "数据", "θ_1", "x^2", "a_{", "^{"])
def test_a_name_is_read_back_as_it_was(name: str) -> None:
    canvas = Canvas(name)
    with canvas.group("node", name=name):
        canvas.text(0, 0, name)
    root = parsed(canvas)
    (group,) = root.iter(f"{SVG}g")
    assert written(root) == [name]
    assert group.get("data-name") == name
    assert root.findtext(f"{SVG}title") == name


def test_raised_and_lowered_parts_come_back_to_the_line() -> None:
    canvas = Canvas("markup")
    canvas.text(0, 0, "W^{[1]}x_{i} + b")
    (text,) = parsed(canvas).iter(f"{SVG}text")
    moves = [float(span.get("dy", "0")) for span in text]
    assert sum(moves) == pytest.approx(0, abs=0.02)
    assert [span.text for span in text] == ["[1]", "x", "i", " + b"]


def test_a_bold_part_is_wider() -> None:
    assert text_width("*{u} = a") == pytest.approx(text_width("u", weight="bold") + text_width(" = a"))
    assert plain("*{W_{1}} = a * b") == "W1 = a * b"


def test_markup_inside_markup_is_measured_smaller() -> None:
    assert [part.text for part in parts_of("e^{a_{1}}")] == ["e", "a", "1"]
    assert text_width("e^{a_{1}}") < text_width("ea1")
    assert plain("e^{a_{1}}") == "ea1"


@given(st.text(max_size=30), st.floats(20, 200))
def test_a_shortened_text_fits(content: str, width: float) -> None:
    assert text_width(shortened(content, width), 13) <= width


def test_the_picture_holds_what_is_drawn() -> None:
    canvas = Canvas("extents", margin=10)
    canvas.box(-20, 5, 40, 10)
    canvas.circle(50, 0, 5)
    canvas.text(0, 40, "below", size=10)
    root = parsed(canvas)
    left, top, width, height = map(float, root.get("viewBox", "").split())
    assert (left, top, left + width) == (-30, -15, 65)
    assert top + height == pytest.approx(40 + 2.4 + 10)
    assert (float(root.get("width", "")), float(root.get("height", ""))) == (width, height)


def test_an_empty_canvas_is_a_picture() -> None:
    assert parsed(Canvas("nothing")).get("viewBox") == "-16 -16 32 32"


def test_every_rule_holds_under_the_drawing_alone() -> None:
    canvas = Canvas("rules")
    canvas.box(0, 0, 10, 10)
    canvas.text(0, 0, "x", family="mono")
    css = parsed(canvas).findtext(f"{SVG}style") or ""
    selectors = re.findall(r"([^{}]+)\{[^{}]", css.replace("@media (prefers-color-scheme:dark){", ""))
    assert selectors
    assert all(selector.startswith(".cr-auto ") for selector in selectors)
    assert "var(" not in css


def test_drawings_share_no_ids() -> None:
    canvas = Canvas("arrow")
    canvas.path([(0, 0), (10, 0)])
    assert " id=" not in canvas.render()


def test_only_the_automatic_theme_asks_the_page() -> None:
    def rules(theme: str) -> str:
        canvas = Canvas("theme", theme=theme)  # type: ignore[arg-type]
        canvas.box(0, 0, 1, 1)
        return parsed(canvas).findtext(f"{SVG}style") or ""

    assert ROLES["panel"][0] in rules("light")
    assert ROLES["panel"][1] in rules("dark")
    assert "@media" not in rules("light") + rules("dark")
    assert rules("auto").index(ROLES["panel"][0]) < rules("auto").index("@media") < rules("auto").rindex("#1d2430")


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(UserError, match=r"theme is .* not 'blue'"):
        Canvas("x", theme="blue")  # type: ignore[arg-type]


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="'pink' is no role and no colour"):
        Canvas("x").box(0, 0, 1, 1, fill="pink")


def test_an_arrowhead_ends_where_the_line_was_to_end() -> None:
    canvas = Canvas("arrow")
    canvas.path([(0, 0), (40, 0)], ink="forward")
    line, head = parsed(canvas).iter(f"{SVG}path")
    ends = paths.all_points(paths.parsed(line.get("d", "")))
    tip, *base, closing = paths.all_points(paths.parsed(head.get("d", "")))
    assert list(tip) == [40, 0]
    assert all(x < ends[-1][0] < 40 for x, _ in [*base, closing])


def test_a_path_can_be_given_as_data() -> None:
    canvas = Canvas("data")
    canvas.path("M0 0C10 0 10 20 20 20", arrow=False)
    assert list(canvas.extents) == [0, 0, 20, 20]
    with pytest.raises(UserError, match="absolute commands M, L, C, Q and Z, not 'l'"):
        canvas.path("M0 0l5 5")


def test_neighbouring_cells_of_one_colour_become_one() -> None:
    canvas = Canvas("cells")
    canvas.cells(0, 0, [["#ff0000", "#ff0000", "#0000ff"]], 4, 4)
    red, blue = parsed(canvas).iter(f"{SVG}path")
    assert (red.get("d"), red.get("fill")) == ("M0 0h8v4h-8z", "#ff0000")
    assert blue.get("d") == "M8 0h4v4h-4z"
    assert list(canvas.extents) == [0, 0, 12, 4]


def test_the_same_drawing_is_the_same_text() -> None:
    def drawn() -> str:
        canvas = Canvas("same", description="again")
        for place, role in enumerate(ROLES):
            canvas.box(place, 0, 5, 5, fill=role)
            canvas.path([(0, 0), (place, place)], ink=role, curved=True)
        return canvas.render()

    assert drawn() == drawn()
