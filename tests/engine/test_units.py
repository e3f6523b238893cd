"""The unit tests in C++, of what Python does not reach, are built beside the engine and pass."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CMAKE = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


def _build() -> Path | None:
    """Where the engine that is tested was built; None for one that came as a wheel."""
    sanitized = os.environ.get("CHAINRULE_ENGINE")
    found = [Path(sanitized).parent] if sanitized else sorted((ROOT / "build").glob("*-editable"))
    return next((one for one in found if (one / "CMakeCache.txt").exists()), None)


@pytest.mark.skipif(CMAKE is None or _build() is None, reason="the engine was not built here")
def test_units() -> None:
    build = _build()
    assert build is not None
    assert CMAKE is not None
    # The compiler is not to be run with a sanitizer's library.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    command = [CMAKE, "--build", str(build), "--target", "engine_units", "--parallel", "2"]
    built = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert built.returncode == 0, built.stdout + built.stderr
    ran = subprocess.run(
        [build / "engine_units"], check=False, capture_output=True, text=True, env=environment, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 failed checks" in ran.stdout
