"""Rows of decoded pictures kept in files between runs, and mapped into memory from there.

A file is the rows one after the other, then a description in JSON, then where that begins and a word that tells the
kind of file. Its name is a digest of all that decides the rows: files, their sizes and times, and settings.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.containers.names import place_of
from chainrule.data.settings import PictureSettings

Rows = NDArray[np.uint8]
# Of each picture: None, or why it could not be read and whether it began like a picture.
Reasons = Sequence[tuple[str, bool] | None]

# Changes with what decoding makes of the same file.
FORMAT = 1
_WORD = b"chainrule rows 1"
_SUFFIX = ".rows"
# Bytes whose digests are compared before rows are used: of larger files, blocks that are spread over them.
_BLOCK, _MOST_CHECKED = 1 << 22, 1 << 30
# Files that were not used for so long go, and the longest unused ones where all together are larger than this.
_MOST_SECONDS, _MOST_BYTES = 30 * 86_400, 20 << 30


def default_folder() -> Path:
    """Return where rows are kept: CHAINRULE_CACHE, or the system's folder for such files."""
    if given := os.environ.get("CHAINRULE_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "chainrule")


def key_of(paths: Iterable[str], settings: PictureSettings) -> str:
    """Return what tells these files, as they are now, and settings from others.

    >>> key_of([], PictureSettings(size=8)) == key_of([], PictureSettings(size=9))
    False
    """
    import PIL

    found = hashlib.sha256(repr((FORMAT, PIL.__version__, sorted(settings.to_dict().items()))).encode())
    containers: dict[str, tuple[int, ...]] = {}
    for path in paths:
        place = place_of(path)
        if place is None:
            state = _state(path)
        else:
            if place.container not in containers:
                containers[place.container] = _state(place.container)
            state = containers[place.container]
        found.update(repr((os.path.abspath(path), state)).encode("utf-8", "backslashreplace"))
    return found.hexdigest()[:40]


def _state(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ino


@dataclass(frozen=True, eq=False)
class Cached:
    """Rows that were found: of all pictures that could be read, with the reasons why others could not."""

    rows: Rows
    reasons: Reasons


class RowCache:
    """A folder of rows.

    Args:
        folder: where the files are; it is made when the first one is written.
        features: how many bytes a row has.
    """

    def __init__(self, folder: Path, features: int) -> None:
        self.folder = folder
        self.features = features

    def find(self, key: str) -> Cached | None:
        """Return the rows with this key, mapped from their file; None where there are none, or they are damaged."""
        path = self._path(key)
        try:
            found = _read(path, self.features)
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            with suppress(OSError):
                path.unlink()
            return None
        return found

    def room(self, count: int) -> Room | None:
        """Return room for the rows of so many pictures, in a file; None where the disk has none for them."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._tidy(count * self.features)
            return Room(self, count)
        except OSError:
            return None

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _tidy(self, more: int) -> None:
        """Remove what was not used for long, so that there is room for more bytes."""
        used = []
        for path in self.folder.glob(f"*{_SUFFIX}"):
            with suppress(OSError):
                status = path.stat()
                used.append((status.st_mtime, status.st_size, path))
        total, now = more + sum(size for _, size, _ in used), time.time()
        for when, size, path in sorted(used):
            if now - when > _MOST_SECONDS or total > _MOST_BYTES:
                with suppress(OSError):
                    path.unlink()
                total -= size


class Room:
    """A file that is being filled with rows.

    Attributes:
        rows: shape (count, features), to be filled; a map of the file.
    """

    def __init__(self, cache: RowCache, count: int) -> None:
        self._cache = cache
        self._path = cache.folder / f".{secrets.token_hex(8)}.tmp"
        self._file = open(self._path, "x+b")  # noqa: SIM115  # it is closed by `keep` or `discard`
        try:
            _reserve(self._file.fileno(), max(count * cache.features, 1))
            self.rows: Rows = np.memmap(self._file, np.uint8, "r+", shape=(count, cache.features))
        except BaseException:
            self.discard()
            raise

    def keep(self, key: str, count: int, reasons: Reasons) -> Rows:
        """Make the first `count` rows those of a key, and return them; if that fails they are only not kept."""
        rows = self.rows[:count]
        with suppress(OSError):
            description = {
                "features": self._cache.features,
                "rows": count,
                "reasons": {str(i): list(reason) for i, reason in enumerate(reasons) if reason is not None},
                "pictures": len(reasons),
                "digests": _digests(rows),
            }
            self.rows.flush()  # type: ignore[attr-defined]  # a map has it
            self._file.truncate(count * self._cache.features)
            self._file.seek(0, os.SEEK_END)
            start = self._file.tell()
            text = json.dumps(description).encode()
            digest = hashlib.sha256(text).digest()
            self._file.write(text + digest + start.to_bytes(8, "little") + _WORD)
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._path, self._cache._path(key))
            self._file.close()
            # Mapped again, so that nobody can write to what others read.
            return _read(self._cache._path(key), self._cache.features, checked=False).rows
        self.discard()
        return rows

    def discard(self) -> None:
        """Give the file up; rows that are in use stay until they are not."""
        self._file.close()
        with suppress(OSError):
            self._path.unlink()


def _reserve(descriptor: int, size: int) -> None:
    """Take space on the disk: a map of a file that finds none ends the program."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    for start in range(0, size, _BLOCK):
        if os.write(descriptor, bytes(min(_BLOCK, size - start))) == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read(path: Path, features: int, *, checked: bool = True) -> Cached:
    """Map a file of rows.

    Raises:
        OSError: it cannot be read.
        ValueError, KeyError, TypeError: it is damaged.
    """
    with open(path, "rb") as file:
        described, start = _description(file)
        count, pictures = int(described["rows"]), int(described["pictures"])
        if described["features"] != features or start != count * features or not 0 <= count <= pictures:
            raise ValueError("another size")
        rows: Rows = np.zeros((0, features), np.uint8)
        if count:
            rows = np.memmap(file, np.uint8, "r", shape=(count, features))
    if checked:
        _check(rows, described["digests"])
    reasons: list[tuple[str, bool] | None] = [None] * pictures
    for number, (words, is_picture) in described["reasons"].items():
        reasons[int(number)] = (str(words), bool(is_picture))
    if sum(reason is None for reason in reasons) != count:
        raise ValueError("another number of rows")
    return Cached(rows, reasons)


def _description(file: Any) -> tuple[dict[str, Any], int]:
    end = 8 + len(_WORD)
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - end))
    tail = file.read()
    start = int.from_bytes(tail[:8], "little")
    if len(tail) != end or tail[8:] != _WORD or start > size - end - 32:
        raise ValueError("no rows")
    file.seek(start)
    text = file.read(size - end - start)
    if hashlib.sha256(text[:-32]).digest() != text[-32:]:
        raise ValueError("a damaged description")
    described = json.loads(text[:-32])
    if not isinstance(described, dict):
        raise ValueError("no description")
    return described, start


def _digests(rows: Rows) -> list[str]:
    flat = rows.reshape(-1)
    return [_digest(flat[i : i + _BLOCK]) for i in range(0, len(flat), _BLOCK)]


def _digest(block: Rows) -> str:
    return hashlib.sha256(block.data).hexdigest()


def _check(rows: Rows, digests: Sequence[str]) -> None:
    flat = rows.reshape(-1)
    if len(digests) != -(-len(flat) // _BLOCK):
        raise ValueError("another number of blocks")
    step = max(1, len(flat) // _MOST_CHECKED)
    for number in range(0, len(digests), step):
        if _digest(flat[number * _BLOCK : (number + 1) * _BLOCK]) != digests[number]:
            raise ValueError("damaged rows")
