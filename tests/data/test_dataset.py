from typing import Any

import numpy as np
import pytest

from chainrule.data.dataset import Dataset, Skipped
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError


def dataset(**changes: Any) -> Dataset:
    values: dict[str, Any] = {
        "X": np.arange(6, dtype=np.uint8).reshape(3, 2),
        "y": np.array([0, 1, 1]),
        "classes": ("cat", "dog"),
        "paths": ("a", "b", "c"),
    }
    return Dataset(**(values | changes))


def test_it_speaks_torchvisions_words() -> None:
    data = dataset()
    assert data.class_to_idx == {"cat": 0, "dog": 1}
    assert data.samples == [("a", 0), ("b", 1), ("c", 1)]
    assert data.targets == [0, 1, 1]


def test_counts_name_every_class() -> None:
    assert dataset(classes=("cat", "dog", "emu")).counts() == {"cat": 1, "dog": 2, "emu": 0}


def test_a_subset_keeps_rows_labels_paths_and_splits_together() -> None:
    data = dataset(splits=("train", "", "test"), skipped=(Skipped("d", "broken"),)).subset([2, 0])
    assert data.X.tolist() == [[4, 5], [0, 1]]
    assert data.X.dtype == np.uint8
    assert (data.targets, data.paths, data.splits) == ([1, 0], ("c", "a"), ("test", "train"))
    assert data.skipped == (Skipped("d", "broken"),)


def test_a_subset_takes_a_mask_and_nothing_at_all() -> None:
    assert dataset().subset(np.array([True, False, True])).paths == ("a", "c")
    assert len(dataset().subset([])) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": np.zeros(3)}, "shape"),
        ({"X": np.zeros((4, 2))}, "4 rows"),
        ({"y": np.array([0.0, 1.0, 1.0])}, "whole number"),
        ({"y": np.array([[0], [1], [1]])}, "whole number"),
        ({"y": np.array([0, 1, 2])}, "from 0 to 1"),
        ({"y": np.array([0, -1, 1])}, "from 0 to 1"),
        ({"classes": ("cat", "cat")}, "must differ"),
        ({"paths": ("a",)}, "paths"),
        ({"splits": ("train",)}, "splits"),
        ({"splits": ("train", "dev", "")}, "dev"),
        ({"pictures": PictureSettings(size=2)}, "12 numbers"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        dataset(**changes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 0),
        ("size", 5000),
        ("size", 2.0),
        ("size", True),
        ("color", "red"),
        ("fit", "stretch"),
        ("extra", 1),
    ],
)
def test_picture_settings_from_a_file_are_checked(name: str, value: object) -> None:
    with pytest.raises(UserError, match=name):
        PictureSettings.from_dict(PictureSettings().to_dict() | {name: value})


def test_picture_settings_survive_a_file() -> None:
    settings = PictureSettings(size=10, color="grey", fit="crop")
    assert PictureSettings.from_dict(settings.to_dict()) == settings
    assert (settings.features, settings.channels, settings.shape) == (100, 1, (10, 10, 1))
