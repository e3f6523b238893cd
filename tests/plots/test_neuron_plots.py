"""The paths of two neurons: their weights at each snapshot, and whether symmetry is broken."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import chainrule as cr
from chainrule.plots.neuron_plots import _apart

X, Y = cr.points("moons", count=60, seed=5)


def fitted(start: str, *, hidden: int = 3, activation: str = "sigmoid", bias: bool = True) -> cr.Model:
    layers = [
        cr.Dense(hidden, activation, initializer=start, bias=bias),
        cr.Dense(1, "sigmoid", initializer=start, bias=bias),
    ]
    return cr.fit(cr.Network(layers), X, Y, epochs=8, batch_size=7, snapshots=True, optimizer=cr.Adam(0.1), seed=3)


@pytest.fixture(scope="module")
def random() -> cr.Model:
    return fitted("glorot")


@pytest.fixture(scope="module")
def zeros() -> cr.Model:
    return fitted("zeros")


def notes(figure: Figure, axes: Axes) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


def test_the_paths_are_the_weights_at_each_snapshot(random: cr.Model) -> None:
    figure = cr.plots.neuron_paths(random, neurons=(2, 0))
    plane, epochs = figure.axes
    W1 = np.stack([one.parameters["W1"] for one in random.history.snapshots])
    for line, neuron in zip(plane.get_lines()[:2], (2, 0), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), W1[:, :, neuron])
        assert line.get_label() == f"neuron {neuron + 1}: W1[:, {neuron}]"
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("W1[0, j]", "W1[1, j]")
    drawn = {str(line.get_label()): line for line in epochs.get_lines()}
    assert set(drawn) == {"W1[0, 0]", "W1[1, 0]", "W1[0, 2]", "W1[1, 2]"}
    for name, line in drawn.items():
        i, j = int(name[3]), int(name[6])
        np.testing.assert_array_equal(line.get_xdata(), np.arange(9))
        np.testing.assert_array_equal(line.get_ydata(), W1[:, i, j])


def test_starts_and_ends_are_marked_as_such(random: cr.Model) -> None:
    plane = cr.plots.neuron_paths(random).axes[0]
    first, last = (random.history.snapshots[at].parameters["W1"] for at in (0, -1))
    marks = [np.array(line.get_xydata())[0] for line in plane.get_lines()[2:6]]
    np.testing.assert_array_equal(marks, [first[:, 0], last[:, 0], first[:, 1], last[:, 1]])


def test_from_zeros_both_neurons_stay_the_same_and_the_figure_says_so(random: cr.Model, zeros: cr.Model) -> None:
    figure = cr.plots.neuron_paths({"zeros": zeros, "random": random})
    one, other = (np.array(line.get_xydata()) for line in figure.axes[0].get_lines()[:2])
    np.testing.assert_allclose(one, other, rtol=1e-4)
    assert np.ptp(one) > 0.05
    assert "Both stay the same" in notes(figure, figure.axes[0])
    broad, thin = (line.get_linewidth() for line in figure.axes[0].get_lines()[:2])
    assert broad > 2 * thin
    W1 = [random.history.snapshots[at].parameters["W1"].astype(float) for at in (0, -1)]
    first, last = (float(np.linalg.norm(W[:, 0] - W[:, 1])) for W in W1)
    assert f"distance is {first:.2g} at epoch 0 and {last:.2g} at epoch 8" in notes(figure, figure.axes[1])


def test_neurons_that_do_not_move_at_all_are_told_from_those_that_move_alike() -> None:
    figure = cr.plots.neuron_paths(fitted("zeros", activation="tanh"))
    assert "Neither neuron moves" in notes(figure, figure.axes[0])
    figure.draw_without_rendering()


def test_with_one_input_the_bias_is_the_second_weight() -> None:
    network = cr.Network([cr.Dense(2, "tanh"), cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X[:, :1], Y, epochs=3, snapshots=True)
    plane = cr.plots.neuron_paths(model).axes[0]
    last = model.parameters
    np.testing.assert_array_equal(
        np.array(plane.get_lines()[1].get_xydata())[-1], [last["W1"][0, 1], last["b1"][1]]
    )
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("W1[0, j]", "b1[j]")


def test_a_deeper_layer_and_other_inputs_can_be_chosen() -> None:
    network = cr.Network([cr.Dense(12, "tanh"), cr.Dropout(0.1), cr.Dense(2, "tanh"), cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, Y, epochs=2, snapshots=True)
    plane = cr.plots.neuron_paths(model, layer=2, inputs=(11, 3)).axes[0]
    np.testing.assert_array_equal(
        np.array(plane.get_lines()[0].get_xydata())[-1], model.parameters["W2"][[11, 3], 0]
    )
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("W2[11, j]", "W2[3, j]")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layer": 3}, "no layer 3, the network has 2"),
        ({"layer": 0}, "layer must be a whole number from 1 up"),
        ({"neurons": (0, 3)}, "layer 1 has 3 neurons, counted from 0: there is no 3"),
        ({"neurons": (1, 1)}, "neurons are two different ones"),
        ({"neurons": 1}, "neurons are two numbers"),
        ({"inputs": (0, 2)}, "layer 1 has 2 inputs, counted from 0: there is no 2"),
        ({"inputs": "01"}, "inputs are two numbers"),
        ({"inputs": (-1, 0)}, "each of the inputs must be a whole number from 0 up"),
        ({"theme": "pink"}, "theme is"),
    ],
)
def test_what_is_not_there_is_refused(random: cr.Model, change: dict[str, Any], said: str) -> None:
    with pytest.raises(cr.UserError, match=said):
        cr.plots.neuron_paths(random, **change)


def test_one_input_without_a_bias_and_models_without_snapshots_are_refused(random: cr.Model) -> None:
    network = cr.Network([cr.Dense(2, "tanh", bias=False), cr.Dense(1, "sigmoid")])
    narrow = cr.fit(network, X[:, :1], Y, epochs=1, snapshots=True)
    with pytest.raises(cr.UserError, match="layer 1 has 1 inputs"):
        cr.plots.neuron_paths(narrow)
    with pytest.raises(cr.UserError, match="no snapshots"):
        cr.plots.neuron_paths([random, cr.fit(network, X, Y, epochs=1)])
    with pytest.raises(cr.UserError, match="up to 3 models"):
        cr.plots.neuron_paths([random] * 4)


def test_labels_are_moved_apart_and_as_little_as_needed() -> None:
    heights = _apart([0.1, 0.5, 0.5, 0.56])
    assert heights[0] == 0.1
    assert np.diff(heights).min() >= 0.075 - 1e-12
    assert np.mean(heights[1:]) == pytest.approx(np.mean([0.5, 0.5, 0.56]))
