"""Labels, the classes they name, and how much each example counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import UserError
from chainrule.training.labels import Labels, example_weights, read_labels


def classes_of(y: Any, outputs: int = 1, classes: Any = None) -> Labels:
    return read_labels(y, count=len(y), outputs=outputs, classes=classes, classify=True)


@pytest.mark.parametrize(
    ("y", "outputs", "names", "indices"),
    [
        (["dog", "cat", "dog"], 1, ("cat", "dog"), [1, 0, 1]),
        (np.array(["b", "a", "c"], dtype=object), 3, ("a", "b", "c"), [1, 0, 2]),
        ([[1], [0], [1]], 1, (0, 1), [1, 0, 1]),
        ([0, 0, 0], 1, (0, 1), [0, 0, 0]),
        ([True, False], 1, (0, 1), [1, 0]),
        ([2.0, 0.0], 3, (0, 1, 2), [2, 0]),
        ([7, -3, 7], 1, (-3, 7), [1, 0, 1]),
        (np.array([0, 1], dtype=np.uint8), 1, (0, 1), [0, 1]),
        (np.array([0, 2], dtype=object), 3, (0, 1, 2), [0, 2]),
    ],
    ids=str,
)
def test_classes_are_read_off_the_labels(y: Any, outputs: int, names: tuple[Any, ...], indices: list[int]) -> None:
    labels = classes_of(y, outputs)
    assert labels.classes == names
    assert [type(name) for name in labels.classes or ()] == [type(name) for name in names]
    assert labels.values.tolist() == indices


def test_given_classes_keep_their_order_and_may_be_meant_by_number() -> None:
    assert classes_of(["no", "yes"], classes=["yes", "no"]).values.tolist() == [1, 0]
    assert classes_of([0, 1, 1], classes=np.array(["yes", "no"])).values.tolist() == [0, 1, 1]
    assert classes_of([5, 3], classes=np.array([5, 3])).classes == (5, 3)


@pytest.mark.parametrize(
    ("y", "outputs", "classes", "message"),
    [
        (["a", "b", "c"], 1, None, "3 different labels, from 'a' to 'c'"),
        (["a", "a"], 1, None, r"there is 1 class \(a\), but a network with 1 output tells 2 apart"),
        ([0, 1, 2, 3], 3, None, "4 different labels"),
        ([0.5, 1.0], 1, None, "holds 0.5"),
        ([0.5, 1.0], 1, ("a", "b"), "holds 0.5"),
        (np.array([0.5, 1.0], dtype=object), 1, None, "holds 0.5"),
        ([0.0, np.nan], 1, None, "no number, at row 1"),
        ([None, "a"], 1, None, "holds None"),
        ([b"a", b"b"], 1, None, "dtype of y is"),
        ([1j, 0], 1, None, "dtype of y is"),
        (["a", "x"], 1, ("a", "b"), "the label 'x', which is none of the classes a, b"),
        ([0, 2], 1, ("a", "b"), "the label 2"),
        ([[0, 1], [1, 0]], 1, None, r"shape \(2, 2\)"),
        (["a", "b"], 1, ("a", "a"), "different names"),
        (["a", "b"], 1, "ab", "different names"),
        ([0, 1], 1, (0, "b"), "different names"),
        ([0, 1], 1, (0.5, 1), "different names"),
        ([0, 1], 1, ("a", "b", "c"), r"3 classes \(a, b, c\)"),
    ],
    ids=str,
)
def test_labels_that_name_no_classes_are_refused(y: Any, outputs: int, classes: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        classes_of(y, outputs, classes)


@pytest.mark.parametrize(
    ("y", "count", "message"),
    [
        (3, 1, "single value"),
        ([1, 2], 3, "X has 3 rows but y has 2"),
        ([], 0, "nothing to learn"),
        ([[1], [1, 2]], 2, "y must"),
    ],
    ids=str,
)
def test_labels_of_another_length_are_refused(y: Any, count: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_labels(y, count=count, outputs=1, classes=None, classify=False)


def test_numbers_have_one_column_an_output() -> None:
    def shape(y: Any, outputs: int) -> tuple[int, ...]:
        return read_labels(y, count=len(y), outputs=outputs, classes=None, classify=False).values.shape

    assert shape([1.5, 2.5], 1) == (2, 1)
    assert shape([[1.5], [2.5]], 1) == (2, 1)
    assert shape([[1.5, 1.0], [2.5, 1.0]], 2) == (2, 2)
    for y, outputs in (([1.5, 2.5], 2), ([[1.0, 2.0]], 1), (["a"], 1), ([[[1.0]]], 1)):
        with pytest.raises(UserError, match="y must"):
            shape(y, outputs)


THREE = Labels(np.array([0, 1, 1, 1]), ("cat", "dog"))
ALL = np.arange(4)


def weights(labels: Labels = THREE, class_weight: Any = None, sample_weight: Any = None, rows: Any = ALL) -> Any:
    found = example_weights(labels, class_weight, sample_weight, rows)
    return None if found is None else found.tolist()


def test_weights_are_those_of_the_class_times_those_of_the_example() -> None:
    assert weights() is None
    assert weights(class_weight={"cat": 3}) == [3, 1, 1, 1]
    assert weights(sample_weight=[0, 1, 2, 3]) == [0, 1, 2, 3]
    assert weights(class_weight={"cat": 3}, sample_weight=[2, 1, 2, 3]) == [6, 1, 2, 3]


def test_balanced_weights_are_those_of_scikit_learn_on_the_rows_trained_on() -> None:
    class_weight = pytest.importorskip("sklearn.utils.class_weight")
    expected = class_weight.compute_sample_weight("balanced", THREE.values)
    np.testing.assert_allclose(weights(class_weight="balanced"), expected)
    assert weights(class_weight="balanced", rows=np.array([0, 1])) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "arguments",
    [
        {"class_weight": "fair"},
        {"class_weight": {"cow": 1.0}},
        {"class_weight": {"cat": -1.0}},
        {"class_weight": {"cat": "x"}},
        {"class_weight": {"cat": np.nan}},
        {"class_weight": {"cat": 0, "dog": 0}},
        {"labels": Labels(np.ones((4, 1)), None), "class_weight": "balanced"},
        {"sample_weight": [1, 2, 3]},
        {"sample_weight": [1, 2, 3, -1]},
        {"sample_weight": [1, 2, 3, np.nan]},
        {"sample_weight": ["a"] * 4},
        {"sample_weight": [0] * 4},
        {"sample_weight": [1, 0, 0, 0], "rows": np.array([1, 2])},
    ],
    ids=str,
)
def test_weights_without_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="weight"):
        weights(**arguments)
