"""The folders in an archive, as if they lay on the disk."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

from chainrule.data.containers.archive import Member, open_archive
from chainrule.data.containers.names import place_of, stem
from chainrule.data.dataset import Skipped
from chainrule.data.folders import PARTS
from chainrule.data.formats import named_like_picture
from chainrule.data.trees import is_ignored
from chainrule.errors import UserError


class ArchiveTree:
    """The files in an archive, or in a folder in it.

    One folder that holds everything else of the archive is looked through, as most programs put a folder whole into
    an archive. Members that cannot be read, and those whose paths lead out of it, are among the skipped.

    Args:
        given: an archive, or a folder in one (`pets.zip/photos`).

    Raises:
        UserError: the archive cannot be read or is damaged, or there is no such folder in it.
    """

    def __init__(self, given: str) -> None:
        place = place_of(given)
        archive = given if place is None else place.container
        self._files: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._folders: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._skipped: defaultdict[str, list[Skipped]] = defaultdict(list)
        with open_archive(archive) as opened:
            for member in opened.members():
                self._add(archive, member)
        self.given = given
        if place is None:
            self.top, self.name = self._looked_through(archive), stem(archive)
        else:
            self.top = f"{archive}/{place.member.strip('/')}"
            self.name = os.path.basename(self.top)
            if self.top not in self._folders[os.path.dirname(self.top)]:
                raise UserError(f"there is no folder {place.member} in the archive {archive}; check the path")

    def entries(self, folder: str, skipped: list[Skipped]) -> tuple[list[str], list[str]]:
        """Return the files and the folders in a folder, sorted; hidden ones and those of the system are ignored."""
        skipped.extend(self._skipped.get(folder, ()))
        return sorted(self._files.get(folder, ())), sorted(self._folders.get(folder, ()))

    def walk(self, top: str, skipped: list[Skipped]) -> Iterator[str]:
        """Go through a folder at every depth, in sorted order, and hand out the files in it."""
        waiting = [top]
        while waiting:
            files, folders = self.entries(waiting.pop(), skipped)
            yield from files
            waiting.extend(reversed(folders))

    def _add(self, archive: str, member: Member) -> None:
        inner = member.inner_path
        if inner is None:
            self._skipped[archive].append(Skipped(f"{archive}/{member.name}", "its path leads out of the archive"))
            return
        if member.is_too_deep:
            self._skipped[archive].append(Skipped(f"{archive}/{inner}", "it lies in too many folders"))
            return
        *above, name = inner.split("/")
        folder = archive
        for part in above:
            if is_ignored(part):
                return
            below = f"{folder}/{part}"
            self._folders[folder][below] = None
            folder = below
        if name and not is_ignored(name):
            self._add_to(folder, f"{folder}/{name}", member)

    def _add_to(self, folder: str, path: str, member: Member) -> None:
        if member.problem:
            self._skipped[folder].append(Skipped(path, member.problem))
        elif member.is_folder:
            self._folders[folder][path] = None
        elif path in self._files[folder]:
            self._skipped[folder].append(Skipped(path, "the archive holds a file of this name before"))
        else:
            self._files[folder][path] = None

    def _looked_through(self, top: str) -> str:
        """Return the folder that holds everything, or the first one below with more than one folder in it."""
        folders = list(self._folders.get(top, ()))
        if len(folders) != 1 or not self._folders.get(folders[0]):
            return top
        # A folder `train` means something by itself, and pictures beside a folder are not wrapped by it.
        if PARTS.get(os.path.basename(folders[0]).lower()) == "train" or any(
            map(named_like_picture, self._files[top])
        ):
            return top
        beside = [Skipped(path, "lies outside the folder that holds the others") for path in self._files[top]]
        self._skipped[folders[0]] += self._skipped[top] + beside
        return self._looked_through(folders[0])
