"""Archives of folders of pictures are read as the folders in them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.data.containers.names import place_of, stem
from chainrule.data.decode import PictureError
from chainrule.data.pictures import picture_paths, read_picture, read_rows
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from tests.data.archives import KINDS, archive, pets, picture, unpacked

SETTINGS = PictureSettings(size=2)


def read(path: Path, **options: object) -> cr.Dataset:
    return cr.read_pictures(path, size=2, progress=False, **options)  # type: ignore[arg-type]


def names(data: cr.Dataset, top: Path) -> list[str]:
    """The paths of the rows from what was read."""
    return [os.path.relpath(path, top).replace(os.sep, "/") for path in data.paths]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_read_as_the_folder_in_it(tmp_path: Path, kind: str) -> None:
    files = pets() | {"readme.md": b"words", "dog/broken.png": b"\x89PNG", "cat/notes.txt": b"words"}
    one = read(unpacked(tmp_path / "pets", files))
    other = read(made := archive(tmp_path / f"pets.{kind}", files))
    assert (other.X == one.X).all()
    assert (other.classes, other.targets, other.splits) == (one.classes, one.targets, one.splits)
    assert names(other, made) == names(one, tmp_path / "pets")
    assert other.paths[0] == f"{made}/cat/1.png"
    assert [(skip.path.removeprefix(str(made)), skip.reason) for skip in other.skipped] == [
        (skip.path.removeprefix(str(tmp_path / "pets")), skip.reason) for skip in one.skipped
    ]


NAMES = st.sampled_from(["cat", "dog", "train", "val", "test", ".git", "__MACOSX", "a"])
FILES = st.sampled_from(["1.png", "2.png", ".DS_Store", "._1.png", "notes.txt", "Thumbs.db"])
TREES = st.dictionaries(
    st.tuples(st.lists(NAMES, max_size=3), FILES).map(lambda parts: "/".join((*parts[0], parts[1]))),
    st.integers(0, 255).map(picture),
    min_size=1,
    max_size=8,
)


@given(TREES, st.sampled_from(["zip", "tar"]), st.sampled_from([None, r"^(\d)"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_archive_gives_what_its_folder_gives(
    files: dict[str, bytes], kind: str, label_from: str | None
) -> None:
    # Beside a picture, no folder is looked through: the only way in which an archive is not read as its folder.
    files = {**files, "top.png": picture(9)}
    with tempfile.TemporaryDirectory() as folder:
        tops = (unpacked(Path(folder, "pets"), files), archive(Path(folder, f"pets.{kind}"), files))
        assert told(tops[0], label_from) == told(tops[1], label_from)


def told(top: Path, label_from: str | None) -> object:
    """What is found, or the words of the error, without the name of what was read."""
    try:
        data = read(top, label_from=label_from)
    except UserError as error:
        return str(error).replace(str(top), "TOP")
    skipped = [(os.path.relpath(skip.path, top), skip.reason) for skip in data.skipped]
    return names(data, top), data.targets, data.classes, data.splits, data.X.tolist(), skipped


@pytest.mark.parametrize("above", ["pets/", "download/pets-main/"])
def test_a_folder_that_holds_everything_is_looked_through(tmp_path: Path, above: str) -> None:
    files = pets(above=above) | {"README.md": b"words", ".hidden": b"", "__MACOSX/x/._1.png": b""}
    data = read(made := archive(tmp_path / "pets.zip", files))
    assert data.classes == ("cat", "dog")
    assert data.paths[0] == f"{made}/{above}cat/1.png"
    assert [(skip.path, skip.reason) for skip in data.skipped] == [
        (f"{made}/README.md", "lies outside the folder that holds the others")
    ]


def test_parts_below_a_folder_that_holds_everything_are_kept(tmp_path: Path) -> None:
    files = pets(above="pets/train/") | pets(above="pets/test/")
    data = read(archive(tmp_path / "pets.tar", files))
    assert (data.classes, data.splits) == (("cat", "dog"), ("train",) * 4 + ("test",) * 4)


def test_a_folder_train_alone_is_a_part(tmp_path: Path) -> None:
    data = read(archive(tmp_path / "pets.tar", pets(above="train/")))
    assert (data.classes, data.splits) == (("cat", "dog"), ("train",) * 4)


def test_one_class_alone_is_not_looked_through(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only one class, dog"):
        read(archive(tmp_path / "pets.zip", {"dog/1.png": picture(1)}))


def test_file_names_in_an_archive_may_carry_the_class(tmp_path: Path) -> None:
    files = {"all/dog.1.png": picture(9), "all/cat.1.png": picture(8), "all/x.png": picture(7)}
    data = read(archive(tmp_path / "pets.tgz", files), label_from=r"^([a-z]+)\.\d")
    assert (data.classes, data.targets, data.X[:, 0].tolist()) == (("cat", "dog"), [0, 1], [8, 9])
    assert [skip.reason for skip in data.skipped] == [r"its name does not match ^([a-z]+)\.\d"]


def test_an_archive_may_be_one_class_and_a_folder_the_other(tmp_path: Path) -> None:
    others = unpacked(tmp_path / "others", {"1.png": picture(200)})
    data = read(archive(tmp_path / "dogs.tar.gz", pets()), negative=others)
    assert data.counts() == {"dogs": 4, "not_dogs": 1}
    assert data.X[:, 0].tolist() == [0, 40, 80, 120, 200]


def test_a_folder_in_an_archive_can_be_named(tmp_path: Path) -> None:
    made = archive(tmp_path / "all.zip", pets(above="a/new/") | pets(above="b/"))
    data = read(made / "a" / "new")
    assert (data.classes, data.paths[0]) == (("cat", "dog"), f"{made}/a/new/cat/1.png")
    with pytest.raises(UserError, match=r"there is no folder c in the archive .*all\.zip"):
        read(made / "c")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_rows_of_an_archive_do_not_depend_on_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    # Stored in another order than the rows have, with so little waiting that it matters.
    monkeypatch.setattr("chainrule.data.reading._MOST_BYTES_WAITING", 200)
    files = {f"{name}/{i}.png": picture(i) for i in range(60, 10, -1) for name in ("dog", "cat")}
    files["cat/35.png"] = b"words"
    data = read(archive(tmp_path / "pets.tar.gz", files), threads=threads)
    assert [int(Path(path).stem) for path in data.paths] == data.X[:, 0].tolist()
    assert len(data) == 99
    assert [skip.reason for skip in data.skipped] == ["not a picture"]


def test_files_and_members_can_be_read_together(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.zip", pets())
    (tmp_path / "1.png").write_bytes(picture(200))
    paths = [made / "dog/1.png", tmp_path / "1.png", made / "no.png", made / "cat/2.png", made / "dog/1.png"]
    X, kept, skipped = read_rows(paths, SETTINGS, strict=False)
    assert X[:, 0].tolist() == [80, 200, 40, 80]
    assert kept.tolist() == [0, 1, 3, 4]
    assert [(skip.path, skip.reason) for skip in skipped] == [
        (f"{made}/no.png", f"there is no such picture in {made}")
    ]
    with pytest.raises(PictureError, match=r"pets\.zip.no\.png cannot be read"):
        read_rows(paths, SETTINGS)


def test_one_picture_of_an_archive_can_be_read(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.tar.xz", pets() | {"notes": b"words"})
    assert read_picture(made / "dog/1.png", SETTINGS)[0] == 80
    with pytest.raises(PictureError, match=r"notes cannot be read as a picture: not a picture"):
        read_picture(made / "notes", SETTINGS)


def test_a_list_may_name_pictures_in_archives(tmp_path: Path) -> None:
    archive(tmp_path / "pets.zip", pets())
    (tmp_path / "list.csv").write_text(
        "path,label\npets.zip/cat/1.png,a\npets.zip/dog/1.png,b\npets.zip/no.png,b\n"
    )
    data = read(tmp_path / "list.csv")
    assert (data.targets, data.X[:, 0].tolist()) == ([0, 1], [0, 80])
    assert [skip.reason for skip in data.skipped] == [f"there is no such picture in {tmp_path / 'pets.zip'}"]


def test_an_archive_stands_for_its_pictures(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.tar", pets() | {"readme.md": b"words"})
    assert picture_paths(made) == [f"{made}/{name}" for name in sorted(pets())]
    assert picture_paths(made / "cat/1.png") == [str(made / "cat/1.png")]
    with pytest.raises(UserError, match="holds no picture"):
        picture_paths(archive(tmp_path / "words.zip", {"a.txt": b"words"}))


def test_names_with_accents_and_of_windows_are_understood(tmp_path: Path) -> None:
    files = {"dög\\1.png": picture(1), "cat\\1.png": picture(2)}
    assert read(archive(tmp_path / "pets.zip", files)).classes == ("cat", "dög")


def test_a_folder_named_like_an_archive_is_a_folder(tmp_path: Path) -> None:
    top = unpacked(tmp_path / "pets.zip", pets())
    assert read(top).counts() == {"cat": 2, "dog": 2}
    assert place_of(str(top / "cat/1.png")) is None


def test_a_run_is_called_after_the_archive_without_its_endings() -> None:
    assert [stem(f"x/pets.{kind}") for kind in KINDS] == ["pets"] * len(KINDS)


def test_an_archive_within_an_archive_is_no_picture(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", pets()).read_bytes()
    made = archive(tmp_path / "pets.zip", pets() | {"dog/inner.zip": inner})
    assert [skip.reason for skip in read(made).skipped] == ["not a picture"]
    assert np.unique(read(made).y).tolist() == [0, 1]
