"""What the two verifiers say of a program."""

from __future__ import annotations

import re

from chainrule._engine import _check_program
from chainrule.compiler.program import Program
from chainrule.compiler.verify import MalformedProgram, verify
from tests.engine.reading import Words


def verdict_of_engine(words: Words) -> str | None:
    """What the engine finds wrong; None where it takes the program."""
    try:
        _check_program(*words)
    except MalformedProgram as reason:
        return str(reason)
    return None


def verdict_of_python(program: Program) -> str | None:
    """What the Python verifier finds wrong, with the names of a program that was read back as numbers."""
    try:
        verify(program)
    except MalformedProgram as reason:
        return re.sub(r"(buffer \d+) \(buffer \d+\)", r"\1", str(reason)).replace("'", "")
    return None
