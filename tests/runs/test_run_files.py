"""What a run leaves behind: every file whole, readable, and telling the same story."""

import csv
import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.data.pictures import read_pictures
from chainrule.evaluation.metrics import evaluate
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import Run, train_on_pictures
from tests.runs.conftest import quick


def table(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def json_of(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_run_is_a_folder_of_eight_files(done: Run) -> None:
    assert {path.name for path in done.folder.iterdir()} == {
        *("model.safetensors", "metrics.json", "history.csv", "splits.csv", "skipped.csv"),
        *("copies.csv", "report.html", "run.json"),
    }
    assert all(path.stat().st_size for path in done.folder.iterdir())


def test_the_model_that_was_written_answers_as_the_one_that_was_trained(done: Run, pets: Path) -> None:
    loaded = chainrule.load(done.folder)
    pictures = sorted(map(str, pets.glob("*/0000*.jpg")))
    assert len(pictures) == 10
    np.testing.assert_array_equal(loaded.predict_proba(pictures), done.model.predict_proba(pictures))
    assert loaded.classes == done.model.classes == ("not_dog", "dog")


def test_the_history_has_the_epochs(done: Run) -> None:
    rows = table(done.folder / "history.csv")
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [float(row["cost"]) for row in rows] == [epoch.cost for epoch in done.model.history]
    assert [float(row["validation_cost"]) for row in rows] == [e.validation_cost for e in done.model.history]


def test_every_picture_is_in_exactly_one_part(done: Run, pets: Path) -> None:
    rows = table(done.folder / "splits.csv")
    readable = read_pictures(pets, size=8).paths
    assert sorted(row["path"] for row in rows) == sorted(readable)
    assert all(Path(row["path"]).parent.name == row["label"] for row in rows)
    each = Counter((row["split"], row["label"]) for row in rows)
    for label in ("dog", "not_dog"):
        assert [each[part, label] for part in ("train", "validation", "test")] == [21, 5, 4]


def test_the_figures_are_those_of_the_pictures_set_apart(done: Run) -> None:
    apart = [row for row in table(done.folder / "splits.csv") if row["split"] == "test"]
    chances = chainrule.load(done.folder).predict_proba([row["path"] for row in apart])
    y = np.array([row["label"] == "dog" for row in apart], dtype=np.int64)
    again = evaluate(y, chances, classes=("not_dog", "dog"))
    assert json_of(done.folder / "metrics.json")["test"] == again.to_dict()


def test_what_was_left_out_is_named_with_the_reason(done: Run, pets: Path) -> None:
    rows = table(done.folder / "skipped.csv")
    assert [row["path"] for row in rows] == [
        str(pets / name) for name in ("dog/00060.jpg", "dog/notes.txt", "not_dog/00061.jpg")
    ]
    assert all(row["reason"] for row in rows)
    assert (done.found, len(done.skipped)) == (60, 3)


def test_the_figures_file_holds_the_run(done: Run) -> None:
    figures = json_of(done.folder / "metrics.json")
    assert figures == done.to_dict()
    assert figures["classes"] == ["not_dog", "dog"]
    assert figures["one_neuron"] == done.one_neuron.to_dict()
    assert figures["majority_accuracy"] == 0.5
    assert (figures["found"], figures["skipped"], figures["diverged"]) == (60, 3, False)
    assert figures["stopped"] == "all 2 epochs are done"


def test_the_settings_file_repeats_the_run(done: Run, pets: Path, tmp_path: Path) -> None:
    stored = json_of(done.folder / "run.json")
    recorded = stored.pop("recorded")
    assert stored == quick(pets, done.folder).to_dict()
    assert (
        recorded["hashes"]["model"] == hashlib.sha256((done.folder / "model.safetensors").read_bytes()).hexdigest()
    )
    assert recorded["made_with"]["chainrule"] == chainrule.__version__
    settings = replace(RunSettings.from_dict(stored), out=str(tmp_path / "again"))
    again = train_on_pictures(settings, say=lambda _: None)
    assert again.model.to_bytes() == done.model.to_bytes()


def test_the_report_tells_the_run(done: Run, pets: Path) -> None:
    page = done.report.read_text(encoding="utf-8")
    assert done.report == done.folder / "report.html"
    for words in (
        "dog or not_dog?",
        "one neuron",
        "most frequent class",
        "notes.txt",
        str(pets),
        "chainrule train",
    ):
        assert words in page
    assert page.rstrip().endswith("</html>")


def test_the_report_shows_the_notes_given(pets: Path, tmp_path: Path) -> None:
    settings = quick(pets, tmp_path / "run", epochs=1)
    run = train_on_pictures(settings, say=lambda _: None, notes=("These pictures are not photographs.",))
    assert "These pictures are not photographs." in run.report.read_text(encoding="utf-8")


def test_the_next_command_names_the_model_and_a_picture_it_never_saw(done: Run) -> None:
    apart = {row["path"] for row in table(done.folder / "splits.csv") if row["split"] == "test"}
    *words, picture = done.predict_command.split()
    assert words == ["chainrule", "predict", str(done.folder)]
    assert picture in apart


def test_a_run_in_a_place_that_looks_like_an_option_can_be_used(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-pets").symlink_to(pets)
    run = train_on_pictures(quick(Path("-pets"), Path("-run"), epochs=1), say=lambda _: None)
    assert run.predict_command.startswith("chainrule predict -- -run -pets/")


def test_the_time_is_taken(done: Run) -> None:
    assert 0 < done.seconds < 60
