"""The figures of merit agree with scikit-learn's and SciPy's wherever those are defined."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chainrule.evaluation.metrics import evaluate, precision_recall_curve, roc_curve, wilson_interval

oracle = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")

Case = tuple[NDArray[np.int64], NDArray[Any]]


@st.composite
def cases(draw: st.DrawFn, k: int, every_class: bool) -> Case:
    """Labels and probabilities with ties, zeros and ones, in float32 or float64."""
    m = draw(st.integers(k, 40))
    y = np.array(draw(st.lists(st.integers(0, k - 1), min_size=m, max_size=m)))
    if every_class:
        y[:k] = np.arange(k)
    parts = draw(st.lists(st.lists(st.integers(0, 4), min_size=k, max_size=k), min_size=m, max_size=m))
    weights = np.array(parts, float)
    weights[weights.sum(axis=1) == 0] = 1
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return y, (weights / weights.sum(axis=1, keepdims=True)).astype(dtype)


@given(cases(k=2, every_class=True), st.sampled_from([0.25, 0.5, 0.8]))
def test_two_classes(case: Case, threshold: float) -> None:
    y, chances = case
    result = evaluate(y, chances, classes=("a", "b"), threshold=threshold)
    score = chances[:, 1]
    answers = (score >= threshold).astype(int)
    assert result.confusion.tolist() == oracle.confusion_matrix(y, answers, labels=[0, 1]).tolist()
    assert result.accuracy == pytest.approx(oracle.accuracy_score(y, answers))
    assert result.balanced_accuracy == pytest.approx(oracle.balanced_accuracy_score(y, answers))
    assert result.recall == pytest.approx(oracle.recall_score(y, answers))
    assert result.f1 == pytest.approx(oracle.f1_score(y, answers))
    if answers.any():
        assert result.precision == pytest.approx(oracle.precision_score(y, answers))
    else:
        assert result.precision is None
    assert result.roc_auc == pytest.approx(oracle.roc_auc_score(y, score))
    assert result.average_precision == pytest.approx(oracle.average_precision_score(y, score))
    assert result.brier == pytest.approx(oracle.brier_score_loss(y, score), abs=1e-7)


@given(cases(k=2, every_class=False))
def test_probabilities_of_two_classes_with_one_perhaps_missing(case: Case) -> None:
    y, chances = case
    result = evaluate(y, chances, classes=("a", "b"))
    assert result.log_loss == pytest.approx(oracle.log_loss(y, chances, labels=[0, 1]), rel=1e-5, abs=1e-7)
    assert (result.roc_auc is None) == (len(set(y.tolist())) == 1)
    assert (result.average_precision is None) == (not y.any())


@given(cases(k=3, every_class=True))
def test_more_classes(case: Case) -> None:
    y, chances = case
    result = evaluate(y, chances, classes=("a", "b", "c"))
    answers = chances.argmax(axis=1)
    assert result.confusion.tolist() == oracle.confusion_matrix(y, answers, labels=range(3)).tolist()
    assert result.balanced_accuracy == pytest.approx(oracle.balanced_accuracy_score(y, answers))
    assert result.recall == pytest.approx(oracle.recall_score(y, answers, average="macro"))
    assert result.f1 == pytest.approx(oracle.f1_score(y, answers, average="macro"))
    if len(set(answers.tolist())) == 3:
        assert result.precision == pytest.approx(oracle.precision_score(y, answers, average="macro"))
    else:
        assert result.precision is None
    truth = np.eye(3)[y]
    assert result.roc_auc == pytest.approx(oracle.roc_auc_score(truth, chances, average="macro"))
    assert result.average_precision == pytest.approx(oracle.average_precision_score(truth, chances))
    assert result.log_loss == pytest.approx(oracle.log_loss(y, chances, labels=range(3)), rel=1e-5, abs=1e-7)
    assert result.brier == pytest.approx(oracle.brier_score_loss(y, chances, labels=range(3)), abs=1e-6)


@given(cases(k=2, every_class=True))
def test_curves(case: Case) -> None:
    y, chances = case
    score = chances[:, 1].astype(np.float64)
    ours, theirs = roc_curve(y, score), oracle.roc_curve(y, score, drop_intermediate=False)
    assert ours is not None
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other)
    ours_pr, theirs = precision_recall_curve(y, score), oracle.precision_recall_curve(y, score)
    assert ours_pr is not None
    for mine, other in zip(ours_pr, theirs, strict=True):
        np.testing.assert_allclose(mine, other)


@given(st.integers(1, 2000), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_interval(count: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, count))
    theirs = stats.binomtest(successes, count).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, count, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
