"""Training by the engine: the same bits for any number of threads, and what the reference learns up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.training.descent import Descent

X, Y = cr.points("moons", count=300, seed=1)
NETWORK = cr.Network([cr.Dense(20, "tanh"), cr.Dropout(0.2), cr.Dense(1, "sigmoid")])


def fit(**options: Any) -> cr.Model:
    return cr.fit(NETWORK, X, Y, **{"epochs": 20, "batch_size": 64, "validation": 0.2, "seed": 3, **options})


def numbers(model: cr.Model) -> NDArray[Any]:
    return np.concatenate([array.ravel() for array in model.parameters.values()])


@pytest.mark.parametrize("size", [64, "all", 7], ids=str)
def test_the_number_of_threads_changes_no_bit(size: int | str) -> None:
    models = [fit(threads=threads, batch_size=size) for threads in (1, 2, 5)]
    assert len({model.to_bytes() for model in models}) == 1
    assert len({repr([row["validation_cost"] for row in model.history.rows()]) for model in models}) == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": "all", "epochs": 200},
        {"l2": 0.1, "l1": 0.01, "optimizer": cr.Momentum(0.1)},
        {"sample_weight": np.linspace(0.1, 2, 300)},
        {"class_weight": "balanced", "preprocess": "standardize"},
        {"optimizer": cr.GradientDescent(0.2, clip_norm=0.1)},
    ],
    ids=["adam", "full batch", "penalties", "weights", "classes", "clipped"],
)
def test_the_engine_learns_what_the_reference_learns(options: dict[str, Any]) -> None:
    ours, theirs = fit(**options), fit(**options, engine="reference")
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=2e-3, atol=2e-4)
    costs = [[row["cost"] for row in model.history.rows()] for model in (ours, theirs)]
    np.testing.assert_allclose(costs[0], costs[1], rtol=1e-4)
    assert [row["epoch"] for row in ours.history.rows()] == [row["epoch"] for row in theirs.history.rows()]


def test_labels_are_converted_once_and_not_in_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    steps = Descent.steps

    def watched(self: Descent, data: Any, *arguments: Any) -> Any:
        seen.append(data["y"])
        return steps(self, data, *arguments)

    monkeypatch.setattr(Descent, "steps", watched)
    fit(validation=None)
    assert all(y is seen[0] for y in seen)
    assert seen[0].dtype == np.float32


def test_float64_is_computed_by_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: object, *arguments: object, **options: object) -> None:
        raise AssertionError("another machine ran")

    monkeypatch.setattr(EngineRun, "run_steps", refused)
    fit(dtype=np.float64)
    monkeypatch.undo()
    monkeypatch.setattr(NumpyRun, "run_steps", refused)
    fit()


def test_a_cost_that_overflows_is_noticed_at_the_same_step() -> None:
    network = cr.Network([cr.Dense(4, "relu"), cr.Dense(1)])
    ends = []
    for engine in ("engine", "reference"):
        with pytest.warns(cr.TrainingWarning):
            model = cr.fit(
                network, X, X[:, 0], optimizer=cr.GradientDescent(1e3), epochs=50, batch_size="all", engine=engine
            )
        ends.append((model.history.stopped, len(model.history)))
        assert np.isfinite(numbers(model)).all()
    assert ends[0] == ends[1]
