"""The cost over a plane and the path on it, against computations by hand."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from numpy.typing import NDArray

import chainrule as cr

Array = NDArray[Any]
X, Y = cr.points("moons", count=50, seed=5)


@pytest.fixture(scope="module")
def model() -> cr.Model:
    network = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
    return cr.fit(network, X, Y, epochs=12, batch_size=10, snapshots=7, optimizer=cr.Adam(0.1), seed=4)


def cost(p: Any) -> float:
    A = np.tanh(X @ p["W1"].astype(float) + p["b1"])
    y_hat = 1 / (1 + np.exp(-(A @ p["W2"].astype(float) + p["b2"])))[:, 0]
    return float(-np.mean(Y * np.log(y_hat) + (1 - Y) * np.log(1 - y_hat)))


def flat(p: Any) -> Array:
    return np.concatenate([np.asarray(array, float).ravel() for array in p.values()])


def path(axes: Axes) -> Array:
    return np.array(axes.get_lines()[0].get_xydata())


def note(axes: Axes) -> str:
    return "\n".join(text.get_text() for text in axes.texts)


def test_the_path_over_two_weights_is_that_of_the_snapshots(model: cr.Model) -> None:
    axes = cr.plots.cost_directions(model, X, Y, directions=("W1[1, 2]", "b2[0]")).axes[0]
    snapshots = [one.parameters for one in model.history.snapshots]
    np.testing.assert_allclose(path(axes), [(p["W1"][1, 2], p["b2"][0]) for p in snapshots], rtol=1e-6)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    assert all(x0 < x < x1 and y0 < y < y1 for x, y in path(axes))


@pytest.mark.parametrize("directions", ["principal", "random"])
def test_the_end_is_where_the_plane_has_its_origin(model: cr.Model, directions: str) -> None:
    axes = cr.plots.cost_directions(model, X, Y, directions=directions).axes[0]
    np.testing.assert_allclose(path(axes)[-1], [0, 0], atol=1e-9)


def test_principal_directions_show_the_distances_of_the_path(model: cr.Model) -> None:
    axes = cr.plots.cost_directions(model, X, Y).axes[0]
    moves = np.stack([flat(one.parameters) - flat(model.parameters) for one in model.history.snapshots])
    lengths = np.linalg.svd(moves, compute_uv=False) ** 2
    drawn = np.square(path(axes)).sum(axis=0)
    np.testing.assert_allclose(drawn, lengths[:2], rtol=1e-6)
    assert f"{100 * lengths[:2].sum() / lengths.sum():.2g} % of the path's movement" in note(axes)


def test_the_lines_of_equal_cost_are_where_the_cost_is_that(model: cr.Model) -> None:
    axes = cr.plots.cost_directions(model, X, Y, directions=("W1[0, 0]", "W2[1, 0]")).axes[0]
    lines = next(part for part in axes.collections if isinstance(part, ContourSet) and not part.filled)
    checked = 0
    for level, line in zip(lines.levels, lines.get_paths(), strict=True):
        for x, y in np.array(line.vertices)[::9]:
            p = {name: array.astype(float) for name, array in model.parameters.items()}
            p["W1"][0, 0], p["W2"][1, 0] = x, y
            assert cost(p) == pytest.approx(level, rel=0.05, abs=0.01)
            checked += 1
    assert checked > 20


def test_the_costs_beside_are_those_of_the_snapshots_and_of_their_shadows(model: cr.Model) -> None:
    axes = cr.plots.cost_directions(model, X, Y, directions=("W1[0, 0]", "W1[1, 0]")).axes[1]
    real, shadow = (np.array(line.get_xydata()) for line in axes.get_lines())
    snapshots = model.history.snapshots
    np.testing.assert_array_equal(real[:, 0], [one.epoch for one in snapshots])
    np.testing.assert_allclose(real[:, 1], [cost(one.parameters) for one in snapshots], rtol=1e-6)
    for place, one in enumerate(snapshots):
        p = {name: array.astype(float) for name, array in model.parameters.items()}
        p["W1"][:, 0] = one.parameters["W1"][:, 0]
        assert shadow[place, 1] == pytest.approx(cost(p), rel=1e-6)


def test_random_directions_depend_on_the_seed_and_reach_as_far_as_the_weights(model: cr.Model) -> None:
    one, again, other = (
        cr.plots.cost_directions(model, X, Y, directions="random", seed=seed).axes[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(path(one), path(again))
    assert not np.allclose(path(one), path(other))
    assert one.get_xlim()[0] < -1
    assert one.get_xlim()[1] > 1


def test_a_plane_that_shows_little_of_the_path_says_so(model: cr.Model) -> None:
    moves = np.stack([flat(one.parameters) - flat(model.parameters) for one in model.history.snapshots])
    least = int(np.argmin(np.square(moves[:, :6]).sum(axis=0)))
    share = np.square(moves[:, [least, 9]]).sum() / np.square(moves).sum()
    names = (f"W1[{least // 3}, {least % 3}]", "W2[0, 0]")
    said = note(cr.plots.cost_directions(model, X, Y, directions=names).axes[0])
    assert f"{100 * share:.2g} % of the path's movement" in said
    assert said.startswith("Only ") == (share < 0.05)


def test_a_costs_that_fall_far_have_a_logarithmic_axis() -> None:
    network = cr.Network([cr.Dense(8, "tanh"), cr.Dense(1, "sigmoid")])
    good = cr.fit(network, X, Y, epochs=60, batch_size=10, snapshots=5, optimizer=cr.Adam(0.1), seed=4)
    assert cr.plots.cost_directions(good, X, Y).axes[1].get_yscale() == "log"


def test_regressions_and_several_classes_have_a_cost_too() -> None:
    line = cr.fit(cr.Network([cr.Dense(1)]), X, X[:, 0] - X[:, 1], epochs=4, snapshots=True)
    cr.plots.cost_directions(line, X, X[:, 0] - X[:, 1]).draw_without_rendering()
    labels = np.arange(50) % 3
    three = cr.fit(cr.Network([cr.Dense(3, "softmax")]), X, labels, epochs=4, snapshots=True)
    cr.plots.cost_directions(three, X, labels, directions="random", theme="dark").draw_without_rendering()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"directions": "both"}, 'directions is "principal", "random" or two weights'),
        ({"directions": ("W1[0, 0]",)}, "two different weights"),
        ({"directions": ("W1[0, 0]", "W1[2, 0]")}, "is no weight of the model"),
        ({"seed": 0.5}, "seed must be a whole number"),
        ({"theme": "auto"}, "theme is"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(model: cr.Model, change: dict[str, Any], said: str) -> None:
    with pytest.raises(cr.UserError, match=said):
        cr.plots.cost_directions(model, X, Y, **change)


def test_models_that_did_not_move_or_kept_nothing_are_refused(model: cr.Model) -> None:
    with pytest.raises(cr.UserError, match="no snapshots"):
        cr.plots.cost_directions(cr.fit(model.network, X, Y, epochs=1), X, Y)
    # In float32, weights do not change by so little; a bias, which starts at 0, would.
    network = cr.Network([cr.Dense(1, "sigmoid", bias=False)])
    still = cr.fit(network, X, Y, epochs=2, snapshots=True, optimizer=cr.GradientDescent(1e-30))
    with pytest.raises(cr.UserError, match="did not move"):
        cr.plots.cost_directions(still, X, Y)
    with pytest.raises(cr.UserError, match="is no trained model"):
        cr.plots.cost_directions(model.network, X, Y)  # type: ignore[arg-type]
