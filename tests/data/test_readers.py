"""Processes that help to read give what this process gives, or are done without."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chainrule.data import readers
from chainrule.data.decode import PictureError
from chainrule.data.reading_process import serve
from chainrule.data.settings import PictureSettings

SETTINGS = PictureSettings(size=8)


def drawn(folder: Path, count: int) -> list[str]:
    """Draw pictures, every fifth of which is none, under names that need care."""
    paths = []
    for i in range(count):
        path = folder / f'döggy {i} & "quoted".png'
        if i % 5 == 4:
            path.write_text("no picture")
        else:
            Image.new("RGB", (20, 10), (i, 2 * i, 255 - i)).save(path)
        paths.append(str(path))
    return paths


def read(paths: list[str], how_many: int) -> tuple[list[list[int]], list[tuple[str, str, bool] | None]]:
    rows = np.zeros((len(paths), SETTINGS.features), np.uint8)
    outcomes = list(readers.read_files(paths, rows, range(len(paths)), SETTINGS, how_many))
    return rows.tolist(), [None if one is None else (one.path, one.reason, one.is_picture) for one in outcomes]


@pytest.mark.parametrize("how_many", [2, 3])
def test_processes_read_what_this_process_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how_many: int
) -> None:
    monkeypatch.setattr(readers, "_PICTURES_AT_ONCE", 3)
    paths = drawn(tmp_path, 20)
    alone = read(paths, 1)
    monkeypatch.setattr(readers, "_WORTH_A_PROCESS", 1)
    assert read(paths, how_many) == alone
    assert sum(outcome is not None for outcome in alone[1]) == 4


def test_few_pictures_start_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(readers, "_PICTURES_AT_ONCE", 3)
    assert len(read(drawn(tmp_path, 10), 2)[0]) == 10


def test_a_process_reads_paths_relative_to_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(tmp_path, 4)
    monkeypatch.chdir(tmp_path)
    reader = readers.ProcessReader(SETTINGS)
    try:
        rows = np.zeros((4, SETTINGS.features), np.uint8)
        assert reader.read(sorted(os.listdir(tmp_path)), list(rows)) == [None] * 4
    finally:
        reader.close()


def test_the_share_of_a_process_that_dies_is_read_here(tmp_path: Path) -> None:
    paths = drawn(tmp_path, 4)
    reader = readers.ProcessReader(SETTINGS)
    process = reader._process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    process.wait()
    rows = np.zeros((4, SETTINGS.features), np.uint8)
    assert reader.read(paths, list(rows)) == [None] * 4
    assert rows.tolist() == read(paths, 1)[0]
    reader.close()


def test_without_an_interpreter_to_start_everything_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    reader = readers.ProcessReader(SETTINGS)
    rows = np.zeros((4, SETTINGS.features), np.uint8)
    assert reader.read(drawn(tmp_path, 4), list(rows)) == [None] * 4
    reader.close()


def test_no_process_outlives_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    monkeypatch.setattr(readers, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(readers, "_PICTURES_AT_ONCE", 2)
    paths = drawn(tmp_path, 12)
    rows = np.zeros((12, SETTINGS.features), np.uint8)
    outcomes = readers.read_files(paths, rows, range(12), SETTINGS, 2)
    next(outcomes)
    outcomes.close()  # as when an error ends the reading early
    assert len(started) == 1
    assert started[0].poll() is not None


def test_the_process_answers_reasons_and_rows(tmp_path: Path) -> None:
    good, bad = drawn(tmp_path, 5)[0], drawn(tmp_path, 5)[4]
    requests = io.BytesIO(f"{json.dumps(SETTINGS.to_dict())}\n{json.dumps([good, bad])}\n".encode())
    answers = io.BytesIO()
    serve(requests, answers)
    line, _, rows = answers.getvalue().partition(b"\n")
    assert json.loads(line) == [None, ["not a picture", False]]
    assert len(rows) == 2 * SETTINGS.features
    assert rows[SETTINGS.features :] == bytes(SETTINGS.features)


def test_an_answer_of_another_form_is_not_believed() -> None:
    assert readers._outcome("a.png", None) is None
    assert isinstance(readers._outcome("a.png", ["cut short", True]), PictureError)
    with pytest.raises(ValueError, match="another form"):
        readers._outcome("a.png", "cut short")


def test_the_process_imports_no_numpy() -> None:
    code = "import sys, chainrule.data.reading_process; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
