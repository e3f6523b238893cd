"""Lists of pictures in CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import chainrule as cr
from chainrule.data.manifest import find_in_manifest
from chainrule.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    for number in range(8):
        place = tmp_path / ("below" if number % 2 else "") / f"{number}.png"
        Image.new("RGB", (4, 4), (number * 30, 0, 0)).save(place)
    return tmp_path


def listed(folder: Path, text: str, *, encoding: str = "utf-8") -> str:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


ROWS = "path,label,split\n0.png,dog,train\nbelow/1.png,cat,train\n2.png,dog,VAL\nbelow/3.png,cat,test\n"


def test_the_listed_files_have_the_listed_labels_and_parts(folder: Path) -> None:
    data = cr.read_pictures(listed(folder, ROWS), size=4, progress=False)
    assert data.classes == ("cat", "dog")
    assert data.y.tolist() == [1, 0, 1, 0]
    assert data.splits == ("train", "train", "validation", "test")
    assert data.paths == tuple(str(folder / name) for name in ("0.png", "below/1.png", "2.png", "below/3.png"))
    assert data.X[:, 0].tolist() == [0, 30, 60, 90]


def test_the_split_may_be_left_out_and_other_columns_are_ignored(folder: Path) -> None:
    text = f"\ufeffage, Label ,path\n3,cat,{folder / '0.png'}\n4,dog,2.png\n"
    data = cr.read_pictures(listed(folder, text), size=4, progress=False)
    assert data.splits == ()
    assert [Path(path).name for path in data.paths] == ["0.png", "2.png"]


def test_what_cannot_be_used_is_skipped_with_its_reason(folder: Path) -> None:
    (folder / "notes.png").write_text("not a picture")
    text = "path,label\n0.png,a\n2.png,b\n9.png,a\n4.png,\n,a\n0.png,a\nbelow,b\nnotes.png,b\n"
    data = cr.read_pictures(listed(folder, text), size=4, progress=False)
    reasons = {Path(skip.path).name: skip.reason for skip in data.skipped}
    assert reasons.pop("notes.png").startswith("not a picture")
    assert reasons == {
        "9.png": "there is no such file",
        "4.png": f"it has no label in line 5 of {folder / 'list.csv'}",
        "list.csv, line 6": "it names no file",
        "0.png": f"it is listed before line 7 of {folder / 'list.csv'} already",
        "below": "there is no such file",
    }


def test_one_file_under_two_labels_is_read_twice(folder: Path) -> None:
    data = cr.read_pictures(listed(folder, "path,label\n0.png,a\n0.png,b\n"), size=4, progress=False)
    assert data.y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column path: .* the columns there are: none"),
        ("file,label\n", "lacks the column path: .* the columns there are: file, label"),
        ("path,class\n", "lacks the column label"),
        ("path,label,split\n0.png,a,dev\n", "line 2: the split is train, validation, test or empty, not 'dev'"),
        ('path,label\n"0.png,a\n', "cannot be read as a list of pictures"),
        ("path,label\n0.png,a\n", "only one class, a"),
        ("path,label\n", "no class"),
    ],
)
def test_a_list_that_is_none_is_a_clear_error(folder: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        cr.read_pictures(listed(folder, text), size=4, progress=False)


def test_other_encodings_are_a_clear_error(folder: Path) -> None:
    with pytest.raises(UserError, match="cannot be read as a list of pictures"):
        find_in_manifest(listed(folder, "path,label\nä.png,a\n", encoding="latin-1"))


def test_labels_come_from_one_place(folder: Path) -> None:
    with pytest.raises(UserError, match="says the label of each picture itself"):
        cr.read_pictures(listed(folder, ROWS), label_from="(.)", progress=False)


def test_the_list_that_a_run_wrote_is_read_from_where_the_run_was_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "runs").mkdir()
    path = folder / "runs" / "splits.csv"
    monkeypatch.chdir(folder)
    name = next(one.name for one in folder.iterdir() if one.suffix == ".png")
    path.write_text(f"path,label,split\n{name},dog,test\nnone.png,dog,train\n")
    found = find_in_manifest("runs/splits.csv")
    assert [(one.path, one.split) for one in found.files] == [(name, "test")]
    assert [skip.reason for skip in found.skipped] == ["there is no such file"]
