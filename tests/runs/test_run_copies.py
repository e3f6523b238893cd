"""Copies in a run: on one side of the split, told, listed and in the report."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from PIL import Image

from chainrule.errors import UserError
from chainrule.runs.train import Run, train_on_pictures
from chainrule.sample.write import write_sample
from tests.runs.conftest import quick


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn pictures, among them one three times, one under two labels, and one saved again at half the size."""
    folder = tmp_path_factory.mktemp("copied") / "pets"
    write_sample(folder, count=60, size=32)
    dogs, others = sorted((folder / "dog").iterdir()), sorted((folder / "not_dog").iterdir())
    for name in ("copy 1.jpg", "copy 2.jpg"):
        shutil.copy(dogs[0], folder / "dog" / name)
    shutil.copy(dogs[1], folder / "not_dog" / "conflict.jpg")
    with Image.open(others[0]) as picture:
        picture.resize((16, 16)).save(folder / "not_dog" / "small.png")
    return folder


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def run(pets: Path, told: list[str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "pets"
    return train_on_pictures(quick(pets, out, size=32, seed=1), say=told.append)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_copies_are_listed_with_their_labels(run: Run) -> None:
    listed = rows(run.folder / "copies.csv")
    by_set: dict[str, list[tuple[str, str, str]]] = {}
    for row in listed:
        by_set.setdefault(row["set"], []).append((row["kind"], row["label"], Path(row["path"]).name))
    sets = list(by_set.values())
    assert any({"copy 1.jpg", "copy 2.jpg"} <= {name for *_, name in one} and len(one) == 3 for one in sets)
    conflict = next(one for one in sets if any(name == "conflict.jpg" for *_, name in one))
    assert {label for _, label, _ in conflict} == {"dog", "not_dog"}
    small = next(one for one in sets if any(name == "small.png" for *_, name in one))
    assert {kind for kind, *_ in small} == {"alike"}


def test_copies_are_on_one_side_of_the_split(run: Run) -> None:
    part = {row["path"]: row["split"] for row in rows(run.folder / "splits.csv")}
    assert run.copies
    for one in run.copies:
        assert len({part[path] for path in one.paths}) == 1


def test_copies_and_conflicts_are_told(run: Run, told: list[str]) -> None:
    assert any("more than once: copies stay on one side of the split" in words for words in told)
    assert any(words.startswith("warning: 1 of them have more than one label") for words in told)
    assert run.to_dict()["conflicts"] == 1
    page = run.report.read_text(encoding="utf-8")
    assert '<h3 id="copies">Copies</h3>' in page
    assert "under different labels: one of them is wrong" in page


def test_groups_stay_together(pets: Path, tmp_path: Path) -> None:
    told: list[str] = []
    # The last digit of a name makes ten groups.
    run = train_on_pictures(quick(pets, tmp_path / "run", group_by=r"(\d)\."), say=told.append)
    part: dict[str, set[str]] = {}
    for row in rows(run.folder / "splits.csv"):
        part.setdefault(Path(row["path"]).stem[-1], set()).add(row["split"])
    assert all(len(parts) == 1 for digit, parts in part.items() if digit.isdigit())
    assert any("stay together" in words for words in told)
    with pytest.raises(UserError, match="--group-by"):
        train_on_pictures(quick(pets, tmp_path / "other", group_by="("), say=told.append)


def test_uneven_classes_are_told(tmp_path: Path) -> None:
    write_sample(tmp_path / "pets", count=60, size=16)
    for path in sorted((tmp_path / "pets" / "dog").iterdir())[6:]:
        path.unlink()
    told: list[str] = []
    train_on_pictures(quick(tmp_path / "pets", tmp_path / "one"), say=told.append)
    assert any("--class-weight balanced makes each class weigh the same" in words for words in told)
    told.clear()
    train_on_pictures(quick(tmp_path / "pets", tmp_path / "two", class_weight="balanced"), say=told.append)
    assert not any("--class-weight" in words for words in told)


def test_a_list_of_pictures_is_trained_on_with_its_split(pets: Path, run: Run, tmp_path: Path) -> None:
    again = train_on_pictures(
        quick(run.folder / "splits.csv", tmp_path / "again", size=32, seed=1), say=lambda _: None
    )
    assert (again.folder / "model.safetensors").read_bytes() == (run.folder / "model.safetensors").read_bytes()
