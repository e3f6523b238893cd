"""Archives: what they say of their members, and the contents of those that are wanted."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Self

from chainrule.data.containers.container import Contents
from chainrule.data.decode import PictureError

_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
# No folder of pictures is deeper; and each level of a name costs memory.
_DEEPEST = 64


@dataclass(frozen=True)
class Member:
    """A member of an archive, before anything of it is read.

    Attributes:
        name: as the archive spells it, with / between folders.
        is_folder: whether it is one.
        problem: why it cannot be read, or nothing.
    """

    name: str
    is_folder: bool = False
    problem: str = ""

    @property
    def inner_path(self) -> str | None:
        """The path from the top of the archive; None where it would lead out of it.

        >>> Member("./dog//rex.jpg").inner_path, Member("dog/../../rex.jpg").inner_path
        ('dog/rex.jpg', None)
        """
        parts = [part for part in self.name.split("/") if part not in ("", ".")]
        if self.name.startswith("/") or ".." in parts or _DRIVE.match(self.name):
            return None
        return "/".join(parts)

    @property
    def is_too_deep(self) -> bool:
        """Whether it lies in more folders than are looked into."""
        return self.name.count("/") > _DEEPEST


class Archive(ABC):
    """An archive, open for reading until it is left as a context.

    Args:
        path: the file.

    Raises:
        UserError: it cannot be read.
    """

    only_pictures = False

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Close the file."""
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @abstractmethod
    def walk(self) -> Iterator[tuple[Member, Callable[[], bytes]]]:
        """Go through the members in the order in which they are stored, each with what reads it at that moment.

        Raises:
            UserError: the archive is damaged.
        """

    def members(self) -> Iterator[Member]:
        """Go through what the archive says of its members.

        Raises:
            UserError: the archive is damaged.
        """
        return (member for member, _ in self.walk())

    def contents(self, wanted: Collection[str]) -> Contents:
        """Hand out members by their inner paths, in the order in which they are stored.

        Of several with one name the first counts. What is not there, or has a problem, is left out.

        Raises:
            UserError: the archive is damaged.
        """
        left = set(wanted)
        for member, read in self.walk():
            name = member.inner_path
            if name in left and not member.problem and not member.is_folder:
                left.remove(name)
                yield name, self._content(name, read)
            if not left:
                return

    def _content(self, name: str, read: Callable[[], bytes]) -> bytes | PictureError:
        try:
            return read()
        except Exception as error:
            # A decompressor says in many ways that it was given something else.
            words = (str(error).splitlines() or [type(error).__name__])[0]
            return PictureError(f"{self.path}/{name}", f"broken in the archive: {words[:120]}")


def open_archive(path: str) -> Archive:
    """Open an archive; the end of its name says of which kind it is.

    Raises:
        UserError: it cannot be read.
    """
    if path.lower().endswith(".zip"):
        from chainrule.data.containers.zips import ZipArchive

        return ZipArchive(path)
    from chainrule.data.containers.tars import TarArchive

    return TarArchive(path)
