"""The page of a search: everything in one file, nothing undefined, the best where it is."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import pytest

from chainrule.evaluation.plots import Plot
from chainrule.runs.record import Record
from chainrule.runs.settings import RunSettings
from chainrule.tuning.page import render, write_page
from chainrule.tuning.plots import progress_plot, setting_plots
from chainrule.tuning.search import Search
from chainrule.tuning.space import SEARCHABLE
from chainrule.tuning.trials import Trial, best_first
from tests.evaluation.test_report import Page
from tests.tuning.trials import trial

TRIALS = best_first(
    [
        trial(1, 0.8),
        trial(2, 0.7, drawn={"hidden": (), "learning_rate": 1e-4}),
        trial(3, 0.9, "pruned", drawn={"activation": ("tanh",)}),
        trial(4, None, "overflowed", validation_accuracy=None, epoch=None, drawn={"learning_rate": 1e30}),
        trial(5, 0.55, drawn={"hidden": (99,), "batch_size": 16}),
        trial(6, 0.6, drawn={"hidden": (8, 8, 8)}),
    ]
)
RUN: dict[str, Any] = {
    "predict_command": "chainrule predict runs/pets-tune-1/best pets/dog/1.jpg",
    "test": {"accuracy": 0.75, "accuracy_interval": [0.6, 0.9], "count": 40},
}


def search(**settings: Any) -> Search:
    return Search(Record(RunSettings(**{"pictures": "my pets", **settings})), SEARCHABLE, 6)


@functools.cache
def html() -> str:
    """The page of the trials."""
    return render(search(), TRIALS, RUN)


@functools.cache
def shown() -> list[Plot]:
    """The plots of their settings."""
    return setting_plots(TRIALS)


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    page = Page(html())
    assert page.count("script") == 0
    addresses = page.attributes("href") + page.attributes("src")
    assert {address for address in addresses if not address.startswith(("#", "data:"))} == {"best/report.html"}
    assert not re.search(r"https?:|//\w|@import|url\((?!#)", html())


def test_every_section_is_linked_and_no_id_is_there_twice() -> None:
    page = Page(html())
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    targets = {address[1:] for address in page.attributes("href") if address.startswith("#")}
    assert {"accuracy", "progress", "settings", "table", "again"} <= targets <= set(ids)


def test_nothing_undefined_is_printed() -> None:
    assert not re.search(r"\b(nan|None|inf)\b", Page(html()).text)


def test_the_best_its_settings_and_its_test_figures_stand_at_the_top() -> None:
    text = Page(html()).text.replace("\u00a0", " ")
    assert "0.550 is the lowest cost of the validation pictures, that of trial 5 after epoch 2" in text
    assert "answers 75.0 % of 40 test pictures correctly (95 % interval 60.0 % to 90.0 %)" in text
    assert "6 in all: 4 complete, 1 pruned, 1 overflowed." in text


def test_the_table_has_every_trial_the_best_first() -> None:
    rows = re.findall(r'<th scope="row" class="number">(\d+)</th>', html())
    assert rows == ["5", "6", "2", "1", "3", "4"]


def test_the_commands_are_there_and_text_of_the_users_is_no_markup() -> None:
    hostile = "<script>alert(1)</script>"
    page = render(search(positive=hostile), [TRIALS[0]], RUN)
    assert "<script" not in page
    words = Page(page).text
    assert RUN["predict_command"] in words
    assert "chainrule train 'my pets'" in words
    assert "--hidden 99" in words
    assert f"chainrule tune 'my pets' --trials 6 --positive '{hostile}'" in words


def test_each_setting_that_was_searched_has_a_plot() -> None:
    titles = [plot.title for plot in shown()]
    assert titles == [
        "Learning rate",
        "Hidden layers",
        "Neurons of the first hidden layer",
        "Neurons of the second hidden layer",
        "Neurons of the third hidden layer",
        "Activation",
        "Penalty l2",
        "Batch size",
        "Dropout",
    ]
    only = [Trial(1, "complete", 0.5, 0.5, 1, 1, 1.0, {"l2": 0.1})]
    assert [plot.title for plot in setting_plots(only)] == ["Penalty l2"]


def test_the_best_is_marked_only_where_it_has_the_setting() -> None:
    marks = {plot.title: str(plot.svg).count("fill: var(--ink)") for plot in shown()}
    assert marks["Learning rate"] > 0
    assert marks["Neurons of the first hidden layer"] > 0
    assert marks["Neurons of the third hidden layer"] == 0
    named = {plot.title for plot in shown() if "the best" in [entry.label for entry in plot.legend]}
    assert named == {title for title, count in marks.items() if count}


def test_the_line_of_the_best_so_far_falls_at_complete_trials_alone() -> None:
    from chainrule.tuning.plots import _lowest_so_far

    x, y = _lowest_so_far([trial(1, 0.8), trial(2, 0.7, "pruned"), trial(3, 0.75), trial(4, None, "overflowed")])
    assert list(zip(x, y, strict=True)) == [(1, 0.8), (2, 0.8), (2, 0.8), (3, 0.8), (3, 0.75), (4, 0.75), (4, 0.75)]


def test_trials_that_all_overflowed_are_said_not_drawn() -> None:
    plot = progress_plot([trial(1, None, "overflowed")])
    assert plot.svg is None
    assert plot.reason


def test_costs_that_are_far_apart_are_drawn_by_their_logarithm() -> None:
    far = progress_plot([trial(1, 0.5), trial(2, 5000.0)])
    assert ">1000<" in str(far.svg)
    assert ">1000<" not in str(progress_plot([trial(1, 0.5), trial(2, 0.9)]).svg)


@pytest.mark.parametrize(
    ("settings", "searched", "command"),
    [
        ({}, SEARCHABLE, "chainrule tune 'my pets' --trials 6"),
        ({"seed": 3, "size": 32}, SEARCHABLE, "chainrule tune 'my pets' --trials 6 --size 32 --seed 3"),
        ({"l2": 0.3}, SEARCHABLE[:3], "chainrule tune 'my pets' --trials 6 --batch-size 64 --l2 0.3 --dropout 0.3"),
        (
            {"hidden": ()},
            ("learning_rate", "l2"),
            "chainrule tune 'my pets' --trials 6 --hidden none --batch-size 64",
        ),
    ],
)
def test_the_command_does_the_search_again(
    settings: dict[str, Any], searched: tuple[str, ...], command: str
) -> None:
    record = Record(RunSettings(pictures="my pets", out="there", **settings))
    assert Search(record, searched, 6).command() == command


def test_a_record_comes_back(tmp_path: Path) -> None:
    told = search(seed=4, hidden=(3, 2))
    told.write(tmp_path)
    assert Search.read(tmp_path) == told


def test_a_page_is_one_file(tmp_path: Path) -> None:
    write_page(tmp_path / "report.html", search(), TRIALS[:1], RUN)
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
