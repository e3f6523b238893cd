"""A run says what to look at, and what it chose: on stderr, in metrics.json and in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from chainrule.fitting import TrainingWarning
from chainrule.runs.train import Run, train_on_pictures
from tests.runs.conftest import quick


@pytest.fixture(scope="module")
def mislabelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright and dark pictures that one neuron tells apart, with wrong labels among those held out."""
    folder = tmp_path_factory.mktemp("shades") / "shades"
    for name, shade, wrong in (("bright", 220, "dark"), ("dark", 30, "bright")):
        for i in range(100):
            part = "train" if i < 60 else "val" if i < 80 else "test"
            place = folder / part / (wrong if i in (70, 90) else name)
            place.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (shade + i // 5, shade - i % 7, shade - i // 9)).save(
                place / f"{name}-{i}.png"
            )
    return folder


@pytest.fixture(scope="module")
def doubting(mislabelled: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[str]]:
    said: list[str] = []
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = quick(mislabelled, out, hidden=(), epochs=60, learning_rate=0.01, l2=0.0, dropout=0.0)
    return train_on_pictures(settings, say=said.append), said


def test_pictures_with_labels_that_look_wrong_are_named_by_path(doubting: tuple[Run, list[str]]) -> None:
    run, said = doubting
    [advice] = [one for one in run.advice if one.kind == "suspicious_labels"]
    names = {Path(one["name"]).name for one in advice.numbers["examples"]}
    assert names == {"bright-70.png", "bright-90.png", "dark-70.png", "dark-90.png"}
    assert "4 of 80 held-out pictures" in advice.message
    assert f"to look at: {advice.message}" in said


def test_advice_is_in_the_metrics_and_in_the_report(doubting: tuple[Run, list[str]]) -> None:
    run, _ = doubting
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert [one["kind"] for one in metrics["advice"]] == [one.kind for one in run.advice]
    assert metrics["advice"][-1]["numbers"]["looked_at"] == 80
    page = run.report.read_text()
    assert '<section id="look">' in page
    assert "4 of 80 held-out pictures may be labelled wrongly" in page


def test_a_run_without_signs_says_nothing(done: Run) -> None:
    assert done.advice == ()
    assert 'id="look"' not in done.report.read_text()


def test_causes_of_an_overflow_are_warned_of_once_and_reported(pets: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.warns(TrainingWarning, match="learning rate 1e.30 may be too large"):
        run = train_on_pictures(quick(pets, tmp_path / "run", learning_rate=1e30), say=said.append)
    assert [one.kind for one in run.advice] == ["learning_rate"]
    assert not any("too large" in line for line in said)
    assert "too large" in run.report.read_text()


def test_a_rate_that_the_run_chose_is_said_reported_and_the_model_s(pets: Path, tmp_path: Path) -> None:
    said: list[str] = []
    run = train_on_pictures(quick(pets, tmp_path / "run", learning_rate="auto"), say=said.append)
    tested = run.model.history.range_test
    assert tested is not None
    assert f"learning rate {tested.rate:g}, chosen by a range test" in said
    assert run.model.training["learning_rate"] == tested.rate
    assert json.loads((run.folder / "metrics.json").read_text())["range_test"]["rate"] == tested.rate
    assert f"{tested.rate:g}, chosen" in run.report.read_text()
    assert json.loads((run.folder / "run.json").read_text())["learning_rate"] == "auto"


def test_a_rate_that_was_given_has_no_test(done: Run) -> None:
    assert json.loads((done.folder / "metrics.json").read_text())["range_test"] is None
    assert "The learning rate" not in done.report.read_text()
