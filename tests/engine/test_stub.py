"""What type checkers know about the engine."""

import subprocess
import sys
from pathlib import Path

import pytest

STUB = Path(__file__).parents[2] / "src" / "chainrule" / "_engine.pyi"


def test_the_stub_is_what_the_module_says(tmp_path: Path) -> None:
    pytest.importorskip("nanobind")
    fresh = tmp_path / "_engine.pyi"
    subprocess.run(
        [sys.executable, "-m", "nanobind.stubgen", "-q", "-P", "-m", "chainrule._engine", "-o", fresh], check=True
    )
    assert STUB.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), "run `make stub`"
