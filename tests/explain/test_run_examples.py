"""The training pictures of a run: which are read, and what is said where they are not."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule.data.pictures import read_picture
from chainrule.explain import run_examples as reading
from chainrule.explain.run_examples import NoExamples, run_examples

SETTINGS = cr.PictureSettings(size=4)
Rows = list[tuple[str, str, str]]


def write_splits(folder: Path, rows: Rows) -> None:
    folder.mkdir(exist_ok=True)
    with open(folder / "splits.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *rows])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder that names nine training pictures and three others."""
    generator = np.random.default_rng(0)
    rows: Rows = []
    for number in range(12):
        path = tmp_path / f"{number:02}.png"
        Image.fromarray(generator.integers(0, 256, (6, 6, 3)).astype(np.uint8)).save(path)
        rows.append((str(path), "dog" if number % 2 else "cat", "train" if number % 4 else "test"))
    write_splits(tmp_path / "run", rows)
    return tmp_path / "run"


def test_the_training_pictures_are_read_with_their_classes(run: Path) -> None:
    found = run_examples(run, SETTINGS)
    assert list(found.names) == [f"{number:02}.png" for number in range(12) if number % 4]
    assert list(found.class_names) == ["dog" if number % 2 else "cat" for number in range(12) if number % 4]
    assert (found.of, found.note) == (9, "")
    for path, row in zip(found.paths, found.rows, strict=True):
        np.testing.assert_array_equal(row, read_picture(path, SETTINGS))


def test_a_picture_is_not_its_own_neighbour(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parent)
    found = run_examples(run, SETTINGS, apart_from="05.png")
    assert "05.png" not in found.names
    assert len(found.rows) == 8
    assert "is one of those that the model learned from; it is left out" in found.note
    (run.parent / "else").mkdir()
    (run.parent / "05.png").rename(run.parent / "else" / "05.png")
    assert "learned from" not in run_examples(run, SETTINGS, apart_from="else/05.png").note


def test_of_many_pictures_an_even_sample_is_read_and_said_so(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PICTURES", 4)
    found = run_examples(run, SETTINGS)
    assert list(found.names) == ["01.png", "03.png", "06.png", "09.png"]
    assert found.note.startswith("To be quick, 4 of 9 training pictures were looked at; --all-pictures")
    every = run_examples(run, SETTINGS, all_pictures=True)
    assert (len(every.rows), every.note) == (9, "")


def test_of_large_files_fewer_are_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum((run.parent / f"{number:02}.png").stat().st_size for number in range(12) if number % 4)
    monkeypatch.setattr(reading, "_MOST_BYTES", size // 3)
    monkeypatch.setattr(reading, "_LEAST", 1)
    assert len(run_examples(run, SETTINGS).rows) in {2, 3}
    assert len(run_examples(run, SETTINGS, all_pictures=True).rows) == 9
    monkeypatch.setattr(reading, "_LEAST", 40)
    assert len(run_examples(run, SETTINGS).rows) == 9


def test_pictures_that_are_gone_are_counted(run: Path) -> None:
    (run.parent / "01.png").unlink()
    (run.parent / "02.png").write_bytes(b"no picture")
    found = run_examples(run, SETTINGS)
    assert found.names[0] == "03.png"
    assert len(found.rows) == 7
    assert found.note == "2 of them cannot be read any more."


def test_relative_names_are_found_from_a_folder_above_the_run(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_splits(run, [("01.png", "dog", "train"), ("02.png", "cat", "train")])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert [Path(path) for path in run_examples(run, SETTINGS).paths] == [
        run.parent / "01.png",
        run.parent / "02.png",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No splits.csv of a run says"),
        (b"", "names no picture that the model learned from"),
        (b"path,label\na.png,dog\n", "names no picture that the model learned from"),
        (b"path,label,split\na.png,dog,test\n", "names no picture that the model learned from"),
        (b"path,label,split\n,dog,train\n", "names no picture that the model learned from"),
        (b"path,label,split\nnone.png,dog,train\n", "are no longer where they were"),
        (b'path,label,split\n"' + b"a" * 200_000 + b'",dog,train\n', "cannot be read as a table"),
        (b"path,label,split\n\xff.png,dog,train\n", "are no longer where they were"),
        (b"path,label,split\na\x00.png,dog,train\n", r"cannot be read|no longer"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "splits.csv").write_bytes(content)
    with pytest.raises(NoExamples, match=message):
        run_examples(tmp_path, SETTINGS)
