"""Pictures to rows, wherever they lie: in files of their own, in archives, in tables."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial

import numpy as np
from numpy.typing import NDArray

from chainrule.data.containers.container import open_container
from chainrule.data.containers.names import place_of
from chainrule.data.decode import PictureError, decode_bytes
from chainrule.data.readers import Outcome, fill, read_files
from chainrule.data.settings import PictureSettings

Rows = NDArray[np.uint8]
Places = Mapping[str, Sequence[int]]

# Pictures of a container that wait to be decoded, for each thread, and their bytes in all.
_MOST_WAITING = 16
_MOST_BYTES_WAITING = 32 << 20


def read_all(
    paths: Sequence[str], X: Rows, settings: PictureSettings, readers: int
) -> Generator[tuple[int, Outcome]]:
    """Decode pictures into the rows of X, several at a time; yield each row and its outcome, once for each path.

    Files come first, then each archive and table in the order in which its pictures are stored.

    Args:
        paths: files, and names of pictures in containers, see `chainrule.data.containers.names`.
        X: shape (len(paths), settings.features), to be filled.
        settings: what every picture becomes.
        readers: how many pictures are decoded at a time; the outcome does not depend on it.

    Raises:
        UserError: an archive or a table cannot be read.
    """
    files, containers = _sorted_out(paths)
    with closing(read_files([paths[row] for row in files], X, files, settings, readers)) as outcomes:
        yield from zip(files, outcomes, strict=True)
    for container, wanted in containers.items():
        yield from _read_container(container, wanted, X, settings, readers)


def _sorted_out(paths: Sequence[str]) -> tuple[list[int], dict[str, Places]]:
    """Return the rows of plain files; and for each container, by the names of its pictures, the rows of each."""
    files: list[int] = []
    containers: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, path in enumerate(paths):
        place = place_of(path)
        if place is None:
            files.append(row)
        else:
            containers[place.container][place.member].append(row)
    return files, dict(containers)


def _read_container(
    path: str, wanted: Places, X: Rows, settings: PictureSettings, readers: int
) -> Iterator[tuple[int, Outcome]]:
    waiting: deque[tuple[Sequence[int], int, Future[Outcome]]] = deque()
    missing = dict(wanted)

    def finished() -> Iterator[tuple[int, Outcome]]:
        rows, _, future = waiting.popleft()
        outcome = future.result()
        for row in rows:
            X[row] = X[rows[0]]
            yield row, outcome

    pool = ThreadPoolExecutor(readers, thread_name_prefix="pictures")
    try:
        with open_container(path) as container:
            for member, content in container.contents(wanted):
                rows = missing.pop(member)
                decoded = partial(_decoded, content, f"{path}/{member}", settings, container.only_pictures)
                size = 0 if isinstance(content, PictureError) else len(content)
                waiting.append((rows, size, pool.submit(fill, X[rows[0]], decoded)))
                del content, decoded
                # Before the next one is read, so that a large one finds room.
                while _is_enough(waiting, readers):
                    yield from finished()
        while waiting:
            yield from finished()
    finally:
        pool.shutdown(cancel_futures=True)
    for member, rows in missing.items():
        error = PictureError(f"{path}/{member}", f"there is no such picture in {path}")
        yield from ((row, error) for row in rows)


def _is_enough(waiting: deque[tuple[Sequence[int], int, Future[Outcome]]], readers: int) -> bool:
    bytes_waiting = sum(size for _, size, _ in waiting)
    return bytes_waiting > _MOST_BYTES_WAITING or len(waiting) >= _MOST_WAITING * readers


def _decoded(content: bytes | PictureError, path: str, settings: PictureSettings, is_picture: bool) -> bytes:
    if isinstance(content, PictureError):
        raise content
    try:
        return decode_bytes(content, path, settings)
    except PictureError as error:
        error.is_picture = error.is_picture or is_picture
        raise
