"""The command line as a process: start, streams, signals and pipes."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer.main

import chainrule
from chainrule.cli import app
from chainrule.cli.messages import printable
from tests.cli.conftest import QUICK

COMMAND = [sys.executable, "-c", "from chainrule.cli import main; main()"]
HEAVY = {"numpy", "PIL", "rich", "matplotlib", "jinja2", "safetensors", "pydantic", "optuna", "sqlalchemy"}

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def start(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8", check=False, **options
    )
    assert "Traceback" not in done.stderr
    return done


def test_the_version_is_the_packages() -> None:
    assert start("--version").stdout == f"chainrule {chainrule.__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys; sys.argv = ['chainrule', '--help']\n{COMMAND[-1]}"
    shown = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    done = subprocess.run([sys.executable, "-c", shown + code], capture_output=True, text=True, check=True)
    assert "train" in done.stdout
    assert HEAVY & set(done.stderr.split()) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert [one.name for one in command.params if not getattr(one, "help", None)] == []


def test_every_command_is_listed_in_the_help() -> None:
    names = ("train", "tune", "resume", "reproduce", "predict", "evaluate", "explain", "inspect", "demo")
    assert set(COMMANDS) == set(names)
    text = start("--help").stdout
    assert all(f"  {name} " in text for name in COMMANDS)


def test_colours_never_reach_a_pipe(pictures: Path, tmp_path: Path) -> None:
    done = start("train", pictures, *QUICK, cwd=tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(model: Path, pictures: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "predict", str(model), str(pictures)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
def test_an_interruption_ends_in_one_line(pictures: Path, tmp_path: Path) -> None:
    endless = ["train", str(pictures), "--size", "8", "--epochs", "1000000", "--patience", "1000000"]
    with subprocess.Popen([*COMMAND, *endless], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "to train" not in process.stderr.readline():
            pass
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        (line,) = process.stderr.read().splitlines()
        assert re.fullmatch(r"stopped after [\d,]+ epochs and .*; to go on: .*chainrule resume runs/\S+", line)
    assert process.returncode == 130


def test_a_terminal_without_the_characters_gets_their_numbers(model: Path, pictures: Path, tmp_path: Path) -> None:
    name = tmp_path / "日本.jpg"
    name.write_bytes((pictures / "dog" / "00000.jpg").read_bytes())
    plain = {**os.environ, "PYTHONIOENCODING": "latin-1", "COLUMNS": "10"}
    done = start("evaluate", model, tmp_path / "日本", env=plain)
    assert done.returncode == 2
    assert "\\u65e5" in done.stderr


def test_control_characters_are_spelt_out() -> None:
    assert printable("a\nb\x1b\u202e\udce9 é\xa0日") == "a\\nb\\x1b\\u202e\\udce9 é\xa0日"
