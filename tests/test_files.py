import math
import os
import stat
from pathlib import Path

import pytest

from chainrule.errors import UserError, WorkFailed
from chainrule.files import read_json, to_json_bytes, write_atomically


def test_a_file_is_written_and_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    write_atomically(target, b"first, and longer")
    write_atomically(target, b"second")
    assert target.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(WorkFailed, match=r"a\.bin could not be written: No space left on device"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.bin", b"new")
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match="No such file or directory"):
        write_atomically(tmp_path / "none" / "a.bin", b"")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_permissions_and_links_survive(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "a.bin", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_json_does_not_depend_on_the_order_of_keys() -> None:
    assert to_json_bytes({"b": 1, "a": 2}) == to_json_bytes({"a": 2, "b": 1})


@pytest.mark.parametrize("value", ["döggy 犬", "bad name \udcff", "line\u2028break", "", 'quote " and \\'])
def test_texts_come_back_from_json(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.json").write_bytes(to_json_bytes([value]))
    assert read_json(tmp_path / "a.json") == [value]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_json_has_no_nan(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json_bytes({"cost": value})


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[NaN]", b"[Infinity]", b'{"a": 1, "a": 2}', b'"\xff"', b"[" * 100_000]
)
def test_what_is_no_json_is_refused_by_name(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(UserError, match=r"a\.json is not a JSON file"):
        read_json(tmp_path / "a.json")


def test_a_missing_json_file_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.json cannot be read"):
        read_json(tmp_path / "none.json")
