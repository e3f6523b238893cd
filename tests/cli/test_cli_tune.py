"""`chainrule tune`: a table of trials, a model with the best settings, and a search that goes on."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import WorkFailed
from chainrule.files import read_json
from chainrule.tuning.search import Search
from chainrule.tuning.space import SEARCHABLE, Space
from tests.cli.conftest import Command, invoke
from tests.cli.test_cli_process import COMMAND

pytest.importorskip("optuna")

QUICK = ("--size", "8", "--epochs", "2", "--hidden", "4")


@pytest.fixture(scope="session")
def tuned(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A search's folder, and what the command wrote."""
    folder = tmp_path_factory.mktemp("searches") / "pets"
    result = invoke("tune", pictures, *QUICK, "--trials", 3, "--out", folder)
    assert result.exit_code == 0, result.output
    return folder, result


def started(folder: Path, pictures: Path, *options: str) -> "subprocess.Popen[str]":
    """Begin a search in a process of its own, which must be waited for."""
    words = ["tune", str(pictures), "--size", "8", "--out", str(folder), *options]
    return subprocess.Popen(
        [*COMMAND, *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A shell in the background lets its programs ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    while words not in (line := process.stderr.readline()):
        assert line, "the process has ended"


def test_the_table_has_every_trial_the_best_first(tuned: tuple[Path, Any]) -> None:
    lines = tuned[1].stdout.splitlines()
    assert lines[0].split() == [
        *("trial", "validation", "cost", "accuracy", "epochs", "time", "learning", "rate", "activation", "l2"),
        *("batch", "size", "dropout", "ended"),
    ]
    costs = [float(line.split()[1]) for line in lines[1:4]]
    assert costs == sorted(costs)
    assert sorted(line.split()[0] for line in lines[1:4]) == ["1", "2", "3"]


def test_it_ends_with_what_a_person_wants_to_know(tuned: tuple[Path, Any]) -> None:
    folder, done = tuned
    lines = dict(line.split("  ", 1) for line in done.stdout.splitlines()[5:])
    assert lines["trials"].strip() == "3: 3 complete"
    assert "95 % interval" in lines["test accuracy"]
    assert Path(lines["report"].strip()) == folder / "report.html"


def test_the_command_that_is_named_to_type_next_works(run: Command, tuned: tuple[Path, Any]) -> None:
    command = shlex.split(tuned[1].stdout.splitlines()[-1].removeprefix("next"))
    assert command[:3] == ["chainrule", "predict", str(tuned[0] / "best")]
    assert run(*command[1:]).exit_code == 0


def test_words_go_to_stderr_a_line_a_trial(tuned: tuple[Path, Any]) -> None:
    lines = tuned[1].stderr.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("trial")] == [
        "trial 1 of 3",
        "trial 2 of 3",
        "trial 3 of 3",
    ]


def test_json_holds_the_search(run: Command, tuned: tuple[Path, Any]) -> None:
    done = run("tune", "--resume", tuned[0], "--json")
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert [one["validation_cost"] for one in said["trials"]] == sorted(
        one["validation_cost"] for one in said["trials"]
    )
    assert said["best"] == said["trials"][0]
    assert said["run"]["test"]["count"] > 0
    assert said["predict_command"].startswith("chainrule predict ")


def test_a_search_goes_on_to_more_trials(run: Command, pictures: Path) -> None:
    assert run("tune", pictures, *QUICK, "--trials", 1).exit_code == 0
    done = run("tune", "--resume", "runs/pets-tune-1", "--trials", 2)
    assert done.exit_code == 0
    assert "going on after 1 of 2 trials" in done.stderr
    assert "trial 2 of 2: " in done.stderr
    assert "trials           2: 2 complete" in done.stdout


def test_what_is_given_is_not_searched_and_reaches_the_runs(
    run: Command, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Space, int]] = []

    def remember(space: Space, *, trials: int, **_: object) -> None:
        asked.append((space, trials))
        raise WorkFailed("enough is known")

    monkeypatch.setattr("chainrule.tuning.tune.tune", remember)
    run("tune", pictures, "--trials", 7, "--l2", 0.05, "--batch-size", "all", "--positive", "dog", "--seed", 5)
    run("tune", pictures, "--hidden", "none")
    (space, trials), (without, usual) = asked
    assert (trials, usual) == (7, 30)
    assert space.searched == ("learning_rate", "hidden", "activation", "dropout")
    assert (space.settings.l2, space.settings.batch_size) == (0.05, "all")
    assert (space.settings.positive, space.settings.seed) == ("dog", 5)
    assert without.searched == ("learning_rate", "l2", "batch_size")


def test_the_command_of_a_search_does_it_again(
    run: Command, tuned: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Space] = []

    def remember(space: Space, **_: object) -> None:
        asked.append(space)
        raise WorkFailed("enough is known")

    monkeypatch.setattr("chainrule.tuning.tune.tune", remember)
    search = Search.read(tuned[0])
    run(*shlex.split(search.command())[1:])
    assert asked[0].searched == search.searched
    now, then = asked[0].settings.to_dict(), search.record.settings.to_dict()
    assert {name for name in now if now[name] != then[name]} == {"out"}


def refused(done: Any) -> str:
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return str(done.stderr)


def test_settings_of_a_search_that_goes_on_cannot_be_changed(run: Command, tuned: tuple[Path, Any]) -> None:
    for option, value in (("--seed", 3), ("--hidden", "none"), ("--out", "there"), ("--size", 8)):
        assert f"{option}: a search goes on" in refused(run("tune", "--resume", tuned[0], option, value))


def test_an_existing_search_says_how_to_go_on(run: Command, pictures: Path, tuned: tuple[Path, Any]) -> None:
    said = refused(run("tune", pictures, "--out", tuned[0]))
    assert f"to go on with it: chainrule tune --resume {tuned[0]}" in said


def test_pictures_or_a_search_must_be_given(run: Command) -> None:
    assert "--resume" in refused(run("tune"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--optimizer", "lbfgs"), "--optimizer lbfgs"),
        (("--activation", "reul"), "did you mean relu?"),
        (("--optimizer", "adm"), "did you mean adam?"),
        (("--dropout", "1"), "--dropout 1"),
        (("--l2", "-1"), "--l2 -1"),
        (("--activation", "relu,tanh"), "give --hidden too"),
    ],
)
def test_a_value_without_sense_is_told(run: Command, pictures: Path, options: tuple[str, ...], words: str) -> None:
    assert words in refused(run("tune", pictures, *options))
    assert not Path("runs").exists()


def test_a_search_of_nothing_is_refused(run: Command, pictures: Path) -> None:
    values = {"learning_rate": 0.1, "hidden": "4", "activation": "relu", "l2": 0, "batch_size": 8, "dropout": 0}
    assert set(values) == set(SEARCHABLE)
    options = [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]
    assert "nothing to search" in refused(run("tune", pictures, *options))


def test_without_optuna_it_is_said_how_to_install_it(
    run: Command, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "pip install 'chainrule[tune]'" in refused(run("tune", pictures))
    assert not Path("runs").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_one_line_that_says_how_to_go_on(
    pictures: Path, tmp_path: Path, asked: signal.Signals
) -> None:
    folder = tmp_path / "search"
    with started(folder, pictures, "--epochs", "1000000", "--patience", "1000000", "--hidden", "4") as process:
        read_until(process, "to train")
        while not (folder / "study.sqlite").exists():
            pass
        process.send_signal(asked)
        assert process.stderr is not None
        assert process.stderr.read() == (
            f"stopped after 0 of 30 trials; to go on: chainrule tune --resume {folder}\n"
        )
    assert process.returncode == 128 + asked


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_a_search_that_was_killed_goes_on(run: Command, pictures: Path, tuned: tuple[Path, Any]) -> None:
    folder = Path("killed").absolute()
    with started(folder, pictures, *QUICK[2:], "--trials", "3") as process:
        read_until(process, "trial 1 of 3")
        process.kill()
    done = run("tune", "--resume", folder, "--json")
    assert done.exit_code == 0, done.output
    same = [
        [(one["number"], one["validation_cost"], one["drawn"]) for one in json.loads(text)["trials"]]
        for text in (done.stdout, run("tune", "--resume", tuned[0], "--json").stdout)
    ]
    assert same[0] == same[1]
    assert (folder / "best" / "model.safetensors").read_bytes() == (
        tuned[0] / "best" / "model.safetensors"
    ).read_bytes()
    assert read_json(folder / "tune.json")["search"]["trials"] == 3
