"""The folder of a run is made once, and nothing is ever overwritten."""

import csv
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from chainrule.data.dataset import Skipped
from chainrule.errors import UserError, WorkFailed
from chainrule.runs.folder import make_run_folder, new_run_folder, write_skipped


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_are_numbered_from_1() -> None:
    assert [str(make_run_folder(None, "pets")) for _ in range(3)] == ["runs/pets-1", "runs/pets-2", "runs/pets-3"]


def test_a_number_that_is_taken_is_passed_over_whatever_took_it() -> None:
    Path("runs").mkdir()
    Path("runs/pets-1").write_text("a file")
    Path("runs/pets-2").symlink_to("nowhere")
    Path("runs/pets-4").mkdir()
    assert [str(make_run_folder(None, "pets")) for _ in range(2)] == ["runs/pets-3", "runs/pets-5"]
    assert Path("runs/pets-1").read_text() == "a file"


def test_runs_that_start_at_once_get_folders_of_their_own() -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: make_run_folder(None, "pets"), range(64)))
    assert sorted(made) == sorted(Path(f"runs/pets-{n}") for n in range(1, 65))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("my pets' pictures!", "my_pets_pictures-1"),
        ("döggy 犬", "döggy_犬-1"),
        ("", "run-1"),
        ("..", "run-1"),
        (".hidden", "hidden-1"),
        ("a/../../b", "a_.._.._b-1"),
        ("-x", "-x-1"),
        ("\udcff\n", "run-1"),
        ("犬" * 300, "犬" * 60 + "-1"),
    ],
)
def test_any_name_makes_a_folder_right_under_runs(name: str, folder: str) -> None:
    made = make_run_folder(None, name)
    assert made == Path("runs", folder)
    assert made.is_dir()


def test_a_folder_that_is_named_is_made_with_those_above_it() -> None:
    assert make_run_folder("a/b/c", "pets") == Path("a/b/c")
    assert Path("a/b/c").is_dir()


@pytest.mark.parametrize("kind", ["folder", "file", "broken link"])
def test_what_exists_is_refused_and_left_alone(kind: str) -> None:
    there = Path("there")
    if kind == "folder":
        there.mkdir()
    elif kind == "file":
        there.touch()
    else:
        there.symlink_to("nowhere")
    with pytest.raises(UserError, match=r"--out there: it exists already.*choose another name"):
        make_run_folder("there", "pets")
    assert there.is_dir() == (kind == "folder")
    assert there.is_symlink() == (kind == "broken link")


@pytest.mark.parametrize("out", ["file/run", None])
def test_a_place_where_no_folder_can_be_made_is_told(out: str | None) -> None:
    Path("file").touch()
    Path("runs").touch()
    with pytest.raises(WorkFailed, match=r"the run's folder cannot be made: Not a directory: (file|runs)/"):
        make_run_folder(out, "pets")


def test_where_a_run_succeeds_its_folder_stays() -> None:
    with new_run_folder(None, "pets") as folder:
        assert folder.is_dir()
    assert folder.is_dir()


@pytest.mark.parametrize("out", [None, "a/b/c", "a"])
@pytest.mark.parametrize("problem", [UserError, WorkFailed, KeyboardInterrupt])
def test_where_a_run_fails_nothing_is_left(
    out: str | None, problem: type[BaseException], empty_folder: Path
) -> None:
    with pytest.raises(problem), new_run_folder(out, "pets"):
        raise problem
    assert [*empty_folder.iterdir()] == []


def test_where_a_run_fails_what_was_there_before_stays() -> None:
    Path("runs").mkdir()
    Path("a/b").mkdir(parents=True)
    for out in (None, "a/b/c"):
        with pytest.raises(UserError), new_run_folder(out, "pets"):
            raise UserError
    assert Path("runs").is_dir()
    assert [*Path("a").rglob("*")] == [Path("a/b")]


def test_where_a_run_fails_what_it_has_written_stays() -> None:
    with suppress(WorkFailed), new_run_folder("a/b", "pets") as folder:
        (folder / "model.safetensors").write_text("an hour's work")
        raise WorkFailed
    assert Path("a/b/model.safetensors").read_text() == "an hour's work"


@pytest.mark.parametrize("out", [None, "here", "../pets/here/run", "link/run"])
def test_a_run_within_the_pictures_is_refused(
    out: str | None, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / "pets").mkdir()
    monkeypatch.chdir("pets")
    if out == "link/run":
        Path("link").symlink_to(".")
    with pytest.raises(UserError, match=r"would lie within .*--out"), new_run_folder(out, "x", apart_from=["."]):
        raise AssertionError("no run begins")
    assert not [path for path in Path().rglob("*") if path.name != "link"]


def test_a_run_beside_the_pictures_or_above_them_is_fine() -> None:
    Path("work/pets").mkdir(parents=True)
    for out in ("work/pets-run", "work/runs/1"):
        with new_run_folder(out, "x", apart_from=["work/pets"]) as folder:
            assert folder == Path(out)


def test_skipped_files_are_listed_with_their_reasons() -> None:
    skipped = (Skipped("a, b\n.jpg", 'it says "no"'), Skipped("\udcff.jpg", "not a picture"))
    write_skipped(Path("skipped.csv"), skipped)
    with open("skipped.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["path", "reason"], ["a, b\n.jpg", 'it says "no"'], ["\udcff.jpg", "not a picture"]]
