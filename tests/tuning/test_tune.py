"""The search: on pictures that are read once and cut as a run cuts them, until there are enough trials."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.data.pictures import read_pictures
from chainrule.errors import UserError, WorkFailed
from chainrule.files import read_json
from chainrule.fitting import fit
from chainrule.model import Model
from chainrule.runs.again import resume
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import train_on_pictures
from chainrule.training.checkpoint import Interrupted
from chainrule.tuning.tune import Tuned, go_on, tune
from tests.tuning.conftest import quick_space, search_on

pytest.importorskip("optuna")


@pytest.fixture(autouse=True)
def pages_of_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write no pages, which take longer than all the rest; those of the search that is done once are whole."""

    def write(path: Path, *_: Any) -> None:
        path.write_text("page")

    monkeypatch.setattr("chainrule.tuning.tune.write_page", write)
    monkeypatch.setattr("chainrule.runs.train.write_report", write)


def silent(_: str) -> None:
    """Hear nothing."""


def drawn(tuned: Tuned) -> list[Any]:
    """What the trials of a search were and how they ended, in their order."""
    by_number = sorted(tuned.trials, key=lambda one: one.number)
    return [(one.number, one.ending, one.validation_cost, one.drawn) for one in by_number]


def split_of(folder: Path) -> dict[str, str]:
    with open(folder / "splits.csv", encoding="utf-8", newline="") as file:
        return {row["path"]: row["split"] for row in csv.DictReader(file)}


def history_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "history.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def interrupt_in_trial(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come in the training with this number, from 1."""
    began = 0

    def interrupted(*given: Any, **more: Any) -> Model:
        nonlocal began
        began += 1
        if began == number:
            raise KeyboardInterrupt
        return fit(*given, **more)

    monkeypatch.setattr("chainrule.runs.train.fit", interrupted)


def test_the_folder_holds_the_trials_a_page_and_the_best_run(done: Tuned) -> None:
    names = {one.name for one in done.folder.iterdir()}
    assert names == {"tune.json", "study.sqlite", "trials.csv", "report.html", "best"}
    assert chainrule.load(done.folder / "best").classes == ("not_dog", "dog")


def test_the_first_trial_is_the_run_of_train(pets: Path, done: Tuned, tmp_path: Path) -> None:
    plain = RunSettings(pictures=str(pets), size=8, epochs=3, out=str(tmp_path / "run"))
    train_on_pictures(plain, say=silent)
    lowest = min(float(row["validation_cost"]) for row in history_of(tmp_path / "run"))
    assert next(one for one in done.trials if one.number == 1).validation_cost == lowest


def test_pictures_are_cut_as_train_cuts_them(pets: Path, done: Tuned, tmp_path: Path) -> None:
    plain = RunSettings(pictures=str(pets), size=8, epochs=1, hidden=(), out=str(tmp_path / "run"))
    train_on_pictures(plain, say=silent)
    assert split_of(done.folder / "best") == split_of(tmp_path / "run")


def test_the_best_run_is_that_of_the_best_trial_to_the_bit(done: Tuned, tmp_path: Path) -> None:
    lowest = min(float(row["validation_cost"]) for row in history_of(done.folder / "best"))
    assert lowest == done.best.validation_cost
    settings = RunSettings.from_dict(read_json(done.folder / "best" / "run.json"))
    assert {name: getattr(settings, name) for name in done.best.drawn} == done.best.drawn
    again = train_on_pictures(replace(settings, out=str(tmp_path / "run")), say=silent)
    assert again.model.to_bytes() == (done.folder / "best" / "model.safetensors").read_bytes()


def test_the_report_of_the_best_run_says_that_it_was_chosen(done: Tuned) -> None:
    assert "the best of 4 trials" in (done.folder / "best" / "report.html").read_text(encoding="utf-8")


def test_pictures_are_read_once(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(*given: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        return read_pictures(*given, **more)

    monkeypatch.setattr("chainrule.runs.prepare.read_pictures", counted)
    search_on(pets, tmp_path / "tune", 2)
    assert count == 1


def test_test_pictures_are_not_looked_at_before_the_end(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []
    predicted_after: list[int] = []

    def watched(network: Any, X: Any, y: Any, **more: Any) -> Model:
        seen.append({*more["rows"].tolist(), *more["validation"].tolist()})
        return fit(network, X, y, **more)

    def predicted(self: Model, X: Any) -> Any:
        predicted_after.append(len(seen))
        return answers(self, X)

    answers = Model.predict_proba
    monkeypatch.setattr("chainrule.runs.train.fit", watched)
    monkeypatch.setattr(Model, "predict_proba", predicted)
    tuned = search_on(pets, tmp_path / "tune", 3)
    names = list(split_of(tuned.folder / "best").values())
    test_rows = set(np.flatnonzero(np.array(names) == "test").tolist())
    assert len(test_rows) == tuned.run["test"]["count"]
    assert all(not rows & test_rows for rows in seen)
    # Three trials, the best again, and its one neuron.
    assert len(seen) >= 4
    assert min(predicted_after) >= 4


def test_each_trial_is_told_in_a_line(pets: Path, tmp_path: Path) -> None:
    said: list[str] = []
    space = quick_space(pets, tmp_path / "tune", {"hidden"}, hidden=(4,))
    tune(space, trials=2, say=said.append)
    assert said[3] == "42 to train, 10 to validate, 8 to test"
    assert said[4].startswith("trial 1 of 2: validation cost 0.")
    assert ", the best so far; 3 epochs in " in said[4]
    assert said[4].endswith("activation relu, learning rate 0.0001, l2 0.1, batch size 64, dropout 0.3")
    assert said[5].startswith("trial 2 of 2: ")
    assert said[6] == f"training a model with the best settings in {tmp_path / 'tune' / 'best'}"
    assert len(said) == 7


@pytest.mark.parametrize("number", [1, 3])
def test_an_interrupted_search_says_how_to_go_on_and_ends_as_if_it_had_not_been(
    pets: Path, done: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder = tmp_path / "a search"
    interrupt_in_trial(number, monkeypatch)
    words = rf"^stopped after {number - 1} of 4 trials; to go on: chainrule tune --resume '.*a search'$"
    with pytest.raises(Interrupted, match=words):
        search_on(pets, folder, 4)
    said: list[str] = []
    tuned = go_on(folder, say=said.append)
    assert drawn(tuned) == drawn(done)
    assert ("going on after 2 of 4 trials" in said) == (number == 3)
    same = [(one / "best" / "model.safetensors").read_bytes() for one in (folder, done.folder)]
    assert same[0] == same[1]


def test_an_interruption_while_the_best_is_trained_can_go_on(
    pets: Path, done: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_in_trial(5, monkeypatch)
    with pytest.raises(Interrupted, match="stopped while the best was being trained; to go on: chainrule tune"):
        search_on(pets, tmp_path / "tune", 4)
    tuned = go_on(tmp_path / "tune", say=silent)
    assert tuned.run["test"] == done.run["test"]


def test_a_finished_search_is_shown_again_and_nothing_is_trained(
    done: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(done.folder, tmp_path / "tune")
    interrupt_in_trial(1, monkeypatch)
    tuned = go_on(tmp_path / "tune", say=silent)
    assert drawn(tuned) == drawn(done)
    assert tuned.run["test"] == done.run["test"]


def test_a_search_may_be_moved(done: Tuned, tmp_path: Path) -> None:
    shutil.copytree(done.folder, tmp_path / "moved")
    tuned = go_on(tmp_path / "moved", say=silent)
    assert tuned.run["predict_command"].startswith(f"chainrule predict {tmp_path / 'moved' / 'best'} ")
    assert str(done.folder) not in str(tuned.to_dict())


def test_more_trials_keep_the_best_of_before(pets: Path, tmp_path: Path) -> None:
    first = search_on(pets, tmp_path / "tune", 1)
    before = (first.folder / "best" / "model.safetensors").read_bytes()
    said: list[str] = []
    tuned = go_on(tmp_path / "tune", trials=5, say=said.append)
    assert len(tuned.trials) == 5
    assert tuned.best.number != 1
    assert (tmp_path / "tune" / "best-1" / "model.safetensors").read_bytes() == before
    assert f"the model that was the best before is in {tmp_path / 'tune' / 'best-1'}" in said
    assert read_json(tmp_path / "tune" / "tune.json")["search"]["trials"] == 5


def test_pictures_may_move_but_not_change(pets: Path, done: Tuned, tmp_path: Path) -> None:
    shutil.copytree(done.folder, tmp_path / "tune")
    shutil.copytree(pets, tmp_path / "moved")
    assert drawn(go_on(tmp_path / "tune", pictures=str(tmp_path / "moved"), say=silent)) == drawn(done)
    next((tmp_path / "moved" / "dog").iterdir()).unlink()
    with pytest.raises(UserError, match="not the pictures that the search began with"):
        go_on(tmp_path / "tune", pictures=str(tmp_path / "moved"), say=silent)


def test_paths_count_from_where_the_search_began(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pets.parent)
    search_on(Path("pets"), tmp_path / "tune", 1)
    monkeypatch.chdir(tmp_path)
    assert len(go_on(Path("tune"), trials=2, say=silent).trials) == 2


@pytest.mark.parametrize(
    ("prepared", "words"),
    [
        (lambda folder: folder.rmdir(), "there is no such folder"),
        (lambda folder: None, r"holds no tune\.json"),
        (lambda folder: (folder / "tune.json").write_text("{}"), "is not the record"),
        (lambda folder: (folder / "tune.json").write_text("{"), "not a JSON file"),
    ],
    ids=["missing", "empty", "no record", "no JSON"],
)
def test_a_folder_that_is_no_search_is_told(tmp_path: Path, prepared: Any, words: str) -> None:
    (tmp_path / "tune").mkdir()
    prepared(tmp_path / "tune")
    with pytest.raises(UserError, match=words):
        go_on(tmp_path / "tune", say=silent)


def test_to_resume_a_search_like_a_run_says_what_to_do(done: Tuned) -> None:
    with pytest.raises(UserError, match=r"is the folder of a search.*chainrule tune --resume"):
        resume(done.folder, say=silent)


def test_where_every_cost_overflows_there_is_no_best(pets: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match="the cost of each of 2 trials overflowed"):
        search_on(pets, tmp_path / "tune", 2, {"learning_rate"}, learning_rate=1e30)
    with open(tmp_path / "tune" / "trials.csv", encoding="utf-8", newline="") as file:
        assert [row["ending"] for row in csv.DictReader(file)] == ["overflowed", "overflowed"]


@pytest.mark.parametrize(
    "changes", [{"positive": "horse"}, {"size": 0}, {"color": "blue"}, {"optimizer": "adm"}], ids=str
)
def test_a_mistake_leaves_no_folder(pets: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        search_on(pets, tmp_path / "a" / "tune", 2, **changes)
    assert [*tmp_path.iterdir()] == []


def test_a_search_within_the_pictures_is_refused(pets: Path) -> None:
    with pytest.raises(UserError, match="--out"):
        search_on(pets, pets / "tune", 2)
    assert not (pets / "tune").exists()


def test_a_search_has_a_folder_of_its_own(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space = quick_space(pets, tmp_path)
    tuned = tune(replace(space, settings=replace(space.settings, out=None)), trials=1, say=silent)
    assert tuned.folder == Path("runs/pets-tune-1")
