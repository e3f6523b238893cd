"""The page of an explanation as a text: one file, safe against names, small, and complete."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.settings import PictureSettings
from chainrule.explain.build import explain
from chainrule.explain.explanation import Explanation
from tests.explain.explanations import (
    AWKWARD,
    CLASSES,
    SIZE,
    of_picture,
    of_regression,
    of_table,
    picture_model,
    pictures,
)

STEPS = ["picture", "layers", "prediction", "cost", "backward", "update", "saliency", "neighbours"]


class Elements(HTMLParser):
    """Collects the elements of a page and the words in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def explanation() -> Explanation:
    return of_picture()


@pytest.fixture(scope="module")
def page(explanation: Explanation) -> str:
    return explanation.html()


def script_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def unpacked(packed: dict[str, str]) -> Any:
    return np.frombuffer(base64.b64decode(packed["content"]), dtype=packed["kind"])


KINDS: dict[str, Callable[[], Explanation]] = {
    "picture": of_picture,
    "two classes": of_table,
    "three classes": lambda: of_table(3),
    "regression": of_regression,
    "regression with label": lambda: of_regression(1.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_explanation_has_the_eight_steps(kind: str) -> None:
    elements = Elements(KINDS[kind]().html())
    assert [step["id"] for step in elements.of("section") if step.get("class") == "step"] == STEPS
    assert [link["href"] for link in elements.of("a")] == [f"#{step}" for step in STEPS]


def test_the_page_names_no_other_file_and_forbids_every_request(page: str) -> None:
    elements = Elements(page)
    addresses = [a[key] or "" for _, a in elements.found for key in ("src", "href", "data", "action") if key in a]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    policy = next(meta["content"] or "" for meta in elements.of("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "@import" not in page
    assert "url(" not in page


def test_names_are_text_wherever_they_stand(page: str) -> None:
    elements = Elements(page)
    assert len(elements.of("script")) == 2
    assert not any("onerror" in attributes for _, attributes in elements.found)
    assert not elements.of("b") or AWKWARD in "".join(elements.words)
    assert CLASSES[0] in "".join(elements.words)


def test_what_the_script_reads_are_the_explanations_numbers(explanation: Explanation, page: str) -> None:
    data = script_data(page)
    assert (unpacked(data["row"]) == explanation.input.row).all()
    assert np.allclose(unpacked(data["x"]), explanation.input.x, rtol=1e-6)
    for layer, written in zip(explanation.layers, data["layers"], strict=True):
        assert (unpacked(written["A"]) == layer.A).all()
        for j, (terms, rest, bias) in enumerate(written["sums"]):
            total = sum(a * w for _, a, w in terms) + rest + bias
            assert total == pytest.approx(layer.Z[j], abs=1e-5)


def test_the_map_of_a_neuron_is_the_sum_of_each_pixels_terms(explanation: Explanation, page: str) -> None:
    maps = script_data(page)["maps"]
    W = explanation.example.parameters[explanation.example.layers[0].parameters["W"]]
    levels = unpacked(maps["levels"]).reshape(10, SIZE * SIZE)
    for j, strongest in enumerate(maps["strongest"]):
        sums = (explanation.input.x * W[:, j]).reshape(-1, 3).sum(axis=1)
        assert np.allclose(levels[j] * strongest / 127, sums.clip(-strongest, strongest), atol=strongest / 250)


def test_each_gradient_of_the_chain_and_its_trained_form_is_written(explanation: Explanation, page: str) -> None:
    words = " ".join("".join(Elements(page).words).split())
    assert explanation.backward
    for step in explanation.backward.steps:
        assert f"{step.name} " in words
        assert step.result in words
    form = explanation.backward.trained["dJ/dZ3"]
    assert form.formula == "A3 - y"
    assert f"As training computes it, the same but always exact: = {form.formula}= {form.result}" in words


def test_a_regression_without_a_label_says_what_is_missing() -> None:
    words = "".join(Elements(of_regression().html()).words)
    assert words.count("there is no cost") == 3
    assert "there is no cost" not in "".join(Elements(of_regression(0.5).html()).words)


def test_a_page_of_12288_64_16_1_is_below_2_megabytes_and_half_a_second() -> None:
    X, _ = pictures(size=64)
    explanation = explain(picture_model(64, (64, 16), epochs=1), X[0], among=(X, [CLASSES[0]] * len(X)))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        page = explanation.html()
        seconds.append(time.process_time() - start)
    assert len(page.encode()) < 2_000_000
    assert min(seconds) < 0.5


def test_a_row_too_long_for_the_page_is_shown_in_part() -> None:
    size = 270
    X = np.random.default_rng(1).integers(0, 255, (4, size * size * 3)).astype(np.uint8)
    model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, [0, 1, 0, 1], epochs=1)
    page = explain(replace(model, pictures=PictureSettings(size=size)), X[0]).html()
    assert script_data(page)["row"] is None
    assert len(page) < 2_000_000
    assert 'id="all-numbers"' not in page


def test_huge_numbers_do_not_stop_the_page() -> None:
    X = np.random.default_rng(2).normal(size=(20, 3))
    model = cr.fit(cr.Network([cr.Dense(3, "identity"), cr.Dense(1, "sigmoid")]), X, np.arange(20) % 2, epochs=1)
    huge = {**model.parameters, "W1": np.full((3, 3), 1e100), "W2": np.full((3, 1), 1e100)}
    words = "".join(Elements(explain(replace(model, parameters=huge), np.ones(3)).html()).words)
    assert "9e200" in words


def test_the_same_explanation_gives_the_same_page(explanation: Explanation, page: str) -> None:
    assert explanation.html() == page
