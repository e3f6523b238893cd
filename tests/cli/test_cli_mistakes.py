"""What a person can get wrong: each mistake is told in one line that names it, and ends with exit code 2."""

import shutil
from pathlib import Path

import pytest

from chainrule.data.points import points
from chainrule.fitting import fit
from chainrule.network.network import dense_network
from chainrule.tensors import pack, unpack
from tests.cli.conftest import QUICK, Command
from tests.data.drawing import class_folders


def words(done: object) -> str:
    """The one line that a mistake is told in."""
    assert getattr(done, "exit_code", None) == 2
    assert getattr(done, "stdout", None) == ""
    said = str(getattr(done, "stderr", ""))
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


def test_a_missing_folder(run: Command) -> None:
    assert "nowhere" in words(run("train", "nowhere"))


def test_an_empty_folder(run: Command) -> None:
    Path("empty").mkdir()
    assert "empty" in words(run("train", "empty"))


def test_one_class_only(run: Command) -> None:
    class_folders(Path("pets"), "dog")
    assert "--negative" in words(run("train", "pets"))


def test_a_class_without_a_readable_picture(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog")
    Path("pets/horse").mkdir()
    Path("pets/horse/1.jpg").write_text("no picture")
    assert "horse" in words(run("train", "pets"))


def test_an_unknown_positive_class(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog")
    said = words(run("train", "pets", "--positive", "dgo"))
    assert "--positive dgo" in said
    assert "cat, dog" in said


def test_classes_that_differ_in_capitals_only(run: Command) -> None:
    class_folders(Path("pets"), "Dog", "cat")
    class_folders(Path("pets"), "dog")
    assert "Dog and dog" in words(run("train", "pets"))


def test_an_existing_run(run: Command, pictures: Path) -> None:
    Path("mine").mkdir()
    assert "--out mine" in words(run("train", pictures, "--out", "mine"))
    assert [*Path("mine").iterdir()] == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hidden", "64,x"),
        ("--hidden", "0"),
        ("--hidden", ""),
        ("--hidden", "64,,16"),
        ("--hidden", "9" * 5000),
        ("--activation", "reul"),
        ("--activation", ""),
        ("--optimizer", "adm"),
        ("--learning-rate", "0"),
        ("--learning-rate", "nan"),
        ("--learning-rate", "inf"),
        ("--learning-rate", "automatic"),
        ("--batch-size", "0"),
        ("--batch-size", "many"),
        ("--batch-size", "2.5"),
        ("--l1", "-1"),
        ("--l2", "nan"),
        ("--dropout", "1"),
        ("--class-weight", "balance"),
        ("--validation", "0"),
        ("--test", "1.5"),
        ("--color", "blue"),
        ("--fit", "stretch"),
        ("--preprocess", "scal"),
    ],
)
def test_a_value_that_an_option_does_not_take(run: Command, pictures: Path, option: str, value: str) -> None:
    assert f"{option} {value}" in words(run("train", pictures, option, value))


@pytest.mark.parametrize(
    ("option", "value", "meant"),
    [
        ("--optimizer", "adm", "adam"),
        ("--activation", "relu,leaky-rleu", "leaky_relu"),
        ("--fit", "sqash", "squash"),
        ("--engine", "referense", "reference"),
    ],
)
def test_a_misspelt_name_is_put_right(run: Command, pictures: Path, option: str, value: str, meant: str) -> None:
    assert f"did you mean {meant}?" in words(run("train", pictures, option, value))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--size", "0"),
        ("--size", "big"),
        ("--epochs", "-1"),
        ("--patience", "0"),
        ("--seed", "-1"),
        ("--threads", "0"),
    ],
)
def test_a_number_that_an_option_does_not_take(run: Command, pictures: Path, option: str, value: str) -> None:
    done = run("train", pictures, option, value)
    assert done.exit_code == 2
    assert option in done.stderr


def test_more_activations_than_layers(run: Command, pictures: Path) -> None:
    said = words(run("train", pictures, "--hidden", "4", "--activation", "relu,tanh"))
    assert "2 activations were given for 1 hidden layer" in said


def test_two_ways_to_label(run: Command, pictures: Path) -> None:
    said = words(run("train", pictures, "--negative", pictures, "--label-from", "(a)"))
    assert "--negative" in said
    assert "--label-from" in said


def test_pictures_that_are_too_few(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog", count=1)
    assert "cat" in words(run("train", "pets", *QUICK))


@pytest.mark.parametrize("command", ["predict", "evaluate"])
class TestModels:
    def test_a_file_that_is_no_model(self, run: Command, pictures: Path, command: str) -> None:
        Path("notes.txt").write_text("no model")
        assert "notes.txt" in words(run(command, "notes.txt", pictures))

    def test_a_folder_that_is_no_run(self, run: Command, pictures: Path, command: str) -> None:
        assert "model.safetensors" in words(run(command, pictures, pictures))

    def test_a_model_that_is_missing(self, run: Command, pictures: Path, command: str) -> None:
        assert "nowhere" in words(run(command, "nowhere", pictures))

    def test_a_model_of_a_newer_format(self, run: Command, pictures: Path, model: Path, command: str) -> None:
        tensors, metadata = unpack((model / "model.safetensors").read_bytes())
        Path("new.safetensors").write_bytes(pack(tensors, metadata | {"format": "chainrule model 999"}))
        assert "update chainrule" in words(run(command, "new.safetensors", pictures))

    def test_a_model_of_numbers(self, run: Command, pictures: Path, command: str) -> None:
        X, y = points("gauss", count=20)
        fit(dense_network(hidden=(2,), outputs=1), X, y, epochs=1).save("points.safetensors")
        assert "points.safetensors" in words(run(command, "points.safetensors", pictures))

    @pytest.mark.parametrize("threshold", ["-0.1", "1.5", "nan"])
    def test_a_threshold_that_is_no_probability(
        self, run: Command, pictures: Path, model: Path, command: str, threshold: str
    ) -> None:
        assert f"--threshold {threshold}" in words(run(command, model, pictures, "--threshold", threshold))

    def test_pictures_that_are_missing(self, run: Command, model: Path, command: str) -> None:
        assert "nowhere" in words(run(command, model, "nowhere"))

    def test_a_folder_without_pictures(self, run: Command, model: Path, command: str) -> None:
        Path("empty").mkdir()
        assert "empty" in words(run(command, model, "empty"))


def test_an_unknown_format(run: Command, model: Path, pictures: Path) -> None:
    assert "did you mean json?" in words(run("predict", model, pictures, "--format", "jsn"))


def test_an_unknown_command(run: Command) -> None:
    done = run("trian")
    assert done.exit_code == 2
    assert "trian" in done.stderr


def test_a_folder_that_cannot_be_made(run: Command, pictures: Path) -> None:
    Path("file").write_text("")
    done = run("train", pictures, *QUICK, "--out", "file/run")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("error: the run's folder cannot be made")


def test_classes_that_are_not_the_models(run: Command, model: Path, pictures: Path) -> None:
    shutil.copytree(pictures / "dog", "pets/hound")
    shutil.copytree(pictures / "not_dog", "pets/cat")
    said = words(run("evaluate", model, "pets"))
    assert "cat, hound" in said
    assert "not_dog, dog" in said


def test_a_positive_class_that_is_not_the_models(run: Command, model: Path, pictures: Path) -> None:
    assert "--positive cat" in words(run("evaluate", model, pictures, "--positive", "cat"))
