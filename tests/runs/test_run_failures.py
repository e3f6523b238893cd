"""Runs that fail: users learn it early, in words, and nothing worthless stays behind."""

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

import chainrule
from chainrule.errors import UserError, WorkFailed
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import train_on_pictures
from tests.data.drawing import class_folders
from tests.runs.conftest import quick, run_on


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("nothing is to be done any more")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"positive": "horse"}, "--positive horse"),
        ({"label_from": "("}, "label_from"),
        ({"strict": True}, "00060.jpg"),
        ({"size": 0}, "size"),
        ({"color": "blue"}, "color"),
        ({"fit": "stretch"}, "fit"),
        ({"optimizer": "adamant"}, "adamant"),
        ({"learning_rate": -1.0}, "learning rate"),
        ({"learning_rate": "automatic"}, "learning rate"),
        ({"hidden": (0,)}, "units"),
        ({"activation": ("relu", "tanh")}, "2 activations .* 1 hidden"),
        ({"activation": ("rleu",)}, "rleu"),
        ({"threads": 0}, "threads"),
    ],
)
def test_a_mistake_is_told_and_leaves_no_folder(
    pets: Path, tmp_path: Path, changes: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.runs.train.fit", never)
    with pytest.raises(UserError, match=words):
        run_on(pets, tmp_path / "a" / "run", **changes)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "changes",
    [{"optimizer": "adamant"}, {"hidden": (0,)}, {"activation": ("rleu",)}, {"dropout": "much"}],
    ids=lambda changes: next(iter(changes)),
)
def test_settings_are_checked_before_any_picture_is_read(
    pets: Path, tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.runs.prepare.read_pictures", never)
    with pytest.raises(UserError):
        run_on(pets, tmp_path / "run", **changes)


@pytest.mark.parametrize(
    ("classes", "words"),
    [((), "there is no folder"), (("dog",), "only one class, dog"), (("cat", "dog"), "2 examples, too few")],
)
def test_pictures_that_do_not_suffice_leave_no_folder(tmp_path: Path, classes: tuple[str, ...], words: str) -> None:
    class_folders(tmp_path / "pets", *classes, count=2)
    with pytest.raises(UserError, match=words):
        run_on(tmp_path / "pets", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_existing_folder_is_told_before_any_picture_is_read(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.runs.prepare.read_pictures", never)
    with pytest.raises(UserError, match="exists already"):
        run_on(pets, tmp_path)
    assert tmp_path.is_dir()


def test_a_place_that_cannot_be_written_to_is_told_before_any_picture_is_read(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("chainrule.runs.prepare.read_pictures", never)
    with pytest.raises(WorkFailed, match="cannot be made"):
        run_on(pets, tmp_path / "file" / "run")


@pytest.mark.parametrize("which", ["pictures", "negative"])
def test_a_run_within_the_pictures_is_refused(tmp_path: Path, which: str) -> None:
    folder = class_folders(tmp_path, "dogs", "others")
    inside = folder / {"pictures": "dogs", "negative": "others"}[which] / "run"
    with pytest.raises(UserError, match="--out"):
        run_on(folder / "dogs", inside, negative=str(folder / "others"))
    assert not inside.exists()


def test_the_folder_bears_the_name_of_the_pictures_however_they_are_given(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, given in enumerate((pets, f"{pets}/", f"{pets}/dog/.."), 1):
        settings = RunSettings(pictures=str(given), size=8, hidden=(2,), epochs=1)
        assert train_on_pictures(settings, say=lambda _: None).folder == Path(f"runs/pets-{number}")


def test_an_interrupted_training_leaves_no_folder(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.runs.train.fit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_on(pets, tmp_path / "run")
    assert [*tmp_path.iterdir()] == []


def test_a_full_disk_is_told(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("chainrule.files._write_synced", full)
    with pytest.raises(WorkFailed, match=r"run\.json could not be written: No space left on device"):
        run_on(pets, tmp_path / "run")
    assert [*tmp_path.iterdir()] == []


def test_a_disk_that_is_full_before_the_report_keeps_the_model(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise WorkFailed("report.html could not be written: No space left on device")

    monkeypatch.setattr("chainrule.runs.train.write_report", full)
    with pytest.raises(WorkFailed, match=r"report\.html"):
        run_on(pets, tmp_path / "run")
    assert chainrule.load(tmp_path / "run").classes == ("not_dog", "dog")


def test_a_folder_that_vanishes_is_told(pets: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"

    def say(_: str) -> None:
        shutil.rmtree(out, ignore_errors=True)

    with pytest.raises(WorkFailed, match=r"(checkpoint|model)\.safetensors could not be written"):
        train_on_pictures(quick(pets, out), say=say)
