"""How a picture in an archive or a table is called: the file's path, then its place in it.

`pets.zip/dog/rex.jpg` is a member of pets.zip, `train.parquet/12/rex.jpg` is row 12 of a table, counted from 0,
which says that its picture was rex.jpg. Such a name stands wherever the path of a file may stand.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
TABLES = (".parquet",)

_WITHIN = re.compile(
    f"(?:{'|'.join(map(re.escape, (*ARCHIVES, *TABLES)))})(?=[/{re.escape(os.sep)}].)", re.IGNORECASE
)


class Place(NamedTuple):
    """Where a picture is: a file that holds many, and its name in there, with / between folders."""

    container: str
    member: str


def place_of(path: str) -> Place | None:
    """Return where a path leads within an archive or a table; None for any other path.

    >>> place_of("pets/dog/rex.jpg"), place_of("no/such.zip/dog/rex.jpg")
    (None, None)
    """
    # The disk is only asked about paths that look so: there may be very many of the others.
    for match in _WITHIN.finditer(path):
        if os.path.isfile(path[: match.end()]):
            return Place(path[: match.end()], path[match.end() + 1 :].replace(os.sep, "/"))
    return None


def is_archive(path: str) -> bool:
    """Tell whether a path is an archive: a file whose name ends like that of one.

    >>> is_archive("no such file.zip")
    False
    """
    return path.lower().endswith(ARCHIVES) and os.path.isfile(path)


def leads_into_archive(path: str) -> bool:
    """Tell whether a path is an archive, or that of a file or folder in one.

    >>> leads_into_archive("no such file.zip/dog")
    False
    """
    place = place_of(path)
    return is_archive(path if place is None else place.container)


def is_table(path: str) -> bool:
    """Tell whether a path is a table of pictures: a file whose name ends in .parquet.

    >>> is_table("no such file.parquet")
    False
    """
    return path.lower().endswith(TABLES) and os.path.isfile(path)


def exists(path: str) -> bool:
    """Tell whether there is something at a path; of what a container holds, the container is looked for.

    >>> exists("no such file.zip/rex.jpg")
    False
    """
    return os.path.exists(path) or place_of(path) is not None


def stem(path: str) -> str:
    """Return a file's name without its ending, which may have two parts.

    >>> stem("data/pets.tar.gz"), stem("data/pets.csv")
    ('pets', 'pets')
    """
    name = os.path.basename(path)
    for ending in sorted(ARCHIVES, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return os.path.splitext(name)[0]
