import hashlib
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import chainrule
from chainrule.cli import training_options
from chainrule.errors import WorkFailed
from chainrule.network.activations import ACTIVATIONS
from chainrule.runs.settings import RunSettings
from chainrule.training.optimizers import NAMES
from tests.cli.conftest import QUICK, Command
from tests.data.drawing import class_folders


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }


def test_a_run_ends_with_what_a_person_wants_to_know(run: Command, pictures: Path) -> None:
    done = run("train", pictures, *QUICK)
    assert done.exit_code == 0
    lines = dict(line.split("  ", 1) for line in done.stdout.splitlines())
    assert lines["found"].strip() == "60 pictures, 0 files skipped"
    for name in ("test accuracy", "one neuron"):
        assert "95 % interval" in lines[name]
    assert "%" in lines["most frequent class"]
    assert Path(lines["report"].strip()) == Path("runs/pets-1/report.html")
    assert Path(lines["report"].strip()).is_file()


def test_words_go_to_stderr(run: Command, pictures: Path) -> None:
    done = run("train", pictures, *QUICK)
    assert "60 pictures (not_dog 30, dog 30)" in done.stderr
    assert "to train" not in done.stdout


def test_the_command_that_is_named_to_type_next_works(run: Command, pictures: Path) -> None:
    shutil.copytree(pictures, "my pets' pictures")
    done = run("train", "my pets' pictures", *QUICK, "--out", "a run")
    command = shlex.split(done.stdout.splitlines()[-1].removeprefix("next"))
    assert command[:3] == ["chainrule", "predict", "a run"]
    assert run(*command[1:]).exit_code == 0


def test_json_holds_the_run(trained: tuple[Path, Any]) -> None:
    folder, said = trained
    assert said["folder"] == str(folder)
    assert said["found"] == 60
    assert said["classes"] == ["not_dog", "dog"]
    assert sum(map(sum, said["test"]["confusion"])) == said["test"]["count"]


def test_the_model_of_a_run_can_be_loaded(model: Path) -> None:
    assert chainrule.load(model).classes == ("not_dog", "dog")


def test_pictures_are_never_changed(run: Command, pictures: Path, model: Path) -> None:
    before = contents(pictures)
    run("train", pictures, *QUICK)
    run("predict", model, pictures, "--sort-into", "sorted")
    run("evaluate", model, pictures)
    assert contents(pictures) == before


def test_logistic_regression_has_no_hidden_layer(run: Command, pictures: Path) -> None:
    assert run("train", pictures, *QUICK, "--hidden", "none", "--batch-size", "all").exit_code == 0
    assert len(chainrule.load("runs/pets-1").network.layers) == 1


def test_lbfgs_takes_all_pictures_in_a_step(run: Command, pictures: Path) -> None:
    done = run("train", pictures, *QUICK, "--optimizer", "lbfgs")
    assert done.exit_code == 2
    assert "add --batch-size all --dropout 0" in done.stderr
    done = run("train", pictures, *QUICK, "--optimizer", "lbfgs", "--batch-size", "all", "--dropout", 0)
    assert done.exit_code == 0, done.stderr
    assert chainrule.load("runs/pets-1").training["optimizer"] == "LBFGS"


def test_weights_kept_as_sums_of_pictures_are_told(run: Command, pictures: Path) -> None:
    options = ("--optimizer", "sgd", "--batch-size", "all", "--hidden", "none", "--epochs", 400, "--patience", 400)
    done = run("train", pictures, *options, "--augment", "none", "--size", 64, "--learning-rate", 1e-4)
    assert done.exit_code == 0
    assert "dual: K C costs" in done.stderr


def test_every_option_reaches_the_run(run: Command, pictures: Path) -> None:
    done = run(
        *("train", pictures, "--size", 8, "--color", "grey", "--fit", "crop", "--hidden", "5,3"),
        *("--activation", "tanh,relu", "--optimizer", "sgd", "--learning-rate", 0.02, "--epochs", 3),
        *("--batch-size", 7, "--l1", 0.001, "--l2", 0.01, "--dropout", 0.1, "--class-weight", "balanced"),
        *("--patience", 3, "--validation", 0.2, "--test", 0.3, "--seed", 5, "--threads", 1, "--out", "here"),
        *("--positive", "not_dog", "--strict", "--preprocess", "scale", "--engine", "reference"),
    )
    assert done.exit_code == 0
    model = chainrule.load("here")
    assert model.classes == ("dog", "not_dog")
    assert model.pictures == chainrule.PictureSettings(size=8, color="grey", fit="crop")
    expected = {"optimizer": "GradientDescent", "learning_rate": 0.02, "batch_size": 7, "l1": 0.001, "l2": 0.01}
    assert dict(model.training).items() >= expected.items()
    assert [shape.shape for shape in model.parameters.values()][::2] == [(64, 5), (5, 3), (3, 1)]
    settings = chainrule.files.read_json("here/run.json")
    assert (settings["validation"], settings["test"], settings["seed"]) == (0.2, 0.3, 5)
    assert (settings["engine"], settings["threads"]) == ("reference", 1)


@pytest.mark.parametrize(
    "settings",
    [
        RunSettings(pictures="my pets"),
        RunSettings(pictures="a", hidden=(), batch_size="all", strict=True, negative="b", positive="it's"),
        RunSettings(pictures="a", size=8, color="grey", fit="pad", preprocess="scale", label_from=r"^(\w+)\."),
        RunSettings(pictures="a", hidden=(5, 3), activation=("tanh", "relu"), optimizer="sgd", learning_rate=0.02),
        RunSettings(pictures="a", epochs=3, batch_size=7, l1=0.001, l2=0.0, dropout=0.0, class_weight="balanced"),
        RunSettings(pictures="a", patience=3, validation=0.2, test=0.3, seed=5, threads=2, engine="reference"),
    ],
    ids=lambda settings: settings.command(),
)
def test_the_command_of_a_run_repeats_it(
    run: Command, monkeypatch: pytest.MonkeyPatch, settings: RunSettings
) -> None:
    asked: list[RunSettings] = []

    def remember(settings: RunSettings, **_: object) -> None:
        asked.append(settings)
        raise WorkFailed("enough is known")

    monkeypatch.setattr("chainrule.runs.train.train_on_pictures", remember)
    run(*shlex.split(settings.command())[1:])
    assert asked == [settings]


def test_a_negative_folder_is_the_other_class(run: Command, pictures: Path) -> None:
    assert run("train", pictures / "dog", "--negative", pictures / "not_dog", *QUICK).exit_code == 0
    assert chainrule.load("runs/dog-1").classes == ("not_dog", "dog")


def test_the_class_can_stand_in_the_file_names(run: Command) -> None:
    Path("flat").mkdir()
    for i in range(20):
        Image.new("RGB", (9, 9), (i * 9, 0, 0)).save(f"flat/{('cat', 'dog')[i % 2]}.{i}.png")
    assert run("train", "flat", "--label-from", r"^([a-z]+)\.", *QUICK).exit_code == 0
    assert chainrule.load("runs/flat-1").classes == ("cat", "dog")


def test_one_class_is_told_from_many(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog", "horse", count=8)
    assert run("train", "pets", "--positive", "dog", *QUICK).exit_code == 0
    assert chainrule.load("runs/pets-1").classes == ("not_dog", "dog")


def test_help_names_every_optimizer_and_activation() -> None:
    assert set(training_options.OPTIMIZER_NAMES.split(", ")) == set(NAMES)
    assert set(training_options.ACTIVATION_NAMES.split(", ")) == set(ACTIVATIONS)


@pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")
def test_a_cost_that_overflows_is_told_and_fails(run: Command, pictures: Path) -> None:
    done = run("train", pictures, *QUICK, "--learning-rate", "1e30")
    assert done.exit_code == 1
    assert "warning: the cost overflowed" in done.stderr
    assert "error: the cost overflowed; runs/pets-1 holds the best parameters until then" in done.stderr


def test_a_corrupt_picture_is_skipped_and_counted(run: Command, pictures: Path) -> None:
    shutil.copytree(pictures, "pets")
    Path("pets/dog/broken.jpg").write_bytes(b"\xff\xd8\xff and nothing else")
    done = run("train", "pets", *QUICK)
    assert done.exit_code == 0
    assert "60 pictures, 1 file skipped (listed in runs/pets-1/skipped.csv)" in done.stdout
    assert "broken.jpg" in Path("runs/pets-1/skipped.csv").read_text()


def test_with_strict_a_corrupt_picture_is_an_error(run: Command, pictures: Path) -> None:
    shutil.copytree(pictures, "pets")
    Path("pets/dog/broken.jpg").write_bytes(b"\xff\xd8\xff and nothing else")
    done = run("train", "pets", *QUICK, "--strict")
    assert done.exit_code == 2
    assert "broken.jpg" in done.stderr
    assert not Path("runs").exists()
