"""What `cr.fit` promises: preprocessing, validation, stopping, reproducible bits, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler import numpy_run
from chainrule.training import bar
from chainrule.training.history import Epoch

NEURON = cr.Network([cr.Dense(1, "sigmoid")])
SMALL = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
X, Y = cr.points("moons", count=60, seed=1)


def fit(network: cr.Network = NEURON, table: Any = X, y: Any = Y, **options: Any) -> cr.Model:
    return cr.fit(network, table, y, **{"epochs": 3, "batch_size": 10, **options})


def bits(model: cr.Model) -> bytes:
    return b"".join(array.tobytes() for array in model.parameters.values())


# The same bits.

PROGRAM = """
import hashlib
import chainrule as cr
X, y = cr.points("moons", count=60, seed=1)
network = cr.Network([cr.Dense(4, "tanh"), cr.Dropout(0.2), cr.Dense(1, "sigmoid")])
model = cr.fit(network, X, y, epochs=3, batch_size=10, seed={seed}, validation=0.2)
print(hashlib.sha256(model.to_bytes()).hexdigest())
"""


def test_the_same_seed_gives_the_same_file_and_another_seed_another() -> None:
    def digest(seed: int) -> str:
        code = PROGRAM.format(seed=seed)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    names: dict[str, Any] = {}
    exec(PROGRAM.format(seed=7).replace("print(", "digest = ("), names)
    assert names["digest"] == digest(7).strip()
    assert digest(7) != digest(8)


def test_float64_is_kept_where_asked_for() -> None:
    assert fit(dtype=np.float64).parameters["W1"].dtype == np.float64
    assert fit().parameters["W1"].dtype == np.float32


# Preprocessing.


def test_bytes_are_scaled_unless_something_else_is_asked_for() -> None:
    rows = (np.arange(120).reshape(60, 2) * 2).astype(np.uint8)
    scaled = fit(table=rows)
    assert scaled.preprocessing.kind == "scale"
    by_hand = fit(table=rows / 255.0, dtype=np.float64)
    np.testing.assert_allclose(scaled.parameters["W1"], by_hand.parameters["W1"], rtol=1e-4)
    assert fit(table=rows, preprocess="none").preprocessing.kind == "none"
    assert fit().preprocessing.kind == "none"


@pytest.mark.parametrize("kind", ["scale", "standardize"])
def test_preprocessing_is_learned_on_the_rows_trained_on(kind: str) -> None:
    rows = np.concatenate([X, np.full((20, 2), 1000.0)])
    y = np.concatenate([Y, np.zeros(20, int)])
    held_out = fit(table=rows, y=y, preprocess=kind, validation=np.arange(60, 80), early_stopping=False)
    alone = fit(preprocess=kind)
    for name, array in alone.preprocessing.tensors.items():
        assert (held_out.preprocessing.tensors[name] == array).all()
    assert bits(held_out) == bits(alone)


def test_standardized_features_have_mean_0_and_deviation_1() -> None:
    rows = np.column_stack([X, np.full(60, 0.1)])
    kept = fit(table=rows, preprocess="standardize").preprocessing
    given = cr.examples("X", features=3)
    seen = cr.value(kept.expression(given), {given: rows})
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(seen.std(axis=0), [1, 1, 0], atol=1e-12)


def test_rows_are_never_copied_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_run, "_BLOCK_BYTES", 1 << 20)
    rows = np.random.default_rng(0).integers(0, 256, size=(4000, 3000), dtype=np.uint8)
    y = np.arange(4000) % 2
    fit(table=rows[:100], y=y[:100], validation=0.15, epochs=1)  # what is imported does not count
    tracemalloc.start()
    fit(table=rows, y=y, validation=0.15, epochs=1, batch_size=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * rows.size


# Held-out examples.


def test_a_share_is_held_out_from_each_class() -> None:
    y = np.repeat([0, 1], [48, 12])
    seen: list[Epoch] = []
    model = fit(y=y, validation=0.25, callbacks=[seen.append])
    assert model.training["examples"] == 45
    assert all(epoch.validation_cost is not None for epoch in seen)
    parts = cr.split(y, validation=0.25, test=0.0, seed=0)
    assert np.bincount(y[parts.validation]).tolist() == [12, 3]
    same = fit(y=y, rows=parts.train, validation=(X[parts.validation], y[parts.validation]))
    assert bits(model) == bits(same)
    assert [e.validation_cost for e in model.history] == [e.validation_cost for e in same.history]


def test_rows_may_be_held_out_by_number() -> None:
    model = fit(validation=np.array([1, 3, 5]))
    same = fit(rows=np.setdiff1d(np.arange(60), [1, 3, 5]), validation=(X[[1, 3, 5]], Y[[1, 3, 5]]))
    assert bits(model) == bits(same)
    assert model.training["examples"] == 57


def test_only_the_rows_asked_for_are_trained_on() -> None:
    chosen = np.array([4, 0, 9, 30])
    assert bits(fit(batch_size="all", epochs=5)) != bits(cr.fit(NEURON, X, Y, rows=chosen, epochs=5))
    alone = cr.fit(NEURON, X[chosen], Y[chosen], epochs=5)
    assert bits(cr.fit(NEURON, X, Y, rows=chosen, epochs=5)) == bits(alone)


def test_rows_may_repeat_even_as_often_as_there_are_rows() -> None:
    drawn = np.random.default_rng(0).integers(0, 60, 60)
    assert bits(cr.fit(NEURON, X, Y, rows=drawn, epochs=3)) == bits(cr.fit(NEURON, X[drawn], Y[drawn], epochs=3))


def test_held_out_examples_do_not_change_what_is_learned_without_early_stopping() -> None:
    train = np.arange(40)
    alone = cr.fit(SMALL, X, Y, rows=train, epochs=4, batch_size=8)
    watched = cr.fit(
        SMALL, X, Y, rows=train, epochs=4, batch_size=8, validation=(X[40:], Y[40:]), early_stopping=False
    )
    assert bits(alone) == bits(watched)


# Stopping.


def overfitting(**options: Any) -> cr.Model:
    noise = np.random.default_rng(3)
    rows, y = noise.normal(size=(40, 8)), noise.integers(0, 2, 40)
    network = cr.Network([cr.Dense(16, "tanh"), cr.Dense(1, "sigmoid")])
    return cr.fit(network, rows[:20], y[:20], validation=(rows[20:], y[20:]), optimizer=cr.Adam(0.02), **options)


def test_early_stopping_keeps_the_best_parameters() -> None:
    model = overfitting(epochs=200, patience=5)
    costs = np.array([epoch.validation_cost for epoch in model.history], float)
    best = model.history.best_epoch
    assert best == int(np.argmin(costs)) + 1
    assert len(costs) == best + 5 < 200
    assert "has not fallen for 5 epochs" in model.history.stopped
    cut = overfitting(epochs=best, early_stopping=False)
    assert bits(model) == bits(cut)
    assert cut.history[-1].validation_cost == costs.min()


def test_without_early_stopping_all_epochs_are_done() -> None:
    model = overfitting(epochs=12, patience=1, early_stopping=False)
    assert len(model.history) == 12
    assert model.history.best_epoch is None
    assert model.history.stopped == "all 12 epochs are done"


def test_training_ends_when_the_cost_no_longer_changes() -> None:
    model = fit(batch_size="all", optimizer=cr.GradientDescent(0.5), epochs=5000, tolerance=1e-4, patience=3)
    costs = [epoch.cost for epoch in model.history]
    changes = -np.diff(costs) / costs[:-1]
    assert len(costs) < 5000
    assert (changes[-3:] < 1e-4).all()
    assert not (changes[-4:] < 1e-4).all()
    assert "changed by less than 0.0001 for 3 epochs" in model.history.stopped


def test_a_cost_that_never_changes_ends_the_training_after_as_many_changes_as_patience() -> None:
    model = fit(batch_size="all", optimizer=cr.GradientDescent(1e-12), epochs=50, tolerance=1e-3, patience=4)
    assert len(model.history) == 5


@pytest.mark.parametrize("yes", [True, np.True_])
def test_a_callback_may_end_the_training(yes: Any) -> None:
    model = fit(epochs=9, callbacks=[lambda epoch: yes if epoch.epoch == 2 else None])
    assert len(model.history) == 2
    assert model.history.stopped == "a callback asked to stop"


def test_callbacks_are_all_told_and_other_answers_do_not_stop() -> None:
    told: list[int] = []
    fit(epochs=4, callbacks=[lambda epoch: 5, lambda epoch: told.append(epoch.epoch)])
    assert told == [1, 2, 3, 4]


def test_no_epochs_give_the_first_values() -> None:
    model = fit(epochs=0, seed=4)
    first = cr.initial_values(NEURON.connect(cr.examples("X", features=2)).parameters, seed=4)
    assert (model.parameters["W1"] == first[0].astype(np.float32)).all()
    assert len(model.history) == 0


# The record.


def test_the_history_tells_each_epoch_also_as_csv() -> None:
    model = fit(validation=0.2, epochs=3, learning_rate=0.01)
    lines = model.history.to_csv().splitlines()
    assert lines[0] == "epoch,cost,accuracy,validation_cost,validation_accuracy,learning_rate,seconds"
    assert len(lines) == 4
    last = model.history[-1]
    assert [float(cell) for cell in lines[-1].split(",")] == list(model.history.rows()[-1].values())
    assert (last.epoch, last.learning_rate) == (3, 0.01)
    assert last.accuracy is not None
    assert 0 <= last.accuracy <= 1
    assert last.seconds > 0


def test_costs_and_accuracy_of_a_full_batch_are_those_before_the_step() -> None:
    model = fit(batch_size="all", epochs=2)
    start = fit(epochs=0)
    answers = start.predict_proba(X)[np.arange(60), Y].astype(float)
    assert model.history[0].cost == pytest.approx(float(-np.log(answers).mean()), rel=1e-5)
    assert model.history[0].accuracy == pytest.approx((start.predict(X) == Y).mean())


def test_the_bar_shows_when_asked_for_and_is_silent_otherwise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bar, "_SECONDS_BETWEEN_UPDATES", 0.0)
    monkeypatch.setenv("COLUMNS", "80")
    fit(validation=0.2)
    fit(progress=False)
    assert capsys.readouterr() == ("", "")
    fit(validation=0.2, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    for word in ("epoch", "/3", "cost", "accuracy", "validation", "/s"):
        assert word in err
    fit(progress=False)  # a bar left running would refuse the next one


# Dropout.

DROPPING = cr.Network([cr.Dense(16, "tanh"), cr.Dropout(0.5), cr.Dense(1, "sigmoid")])


def test_dropout_drops_in_training_alone() -> None:
    plain = cr.Network([layer for layer in DROPPING.layers if not isinstance(layer, cr.Dropout)])
    options: dict[str, Any] = {"batch_size": "all", "epochs": 1, "validation": (X, Y), "optimizer": cr.Adam(1e-12)}
    dropped, whole = fit(DROPPING, **options).history[0], fit(plain, **options).history[0]
    assert dropped.cost != pytest.approx(whole.cost, rel=1e-3)
    assert dropped.validation_cost == pytest.approx(whole.validation_cost)
    model = fit(DROPPING)
    assert (model.predict_proba(X) == model.predict_proba(X)).all()


def test_dropout_depends_on_the_seed_alone_and_not_on_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def costs(seed: int) -> list[float]:
        model = fit(DROPPING, batch_size="all", epochs=4, seed=seed, dtype=np.float64)
        return [epoch.cost for epoch in model.history]

    whole = costs(1)
    assert costs(1) == whole != costs(2)
    monkeypatch.setattr(numpy_run, "_BLOCK_BYTES", 1 << 12)
    np.testing.assert_allclose(costs(1), whole, rtol=1e-12)


# Costs that overflow.


@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_cost_that_overflows_ends_with_the_last_good_parameters(validation: float | None) -> None:
    network = cr.Network([cr.Dense(4, "relu"), cr.Dense(1)])
    with pytest.warns(cr.TrainingWarning, match="overflowed at step .* the learning rate 1e.06 may"):
        model = fit(network, y=X[:, 0], optimizer=cr.GradientDescent(1e6), epochs=20, validation=validation)
    assert model.history.diverged
    assert "overflowed" in model.history.stopped
    assert all(np.isfinite(array).all() for array in model.parameters.values())
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("validation", [None, 0.2])
def test_finite_parameters_that_overflow_every_answer_are_not_kept(validation: float | None) -> None:
    network = cr.Network([cr.Dense(8, "relu"), cr.Dense(4, "relu"), cr.Dense(1)])
    options: dict[str, Any] = {"y": X[:, 0], "batch_size": "all", "epochs": 1, "validation": validation}
    with pytest.warns(cr.TrainingWarning, match="overflowed in the last epoch"):
        model = fit(network, optimizer=cr.Adam(1e20), **options)
    assert model.history.diverged
    assert np.isfinite(model.predict(X)).all()


def test_a_divergence_after_good_epochs_keeps_the_best_of_them() -> None:
    def rate(epoch: float, epochs: int) -> float:
        return 0.05 if epoch < 3 else 2.0 if epoch < 4 else 1e30

    network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1)])
    options: dict[str, Any] = {"y": X[:, 0], "validation": (X, X[:, 0])}
    with pytest.warns(cr.TrainingWarning):
        model = fit(network, optimizer=cr.GradientDescent(rate), epochs=9, **options)
    good = fit(network, optimizer=cr.GradientDescent(0.05), epochs=3, **options)
    assert model.history.diverged
    assert len(model.history) >= 4
    assert model.history.best_epoch == good.history.best_epoch == 3
    assert bits(model) == bits(good)


# A model to start from.


def test_a_model_may_be_trained_on() -> None:
    names = np.array(["out", "in"])[Y]
    first = fit(y=names, epochs=20, classes=["out", "in"], preprocess="standardize")
    more = fit(y=names, epochs=1, initial=first, optimizer=cr.GradientDescent(1e-9))
    assert more.classes == ("out", "in")
    assert more.preprocessing is first.preprocessing
    np.testing.assert_allclose(more.parameters["W1"], first.parameters["W1"], atol=1e-6)


def test_a_model_that_does_not_fit_is_no_start() -> None:
    images = fit(table=(X * 10 + 100).astype(np.uint8))
    cases: list[tuple[cr.Network, NDArray[Any], dict[str, Any], str]] = [
        (SMALL, X, {"initial": fit()}, "parameters of shapes"),
        (NEURON, X[:, :1], {"initial": fit()}, "1 features a row"),
        (NEURON, X / 10, {"initial": images}, "trained on bytes"),
        (NEURON, X, {"initial": fit(), "preprocess": "standardize"}, "leave preprocess out"),
    ]
    for network, rows, options, message in cases:
        with pytest.raises(cr.UserError, match=message):
            fit(network, rows, **options)
