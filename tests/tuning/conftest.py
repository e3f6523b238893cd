"""Drawn pictures, and one search on them that tests look at and leave as it is."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from chainrule.runs.settings import RunSettings
from chainrule.sample.write import write_sample
from chainrule.tuning.space import Space
from chainrule.tuning.tune import Tuned, tune


def quick_space(pictures: Path, out: Path, given: Collection[str] = (), **changes: Any) -> Space:
    """What to search in trainings that take a fraction of a second."""
    settings: dict[str, Any] = {"size": 8, "epochs": 3, **changes}
    return Space.around(RunSettings(pictures=str(pictures), out=str(out), **settings), given)


def search_on(pictures: Path, out: Path, trials: int, given: Collection[str] = (), **changes: Any) -> Tuned:
    return tune(quick_space(pictures, out, given, **changes), trials=trials, say=lambda _: None)


@pytest.fixture(scope="session")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures of dogs and other things."""
    folder = tmp_path_factory.mktemp("drawn") / "pets"
    write_sample(folder, count=60, size=16)
    return folder


@pytest.fixture(scope="session")
def done(pets: Path, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    pytest.importorskip("optuna")
    return search_on(pets, tmp_path_factory.mktemp("searches") / "pets", 4)
