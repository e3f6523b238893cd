"""Who decodes blocks of pictures: threads of this process, helped by processes where there are many pictures.

Much of decoding a small picture is Python's own work, which threads cannot share but processes can. A process is
a plain `python -m chainrule.data.reading_process` that is told paths as JSON and answers with bytes: nothing that
either side reads can run code. If it cannot start or dies, this process decodes its share.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.data.decode import PictureError, decode
from chainrule.data.settings import PictureSettings

Row = NDArray[np.uint8]
Outcome = PictureError | None

# Pictures that a reader takes at once: enough that handing out work costs nothing, few enough for an even end.
_PICTURES_AT_ONCE = 64
# Room for a block's rows, so that a process need not wait until they are fetched.
_PIPE_BYTES = 1 << 20
# With fewer pictures, a process is not started: they are read before it would be ready.
_WORTH_A_PROCESS = 1000
# How long a process may take to end after its work is done, in seconds.
_PATIENCE = 5.0


def fill(row: Row, picture: Callable[[], bytes]) -> Outcome:
    """Fill a row with a picture that is yet to be decoded; return an error or None."""
    try:
        row[:] = np.frombuffer(picture(), np.uint8)
    except PictureError as error:
        # The frames hold the half-decoded picture, which would pile up over many bad files.
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    return None


class Reader(Protocol):
    """Decodes the pictures of a block into rows."""

    def read(self, paths: Sequence[str], rows: Sequence[Row]) -> list[Outcome]:
        """Fill the rows; return for each an error or None."""

    def close(self) -> None:
        """Give up what the reader holds."""


class OwnReader:
    """Decodes in this process."""

    def __init__(self, settings: PictureSettings) -> None:
        self.settings = settings

    def read(self, paths: Sequence[str], rows: Sequence[Row]) -> list[Outcome]:
        """Fill the rows; return for each an error or None."""
        return [fill(row, partial(decode, path, self.settings)) for path, row in zip(paths, rows, strict=True)]

    def close(self) -> None:
        """Nothing to give up."""


class ProcessReader:
    """Decodes in a process of its own, or in this one after that has failed."""

    def __init__(self, settings: PictureSettings) -> None:
        self._own = OwnReader(settings)
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError, ValueError):
            # -P keeps the folder one stands in, and what lies there, from being imported.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "chainrule.data.reading_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=_PIPE_BYTES,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
            self._send(settings.to_dict())

    def read(self, paths: Sequence[str], rows: Sequence[Row]) -> list[Outcome]:
        """Fill the rows; return for each an error or None."""
        if self._process is not None:
            try:
                return self._ask(paths, rows)
            except (OSError, ValueError):
                self.close()
        return self._own.read(paths, rows)

    def _ask(self, paths: Sequence[str], rows: Sequence[Row]) -> list[Outcome]:
        # Relative paths mean the same there: a process starts in the folder of its parent.
        self._send(list(paths))
        answers: IO[bytes] = self._pipes()[1]
        reasons = json.loads(answers.readline())
        for row in rows:
            # A buffered pipe reads on until the row is full, or there is no more.
            if answers.readinto(row.data) < row.nbytes:  # type: ignore[attr-defined]
                raise OSError("the reading process ended")
        return [_outcome(path, reason) for path, reason in zip(paths, reasons, strict=True)]

    def _send(self, message: object) -> None:
        requests = self._pipes()[0]
        requests.write(json.dumps(message).encode() + b"\n")
        requests.flush()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise OSError("there is no reading process")
        return process.stdin, process.stdout

    def close(self) -> None:
        """End the process: it stops when nothing more can be asked."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _outcome(path: str, reason: object) -> Outcome:
    if reason is None:
        return None
    if not isinstance(reason, list) or len(reason) != 2:
        raise ValueError("the reading process gave an answer of another form")
    return PictureError(path, str(reason[0]), is_picture=bool(reason[1]))


def read_files(
    paths: Sequence[str], X: NDArray[np.uint8], places: Sequence[int], settings: PictureSettings, readers: int
) -> Generator[Outcome]:
    """Decode files into rows of X, several at a time; yield each outcome in the order of the paths.

    Args:
        paths: the files.
        X: shape (m, settings.features), rows of which are filled.
        places: for each file its row.
        settings: what every picture becomes.
        readers: how many pictures are decoded at a time; the outcome does not depend on it.
    """
    blocks = [slice(i, i + _PICTURES_AT_ONCE) for i in range(0, len(paths), _PICTURES_AT_ONCE)]
    readers = max(1, min(readers, len(blocks)))
    crew: list[Reader] = [OwnReader(settings)]
    # One thread of this process is as fast as two, if the other's share is done elsewhere.
    helper = ProcessReader if len(paths) >= _WORTH_A_PROCESS else OwnReader
    crew += [helper(settings) for _ in range(readers - 1)]
    free: SimpleQueue[Reader] = SimpleQueue()
    for reader in crew:
        free.put(reader)

    def read(block: slice) -> list[Outcome]:
        reader = free.get()
        try:
            return reader.read(paths[block], [X[place] for place in places[block]])
        finally:
            free.put(reader)

    pool = ThreadPoolExecutor(readers, thread_name_prefix="pictures")
    try:
        for outcomes in pool.map(read, blocks):
            yield from outcomes
    finally:
        pool.shutdown(cancel_futures=True)
        for reader in crew:
            reader.close()
