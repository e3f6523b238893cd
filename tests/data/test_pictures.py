"""Folders of pictures: what is found, how it is labelled, what is skipped."""

import csv
import hashlib
import os
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chainrule.data.decode import PictureError
from chainrule.data.pictures import picture_paths, read_pictures, read_rows
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from tests.data.drawing import class_folders, encoded, smooth

AWKWARD = Path(__file__).parents[3] / "shared" / "data" / "awkward"


def skips(folder: Path, **options: object) -> dict[str, str]:
    data = read_pictures(folder, size=4, **options)  # type: ignore[arg-type]
    return {os.path.relpath(skip.path, folder): skip.reason for skip in data.skipped}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }


def test_each_sub_folder_is_a_class(tmp_path: Path) -> None:
    data = read_pictures(class_folders(tmp_path, "dog", "cat"), size=8)
    assert data.classes == ("cat", "dog")
    assert data.targets == [0, 0, 1, 1]
    assert data.X.shape == (4, 192)
    assert data.X.dtype == np.uint8
    assert data.X.flags.c_contiguous
    assert data.X[:, 0].tolist() == [40, 40, 0, 0]
    assert data.paths[0] == os.path.join(tmp_path, "cat", "0.png")
    assert data.splits == ()
    assert data.skipped == ()
    assert data.pictures == PictureSettings(size=8)


def test_folders_below_a_class_are_read(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog")
    class_folders(tmp_path / "dog", "terrier", "poodle")
    assert read_pictures(tmp_path, size=4).counts() == {"cat": 2, "dog": 6}


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_train_validation_and_test_are_kept_as_parts(tmp_path: Path, name: str) -> None:
    for part in ("test", "train", name):
        class_folders(tmp_path / part, "cat", "dog", count=1)
    data = read_pictures(tmp_path, size=4)
    assert data.classes == ("cat", "dog")
    assert data.splits == ("train", "train", "validation", "validation", "test", "test")


def test_classes_may_be_called_train_and_test(tmp_path: Path) -> None:
    assert read_pictures(class_folders(tmp_path, "train", "test"), size=4).classes == ("test", "train")


def test_a_class_without_pictures_in_train_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", "cat", "dog")
    class_folders(tmp_path / "test", "cat", "emu")
    with pytest.raises(UserError, match="class emu has pictures in test but none in train"):
        read_pictures(tmp_path)


def test_hidden_and_system_files_are_ignored(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog", ".git", "__MACOSX")
    for name in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "cat/._0.png", "dog/desktop.ini"):
        (tmp_path / name).write_bytes(b"system")
    data = read_pictures(tmp_path, size=4)
    assert data.classes == ("cat", "dog")
    assert len(data) == 4
    assert data.skipped == ()


def test_what_is_no_readable_picture_is_skipped_with_its_reason(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog", count=1)
    (tmp_path / "readme.md").write_text("words")
    (tmp_path / "cat" / "0.csv").write_text("a,b")
    (tmp_path / "cat" / "1.jpg").write_text("words")
    (tmp_path / "cat" / "2.png").write_bytes(encoded(smooth(), "PNG")[:-40])
    (tmp_path / "dog" / "3.png").write_bytes(b"")
    assert skips(tmp_path) == {
        "readme.md": "lies outside the folders of the classes",
        os.path.join("cat", "0.csv"): "not a picture",
        os.path.join("cat", "1.jpg"): "not a picture",
        os.path.join("cat", "2.png"): "the file is cut short",
        os.path.join("dog", "3.png"): "the file is empty",
    }


def test_rows_of_skipped_pictures_are_closed_up(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog", count=40)
    for i in range(0, 40, 3):
        (tmp_path / "cat" / f"{i}.png").write_text("words")
    data = read_pictures(tmp_path, size=4)
    assert len(data) == 66
    assert len(data.skipped) == 14
    assert [int(os.path.basename(path)[:-4]) for path in data.paths] == data.X[:, 1].tolist()
    assert (data.X[data.y == 1, 0] == 40).all()


def test_strict_stops_at_the_first_unreadable_picture(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog")
    (tmp_path / "cat" / "notes.txt").write_text("words")
    assert len(read_pictures(tmp_path, size=4, strict=True)) == 4
    (tmp_path / "cat" / "words.jpg").write_text("words")
    (tmp_path / "dog" / "words.jpg").write_text("words")
    with pytest.raises(PictureError, match=r"cat.words\.jpg cannot be read as a picture: not a picture"):
        read_pictures(tmp_path, strict=True)


def test_no_thread_reads_on_after_a_strict_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def decode(path: str, _: PictureSettings) -> None:
        read.append(path)
        raise PictureError(path, "broken")

    monkeypatch.setattr("chainrule.data.readers.decode", decode)
    with pytest.raises(PictureError, match=r"0\.png cannot be read"):
        read_rows([f"{i}.png" for i in range(100_000)], PictureSettings(size=1), threads=2)
    assert len(read) < 100_000
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pictures")]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_rows_do_not_depend_on_threads(tmp_path: Path, threads: int) -> None:
    class_folders(tmp_path, "cat", "dog", count=50)
    (tmp_path / "cat" / "7.png").write_text("words")
    one, many = read_pictures(tmp_path, threads=1), read_pictures(tmp_path, threads=threads)
    assert (one.X == many.X).all()
    assert (one.paths, one.skipped) == (many.paths, many.skipped)


def test_pictures_are_never_changed(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog")
    (tmp_path / "cat" / "broken.png").write_text("words")
    before = contents(tmp_path)
    read_pictures(tmp_path, size=4)
    assert contents(tmp_path) == before


def test_memory_holds_the_rows_once(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog", count=60)
    for i in range(10):
        (tmp_path / "cat" / f"{i}.png").write_text("words")
    read_pictures(tmp_path, size=4)
    tracemalloc.start()
    try:
        data = read_pictures(tmp_path, size=128, threads=2)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * data.X.nbytes
    assert data.X.base is None


@pytest.mark.skipif(os.name == "nt", reason="links need a permission on Windows")
def test_loops_of_links_come_to_an_end(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog")
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "cat")
    (tmp_path / "cat" / "up").symlink_to(tmp_path)
    (tmp_path / "cat" / "self").symlink_to("self")
    (tmp_path / "dog" / "gone.png").symlink_to("nowhere")
    assert skips(tmp_path) == {
        os.path.join("cat", "again"): "a link to a folder that is read already",
        os.path.join("cat", "up"): "a link to a folder that is read already",
        os.path.join("cat", "self"): "a broken link",
        os.path.join("dog", "gone.png"): "a broken link",
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_a_pipe_does_not_hold_up_the_reading(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog")
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    assert skips(tmp_path) == {os.path.join("cat", "pipe.jpg"): "not a regular file"}


def test_file_names_may_carry_the_class(tmp_path: Path) -> None:
    class_folders(tmp_path, "b", "a")
    for folder, name in (("a", "dog.1.png"), ("a", "cat.2.png"), ("b", "cat.10.png")):
        smooth().save(tmp_path / folder / name)
    data = read_pictures(tmp_path, size=4, label_from=r"^([a-z]+)\.")
    assert data.classes == ("cat", "dog")
    assert [os.path.basename(path) for path in data.paths] == ["cat.2.png", "dog.1.png", "cat.10.png"]
    assert data.targets == [0, 1, 0]
    assert {skip.reason for skip in data.skipped} == {r"its name does not match ^([a-z]+)\."}
    assert len(data.skipped) == 4


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("(", "no regular expression"), ("[a-z]+", "needs a group"), ("^(x+)_", r"no file name in .* 0\.png")],
)
def test_a_pattern_that_labels_nothing_is_refused(tmp_path: Path, pattern: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_pictures(class_folders(tmp_path, "cat"), label_from=pattern)


def test_a_negative_folder_makes_the_second_class(tmp_path: Path) -> None:
    class_folders(tmp_path, "dogs", "others")
    class_folders(tmp_path / "others", "cats", count=3)
    data = read_pictures(tmp_path / "dogs", size=4, negative=tmp_path / "others")
    assert data.classes == ("dogs", "not_dogs")
    assert data.counts() == {"dogs": 2, "not_dogs": 5}


@pytest.mark.parametrize("negative", [".", "cats", ".."])
def test_a_negative_folder_must_lie_apart(tmp_path: Path, negative: str) -> None:
    class_folders(tmp_path / "dogs", "cats")
    with pytest.raises(UserError, match="must lie apart"):
        read_pictures(tmp_path / "dogs", negative=tmp_path / "dogs" / negative)


def test_two_ways_of_labelling_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be used together"):
        read_pictures(tmp_path, label_from="(a)", negative=tmp_path)


@pytest.mark.parametrize(("one", "other"), [("Dog", "dog"), ("caf\u00e9", "cafe\u0301")])
def test_classes_that_look_alike_are_refused(tmp_path: Path, one: str, other: str) -> None:
    for name in (one, other):
        (tmp_path / f"{name}.1.png").write_bytes(encoded(smooth(), "PNG"))
    if len(os.listdir(tmp_path)) < 2:
        pytest.skip("this file system takes the two names for one")
    with pytest.raises(UserError, match="differ in nothing but capitals"):
        read_pictures(tmp_path, label_from=r"^(\w.*)\.1")


def test_folders_without_use_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        read_pictures(tmp_path / "none")
    (tmp_path / "file").write_text("words")
    with pytest.raises(UserError, match="is a file"):
        read_pictures(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="has no sub-folders"):
        read_pictures(tmp_path / "empty")
    with pytest.raises(UserError, match="is empty"):
        read_pictures(tmp_path / "empty", label_from="(a)")
    class_folders(tmp_path / "one", "cat")
    with pytest.raises(UserError, match=r"only one class, cat.*negative= \(--negative\)"):
        read_pictures(tmp_path / "one")


def test_a_class_without_a_readable_picture_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat")
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "1.jpg").write_text("words")
    with pytest.raises(
        UserError, match=r"class dog .* no readable picture \(1 skipped, such as .*1\.jpg: not a pic"
    ):
        read_pictures(tmp_path)


def test_rows_can_be_read_from_any_paths(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", count=3)
    paths = [tmp_path / "cat" / name for name in ("2.png", "none.png", "0.png")]
    X, kept, skipped = read_rows(paths, PictureSettings(size=2), strict=False)
    assert X[:, 1].tolist() == [2, 0]
    assert kept.tolist() == [0, 2]
    assert [skip.path for skip in skipped] == [str(paths[1])]
    with pytest.raises(PictureError, match="no such file"):
        read_rows(paths, PictureSettings(size=2))


def test_rows_beyond_memory_are_refused_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "empty", fail)
    with pytest.raises(UserError, match="choose a smaller size"):
        read_rows(["a"], PictureSettings(size=4096))


def test_paths_to_predict_are_expanded_in_order(tmp_path: Path) -> None:
    class_folders(tmp_path, "cat", "dog")
    (tmp_path / "cat" / "notes.txt").write_text("words")
    (tmp_path / "cat" / "broken.jpg").write_text("words")
    single = os.path.join(tmp_path, "dog", "1.png")
    cats = [os.path.join(tmp_path, "cat", name) for name in ("0.png", "1.png", "broken.jpg")]
    assert picture_paths([single, tmp_path / "cat"]) == [single, *cats]
    assert picture_paths(single) == [single]
    with pytest.raises(UserError, match="no file or folder"):
        picture_paths([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no picture"):
        picture_paths([tmp_path / "empty"])


@pytest.mark.skipif(not AWKWARD.is_dir(), reason="needs the folder of awkward pictures, ../shared/data/awkward")
def test_awkward_pictures_are_read_or_skipped_as_their_manifest_says() -> None:
    with open(AWKWARD / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = AWKWARD / row["file"]
        readable = row["pillow_loads"] == "yes" and _loads(path)
        X, kept, skipped = read_rows([path], PictureSettings(size=16), strict=False)
        assert len(kept) == len(X) == int(readable), row["file"]
        assert readable or 0 < len(skipped[0].reason) < 150


def _loads(path: Path) -> bool:
    # Versions of Pillow differ in what they take for broken.
    try:
        with Image.open(path) as image:
            image.load()
    except OSError:
        return False
    return True
