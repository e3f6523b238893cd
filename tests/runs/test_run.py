"""The main job: read, ask, split, train beside baselines, judge."""

import csv
import hashlib
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chainrule.fitting import TrainingWarning, fit
from chainrule.model import Model
from chainrule.network.network import Network
from chainrule.runs.train import Run, train_on_pictures
from chainrule.sample.write import write_sample
from tests.runs.conftest import quick, run_on


def parts(run: Run) -> dict[str, str]:
    """The part of each picture, by its path."""
    with open(run.folder / "splits.csv", encoding="utf-8", newline="") as file:
        return {row["path"]: row["split"] for row in csv.DictReader(file)}


def colored(folder: Path, count: int, **colors: tuple[int, int, int]) -> Path:
    """Draw a folder whose classes are shades of a colour each: easy to learn."""
    for name, color in colors.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            shade = tuple(max(0, part - 2 * i) for part in color)
            Image.new("RGB", (12, 9), shade).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture(scope="session")
def colors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("colors") / "colors"
    return colored(folder, 20, blue=(30, 30, 220), green=(30, 220, 30), red=(220, 30, 30))


EASY: dict[str, Any] = {"learning_rate": 0.01, "l2": 0.0, "dropout": 0.0, "epochs": 30, "batch_size": 8}


def test_three_classes_are_told_apart(colors: Path, tmp_path: Path) -> None:
    run = run_on(colors, tmp_path / "run", **EASY)
    assert run.evaluation.classes == ("blue", "green", "red")
    assert run.evaluation.accuracy == 1.0
    assert run.majority == pytest.approx(1 / 3)
    assert run.one_neuron.classes == run.evaluation.classes
    assert run.model.network.outputs == 3
    page = run.report.read_text(encoding="utf-8")
    assert "blue, green or red?" in page
    assert "one neuron a class" in page


def test_one_class_is_told_from_the_rest(colors: Path, tmp_path: Path) -> None:
    run = run_on(colors, tmp_path / "run", positive="green", **EASY)
    assert run.evaluation.classes == ("not_green", "green")
    assert run.evaluation.accuracy == 1.0
    assert run.majority == pytest.approx(2 / 3)
    assert list(run.model.predict([str(colors / "green/0.png"), str(colors / "red/0.png")])) == [
        "green",
        "not_green",
    ]


def test_a_second_folder_holds_the_negative_class(colors: Path, tmp_path: Path) -> None:
    run = run_on(colors / "red", tmp_path / "run", negative=str(colors / "blue"), **EASY)
    assert run.evaluation.classes == ("not_red", "red")
    assert run.evaluation.accuracy == 1.0


def test_two_classes_share_one_output(done: Run) -> None:
    assert done.model.network.outputs == 1
    assert done.evaluation.positive == 1


def test_logistic_regression_is_its_own_baseline_and_trained_once(
    pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Network] = []

    def counted(network: Network, *given: Any, **more: Any) -> Model:
        trained.append(network)
        return fit(network, *given, **more)

    monkeypatch.setattr("chainrule.runs.train.fit", counted)
    run = run_on(pets, tmp_path / "run", hidden=())
    assert len(trained) == 1
    assert run.one_neuron == run.evaluation
    assert list(run.model.parameters) == ["W1", "b1"]


def test_the_baseline_is_the_same_whatever_the_network(pets: Path, done: Run, tmp_path: Path) -> None:
    other = run_on(pets, tmp_path / "run", hidden=(3, 2), epochs=1, l2=0.0, preprocess="scale", learning_rate=0.1)
    assert other.one_neuron.to_dict() == done.one_neuron.to_dict()
    assert other.model.to_bytes() != done.model.to_bytes()


def test_parts_that_the_folder_sets_are_respected(tmp_path: Path) -> None:
    write_sample(tmp_path / "drawn", count=60, size=16)
    for i, path in enumerate(sorted((tmp_path / "drawn").rglob("*.jpg"))):
        target = tmp_path / "pets" / ("train", "train", "val", "test")[i % 4] / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    run = run_on(tmp_path / "pets", tmp_path / "run", epochs=1)
    folders = {"train": "train", "val": "validation", "test": "test"}
    assert len(parts(run)) == 60
    for name, part in parts(run).items():
        assert folders[Path(name).relative_to(tmp_path / "pets").parts[0]] == part


def test_shares_decide_how_many_pictures_are_set_apart(pets: Path, tmp_path: Path) -> None:
    run = run_on(pets, tmp_path / "run", validation=0.1, test=0.4, epochs=1)
    assert Counter(parts(run).values()) == {"train": 30, "validation": 6, "test": 24}
    assert run.evaluation.count == 24


def test_the_seed_decides_the_parts_and_the_parameters(pets: Path, done: Run, tmp_path: Path) -> None:
    same = run_on(pets, tmp_path / "same")
    assert same.model.to_bytes() == done.model.to_bytes()
    assert parts(same) == parts(done)
    other = run_on(pets, tmp_path / "other", seed=1)
    assert not np.array_equal(other.model.parameters["W1"], done.model.parameters["W1"])
    assert parts(other) != parts(done)


def test_the_number_of_threads_changes_nothing(pets: Path, done: Run, tmp_path: Path) -> None:
    assert run_on(pets, tmp_path / "run", threads=3).model.to_bytes() == done.model.to_bytes()


def test_pictures_are_left_as_they_are(pets: Path, tmp_path: Path) -> None:
    def contents() -> dict[Path, tuple[str, int]]:
        return {
            path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in pets.rglob("*")
            if path.is_file()
        }

    before = contents()
    run_on(pets, tmp_path / "run")
    assert contents() == before


def test_each_decision_is_told(pets: Path, tmp_path: Path) -> None:
    said: list[str] = []
    train_on_pictures(quick(pets, tmp_path / "run", epochs=1, fit="pad"), say=said.append)
    assert said == [
        "60 pictures (not_dog 30, dog 30); 3 files skipped",
        "each is padded to 8 x 8 pixels; the positive class is dog, the negative not_dog",
        "training changes them at random (flip; --augment none does not)",
        "42 to train, 10 to validate, 8 to test",
    ]


def test_one_file_is_one_file(colors: Path, tmp_path: Path) -> None:
    shutil.copytree(colors, tmp_path / "colors")
    (tmp_path / "colors/red/notes.txt").write_text("red")
    said: list[str] = []
    train_on_pictures(quick(tmp_path / "colors", tmp_path / "run", epochs=1), say=said.append)
    assert said[0].endswith("; 1 file skipped")


def test_a_learning_rate_far_too_large_leaves_a_model_of_finite_numbers(pets: Path, tmp_path: Path) -> None:
    with pytest.warns(TrainingWarning, match="overflowed"):
        run = run_on(pets, tmp_path / "run", learning_rate=1e30)
    assert run.diverged
    assert run.to_dict()["diverged"]
    assert all(np.isfinite(array).all() for array in run.model.parameters.values())
    assert run.report.is_file()
