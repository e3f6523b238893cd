from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data.dataset import Dataset
from chainrule.data.splits import split, write_splits
from chainrule.errors import UserError

label_lists = st.lists(st.integers(0, 4), min_size=1, max_size=200).map(
    lambda labels: [label for value in set(labels) for label in [value] * max(3, labels.count(value))]
)
shares = st.sampled_from([(0.15, 0.15), (0.0, 0.3), (0.3, 0.0), (0.0, 0.0), (0.25, 0.5), (0.1, 0.2), (0.45, 0.45)])


def dataset(splits: tuple[str, ...]) -> Dataset:
    count = len(splits)
    y = np.arange(count) % 2
    return Dataset(np.zeros((count, 1)), y, ("cat", "dog"), tuple(f"{i}.png" for i in range(count)), splits)


@given(labels=label_lists, share=shares, seed=st.integers())
def test_each_row_is_in_exactly_one_part(labels: list[int], share: tuple[float, float], seed: int) -> None:
    parts = split(labels, validation=share[0], test=share[1], seed=seed)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(rows.tolist()) == list(range(len(labels)))
    for part in (parts.train, parts.validation, parts.test):
        assert part.dtype == np.int64
        assert part.tolist() == sorted(part.tolist())


@given(labels=label_lists, share=shares, seed=st.integers(0, 2**64))
def test_each_part_has_its_share_of_each_class_to_within_one(
    labels: list[int], share: tuple[float, float], seed: int
) -> None:
    parts = split(labels, validation=share[0], test=share[1], seed=seed)
    y = np.array(labels)
    wanted = ((parts.train, 1 - sum(share)), (parts.validation, share[0]), (parts.test, share[1]))
    for value in set(labels):
        for part, fraction in wanted:
            count = int((y[part] == value).sum())
            # A class of a few rows gives each part one, and train goes without.
            small = part is parts.train and any(0 < labels.count(value) * each < 1 for each in share)
            assert abs(count - fraction * labels.count(value)) <= (2 if small else 1) + 1e-9
            assert count >= 1 or fraction == 0


@given(labels=label_lists, seed=st.integers())
def test_the_same_seed_gives_the_same_split(labels: list[int], seed: int) -> None:
    first, second = split(labels, seed=seed), split(labels, seed=seed)
    assert first.train.tolist() == second.train.tolist()
    assert first.test.tolist() == second.test.tolist()


def test_the_split_of_a_seed_never_changes() -> None:
    parts = split([0, 1] * 8, validation=0.25, test=0.25, seed=7)
    assert parts.validation.tolist() == [2, 3, 5, 6]
    assert parts.test.tolist() == [10, 11, 14, 15]


def test_another_seed_gives_another_split() -> None:
    assert split([0] * 100, seed=1).test.tolist() != split([0] * 100, seed=2).test.tolist()


def test_test_rows_stay_when_the_share_of_validation_changes() -> None:
    labels = [0, 1] * 50
    assert split(labels, validation=0.1).test.tolist() == split(labels, validation=0.3).test.tolist()


def test_parts_of_the_folder_stay_as_they_are() -> None:
    data = dataset(("train",) * 6 + ("validation",) * 2 + ("test",) * 4)
    parts = split(data, validation=0.5, test=0.4)
    assert parts.train.tolist() == [0, 1, 2, 3, 4, 5]
    assert parts.validation.tolist() == [6, 7]
    assert parts.test.tolist() == [8, 9, 10, 11]


def test_a_part_that_the_folder_lacks_is_cut_from_train() -> None:
    parts = split(dataset(("train",) * 8 + ("test",) * 4), validation=0.25)
    assert parts.test.tolist() == [8, 9, 10, 11]
    assert len(parts.validation) == 2
    assert set(parts.validation.tolist()) < set(range(8))


def test_quantities_are_split_as_one_class() -> None:
    assert len(split(np.linspace(0.0, 1.0, 20), validation=0.25, test=0.25).test) == 5


def test_a_class_with_too_few_examples_is_named() -> None:
    data = Dataset(np.zeros((6, 1)), np.array([0, 0, 0, 0, 1, 1]), ("cat", "dog"))
    with pytest.raises(
        UserError, match="class dog has 2 examples, too few for one each in train, validation, test"
    ):
        split(data)
    assert len(split(data, test=0.0).train) == 4


@pytest.mark.parametrize(
    ("validation", "test"), [(-0.1, 0.1), (0.1, 1.0), (0.5, 0.5), (float("nan"), 0.1), (0.1, float("inf"))]
)
def test_shares_out_of_range_are_refused(validation: float, test: float) -> None:
    with pytest.raises(UserError, match=r"validation|test"):
        split([0, 1] * 10, validation=validation, test=test)


def test_labels_must_be_one_column() -> None:
    with pytest.raises(UserError, match=r"\(2, 1\)"):
        split(np.array([[0], [1]]))


def test_splits_are_written_with_any_name(tmp_path: Path) -> None:
    data = Dataset(np.zeros((3, 1)), np.array([0, 0, 0]), ("a, b",), ('döggy 犬 ".png', "bad \udcff.png", "c.png"))
    write_splits(tmp_path / "splits.csv", data, split(data, validation=0.3, test=0.3))
    lines = (tmp_path / "splits.csv").read_bytes().splitlines()
    assert lines[0] == b"path,label,split"
    assert lines[1].startswith('"döggy 犬 "".png","a, b",'.encode())
    assert lines[2].startswith(b"bad \xff.png")
    assert sorted(line.rsplit(b",", 1)[1] for line in lines[1:]) == [b"test", b"train", b"validation"]
