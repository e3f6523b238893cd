"""Predictions: in blocks, from memory maps, from several threads at once, and what of a model can be copied."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule import model as model_module
from chainrule import prediction

BYTES = np.random.default_rng(0).integers(0, 256, (300, 12), dtype=np.uint8)
FLOATS = np.random.default_rng(1).normal(size=(300, 5))
NETWORK = cr.Network([cr.Dense(4, "relu"), cr.Dense(1, "sigmoid")])


def trained(rows: Any = BYTES, **options: Any) -> cr.Model:
    return cr.fit(NETWORK, rows, np.arange(len(rows)) % 2, epochs=2, **options)


@pytest.mark.parametrize(
    "rows",
    [BYTES, BYTES.astype(np.int64), FLOATS, np.asfortranarray(FLOATS)],
    ids=["bytes", "int64", "float64", "by column"],
)
def test_blocks_give_the_answers_of_one_go(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained(rows)
    whole = model.predict_proba(rows)
    monkeypatch.setattr(prediction, "BLOCK_BYTES", 700)
    assert (model.predict_proba(rows) == whole).all()


def test_rows_that_lie_in_a_file_are_predicted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "rows.npy", BYTES)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    monkeypatch.setattr(prediction, "BLOCK_BYTES", 1000)
    model = trained()
    assert (model.predict_proba(mapped) == model.predict_proba(BYTES)).all()


@pytest.mark.parametrize("bad", [0.5, -1.0, 256.0, 1e30])
def test_a_byte_that_is_none_is_found_in_any_block(bad: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.network.preprocessing._NUMBERS_AT_ONCE", 36)
    rows = BYTES.astype(np.float32)
    rows[250, 3] = bad
    with pytest.raises(cr.UserError, match=r"trained on bytes .* cannot be converted exactly"):
        trained().predict(rows)


def test_a_number_that_is_none_is_named_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "BLOCK_BYTES", 80)
    rows = FLOATS.copy()
    rows[250, 3] = np.inf
    with pytest.raises(cr.UserError, match="X holds inf at row 250, column 3"):
        trained(FLOATS).predict(rows)


def test_many_pictures_are_read_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = cr.PictureSettings(size=2)
    model = trained(pictures=settings)
    paths = [tmp_path / f"{place}.png" for place in range(7)]
    for place, path in enumerate(paths):
        Image.new("RGB", (3, 3), (30 * place, 10, 200)).save(path)
    whole = model.predict_proba(paths)
    monkeypatch.setattr(model_module, "_PICTURE_BYTES", 2 * 12)
    read: list[int] = []
    reading = cr.Model._read_pictures

    def counted(self: cr.Model, some: Any) -> Any:
        read.append(len(some))
        return reading(self, some)

    monkeypatch.setattr(cr.Model, "_read_pictures", counted)
    assert (model.predict_proba(paths) == whole).all()
    assert read == [2, 2, 2, 1]


def test_several_threads_may_ask_one_model_at_the_same_time() -> None:
    model = trained(FLOATS)
    blocks = [FLOATS[start : start + 1 + start % 7] for start in range(200)]
    alone = [model.predict_proba(rows) for rows in blocks]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(model.predict_proba, blocks * 5))
    assert all((found == alone[place % 200]).all() for place, found in enumerate(together))


def test_a_model_that_has_answered_can_be_copied() -> None:
    model = trained()
    answers = model.predict_proba(BYTES)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), replace(model, threads=1)):
        assert (other.predict_proba(BYTES) == answers).all()


def test_what_computes_is_no_part_of_the_file() -> None:
    one, other = trained(threads=1, engine="reference"), trained(engine="reference")
    assert (one.threads, other.threads) == (1, None)
    assert one.to_bytes() == other.to_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "numpy"}, "the engine is"),
        ({"threads": 0}, "threads must be"),
        ({"threads": "2"}, "threads must"),
    ],
    ids=str,
)
def test_what_cannot_compute_is_refused(options: dict[str, Any], message: str) -> None:
    w = cr.parameter("w")
    with pytest.raises(cr.UserError, match=message):
        trained(**options)
    with pytest.raises(cr.UserError, match=message):
        cr.minimize(w**2, [w], **options)
    with pytest.raises(cr.UserError, match=message):
        replace(trained(), **options).predict(BYTES)


def test_both_machines_give_the_same_answers_up_to_rounding() -> None:
    model = trained(FLOATS)
    other = replace(model, engine="reference")
    np.testing.assert_allclose(other.predict_proba(FLOATS), model.predict_proba(FLOATS), rtol=1e-5)
