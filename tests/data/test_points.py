import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule.data.points import points
from chainrule.errors import UserError

NAMES = ("gauss", "circle", "xor", "spiral", "moons")


def logistic_regression(X: NDArray[np.float64], y: NDArray[np.int64]) -> tuple[float, float]:
    """Return the cost and the accuracy that one neuron reaches."""
    w, b = np.zeros(2), 0.0
    for _ in range(2000):
        error = 1 / (1 + np.exp(-(X @ w + b))) - y
        w -= 0.5 * X.T @ error / len(y)
        b -= 0.5 * float(error.mean())
    z = (X @ w + b) * np.where(y == 1, 1.0, -1.0)
    return float(np.logaddexp(0.0, -z).mean()), float((z > 0).mean())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [4, 9, 200])
def test_points_have_their_shapes_and_balanced_labels(name: str, count: int) -> None:
    X, y = points(name, count=count)
    assert X.shape == (count, 2)
    assert y.shape == (count,)
    assert X.dtype == np.float64
    assert y.dtype == np.int64
    assert y.sum() == count // 2
    assert np.abs(X).max() < 7


@pytest.mark.parametrize("name", NAMES)
def test_points_depend_on_the_seed_alone(name: str) -> None:
    X, y = points(name, seed=3)
    again, labels = points(name, seed=3)
    other, _ = points(name, seed=4)
    assert (again == X).all()
    assert (y == labels).all()
    assert not (other == X).all()


@pytest.mark.parametrize("seed", range(5))
def test_one_neuron_learns_gauss(seed: int) -> None:
    cost, _ = logistic_regression(*points("gauss", seed=seed))
    assert cost < 0.01


@pytest.mark.parametrize("name", ["xor", "circle"])
@pytest.mark.parametrize("seed", range(5))
def test_one_neuron_does_not_learn_xor_or_circle(name: str, seed: int) -> None:
    _, accuracy = logistic_regression(*points(name, seed=seed))
    assert accuracy < 0.7


@pytest.mark.parametrize("name", ["circle", "xor", "spiral", "moons"])
def test_neighbours_tell_the_class(name: str) -> None:
    X, y = points(name, count=400)
    distance = np.linalg.norm(X[:, None] - X[None], axis=2) + np.diag(np.full(len(X), np.inf))
    assert (y[distance.argmin(axis=1)] == y).mean() > 0.93


def test_noise_moves_points() -> None:
    still, _ = points("gauss", noise=0)
    assert set(map(tuple, still.tolist())) == {(2.0, 2.0), (-2.0, -2.0)}


@pytest.mark.parametrize(
    ("name", "count", "noise"),
    [("blobs", 10, None), ("xor", 3, None), ("xor", 10, -1.0), ("xor", 10, float("nan"))],
)
def test_what_makes_no_sense_is_refused(name: str, count: int, noise: float | None) -> None:
    with pytest.raises(UserError):
        points(name, count=count, noise=noise)
