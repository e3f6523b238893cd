"""Files that are whole or not there: atomic writing, and JSON with one form."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chainrule.errors import UserError, WorkFailed


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that at any moment its name holds the whole old content or the whole new one.

    The bytes go to a temporary name in the same folder, are synced to the disk, and the file is then renamed.
    A file that is replaced keeps its permissions; a link is followed, not replaced.

    Args:
        path: the file to write; its folder must exist.
        data: the whole new content.

    Raises:
        WorkFailed: the file cannot be written. The old file stays as it was and no temporary file is left.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder, "a.txt"), b"whole")
    ...     Path(folder, "a.txt").read_bytes()
    b'whole'
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            _write_synced(temporary, data)
            if target.exists():
                os.chmod(temporary, target.stat().st_mode & 0o7777)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise WorkFailed(f"{os.fspath(path)} could not be written: {error.strerror or error}") from error


def write_csv(path: str | os.PathLike[str], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    r"""Write a table as CSV, whole or not at all; names of files that are no text keep their bytes.

    Args:
        path: the file to write; its folder must exist.
        columns: the first line.
        rows: the others.

    Raises:
        WorkFailed: as `write_atomically`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv(Path(folder, "a.csv"), ["path", "label"], [["a.png", "cat"]])
    ...     Path(folder, "a.csv").read_bytes()
    b'path,label\na.png,cat\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode("utf-8", "surrogateescape"))


def _write_synced(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Without this the rename itself may be lost in a power cut. Windows cannot open a folder.
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems cannot sync a folder; the file itself is safe by then.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_json_bytes(value: Any) -> bytes:
    r"""Turn a value into JSON with one form: sorted keys, an indent of two, UTF-8, a newline at the end.

    Names of files that are no valid UTF-8 (Python holds them as lone surrogates) are escaped and come back equal.

    Raises:
        ValueError: the value holds NaN or an infinity, which JSON has no word for.
        TypeError: the value holds something that is neither a mapping, a list, a text, a number, a bool nor None.

    >>> to_json_bytes({"b": 1, "a": [True, None]})
    b'{\n  "a": [\n    true,\n    null\n  ],\n  "b": 1\n}\n'
    """
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file strictly: UTF-8, no NaN, no key twice.

    Returns:
        What the file holds, in Python's dicts, lists, texts and numbers.

    Raises:
        UserError: the file is missing, cannot be read, or is no JSON; the message says where.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.json").write_bytes(to_json_bytes({"size": 64}))
    ...     read_json(Path(folder, "a.json"))
    {'size': 64}
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_bytes().decode("utf-8")
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_without_doubles)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} is not a JSON file that chainrule can read: {error}") from error


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not allowed in JSON")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands there twice")
    return mapping
