"""Rows kept between runs: found again, and never believed when they are damaged or old."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.data import cache as module
from chainrule.data.cache import Cached, RowCache, default_folder, key_of
from chainrule.data.decode import PictureError
from chainrule.data.pictures import read_pictures
from chainrule.data.settings import PictureSettings
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import train_on_pictures
from chainrule.sample.write import write_sample

FEATURES = 12
REASONS: list[tuple[str, bool] | None] = [
    None,
    ("the file is cut short", True),
    None,
    None,
    ("not a picture", False),
]


def kept(folder: Path, key: str = "key") -> np.ndarray:
    room = RowCache(folder, FEATURES).room(5)
    assert room is not None
    room.rows[:] = np.arange(5 * FEATURES, dtype=np.uint8).reshape(5, FEATURES)
    return room.keep(key, 3, REASONS)


def same(found: Cached | None) -> bool:
    expected = np.arange(3 * FEATURES, dtype=np.uint8).reshape(3, FEATURES)
    return found is not None and np.array_equal(found.rows, expected) and list(found.reasons) == REASONS


def test_rows_are_found_again_and_cannot_be_written_to(tmp_path: Path) -> None:
    rows = kept(tmp_path)
    found = RowCache(tmp_path, FEATURES).find("key")
    assert same(found)
    assert found is not None
    for array in (rows, found.rows):
        assert not array.flags.writeable
    assert os.listdir(tmp_path) == ["key.rows"]


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    assert RowCache(tmp_path / "none", FEATURES).find("key") is None


def test_no_rows_at_all_are_kept_too(tmp_path: Path) -> None:
    room = RowCache(tmp_path, FEATURES).room(1)
    assert room is not None
    assert room.keep("key", 0, [("broken", True)]).shape == (0, FEATURES)
    found = RowCache(tmp_path, FEATURES).find("key")
    assert found is not None
    assert found.rows.shape == (0, FEATURES)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_noticed_and_removed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    kept(folder)
    path = folder / "key.rows"
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["byte", "cut", "more"]))
    if kind == "byte":
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
        )
    else:
        path.write_bytes(whole[:place] if kind == "cut" else whole + whole[-place:])
    found = RowCache(folder, FEATURES).find("key")
    assert found is None
    assert not path.exists()


def test_rows_of_another_size_are_not_taken(tmp_path: Path) -> None:
    kept(tmp_path)
    assert RowCache(tmp_path, FEATURES + 1).find("key") is None


def test_a_full_disk_only_means_that_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(module, "_reserve", full)
    assert RowCache(tmp_path, FEATURES).room(5) is None
    assert os.listdir(tmp_path) == []


def test_rows_stay_where_the_file_cannot_be_written_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    assert np.array_equal(kept(tmp_path), np.arange(3 * FEATURES, dtype=np.uint8).reshape(3, FEATURES))
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_only_means_that_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert RowCache(tmp_path / "file", FEATURES).room(5) is None


def test_what_was_not_used_for_long_goes(tmp_path: Path) -> None:
    kept(tmp_path, "old")
    kept(tmp_path, "new")
    month = time.time() - 31 * 86_400
    os.utime(tmp_path / "old.rows", (month, month))
    (tmp_path / "another.file").touch()
    os.utime(tmp_path / "another.file", (month, month))
    kept(tmp_path, "newest")
    assert sorted(os.listdir(tmp_path)) == ["another.file", "new.rows", "newest.rows"]


def test_the_longest_unused_ones_go_where_all_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, key in enumerate("abc"):
        kept(tmp_path, key)
        when = time.time() - 1000 + number
        os.utime(tmp_path / f"{key}.rows", (when, when))
    assert same(RowCache(tmp_path, FEATURES).find("a")), "which makes it the last one used"
    size = (tmp_path / "a.rows").stat().st_size
    monkeypatch.setattr(module, "_MOST_BYTES", 2 * size + 5 * FEATURES)
    kept(tmp_path, "d")
    assert sorted(os.listdir(tmp_path)) == ["a.rows", "c.rows", "d.rows"]


def test_a_key_follows_files_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(b"1")
    Path("b.png").write_bytes(b"2")
    small = PictureSettings(size=8)
    base = key_of(["a.png", "b.png"], small)
    assert base == key_of([str(tmp_path / "a.png"), "b.png"], small)
    others = {
        key_of(["b.png", "a.png"], small),
        key_of(["a.png"], small),
        key_of(["a.png", "b.png", "missing.png"], small),
        key_of(["a.png", "b.png"], PictureSettings(size=8, color="grey")),
        key_of(["a.png", "b.png"], PictureSettings(size=8, fit="crop")),
    }
    assert len(others | {base}) == 6
    os.utime("a.png", ns=(0, 0))
    assert key_of(["a.png", "b.png"], small) != base
    Path("a.png").write_bytes(b"12")
    assert key_of(["a.png", "b.png"], small) not in {base, *others}


def test_the_folder_may_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("CHAINRULE_CACHE")
    assert default_folder().name == "chainrule"


def test_large_files_are_checked_in_places_spread_over_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 4)
    monkeypatch.setattr(module, "_MOST_CHECKED", 18)
    kept(tmp_path)
    path = tmp_path / "key.rows"
    content = bytearray(path.read_bytes())
    content[9] ^= 1
    path.write_bytes(content)
    assert RowCache(tmp_path, FEATURES).find("key") is None


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many pictures as are worth keeping, two files that are none, and the same in an archive."""
    folder = tmp_path_factory.mktemp("many")
    write_sample(folder / "pets", count=300, size=16, seed=0)
    (folder / "pets" / "dog" / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    (folder / "pets" / "dog" / "notes.txt").write_text("words")
    shutil.make_archive(str(folder / "pets"), "zip", folder, "pets")
    return folder


@pytest.mark.parametrize("source", ["pets", "pets.zip"])
def test_pictures_are_read_once(many: Path, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read_pictures(many / source, size=8)
    first = read_pictures(many / source, size=8, cache=tmp_path / "cache")

    def never(*_: object) -> None:
        raise AssertionError("the rows are there already")

    monkeypatch.setattr("chainrule.data.pictures.read_all", never)
    second = read_pictures(many / source, size=8, cache=tmp_path / "cache")
    for found in (first, second):
        np.testing.assert_array_equal(found.X, plain.X)
        np.testing.assert_array_equal(found.y, plain.y)
        assert (found.paths, found.skipped, found.classes) == (plain.paths, plain.skipped, plain.classes)
        assert not found.X.flags.writeable
    with pytest.raises(PictureError, match=r"broken\.jpg"):
        read_pictures(many / source, size=8, cache=tmp_path / "cache", strict=True)


def test_a_changed_picture_is_read_again(many: Path, tmp_path: Path) -> None:
    shutil.copytree(many / "pets", tmp_path / "pets")
    before = read_pictures(tmp_path / "pets", size=8, cache=tmp_path / "cache")
    path = next((tmp_path / "pets" / "dog").iterdir())
    path.write_bytes(sorted((tmp_path / "pets" / "not_dog").iterdir())[0].read_bytes())
    again = read_pictures(tmp_path / "pets", size=8, cache=tmp_path / "cache")
    np.testing.assert_array_equal(again.X, read_pictures(tmp_path / "pets", size=8).X)
    assert (again.X != before.X).any()


def test_a_reading_that_fails_leaves_nothing_behind(many: Path, tmp_path: Path) -> None:
    with pytest.raises(PictureError):
        read_pictures(many / "pets", size=8, cache=tmp_path, strict=True)
    assert os.listdir(tmp_path) == []


def test_few_pictures_are_not_kept(many: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "few", count=40, size=16, seed=0)
    read_pictures(tmp_path / "few", size=8, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_run_gives_the_same_model_with_rows_that_were_kept_and_without(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    models = []
    for number, no_cache in enumerate((False, False, True)):
        told = RunSettings(
            pictures=str(many / "pets"), size=8, epochs=2, no_cache=no_cache, out=str(tmp_path / f"run-{number}")
        )
        models.append(train_on_pictures(told, say=lambda words: None, progress=False).model.to_bytes())
    assert len(set(models)) == 1
    assert len(os.listdir(tmp_path / "cache")) == 1
