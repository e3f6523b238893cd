"""The page of an explanation in a browser: walked with buttons and keys, quiet, without requests, of any width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from chainrule.explain.explanation import Explanation
from tests.explain.explanations import AWKWARD, of_picture, of_regression, of_table

STEPS = ["picture", "layers", "prediction", "cost", "backward", "update", "saliency", "neighbours"]


@pytest.fixture(scope="module")
def explanation() -> Explanation:
    return of_picture()


@pytest.fixture(scope="module")
def addresses(explanation: Explanation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("explained")
    made = {"picture": explanation, "table": of_table(3), "regression": of_regression()}
    for name, one in made.items():
        one.save(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in made}


@pytest.fixture(scope="module")
def address(addresses: dict[str, str]) -> str:
    return addresses["picture"]


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.goto(address)
    yield opened
    opened.close()


def shown(page: Any) -> str:
    """The step that can be seen; there is one."""
    ids: list[str] = page.evaluate(
        "[...document.querySelectorAll('.step')].filter(s => s.offsetParent !== null).map(s => s.id)"
    )
    assert len(ids) == 1
    return ids[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("kind", ["picture", "table", "regression"])
def test_every_step_is_quiet_asks_for_nothing_and_fits(
    browser: Any, addresses: dict[str, str], kind: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    address = addresses[kind]
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    for step in STEPS:
        assert shown(page) == step
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for button in page.query_selector_all(".step.shown .neurons button")[:1]:
            button.click()
        assert page.evaluate("document.documentElement.scrollWidth") == width, step
        page.keyboard.press("ArrowRight")
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.close()


def test_buttons_and_arrow_keys_walk_and_stop_at_the_ends(page: Any) -> None:
    assert page.get_by_role("button", name="Back").is_disabled()
    for step in STEPS[1:]:
        page.get_by_role("button", name="Next").click()
        assert shown(page) == step
    assert page.get_by_role("button", name="Next").is_disabled()
    page.keyboard.press("ArrowRight")
    assert shown(page) == "neighbours"
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Back").click()
    assert shown(page) == "update"
    page.keyboard.press("Home")
    assert shown(page) == "picture"
    page.keyboard.press("End")
    assert shown(page) == "neighbours"


def test_the_row_of_steps_says_where_one_is_and_jumps(page: Any) -> None:
    page.get_by_role("link", name="Backward").click()
    assert shown(page) == "backward"
    current = page.locator("#steps [aria-current=step]")
    assert current.count() == 1
    assert "Backward" in current.inner_text()
    assert page.locator("#count").inner_text() == "5 of 8"
    assert page.evaluate("document.activeElement.id") == "backward-title"


def test_the_address_keeps_the_step(browser: Any, page: Any, address: str) -> None:
    page.keyboard.press("ArrowRight")
    assert page.url == f"{address}#layers"
    page.evaluate("location.hash = '#saliency'")
    page.wait_for_function("document.querySelector('#saliency').classList.contains('shown')")
    other = browser.new_page()
    other.goto(f"{address}#cost")
    assert shown(other) == "cost"
    other.close()


def test_names_do_not_run_and_can_be_read(page: Any) -> None:
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert AWKWARD in page.locator("h1").inner_text()
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=x onerror=\"window.hacked=3\">'")
    page.wait_for_timeout(100)
    assert page.evaluate("typeof window.hacked") == "undefined"


def test_the_frame_moves_by_its_own_keys_and_shows_the_rows_numbers(page: Any, explanation: Explanation) -> None:
    page.locator("#framing").focus()
    for key in ["ArrowUp"] * 12 + ["ArrowLeft"] * 12 + ["ArrowRight", "ArrowDown", "ArrowDown"]:
        page.keyboard.press(key)
    assert shown(page) == "picture"
    pixels = explanation.input.row.reshape(12, 12, 3)
    for channel, name in enumerate(["red", "green", "blue"]):
        numbers = page.locator(f".plane.{name} td").all_inner_texts()
        assert [int(number) for number in numbers] == pixels[2:8, 1:7, channel].ravel().tolist()
    assert page.locator("#window-place").inner_text() == "rows 2 to 7, columns 1 to 6"


def test_all_numbers_are_written_out_on_demand(page: Any, explanation: Explanation) -> None:
    page.get_by_text("All 432 numbers").click()
    page.wait_for_function("document.querySelector('#all-numbers').textContent")
    lines = page.locator("#all-numbers").text_content().splitlines()
    assert [int(line.split()[1]) for line in lines] == explanation.input.row.tolist()


def test_a_neuron_opens_the_sum_behind_its_z(page: Any, explanation: Explanation) -> None:
    page.keyboard.press("ArrowRight")
    button = page.locator(".neurons[data-layer='2'] button").nth(3)
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    behind = page.locator(".panel", has=page.locator("[data-layer='2']")).locator(".behind")
    parts = [float(text.replace("−", "-")) for text in behind.locator("td.n:not(.factors)").all_inner_texts()]
    assert sum(parts[:-1]) == pytest.approx(parts[-1], abs=0.01)
    assert parts[-1] == pytest.approx(explanation.layers[1].Z[3], rel=1e-3)
    assert "A2[3] = tanh(Z2[3])" in behind.inner_text()
    button.click()
    assert not behind.is_visible()


def test_a_gradient_of_a_weight_is_computed_number_by_number(page: Any, explanation: Explanation) -> None:
    page.get_by_role("link", name="Backward").click()
    assert explanation.backward
    for name in ("W1", "W2", "W3"):
        lookup = page.locator(f".lookup[data-parameter={name}]")
        lookup.get_by_label("row").fill("2")
        written = float(lookup.locator("output").inner_text().rpartition(" = ")[2].replace("−", "-"))
        column = int(lookup.get_by_label("column").input_value())
        assert written == pytest.approx(explanation.backward.gradients[name][2, column], rel=1e-4)


def test_keys_typed_into_a_field_do_not_turn_the_page(page: Any) -> None:
    page.get_by_role("link", name="Saliency").click()
    page.locator("#opacity").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    assert shown(page) == "saliency"
    assert page.locator("#opacity-value").inner_text() == "0 %"


def test_one_map_at_a_time_lies_over_the_picture(page: Any) -> None:
    page.get_by_role("link", name="Saliency").click()
    opacities = "[...document.querySelectorAll('.viewer .over')].map(i => Number(getComputedStyle(i).opacity))"
    for number, title in enumerate(["Gradient", "Gradient × input", "Integrated gradients", "Occlusion"]):
        page.locator(".map label").nth(number).click()
        assert page.get_by_role("radio").nth(number).is_checked()
        assert title in page.locator(".map label").nth(number).inner_text()
        assert np.flatnonzero(page.evaluate(opacities)).tolist() == [number]
        assert page.locator(".map .about").nth(number).is_visible()
    page.locator("#opacity").fill("40")
    assert max(page.evaluate(opacities)) == pytest.approx(0.4)


def test_on_paper_and_without_scripts_every_step_is_there(browser: Any, page: Any, address: str) -> None:
    visible = "[...document.querySelectorAll('.step')].filter(s => s.offsetParent !== null).length"
    page.emulate_media(media="print")
    assert page.evaluate(visible) == 8
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(address)
    assert all(still.locator(f"#{step} h2").is_visible() for step in STEPS)
    assert not still.locator("#pager").is_visible()
    context.close()


def test_in_a_notebooks_frame_it_walks_too(browser: Any, explanation: Explanation) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_content(explanation._repr_html_())
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Next").click()
    assert frame.locator("#layers h2").is_visible()
    assert not frame.locator("#picture h2").is_visible()
    frame.get_by_role("link", name="Saliency").click()
    assert frame.locator("#saliency h2").is_visible()
    assert said == []
    page.close()


def test_the_drawing_of_the_way_back_has_its_full_size_on_demand(page: Any) -> None:
    page.get_by_role("link", name="Backward").click()
    drawing = page.locator("#backward .drawing svg")
    full, before = float(drawing.get_attribute("width")), drawing.bounding_box()["width"]
    assert before < 0.9 * full
    page.get_by_role("button", name="Full size").click()
    assert drawing.bounding_box()["width"] == pytest.approx(full, abs=0.1)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    page.get_by_role("button", name="Full size").click()
    assert drawing.bounding_box()["width"] == before


# The contrast of each text with its ground, as the Web Content Accessibility Guidelines define it; those below 4.5.
PALE = """() => {
  const parse = (color) => {
    const srgb = color.startsWith("color(srgb");
    const parts = color.match(/[\\d.e-]+/g).map(Number);
    return [...parts.slice(0, 3).map((part) => (srgb ? part * 255 : part)), parts[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const line = (element) => (element ? [...line(element.parentElement), element] : []);
  const ground = (element) => line(element).reduce(
    (below, one) => over(parse(getComputedStyle(one).backgroundColor), below), [255, 255, 255]);
  const light = (color) => color.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const hasText = (element) => [...element.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
  return [...document.querySelectorAll("body *:not(svg *, script)")].filter((element) => {
    if (!element.offsetParent || !hasText(element)) return false;
    const opacity = line(element).reduce((product, one) => product * getComputedStyle(one).opacity, 1);
    const color = parse(getComputedStyle(element).color);
    const below = ground(element);
    const seen = over([...color.slice(0, 3), color[3] * opacity], below);
    const [dark, bright] = [light(below), light(seen)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05) < 4.5;
  }).map((element) => element.outerHTML);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    browser: Any, address: str, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(address)
    for step in STEPS:
        assert shown(page) == step
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        pale = [text for text in page.evaluate(PALE) if "disabled" not in text and "-name" not in text]
        assert pale == []
        page.keyboard.press("ArrowRight")
    page.close()
