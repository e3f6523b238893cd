"""A training that was ended goes on from its checkpoint to the bits that it would have ended in."""

from __future__ import annotations

import json
import os
import signal
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import files
from chainrule.errors import UserError, WorkFailed
from chainrule.sealed import sealed, unsealed
from chainrule.training import checkpoint as module
from chainrule.training.checkpoint import Checkpoint, Checkpoints, training_key
from chainrule.training.descent import Descent
from chainrule.training.history import Epoch
from tests.training.ending import killed_after

X, y = cr.points("xor", count=120, seed=1)
WIDE = np.random.default_rng(0).integers(0, 256, (30, 300)).astype(np.uint8)
WIDE_Y = np.arange(30) % 2


def network() -> cr.Network:
    return cr.Network([cr.Dense(4, "tanh"), cr.Dropout(0.2), cr.Dense(1, "sigmoid")])


def fit(path: Path | None = None, **changed: Any) -> cr.Model:
    told: dict[str, Any] = {
        "preprocess": "standardize", "optimizer": cr.Adam(0.05), "epochs": 6, "batch_size": 16, "seed": 1,
        "validation": 0.2, "snapshots": 3,
    }  # fmt: skip
    return cr.fit(network(), X, y, checkpoint=path, checkpoint_every=0, **(told | changed))


def fit_wide(path: Path | None = None, **changed: Any) -> cr.Model:
    """One neuron in the dual form, whose state are coordinates."""
    told: dict[str, Any] = {"optimizer": cr.Momentum(0.01), "epochs": 8, "batch_size": 7, "dual": True}
    neuron = cr.Network([cr.Dense(1, "sigmoid")])
    return cr.fit(neuron, WIDE, WIDE_Y, checkpoint=path, checkpoint_every=0, **(told | changed))


CASES: dict[str, Callable[..., cr.Model]] = {
    "a network with dropout": fit,
    "early stopping": lambda path=None, **told: fit(path, patience=1, epochs=30, **told),
    "no validation": lambda path=None, **told: fit(path, validation=None, snapshots=None, tolerance=1e-9, **told),
    "the reference in float64": lambda path=None, **told: fit(path, dtype=np.float64, **told),
    "coordinates": fit_wide,
}


@pytest.mark.parametrize("calls", [0, 1, 5, 6, 7, 13, 20])
@pytest.mark.parametrize("case", CASES)
def test_a_killed_training_goes_on_to_the_same_bits(case: str, calls: int, tmp_path: Path) -> None:
    train, path = CASES[case], tmp_path / "checkpoint"
    whole = train()
    assert killed_after(calls, lambda: train(path))
    assert path.exists() == (calls > 0)
    resumed = train(path, threads=2)
    assert resumed.to_bytes() == whole.to_bytes()
    figures = [[(one.epoch, one.cost, one.validation_cost) for one in model.history] for model in (whole, resumed)]
    assert figures[0] == figures[1]
    assert resumed.history.best_epoch == whole.history.best_epoch
    assert resumed.history.stopped == whole.history.stopped
    for one, other in zip(whole.history.snapshots, resumed.history.snapshots, strict=True):
        assert one.epoch == other.epoch
        for name, array in one.parameters.items():
            np.testing.assert_array_equal(array, other.parameters[name])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_a_training_may_be_killed_again_and_again(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int]
) -> None:
    path = tmp_path_factory.mktemp("kills") / "checkpoint"
    for calls in kills:
        killed_after(calls, lambda: fit(path))
    assert fit(path).to_bytes() == fit().to_bytes()


def test_an_overflow_after_a_kill_goes_back_to_the_same_parameters(tmp_path: Path) -> None:
    def explode(path: Path | None = None) -> cr.Model:
        wild = cr.Network([cr.Dense(4, "relu"), cr.Dense(1)])
        told: dict[str, Any] = {"optimizer": cr.GradientDescent(3e-2), "epochs": 40, "batch_size": 40, "seed": 2}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cr.TrainingWarning)
            return cr.fit(wild, 3 * X, y.astype(float), checkpoint=path, checkpoint_every=0, **told)

    whole = explode()
    assert whole.history.diverged
    last = len(whole.history) * 3
    for calls in (last - 1, last, last + 1):
        path = tmp_path / f"{calls}"
        assert killed_after(calls, partial(explode, path))
        assert explode(path).to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_training_with_a_checkpoint(number: int, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    handler = signal.getsignal(number)

    def ask(record: Epoch) -> None:
        if record.epoch == 3:
            os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt, match=r"stopped after 3 epochs .* checkpoint=") as caught:
        fit(path, callbacks=[ask])
    assert caught.value.signal == number  # type: ignore[attr-defined]
    assert signal.getsignal(number) is handler
    assert fit(path).to_bytes() == fit().to_bytes()


def test_a_finished_training_is_found_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint"
    whole = fit(path)
    calls: list[int] = []
    real = Descent.steps

    def steps(self: Descent, data: Any, first: int, *told: Any) -> Any:
        calls.append(first)
        return real(self, data, first, *told)

    monkeypatch.setattr(Descent, "steps", steps)
    assert fit(path).to_bytes() == whole.to_bytes()
    assert len(calls) <= 1


@pytest.mark.parametrize(
    "changed",
    [{"seed": 2}, {"epochs": 7}, {"batch_size": 15}, {"optimizer": cr.Adam(0.04)}, {"patience": 3},
     {"validation": 0.3}, {"l2": 0.1}, {"dtype": np.float64}],
    ids=str,
)  # fmt: skip
def test_the_checkpoint_of_another_training_is_refused(changed: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    fit(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="the checkpoint is of another training"):
        fit(path, **changed)
    assert path.read_bytes() == before


def test_other_data_are_another_training(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    neuron = cr.Network([cr.Dense(1, "sigmoid")])
    cr.fit(neuron, X, y, epochs=2, checkpoint=path, checkpoint_every=0)
    other = X.copy()
    other[3, 1] = np.nextafter(other[3, 1], 9)
    for rows, labels in ((other, y), (X, np.where(np.arange(len(y)) == 5, 1 - y, y))):
        with pytest.raises(UserError, match="of another training"):
            cr.fit(neuron, rows, labels, epochs=2, checkpoint=path, checkpoint_every=0)


def test_lbfgs_keeps_no_checkpoint(tmp_path: Path) -> None:
    neuron = cr.Network([cr.Dense(1, "sigmoid")])
    with pytest.raises(UserError, match="L-BFGS knows no checkpoint"):
        cr.fit(neuron, X, y, optimizer="lbfgs", batch_size="all", checkpoint=tmp_path / "checkpoint")


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint"
    written: list[bytes] = []
    real = files._write_synced

    def write(place: Path, data: bytes) -> None:
        if len(written) == 4:
            place.write_bytes(data[: len(data) // 2])
            raise OSError(28, os.strerror(28))
        written.append(data)
        real(place, data)

    monkeypatch.setattr(files, "_write_synced", write)
    with pytest.raises(WorkFailed, match="No space left"):
        fit(path)
    monkeypatch.setattr(files, "_write_synced", real)
    assert path.read_bytes() == written[-1]
    assert os.listdir(tmp_path) == ["checkpoint"]
    assert fit(path).to_bytes() == fit().to_bytes()


def _one() -> Checkpoint:
    values = [np.ones((2, 3), np.float32), np.zeros((), np.float32)]
    return Checkpoint(
        done=12,
        seconds=0.25,
        state={"W1": values[0], "W1.velocity": values[0] / 3},
        outputs={"cost": np.array([0.5, 0.25], np.float32)},
        marks=[(0, values), (10, values)],
        records=[Epoch(1, 0.1, None, 0.2, 0.5, 0.01, 1.5)],
        best=(1, 0.2, values),
        snapshots=[(0, values)],
    )


def test_a_checkpoint_is_read_back_as_it_was_written() -> None:
    found, key = Checkpoint.from_bytes(_one().to_bytes("a key"))
    assert key == "a key"
    assert found.to_bytes(key) == _one().to_bytes(key)
    assert found.records == tuple(_one().records)
    assert found.best is not None
    assert found.best[:2] == (1, 0.2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("done", -1), ("done", 1.5), ("done", None), ("seconds", "soon"), ("records", [{"epoch": 1}]), ("records", 3),
     ("best_cost", None), ("key", None)],
)  # fmt: skip
def test_a_checkpoint_whose_parts_do_not_fit_is_refused(name: str, value: object) -> None:
    content, tensors = unsealed(_one().to_bytes("key"), "checkpoint", module.FORMAT)
    if name == "key":
        del content["key"]
    else:
        content[name] = value
    with pytest.raises(UserError, match="the checkpoint file is damaged"):
        Checkpoint.from_bytes(sealed("checkpoint", module.FORMAT, content, tensors))


@pytest.mark.parametrize("name", ["mark 0", "mark 0 x", "mark 3 1", "best 1 7"])
def test_a_checkpoint_with_tensors_of_no_sense_is_refused(name: str) -> None:
    content, tensors = unsealed(_one().to_bytes("key"), "checkpoint", module.FORMAT)
    tensors[name] = np.zeros(3)
    with pytest.raises(UserError, match="the checkpoint file is damaged"):
        Checkpoint.from_bytes(sealed("checkpoint", module.FORMAT, content, tensors))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_mutated_checkpoint_is_refused_or_the_same(data: st.DataObject) -> None:
    whole = _one().to_bytes("key")
    mutated = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(mutated) - 1))
        mutated[place] = data.draw(st.integers(0, 255))
    mutated = mutated[: data.draw(st.sampled_from([len(mutated), len(mutated) - 1, len(mutated) // 2]))]
    try:
        found, key = Checkpoint.from_bytes(bytes(mutated))
    except UserError:
        return
    assert found.to_bytes(key) == whole


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(b"\0" * 40)
    with pytest.raises(UserError, match=r"checkpoint: .*; remove it to train from the start"):
        fit(path)


def test_the_file_of_a_model_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    fit(epochs=1).save(path)
    with pytest.raises(UserError, match="this is no chainrule checkpoint"):
        fit(path)


def test_writing_takes_a_small_part_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def slow(*_: object) -> None:
        now[0] += 2

    monkeypatch.setattr(module, "write_atomically", slow)
    kept = Checkpoints(tmp_path / "checkpoint", every=5)
    kept.open("key")
    assert not kept.is_due(epoch_over=True)
    now[0] += 1.5
    assert kept.is_due(epoch_over=True)
    assert not kept.is_due(epoch_over=False)
    kept.write(_one())
    now[0] += 39
    assert not kept.is_due(epoch_over=True)
    now[0] += 2
    assert kept.is_due(epoch_over=False)


def test_data_of_every_kind_tell_trainings_apart() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    base = training_key(["a", 1], [({"X": rows}, None)])
    others = [
        training_key(["a", 2], [({"X": rows}, None)]),
        training_key(["a", 1], [({"Z": rows}, None)]),
        training_key(["a", 1], [({"X": rows.astype(np.float64)}, None)]),
        training_key(["a", 1], [({"X": rows.reshape(3, 4)}, None)]),
        training_key(["a", 1], [({"X": rows}, np.array([0, 1, 3]))]),
        training_key(["a", 1], [({"X": rows + np.eye(4, 3, dtype=np.float32)}, None)]),
    ]
    assert base == training_key(["a", 1], [({"X": np.asfortranarray(rows)}, None)])
    assert len({base, *others}) == 7


def test_very_large_data_are_told_apart_by_rows_spread_over_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HASHED", 64)
    rows = np.zeros((1000, 4), np.uint8)
    base = training_key([], [({"X": rows}, None)])
    rows[:500] = 1
    assert training_key([], [({"X": rows}, None)]) != base


def test_the_content_of_a_checkpoint_is_json_and_tensors_alone(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    fit(path)
    content, tensors = unsealed(path.read_bytes(), "checkpoint", module.FORMAT)
    json.dumps(content)
    assert all(isinstance(array, np.ndarray) for array in tensors.values())
