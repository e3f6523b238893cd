"""The figures of merit: known cases, undefined cases, and what must hold for any answers."""

import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.evaluation.metrics import Evaluation, evaluate, majority_baseline, predicted_classes


def two_columns(positive: list[float]) -> NDArray[np.float64]:
    chances = np.array(positive)
    return np.stack([1 - chances, chances], axis=1)


@st.composite
def answered(draw: st.DrawFn) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    k = draw(st.integers(2, 5))
    m = draw(st.integers(1, 30))
    y = draw(st.lists(st.integers(0, k - 1), min_size=m, max_size=m))
    # Small whole numbers make ties, zeros and ones common.
    weights = draw(st.lists(st.lists(st.integers(0, 3), min_size=k, max_size=k), min_size=m, max_size=m))
    rows = np.array(weights, float) + np.where(np.sum(weights, axis=1) == 0, 1.0, 0.0)[:, None]
    return np.array(y), rows / rows.sum(axis=1, keepdims=True), [f"class {i}" for i in range(k)]


def figures(result: Evaluation) -> dict[str, Any]:
    names = (
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "f1",
        "roc_auc",
        "average_precision",
        "brier",
    )
    return {name: getattr(result, name) for name in names}


def test_a_small_case_by_hand() -> None:
    result = evaluate([1, 1, 1, 0, 0], two_columns([0.9, 0.8, 0.3, 0.6, 0.1]), classes=("cat", "dog"))
    assert result.confusion.tolist() == [[1, 1], [1, 2]]
    assert result.accuracy == 0.6
    assert result.precision == result.recall == result.f1 == pytest.approx(2 / 3)
    assert result.balanced_accuracy == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert result.roc_auc == pytest.approx(5 / 6)
    assert result.log_loss == pytest.approx(-np.log([0.9, 0.8, 0.3, 0.4, 0.9]).mean())
    assert result.brier == pytest.approx(np.square([0.1, 0.2, 0.7, 0.6, 0.1]).mean())


def test_a_probability_equal_to_the_threshold_is_positive() -> None:
    assert predicted_classes(two_columns([0.7, 0.69]), positive=1, threshold=0.7).tolist() == [1, 0]
    assert predicted_classes(two_columns([0.3, 0.31]), positive=0, threshold=0.7).tolist() == [0, 1]


def test_the_threshold_moves_the_answers_but_not_the_ranking() -> None:
    y, chances = [0, 1, 1], two_columns([0.2, 0.4, 0.9])
    low = evaluate(y, chances, classes=("a", "b"), threshold=0.3)
    high = evaluate(y, chances, classes=("a", "b"), threshold=0.95)
    assert (low.recall, high.recall) == (1.0, 0.0)
    assert low.roc_auc == high.roc_auc == 1.0


def test_equal_probabilities_of_many_classes_answer_the_first() -> None:
    assert predicted_classes(np.full((1, 3), 1 / 3)).tolist() == [0]


def test_a_missing_class_leaves_undefined_what_needs_it() -> None:
    result = evaluate([0, 0], two_columns([0.1, 0.2]), classes=("cat", "dog"))
    assert result.accuracy == 1.0
    assert result.balanced_accuracy is result.precision is result.recall is result.f1 is None
    assert result.roc_auc is result.average_precision is None


def test_a_mean_over_classes_is_undefined_where_one_of_them_is() -> None:
    chances = np.eye(3)[[0, 1, 1]]
    result = evaluate([0, 1, 2], chances, classes=("a", "b", "c"))
    assert result.precision is None
    assert result.recall == pytest.approx(2 / 3)
    assert result.f1 == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_certain_and_wrong_costs_much_but_not_infinitely() -> None:
    certain = two_columns([1.0, 0.0])
    assert evaluate([1, 0], certain, classes=("a", "b")).log_loss < 1e-12
    assert evaluate([0, 1], certain, classes=("a", "b")).log_loss == pytest.approx(-np.log(2**-52))
    narrow = certain.astype(np.float32)
    assert evaluate([0, 1], narrow, classes=("a", "b")).log_loss == pytest.approx(-np.log(2**-23))


@given(answered())
def test_figures_are_shares_or_undefined_and_never_warn(case: tuple[Any, Any, list[str]]) -> None:
    y, chances, classes = case
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = evaluate(y, chances, classes=classes)
    for name, figure in figures(result).items():
        upper = 2 if name == "brier" else 1
        assert figure is None or 0 <= figure <= upper + 1e-12, name
    assert result.accuracy_interval[0] <= result.accuracy <= result.accuracy_interval[1]
    assert result.confusion.sum() == result.count == len(y)
    json.dumps(result.to_dict(), allow_nan=False)


@given(answered(), st.randoms(use_true_random=False))
def test_the_order_of_the_examples_does_not_matter(case: tuple[Any, Any, list[str]], random: Any) -> None:
    y, chances, classes = case
    order = list(range(len(y)))
    random.shuffle(order)
    before, after = (evaluate(y[rows], chances[rows], classes=classes) for rows in (slice(None), order))
    assert figures(before) == pytest.approx(figures(after))
    assert before.log_loss == pytest.approx(after.log_loss)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=30))
def test_swapping_the_positive_class_keeps_accuracy_area_and_brier(pairs: list[tuple[bool, int]]) -> None:
    y = np.array([int(truth) for truth, _ in pairs])
    # An odd denominator keeps probabilities off the threshold, where the two directions differ by design.
    chances = two_columns([(2 * part) / 17 for _, part in pairs])
    first, second = (evaluate(y, chances, classes=("a", "b"), positive=i) for i in (0, 1))
    assert first.accuracy == second.accuracy
    assert first.brier == pytest.approx(second.brier)
    assert first.roc_auc == pytest.approx(second.roc_auc)
    assert first.confusion.tolist() == second.confusion.tolist()


def test_one_column_of_labels_is_labels() -> None:
    y, chances = np.array([0, 1, 1]), two_columns([0.2, 0.8, 0.4])
    flat, column = (evaluate(labels, chances, classes=("a", "b")) for labels in (y, y[:, None]))
    assert flat.to_dict() == column.to_dict()


def test_the_confusion_matrix_cannot_be_changed() -> None:
    result = evaluate([0, 1], two_columns([0.2, 0.8]), classes=("a", "b"))
    with pytest.raises(ValueError, match="read-only"):
        result.confusion[0, 0] = 7


@pytest.mark.parametrize(
    ("y", "chances", "options", "message"),
    [
        ([], np.zeros((0, 2)), {}, "at least one example"),
        ([[0, 1]], two_columns([0.1]), {}, r"shape \(m,\)"),
        ([0, 2], two_columns([0.1, 0.2]), {}, "from 0 to 1"),
        ([0, 0.5], two_columns([0.1, 0.2]), {}, "whole numbers"),
        (["a"], two_columns([0.1]), {}, "whole numbers"),
        ([0], two_columns([0.1, 0.2]), {}, r"shape \(1, 2\)"),
        ([0], [[np.nan, 1]], {}, "finite"),
        ([0], [[-1.0, 2.0]], {}, "sigmoid or softmax"),
        ([0], [[0.9, 0.9]], {}, "add up to 1"),
        ([0], two_columns([0.1]), {"positive": 2}, "0 or 1"),
        ([0], [[0.2, 0.3, 0.5]], {"classes": "abc", "positive": 1}, "two classes"),
        ([0], [[1.0]], {"classes": "a"}, "at least two classes"),
    ],
)
def test_what_does_not_fit_is_refused(y: Any, chances: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        evaluate(y, chances, **{"classes": ("a", "b"), **options})


def test_the_majority_is_of_the_training_examples() -> None:
    assert majority_baseline([1, 1, 0], [0, 0, 0, 1], 2) == 0.25
    assert majority_baseline([0, 1], [0, 0, 1], 2) == pytest.approx(2 / 3)
    with pytest.raises(UserError, match="training and test"):
        majority_baseline([0], [], 2)
