"""A run's folder, made once and left as it is by every test."""

from pathlib import Path

import pytest

from chainrule.sample.write import write_sample
from tests.cli.conftest import QUICK, invoke


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspected")
    write_sample(folder / "pets", count=60, size=16)
    assert invoke("train", folder / "pets", *QUICK, "--out", folder / "run").exit_code == 0
    return folder / "run"
