"""What decides a run: it can be repeated from a command, and mistakes are found before any picture is read."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.errors import UserError, WorkFailed
from chainrule.files import read_json, to_json_bytes
from chainrule.runs.settings import RunSettings, described, program, shell_command
from chainrule.training.defaults import DEFAULTS

# What the shell can hand on: any text without a NUL.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.one_of(texts, texts.map("-{}".format), st.sampled_from(["--", "-", "--seed", "-h", "a b", "it's", "$x"]))
activations = st.sampled_from(["relu", "tanh", "sigmoid", "gelu"])
finite = st.floats(0, 1e6)
shares = st.floats(1e-9, 0.49)


@st.composite
def all_settings(draw: st.DrawFn) -> RunSettings:
    hidden = tuple(draw(st.lists(st.integers(1, 1_000_000), max_size=3)))
    one_each = st.tuples(*[activations] * len(hidden)) if hidden else st.just(("relu",))
    options: dict[str, st.SearchStrategy[Any]] = {
        "negative": st.none() | names,
        "label_from": st.none() | names,
        "positive": st.none() | names,
        "strict": st.booleans(),
        "size": st.integers(1, 4096),
        "color": st.sampled_from(["rgb", "grey"]),
        "fit": st.sampled_from(["squash", "pad", "crop"]),
        "preprocess": st.sampled_from(["standardize", "scale"]),
        "hidden": st.just(hidden),
        "activation": st.tuples(activations) | one_each,
        "optimizer": st.sampled_from(["adam", "sgd", "momentum", "rmsprop"]),
        "learning_rate": st.none() | st.just("auto") | st.floats(0, exclude_min=True, allow_infinity=False),
        "epochs": st.integers(0, 10**9),
        "batch_size": st.just("all") | st.integers(1, 10**9),
        "l1": finite,
        "l2": finite,
        "dropout": st.floats(0, 1, exclude_max=True),
        "class_weight": st.sampled_from([None, "balanced"]),
        "patience": st.integers(1, 10**9),
        "validation": shares,
        "test": shares,
        "seed": st.integers(0, 2**62),
        "threads": st.none() | st.integers(1, 1024),
        "engine": st.sampled_from(["engine", "reference"]),
    }
    chosen = draw(st.fixed_dictionaries({}, optional=options))
    return RunSettings(pictures=draw(names), **chosen)


def asked_by(command: str) -> RunSettings:
    """Return the settings that the command line makes of a command."""
    asked: list[RunSettings] = []

    def remember(settings: RunSettings, **_: object) -> None:
        asked.append(settings)
        raise WorkFailed("enough is known")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chainrule.runs.train.train_on_pictures", remember)
        words = shlex.split(command)
        assert words[0] == "chainrule"
        result = CliRunner().invoke(app, words[1:])
    assert "enough is known" in result.output, result.output
    return asked[0]


@given(settings=all_settings())
@example(settings=RunSettings(pictures="-x", seed=3))
@example(settings=RunSettings(pictures="--help"))
@example(settings=RunSettings(pictures="a", learning_rate=0.1234567891234567, negative="-b", positive="--seed"))
@example(settings=RunSettings(pictures="a", hidden=(), validation=0.1 + 0.2, l1=1e-300, dropout=0.0))
def test_the_command_repeats_the_run(settings: RunSettings) -> None:
    assert asked_by(settings.command()) == settings


def test_the_command_leaves_out_where_the_run_was_written_for_a_run_never_overwrites() -> None:
    assert RunSettings(pictures="a", out="b").command() == "chainrule train a"


@given(settings=all_settings())
def test_settings_can_be_written_as_json_and_read_back(
    settings: RunSettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "settings.json"
    file.write_bytes(to_json_bytes(settings.to_dict()))
    assert RunSettings.from_dict(read_json(file)) == settings


def test_paths_that_look_like_options_stand_behind_two_dashes() -> None:
    command = shell_command(["chainrule", "predict"], ["runs/-x-1", "-x/dog/1.jpg"])
    assert command == "chainrule predict -- runs/-x-1 -x/dog/1.jpg"


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({}, DEFAULTS.picture_learning_rate),
        ({"learning_rate": 0.5}, 0.5),
        ({"learning_rate": "auto"}, "auto"),
        ({"optimizer": "sgd"}, None),
        ({"optimizer": "sgd", "learning_rate": 0.5}, 0.5),
    ],
)
def test_the_learning_rate_for_pictures_is_that_of_the_default_optimizer(
    changes: dict[str, Any], rate: float | str | None
) -> None:
    assert RunSettings(pictures="a", **changes).rate == rate


def test_the_report_tells_settings_of_0_too_and_the_rate_in_force() -> None:
    told = described(RunSettings(pictures="a", l2=0.0, dropout=0.0, seed=0))
    assert {name: told[name] for name in ("l1", "l2", "dropout", "seed")} == dict.fromkeys(
        ("l1", "l2", "dropout", "seed"), 0
    )
    assert told["learning_rate"] == DEFAULTS.picture_learning_rate
    assert not {"negative", "positive", "strict", "threads", "out"} & set(told)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"validation": 0.0}, "--validation: .* above 0 and below 1, not 0"),
        ({"test": 0.0}, "--test: .*not 0"),
        ({"test": 1.0}, "--test: .*not 1"),
        ({"test": float("nan")}, "--test: .*not nan"),
        ({"validation": 0.5, "test": 0.5}, "together take 1 of the pictures"),
        ({"engine": "numpy"}, "engine is .engine. or .reference., not 'numpy'"),
        ({"seed": -1}, "--seed must be a whole number from 0 up, not -1"),
        ({"seed": 1.5}, "--seed must be a whole number"),
        ({"epochs": -1}, "--epochs"),
        ({"patience": 0}, "--patience"),
        ({"l1": -0.1}, "--l1"),
        ({"l2": float("inf")}, "--l2"),
        ({"dropout": 1.0}, "--dropout"),
        ({"batch_size": 0}, "batch size"),
        ({"batch_size": "some"}, "batch size"),
        ({"preprocess": "none"}, "--preprocess is standardize or scale, not 'none'"),
        ({"class_weight": "rare"}, "--class-weight is balanced, not 'rare'"),
    ],
)
def test_a_value_without_sense_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        RunSettings(pictures="a", **changes)


def test_the_program_is_named_by_its_path_only_where_its_name_does_not_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "chainrule"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == "chainrule"
    monkeypatch.setenv("PATH", os.devnull)
    assert program() == str(script)
    monkeypatch.setattr(sys, "argv", ["notebook.py"])
    assert program() == "chainrule"
