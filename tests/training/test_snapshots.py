"""Parameters kept over time: which ones, that they cost nothing unasked, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import snapshots as module
from chainrule.training import trail
from chainrule.training.descent import Descent
from chainrule.training.snapshots import SnapshotRecorder

NETWORK = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
X, Y = cr.points("moons", count=40, seed=1)


def fit(epochs: int = 12, **options: Any) -> cr.Model:
    return cr.fit(NETWORK, X, Y, epochs=epochs, batch_size=10, seed=3, **options)


def epochs_of(model: cr.Model) -> list[int]:
    return [snapshot.epoch for snapshot in model.history.snapshots]


def bits(parameters: Any) -> bytes:
    return b"".join(array.tobytes() for array in parameters.values())


# Which ones are kept.


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (2, [0, 12]),
        (3, [0, 6, 12]),
        (np.int64(5), [0, 3, 6, 9, 12]),
        (100, list(range(13))),
        (True, list(range(13))),
        ("epochs", list(range(13))),
        ([7, 0, 7], [0, 7]),
        (np.array([12]), [12]),
        (range(0, 12, 5), [0, 5, 10]),
        (None, []),
        (False, []),
    ],
    ids=str,
)
def test_the_epochs_that_were_asked_for_are_kept_in_order(wanted: Any, kept: list[int]) -> None:
    assert epochs_of(fit(snapshots=wanted)) == kept


def test_each_snapshot_holds_what_a_training_of_so_many_epochs_ends_with() -> None:
    # The usual learning rate falls over all epochs of a training; this one is the same in all.
    model = fit(snapshots=4, learning_rate=0.01)
    for snapshot in model.history.snapshots:
        assert bits(snapshot.parameters) == bits(fit(epochs=snapshot.epoch, learning_rate=0.01).parameters)
    assert bits(model.history.snapshots[-1].parameters) == bits(model.parameters)


def test_epoch_0_is_where_a_given_model_stands() -> None:
    first = fit()
    more = fit(epochs=2, initial=first, snapshots=True)
    assert bits(more.history.snapshots[0].parameters) == bits(first.parameters)


def test_no_epochs_leave_the_start_alone() -> None:
    assert epochs_of(fit(epochs=0, snapshots=5)) == [0]


def overfitting(**options: Any) -> cr.Model:
    noise = np.random.default_rng(3)
    rows, y = noise.normal(size=(40, 8)), noise.integers(0, 2, 40)
    network = cr.Network([cr.Dense(16, "tanh"), cr.Dense(1, "sigmoid")])
    return cr.fit(
        network, rows[:20], y[:20], validation=(rows[20:], y[20:]), optimizer=cr.Adam(0.02), epochs=400, **options
    )


def test_a_training_that_ends_early_adds_its_end_and_the_epoch_it_kept() -> None:
    model = overfitting(snapshots=2)
    best, last = model.history.best_epoch, len(model.history)
    assert best is not None
    assert 0 < best < last < 400
    assert epochs_of(model) == [0, best, last]
    assert bits(model.history.snapshots[1].parameters) == bits(model.parameters)
    assert bits(model.history.snapshots[2].parameters) != bits(model.parameters)


def test_a_list_adds_nothing_and_what_was_not_reached_is_not_there() -> None:
    assert epochs_of(overfitting(snapshots=[1, 399])) == [1]


@pytest.mark.parametrize("rate", [1e6, 1e38])
def test_a_training_that_overflows_ends_with_the_snapshot_of_what_it_kept(rate: float) -> None:
    network = cr.Network([cr.Dense(4, "relu"), cr.Dense(1)])
    with pytest.warns(cr.TrainingWarning):
        model = cr.fit(network, X, X[:, 0], optimizer=cr.GradientDescent(rate), epochs=20, snapshots=2)
    assert all(np.isfinite(array).all() for one in model.history.snapshots for array in one.parameters.values())
    assert bits(model.parameters) in [bits(one.parameters) for one in model.history.snapshots]


# What they cost, and what they leave alone.


@pytest.mark.parametrize("options", [{}, {"validation": 0.2}], ids=["plain", "early stopping"])
def test_the_model_is_the_same_to_the_bit_with_and_without(options: dict[str, Any]) -> None:
    assert fit(**options, snapshots=True).to_bytes() == fit(**options).to_bytes()


def test_without_being_asked_nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    keep = SnapshotRecorder._keep

    def counted(self: SnapshotRecorder, number: int, values: Any) -> None:
        kept.append(number)
        keep(self, number, values)

    monkeypatch.setattr(SnapshotRecorder, "_keep", counted)
    fit(epochs=5)
    assert kept == []
    fit(epochs=5, snapshots=[2, 4])
    assert kept == [2, 4]


def test_the_copies_of_a_training_do_not_grow_with_its_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[int] = []

    def counted(copy: Any) -> Any:
        def counting(self: Descent) -> Any:
            copies.append(1)
            return copy(self)

        return counting

    monkeypatch.setattr(Descent, "values", counted(Descent.values))
    monkeypatch.setattr(Descent, "whole_state", counted(Descent.whole_state))
    monkeypatch.setattr(trail, "_SECONDS", 1e9)
    cr.fit(NETWORK, X, Y, epochs=1000, batch_size="all")
    assert len(copies) <= 15


def test_a_snapshot_cannot_be_changed() -> None:
    snapshots = fit(snapshots=True).history.snapshots
    assert isinstance(snapshots, tuple)
    with pytest.raises(ValueError, match="read-only"):
        snapshots[0].parameters["W1"][0, 0] = 1.0
    assert snapshots[0].parameters["W1"].dtype == np.float32
    assert fit(snapshots=2, dtype=np.float64).history.snapshots[0].parameters["W1"].dtype == np.float64


def test_the_model_file_does_not_hold_them(tmp_path: Any) -> None:
    model = fit(snapshots=True)
    model.save(tmp_path / "model.safetensors")
    assert cr.load(tmp_path / "model.safetensors").history.snapshots == ()


# What is refused.


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (1, "snapshots .* must be a whole number from 2 up, not 1"),
        (-3, "from 2 up"),
        (2.5, r'how many to keep, True or "epochs" for all epochs, or a list .* \[0, 10\], not 2.5'),
        ("steps", "not 'steps'"),
        ([], "empty list"),
        ([0, 13], "asks for 13 epochs, but there are only 12"),
        ([0, -1], "each of the epochs in snapshots must be a whole number from 0 up, not -1"),
        ([0, 1.5], "not 1.5"),
        ([True], "not True"),
        (np.zeros((2, 2), int), "each of the epochs"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wanted: Any, message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        fit(snapshots=wanted)


def test_more_than_fits_is_refused_before_training_with_what_it_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 500)
    # 2 * 3 + 3 + 3 * 1 + 1 numbers of four bytes.
    message = r"13 snapshots of 52 bytes would take 676 bytes .* 500 that are allowed: .* at most snapshots=9"
    with pytest.raises(cr.UserError, match=message):
        fit(snapshots=True)
    assert len(epochs_of(fit(snapshots=9))) == 9
    monkeypatch.setattr(module, "_MOST_BYTES", 60)
    with pytest.raises(cr.UserError, match="too large for snapshots"):
        fit(snapshots=2)


# The path of a descent on any cost.


def test_minimize_keeps_its_path_by_step() -> None:
    w = cr.parameter("w", (2,))
    start, lowest = np.array([4.0, -3.0]), np.array([1.0, -2.0])
    J = cr.sum((w - lowest) ** 2)
    options: dict[str, Any] = {
        "initial": {w: start},
        "optimizer": cr.GradientDescent(0.1),
        "steps": 6,
        "dtype": np.float64,
    }
    path = cr.minimize(J, [w], snapshots=True, **options).snapshots
    assert [one.step for one in path] == list(range(7))
    # One step goes a fifth of the way: w - lowest shrinks by 1 - 2 * 0.1.
    for one in path:
        np.testing.assert_allclose(one[w], lowest + 0.8**one.step * (start - lowest), rtol=1e-12)
    assert [one.step for one in cr.minimize(J, [w], snapshots=3, **options).snapshots] == [0, 3, 6]
    assert [one.step for one in cr.minimize(J, [w], snapshots=[5], **options).snapshots] == [5]
    assert cr.minimize(J, [w], **options).snapshots == ()
    with pytest.raises(cr.UserError, match="asks for 7 steps, but there are only 6"):
        cr.minimize(J, [w], snapshots=[7], **options)


def test_a_descent_that_overflows_keeps_its_finite_path() -> None:
    w = cr.parameter("w", (), 1.0)
    minimum = cr.minimize(w**4, [w], optimizer=cr.GradientDescent(10.0), steps=50, snapshots="steps")
    steps = [one.step for one in minimum.snapshots]
    assert minimum.diverged_at is not None
    assert steps == list(range(len(steps)))
    assert 2 <= len(steps) <= minimum.diverged_at
    assert np.isfinite([one[w] for one in minimum.snapshots]).all()
