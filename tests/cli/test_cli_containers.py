"""The commands on archives and tables of pictures."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import QUICK, Command


def packed(pictures: Path, kind: str) -> str:
    """Put a folder with its own name into an archive, here, as a person does."""
    return Path(shutil.make_archive("pets", kind, pictures.parent, pictures.name)).name


def test_a_run_on_an_archive_is_that_on_its_folder(run: Command, model: Path, pictures: Path) -> None:
    made = packed(pictures, "zip")
    done = run("train", made, *QUICK, "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["folder"] == "runs/pets-1"
    ours, theirs = (json.loads((folder / "run.json").read_text()) for folder in (Path("runs/pets-1"), model))
    assert ours["recorded"]["hashes"] == theirs["recorded"]["hashes"]
    with open("runs/pets-1/splits.csv", newline="") as file:
        assert {row["path"].split("/")[0] for row in csv.DictReader(file)} == {made}


def test_the_command_that_is_told_next_works(run: Command, pictures: Path) -> None:
    assert run("train", packed(pictures, "gztar"), *QUICK).exit_code == 0
    told = json.loads(Path("runs/pets-1/metrics.json").read_text())["predict_command"]
    program, *words = shlex.split(told)
    assert (program, words[0]) == ("chainrule", "predict")
    assert words[2].startswith("pets.tar.gz/pets/")
    done = run(*words, "--format", "csv")
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) == 2
    explained = run("explain", *words[1:], "--json")
    assert explained.exit_code == 0, explained.output
    assert json.loads(explained.stdout)["neighbours"]


def test_an_archive_is_judged_and_answered_as_its_folder(run: Command, model: Path, pictures: Path) -> None:
    made = packed(pictures, "tar")
    one, other = (run("evaluate", model, place, "--json") for place in (pictures, made))
    assert one.exit_code == other.exit_code == 0, other.output
    assert json.loads(one.stdout) == json.loads(other.stdout)
    one, other = (run("predict", model, place, "--format", "csv") for place in (pictures, made))
    assert other.stdout.replace(made + "/pets/", str(pictures) + "/") == one.stdout


def test_a_folder_in_an_archive_is_answered(run: Command, model: Path, pictures: Path) -> None:
    made = packed(pictures, "zip")
    one, other = (run("predict", model, f"{place}/dog", "--format", "csv") for place in (pictures, f"{made}/pets"))
    assert other.exit_code == 0, other.output
    assert other.stdout.replace(made + "/pets/", str(pictures) + "/") == one.stdout
    missing = run("predict", model, f"{made}/pets/cat")
    assert missing.exit_code == 2
    assert "there is no folder pets/cat in the archive pets.zip" in missing.stderr


def test_a_table_is_judged_as_its_folder(run: Command, model: Path, pictures: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    files = sorted(pictures.rglob("*.jpg"))
    cells = [{"bytes": file.read_bytes(), "path": file.name} for file in files]
    pq.write_table(pa.table({"image": cells, "label": [file.parent.name for file in files]}), "pets.parquet")
    one, other = (run("evaluate", model, place, "--json") for place in (pictures, "pets.parquet"))
    assert one.exit_code == other.exit_code == 0, other.output
    assert json.loads(one.stdout) == json.loads(other.stdout)
    assert run("predict", model, "pets.parquet/3", "--format", "csv").exit_code == 0


def test_pictures_in_an_archive_are_not_sorted_into_folders(run: Command, model: Path, pictures: Path) -> None:
    done = run("predict", model, packed(pictures, "zip"), "--sort-into", "sorted")
    assert done.exit_code == 2
    assert "--sort-into sorted: only files can be copied: unpack pets.zip first" in done.stderr
    assert not Path("sorted").exists()


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_damaged_archive_is_no_traceback(run: Command, model: Path, command: str) -> None:
    Path("pets.tar.gz").write_bytes(b"\x1f\x8b damaged")
    done = run(command, *([model] if command == "evaluate" else []), "pets.tar.gz")
    assert done.exit_code == 2
    assert "pets.tar.gz cannot be read as a tar archive" in done.stderr
    assert not Path("runs").exists()
