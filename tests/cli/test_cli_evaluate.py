import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.evaluation.metrics import evaluate
from tests.cli.conftest import QUICK, Command
from tests.data.drawing import class_folders


def figures(done: Any) -> dict[str, Any]:
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_the_figures_are_those_of_the_models_answers(run: Command, model: Path, pictures: Path) -> None:
    loaded = chainrule.load(model)
    files = sorted(map(str, pictures.rglob("*.jpg")))
    y = np.array([Path(path).parent.name == "dog" for path in files]).astype(int)
    expected = evaluate(y, loaded.predict_proba(files), classes=("not_dog", "dog")).to_dict()
    found = figures(run("evaluate", model, pictures, "--json"))
    assert (found.pop("found"), found.pop("skipped")) == (60, 0)
    assert found == expected


def test_people_read_every_figure(run: Command, model: Path, pictures: Path) -> None:
    text = run("evaluate", model, pictures).stdout
    names = ["accuracy", "balanced accuracy", "precision", "recall", "F1", "ROC AUC", "average precision"]
    for name in [*names, "log loss", "Brier score", "confusion matrix", "95 % interval"]:
        assert name in text
    matrix = [line.split() for line in text.splitlines()[-3:]]
    assert [line[0] for line in matrix[1:]] == ["not_dog", "dog"]
    assert sum(int(cell) for line in matrix[1:] for cell in line[1:]) == 60


def test_the_threshold_moves_the_answers(run: Command, model: Path, pictures: Path) -> None:
    found = figures(run("evaluate", model, pictures, "--threshold", 0, "--json"))
    assert (found["threshold"], found["recall"]) == (0, 1)


def test_either_class_can_be_the_positive_one(run: Command, model: Path, pictures: Path) -> None:
    one = figures(run("evaluate", model, pictures, "--json"))
    other = figures(run("evaluate", model, pictures, "--positive", "not_dog", "--json"))
    assert other["confusion"] == one["confusion"]
    assert (one["positive"], other["positive"]) == (1, 0)
    assert other["roc_auc"] == pytest.approx(one["roc_auc"])


def test_other_classes_count_as_the_rest(run: Command, model: Path, pictures: Path) -> None:
    shutil.copytree(pictures / "dog", "pets/dog")
    for name in ("cat", "house"):
        shutil.copytree(pictures / "not_dog", f"pets/{name}")
    done = run("evaluate", model, "pets", "--positive", "dog", "--json")
    assert figures(done)["count"] == 90
    assert "cat, house count as not_dog" in done.stderr


def test_a_class_the_model_does_not_know_is_no_rest_of_two_equal_ones(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog", count=8)
    assert run("train", "pets", *QUICK).exit_code == 0
    class_folders(Path("pets"), "horse")
    done = run("evaluate", "runs/pets-1", "pets", "--positive", "dog")
    assert done.exit_code == 2
    assert "cat, dog, horse" in done.stderr


def test_a_negative_folder_is_read_as_in_training(run: Command, model: Path, pictures: Path) -> None:
    found = figures(run("evaluate", model, pictures / "dog", "--negative", pictures / "not_dog", "--json"))
    assert found == figures(run("evaluate", model, pictures, "--json"))


def test_corrupt_pictures_are_counted(run: Command, model: Path, pictures: Path) -> None:
    shutil.copytree(pictures, "pets")
    Path("pets/dog/broken.jpg").write_bytes(b"")
    assert figures(run("evaluate", model, "pets", "--json"))["skipped"] == 1
    assert run("evaluate", model, "pets", "--strict").exit_code == 2


def test_three_classes_have_means(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog", "horse", count=8)
    assert run("train", "pets", *QUICK).exit_code == 0
    done = run("evaluate", "runs/pets-1", "pets")
    assert "mean of the classes" in done.stdout
    assert run("evaluate", "runs/pets-1", "pets", "--positive", "dog").exit_code == 2
