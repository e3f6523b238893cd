"""A folder of drawn pictures and a run on it, made once and left as they are by every test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.sample.write import write_sample

QUICK = ("--size", "8", "--hidden", "4", "--epochs", "2")

Command = Callable[..., Any]


def invoke(*arguments: object) -> Any:
    """Run a command in this process."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return invoke


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "pets"
    write_sample(folder, count=60, size=16)
    return folder


@pytest.fixture(scope="session")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A run's folder, and what `train --json` said."""
    folder = tmp_path_factory.mktemp("runs") / "pets"
    result = invoke("train", pictures, *QUICK, "--out", folder, "--json")
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


@pytest.fixture(scope="session")
def model(trained: tuple[Path, Any]) -> Path:
    return trained[0]
