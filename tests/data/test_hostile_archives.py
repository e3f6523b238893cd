"""Archives that are damaged, or made to do harm, are refused or skipped with a reason; nothing is written."""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import tarfile
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.data.containers import container, forward
from chainrule.errors import UserError
from tests.data.archives import archive, header, pets, picture

ROOM = 20 << 20


def read(path: Path) -> cr.Dataset:
    return cr.read_pictures(path, size=2, progress=False)


def skips(path: Path) -> dict[str, str]:
    return {skip.path.removeprefix(f"{path}/"): skip.reason for skip in read(path).skipped}


def tar_with(path: Path, *members: tarfile.TarInfo, content: bytes = b"") -> Path:
    """Write a tar archive of pets and some members more, each with this content."""
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w:") as made:
        for name, pixels in pets().items():
            made.addfile(header(name, len(pixels)), io.BytesIO(pixels))
        for member in members:
            made.addfile(member, io.BytesIO(content))
    return path


def zip_with(path: Path, info: zipfile.ZipInfo, content: bytes) -> Path:
    archive(path, pets())
    with zipfile.ZipFile(path, "a") as made:
        made.writestr(info, content)
    return path


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["/dog/3.png", "dog/../../3.png", "../3.png", "C:/dog/3.png"])
def test_paths_that_lead_out_of_an_archive_are_skipped(tmp_path: Path, kind: str, name: str) -> None:
    made = archive(tmp_path / f"pets.{kind}", pets() | {name: picture(9)})
    before = sorted(tmp_path.rglob("*"))
    assert skips(made) == {name: "its path leads out of the archive"}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "a link, which is not followed in an archive"),
        (tarfile.LNKTYPE, "a link, which is not followed in an archive"),
        (tarfile.FIFOTYPE, "not a regular file"),
        (tarfile.CHRTYPE, "not a regular file"),
        (tarfile.BLKTYPE, "not a regular file"),
    ],
)
def test_links_and_devices_in_a_tar_are_skipped(tmp_path: Path, kind: bytes, reason: str) -> None:
    secret = header("dog/3.png", 0, type=kind, linkname="/etc/passwd")
    assert skips(tar_with(tmp_path / "pets.tar", secret)) == {"dog/3.png": reason}


def test_links_in_a_zip_are_skipped(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("dog/3.png")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    made = zip_with(tmp_path / "pets.zip", info, b"/etc/passwd")
    assert skips(made) == {"dog/3.png": "a link, which is not followed in an archive"}


def test_of_two_members_with_one_name_the_first_counts(tmp_path: Path) -> None:
    made = tar_with(tmp_path / "pets.tar", header("dog/1.png", 5), content=b"words")
    assert skips(made) == {"dog/1.png": "the archive holds a file of this name before"}
    assert len(read(made)) == 4


def test_members_in_too_many_folders_are_skipped(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.zip", pets() | {"a/" * 30_000 + "1.png": picture(1)})
    assert list(skips(made).values()) == ["it lies in too many folders"]


def test_encrypted_members_are_skipped(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.zip", pets() | {"dog/3.png": picture(9)})
    flag_last_member(made, encrypted=True)
    assert skips(made) == {"dog/3.png": "encrypted: unpack the archive with its password"}


def flag_last_member(path: Path, *, encrypted: bool = False, size: int | None = None) -> None:
    """Change what a zip archive says of its last member."""
    data = bytearray(path.read_bytes())
    for signature, flags, sizes in ((b"PK\1\2", 8, 24), (b"PK\3\4", 6, 22)):
        at = data.rindex(signature)
        data[at + flags] |= encrypted
        if size is not None:
            struct.pack_into("<I", data, at + sizes, size)
    path.write_bytes(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_compressed_without_bounds_are_skipped(tmp_path: Path, method: int) -> None:
    info = zipfile.ZipInfo("dog/3.png")
    info.compress_type = method
    made = zip_with(tmp_path / "pets.zip", info, bytes(1000))
    reason = f"compressed by method {method}, but only stored and deflated members are read"
    assert skips(made) == {"dog/3.png": reason}


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_members_that_are_declared_too_large_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(container, "MOST_BYTES", 1000)
    made = archive(tmp_path / f"pets.{kind}", pets() | {"dog/3.png": bytes(1001)})
    assert skips(made) == {"dog/3.png": "too large: 1,001 bytes, the limit is 1,000"}


def memory_of_reading(path: Path) -> int:
    tracemalloc.start()
    try:
        read(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_zip_that_declares_too_little_is_not_unpacked_beyond_it(tmp_path: Path) -> None:
    read(archive(tmp_path / "pets.zip", pets()))
    made = archive(tmp_path / "bomb.zip", pets() | {"dog/3.png": bytes(100 << 20)})
    flag_last_member(made, size=1000)
    assert memory_of_reading(made) < ROOM
    assert skips(made) == {"dog/3.png": "broken in the archive: Bad CRC-32 for file 'dog/3.png'"}


def test_a_zip_that_declares_too_much_is_cut_short(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.zip", pets() | {"dog/3.png": picture(9)})
    flag_last_member(made, size=100 << 20)
    assert memory_of_reading(made) < ROOM
    assert skips(made)["dog/3.png"].startswith("broken in the archive")


def test_large_members_are_not_in_memory_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.data.reading._MOST_BYTES_WAITING", 4 << 20)
    bulk = {f"dog/x{i}.png": bytes(1 << 20) for i in range(60)}
    made = archive(tmp_path / "pets.zip", pets() | bulk)
    assert memory_of_reading(made) < ROOM


def test_a_name_in_a_tar_is_not_read_whatever_its_size(tmp_path: Path) -> None:
    huge = header("dog/" + "x" * (100 << 20), 0)
    made = tar_with(tmp_path / "pets.tgz", huge)
    with pytest.raises(UserError, match="is damaged after 4 members: a header is too large"):
        memory_of_reading(made)


def test_many_headers_for_one_member_of_a_tar_are_too_large(tmp_path: Path) -> None:
    made = tar_with(tmp_path / "pets.tar", *(header("x", 0, type=tarfile.GNUTYPE_LONGNAME) for _ in range(5000)))
    with pytest.raises(UserError, match="is damaged after 4 members"):
        read(made)


@pytest.mark.parametrize("size", [-512, -1, 1 << 40])
def test_sizes_in_a_tar_that_cannot_be_are_noticed(tmp_path: Path, size: int) -> None:
    # Python refuses to write them, so the number of a member goes in as it is stored in base 256.
    made = tar_with(tmp_path / "pets.tar", header("dog/3.png", 0))
    data = bytearray(made.read_bytes())
    at = data.rindex(b"dog/3.png")
    data[at + 124 : at + 136] = (b"\xff" if size < 0 else b"\x80") + size.to_bytes(11, "big", signed=True)
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])
    made.write_bytes(data)
    with pytest.raises(UserError, match=r"is damaged after \d members"):
        read(made)


def test_xz_may_not_ask_for_any_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = archive(tmp_path / "pets.tar.xz", pets())
    monkeypatch.setattr(forward, "_XZ_MEMORY", 1 << 20)
    with pytest.raises(UserError, match="cannot be read as a tar archive: Memory usage limit"):
        read(made)


def test_xz_streams_may_follow_one_another(tmp_path: Path) -> None:
    data = archive(tmp_path / "pets.tar", pets()).read_bytes()
    made = tmp_path / "pets.tar.xz"
    made.write_bytes(lzma.compress(data[:700]) + bytes(8) + lzma.compress(data[700:]))
    assert len(read(made)) == 4


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("content", [b"", b"words", bytes(100), b"PK\5\6" + bytes(18), b"\x1f\x8b\x08\x00"])
def test_what_is_no_archive_is_a_clear_error(tmp_path: Path, kind: str, content: bytes) -> None:
    (tmp_path / f"pets.{kind}").write_bytes(content)
    with pytest.raises(UserError, match=r"pets\." + kind):
        read(tmp_path / f"pets.{kind}")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_that_is_cut_short_is_a_clear_error(tmp_path: Path, kind: str) -> None:
    made = archive(tmp_path / f"pets.{kind}", pets() | {"dog/3.png": os.urandom(20_000)})
    made.write_bytes(made.read_bytes()[:15_000])
    with pytest.raises(UserError, match="cut short"):
        read(made)


def test_a_damaged_header_in_a_tar_does_not_end_it_silently(tmp_path: Path) -> None:
    made = tar_with(tmp_path / "pets.tar", header("dog/3.png", 0))
    made.write_bytes(made.read_bytes().replace(b"dog/3.png", b"dog/4.png"))
    with pytest.raises(UserError, match="is damaged after 4 members: a header is none"):
        read(made)


def test_a_damaged_member_of_a_zip_is_skipped(tmp_path: Path) -> None:
    made = archive(tmp_path / "pets.zip", pets())
    data = bytearray(made.read_bytes())
    data[data.index(b"dog/1.png") + 20] ^= 0xFF
    made.write_bytes(data)
    found = skips(made)
    assert list(found) == ["dog/1.png"]
    assert found["dog/1.png"].startswith("broken in the archive: ")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_that_may_not_be_read_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    made = archive(tmp_path / f"pets.{kind}", pets())
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("io.open", refuse)
    with pytest.raises(UserError, match="cannot be read: Permission denied"):
        read(made)


@given(
    st.sampled_from(["zip", "tar", "tar.gz"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_to_an_archive_it_is_read_or_refused(
    kind: str, changes: list[tuple[float, int]], kept: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = archive(Path(folder, f"pets.{kind}"), pets())
        data = bytearray(made.read_bytes())
        for place, value in changes:
            data[int(place * len(data))] = value
        made.write_bytes(data[: max(1, round(len(data) * kept))] if kept < 0.5 else data)
        found: cr.Dataset | UserError
        try:
            found = read(made)
        except UserError as error:
            found = error
        if isinstance(found, UserError):
            assert str(made) in str(found)
        else:
            assert len(found) + len(found.skipped) >= 2


def test_the_budget_of_headers_leaves_room_for_usual_ones(tmp_path: Path) -> None:
    info = header("dog/" + "x" * 3000 + ".png", len(picture(7)), pax_headers={"comment": "y" * 100_000})
    made = tmp_path / "pets.tar"
    with tarfile.open(made, "w:", format=tarfile.PAX_FORMAT) as tar:
        for name, pixels in pets().items():
            tar.addfile(header(name, len(pixels)), io.BytesIO(pixels))
        tar.addfile(info, io.BytesIO(picture(7)))
    assert len(read(made)) == 5


class Zeros(io.RawIOBase):
    """As many zeros as anybody reads."""

    def read(self, size: int = -1) -> bytes:
        return bytes(size)


def test_a_gzip_bomb_takes_no_memory(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as tar:
        for name, pixels in pets().items():
            tar.addfile(header(name, len(pixels)), io.BytesIO(pixels))
        tar.addfile(header("dog/huge.png", 130 << 20), Zeros())
    made = tmp_path / "bomb.tar.gz"
    assert made.stat().st_size < 1 << 20
    assert memory_of_reading(made) < ROOM
    assert skips(made) == {"dog/huge.png": "too large: 136,314,880 bytes, the limit is 134,217,728"}
