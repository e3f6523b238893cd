"""Weights as pictures: the numbers in each picture, the scale, and what is refused."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

import chainrule as cr
from chainrule.data.settings import PictureSettings
from chainrule.plots.weight_plots import _columns

Array = NDArray[Any]
RANDOM = np.random.default_rng(1)
GREY = RANDOM.integers(0, 256, (40, 4 * 6), dtype=np.uint8)
COLOR = RANDOM.integers(0, 256, (40, 4 * 4 * 3), dtype=np.uint8)
Y = np.arange(40) % 2


def fitted(X: Array, *units: int, **options: Any) -> cr.Model:
    network = cr.Network([*[cr.Dense(n, "tanh") for n in units], cr.Dense(1, "sigmoid")])
    return cr.fit(network, X, Y, epochs=2, seed=3, **options)


def pictures(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_images() and axes.get_label() != "<colorbar>"]


def values(axes: Axes) -> Array:
    return np.asarray(axes.get_images()[0].get_array())


def bar_of(figure: Figure) -> Any:
    """The bar that belongs to the last picture."""
    return pictures(figure)[-1].get_images()[0].colorbar


def test_a_grey_picture_holds_a_neurons_weights_row_by_row() -> None:
    model = fitted(GREY, 3)
    drawn = pictures(cr.plots.weights(model, shape=(4, 6)))
    assert [axes.get_title() for axes in drawn] == ["neuron 1", "neuron 2", "neuron 3"]
    for j, axes in enumerate(drawn):
        np.testing.assert_allclose(values(axes), model.parameters["W1"][:, j].reshape(4, 6), rtol=1e-6)


def test_all_grey_pictures_have_one_scale_around_0_and_blue_is_positive() -> None:
    model = fitted(GREY, 3)
    drawn = pictures(cr.plots.weights(model, shape=(4, 6)))
    largest = np.abs(model.parameters["W1"]).max()
    for axes in drawn:
        image = axes.get_images()[0]
        np.testing.assert_allclose(image.get_clim(), [-largest, largest], rtol=1e-6)
        red, _, blue, _ = image.get_cmap()(1.0)
        assert blue > red
        red, _, blue, _ = image.get_cmap()(0.0)
        assert red > blue


def test_a_colour_picture_is_grey_at_0_and_full_at_the_scale() -> None:
    model = fitted(COLOR, 5, pictures=PictureSettings(size=4))
    W1 = model.parameters["W1"].astype(float)
    largest = np.abs(W1).max()
    figure = cr.plots.weights(model)
    drawn = pictures(figure)
    assert len(drawn) == 5
    for j, axes in enumerate(drawn):
        expected = 0.5 + 0.5 * W1[:, j].reshape(4, 4, 3) / largest
        np.testing.assert_allclose(values(axes), expected, atol=1e-6)
    assert f"grey is 0: each channel is brightest at +{largest:.2g}" in figure.get_supxlabel()


def test_of_few_neurons_the_planes_are_drawn_too() -> None:
    model = fitted(COLOR, 5)
    drawn = pictures(cr.plots.weights(model, shape=(4, 4, 3), neurons=[4, 0]))
    titles = [axes.get_title() for axes in drawn]
    assert titles == ["neuron 5", "red", "green", "blue", "neuron 1", "red", "green", "blue"]
    for row, j in enumerate((4, 0)):
        planes = model.parameters["W1"][:, j].reshape(4, 4, 3)
        for channel in range(3):
            np.testing.assert_allclose(values(drawn[4 * row + 1 + channel]), planes[..., channel], rtol=1e-6)
    assert len(pictures(cr.plots.weights(model, shape=(4, 4, 3), neurons=[4, 0], planes=False))) == 2
    assert len(pictures(cr.plots.weights(model, shape=(4, 4, 3), planes=True))) == 20


def test_of_very_many_neurons_those_with_the_largest_weights_are_drawn() -> None:
    model = fitted(GREY, 50)
    length = np.linalg.norm(model.parameters["W1"].astype(float), axis=0)
    expected = np.sort(np.argsort(length)[-36:]) + 1
    figure = cr.plots.weights(model, shape=(4, 6))
    assert [axes.get_title() for axes in pictures(figure)] == [f"neuron {j}" for j in expected]
    assert "36 of 50 neurons of layer 1, the largest" in figure.get_suptitle()


def test_a_network_of_one_layer_names_the_classes_that_its_neurons_speak_for() -> None:
    names = np.array(["cat", "dog", "a name that is much too long"])
    network = cr.Network([cr.Dense(3, "softmax")])
    three = cr.fit(network, GREY, names[np.arange(40) % 3], epochs=1, classes=names.tolist())
    titles = [axes.get_title() for axes in pictures(cr.plots.weights(three, shape=(4, 6)))]
    assert titles == ["for cat", "for dog", "for a name that i…"]
    two = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), GREY, names[Y], epochs=1, classes=["dog", "cat"])
    assert [axes.get_title() for axes in pictures(cr.plots.weights(two, shape=(4, 6)))] == ["for cat"]


def test_a_few_very_large_weights_lie_beyond_the_scale_and_the_bar_says_so() -> None:
    model = fitted(RANDOM.normal(size=(40, 900)), 3)
    large = {name: array.copy() for name, array in model.parameters.items()}
    large["W1"][7, 1] = 1000.0
    object.__setattr__(model, "parameters", large)
    figure = cr.plots.weights(model, shape=(30, 30))
    assert pictures(figure)[0].get_images()[0].get_clim()[1] < 1
    assert bar_of(figure).extend == "both"
    assert bar_of(figure).ax.get_ylabel() == "weight"
    assert bar_of(cr.plots.weights(fitted(GREY, 3), shape=(4, 6))).extend == "neither"


def test_a_model_of_other_rows_has_its_layers_drawn_as_tables() -> None:
    X, y = cr.points("moons", count=40)
    model = cr.fit(cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")]), X, y, epochs=2)
    drawn = pictures(cr.plots.weights(model))
    assert [axes.get_title(loc="left") for axes in drawn] == ["W1", "W2"]
    for axes, name in zip(drawn, ("W1", "W2"), strict=True):
        W = model.parameters[name]
        np.testing.assert_allclose(values(axes), W, rtol=1e-6)
        written = [text.get_text() for text in axes.texts if text.get_text()[-3:-2] == "."]
        assert written == [f"{weight:.2f}".replace("-", "−") for weight in W.ravel()]


def test_large_tables_and_neurons_that_are_all_0_are_drawn() -> None:
    large = cr.plots.weights(fitted(GREY, 30))
    large.draw_without_rendering()
    assert not [text for axes in large.axes for text in axes.texts if text.get_text()[-3:-2] == "."]
    network = cr.Network([cr.Dense(2, "tanh", initializer="zeros"), cr.Dense(1, "sigmoid", initializer="zeros")])
    zeros = cr.fit(network, GREY, Y, epochs=1)
    cr.plots.weights(zeros, shape=(4, 6), theme="dark").draw_without_rendering()


def test_a_grid_leaves_few_places_empty() -> None:
    for count in range(1, 37):
        columns = _columns(count, 1.6)
        assert 1 <= columns <= count
        assert -count % columns <= 2
    assert [_columns(count, 1.6) for count in (1, 2, 10, 36)] == [1, 2, 5, 9]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": (5, 5)}, r"shape \(5, 5\) has 25 numbers, but the model reads 24 a row"),
        ({"shape": (4, 3, 2)}, "2 channels, but a picture has 1"),
        ({"shape": 24}, r"shape is \(height, width\)"),
        ({"shape": (24,)}, r"shape is \(height, width\)"),
        ({"shape": (4.0, 6)}, "each number of shape"),
        ({"shape": (4, 6), "neurons": [3]}, "has 3 neurons, counted from 0: there is no 3"),
        ({"shape": (4, 6), "neurons": []}, "neurons is a list"),
        ({"shape": (4, 6), "neurons": 1}, "neurons is a list"),
        ({"shape": (4, 6), "neurons": [0] * 37}, "up to 36 neurons"),
        ({"neurons": [1]}, "the rows of this model are no pictures"),
        ({"shape": (4, 6), "theme": "x"}, "theme is"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(cr.UserError, match=said):
        cr.plots.weights(fitted(GREY, 3), **change)


def test_too_many_tables_and_what_is_no_model_are_refused() -> None:
    with pytest.raises(cr.UserError, match="up to 6 layers"):
        cr.plots.weights(fitted(GREY, *[2] * 6))
    with pytest.raises(cr.UserError, match="is no trained model"):
        cr.plots.weights(GREY)  # type: ignore[arg-type]
