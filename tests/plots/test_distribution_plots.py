"""Distributions in each layer over the epochs: every number against a computation by hand."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

import chainrule as cr

Array = NDArray[Any]
X, Y = cr.points("moons", count=50, seed=5)


def fitted(activation: str, depth: int, *, epochs: int = 6, **options: Any) -> cr.Model:
    layers = [cr.Dense(5, activation, **options) for _ in range(depth)]
    network = cr.Network([*layers, cr.Dense(1, "sigmoid", **options)])
    return cr.fit(network, X, Y, epochs=epochs, snapshots=3, optimizer=cr.GradientDescent(0.3), seed=4)


@pytest.fixture(scope="module")
def model() -> cr.Model:
    return fitted("tanh", 2)


def by_hand(p: Any) -> tuple[list[Array], list[Array]]:
    """Activations and dJ/dW of a 2-5-5-1 network of tanh and a sigmoid."""
    W = [p[f"W{i}"].astype(float) for i in (1, 2, 3)]
    A1 = np.tanh(X @ W[0] + p["b1"])
    A2 = np.tanh(A1 @ W[1] + p["b2"])
    A3 = 1 / (1 + np.exp(-(A2 @ W[2] + p["b3"])))
    d3 = (A3 - Y[:, None]) / len(X)
    d2 = (d3 @ W[2].T) * (1 - A2**2)
    d1 = (d2 @ W[1].T) * (1 - A1**2)
    return [A1, A2, A3], [X.T @ d1, A1.T @ d2, A2.T @ d3]


def lines(axes: Axes) -> dict[str, Array]:
    return {str(line.get_label()): np.array(line.get_xydata()) for line in axes.get_lines()}


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_the_sizes_of_the_gradients_are_those_of_backpropagation_by_hand(model: cr.Model) -> None:
    figure = cr.plots.distributions(model, X, Y, quantity="gradients")
    drawn = lines(figure.axes[0])
    assert list(drawn) == ["layer 1", "layer 2", "output"]
    for place, line in enumerate(drawn.values()):
        np.testing.assert_array_equal(line[:, 0], [0, 3, 6])
        expected = [np.sqrt(np.mean(by_hand(one.parameters)[1][place] ** 2)) for one in model.history.snapshots]
        np.testing.assert_allclose(line[:, 1], expected, rtol=1e-9)
    assert figure.axes[0].get_yscale() == figure.axes[1].get_xscale() == "log"


def test_the_spread_of_the_activations_is_their_standard_deviation_over_the_rows(model: cr.Model) -> None:
    drawn = lines(cr.plots.distributions(model, X, Y, quantity="activations").axes[0])
    for place, line in enumerate(drawn.values()):
        expected = [by_hand(one.parameters)[0][place].std(axis=0).mean() for one in model.history.snapshots]
        np.testing.assert_allclose(line[:, 1], expected, rtol=1e-9)


def test_the_change_of_the_weights_is_measured_from_the_first_snapshot(model: cr.Model) -> None:
    drawn = lines(cr.plots.distributions(model, X, Y, quantity="weights").axes[0])
    first, *_, last = (one.parameters for one in model.history.snapshots)
    for place, line in enumerate(drawn.values(), start=1):
        change = np.sqrt(np.mean((last[f"W{place}"].astype(float) - first[f"W{place}"]) ** 2))
        # On a logarithmic axis there is no place for nothing.
        assert np.isnan(line[0, 1])
        assert line[-1, 1] == pytest.approx(change)


@pytest.mark.parametrize("quantity", ["activations", "gradients", "weights"])
def test_each_ridge_lies_where_the_values_lie(model: cr.Model, quantity: Any) -> None:
    axes = cr.plots.distributions(model, X, Y, quantity=quantity).axes[1]
    ends = [model.history.snapshots[0].parameters, model.history.snapshots[-1].parameters]
    if quantity == "weights":
        values = [[p[f"W{i}"] for i in (1, 2, 3)] for p in ends]
    else:
        values = [by_hand(p)[quantity == "gradients"] for p in ends]
    started = [lines(axes)[f"{name} at the start"] for name in ("layer 1", "layer 2", "output")]
    ended = [np.array(part.get_paths()[0].vertices) for part in axes.collections]
    for place in range(3):
        for curve, real in ((started[place], values[0][place]), (ended[place], values[1][place])):
            x, height = curve[:, 0], curve[:, 1] + place
            assert height.max() == pytest.approx(0.86)
            assert height.min() >= -1e-12
            real = np.abs(real) if quantity == "gradients" else real
            x, real = (np.log10(x), np.log10(real)) if quantity == "gradients" else (x, real)
            middle = np.sum(x * height) / np.sum(height)
            assert middle == pytest.approx(np.mean(real), abs=0.05 * np.ptp(x))


def test_a_layer_of_few_weights_is_seen_beside_one_of_very_many() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 400)) * 1e-3
    network = cr.Network([cr.Dense(30, "tanh"), cr.Dense(1, "sigmoid")])
    wide = cr.fit(network, rows, np.arange(40) % 2, epochs=3, snapshots=2)
    axes = cr.plots.distributions(wide, rows, np.arange(40) % 2, quantity="gradients").axes[1]
    for place, ridge in enumerate(axes.collections):
        assert np.array(ridge.get_paths()[0].vertices)[:, 1].max() == pytest.approx(0.86 - place)


def test_exact_zeros_are_counted_and_not_drawn() -> None:
    model = fitted("relu", 1, epochs=60)
    first, A = (
        np.maximum(X @ one.parameters["W1"].astype(float) + one.parameters["b1"], 0)
        for one in (model.history.snapshots[0], model.history.snapshots[-1])
    )
    assert abs(np.mean(first == 0) - np.mean(A == 0)) > 0.01
    figure = cr.plots.distributions(model, X, Y)
    assert f"{100 * np.mean(A == 0):.0f} % are 0" in texts(figure)
    ridge = np.array(figure.axes[1].collections[0].get_paths()[0].vertices)
    assert np.sum(ridge[:, 0] * ridge[:, 1]) / np.sum(ridge[:, 1]) == pytest.approx(np.mean(A[A > 0]), rel=0.15)


def test_ten_sigmoid_layers_vanish_beside_relu_and_the_figure_says_so() -> None:
    models = {"sigmoid": fitted("sigmoid", 10), "relu": fitted("relu", 10)}
    figure = cr.plots.distributions(models, X, Y, quantity="gradients")
    sigmoid, relu = (lines(axes) for axes in figure.axes[:2])
    ratio = sigmoid["output"][0, 1] / sigmoid["layer 1"][0, 1]
    assert ratio > 1e4
    assert relu["output"][0, 1] / relu["layer 1"][0, 1] < 100
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["sigmoid", "relu"]
    assert f"the gradient in layer 1 is\n1/{float(f'{ratio:.2g}'):,.0f} as large as in the output" in texts(figure)
    # They are compared on the same axes.
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert figure.axes[2].get_xlim() == figure.axes[3].get_xlim()


def test_the_first_panel_compares_the_layers_of_all_models_at_the_start_and_at_the_end(model: cr.Model) -> None:
    other = fitted("sigmoid", 10)
    figure = cr.plots.distributions({"tanh": model, "sigmoid": other}, X, Y, quantity="gradients")
    drawn = lines(figure.axes[-1])
    assert list(drawn) == ["tanh, epoch 0", "tanh, epoch 6", "sigmoid, epoch 0", "sigmoid, epoch 6"]
    for line, snapshot in zip(list(drawn.values())[:2], (0, -1), strict=True):
        found = by_hand(model.history.snapshots[snapshot].parameters)[1]
        np.testing.assert_allclose(line[:, 1], [np.sqrt(np.mean(G**2)) for G in found], rtol=1e-9)
    over_epochs = lines(figure.axes[1])
    np.testing.assert_allclose(drawn["sigmoid, epoch 6"][:, 1], [one[-1, 1] for one in over_epochs.values()])
    names = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert names == [*map(str, range(1, 11)), "output"]
    alone = cr.plots.distributions({"tanh": model, "sigmoid": other}, X, Y, quantity="gradients", details=False)
    assert len(alone.axes) == 1
    assert lines(alone.axes[0]).keys() == drawn.keys()


def test_the_title_says_what_is_found_and_nothing_that_is_not(model: cr.Model) -> None:
    deep = fitted("sigmoid", 10)
    figure = cr.plots.distributions({"deep": deep, "flat": model}, X, Y, quantity="gradients")
    sizes = lines(figure.axes[0])
    times = sizes["output"][0, 1] / sizes["layer 1"][0, 1]
    title = " ".join(figure.get_suptitle().split())
    assert title.startswith("Gradients vanish in “deep”: layer 1 gets ")
    assert float(title.split(" gets ")[1].split()[0].replace(",", "")) == pytest.approx(times, rel=0.05)
    assert cr.plots.distributions(model, X, Y, quantity="gradients").get_suptitle() == "Gradients in each layer"


def test_of_very_many_layers_some_are_shown_the_first_and_the_last_among_them() -> None:
    names = list(lines(cr.plots.distributions(fitted("tanh", 30, epochs=1), X, Y).axes[0]))
    assert len(names) == 12
    assert (names[0], names[-1]) == ("layer 1", "output")


def test_a_network_without_hidden_layers_or_without_any_gradient_is_drawn() -> None:
    one = cr.plots.distributions(fitted("relu", 0), X, Y, quantity="gradients")
    assert list(lines(one.axes[0])) == ["layer 1"]
    dead = fitted("relu", 1, initializer="zeros", bias=False)
    figure = cr.plots.distributions(dead, X, Y, quantity="gradients")
    assert "All are 0" in texts(figure)
    assert texts(figure).count("100 % are 0") == 2
    figure.draw_without_rendering()


def test_what_it_cannot_show_is_refused(model: cr.Model) -> None:
    with pytest.raises(cr.UserError, match='"activations", "gradients", "weights", not \'biases\''):
        cr.plots.distributions(model, X, Y, quantity="biases")  # type: ignore[arg-type]
    with pytest.raises(cr.UserError, match="up to 3 models"):
        cr.plots.distributions([model] * 4, X, Y)
    with pytest.raises(cr.UserError, match="no model"):
        cr.plots.distributions([], X, Y)
    with pytest.raises(cr.UserError, match="is no trained model"):
        cr.plots.distributions([model, X], X, Y)  # type: ignore[list-item]
    with pytest.raises(cr.UserError, match="no snapshots were kept"):
        cr.plots.distributions(cr.fit(model.network, X, Y, epochs=1), X, Y)
    with pytest.raises(cr.UserError, match="3 features"):
        cr.plots.distributions(model, np.ones((4, 3)), [0, 1, 0, 1])
