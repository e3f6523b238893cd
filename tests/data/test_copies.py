"""Copies among pictures, and what is kept together."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

import chainrule as cr
from chainrule.data.copies import Copies, find_copies, group_by, joined, without_leaks
from chainrule.data.dataset import Dataset
from chainrule.data.settings import PictureSettings
from chainrule.data.splits import split
from chainrule.errors import UserError

GROUPS = st.lists(st.integers(0, 5), min_size=1, max_size=30).map(
    lambda numbers: np.array([numbers.index(n) for n in numbers])
)


def scene(seed: int, side: int = 128) -> Image.Image:
    """A picture of soft shapes, with more to see than noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


def saved_again(picture: Image.Image, quality: int) -> Image.Image:
    memory = io.BytesIO()
    picture.save(memory, "JPEG", quality=quality)
    return Image.open(memory)


STORED_AGAIN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as a JPEG": lambda picture: saved_again(picture, 50),
    "half as large": lambda picture: picture.resize((64, 64)),
    "lighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.1),
    "with less contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(0.8),
    "without colour": lambda picture: picture.convert("L"),
    "small and as a JPEG": lambda picture: saved_again(picture.resize((80, 80)), 70),
}


def dataset(pictures: list[Image.Image], labels: list[int] | None = None, **more: Any) -> Dataset:
    settings = PictureSettings(size=48)
    rows = [np.asarray(one.convert("RGB").resize((48, 48))).reshape(-1) for one in pictures]
    y = np.array(labels if labels else [0] * len(rows))
    names = tuple(f"{number}.png" for number in range(len(rows)))
    return Dataset(np.array(rows), y, ("cat", "dog"), paths=names, pictures=settings, **more)


@pytest.mark.parametrize("how", STORED_AGAIN)
def test_a_picture_that_was_stored_again_is_found(how: str) -> None:
    pictures = [scene(seed) for seed in range(12)]
    found = find_copies(dataset([*pictures, *(STORED_AGAIN[how](one) for one in pictures)]))
    assert found.group.tolist() == [*range(12), *range(12)]


def test_different_pictures_are_no_copies() -> None:
    found = find_copies(dataset([scene(seed) for seed in range(150)]))
    assert found.group.tolist() == list(range(150))
    assert found.sets(dataset([scene(seed) for seed in range(150)])) == ()


def test_equal_rows_are_found_whatever_they_show() -> None:
    plain = [Image.new("RGB", (8, 8), color) for color in ("white", "black", "white", "grey")]
    found = find_copies(dataset(plain))
    # Plain pictures are alike only where they are equal.
    assert found.group.tolist() == [0, 1, 0, 3]
    assert found.same.tolist() == [0, 1, 0, 3]


def test_sets_say_which_labels_disagree() -> None:
    pictures = [scene(0), scene(1), scene(0), saved_again(scene(1), 60)]
    data = dataset(pictures, [0, 1, 1, 1])
    same, alike = find_copies(data).sets(data)
    assert (same.paths, same.labels, same.are_same, same.is_conflict) == (
        ("0.png", "2.png"),
        ("cat", "dog"),
        True,
        True,
    )
    assert (alike.paths, alike.are_same, alike.is_conflict) == (("1.png", "3.png"), False, False)


def test_only_pictures_have_copies() -> None:
    with pytest.raises(UserError, match="copies are found among pictures"):
        find_copies(Dataset(np.zeros((2, 3)), np.zeros(2, np.int64), ("a",)))


@pytest.mark.parametrize("color", ["rgb", "grey"])
@pytest.mark.parametrize("size", [1, 3, 7, 8, 31])
def test_pictures_of_any_size_can_be_compared(size: int, color: Any) -> None:
    settings = PictureSettings(size=size, color=color)
    X = np.random.default_rng(0).integers(0, 256, (6, settings.features), dtype=np.uint8)
    X[4] = X[1]
    found = find_copies(Dataset(X, np.zeros(6, np.int64), ("a",), pictures=settings))
    assert found.group[4] == 1


@given(one=GROUPS, seed=st.integers(0, 99))
def test_joined_groups_hold_together_what_either_does(one: NDArray[np.int64], seed: int) -> None:
    other = np.random.default_rng(seed).integers(0, 6, len(one))
    both = joined(one, other)
    for a in range(len(one)):
        for b in range(len(one)):
            if one[a] == one[b] or other[a] == other[b]:
                assert both[a] == both[b]
    # Nothing more is together than what chains of the two hold.
    assert len(np.unique(both)) >= len(np.unique(one)) + len(np.unique(other)) - len(one)


def test_paths_are_grouped_by_what_a_pattern_finds() -> None:
    paths = ["x/rex-1.jpg", "x/ida-1.jpg", "y/rex-2.jpg", "y/none.jpg"]
    assert group_by(paths, r"(\w+)-\d").tolist() == [0, 1, 0, 3]
    assert group_by(paths, r"^.").tolist() == [0, 0, 2, 2]
    assert group_by(["a\\rex-1.jpg"], "a/(rex)").tolist() == [0]
    with pytest.raises(UserError, match=r"--group-by.*is no regular expression"):
        group_by(paths, "(")
    with pytest.raises(UserError, match=r"matches no path; the first one is x/rex-1\.jpg"):
        group_by(paths, "bello")


@given(
    sizes=st.lists(st.integers(1, 6), min_size=12, max_size=60),
    share=st.sampled_from([(0.15, 0.15), (0.3, 0.1), (0.0, 0.2)]),
    seed=st.integers(0, 999),
)
def test_groups_stay_together_and_parts_get_their_share(
    sizes: list[int], share: tuple[float, float], seed: int
) -> None:
    group = np.repeat(np.arange(len(sizes)), sizes)
    shuffled = np.random.default_rng(seed).permutation(len(group))
    group = group[shuffled]
    parts = split(np.zeros(len(group), np.int64), validation=share[0], test=share[1], seed=seed, groups=group)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(rows.tolist()) == list(range(len(group)))
    homes = [np.unique(group[part]) for part in (parts.train, parts.validation, parts.test)]
    assert len(np.unique(np.concatenate(homes))) == sum(map(len, homes))
    for part, wanted in ((parts.validation, share[0]), (parts.test, share[1])):
        assert abs(len(part) - wanted * len(group)) <= 1 + max(sizes)


def test_groups_of_one_change_nothing() -> None:
    labels = np.array([0, 1] * 20)
    assert split(labels, seed=3).test.tolist() == split(labels, seed=3, groups=np.arange(40)).test.tolist()


def test_a_class_in_too_few_groups_is_an_error() -> None:
    labels, groups = np.array([0] * 10 + [1] * 10), np.array([*range(10), *([10] * 10)])
    with pytest.raises(UserError, match="the class 1 has 10 examples in 1 group that stay together, too few"):
        split(labels, groups=groups)
    with pytest.raises(UserError, match="groups must hold one number for each of the 20 rows"):
        split(labels, groups=groups[:3])


def test_copies_of_what_folders_set_apart_are_not_learned_from() -> None:
    pictures = [scene(0), scene(1), scene(2), scene(0), scene(1)]
    data = dataset(pictures, splits=("train", "train", "train", "test", "validation"))
    used, kept = without_leaks(data, find_copies(data).group)
    assert kept.tolist() == [2, 3, 4]
    assert [skip.path for skip in used.skipped] == ["0.png", "1.png"]
    assert used.skipped[0].reason == "a copy of 3.png, which is to judge by"
    assert without_leaks(used, np.arange(3))[0] is used


def test_a_subset_keeps_what_is_together() -> None:
    copies = Copies(np.array([0, 1, 0, 1, 4]), np.array([0, 1, 2, 1, 4]))
    left = copies.subset(np.array([1, 2, 3]))
    assert left.group.tolist() == [0, 1, 0]
    assert left.same.tolist() == [0, 1, 0]


def test_photographs_of_dogs_hold_hardly_any_copies() -> None:
    folder = Path(__file__).parents[3] / "shared" / "data" / "dogs" / "train"
    if not folder.exists():
        pytest.skip("the photographs are not there")
    data = cr.read_pictures(folder, size=32, progress=False)
    # Near-duplicates were removed from them by hand.
    assert len(find_copies(data).sets(data)) <= 10
