"""Gradient descent on costs of one and two parameters."""

from __future__ import annotations

from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.text import Annotation
from numpy.typing import NDArray

import chainrule as cr
from chainrule.plots import descent_plots
from chainrule.plots.landscapes import Landscape

Array = NDArray[np.float64]


def ways(axes: Axes) -> list[Array]:
    """Return the points of each way as drawn, shape (points, 2)."""
    outlined = [line for line in axes.lines if line.get_path_effects()]
    return [np.stack([np.asarray(one, float) for one in line.get_data()], axis=1) for line in outlined]


def title(axes: Axes) -> str:
    return axes.get_title(loc="left")


def note(axes: Axes) -> list[str]:
    return axes.texts[-1].get_text().splitlines()


def words(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def square(w: cr.Expression) -> cr.Expression:
    return ((w - 2) ** 2).named("J")


def test_the_built_in_curve_shows_a_good_a_too_high_and_a_too_low_rate() -> None:
    figure = cr.plots.cost_curve()
    assert [title(axes) for axes in figure.axes] == ["Too low", "Good", "Too high"]
    low, good, high = (ways(axes)[0][:, 1] for axes in figure.axes)
    assert np.all(np.diff(good) < 0)
    assert np.all(np.diff(high) > 0)
    assert np.all(np.diff(low) < 0)
    assert good[-1] < 0.01 * good[0] < low[-1]


def test_the_built_in_surface_shows_a_good_a_too_high_and_a_too_low_rate() -> None:
    figure = cr.plots.cost_surface()
    assert [title(axes) for axes in figure.axes] == ["Too low", "Good", "Too high"]
    x, y = np.array([0.0, 0.5, 1.0, 2.0]), np.array([1.1, 1.9, 3.2, 4.9])
    low, good, _ = (np.array([np.mean((w * x + b - y) ** 2) for w, b in ways(axes)[0]]) for axes in figure.axes)
    assert np.all(np.diff(good) < 0)
    assert np.all(np.diff(low) < 0)
    assert good[-1] < 0.01 * good[0] < low[-1]
    start, end = (float(number) for number in note(figure.axes[2])[1].split()[1:4:2])
    assert start == pytest.approx(good[0], rel=0.01)
    assert end > 10 * start


def test_each_step_is_one_of_gradient_descent() -> None:
    w = cr.parameter("w", (), init=5.0)
    figure = cr.plots.cost_curve(square(w), w, rates=[0.3], steps=6)
    ((x, J),) = [way.T for way in ways(figure.axes[0])]
    expected = 2 + 3 * (1 - 2 * 0.3) ** np.arange(7)
    np.testing.assert_allclose(x, expected, rtol=1e-12)
    np.testing.assert_allclose(J, (x - 2) ** 2, rtol=1e-12)


def test_each_step_on_a_surface_is_one_of_gradient_descent() -> None:
    v, w = cr.parameter("v", (), init=3.0), cr.parameter("w", (), init=1.0)
    figure = cr.plots.cost_surface(v**2 + 4 * w**2, [v, w], rates=[0.05], steps=8)
    (way,) = ways(figure.axes[0])
    expected = np.stack([3 * 0.9 ** np.arange(9), 0.6 ** np.arange(9)], axis=1)
    np.testing.assert_allclose(way, expected, rtol=1e-12)


def test_the_curve_is_the_cost() -> None:
    w = cr.parameter("w", (), init=5.0)
    curve = cr.plots.cost_curve(square(w), w, rates=[0.3], span=(-1, 4)).axes[0].lines[0]
    x, J = (np.asarray(one, float) for one in curve.get_data())
    assert (x[0], x[-1]) == (-1, 4)
    np.testing.assert_allclose(J, (x - 2) ** 2, atol=1e-12)


def test_the_lines_of_a_surface_lie_where_the_cost_is_their_level() -> None:
    v, w = cr.parameter("v", (), init=3.0), cr.parameter("w", (), init=1.0)
    axes = cr.plots.cost_surface(v**2 + 4 * w**2, [v, w], rates=[0.05]).axes[0]
    lines = [one for one in axes.collections if isinstance(one, ContourSet) and not one.filled]
    ((levels, paths),) = [(one.levels, one.get_paths()) for one in lines]
    checked = 0
    for level, path in zip(levels, paths, strict=True):
        points = np.asarray(path.vertices)
        np.testing.assert_allclose(points[:, 0] ** 2 + 4 * points[:, 1] ** 2, level, atol=0.05)
        checked += len(points)
    assert checked > 100


@pytest.mark.parametrize(
    ("rate", "outcome"),
    [(0.3, "Good"), (0.9, "Good"), (1.01, "Too high"), (0.995, "Too high"), (0.01, "Too low"), (1e200, "Too high")],
)
def test_a_panel_judges_its_learning_rate_by_what_came_out(rate: float, outcome: str) -> None:
    w = cr.parameter("w", (), init=5.0)
    axes = cr.plots.cost_curve(square(w), w, rates=[rate], steps=10).axes[0]
    assert title(axes) == outcome
    assert note(axes)[0] == f"learning rate {rate:g}"


def test_an_overflow_is_told() -> None:
    w = cr.parameter("w", (), init=5.0)
    axes = cr.plots.cost_curve(square(w), w, rates=[1e100], steps=10).axes[0]
    assert note(axes)[1] == "J: 9 → ∞, an overflow after 2 steps"


def test_a_descent_that_rests_in_a_higher_minimum_is_told() -> None:
    w = cr.parameter("w")
    J = 0.1 * w**4 - w**2 + 0.5 * w
    figure = cr.plots.cost_curve(J, w, rates=[0.05, 0.06], starts=[-3.2, 2.9], steps=60)
    for axes in figure.axes:
        assert title(axes).startswith("Learning rate 0.0")
        first, second = note(axes)
        assert first.startswith("good, J: ")
        assert second.startswith("caught in another minimum, J: ")
        assert words(axes).count("start") == 2
        assert [way[0, 0] for way in ways(axes)] == [-3.2, 2.9]


def test_usual_rates_come_from_the_curvature_also_where_it_falls_away() -> None:
    w = cr.parameter("w", (), init=4.0)
    J = cr.log(cr.exp(w - 1) + cr.exp(1 - w))
    assert [title(axes) for axes in cr.plots.cost_curve(J, w).axes] == ["Too low", "Good", "Too high"]


def test_data_and_one_parameter_of_two_numbers() -> None:
    rows, labels = cr.points("gauss", count=40)
    X, y, w = cr.examples("X", features=2), cr.examples("y", features=1), cr.parameter("w", (2, 1))
    J = cr.mean(cr.binary_cross_entropy(cr.sigmoid(X @ w), y))
    data = {X: rows, y: labels[:, None]}
    axes = cr.plots.cost_surface(J, w, data=data, rates=[0.1], steps=5, starts=[(0, 0), (0.5, -0.5)]).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w[0, 0]", "w[1, 0]")
    first, second = ways(axes)
    gradient = rows.T @ (0.5 - labels) / 40
    np.testing.assert_allclose(first[1], -0.1 * gradient, rtol=1e-9)
    np.testing.assert_allclose(second[0], (0.5, -0.5))


def test_a_way_ends_with_the_first_point_outside_the_picture() -> None:
    axes = cr.plots.cost_curve().axes[2]
    ((x, y),) = [way.T for way in ways(axes)]
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    assert inside[:-1].all()
    assert not inside[-1]
    cost = note(axes)[1].split()[3]
    assert f"off the plot:\nJ = {cost}" in words(axes)
    assert "end" not in words(axes)


def test_a_way_that_stays_in_the_picture_has_its_start_and_its_end_marked() -> None:
    for axes in cr.plots.cost_curve().axes[:2]:
        (way,) = ways(axes)
        marked = {text.get_text(): text.xy for text in axes.texts if isinstance(text, Annotation)}
        np.testing.assert_allclose(marked["start"], way[0])
        np.testing.assert_allclose(marked["end"], way[-1])


def test_panels_share_one_scale_and_label_it_once() -> None:
    for figure in (cr.plots.cost_curve(), cr.plots.cost_surface()):
        for one, other in pairwise(figure.axes):
            assert (one.get_xlim(), one.get_ylim()) == (other.get_xlim(), other.get_ylim())
        assert [bool(axes.get_ylabel()) for axes in figure.axes] == [True, False, False]
        assert all(axes.get_xlabel() for axes in figure.axes)


def test_the_lowest_point_is_marked_if_the_picture_holds_one() -> None:
    w = cr.parameter("w", (), init=5.0)
    assert "lowest" in words(cr.plots.cost_curve(square(w), w, rates=[0.001]).axes[0])
    assert "lowest" not in words(cr.plots.cost_curve(square(w), w, rates=[0.001], span=(3, 6)).axes[0])


def test_a_cost_that_is_not_defined_everywhere_is_drawn_where_it_is() -> None:
    v, w = cr.parameter("v", (), init=1.0), cr.parameter("w", (), init=1.0)
    curve = cr.plots.cost_curve(v - cr.log(v), v, rates=[0.1], starts=3.0, span=(-1, 4)).axes[0].lines[0]
    x, J = (np.asarray(one, float) for one in curve.get_data())
    assert np.isnan(J[x < 0]).all()
    assert np.isfinite(J[x > 0]).all()
    figure = cr.plots.cost_surface(v - cr.log(v) + w**2, [v, w], rates=[0.1], spans=((-1, 4), (-2, 2)))
    assert title(figure.axes[0]) == "Good"


def test_a_surface_over_many_data_takes_fewer_points() -> None:
    rows = 20_000
    x, v, w = cr.examples("x"), cr.parameter("v"), cr.parameter("w")
    landscape = Landscape(cr.mean((v * x - 1) ** 2 + w**2), [v, w], {x: np.linspace(-1, 1, rows)}, 2)
    assert landscape.data_size == rows
    assert [descent_plots._side(size) for size in (0, 100, rows, 10**9)] == [61, 61, 38, 21]


def test_nothing_is_left_in_matplotlib() -> None:
    before = dict(matplotlib.rcParams)
    cr.plots.cost_curve(theme="dark", steps=3)
    assert dict(matplotlib.rcParams) == before


v, w, pair, x = cr.parameter("v"), cr.parameter("w"), cr.parameter("p", (2,)), cr.examples("x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"J": square(w)}, "give the cost J and what it is to be drawn over"),
        ({"w": w}, "give the cost J and what it is to be drawn over"),
        ({"J": 3.0, "w": w}, "the cost J is an expression"),
        ({"J": square(w), "w": 3.0}, "no parameter|what it is"),
        ({"J": square(w), "w": v}, "not an input or parameter"),
        ({"J": cr.sum(pair**2), "w": pair}, "cost_curve is over one number, but p holds 2"),
        ({"J": cr.mean((w * x) ** 2), "w": w}, "x has no value"),
        ({"J": cr.mean(w * x), "w": x}, "no parameter"),
        ({"J": w * pair, "w": w, "data": {pair: [1, 2]}}, "must be a single number"),
        ({"J": square(w), "w": w, "rates": []}, "one to four learning rates"),
        ({"J": square(w), "w": w, "rates": [0.1, -1]}, "a learning rate must be a positive number"),
        ({"J": square(w), "w": w, "starts": [[1, 2]]}, "starts is a number, or several"),
        ({"J": square(w), "w": w, "starts": []}, "starts is a number, or several"),
        ({"J": square(w), "w": w, "starts": np.nan}, "starts must be finite"),
        ({"J": square(w), "w": w, "steps": 0}, "steps must be a whole number from 1"),
        ({"J": square(w), "w": w, "span": (3, 1)}, "span is the smallest and the largest"),
        ({"J": cr.log(w), "w": w, "starts": [2.0, -1.0]}, "the cost is no finite number at w = -1"),
        ({"J": 3 * w, "w": w}, "no curvature where the descent starts"),
    ],
)
def test_what_is_no_curve_is_an_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.plots.cost_curve(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"J": square(w), "parameters": [w]}, "cost_surface is over two numbers, but w holds 1"),
        ({"J": cr.sum(cr.parameter("q", (3,)) ** 2), "parameters": []}, "nothing holds 0"),
        ({"J": w + v, "parameters": [w, w]}, "listed twice"),
        ({"J": w + v, "parameters": [w, v], "starts": 1.0}, "starts is a pair of numbers"),
        ({"J": w**2 + v**2, "parameters": [w, v], "spans": ((0, 1), 2)}, "the second of spans"),
        ({"J": w**2 + v**2, "parameters": [w, v], "spans": 2}, "spans are two pairs"),
    ],
)
def test_what_is_no_surface_is_an_error(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.plots.cost_surface(**arguments)  # type: ignore[arg-type]
