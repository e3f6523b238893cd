"""What is known of models and runs: numbers checked against NumPy, records that are missing or damaged."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.files import to_json_bytes
from chainrule.inspection.training_words import epochs, figures, training
from chainrule.inspection.weights import statistics
from tests.inspection.models import MODELS


def test_the_statistics_are_those_of_numpy() -> None:
    W = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
    W[W < -1] = 0
    (found,) = statistics({"W1": W})
    exact = W.astype(np.float64)
    assert (found.name, found.shape, found.dtype) == ("W1", (40, 30), "float32")
    assert [found.min, found.max, found.zeros] == [exact.min(), exact.max(), (exact == 0).mean()]
    assert found.mean == pytest.approx(exact.mean())
    assert found.std == pytest.approx(exact.std())


@pytest.mark.parametrize("size", [0.0, 1e-300, 1e308])
def test_the_statistics_of_very_small_and_large_numbers_are_finite(size: float) -> None:
    (found,) = statistics({"b1": np.array([size, size, -size])})
    assert found.mean == pytest.approx(size / 3)
    assert found.std == pytest.approx(np.sqrt(8) / 3 * size)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_text_for_80_columns_data_programs_and_a_drawing(name: str) -> None:
    found = cr.inspect(MODELS[name])
    assert max(map(len, found.lines())) <= 80
    data = json.loads(to_json_bytes(found.to_dict()))
    assert data["parameters"] == sum(array.size for array in MODELS[name].parameters.values())
    assert [one["name"] for one in data["weights"]] == list(MODELS[name].parameters)
    assert {*found.programs} == {"forward", "step"}
    assert found.draw().svg.startswith("<svg")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("neuron", "logistic regression, 3 parameters"),
        ("deep", "a network of 2 layers, 17 parameters"),
        ("softmax", "softmax regression, 9 parameters"),
        ("numbers", "linear regression, 3 parameters"),
        ("own", "one layer with double, 3 parameters"),
    ],
)
def test_a_model_is_called_what_textbooks_call_it(name: str, words: str) -> None:
    assert cr.inspect(MODELS[name]).lines()[0] == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("neuron", "left or right; right from a probability of 0.5 on"),
        ("softmax", "one of 3 classes: 0, 1, 2"),
        ("numbers", "answers        one number"),
        ("deep", "standardize: from each number its mean"),
        ("neuron", "none: the first layer reads the numbers as they are."),
        ("bytes", "each byte is divided by 255"),
        ("scaled", "the range that each number has in the training rows"),
        ("pictures", "pictures cropped to 4 x 4 pixels; the grey of each pixel"),
        ("deep", "Dropout(rate=0.2): in training alone"),
    ],
)
def test_the_text_says_what_a_model_reads_does_and_answers(name: str, words: str) -> None:
    assert words in " ".join(str(cr.inspect(MODELS[name])).split()) or words in str(cr.inspect(MODELS[name]))


def test_a_model_in_memory_and_its_file_give_the_same_but_for_the_history(tmp_path: Path) -> None:
    model = MODELS["deep"]
    model.save(tmp_path / "deep.safetensors")
    memory, file = cr.inspect(model).to_dict(), cr.inspect(tmp_path / "deep.safetensors").to_dict()
    assert len(memory["epochs"]) == 12
    changed = {"path", "epochs", "training"}
    assert {name: memory[name] for name in memory if name not in changed} == {
        name: file[name] for name in file if name not in changed
    }
    assert file["bytes"] == (tmp_path / "deep.safetensors").stat().st_size


def test_a_run_knows_its_epochs_settings_and_figures(run_folder: Path) -> None:
    found = cr.inspect(run_folder)
    data = found.to_dict()
    assert [epoch["epoch"] for epoch in data["epochs"]] == [1, 2]
    assert data["settings"]["size"] == 8
    assert (
        data["metrics"]["test"]["accuracy"]
        == json.loads((run_folder / "metrics.json").read_text())["test"]["accuracy"]
    )
    assert data["notes"] == []
    assert "chainrule train" in str(found)
    assert "most frequent class" in str(found)


HEADER = b"epoch,cost,accuracy,validation_cost,validation_accuracy,learning_rate,seconds\n"


def with_file(run_folder: Path, folder: Path, name: str, content: bytes | None) -> cr.Inspection:
    """Inspect a copy of a run in which one file has another content, or is not there."""
    shutil.copytree(run_folder, folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    return cr.inspect(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(
            (name, content)
            for name in ("run.json", "metrics.json")
            for content in (b"", b"\xff\xfe", b"[1]", b"{", HEADER)
        ),
        *(("history.csv", content) for content in (b"", b"\xff\xfe", b"[1]", b"epoch,cost\n1,2\n")),
        *(
            ("history.csv", HEADER + line)
            for line in (b"1,nan,,,,,\n", b"1,2,3\n", b"1,2,3,4,5,6,7,8\n", b"x,,,,,,\n")
        ),
    ],
)
def test_a_damaged_record_is_left_out_and_named(
    run_folder: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    found = with_file(run_folder, tmp_path / "run", name, content)
    left_out = {
        "run.json": found.records.settings,
        "metrics.json": found.records.metrics,
        "history.csv": found.records.epochs or None,
    }
    assert [one for one, value in left_out.items() if value is None] == [name]
    assert [name in note for note in found.records.notes] == [True]
    assert "missing" in found.lines()
    to_json_bytes(found.to_dict())


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "history.csv"])
def test_a_missing_record_is_named(run_folder: Path, tmp_path: Path, name: str) -> None:
    assert f"  {name} is not there" in with_file(run_folder, tmp_path / "run", name, None).lines()


@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
@pytest.mark.parametrize(
    "content", [b"{}", b'{"test": 3, "one_neuron": [], "pictures": 7, "size": {}, "hidden": [[]]}']
)
def test_strange_records_are_data_and_do_no_harm(
    run_folder: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    found = with_file(run_folder, tmp_path / "run", name, content)
    assert json.loads(content) in (found.records.settings, found.records.metrics)
    assert str(found)


def test_many_epochs_are_shown_by_some_with_the_best_among_them() -> None:
    rows = [{"epoch": epoch, "cost": 1 / epoch} for epoch in range(1, 1001)]
    lines = epochs(rows, 7)
    assert len(lines) < 12
    assert lines[1].split() == ["1", "1"]
    assert any(line.split()[0] == "*7" for line in lines)
    assert lines[-2].split() == ["1000", "0.001"]


def test_unknown_facts_of_the_training_are_told_as_they_are() -> None:
    told: dict[str, Any] = {"optimizer": 3, "epochs": None, "l1": "x", "new_thing": [1, 2], "batch_size": 8}
    rows = dict(training(told, {"pictures": 3, "other": 4}))
    assert rows == {
        "optimizer": "3",
        "epochs": "None",
        "penalties": "L1 x",
        "new thing": "[1, 2]",
        "batch size": "8",
    }
    assert training({}, None) == []
    assert figures({"test": {"accuracy": "high"}}) == []


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cr.UserError, match="inspect takes a model, its file or a run's folder, not int"):
        cr.inspect(3)  # type: ignore[arg-type]
    with pytest.raises(cr.UserError, match=r"no model\.safetensors"):
        cr.inspect(tmp_path)
