"""Linear against logistic regression."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Annotation
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import chainrule as cr

X = np.array([1.0, 1.4, 1.9, 2.3, 2.8, 3.1, 3.7, 3.3, 3.9, 4.3, 4.7, 5.1, 5.6, 6.0])
Y = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])

Array = NDArray[np.float64]


def curves(axes: Axes) -> tuple[Array, Array, Array]:
    """Return x, the line and the sigmoid as drawn."""
    linear, logistic = (line for line in axes.lines if len(np.asarray(line.get_xdata())) > 2)
    x, y = (np.asarray(one, float) for one in linear.get_data())
    return x, y, np.asarray(logistic.get_ydata(), float)


def boundaries(axes: Axes) -> list[float]:
    """Return where dots stand on the threshold."""
    return [float(np.ravel(line.get_xdata())[0]) for line in axes.lines if line.get_marker() == "o"]


def rings(axes: Axes) -> list[list[float]]:
    """Return the x of the points that each fit puts into the wrong class."""
    found = [np.asarray(one.get_offsets()) for one in axes.collections if not np.size(one.get_facecolor())]
    return [sorted(points[:, 0].tolist()) for points in found]


def note(axes: Axes) -> list[str]:
    return axes.texts[0].get_text().splitlines()


@pytest.mark.parametrize("far", [16.0, -30.0, 300.0])
def test_both_fits_are_the_best_ones(far: float) -> None:
    label = int(far > 0)
    figure = cr.plots.linear_against_logistic(X, Y, outlier=(far, label))
    for axes, x, y in zip(figure.axes, (X, np.append(X, far)), (Y, np.append(Y, label)), strict=True):
        across, line, curve = curves(axes)
        slope, intercept = np.polyfit(x, y, 1)
        np.testing.assert_allclose(line, slope * across + intercept, atol=1e-5)
        best = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(x[:, None], y)
        np.testing.assert_allclose(curve, best.predict_proba(across[:, None])[:, 1], atol=2e-3)
        expected = [(0.5 - intercept) / slope, -best.intercept_[0] / best.coef_[0, 0]]
        np.testing.assert_allclose(boundaries(axes), expected, atol=1e-3)


def test_a_far_point_moves_the_line_but_not_the_sigmoid() -> None:
    figure = cr.plots.linear_against_logistic()
    before, after = (boundaries(axes) for axes in figure.axes)
    assert after[0] - before[0] > 0.4
    assert after[1] == pytest.approx(before[1], abs=0.01)
    assert "logistic regression keeps its own" in figure.get_suptitle()


def test_rings_mark_the_points_that_are_wrong() -> None:
    first, second = cr.plots.linear_against_logistic().axes
    assert rings(first) == [[], []]
    assert rings(second) == [[3.2, 3.4], []]
    assert note(second)[0].endswith("2 of 15 wrong")
    assert note(second)[1].endswith("0 of 15 wrong")


def test_both_panels_have_one_scale_on_which_an_arrow_shows_the_shift() -> None:
    figure = cr.plots.linear_against_logistic()
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim()
    assert second.get_xlim()[1] < 6
    before, after = boundaries(first)[0], boundaries(second)[0]
    arrows = [one for one in second.texts if isinstance(one, Annotation) and one.arrow_patch and not one.get_text()]
    ends = [(one.xyann[0], one.xy[0]) for one in arrows if one.anncoords == "data"]
    np.testing.assert_allclose(ends, [(before, after)])
    written = [one.get_text() for one in second.texts]
    assert f"{before:.3g} → {after:.3g}" in written
    assert "to x = 16" in written
    (whole,) = second.child_axes
    assert whole.get_xlim()[0] < 0.8 < 16 < whole.get_xlim()[1]


def test_the_legend_has_no_entry_for_what_does_not_occur() -> None:
    figure = cr.plots.linear_against_logistic()
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "wrong (linear)" in names
    assert "wrong (logistic)" not in names


def test_a_title_says_nothing_that_is_not_so() -> None:
    figure = cr.plots.linear_against_logistic(X, Y, outlier=(20, 0))
    assert "keeps" not in figure.get_suptitle()


def test_a_falling_answer_is_1_up_to_its_boundary() -> None:
    (axes,) = cr.plots.linear_against_logistic(-X[:, None], Y[:, None], x_label="minus size").axes
    assert [" ".join(line.split()[:4]) for line in note(axes)] == ["linear answers 1 up", "logistic answers 1 up"]
    assert axes.get_xlabel() == "minus size"
    assert axes.get_ylabel()


def test_a_fit_that_never_reaches_the_threshold_says_so() -> None:
    (axes,) = cr.plots.linear_against_logistic([-1, -1, -1, 1, 1, 1], [0, 0, 1, 0, 0, 1]).axes
    assert boundaries(axes) == []
    assert "always answers 0: 2 of 6 wrong" in note(axes)[0]


def test_nothing_is_left_in_matplotlib() -> None:
    before = dict(matplotlib.rcParams)
    cr.plots.linear_against_logistic(X, Y, theme="dark")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [0, 1, 2], "0 or 1, but there is 2"),
        ([1, 2, 3], [-1, 1, 1], "0 or 1, but there is -1"),
        ([1, 2, 3], [1, 1, 1], "both 0 and 1"),
        ([1, 2, 3], [0, 1], "x has 3 values but y has 2 labels"),
        ([[1, 2], [3, 4]], [0, 1], "of one feature; it has shape \\(2, 2\\)"),
        ([2, 2, 2], [0, 1, 1], "two different values"),
        ([1, np.nan], [0, 1], "x must hold finite numbers"),
        ([1, 2], ["a", "b"], "y must hold finite numbers"),
        ([], [], "both 0 and 1"),
        ([1, 2], None, "both x and y"),
    ],
)
def test_points_that_do_not_fit_are_an_error(x: object, y: object, message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.plots.linear_against_logistic(x, y)  # type: ignore[arg-type]


@pytest.mark.parametrize("outlier", [(1, 2), 5, (1,), (np.inf, 1), ("a", 1)])
def test_an_outlier_that_is_no_point_is_an_error(outlier: object) -> None:
    with pytest.raises(cr.UserError, match="outlier is a point"):
        cr.plots.linear_against_logistic(X, Y, outlier=outlier)  # type: ignore[arg-type]
