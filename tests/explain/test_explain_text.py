"""An explanation as text, as data and in files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from chainrule.errors import UserError, WorkFailed
from chainrule.explain.explanation import Explanation
from chainrule.graph.trace.wording import number_text
from tests.explain.models import KINDS, case, right_label

TITLES = (
    "The input as numbers",
    "Forward: every layer's Z and A",
    "The prediction as the sum of its parts",
    "The cost",
    "Backward: every gradient",
    "One update, and the cost after it",
    "What the answer rests on",
    "The nearest training examples",
)


def labelled(kind: str) -> Explanation:
    data = case(kind)
    return data.model.explain(data.X[0], right_label(data, 0), among=(data.X, data.y))


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_walks_through_all_parts(kind: str) -> None:
    lines = str(labelled(kind)).splitlines()
    assert [line for line in lines if line[:1].isdigit()] == [
        f"{number}. {title}" for number, title in enumerate(TITLES, start=1)
    ]
    assert all(line == line.rstrip() for line in lines)


def test_the_text_of_a_regression_without_a_label_leaves_out_what_needs_one() -> None:
    model, X, _ = case("regression")
    text = model.explain(X[0]).text()
    assert "The cost" not in text
    assert "5. The nearest training examples\n   No run's folder was given" in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_holds_the_numbers_of_the_parts(kind: str) -> None:
    found = labelled(kind)
    text = found.text()
    assert found.cost is not None
    assert found.update is not None
    assert found.backward is not None
    assert f"J before: {number_text(found.update.cost_before)}" in text
    assert f"J after: {number_text(found.update.cost_after)}" in text
    for step in found.backward.steps:
        assert step.text in text
    for form in found.backward.trained.values():
        assert f"training computes {form.text}" in text
    for part in found.prediction.sums:
        assert f"sum = {part.z_name}" in text
        for term in part.terms:
            assert number_text(term.product) in text


def test_the_printed_sum_adds_up_to_the_printed_digits() -> None:
    lines = labelled("binary").text().splitlines()
    start = next(number for number, line in enumerate(lines) if "which speaks for blue" in line)
    end = next(number for number, line in enumerate(lines) if "sum = Z3" in line)
    numbers = [float(line.split()[-1]) for line in lines[start + 1 : end + 1]]
    assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_data_come_back_from_json_as_they_were(kind: str) -> None:
    found = labelled(kind)
    data = found.to_dict()
    back = json.loads(json.dumps(data, allow_nan=False))
    assert back == data
    assert set(back) == {
        *("title", "network", "input", "layers", "prediction", "cost", "backward", "update"),
        *("saliency", "neighbours", "no_neighbours"),
    }
    np.testing.assert_array_equal(back["layers"][0]["Z"], found.layers[0].Z)
    np.testing.assert_array_equal(back["saliency"]["gradient"], found.saliency.gradient)
    assert found.backward is not None
    np.testing.assert_array_equal(back["backward"]["gradients"]["W1"], found.backward.gradients["W1"])
    assert back["prediction"]["sums"][0]["terms"][0]["name"] == found.prediction.sums[0].terms[0].name


def test_arrays_without_a_word_in_json_become_words() -> None:
    from dataclasses import replace

    model, X, _ = case("logistic")
    certain = replace(model, parameters={"W1": model.parameters["W1"] * 0, "b1": np.array([50.0], np.float32)})
    data = certain.explain(X[0], 0).to_dict()
    json.dumps(data, allow_nan=False)
    assert "nan" in str(data["backward"]["steps"])


def test_an_explanation_is_saved_as_its_ending_says(tmp_path: Path) -> None:
    found = labelled("binary")
    found.save(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == found.to_dict()
    found.save(tmp_path / "a.HTML")
    assert (tmp_path / "a.HTML").read_text(encoding="utf-8") == found.html()
    with pytest.raises(UserError, match=r"a.txt: an explanation is saved as .html \(a page\) or .json"):
        found.save(tmp_path / "a.txt")
    with pytest.raises(WorkFailed, match="could not be written"):
        found.save(tmp_path / "none" / "a.html")


def test_a_notebook_shows_the_page_in_a_frame_of_its_own() -> None:
    from html import unescape

    found = labelled("binary")
    frame = re.fullmatch(r'<iframe srcdoc="([^"<>]*)" width="100%" height="720" .*></iframe>', found._repr_html_())
    assert frame is not None
    assert unescape(frame[1]) == found.html()
    assert repr(found) == f"<Explanation of {found.title}>"
