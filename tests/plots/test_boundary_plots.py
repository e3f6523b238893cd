"""Decision boundaries of classifiers on points in the plane."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.contour import ContourSet
from numpy.typing import ArrayLike, NDArray

import chainrule as cr
from chainrule.plots.style import Style

X, Y = cr.points("moons", count=60, noise=0.9, seed=1)
X_TEST, Y_TEST = cr.points("moons", count=40, noise=0.9, seed=2)


def fitted(*layers: cr.Dense, x: ArrayLike = X, y: ArrayLike = Y) -> cr.Model:
    network = cr.Network(list(layers))
    return cr.fit(network, x, y, optimizer=cr.Adam(0.05), epochs=100, batch_size="all", progress=False)


@pytest.fixture(scope="module")
def straight() -> cr.Model:
    return fitted(cr.Dense(1, "sigmoid"))


@pytest.fixture(scope="module")
def curved() -> cr.Model:
    return fitted(cr.Dense(8, "tanh"), cr.Dense(1, "sigmoid"))


@pytest.fixture(scope="module")
def three() -> cr.Model:
    x = np.concatenate([X, 0.4 * X[:30] + (0, 8)])
    y = [*np.where(Y == 1, "dog", "cat"), *["bird"] * 30]
    return fitted(cr.Dense(8, "tanh"), cr.Dense(3, "softmax"), x=x, y=y)


def title(axes: Axes) -> str:
    return axes.get_title(loc="left")


def note(axes: Axes) -> list[str]:
    return axes.texts[0].get_text().splitlines()


def dots(axes: Axes) -> list[NDArray[np.float64]]:
    """Return the points of each scatter: by class, then those on crosses, for each set."""
    return [np.asarray(one.get_offsets(), float) for one in axes.collections if not isinstance(one, ContourSet)]


def boundary(axes: Axes) -> NDArray[np.float64]:
    lines = [one for one in axes.collections if isinstance(one, ContourSet)]
    return np.concatenate([np.asarray(path.vertices) for line in lines for path in line.get_paths()])


def test_the_boundary_lies_where_the_probability_is_a_half(curved: cr.Model) -> None:
    points = boundary(cr.plots.decision_boundary(curved, X, Y).axes[0])
    assert len(points) > 50
    np.testing.assert_allclose(curved.predict_proba(points)[:, 1], 0.5, atol=0.01)


def test_the_boundary_of_a_logistic_regression_is_its_line(straight: cr.Model) -> None:
    points = boundary(cr.plots.decision_boundary(straight, X, Y).axes[0])
    z = points @ straight.parameters["W1"] + straight.parameters["b1"]
    np.testing.assert_allclose(z, 0, atol=1e-3)


def test_boundaries_of_three_classes_lie_where_the_two_likeliest_are_equal(three: cr.Model) -> None:
    figure = cr.plots.decision_boundary(three, X, np.where(Y == 1, "dog", "cat"))
    largest = np.sort(three.predict_proba(boundary(figure.axes[0])), axis=1)
    np.testing.assert_allclose(largest[:, 2], largest[:, 1], atol=0.03)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[:3] == ["bird", "cat", "dog"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ground_is_the_likeliest_classs_colour_the_stronger_the_surer(curved: cr.Model, theme: str) -> None:
    axes = cr.plots.decision_boundary(curved, X, Y, theme=theme).axes[0]  # type: ignore[arg-type]
    (image,) = axes.images
    ground = np.asarray(image.get_array(), float)
    left, right, bottom, top = image.get_extent()
    rows, columns = ground.shape[:2]
    grid = np.stack(np.meshgrid(np.linspace(left, right, columns), np.linspace(bottom, top, rows)), axis=2)
    p = curved.predict_proba(grid.reshape(-1, 2))[:, 1].reshape(rows, columns)
    style = Style(theme)  # type: ignore[arg-type]
    paper, blue, orange = (np.array(to_rgb(style.color(role))) for role in ("paper", "positive", "negative"))
    strength = (0.06 + 0.28 * np.abs(2 * p - 1))[..., None]
    expected = strength * np.where((p > 0.5)[..., None], blue, orange) + (1 - strength) * paper
    near = np.abs(p - 0.5) > 1e-4
    np.testing.assert_allclose(ground[near], expected[near], atol=1e-4)


def test_points_stand_in_the_colour_of_their_class_and_wrong_ones_on_crosses(straight: cr.Model) -> None:
    axes = cr.plots.decision_boundary(straight, X, Y, X_TEST, Y_TEST).axes[0]
    for (negative, positive, crosses), x, y in zip(
        (dots(axes)[:3], dots(axes)[3:]), (X, X_TEST), (Y, Y_TEST), strict=True
    ):
        np.testing.assert_allclose(negative, x[y == 0])
        np.testing.assert_allclose(positive, x[y == 1])
        np.testing.assert_allclose(crosses, x[straight.predict(x) != y])
        assert len(crosses) > 0


def test_titles_give_training_and_test_cost_and_accuracy(straight: cr.Model, curved: cr.Model) -> None:
    figure = cr.plots.decision_boundary({"Too simple": straight, "Right": curved}, X, Y, X_TEST, Y_TEST)
    assert [title(axes) for axes in figure.axes] == ["Too simple", "Right"]
    for axes, model in zip(figure.axes, (straight, curved), strict=True):
        for line, name, x, y in zip(note(axes), ("training", "test"), (X, X_TEST), (Y, Y_TEST), strict=True):
            p = model.predict_proba(x).astype(float)[np.arange(len(y)), y]
            accuracy = 100 * np.mean(model.predict(x) == y)
            assert line == f"{name}: cost {-np.log(p).mean():.3f}, accuracy {accuracy:.0f} %"


def test_the_title_names_the_model_that_is_best_on_the_test_points(straight: cr.Model, curved: cr.Model) -> None:
    figure = cr.plots.decision_boundary({"line": straight, "curve": curved}, X, Y, X[::2], Y[::2])
    costs = [float(note(axes)[1].split()[2].rstrip(",")) for axes in figure.axes]
    assert costs[1] < costs[0]
    assert " ".join(figure.get_suptitle().split()) == f"On new points “curve” is the best: test cost {costs[1]:.3f}"


def test_a_model_that_is_best_on_training_points_alone_is_said_to_overfit(
    straight: cr.Model, curved: cr.Model
) -> None:
    figure = cr.plots.decision_boundary({"line": straight, "curve": curved}, X, Y, X_TEST, Y_TEST)
    (line, line_test), (curve, curve_test) = (
        [float(text.split()[2].rstrip(",")) for text in note(axes)] for axes in figure.axes
    )
    assert curve < line < line_test < curve_test
    assert figure.get_suptitle().startswith("“curve” overfits")


def test_a_tiny_cost_is_not_written_as_0() -> None:
    x = np.array([[-9.0, 0.0], [9.0, 0.0]] * 4)
    y = np.array([0, 1] * 4)
    model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), x, y, optimizer=cr.Adam(0.1), epochs=300, progress=False)
    (line,) = note(cr.plots.decision_boundary(model, x, y).axes[0])
    assert line == "training: cost below 0.001, accuracy 100 %"


def test_models_share_one_scale_that_holds_all_points(straight: cr.Model, curved: cr.Model) -> None:
    figure = cr.plots.decision_boundary([straight, curved, straight, curved], X, Y, X_TEST, Y_TEST)
    assert len(figure.axes) == 4
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes}) == 1
    (x0, x1), (y0, y1) = figure.axes[0].get_xlim(), figure.axes[0].get_ylim()
    points = np.concatenate([X, X_TEST])
    assert ((points > (x0, y0)) & (points < (x1, y1))).all()


def test_axes_have_the_names_of_the_features(straight: cr.Model) -> None:
    axes = cr.plots.decision_boundary(straight, X, Y, names=("width", "height")).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("width", "height")


def test_a_model_with_preprocessing_is_drawn_over_the_points_as_they_were_given() -> None:
    far = 100 + 10 * X
    model = cr.fit(
        cr.Network([cr.Dense(1, "sigmoid")]), far, Y, preprocess="standardize", epochs=100, progress=False
    )
    points = boundary(cr.plots.decision_boundary(model, far, Y).axes[0])
    np.testing.assert_allclose(model.predict_proba(points)[:, 1], 0.5, atol=0.01)


def test_where_a_model_always_answers_the_same_there_is_no_boundary(straight: cr.Model) -> None:
    away = X + np.array([20, -20])
    assert set(straight.predict(away).tolist()) == {1}
    axes = cr.plots.decision_boundary(straight, away, np.ones(60, int)).axes[0]
    assert not [one for one in axes.collections if isinstance(one, ContourSet)]


def test_nothing_is_left_in_matplotlib(straight: cr.Model) -> None:
    before = dict(matplotlib.rcParams)
    cr.plots.decision_boundary(straight, X, Y)
    assert dict(matplotlib.rcParams) == before


def test_what_does_not_fit_is_an_error(straight: cr.Model) -> None:
    wide = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), np.ones((4, 3)), [0, 1, 0, 1], epochs=1, progress=False)
    numbers = cr.fit(cr.Network([cr.Dense(1)]), X, X[:, 0], epochs=1, progress=False)
    many = cr.fit(cr.Network([cr.Dense(9, "softmax")]), X, np.arange(60) % 9, epochs=1, progress=False)
    cases = [
        ((wide, np.ones((4, 3)), [0, 1, 0, 1]), {}, "reads 3 features a row"),
        ((numbers, X, X[:, 0]), {}, "needs a classifier"),
        ((many, X, np.arange(60) % 9), {}, "colours for 8 classes, but the model has 9"),
        (([], X, Y), {}, "no model to plot"),
        (("model.safetensors", X, Y), {}, "no trained model"),
        ((straight, X[:, :1], Y), {}, "2"),
        ((straight, X, Y[:5]), {}, "60 rows but y has 5 labels"),
        ((straight, X, Y + 5), {}, "5"),
        ((straight, X, Y, X_TEST), {}, "both X_test and y_test"),
        ((straight, X, Y), {"names": "xy"}, "names are those of the two features"),
    ]
    for arguments, options, message in cases:
        with pytest.raises(cr.UserError, match=message):
            cr.plots.decision_boundary(*arguments, **options)  # type: ignore[arg-type]
