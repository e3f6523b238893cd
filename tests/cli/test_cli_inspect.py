"""`chainrule inspect`: text, data, programs and a drawing; nothing is overwritten unasked."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from tests.cli.conftest import Command


def test_people_read_everything_in_80_columns(run: Command, model: Path) -> None:
    done = run("inspect", model)
    assert (done.exit_code, done.stderr) == (0, "")
    for words in (
        "a network of 2 layers",
        "squashed to 8 x 8",
        "Adam",
        "epochs",
        "W1 (192, 4)",
        "balanced accuracy",
    ):
        assert words in done.stdout
    long = [line for line in done.stdout.splitlines() if len(line) > 80]
    assert all(line.startswith(("  file ", "  command ")) for line in long)


def test_the_data_on_stdout_is_that_of_python(run: Command, model: Path) -> None:
    done = run("inspect", model, "--json", "--draw", "net.svg")
    assert json.loads(done.stdout) == json.loads(json.dumps(cr.inspect(model).to_dict()))
    assert done.stderr == "drawn into net.svg\n"


def test_a_model_file_will_do(run: Command, model: Path) -> None:
    data = json.loads(run("inspect", model / "model.safetensors", "--json").stdout)
    W1 = cr.load(model).parameters["W1"]
    assert data["weights"][0]["mean"] == pytest.approx(float(np.mean(W1, dtype=np.float64)))
    assert data["metrics"] is None
    assert data["epochs"] == []


def test_the_programs_are_listed(run: Command, model: Path) -> None:
    text = run("inspect", model, "--program").stdout
    assert "program: prediction\n  entry forward:" in text
    assert "entry step:" in text
    data = json.loads(run("inspect", model, "--program", "--json").stdout)
    assert data["programs"]["forward"] == cr.load(model).program.listing("forward")
    assert "programs" not in json.loads(run("inspect", model, "--json").stdout)


def test_the_drawing_is_an_svg_with_the_weights(run: Command, model: Path) -> None:
    assert run("inspect", model, "--draw", "net.svg").exit_code == 0
    text = Path("net.svg").read_text()
    ElementTree.fromstring(text)
    assert "not_dog" in text or "probability of dog" in text


def test_a_drawing_replaces_a_file_only_where_that_is_asked_for(run: Command, model: Path) -> None:
    Path("net.svg").write_text("mine")
    done = run("inspect", model, "--draw", "net.svg")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "net.svg: it exists already" in done.stderr
    assert Path("net.svg").read_text() == "mine"
    assert run("inspect", model, "--draw", "net.svg", "--overwrite").exit_code == 0
    assert Path("net.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nowhere: there is no such file or folder"),
        ((".",), "holds no model.safetensors"),
        (("text.txt",), "text.txt"),
        (("nowhere", "--draw", "net.png"), "ends in .svg"),
        (("nowhere", "--overwrite"), "--overwrite lets --draw replace a file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run: Command, arguments: tuple[str, ...], words: str) -> None:
    Path("text.txt").write_text("no model")
    done = run("inspect", *arguments)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert not Path("net.png").exists()


def test_a_drawing_that_cannot_be_written_is_exit_code_1(run: Command, model: Path) -> None:
    done = run("inspect", model, "--draw", "no/folder/net.svg")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "could not be written" in done.stderr


def test_names_from_a_file_do_not_control_the_terminal(run: Command) -> None:
    X, y = cr.points("gauss", count=40)
    network = cr.Network([cr.Dense(2, "relu", name="a\x1b[31mb"), cr.Dense(1, "sigmoid")])
    cr.fit(network, X, y, classes=["l\x1b[2J", "r\n"], epochs=1).save("odd.safetensors")
    text = run("inspect", "odd.safetensors").stdout
    assert "\x1b" not in text
    assert r"a\x1b[31mb" in text
