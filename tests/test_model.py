"""Models: what they answer, which rows they accept, and their file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import chainrule as cr
from chainrule.model import from_bytes
from chainrule.tensors import pack, unpack

FIXTURES = Path(__file__).parent / "fixtures"
BYTES = np.random.default_rng(0).integers(0, 256, (30, 12), dtype=np.uint8)
LABELS = np.array(["cat", "dog", "owl"])[np.arange(30) % 3]


def trained(rows: Any = BYTES, y: Any = None, **options: Any) -> cr.Model:
    network = cr.Network([cr.Dense(4, "relu"), cr.Dense(3, "softmax")])
    return cr.fit(network, rows, LABELS if y is None else y, **{"epochs": 3, **options})


def two_classes(rows: Any = BYTES, **options: Any) -> cr.Model:
    return cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), rows, np.arange(30) % 2, epochs=3, **options)


# Answers.


def test_probabilities_have_a_column_a_class_and_add_up_to_one() -> None:
    for model, k in ((trained(), 3), (two_classes(), 2)):
        found = model.predict_proba(BYTES)
        assert found.shape == (30, k)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_one_sigmoid_gives_the_second_class_in_the_second_column() -> None:
    model = two_classes()
    outputs = model.outputs(BYTES)
    assert (model.predict_proba(BYTES)[:, 1:] == outputs).all()
    assert (model.predict(BYTES) == (outputs[:, 0] >= 0.5)).all()


def test_answers_are_class_names() -> None:
    model = trained()
    assert model.classes == ("cat", "dog", "owl")
    assert (model.predict(BYTES) == np.array(model.classes)[model.predict_proba(BYTES).argmax(axis=1)]).all()


def test_the_positive_class_is_said_from_the_threshold_on() -> None:
    model = two_classes()
    middle = float(np.sort(model.outputs(BYTES)[:, 0])[15])
    assert replace(model, threshold=middle).predict(BYTES).sum() == 15
    assert replace(model, threshold=0.0).predict(BYTES).all()
    half = model.predict_index(np.array([[0.5, 0.5], [0.6, 0.4]]))
    assert half.tolist() == [1, 0]


def test_the_graph_in_numpy_gives_the_same_answers() -> None:
    model = trained(preprocess="standardize")
    X = cr.examples("X", features=12)
    connected = model.network.connect(model.preprocessing.expression(X))
    values = dict(zip(connected.parameters, model.parameters.values(), strict=True))
    expected = cr.value(connected.output, {X: BYTES, **values})
    np.testing.assert_allclose(model.predict_proba(BYTES), expected, rtol=1e-4, atol=1e-6)


def test_a_row_answers_the_same_alone_and_among_others() -> None:
    for model in (trained(), two_classes()):
        together = model.predict_proba(BYTES)
        alone = np.vstack([model.predict_proba(BYTES[i : i + 1]) for i in range(len(BYTES))])
        assert (alone == together).all()


def test_no_rows_give_no_answers() -> None:
    assert trained().predict_proba(BYTES[:0]).shape == (0, 3)
    assert trained().predict(BYTES[:0]).shape == (0,)


# Pictures.


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Two picture files of a single colour."""
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, color in zip(paths, [(250, 10, 10), (10, 10, 250)], strict=True):
        Image.new("RGB", (5, 7), color).save(path)
    return paths


def test_picture_files_are_read_as_in_training(pictures: list[Path]) -> None:
    settings = cr.PictureSettings(size=2)
    model = trained(pictures=settings)
    rows = np.stack([cr.read_picture(path, settings) for path in pictures])
    assert (model.predict_proba(pictures) == model.predict_proba(rows)).all()
    assert (model.predict([str(path) for path in pictures]) == model.predict(rows)).all()
    assert model.predict(pictures[0]).shape == (1,)


def test_a_file_that_is_no_picture_is_an_error_not_a_missing_answer(pictures: list[Path], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    model = trained(pictures=cr.PictureSettings(size=2))
    for name in ("notes.txt", "nothing.png"):
        with pytest.raises(cr.UserError, match=name):
            model.predict([pictures[0], tmp_path / name])


def test_a_model_of_rows_reads_no_pictures(pictures: list[Path]) -> None:
    with pytest.raises(cr.UserError, match="trained on rows, not pictures"):
        trained().predict(pictures)


# Rows unlike those of the training.


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, np.uint16])
def test_whole_numbers_of_a_byte_are_bytes_in_any_dtype(dtype: Any) -> None:
    model = trained()
    assert (model.predict_proba(BYTES.astype(dtype)) == model.predict_proba(BYTES)).all()
    assert (model.predict_proba(BYTES.tolist()) == model.predict_proba(BYTES)).all()


SCALED = BYTES / 255


@pytest.mark.parametrize(
    ("trained_on", "given", "message"),
    [
        (BYTES, SCALED, "trained on bytes .* X is float64 from 0 to 1"),
        (BYTES, BYTES.astype(int) - 1, "from -1 to"),
        (BYTES, BYTES.astype(int) + 1, "to 256"),
        (BYTES, BYTES[:, :5], "5 features a row, but the model was trained on 12"),
        (BYTES, BYTES[0], r"shape \(m, features\), one row an example"),
        (BYTES, np.where(BYTES[0, 0] == BYTES, np.nan, 1.0), "X holds nan at row 0, column 0"),
        (BYTES, BYTES.astype(str), "dtype is <U"),
        (BYTES, [[1, 2], [3]], "rows of one length"),
        (SCALED, BYTES, "trained on float64 from 0 to 1, but X is uint8 up to 255: scale it"),
        (SCALED.astype(np.float32), BYTES.astype(int), "X is int64 up to 255"),
        (SCALED * 2 - 1, BYTES, "from -1 to 1, but X is uint8"),
    ],
    ids=str,
)
def test_rows_that_cannot_be_meant_are_refused(trained_on: Any, given: Any, message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        trained(trained_on).predict(given)


def test_numbers_beyond_the_training_are_accepted_where_they_can_be_meant() -> None:
    counts_of_0_or_1 = BYTES.astype(int) % 2
    for learned, seen in (
        (counts_of_0_or_1, BYTES.astype(int) % 5),
        (BYTES * 3.0, BYTES),
        (SCALED, SCALED * 1.1),
        (SCALED, BYTES % 2),
    ):
        answers = trained(learned).predict(seen)
        assert len(answers) == len(seen)


# The file.


@pytest.mark.parametrize(
    "model",
    [
        trained(),
        trained(preprocess="standardize", dtype=np.float64),
        two_classes(SCALED, preprocess="scale", sample_weight=np.ones(30), learning_rate=cr.Cosine(0.1)),
        trained(
            y=np.array([7, 8, 9])[np.arange(30) % 3], seed=np.int64(3), l2=np.float32(0.1), batch_size=np.int64(4)
        ),
        cr.fit(cr.Network([cr.Dense(2)]), SCALED, SCALED[:, :2], epochs=2),
    ],
    ids=["bytes", "standardized", "scaled", "numpy numbers", "regression"],
)
def test_a_model_comes_back_from_its_file_with_the_same_bits(model: cr.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model.safetensors")
    for place in (tmp_path / "model.safetensors", tmp_path, str(tmp_path)):
        again = cr.load(place)
        assert again.to_bytes() == model.to_bytes()
        rows = BYTES if model.preprocessing.dtype == "uint8" else SCALED
        assert (again.outputs(rows) == model.outputs(rows)).all()
        assert again.classes == model.classes
        assert again.training == dict(model.training)


def test_a_model_has_the_same_bytes_each_time() -> None:
    assert trained().to_bytes() == trained().to_bytes() == trained().to_bytes()


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("model_format_*.safetensors")), ids=lambda path: path.name)
def test_models_of_every_format_stay_readable(path: Path) -> None:
    answers = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    model = cr.load(path)
    found = model.predict_proba(np.array(answers["rows"], np.uint8))
    np.testing.assert_allclose(found, answers["probabilities"], rtol=1e-5)
    assert model.classes == ("night", "dåg")
    assert model.pictures == cr.PictureSettings(size=4, color="grey", fit="pad")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cr.UserError, match="no such file or folder"):
        cr.load(tmp_path / "nothing")
    with pytest.raises(cr.UserError, match=r"holds no model\.safetensors"):
        cr.load(tmp_path)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_bytes(b"not a model at all, but a text of some length")
    (tmp_path / "other").write_bytes(pack({"w": np.zeros(2)}, {"format": "something else"}))
    for name, message in (("empty", "cut short"), ("text", "safetensors"), ("other", "no chainrule model")):
        with pytest.raises(cr.UserError, match=f"{name}: .*{message}"):
            cr.load(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("chainrule model 2", "a newer chainrule wrote this model .format 2"),
        ("chainrule model " + "9" * 5000, "newer"),
        ("chainrule model 0", "no chainrule model"),
        ("chainrule model ²", "no chainrule model"),
        ("chainrule model ", "no chainrule model"),
        ("", "no chainrule model"),
    ],
    ids=lambda text: text[:40],
)
def test_other_formats_are_refused(name: str, message: str) -> None:
    tensors, metadata = unpack(trained().to_bytes())
    with pytest.raises(cr.UserError, match=message):
        from_bytes(pack(tensors, {**metadata, "format": name}))


def test_changed_numbers_are_noticed() -> None:
    tensors, metadata = unpack(trained().to_bytes())
    changed: dict[str, NDArray[Any]] = {**tensors, "W1": tensors["W1"] + 1}
    with pytest.raises(cr.UserError, match="its numbers are not those that were written"):
        from_bytes(pack(changed, metadata))
    with pytest.raises(cr.UserError, match="its description is not the one that was written"):
        from_bytes(pack(tensors, {**metadata, "model": metadata["model"].replace("cat", "cow")}))


def test_a_trace_of_examples_is_the_cost_with_all_its_gradients() -> None:
    X, y = cr.points("gauss", count=60)
    network = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, classes=["left", "right"], epochs=3, preprocess="standardize")
    names = np.array(["left", "right"])[y]
    trace = model.trace(X[:7], names[:7]).backward()
    chance = model.predict_proba(X[:7])[np.arange(7), y[:7]]
    assert float(trace.value("J")) == pytest.approx(-np.log(chance.astype(float)).mean(), rel=1e-5)
    assert trace.check().ok
    assert "W1" in model.network.draw(trace=trace, level="layers").svg


def test_a_trace_refuses_labels_and_rows_that_the_model_cannot_read() -> None:
    X, y = cr.points("gauss", count=60)
    model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=1)
    with pytest.raises(cr.UserError, match="features"):
        model.trace(X[:, :1], y)
    with pytest.raises(cr.UserError):
        model.trace(X[:3], [0, 1, 7])
