"""What archives and tables have in common: they hand out the contents of their pictures, one after the other."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from typing import Protocol, Self

from chainrule.data.containers.names import is_table
from chainrule.data.decode import PictureError

# A larger file is not read: its declared size alone could fill the memory.
MOST_BYTES = 128 << 20

_AT_ONCE = 1 << 20

Contents = Iterator[tuple[str, bytes | PictureError]]


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Read so many bytes, or fewer; none at the end."""

    def close(self) -> None:
        """Give up what is held."""


class Container(Protocol):
    """A file that holds pictures, open for reading until it is left as a context.

    Attributes:
        path: the file.
        only_pictures: whether everything in it is meant to be a picture, whatever its name.
    """

    path: str
    only_pictures: bool

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(self, *failure: object) -> None:
        """Close the file."""

    def contents(self, wanted: Collection[str]) -> Contents:
        """Hand out pictures by name, in the order in which they are stored; those that are not there are left out.

        Raises:
            UserError: the file is damaged.
        """


def open_container(path: str) -> Container:
    """Open an archive or a table.

    Raises:
        UserError: it cannot be read; the message says why.
    """
    if is_table(path):
        from chainrule.data.containers.parquet import ParquetTable

        return ParquetTable(path)
    from chainrule.data.containers.archive import open_archive

    return open_archive(path)


def too_large(size: int) -> str:
    """Return why something of a size is not read, or nothing.

    >>> too_large(200 << 20)
    'too large: 209,715,200 bytes, the limit is 134,217,728'
    """
    return f"too large: {size:,} bytes, the limit is {MOST_BYTES:,}" if size > MOST_BYTES else ""


def read_exactly(file: Readable, size: int) -> bytes:
    """Read what was declared, never more, and no more memory at a time than there is to read.

    Raises:
        ValueError: there is less.

    >>> import io
    >>> read_exactly(io.BytesIO(b"rex"), 3)
    b'rex'
    """
    # The declared size is not believed: memory grows with what comes. The value of a BytesIO is no copy of it.
    found = io.BytesIO()
    while (left := size - found.tell()) > 0:
        part = file.read(min(_AT_ONCE, left))
        if not part:
            raise ValueError("it is cut short")
        found.write(part)
    return found.getvalue()
