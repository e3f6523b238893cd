"""The page of a run: all its sections, nothing from elsewhere, and no text that becomes markup."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from chainrule.evaluation.metrics import evaluate
from chainrule.evaluation.report import render, write_report
from chainrule.evaluation.sections import threshold_rows
from tests.evaluation.reports import HOSTILE, history, report

EMPTY = {"meta", "link", "img", "br", "input", "hr"}
VARIANTS = {
    "two classes": report(),
    "three classes": report(3),
    "many classes": report(30),
    "table": report(pictures=False, paths=()),
    "one neuron": report(first_layer=np.ones((8 * 8 * 3, 1))),
    "bare": report(history=[], best_epoch=None, first_layer=None, skipped=(), settings={}, notes=(), counts={}),
}


class Page(HTMLParser):
    """Collects tags, ids, attributes and text, and checks that tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.tags)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(params=VARIANTS, scope="module")
def html(request: pytest.FixtureRequest) -> str:
    return render(VARIANTS[request.param])


def test_every_section_is_there_and_linked(html: str) -> None:
    page = Page(html)
    ids = page.attributes("id")
    sections = {"accuracy", "learning", "confusion", "thresholds", "metrics", "mistakes", "data", "again"}
    assert sections | {"skipped"} <= set(ids)
    assert len(ids) == len(set(ids))
    targets = [address[1:] for address in page.attributes("href") if address.startswith("#")]
    assert set(targets) <= set(ids)


def test_the_page_asks_for_nothing_from_elsewhere(html: str) -> None:
    page = Page(html)
    assert page.count("script") == 0
    addresses = page.attributes("href") + page.attributes("src")
    assert all(address.startswith(("#", "data:")) for address in addresses)
    without_pictures = re.sub(r'"data:[^"]*"', "", html)
    assert not re.search(r"https?:|//\w|@import|url\((?!#)", without_pictures)


def test_no_text_of_the_users_becomes_markup(html: str) -> None:
    assert "<script" not in html.lower()
    assert not any(name.startswith("on") for _, attributes in Page(html).tags for name in attributes)


def test_hostile_names_are_shown_as_they_are() -> None:
    page = Page(render(VARIANTS["three classes"]))
    assert HOSTILE in "".join(page.words)
    assert any(HOSTILE in words for words in page.attributes("alt"))
    assert any(HOSTILE in words for words in page.attributes("aria-label"))


def test_every_picture_and_figure_has_words_for_it(html: str) -> None:
    page = Page(html)
    for tag, attributes in page.tags:
        if tag == "img":
            assert attributes["alt"]
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]


def test_no_undefined_value_is_printed(html: str) -> None:
    text = Page(html).text
    assert not re.search(r"\b(nan|None|inf)\b", text)


def test_the_headline_says_accuracy_interval_and_both_baselines() -> None:
    y = np.repeat([0, 1], 50)
    chances = np.where(np.arange(100)[:, None] % 10 == 0, [0.5, 0.5], np.eye(2)[y])
    result = evaluate(y, chances, classes=("cat", "dog"))
    text = Page(
        render(
            report(
                m=100,
                evaluation=result,
                y_test=y,
                probabilities=chances,
                classes=("cat", "dog"),
                baselines=(("one neuron", 0.9), ("the most frequent class", 0.5)),
            )
        )
    ).text.replace("\u00a0", " ")
    assert "95.0 % of 100 test pictures" in text
    assert "between 88.8 % and 97.8 %" in text
    assert "Beside one neuron (90.0 %): better here, but the intervals overlap" in text
    assert "Beside the most frequent class (50.0 %): clearly better" in text
    assert "5 of 100 test pictures were answered wrongly. These are all of them" in text


def test_mistakes_are_the_most_certain_first() -> None:
    y, positive = np.array([0, 0, 1, 1]), np.array([0.7, 0.9, 0.02, 0.8])
    chances = np.stack([1 - positive, positive], axis=1)
    result = evaluate(y, chances, classes=("cat", "dog"))
    paths = tuple(f"pets/{name}.jpg" for name in "abcd")
    html = render(
        report(m=4, evaluation=result, y_test=y, probabilities=chances, classes=("cat", "dog"), paths=paths)
    )
    shown = [words for words in Page(html).attributes("alt") if "answered" in words]
    assert shown == [
        "c.jpg: a picture of dog, answered cat",
        "b.jpg: a picture of cat, answered dog",
        "a.jpg: a picture of cat, answered dog",
    ]


def test_mistakes_follow_the_threshold() -> None:
    y, positive = np.array([1, 0]), np.array([0.6, 0.1])
    chances = np.stack([1 - positive, positive], axis=1)
    for threshold, words in ((0.5, "None of the 2"), (0.7, "One of 2")):
        result = evaluate(y, chances, classes=("cat", "dog"), threshold=threshold)
        page = Page(render(report(m=2, evaluation=result, y_test=y, probabilities=chances)))
        assert words in page.text


def test_what_to_look_at_is_said_where_there_is_something() -> None:
    page = Page(render(VARIANTS["two classes"]))
    assert "Suspicious labels: 1 of 60 pictures may be labelled wrongly" in page.text
    assert "#look" in page.attributes("href")
    quiet = Page(render(report(advice=())))
    assert "look" not in quiet.attributes("id")
    assert "#look" not in quiet.attributes("href")


def test_a_range_test_is_drawn_where_there_was_one() -> None:
    rates = np.geomspace(1e-6, 10, 30).tolist()
    costs = [*np.linspace(1, 0.2, 25).tolist(), 5.0, 5.0, 5.0, None, None]
    test = {"rate": 0.012, "fell": True, "rates": rates, "costs": costs, "smoothed": costs[:25]}
    page = Page(render(report(range_test=test)))
    assert "The learning rate" in page.text
    assert "0.012, chosen" in page.text
    assert "a third of the rate" in page.text
    nothing = {**test, "smoothed": [], "fell": False}
    assert "The cost fell at none" in Page(render(report(range_test=nothing))).text
    assert "The cost of the first step was no number." in Page(render(report(range_test=nothing))).text
    assert "The learning rate" not in Page(render(VARIANTS["two classes"])).text


def test_rows_of_a_table_have_no_pictures() -> None:
    page = Page(render(VARIANTS["table"]))
    assert page.count("img") == 0
    assert "weights" not in page.attributes("id")
    assert "test row" in page.text


def test_some_neurons_stand_for_many_and_the_page_says_so() -> None:
    page = Page(render(VARIANTS["two classes"]))
    assert sum(words.startswith("Weights of neuron") for words in page.attributes("alt")) == 24
    assert "24 neurons with the largest weights, of 40" in page.text


def test_too_many_classes_get_the_most_frequent_confusions() -> None:
    page = Page(render(VARIANTS["many classes"]))
    assert "the most frequent confusions" in page.text
    assert "30 classes are too many for lines" in page.text


def test_a_missing_class_is_said_not_drawn() -> None:
    chances = np.full((60, 2), 0.5)
    result = evaluate(np.zeros(60, int), chances, classes=("cat", "dog"))
    page = Page(render(report(evaluation=result, y_test=np.zeros(60, int), probabilities=chances)))
    assert "Undefined: the test examples are all of one class." in page.text
    assert "Undefined: the test examples lack the positive class." in page.text


def test_raw_pixels_get_advice_only_where_it_holds() -> None:
    words = "Photographs are hard for a network on raw pixels"
    assert words in render(report())
    assert words not in render(report(pictures=False, paths=()))
    assert words not in render(report(X_test=np.zeros((60, 8 * 8 * 3), np.uint8)))


def test_a_cost_that_is_no_number_leaves_a_gap() -> None:
    rows = history(5)
    rows[4]["cost"] = float("nan")
    rows[1]["validation_cost"] = float("inf")
    assert "from 0.700 to 0.175" in render(report(history=rows))


def test_more_skipped_files_than_fit_are_counted() -> None:
    skipped = report().skipped * 1234
    assert "And 1,034 more." in render(report(skipped=skipped))


def test_the_same_run_gives_the_same_page() -> None:
    assert render(report()) == render(report())


def test_a_large_run_stays_a_small_page(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(size=(64 * 64 * 3, 64))
    large = report(m=4000, size=64, history=history(3000), first_layer=weights)
    write_report(tmp_path / "report.html", large)
    assert (tmp_path / "report.html").stat().st_size < 1_000_000
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_the_table_of_thresholds_counts_and_marks_the_one_in_use() -> None:
    y, p = np.array([0, 0, 1, 1]), np.array([0.2, 0.65, 0.6, 0.97])
    chances = np.stack([1 - p, p], axis=1)
    evaluation = evaluate(y, chances, classes=("cat", "dog"), threshold=0.63)
    changed = report(
        m=4,
        classes=("cat", "dog"),
        y_test=y,
        probabilities=chances,
        evaluation=evaluation,
        counts={"cat": (1, 1, 2), "dog": (1, 1, 2)},
    )
    rows = {threshold: (used, figures) for used, threshold, figures in threshold_rows(changed)}
    assert rows["0.63"] == (True, ["2", "1", "1", "0.500", "0.500", "0.500", "50.0\u00a0%"])
    assert rows["0.7"][0] is False
    assert rows["0.7"][1][:3] == ["1", "0", "1"]
    assert "in use" in render(changed)


def test_many_classes_have_the_calibration_of_the_answer_and_no_thresholds() -> None:
    page = render(report(5))
    assert "how often it is right" in page
    assert threshold_rows(report(5)) == []
    assert "By threshold" not in page
