"""Which classes a run tells apart, and which of two is the positive one."""

import itertools

import numpy as np
import pytest

from chainrule.data.dataset import Dataset, Skipped
from chainrule.data.pictures import read_pictures
from chainrule.errors import UserError
from chainrule.runs.question import ask, one_against_rest
from tests.data.drawing import class_folders


def dataset(*classes: str) -> Dataset:
    """Two rows of each class, the class's number in each; and everything that must not get lost."""
    y = np.arange(2 * len(classes)) % len(classes)
    return Dataset(
        X=y[:, None].astype(np.uint8),
        y=y,
        classes=classes,
        paths=tuple(f"{classes[label]}/{row}.png" for row, label in enumerate(y)),
        splits=("train", "test") * len(classes),
        skipped=(Skipped("notes.txt", "not a picture"),),
    )


@pytest.mark.parametrize(
    "negative",
    [
        *("not_dog", "not-dog", "not dog", "not.dog", "notdog", "no_dog", "no-dog", "no dog", "nodog"),
        *("non_dog", "non-dog", "non dog", "nondog", "without_dog", "NOT_DOG", "No-Dog", "nonDOG"),
        *("other", "others", "Other", "negative", "negatives", "Negative", "neg", "none", "rest", "background"),
        *("not_a_dog", "no_animal"),
    ],
)
def test_the_name_of_the_negative_class_says_so(negative: str) -> None:
    for classes in itertools.permutations(("dog", negative)):
        assert ask(dataset(*classes), None).dataset.classes == (negative, "dog")


@pytest.mark.parametrize("classes", [("cat", "dog"), ("north", "south"), ("notebook", "nose"), ("0", "1")])
def test_where_no_name_is_negative_the_second_class_is_positive(classes: tuple[str, str]) -> None:
    assert ask(dataset(*classes), None).dataset.classes == classes


@pytest.mark.parametrize("classes", [("not_cat", "not_dog"), ("negative", "other"), ("no_cat", "rest")])
def test_where_both_names_are_negative_the_second_class_is_positive(classes: tuple[str, str]) -> None:
    assert ask(dataset(*classes), None).dataset.classes == classes


@pytest.mark.parametrize("name", ["other", "not_dog", "rest", "No-Dog", "dog"])
def test_not_and_a_name_is_negative_beside_that_name_however_negative_that_sounds(name: str) -> None:
    for classes in itertools.permutations((name, f"not_{name}")):
        assert ask(dataset(*classes), None).dataset.classes == (f"not_{name}", name)


@pytest.mark.parametrize("name", ["dog", "other", "not_cat"])
def test_of_two_folders_the_first_is_the_positive_class(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = class_folders(tmp_path_factory.mktemp("pictures"), name, "elsewhere")
    data = read_pictures(folder / name, negative=folder / "elsewhere", size=2)
    assert ask(data, None).dataset.classes == (f"not_{name}", name)


@pytest.mark.parametrize("positive", ["dog", "not_dog"])
def test_the_positive_class_can_be_named(positive: str) -> None:
    assert ask(dataset("dog", "not_dog"), positive).dataset.classes[1] == positive


def test_more_than_two_classes_stay_as_they_are() -> None:
    data = dataset("cat", "dog", "horse")
    question = ask(data, None)
    assert question.dataset is data
    assert question.title == "cat, dog or horse?"
    assert question.words == "3 classes are told apart: cat, dog, horse"


def test_one_of_many_classes_is_told_from_the_rest() -> None:
    question = ask(dataset("cat", "dog", "horse"), "dog")
    assert question.dataset.classes == ("not_dog", "dog")
    assert question.dataset.y.tolist() == [0, 1, 0, 0, 1, 0]
    assert question.words == "dog is told from the 2 others"


def test_a_class_called_not_dog_is_one_of_the_rest() -> None:
    assert ask(dataset("cat", "dog", "not_dog"), "dog").dataset.counts() == {"not_dog": 4, "dog": 2}


@pytest.mark.parametrize(
    ("classes", "positive"),
    [(("dog", "not_dog"), None), (("cat", "dog"), "cat"), (("cat", "dog", "horse"), "cat")],
    ids=["by name", "by choice", "one of many"],
)
def test_labels_follow_their_classes_and_nothing_else_changes(
    classes: tuple[str, ...], positive: str | None
) -> None:
    before = dataset(*classes)
    after = ask(before, positive).dataset
    chosen = positive or "dog"
    for old, new in zip(before.y, after.y, strict=True):
        assert (before.classes[old] == chosen) == (after.classes[new] == chosen)
    assert after.y.dtype == np.int64
    assert after.X is before.X
    for name in ("paths", "splits", "skipped", "pictures"):
        assert getattr(after, name) == getattr(before, name)


def test_the_question_names_the_positive_class_first() -> None:
    assert ask(dataset("dog", "not_dog"), None).title == "dog or not_dog?"


def test_what_was_decided_is_told() -> None:
    assert ask(dataset("dog", "other"), None).words == "the positive class is dog, the negative other"


def test_an_unknown_positive_class_is_refused_with_the_classes_there_are() -> None:
    with pytest.raises(UserError, match=r"--positive dgo: there is no such class; the classes are cat, dog"):
        ask(dataset("cat", "dog"), "dgo")


def test_the_positive_class_is_found_however_its_accents_are_spelt() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert ask(dataset("bar", decomposed, "pub"), composed).dataset.classes == (f"not_{decomposed}", decomposed)


def test_a_single_class_is_no_question() -> None:
    with pytest.raises(UserError, match="only class is dog"):
        ask(dataset("dog"), None)


def test_the_rest_bears_the_name_of_what_it_is_not() -> None:
    assert one_against_rest(dataset("a", "b", "c"), "c").classes == ("not_c", "c")
