"""Planes through all parameters: their points, their costs, the nearest point to others."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.plots.planes import Plane, flat, principal_plane, random_plane, ranges, weights_plane
from chainrule.training.model_graph import ModelGraph

ORIGIN = {"W1": np.array([[3.0, 0.0], [4.0, 2.0]]), "b1": np.array([1.0, -1.0])}


def test_the_cost_at_each_point_is_that_of_its_parameters() -> None:
    X, y = cr.points("xor", count=30)
    network = cr.Network([cr.Dense(3, "tanh"), cr.Dropout(0.2), cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, epochs=3, preprocess="standardize", dtype="float64")
    plane = random_plane(model.parameters, 1)
    a, b = [-1.0, 0.0, 0.7], [-0.4, 2.0]
    found = plane.costs(ModelGraph.of(model, X, y), np.array(a), np.array(b))
    rows = (X - X.mean(axis=0)) / X.std(axis=0)
    for row, column in np.ndindex(2, 3):
        p = plane.parameters(a[column], b[row])
        y_hat = 1 / (1 + np.exp(-(np.tanh(rows @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])))[:, 0]
        J = -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
        np.testing.assert_allclose(found[row, column], J, rtol=1e-9)


def test_random_directions_move_each_neuron_as_far_as_its_weights_are_long() -> None:
    plane = random_plane(ORIGIN, 7)
    for direction in (plane.first, plane.second):
        np.testing.assert_allclose(np.linalg.norm(direction["W1"], axis=0), [5.0, 2.0])
        np.testing.assert_array_equal(direction["b1"], [0.0, 0.0])
    assert not np.allclose(plane.first["W1"], plane.second["W1"])
    np.testing.assert_array_equal(random_plane(ORIGIN, 7).first["W1"], plane.first["W1"])
    assert not np.allclose(random_plane(ORIGIN, 8).first["W1"], plane.first["W1"])


@pytest.mark.parametrize("side", [-3.0, 3.0])
def test_principal_directions_are_those_in_which_the_path_moves_most(side: float) -> None:
    random = np.random.default_rng(0)
    u, v = np.linalg.qr(random.normal(size=(6, 2)))[0].T
    # The end, seen from which the path moves 3 times as far along u as along v, at right angles.
    times = [(side, 1.0), (side, -1.0), (0.0, 0.0)]
    path = [
        {"W1": (flat(ORIGIN) + a * u + b * v)[:4].reshape(2, 2), "b1": (flat(ORIGIN) + a * u + b * v)[4:]}
        for a, b in times
    ]
    plane = principal_plane(path, ORIGIN)
    assert abs(flat(plane.first) @ u) == pytest.approx(1)
    assert abs(flat(plane.second) @ v) == pytest.approx(1)
    assert plane.labels == ("principal direction 1 (90.0 % of the way)", "principal direction 2 (10.0 %)")
    # The path runs to the right and ends in the middle.
    across = [plane.project(parameters)[0] for parameters in path]
    np.testing.assert_allclose(across, [-3, -3, 0], atol=1e-12)


def test_a_straight_path_has_a_second_direction_at_a_right_angle() -> None:
    path = [{name: array * (1 + t) for name, array in ORIGIN.items()} for t in (2.0, 1.0, 0.0)]
    plane = principal_plane(path, ORIGIN)
    assert flat(plane.first) @ flat(plane.second) == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(flat(plane.second)) == pytest.approx(1)
    assert "(0 %)" in plane.labels[1]


def test_the_coordinates_of_a_plane_of_two_weights_are_these_weights() -> None:
    plane = weights_plane(ORIGIN, ("W1[1, 0]", "b1[1]"))
    moved = plane.parameters(9.0, 8.0)
    np.testing.assert_array_equal(moved["W1"], [[3, 0], [9, 2]])
    np.testing.assert_array_equal(moved["b1"], [1, 8])
    assert plane.at == (4.0, -1.0)
    assert plane.project(moved) == pytest.approx((9, 8))


def test_the_nearest_point_of_a_plane_whose_directions_are_at_no_right_angle() -> None:
    plane = Plane(
        {"W1": np.zeros((1, 3))},
        {"W1": np.array([[1.0, 0.0, 0.0]])},
        {"W1": np.array([[1.0, 1.0, 0.0]])},
        (0.0, 0.0),
        ("a", "b"),
    )
    assert plane.project({"W1": np.array([[5.0, 2.0, 99.0]])}) == pytest.approx((3, 2))


@pytest.mark.parametrize(
    "name", ["W1", "W1[0]", "W1[0, 2]", "W1[2, 0]", "W2[0, 0]", "W1[-1, 0]", "b1[0, 0]", "W1[0, 0", "", 3]
)
def test_names_of_no_weight_are_refused_with_what_there_is(name: object) -> None:
    with pytest.raises(cr.UserError, match=r"is no weight of the model.*W1 of shape \(2, 2\), b1 of shape \(2,\)"):
        weights_plane(ORIGIN, ("W1[0, 0]", name))  # type: ignore[arg-type]


def test_paths_that_span_no_plane_are_refused() -> None:
    with pytest.raises(cr.UserError, match="did not move"):
        principal_plane([ORIGIN, ORIGIN], ORIGIN)
    with pytest.raises(cr.UserError, match="only one number"):
        principal_plane([{"W1": np.ones((1, 1))}], {"W1": np.zeros((1, 1))})
    with pytest.raises(cr.UserError, match="two different weights"):
        weights_plane(ORIGIN, ("b1[0]",))


def test_a_drawing_holds_the_whole_path_with_room_around_it_and_no_thin_side() -> None:
    (a0, a1), (b0, b1) = ranges([(0.0, 0.0), (10.0, 1.0)], (4.0, 0.5))
    assert a0 < 0 < 10 < a1
    assert b0 < 0 < 1 < b1
    assert (b1 - b0) == pytest.approx(0.4 * (a1 - a0))
    (a0, a1), (b0, b1) = ranges([(2.0, 3.0)], (2.0, 3.0))
    assert a0 < 2 < a1
    assert b0 < 3 < b1
