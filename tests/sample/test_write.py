"""The built-in sample as a folder of pictures, and what must not give its classes away."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.tree import DecisionTreeClassifier

from chainrule.errors import UserError
from chainrule.sample import write
from chainrule.sample.write import picture, write_sample


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_half_of_the_pictures_are_dogs(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample", count=20)
    assert sorted(path.name for path in (tmp_path / "sample").iterdir()) == ["dog", "not_dog"]
    assert len(list((tmp_path / "sample" / "dog").glob("*.jpg"))) == 10
    assert len(list((tmp_path / "sample" / "not_dog").glob("*.jpg"))) == 10


def test_an_odd_count_has_one_more_dog(tmp_path: Path) -> None:
    write_sample(tmp_path, count=5)
    assert [len(list((tmp_path / label).iterdir())) for label in ("dog", "not_dog")] == [3, 2]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "one", count=12, seed=3)
    write_sample(tmp_path / "two", count=12, seed=3)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_another_seed_writes_other_pictures(tmp_path: Path) -> None:
    write_sample(tmp_path / "one", count=12, seed=3)
    write_sample(tmp_path / "two", count=12, seed=4)
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    assert one.keys() == two.keys()
    assert all(one[name] != two[name] for name in one)


def test_a_larger_sample_begins_with_the_smaller_one(tmp_path: Path) -> None:
    write_sample(tmp_path / "small", count=6)
    write_sample(tmp_path / "large", count=9)
    assert files(tmp_path / "small").items() < files(tmp_path / "large").items()


@pytest.mark.parametrize("size", [16, 64, 100])
def test_pictures_are_colour_jpegs_of_the_size_asked_for(size: int) -> None:
    image = Image.open(io.BytesIO(picture(0, size=size)))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (size, size))


def test_no_two_pictures_are_alike() -> None:
    assert len({picture(index) for index in range(100)}) == 100


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    write_sample(str(tmp_path), count=2)
    assert len(files(tmp_path)) == 2


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("mine")
    with pytest.raises(UserError, match="has something in it"):
        write_sample(tmp_path, count=2)
    assert files(tmp_path) == {"holiday.txt": b"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "sample").write_text("mine")
    with pytest.raises(UserError, match="is a file"):
        write_sample(tmp_path / "sample", count=2)
    assert (tmp_path / "sample").read_text() == "mine"


@pytest.mark.parametrize(("count", "size", "name"), [(1, 64, "count"), (0, 64, "count"), (10, 15, "size")])
def test_a_number_that_is_too_small_is_named(tmp_path: Path, count: int, size: int, name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is"):
        write_sample(tmp_path / "sample", count=count, size=size)
    assert not (tmp_path / "sample").exists()


def test_an_interrupted_sample_leaves_the_folder_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(index: int, *, size: int, seed: int) -> bytes:
        if index == 5:
            raise KeyboardInterrupt
        return picture(index, size=size, seed=seed)

    monkeypatch.setattr(write, "picture", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, count=10)
    assert list(tmp_path.iterdir()) == []


def clues(seed: int, count: int = 2000) -> NDArray[np.float64]:
    """Return mean red, green and blue and the file's size, one row a picture."""
    rows = []
    for index in range(count):
        data = picture(index, seed=seed)
        pixels = np.asarray(Image.open(io.BytesIO(data)), dtype=np.float64)
        rows.append([*pixels.mean(axis=(0, 1)), len(data)])
    return np.array(rows)


@pytest.mark.parametrize("seed", [0, 1])
def test_neither_mean_colour_nor_file_size_tells_a_dog(seed: int) -> None:
    X, y = clues(seed), np.arange(2000) % 2
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X[:1400], y[:1400])
    assert tree.score(X[1400:], y[1400:]) < 0.6
