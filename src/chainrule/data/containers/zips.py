"""Zip archives."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from functools import partial
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from chainrule.data.containers.archive import Archive, Member
from chainrule.data.containers.container import read_exactly, too_large
from chainrule.errors import UserError

_ENCRYPTED = 0x1
_UNIX = 3


class ZipArchive(Archive):
    """A zip archive, open for reading.

    Raises:
        UserError: it is none, or it is damaged.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        try:
            self._zip = ZipFile(path)
        except OSError as reason:
            raise UserError(f"{path} cannot be read: {reason.strerror}") from None
        except Exception as reason:
            # Its bytes can be wrong in many ways, and zipfile says so in as many.
            raise UserError(
                f"{path} cannot be read as a zip archive: {reason}; it is damaged or cut short, or something else: "
                "get it again"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def walk(self) -> Iterator[tuple[Member, Callable[[], bytes]]]:
        """Go through the members in the order in which they are stored."""
        for info in sorted(self._zip.infolist(), key=lambda info: info.header_offset):
            # Some programs on Windows write names as they are there.
            name = info.filename.replace("\\", "/")
            yield Member(name, name.endswith("/"), _problem(info)), partial(self._read, info)

    def _read(self, info: ZipInfo) -> bytes:
        with self._zip.open(info) as file:
            # Reading to the declared end checks the sum of the bytes.
            return read_exactly(file, info.file_size)


def _problem(info: ZipInfo) -> str:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link, which is not followed in an archive" if stat.S_ISLNK(mode) else "not a regular file"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted: unpack the archive with its password"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        # The others of Python's own cannot be told to stop at a size.
        return f"compressed by method {info.compress_type}, but only stored and deflated members are read"
    return too_large(info.file_size)
