"""The slider's page in a browser: it moves, shows the right numbers, asks for and complains about nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

import chainrule as cr
from chainrule.plots import slider

EVIL = '</script><img src=x onerror="alert(1)"><b>points</b>'
X, Y = cr.points("moons", count=60, seed=3)


@pytest.fixture(scope="module")
def model() -> cr.Model:
    network = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
    return cr.fit(network, X, Y, epochs=40, optimizer=cr.Adam(0.05), batch_size=20, snapshots=9, seed=2)


@pytest.fixture(scope="module")
def folder(model: cr.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("pages")
    slider(model, X, Y, test=cr.points("moons", count=30, seed=4), title=EVIL).save(found / "circles.html")
    wide = cr.Network([cr.Dense(40, "relu"), cr.Dense(3, "softmax")])
    names = [EVIL, "b", "c"]
    labels = [names[i % 3] for i in range(60)]
    many = cr.fit(wide, X, labels, epochs=6, snapshots=3, classes=names)
    slider(many, X, labels, names=(EVIL, "a name that is much too long for a small circle or axis")).save(
        found / "matrices.html"
    )
    return found


@pytest.fixture
def page(browser: Any, folder: Path) -> Iterator[Any]:
    opened = browser.new_page()
    opened.goto((folder / "circles.html").as_uri())
    yield opened
    opened.close()


def epoch(page: Any) -> int:
    return int(page.inner_text("#now"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["circles", "matrices"])
def test_it_is_quiet_and_fits(
    browser: Any, folder: Path, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    address = (folder / f"{name}.html").as_uri()
    page.goto(address)
    for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
        page.keyboard.press(key)
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("img, b:not([id])").count() == 0
    page.close()


def test_buttons_and_keys_move_through_the_epochs(page: Any) -> None:
    assert epoch(page) == 0
    assert page.is_disabled("#back")
    page.click("#next")
    assert epoch(page) == 5
    page.click("#next")
    page.click("#back")
    assert epoch(page) == 5
    for key, expected in (("End", 40), ("ArrowLeft", 35), ("ArrowRight", 40), ("ArrowRight", 40), ("Home", 0)):
        page.keyboard.press(key)
        assert epoch(page) == expected
    page.keyboard.press("ArrowLeft")
    assert epoch(page) == 0
    page.keyboard.press("End")
    assert page.is_disabled("#next")


def test_the_slider_moves_through_the_epochs_by_hand_and_by_key(page: Any) -> None:
    box = page.locator("#epoch").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert epoch(page) == 20
    page.keyboard.press("ArrowRight")
    assert (epoch(page), page.input_value("#epoch")) == (25, "5")
    assert page.get_attribute("#epoch", "aria-valuetext") == "epoch 25 of 40"


def test_space_and_the_button_play_to_the_end_and_pause(browser: Any, folder: Path) -> None:
    page = browser.new_page()
    # Time passes only where this test says so.
    page.clock.install(time=datetime(2030, 1, 1, tzinfo=UTC))
    page.goto((folder / "circles.html").as_uri())
    page.clock.pause_at(datetime(2030, 1, 2, tzinfo=UTC))
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    # Nine frames, 0.4 s each.
    page.clock.run_for(900)
    assert epoch(page) == 10
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    assert epoch(page) == 10
    page.click("#play")
    page.clock.run_for(5000)
    assert epoch(page) == 40
    assert page.get_attribute("#play", "aria-label") == "Play"
    # From the end it starts anew; in focus, the space bar is the button's own, once.
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    assert epoch(page) == 0
    page.close()


def test_the_numbers_shown_are_those_of_the_epoch(page: Any, model: cr.Model) -> None:
    data = json.loads(page.text_content("#data"))
    for frame in range(len(data["epochs"])):
        assert epoch(page) == model.history.snapshots[frame].epoch
        for part, of in (("", data), ("test-", data["test"])):
            assert float(page.inner_text(f"#{part}cost")) == pytest.approx(of["cost"][frame], rel=0.005)
            assert page.inner_text(f"#{part}accuracy") == f"{100 * of['accuracy'][frame]:.1f} %"
        page.click("#next", force=True)


def test_a_weight_is_read_by_pointing_at_its_line_and_follows_the_epochs(page: Any, model: cr.Model) -> None:
    # The lines of W1 come first, row by row.
    page.locator("#network line.hit").nth(4).dispatch_event("pointerenter")
    for key, snapshot in (("Home", model.history.snapshots[0]), ("End", model.history.snapshots[-1])):
        page.keyboard.press(key)
        words = page.inner_text("#reading")
        assert words.startswith("W1[1, 1] = ")
        assert words.endswith(", from x2 to neuron 2 of layer 1")
        shown = float(words.split(" = ")[1].split(",")[0])
        assert shown == pytest.approx(float(snapshot.parameters["W1"][1, 1]), abs=0.006)


def test_positive_weights_are_blue_and_negative_ones_orange(page: Any, model: cr.Model) -> None:
    page.keyboard.press("End")
    colours = page.eval_on_selector_all(
        "#network svg > g:first-child line", "lines => lines.map(line => line.style.stroke)"
    )
    weights = [*model.parameters["W1"].ravel(), *model.parameters["W2"].ravel()]
    assert colours == [f"var(--series-{1 if weight >= 0 else 2})" for weight in weights]


def test_the_boundary_and_the_path_change_with_the_epoch(page: Any) -> None:
    drawn = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        drawn.append([page.get_attribute(f"svg .{name}", "d") for name in ("border", "done", "past")])
    assert all(first != last for first, last in zip(*drawn, strict=True))


def test_the_colours_follow_the_readers_scheme_while_the_page_is_open(page: Any) -> None:
    picture = "document.querySelector('#descent canvas').toDataURL()"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(picture)
    page.emulate_media(color_scheme="dark")
    for _ in range(100):
        page.wait_for_timeout(50)
        if page.evaluate(picture) != light:
            return
    raise AssertionError("the picture keeps its colours")


def test_a_notebooks_frame_shows_the_page(browser: Any, model: cr.Model) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.set_content(slider(model, X, Y)._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("#next").click()
    assert frame.locator("#now").inner_text() == "5"
    assert said == []
    page.close()
