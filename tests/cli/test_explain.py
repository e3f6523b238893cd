"""`chainrule explain`: page, text and JSON of one picture, and what cannot be explained."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from tests.cli.conftest import Command


@pytest.fixture
def picture(pictures: Path) -> Path:
    return pictures / "dog" / "00002.jpg"


def test_a_page_is_written_where_the_user_is(run: Command, model: Path, picture: Path) -> None:
    done = run("explain", model, picture)
    assert done.exit_code == 0
    title, place = done.stdout.splitlines()
    assert title.startswith("00002.jpg: ")
    assert place == "00002-explained.html"
    page = Path(place).read_text(encoding="utf-8")
    assert "00002.jpg" in page
    assert done.stderr == ""


def test_a_second_page_gets_another_name_unless_told_to_overwrite(run: Command, model: Path, picture: Path) -> None:
    run("explain", model, picture)
    first = Path("00002-explained.html")
    first.write_text("mine")
    assert run("explain", model, picture).stdout.splitlines()[1] == "00002-explained-2.html"
    assert run("explain", model, picture).stdout.splitlines()[1] == "00002-explained-3.html"
    assert first.read_text() == "mine"
    assert run("explain", model, picture, "--force").stdout.splitlines()[1] == "00002-explained.html"
    assert first.read_text() != "mine"


def test_a_named_file_is_never_overwritten_without_force(run: Command, model: Path, picture: Path) -> None:
    Path("mine.html").write_text("mine")
    done = run("explain", model, picture, "--out", "mine.html")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: --out mine.html: it exists already; choose another name, or overwrite it with --force\n"
    )
    assert Path("mine.html").read_text() == "mine"
    assert run("explain", model, picture, "--out", "mine.html", "--force").exit_code == 0
    assert Path("mine.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_the_page_of_a_model_file_is_that_of_its_run(run: Command, model: Path, picture: Path) -> None:
    by_run = json.loads(run("explain", model, picture, "--json").stdout)
    by_file = json.loads(run("explain", model / "model.safetensors", picture, "--json").stdout)
    assert by_run == by_file
    assert by_run["neighbours"]["of"] > 30


def test_a_model_without_its_run_says_why_no_neighbours_are_shown(
    run: Command, model: Path, picture: Path, tmp_path: Path
) -> None:
    shutil.copy(model / "model.safetensors", tmp_path / "alone.safetensors")
    found = json.loads(run("explain", "alone.safetensors", picture, "--json").stdout)
    assert found["neighbours"] is None
    assert found["no_neighbours"].startswith("No run's folder was given")


def test_json_holds_what_the_model_answers(run: Command, model: Path, picture: Path) -> None:
    done = run("explain", model, picture, "--json", "--label", "dog", "--learning-rate", 0.25)
    found, loaded = json.loads(done.stdout), chainrule.load(model)
    assert found["prediction"]["answer"] == loaded.predict([picture])[0]
    shares = [share for _, share in found["prediction"]["probabilities"]]
    np.testing.assert_allclose(shares, loaded.predict_proba([picture])[0], rtol=1e-4)
    assert (found["backward"]["label"], found["backward"]["assumed"]) == ("dog", False)
    assert (found["update"]["learning_rate"], found["update"]["rate_from"]) == (0.25, "given")
    assert found["input"]["shape"] == [8, 8, 3]
    assert not list(Path().iterdir())


def test_the_nearest_are_training_pictures_of_the_run(run: Command, model: Path, picture: Path) -> None:
    found = json.loads(run("explain", model, picture, "--json", "--all-pictures").stdout)
    splits = (model / "splits.csv").read_text().splitlines()
    for one in found["neighbours"]["found"]:
        assert f"{one['path']},{one['class_name']},train" in splits


def test_text_is_printed_and_no_page_is_written(run: Command, model: Path, picture: Path) -> None:
    done = run("explain", model, picture, "--text", "--label", "not_dog")
    assert done.exit_code == 0
    assert "3. The prediction as the sum of its parts" in done.stdout
    assert "if not_dog is right (given" in done.stdout
    assert not list(Path().iterdir())


def test_text_and_a_file_go_together(run: Command, model: Path, picture: Path) -> None:
    done = run("explain", model, picture, "--text", "--out", "a.json")
    assert done.stdout.startswith("00002.jpg")
    assert done.stderr == "written to a.json\n"
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["title"] == done.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--label", "dgo"), "--label dgo: did you mean dog? Choose one of not_dog, dog"),
        (("--learning-rate", "0"), "--learning-rate 0: give a number that is above 0"),
        (("--learning-rate", "inf"), "--learning-rate inf: give a number that is above 0"),
        (("--text", "--json"), "--text and --json cannot be used together; choose one"),
        (("--out", "a.pdf"), "--out a.pdf: name a file that ends in .html (a page) or .json (data)"),
    ],
)
def test_a_mistake_in_an_option_is_one_line(
    run: Command, model: Path, picture: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run("explain", model, picture, *arguments)
    assert (done.exit_code, done.stderr, done.stdout) == (2, f"error: {message}\n", "")
    assert not list(Path().iterdir())


def test_a_picture_that_cannot_be_read_is_named(run: Command, model: Path) -> None:
    Path("notes.jpg").write_text("no picture")
    done = run("explain", model, "notes.jpg")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: notes.jpg cannot be read as a picture: ")
    missing = run("explain", model, "missing.jpg")
    assert (missing.exit_code, missing.stderr) == (
        2,
        "error: missing.jpg cannot be read as a picture: no such file or directory\n",
    )


def test_one_picture_is_explained_at_a_time(run: Command, model: Path, picture: Path, pictures: Path) -> None:
    several = run("explain", model, picture, picture, picture)
    assert several.exit_code == 2
    assert several.stderr == f"error: explain takes one picture, but 3 were given: {picture}, {picture}, ...\n"
    folder = run("explain", model, pictures)
    assert (folder.exit_code, folder.stderr) == (2, f"error: {pictures} is a folder; name one picture in it\n")


def test_a_model_of_rows_is_explained_from_python(run: Command, picture: Path) -> None:
    X, y = chainrule.points("gauss", count=40)
    chainrule.fit(chainrule.Network([chainrule.Dense(1, "sigmoid")]), X, y, epochs=1).save("table.safetensors")
    done = run("explain", "table.safetensors", picture)
    assert done.exit_code == 2
    assert "table.safetensors: this model was trained on rows, not on pictures" in done.stderr
    assert "chainrule.load('table.safetensors').explain(row)" in done.stderr


def regression_of_pictures(path: str) -> None:
    X = np.random.default_rng(0).integers(0, 256, (20, 48)).astype(np.uint8)
    network = chainrule.Network([chainrule.Dense(1)])
    pictures = chainrule.PictureSettings(size=4)
    chainrule.fit(network, X, X[:, 0] / 255, pictures=pictures, epochs=1).save(path)


def test_a_model_that_answers_with_numbers_takes_a_number_as_label(run: Command, picture: Path) -> None:
    regression_of_pictures("brightness.safetensors")
    done = run("explain", "brightness.safetensors", picture, "--json", "--label", "0.5")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["backward"]["label"] == [0.5]
    wrong = run("explain", "brightness.safetensors", picture, "--label", "bright")
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "error: --label bright: the model answers with numbers: give them, with commas between\n",
    )


def test_a_place_that_cannot_be_written_to_is_a_failure_of_the_work(
    run: Command, model: Path, picture: Path
) -> None:
    done = run("explain", model, picture, "--out", "none/a.html")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: none/a.html could not be written: ")


def test_names_that_are_no_text_are_explained_too(run: Command, model: Path, picture: Path, tmp_path: Path) -> None:
    name = b"d\xff\x1b[1m.jpg".decode("utf-8", "surrogateescape")
    shutil.copy(picture, tmp_path / name)
    assert run("explain", model, name).exit_code == 0
    assert "\x1b" not in run("explain", model, name, "--text").stdout
    assert run("explain", model, name, "--out", "a.json").exit_code == 0
