"""Pictures changed at random: the engine's bytes are the reference's, and follow from seed, epoch and row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import chainrule as cr
from chainrule.augment import USUAL, Augmentation, Augmented
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.machine import Batches
from chainrule.compiler.run_inputs import StepKey
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError

Array = NDArray[Any]
_random = np.random.default_rng(0)


def seen_by_the_engine(rows: Array, augmented: Augmented, seed: int, step: int, examples: Array | None) -> Array:
    """The bytes that the engine multiplies: a step adds the rows of its batch up, each into a column of its own."""
    count = len(rows) if examples is None else len(examples)
    X, E = cr.examples("X", features=rows.shape[1]), cr.examples("E", features=count)
    total = cr.parameter("total", (rows.shape[1], count))
    program = compile_program({"step": EntrySpec({"cost": cr.sum(E)}, {total: X.T @ E})}).program
    machine = EngineRun(program, {"total": np.zeros((rows.shape[1], count))}, threads=2)
    places = np.zeros((len(rows), count), np.float32)
    places[np.arange(count) if examples is None else examples, np.arange(count)] = 1
    batches = Batches.all_rows(count, 1) if examples is None else Batches(examples, np.array([0, count]))
    machine.run_steps("step", {"X": rows, "E": places}, batches, {}, key=StepKey(seed, step), augmented=augmented)
    return machine.state["total"].T.astype(np.uint8)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_engine_makes_the_bytes_of_the_reference(data: st.DataObject) -> None:
    shape = (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)), data.draw(st.sampled_from([1, 3])))
    share = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.99])
    how = Augmentation(data.draw(st.booleans()), *(data.draw(share) for _ in range(4)))
    rows = _random.integers(0, 256, (7, int(np.prod(shape)))).astype(np.uint8)
    augmented = Augmented("X", shape, how, data.draw(st.integers(1, 4)))
    examples = data.draw(st.sampled_from([None, np.array([3, 0, 6], np.int64)]))
    seed, step = data.draw(st.integers(0, 2**40)), data.draw(st.integers(1, 40))
    numbers = np.arange(7) if examples is None else examples
    expected = augmented.of_step(rows[numbers], seed, step, numbers)
    np.testing.assert_array_equal(seen_by_the_engine(rows, augmented, seed, step, examples), expected)


def of(rows: Array, shape: tuple[int, int, int], step: int = 1, **how: Any) -> Array:
    return Augmented("X", shape, Augmentation(**how), 1).of_step(rows, 5, step, np.arange(len(rows)))


PICTURES = _random.integers(0, 256, (200, 8 * 8 * 3)).astype(np.uint8)
SHAPE = (8, 8, 3)


def test_about_half_are_mirrored_and_the_others_stay() -> None:
    changed = of(PICTURES, SHAPE, flip=True)
    mirrored = PICTURES.reshape(-1, *SHAPE)[:, :, ::-1].reshape(PICTURES.shape)
    is_mirrored = (changed == mirrored).all(axis=1)
    assert ((changed == PICTURES).all(axis=1) ^ is_mirrored).all()
    assert 70 < is_mirrored.sum() < 130


def test_pictures_are_moved_by_at_most_the_share_and_edges_repeat() -> None:
    pixel = np.zeros((300, 8, 8, 1), np.uint8)
    pixel[:, 4, 4] = 255
    moved = of(pixel.reshape(300, -1), (8, 8, 1), shift=0.25).reshape(300, 8, 8)
    places = np.argwhere(moved == 255)[:, 1:] - 4
    assert {tuple(place) for place in places.tolist()} == {(y, x) for y in range(-2, 3) for x in range(-2, 3)}
    edges = np.zeros((50, 8, 8, 1), np.uint8)
    edges[:, 0] = 200
    for picture in of(edges.reshape(50, -1), (8, 8, 1), shift=0.25).reshape(50, 8, 8):
        assert (picture == picture[:, :1]).all(), "rows of one colour stay so"


def test_bytes_rise_fall_spread_and_stay_bytes() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (100, 1))
    lighter = of(ramp, (16, 16, 1), brightness=0.2).astype(int)
    rise = lighter[:, 128] - 128
    assert -51 <= rise.min() < -40
    assert 40 < rise.max() <= 51
    assert (lighter == np.clip(ramp + rise[:, None], 0, 255)).all()
    stronger = of(ramp, (16, 16, 1), contrast=0.5).astype(int)
    assert (stronger[:, 128] == 128).all()
    assert (np.diff(stronger, axis=1) >= 0).all()
    spread = stronger[:, 200] - stronger[:, 56]
    assert spread.min() < 90
    assert spread.max() > 200


def test_a_square_is_left_out_and_the_rest_stays() -> None:
    changed = of(PICTURES, SHAPE, cutout=0.5).reshape(-1, *SHAPE)
    before = PICTURES.reshape(-1, *SHAPE)
    for one, other in zip(changed, before, strict=True):
        different = (one != other).any(axis=2)
        assert (one[different] == 128).all()
        assert different.any(axis=0).sum() <= 4
        assert different.any(axis=1).sum() <= 4
        assert different.any()


def test_each_epoch_changes_a_picture_anew_and_each_step_of_an_epoch_alike() -> None:
    augmented = Augmented("X", SHAPE, Augmentation(shift=0.25, brightness=0.2), 3)
    by_step = [augmented.of_step(PICTURES, 5, step, np.arange(200)) for step in range(1, 7)]
    for step in (1, 2):
        np.testing.assert_array_equal(by_step[0], by_step[step])
    assert (by_step[3] != by_step[0]).any(axis=1).mean() > 0.9
    alone = augmented.of_step(PICTURES[17:18], 5, 1, np.array([17]))
    np.testing.assert_array_equal(alone[0], by_step[0][17])


def fit(**changed: Any) -> cr.Model:
    told: dict[str, Any] = {
        "pictures": PictureSettings(size=8), "augment": "flip,shift,brightness,contrast,cutout", "epochs": 3,
        "batch_size": 16, "seed": 1, "progress": False,
    }  # fmt: skip
    network = cr.Network([cr.Dense(4), cr.Dense(1, "sigmoid")])
    return cr.fit(network, PICTURES, np.arange(200) % 2, **(told | changed))


@pytest.mark.parametrize("preprocess", ["scale", "standardize"])
@pytest.mark.parametrize("batch_size", [16, "all"])
def test_a_training_sees_the_changed_pictures(preprocess: str, batch_size: int | str) -> None:
    one, two, other = (
        fit(preprocess=preprocess, batch_size=batch_size, **told)
        for told in ({"threads": 1}, {"threads": 2}, {"augment": None})
    )
    assert one.to_bytes() == two.to_bytes()
    assert one.to_bytes() != other.to_bytes()
    reference = fit(preprocess=preprocess, batch_size=batch_size, engine="reference")
    for name, array in reference.parameters.items():
        np.testing.assert_allclose(one.parameters[name], array, rtol=1e-3, atol=1e-5)


def test_a_training_with_changed_pictures_goes_on_from_a_checkpoint(tmp_path: Any) -> None:
    path = tmp_path / "checkpoint"

    def stop(record: Any) -> None:
        if record.epoch == 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fit(checkpoint=path, checkpoint_every=0, callbacks=[stop])
    assert fit(checkpoint=path, checkpoint_every=0).to_bytes() == fit().to_bytes()
    with pytest.raises(UserError, match="of another training"):
        fit(checkpoint=path, augment="flip")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"augment": "flip,turn"}, "augmented by flip, shift, brightness, contrast, cutout, not 'turn'"),
        ({"augment": [3]}, "not 3"),
        ({"pictures": None}, "give pictures="),
        ({"dual": True, "optimizer": "sgd"}, "dual=True"),
        ({"optimizer": "lbfgs", "batch_size": "all"}, "L-BFGS knows no augment"),
    ],
)
def test_what_cannot_be_augmented_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        fit(**changed)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_shares_are_shares(share: float) -> None:
    with pytest.raises(UserError, match="the shift of an augmentation"):
        Augmentation(shift=share)


def test_names_stand_for_usual_sizes() -> None:
    assert Augmentation.of(None) is None
    assert Augmentation.of([]) is None
    assert Augmentation.of(Augmentation()) is None
    every = Augmentation.of(", ".join(USUAL))
    assert every is not None
    assert every.words() == "flip, shift, brightness, contrast, cutout"
    assert Augmentation.of(["flip"]) == Augmentation(flip=True)


@pytest.mark.parametrize(
    "numbers",
    [[0] * 9, [1, 8, 8, 3, 1, 1, 0, 0, 0, 1], [-1, 8, 8, 3, 1, 1, 0, 0, 0, 1], [0, 8, 8, 4, 1, 1, 0, 0, 0, 1],
     [0, 0, 8, 3, 1, 1, 0, 0, 0, 1], [0, 8, 8, 3, 1, -1, 0, 0, 0, 1], [0, 8, 8, 3, 1, 1, 0, 0, 0, 0],
     [0, 8, 8, 3, 1, 1, 0, 0, 1 << 40, 1]],
)  # fmt: skip
def test_the_engine_refuses_numbers_without_sense(numbers: list[int]) -> None:
    X, w = cr.examples("X", features=192), cr.parameter("w", (192,))
    program = compile_program({"step": EntrySpec({"cost": cr.sum(X @ w)})}).program
    machine = EngineRun(program, {"w": np.zeros(192)})
    told = (
        0,
        [PICTURES],
        None,
        np.array([0, 200]),
        np.zeros((1, 0), np.float32),
        0,
        1,
        np.zeros((1, 1), np.float32),
        1.0,
    )
    with pytest.raises(ValueError, match=r"augment|picture|epoch|numbers"):
        machine._machine.run_steps(*told, np.array(numbers, np.int64))
