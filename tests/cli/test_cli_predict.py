import csv
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.cli import answers as answering
from chainrule.cli.sorting import Sorter
from chainrule.errors import UserError
from tests.cli.conftest import QUICK, Command
from tests.data.drawing import class_folders


def rows(done: Any) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(done.stdout))]


def test_a_pipe_gets_csv_with_the_models_probabilities(run: Command, model: Path, pictures: Path) -> None:
    done = run("predict", model, pictures)
    assert done.exit_code == 0
    table = rows(done)
    assert list(table[0]) == ["path", "label", "not_dog", "dog", "error"]
    loaded = chainrule.load(model)
    paths = [row["path"] for row in table]
    assert [row["label"] for row in table] == loaded.predict(paths).tolist()
    said = np.array([[row["not_dog"], row["dog"]] for row in table], dtype=np.float32)
    assert (said == loaded.predict_proba(paths)).all()


def test_answers_stand_in_the_order_of_the_arguments(run: Command, model: Path, pictures: Path) -> None:
    given = [pictures / "not_dog" / "00003.jpg", pictures / "dog" / "00002.jpg", pictures / "not_dog" / "00001.jpg"]
    assert [row["path"] for row in rows(run("predict", model, *given, given[0]))] == [
        str(path) for path in (*given, given[0])
    ]


def test_blocks_change_nothing(run: Command, model: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (broken := Path("broken.jpg")).write_bytes(b"")
    whole = rows(run("predict", model, broken, pictures, broken, "--threads", 1))
    monkeypatch.setattr(answering, "_MOST_AT_ONCE", 7)
    cut = rows(run("predict", model, broken, pictures, broken))
    for name in ("path", "label", "error"):
        assert [row[name] for row in cut] == [row[name] for row in whole]
    chances = [[float(row["dog"]) for row in table if row["dog"]] for table in (whole, cut)]
    assert chances[0] == pytest.approx(chances[1], rel=1e-5)


def test_json_is_one_document(run: Command, model: Path, pictures: Path) -> None:
    done = run("predict", model, pictures, "--format", "json")
    found = json.loads(done.stdout)
    assert len(found) == 60
    assert set(found[0]) == {"path", "label", "probabilities", "error"}
    assert sum(found[0]["probabilities"].values()) == pytest.approx(1)


def test_text_has_a_line_for_each_picture(run: Command, model: Path, pictures: Path) -> None:
    shutil.copy(pictures / "dog" / "00000.jpg", "rex.jpg")
    line = run("predict", model, "rex.jpg", "--format", "text").stdout
    path, label, chance = line.rstrip("\n").split("  ")
    assert path == "rex.jpg"
    assert label.strip() in ("dog", "not_dog")
    assert chance.endswith(" %")


def test_the_threshold_decides_the_label(run: Command, model: Path, pictures: Path) -> None:
    assert {row["label"] for row in rows(run("predict", model, pictures, "--threshold", 0))} == {"dog"}
    assert {row["label"] for row in rows(run("predict", model, pictures, "--threshold", 1))} == {"not_dog"}


def test_a_threshold_needs_two_classes(run: Command) -> None:
    class_folders(Path("pets"), "cat", "dog", "horse", count=8)
    assert run("train", "pets", *QUICK).exit_code == 0
    done = run("predict", "runs/pets-1", "pets", "--threshold", 0.4)
    assert done.exit_code == 2
    assert "the model tells 3" in done.stderr
    assert list(rows(run("predict", "runs/pets-1", "pets"))[0])[2:5] == ["cat", "dog", "horse"]


def test_a_file_that_cannot_be_read_has_a_row_and_fails_in_the_end(
    run: Command, model: Path, pictures: Path
) -> None:
    Path("broken.jpg").write_text("no picture")
    done = run("predict", model, "broken.jpg", pictures / "dog" / "00000.jpg")
    assert done.exit_code == 1
    broken, good = rows(done)
    assert (broken["label"], broken["dog"], broken["error"]) == ("", "", "not a picture")
    assert good["error"] == ""
    assert good["label"] != ""
    assert "1 of 2 files could not be read" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are characters on other systems")
def test_names_that_are_no_characters_survive(run: Command, model: Path, pictures: Path) -> None:
    names = [b"caf\xe9.jpg", b"\x1b[31m.jpg", "日本\n.jpg".encode()]
    for name in names:
        shutil.copy(pictures / "dog" / "00000.jpg", os.fsdecode(name))
    given = [os.fsdecode(name) for name in names]
    written = {form: run("predict", model, *given, "--format", form) for form in ("csv", "json", "text")}
    assert {done.exit_code for done in written.values()} == {0}
    table = csv.DictReader(io.StringIO(os.fsdecode(written["csv"].stdout_bytes)))
    assert [row["path"] for row in table] == given
    assert [one["path"] for one in json.loads(written["json"].stdout)] == given
    assert "\x1b" not in written["text"].stdout
    assert len(written["text"].stdout.splitlines()) == 3


class TestSorting:
    def test_copies_go_into_the_folders_of_their_classes(self, run: Command, model: Path, pictures: Path) -> None:
        done = run("predict", model, pictures, "--sort-into", "sorted")
        for row in rows(done):
            copy = Path("sorted", row["label"], Path(row["path"]).name)
            assert copy.read_bytes() == Path(row["path"]).read_bytes()
        assert "copied 60 pictures into sorted" in done.stderr

    def test_nothing_is_overwritten(self, run: Command, model: Path, pictures: Path) -> None:
        (Path("sorted/dog")).mkdir(parents=True)
        Path("sorted/dog/00000.jpg").write_text("mine")
        picture = pictures / "dog" / "00000.jpg"
        for _ in range(2):
            run("predict", model, picture, "--sort-into", "sorted", "--threshold", 0)
        names = ["00000-2.jpg", "00000-3.jpg", "00000.jpg"]
        assert sorted(path.name for path in Path("sorted/dog").iterdir()) == names
        assert Path("sorted/dog/00000.jpg").read_text() == "mine"
        assert Path("sorted/dog/00000-2.jpg").read_bytes() == picture.read_bytes()

    def test_a_file_that_cannot_be_read_is_not_copied(self, run: Command, model: Path) -> None:
        Path("broken.jpg").write_text("no picture")
        assert run("predict", model, "broken.jpg", "--sort-into", "sorted").exit_code == 1
        assert not Path("sorted").exists()

    @pytest.mark.parametrize("target", ["pets", "pets/sorted", "pets/dog", "."])
    def test_copies_never_get_among_the_originals(
        self, run: Command, model: Path, pictures: Path, target: str
    ) -> None:
        shutil.copytree(pictures, "pets")
        given = "pets/dog" if target == "." else "pets"
        if target == ".":
            shutil.move("pets/dog", "dog")
            given = "dog"
        done = run("predict", model, given, "--sort-into", target)
        assert done.exit_code == 2
        assert f"--sort-into {target}" in done.stderr

    def test_a_picture_is_not_copied_beside_itself(self, run: Command, model: Path, pictures: Path) -> None:
        shutil.copytree(pictures, "pets")
        assert run("predict", model, "pets/dog/00000.jpg", "--sort-into", "pets").exit_code == 2

    def test_a_file_is_no_folder(self, run: Command, model: Path, pictures: Path) -> None:
        Path("file").write_text("")
        assert run("predict", model, pictures, "--sort-into", "file").exit_code == 2

    @pytest.mark.parametrize("name", ["..", "../up", "/etc", "", "a\0b"])
    def test_a_class_never_leads_out_of_the_folder(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UserError, match="cannot be the name of a folder"):
            Sorter(str(tmp_path), [name], [], [])
