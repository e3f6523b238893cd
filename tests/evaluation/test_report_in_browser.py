"""The page in a browser: it asks for nothing, complains about nothing and fits every width."""

from pathlib import Path
from typing import Any, Literal

import pytest

from chainrule.evaluation.report import write_report
from tests.evaluation.reports import report


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("run") / "report.html"
    write_report(path, report(3))
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_it_is_whole_quiet_and_fits(
    browser: Any, address: str, scheme: Literal["light", "dark"], width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.close()


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 251, 249)"), ("dark", "rgb(20, 24, 29)")])
def test_it_follows_the_readers_color_scheme(browser: Any, address: str, scheme: str, paper: str) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(address)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    lines = page.evaluate(
        "[...document.querySelectorAll('svg.figure [style*=series]')].map(e => getComputedStyle(e).stroke)"
    )
    assert lines
    assert "none" not in lines
    page.close()
