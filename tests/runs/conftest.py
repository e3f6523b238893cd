"""Drawn pictures, and one run on them that tests look at and leave as it is."""

from pathlib import Path
from typing import Any

import pytest

from chainrule.runs.settings import RunSettings
from chainrule.runs.train import Run, train_on_pictures
from chainrule.sample.write import write_sample


def quick(pictures: Path, out: Path, **changes: Any) -> RunSettings:
    """Settings of a run that takes a fraction of a second."""
    given: dict[str, Any] = {"size": 8, "hidden": (4,), "epochs": 2, **changes}
    return RunSettings(pictures=str(pictures), out=str(out), **given)


def run_on(pictures: Path, out: Path, **changes: Any) -> Run:
    return train_on_pictures(quick(pictures, out, **changes), say=lambda _: None)


@pytest.fixture(scope="session")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures of dogs and other things, two of them corrupt, and a text."""
    folder = tmp_path_factory.mktemp("drawn") / "pets"
    write_sample(folder, count=62, size=16)
    for name in ("dog/00060.jpg", "not_dog/00061.jpg"):
        (folder / name).write_bytes((folder / name).read_bytes()[:100])
    (folder / "dog" / "notes.txt").write_text("good dogs")
    return folder


@pytest.fixture(scope="session")
def done(pets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_on(pets, tmp_path_factory.mktemp("runs") / "pets")
