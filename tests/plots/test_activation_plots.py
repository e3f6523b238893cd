"""Curves of activations and their derivatives."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes

import chainrule as cr

ALL = ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "gelu", "silu"]


def lines(axes: Axes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return z, g(z) and g'(z) as drawn."""
    values, slopes = (line for line in axes.lines if len(np.asarray(line.get_xdata())) > 2)
    return tuple(np.asarray(one, float) for one in (*values.get_data(), slopes.get_ydata()))  # type: ignore[return-value]


def shaded(axes: Axes) -> list[tuple[float, float]]:
    boxes = [patch.get_extents().transformed(axes.transData.inverted()) for patch in axes.patches]
    return [(round(box.x0, 2), round(box.x1, 2)) for box in boxes]


def note(axes: Axes) -> str:
    return axes.texts[0].get_text()


def test_all_activations_with_a_curve_are_drawn() -> None:
    figure = cr.plots.activations()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ALL
    assert {axes.get_xlabel() for axes in figure.axes} == {"z"}


@pytest.mark.parametrize("name", ALL)
def test_the_second_line_is_the_slope_of_the_first(name: str) -> None:
    z, a, slope = lines(cr.plots.activations(name).axes[0])
    between = np.diff(a) / np.diff(z)
    middle = (slope[:-1] + slope[1:]) / 2
    known = np.isfinite(middle)
    assert known.sum() >= len(between) - 2
    np.testing.assert_allclose(between[known], middle[known], atol=5e-5)


def test_known_values_are_drawn() -> None:
    z, a, slope = lines(cr.plots.activations("sigmoid").axes[0])
    np.testing.assert_allclose(a, 1 / (1 + np.exp(-z)), rtol=1e-12)
    np.testing.assert_allclose(slope, a * (1 - a), atol=1e-14)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sigmoid", "values from 0 to 1\nslope up to 0.25"),
        ("tanh", "values from −1 to 1\nslope up to 1"),
        ("relu", "values from 0 to ∞\nslope up to 1"),
        ("leaky_relu", "values from −∞ to ∞\nslope up to 1"),
        ("gelu", "values from −0.17 to ∞\nslope up to 1.13"),
    ],
)
def test_a_panel_says_what_values_and_slopes_there_are(name: str, words: str) -> None:
    assert note(cr.plots.activations(name).axes[0]) == words


@pytest.mark.parametrize(
    ("name", "stretches"),
    # The slope of the sigmoid is 0.05 at 2.89, that of tanh at 2.18; leaky_relu's never goes to 0.
    [
        ("sigmoid", [(-6, -2.88), (2.88, 6)]),
        ("tanh", [(-6, -2.18), (2.18, 6)]),
        ("relu", [(-6, 0.01)]),
        ("leaky_relu", []),
    ],
)
def test_what_is_shaded_is_saturated(name: str, stretches: list[tuple[float, float]]) -> None:
    found = shaded(cr.plots.activations(name).axes[0])
    assert len(found) == len(stretches)
    np.testing.assert_allclose(np.ravel(found), np.ravel(stretches), atol=0.011)


def test_where_a_slope_jumps_its_line_has_a_gap() -> None:
    z, _, slope = lines(cr.plots.activations("relu").axes[0])
    gap = z[np.isnan(slope)]
    assert gap == pytest.approx([0.01])
    assert np.isfinite(lines(cr.plots.activations("elu").axes[0])[2]).all()


def test_own_functions_are_drawn_under_their_titles() -> None:
    figure = cr.plots.activations({"square": lambda z: z**2, "wave": lambda z: 3 * cr.tanh(z)})
    square, wave = figure.axes
    assert [square.get_title(loc="left"), wave.get_title(loc="left")] == ["square", "wave"]
    z, a, slope = lines(square)
    np.testing.assert_allclose(a, z**2)
    np.testing.assert_allclose(slope, 2 * z)
    assert note(square).startswith("values from 0 to ∞")
    assert wave.get_ylim()[1] > 3


def test_functions_without_names_are_told_apart() -> None:
    figure = cr.plots.activations([lambda z: z, lambda z: 2 * z])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["custom", "custom (2)"]


def test_a_function_that_overflows_far_out_is_drawn() -> None:
    axes = cr.plots.activations({"exp": cr.exp}, span=(-2000, 2000)).axes[0]
    assert note(axes) == "values from 0 to ∞\nslope up to ∞"
    assert np.isfinite(axes.get_ylim()).all()


def test_a_function_that_is_not_defined_everywhere_is_drawn_where_it_is() -> None:
    axes = cr.plots.activations({"log": cr.log}).axes[0]
    z, a, slope = lines(axes)
    assert note(axes).startswith("values from −∞ to ∞")
    assert np.isnan(a[z < 0]).all()
    np.testing.assert_allclose(slope[z > 0.1], 1 / z[z > 0.1])


def test_all_panels_have_one_scale_on_which_slopes_compare() -> None:
    figure = cr.plots.activations()
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_the_dark_page_has_the_same_curves_in_other_colours() -> None:
    light, dark = (cr.plots.activations("tanh", theme=theme) for theme in ("light", "dark"))
    assert light.get_facecolor() != dark.get_facecolor()
    assert light.axes[0].lines[-1].get_color() != dark.axes[0].lines[-1].get_color()
    np.testing.assert_array_equal(lines(light.axes[0]), lines(dark.axes[0]))


def test_nothing_is_left_in_matplotlib() -> None:
    before = dict(matplotlib.rcParams)
    cr.plots.activations("relu")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("reluu", "reluu"),
        ("softmax", "mixes the neurons"),
        ([], "no activation to draw"),
        (lambda z: np.exp(z), "failed on expressions"),
        (lambda z: cr.sum(z), "keep the shape"),
        (lambda z: cr.sqrt(-1 - z**2), "no finite value"),
        (7, "7"),
    ],
)
def test_what_is_no_activation_is_an_error(names: object, message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.plots.activations(names)  # type: ignore[arg-type]


@pytest.mark.parametrize("span", [(1, 1), (2, 1), (0, np.inf), (1, 2, 3), "ab", None])
def test_a_span_that_is_none_is_an_error(span: object) -> None:
    with pytest.raises(cr.UserError, match="span is the smallest and the largest z"):
        cr.plots.activations("relu", span=span)  # type: ignore[arg-type]
