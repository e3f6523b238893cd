"""Tar archives, compressed or not. They are read from their start to their end, which is how they are stored."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from functools import partial

from chainrule.data.containers.archive import Archive, Member
from chainrule.data.containers.container import too_large
from chainrule.data.containers.forward import ForwardFile
from chainrule.errors import UserError

# A header and what belongs to it: long names and attributes.
_MOST_OF_A_HEADER = 1 << 20


class TarArchive(Archive):
    """A tar archive, open for reading.

    Raises:
        UserError: the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._file = self._open()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def walk(self) -> Iterator[tuple[Member, Callable[[], bytes]]]:
        """Go through the members in the order in which they are stored.

        Raises:
            UserError: the archive is damaged, or it is none.
        """
        if self._file.tell():
            self._file.close()
            self._file = self._open()
        for info in self._headers():
            yield Member(info.name, info.isdir(), _problem(info)), partial(self._read, info)

    def _headers(self) -> Iterator[tarfile.TarInfo]:
        tar: tarfile.TarFile | None = None
        count, last = 0, -1
        while True:
            self._file.budget = _MOST_OF_A_HEADER
            try:
                if tar is None:
                    tar = tarfile.TarFile(fileobj=self._file)  # type: ignore[arg-type]  # all that it needs to read
                info = tar.next()
            except Exception as error:
                # Its bytes can be wrong in many ways, and tarfile says so in as many.
                raise self._damaged(count, str(error) or type(error).__name__) from None
            # Those that lie behind would add up to much memory, and only links need them.
            tar.members.clear()  # type: ignore[attr-defined]
            if info is None:
                # tarfile also takes a header that is none for the end.
                if any(self._file.last):
                    raise self._damaged(count, "a header is none")
                return
            if info.offset <= last or info.size < 0:
                raise self._damaged(count, "a header leads backwards")
            yield info
            count, last = count + 1, info.offset

    def _read(self, info: tarfile.TarInfo) -> bytes:
        self._file.seek(info.offset_data)
        return self._file.read_exactly(info.size)

    def _open(self) -> ForwardFile:
        try:
            return ForwardFile(self.path)
        except OSError as reason:
            raise UserError(f"{self.path} cannot be read: {reason.strerror}") from None

    def _damaged(self, count: int, words: str) -> UserError:
        place = f"is damaged after {count:,} members" if count else "cannot be read as a tar archive"
        return UserError(f"{self.path} {place}: {words}; it is cut short or something else: get it again")


def _problem(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "a link, which is not followed in an archive"
    if info.isdir():
        return ""
    if not info.isreg() or info.issparse():
        return "not a regular file"
    return too_large(info.size)
