"""Reading a file from its start to its end, with bounded memory, whatever its bytes claim."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from typing import BinaryIO

from chainrule.data.containers.container import Readable, read_exactly

# What a decoder of xz may need: its strongest usual setting, -9, needs 65 MiB.
_XZ_MEMORY = 80 << 20
_AT_ONCE = 1 << 18


class ForwardFile:
    """A file that is read forwards only, as `tarfile` reads one; compressed ones are decompressed on the way.

    Attributes:
        budget: how many bytes `read` may still give: whoever reads says beforehand how many make sense.
        last: what `read` gave last.
    """

    def __init__(self, path: str) -> None:
        self._raw = open(path, "rb")  # noqa: SIM115  # closed by close()
        self._file = _decompressed(self._raw)
        self._position = 0
        self.budget = 0
        self.last = b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._raw.close()

    def tell(self) -> int:
        """Return how many bytes lie behind."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or fewer at the end.

        Raises:
            ValueError: that is more than the budget.
        """
        if not 0 <= size <= self.budget:
            raise ValueError("a header is too large")
        self.last = self._file.read(size)
        self.budget -= len(self.last)
        self._position += len(self.last)
        return self.last

    def read_exactly(self, size: int) -> bytes:
        """Read so many bytes, which must be there, whatever the budget.

        Raises:
            ValueError: there are fewer.
        """
        found = read_exactly(self._file, size)
        self._position += size
        return found

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Go forwards to a position.

        Raises:
            ValueError: it lies behind.
        """
        if whence != os.SEEK_SET or position < self._position:
            raise ValueError("a header leads backwards")
        if self._file is self._raw:
            self._raw.seek(position)
            self._position = position
        while self._position < position:
            part = self._file.read(min(_AT_ONCE, position - self._position))
            if not part:
                break
            self._position += len(part)
        return self._position


def _decompressed(file: BinaryIO) -> Readable:
    """Return what reads the decompressed bytes of a file; its first ones say how it is compressed."""
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if head == b"\xfd7zXZ\x00":
        return io.BufferedReader(_Xz(file))
    return file


class _Xz(io.RawIOBase):
    """The decompressed bytes of an xz file, whose header cannot demand any amount of memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decompressor = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # all that a BufferedReader gives
        """Fill a buffer, not always whole; 0 is the end."""
        while True:
            compressed = b""
            if self._decompressor.eof:
                # Another stream may follow, after zeros.
                rest = self._decompressor.unused_data.lstrip(b"\0") or self._file.read(_AT_ONCE).lstrip(b"\0")
                if not rest:
                    return 0
                compressed, self._decompressor = rest, lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            elif self._decompressor.needs_input:
                compressed = self._file.read(_AT_ONCE)
                if not compressed:
                    raise EOFError("it is cut short")
            part = self._decompressor.decompress(compressed, len(buffer))
            if part:
                buffer[: len(part)] = part
                return len(part)
