"""Curves over thresholds, and the areas under them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import UserError
from chainrule.evaluation.curves import average_precision, precision_recall_curve, roc_auc, roc_curve

pairs = st.lists(st.tuples(st.integers(0, 1), st.integers(-4, 4)), min_size=1, max_size=40)


@given(pairs)
def test_the_area_is_the_chance_that_a_positive_scores_higher(pairs: list[tuple[int, int]]) -> None:
    y, score = np.array(pairs).T
    higher = [(a > b) + (a == b) / 2 for a in score[y == 1] for b in score[y == 0]]
    assert roc_auc(y, score) == (pytest.approx(np.mean(higher)) if higher else None)


@given(pairs)
def test_each_point_of_the_roc_curve_is_what_its_threshold_gives(pairs: list[tuple[int, int]]) -> None:
    y, score = np.array(pairs).T
    curve = roc_curve(y, score)
    if curve is None:
        assert len(set(y.tolist())) == 1
        return
    for false_rate, true_rate, threshold in zip(*curve, strict=True):
        assert true_rate == pytest.approx(np.mean(score[y == 1] >= threshold))
        assert false_rate == pytest.approx(np.mean(score[y == 0] >= threshold))


@given(pairs)
def test_each_point_of_the_precision_curve_is_what_its_threshold_gives(pairs: list[tuple[int, int]]) -> None:
    y, score = np.array(pairs).T
    curve = precision_recall_curve(y, score)
    if curve is None:
        assert not y.any()
        return
    for precision, recall, threshold in zip(curve.precision, curve.recall, curve.thresholds, strict=False):
        assert precision == pytest.approx(np.mean(y[score >= threshold]))
        assert recall == pytest.approx(np.mean(score[y == 1] >= threshold))
    assert (curve.precision[-1], curve.recall[-1]) == (1, 0)


def test_perfect_and_reversed_rankings() -> None:
    assert roc_auc([0, 0, 1], [1, 2, 3]) == 1.0
    assert roc_auc([0, 0, 1], [3, 2, 1]) == 0.0
    assert average_precision([0, 0, 1], [3, 2, 1]) == pytest.approx(1 / 3)
    assert roc_auc([0, 1, 0, 1], [5, 5, 5, 5]) == 0.5


def test_nothing_is_defined_without_examples() -> None:
    assert roc_auc([], []) is None
    assert average_precision([], []) is None


@pytest.mark.parametrize(
    ("y", "score", "message"),
    [([0, 2], [0.1, 0.2], "0 or 1"), ([0, 1], [0.1], "one length"), ([0, 1], [0.1, np.inf], "finite")],
)
def test_what_is_no_ranking_is_refused(y: Any, score: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        roc_curve(y, score)
