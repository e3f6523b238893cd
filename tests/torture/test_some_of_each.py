"""Some of each torture; `make torture` does all of it."""

from pathlib import Path

from tests.torture.kills import planned, torture
from tests.torture.large import torture_disk
from tests.torture.mutants import torture_files, torture_pictures


def test_kills(tmp_path: Path) -> None:
    assert torture(tmp_path, 3)


def test_a_quarter_of_the_kills_is_of_each_kind() -> None:
    kinds = [kill.kind for kill in planned(200, seed=0)]
    assert min(kinds.count(kind) for kind in ("step", "write")) >= 50


def test_mutated_pictures(tmp_path: Path) -> None:
    assert torture_pictures(tmp_path, 300)


def test_mutated_models_and_checkpoints() -> None:
    assert torture_files(300)


def test_full_disks(tmp_path: Path) -> None:
    assert torture_disk(tmp_path, 4)
