"""The programs of a few networks, to the letter, beside the number of instructions that they may have.

A change of the compiler changes these files: `CHAINRULE_WRITE_GOLDEN=1 pytest tests/compiler/test_golden.py` writes
them anew (and fails, so that no run that checks can do it). Read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from tests.compiler.networks import PROGRAMS

FOLDER = Path(__file__).parent / "golden"
MOST_INSTRUCTIONS = {"step of logistic regression": 10, "step of a deep network": 28}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_is_the_one_on_file(name: str) -> None:
    path = FOLDER / f"{name.replace(' ', '_')}.txt"
    listing = PROGRAMS[name]().program.listing()
    if os.environ.get("CHAINRULE_WRITE_GOLDEN"):
        path.write_text(listing, encoding="utf-8")
        pytest.fail(f"{path.name} was written; run again without CHAINRULE_WRITE_GOLDEN")
    assert listing == path.read_text(encoding="utf-8")


def test_every_file_is_of_a_program() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {name.replace(" ", "_") for name in PROGRAMS}


@pytest.mark.parametrize(("name", "most"), MOST_INSTRUCTIONS.items())
def test_steps_are_short(name: str, most: int) -> None:
    program = PROGRAMS[name]().program
    assert sum(1 for _ in program.entries["step"].instructions()) <= most


def test_compiling_twice_gives_the_same_program() -> None:
    for build in PROGRAMS.values():
        assert build().program.to_bytes() == build().program.to_bytes()
