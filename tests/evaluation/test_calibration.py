"""Calibration against scikit-learn, and the table of thresholds against counting by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, precision_score, recall_score

from chainrule.errors import UserError
from chainrule.evaluation.calibration import calibration_bins, calibration_error
from chainrule.evaluation.intervals import wilson_interval
from chainrule.evaluation.thresholds import THRESHOLDS, threshold_table

EXAMPLES = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


@given(EXAMPLES, st.integers(1, 12))
def test_every_example_counts_in_the_range_of_its_probability(examples: list[tuple[int, float]], bins: int) -> None:
    y, p = (np.array(column) for column in zip(*examples, strict=True))
    found = calibration_bins(y, p, bins=bins)
    assert sum(one.count for one in found) == len(y)
    assert sum(one.count * one.share for one in found) == pytest.approx(y.sum())
    assert sum(one.count * one.mean_probability for one in found) == pytest.approx(p.sum())
    for one in found:
        assert one.low <= one.mean_probability <= one.high + 1e-12
        assert one.interval == wilson_interval(round(one.count * one.share), one.count)


def test_the_curve_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(size=500)
    y = rng.uniform(size=500) < p**2
    share, mean = calibration_curve(y, p, n_bins=10)
    found = calibration_bins(y, p)
    assert [one.share for one in found] == pytest.approx(share)
    assert [one.mean_probability for one in found] == pytest.approx(mean)


def test_the_error_is_the_mean_distance_by_examples() -> None:
    found = calibration_bins([0, 0, 0, 1], [0.2, 0.2, 0.2, 0.7], bins=2)
    assert calibration_error(found) == pytest.approx((3 * 0.2 + 0.3) / 4)
    assert calibration_error([]) is None


def test_ends_of_the_scale_belong_to_the_outer_ranges() -> None:
    found = calibration_bins([0, 1], [0.0, 1.0], bins=10)
    assert [(one.low, one.high) for one in found] == [(0.0, 0.1), (0.9, 1.0)]


@given(EXAMPLES)
def test_rates_are_those_of_scikit_learn(examples: list[tuple[int, float]]) -> None:
    y, p = (np.array(column) for column in zip(*examples, strict=True))
    for row in threshold_table(y, p):
        answer = p >= row.threshold
        assert row.answered == answer.sum()
        assert row.accuracy == pytest.approx((answer == y).mean())
        if answer.any():
            assert row.precision == pytest.approx(precision_score(y, answer))
        if y.any():
            assert row.recall == pytest.approx(recall_score(y, answer))
            assert row.f1 == pytest.approx(f1_score(y, answer))


def test_what_is_undefined_is_none() -> None:
    (row,) = threshold_table([0, 0], [0.1, 0.2], [0.9])
    assert (row.precision, row.recall, row.f1, row.accuracy) == (None, None, None, 1.0)
    (row,) = threshold_table([], [], [0.5])
    assert row.accuracy is None


def test_a_higher_threshold_answers_fewer() -> None:
    rng = np.random.default_rng(1)
    rows = threshold_table(rng.integers(0, 2, 100), rng.uniform(size=100))
    assert [row.threshold for row in rows] == list(THRESHOLDS)
    answered = [row.answered for row in rows]
    assert answered == sorted(answered, reverse=True)


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0.5], "one length"),
        ([[0]], [[0.5]], "one length"),
        ([2], [0.5], "0 or 1"),
        ([1], [1.2], "between 0 and 1"),
        ([1], [np.nan], "between 0 and 1"),
    ],
)
def test_labels_and_probabilities_that_are_none_are_refused(y: Any, p: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        calibration_bins(y, p)
    with pytest.raises(UserError, match=message):
        threshold_table(y, p)


def test_a_threshold_outside_the_scale_is_refused() -> None:
    with pytest.raises(UserError, match=r"from 0 to 1, not 1\.5"):
        threshold_table([1], [0.5], [1.5])
    with pytest.raises(UserError, match="bins"):
        calibration_bins([1], [0.5], bins=0)
