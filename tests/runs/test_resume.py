"""Runs that are interrupted, killed or locked, gone on with, and done again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import UserError, WorkFailed
from chainrule.files import read_json, to_json_bytes
from chainrule.runs.again import reproduce, resume
from chainrule.runs.folder import locked
from chainrule.runs.record import Record
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import Run, train_on_pictures
from chainrule.sample.write import write_sample
from chainrule.training.checkpoint import Interrupted
from chainrule.training.descent import Descent
from tests.training.ending import killed_after


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "sample"
    write_sample(folder, count=60, size=16, seed=0)
    return folder


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(pictures: Path, **changed: Any) -> RunSettings:
    told: dict[str, Any] = {"size": 8, "hidden": (4,), "epochs": 5, "batch_size": 8, "checkpoint_every": 0.0}
    return RunSettings(pictures=str(pictures), **(told | changed))


def train(pictures: Path, **changed: Any) -> Run:
    return train_on_pictures(settings(pictures, **changed), say=lambda words: None, progress=False)


def go_on(folder: str | Path, **told: Any) -> Run:
    return resume(Path(folder), say=lambda words: None, progress=False, **told)


NOTHING: dict[str, Any] = {"notes": [], "directory": "/", "made_with": {}, "hashes": {}}
FILES = {"copies.csv", "metrics.json", "model.safetensors", "report.html", "run.json", "skipped.csv", "splits.csv",
         "history.csv"}  # fmt: skip


@pytest.mark.parametrize("calls", [1, 7, 12, 40])
def test_a_killed_run_ends_in_the_same_files(pictures: Path, calls: int) -> None:
    whole = train(pictures, out="whole", threads=1)
    assert killed_after(calls, lambda: train(pictures, out="killed", threads=1))
    assert Path("killed/checkpoint.safetensors").exists()
    Path("killed/.model.safetensors.0123abcd.tmp").write_text("half of a model")
    resumed = go_on("killed", threads=2)
    assert set(os.listdir("killed")) == FILES
    for name in ("model.safetensors", "splits.csv", "skipped.csv", "copies.csv"):
        assert Path("killed", name).read_bytes() == Path("whole", name).read_bytes()
    assert resumed.evaluation.to_dict() == whole.evaluation.to_dict()
    assert read_json("killed/run.json")["threads"] == 1, "the record is of what was asked for"


def test_a_run_that_was_killed_before_its_first_checkpoint_starts_again(pictures: Path) -> None:
    whole = train(pictures, out="whole")
    Path("killed").mkdir()
    Record(settings(pictures, out="killed")).write(Path("killed"))
    assert go_on("killed").model.to_bytes() == whole.model.to_bytes()


def test_a_run_goes_on_from_another_folder(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    (empty_folder / "here").mkdir()
    monkeypatch.chdir("here")
    Path("dogs").symlink_to(pictures)
    whole = train(Path("dogs"), out="whole")
    assert killed_after(9, lambda: train(Path("dogs"), out="killed"))
    monkeypatch.chdir(empty_folder)
    assert go_on("here/killed").model.to_bytes() == whole.model.to_bytes()


def test_ctrl_c_says_how_to_go_on(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Descent.steps

    def steps(self: Descent, *told: Any) -> Any:
        if told[1] > 12:
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, *told)

    monkeypatch.setattr(Descent, "steps", steps)
    with pytest.raises(Interrupted, match=r"to go on: .*chainrule resume run$"):
        train(pictures, out="run")
    assert set(os.listdir("run")) == {"run.json", "checkpoint.safetensors"}


def test_ctrl_c_after_the_training_says_how_to_go_on(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.runs.train.evaluated", interrupt)
    with pytest.raises(Interrupted, match="to go on: "):
        train(pictures, out="run")


def test_ctrl_c_before_the_training_leaves_nothing(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.runs.prepare.split", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(pictures, out="run")
    assert not Path("run").exists()


def test_a_complete_run_has_nothing_left_to_do(pictures: Path) -> None:
    train(pictures, out="run")
    with pytest.raises(UserError, match="this run is complete"):
        go_on("run")


@pytest.mark.parametrize("change", ["a picture more", "a picture less", "another picture"])
def test_changed_pictures_are_told(change: str, pictures: Path) -> None:
    write_sample(Path("mine"), count=60, size=16, seed=0)
    assert killed_after(9, lambda: train(Path("mine"), out="run"))
    dogs = sorted(Path("mine/dog").iterdir())
    if change == "a picture more":
        (dogs[0].parent / "zzz.jpg").write_bytes(next((pictures / "not_dog").iterdir()).read_bytes())
    elif change == "a picture less":
        dogs[0].unlink()
    else:
        dogs[0].write_bytes(dogs[1].read_bytes())
    before = Path("run/checkpoint.safetensors").read_bytes()
    with pytest.raises(UserError, match="the checkpoint is of another training"):
        go_on("run")
    assert Path("run/checkpoint.safetensors").read_bytes() == before


def test_vanished_pictures_are_told_and_the_checkpoint_stays(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine").symlink_to(pictures)
    assert killed_after(9, lambda: train(Path("mine"), out="run"))
    Path("mine").unlink()
    with pytest.raises(UserError, match="there is no folder mine"):
        go_on("run")
    assert Path("run/checkpoint.safetensors").exists()


def test_a_run_that_another_program_works_on_is_left_alone(pictures: Path) -> None:
    Path("run").mkdir()
    Record(settings(pictures, out="run")).write(Path("run"))
    code = "import sys; from pathlib import Path; from chainrule.runs.folder import locked\n"
    code += "with locked(Path('run')):\n print('locked', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(UserError, match="another program is working on this run"):
            go_on("run")
        other.kill()
    go_on("run")


def test_a_lock_ends_with_its_block() -> None:
    Path("run").mkdir()
    for _ in range(2):
        with locked(Path("run")):
            pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no run.json"),
        (b"{", "is not a JSON file"),
        (b"[]", "not the record of a run"),
        (to_json_bytes({"pictures": "dogs"}), "not the record of a run"),
        (to_json_bytes({"recorded": {}, "pictures": "dogs"}), "not the record of a run"),
        (to_json_bytes({"recorded": NOTHING, "size": 3}),
         "the settings are not those of a run"),
        (to_json_bytes({"recorded": NOTHING, "pictures": "dogs",
                        "validation": 3}), "--validation"),
    ],
)  # fmt: skip
def test_a_record_that_is_missing_or_damaged_is_told(content: bytes | None, message: str) -> None:
    Path("run").mkdir()
    if content is not None:
        Path("run/run.json").write_bytes(content)
    for again in (go_on, lambda folder: reproduce(Path(folder), say=lambda words: None)):
        with pytest.raises(UserError, match=message):
            again("run")


def test_what_is_no_folder_is_told() -> None:
    for again in (go_on, lambda folder: reproduce(Path(folder), say=lambda words: None)):
        with pytest.raises(UserError, match="there is no such folder"):
            again("run")


def test_a_run_done_again_gives_the_same_model(pictures: Path) -> None:
    train(pictures, out="run", threads=1)
    found = reproduce(Path("run"), say=lambda words: None, progress=False)
    assert found.same_model
    assert found.same_data
    assert not found.figures
    assert not found.made_with
    assert str(found.second) == "runs/run-again-1"


def test_a_run_done_again_on_other_pictures_tells_the_difference() -> None:
    write_sample(Path("mine"), count=60, size=16, seed=0)
    train(Path("mine"), out="run")
    dogs = sorted(Path("mine/dog").iterdir())
    dogs[0].write_bytes(sorted(Path("mine/not_dog").iterdir())[3].read_bytes())
    found = reproduce(Path("run"), out="again", say=lambda words: None, progress=False)
    assert not found.same_data
    assert not found.same_model
    assert found.to_dict()["again"] == "again"


def test_a_run_that_is_not_complete_is_not_done_again(pictures: Path) -> None:
    Path("run").mkdir()
    Record(settings(pictures, out="run")).write(Path("run"))
    with pytest.raises(UserError, match=r"is not complete; finish it first: .*resume run"):
        reproduce(Path("run"), say=lambda words: None)


def test_a_read_only_folder_is_told(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("chainrule.files._write_synced", refuse)
    with pytest.raises(WorkFailed, match=r"run\.json could not be written: Read-only file system"):
        train(pictures, out="run")
    assert not Path("run").exists()
