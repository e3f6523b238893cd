"""Tensors and a description in one block of bytes that tells its kind, its format, and whether it was damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.tensors import pack, unpack

Array = NDArray[Any]

_LONGEST_NUMBER = 9


def sealed(kind: str, number: int, content: Mapping[str, Any], tensors: Mapping[str, Array]) -> bytes:
    """Pack a description and tensors; the same ones give the same bytes.

    Args:
        kind: what it is, in a word.
        number: of the format that it is written in.
        content: the description, as JSON knows it.
        tensors: arrays by name.

    Example:
        >>> data = sealed("note", 1, {"by": "ida"}, {"w": np.zeros(2)})
        >>> content, tensors = unsealed(data, "note", 1)
        >>> content, tensors["w"].tolist()
        ({'by': 'ida'}, [0.0, 0.0])
    """
    description = json.dumps(content, sort_keys=True, allow_nan=False)
    metadata = {
        "format": f"chainrule {kind} {number}",
        kind: description,
        f"{kind}_sha256": digest(description),
        "sha256": fingerprint(tensors),
    }
    return pack(tensors, metadata)


def unsealed(data: bytes, kind: str, number: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read what `sealed` gave.

    Args:
        data: the bytes.
        kind: what it should be.
        number: the newest format that is known.

    Returns:
        The description and the tensors.

    Raises:
        UserError: it is of another kind, it is damaged, or a newer chainrule wrote it.
    """
    what = f"the {kind} file"
    tensors, metadata = unpack(data, what=what)
    _check_format(metadata.get("format", ""), kind, number)
    if metadata.get("sha256") != fingerprint(tensors):
        raise UserError(f"{what} is damaged: its numbers are not those that were written")
    try:
        intact = metadata[f"{kind}_sha256"] == digest(metadata[kind])
        content = json.loads(metadata[kind], parse_constant=_no_constant)
    except (KeyError, ValueError, RecursionError):
        intact, content = True, None
    if not intact:
        raise UserError(f"{what} is damaged: its description is not the one that was written")
    if not isinstance(content, dict):
        raise UserError(f"{what} is damaged: its description cannot be read")
    return content, tensors


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not allowed")


def _check_format(name: str, kind: str, newest: int) -> None:
    found, _, number = name.rpartition(" ")
    if found != f"chainrule {kind}" or not (number.isascii() and number.isdigit()) or number.startswith("0"):
        raise UserError(f"this is no chainrule {kind}")
    if len(number) > _LONGEST_NUMBER or int(number) > newest:
        raise UserError(
            f"a newer chainrule wrote this {kind} (format {number:.20}; this one reads {newest}): update chainrule"
        )


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def fingerprint(tensors: Mapping[str, Array]) -> str:
    """Return the SHA-256 of tensors: their names, dtypes, shapes and bytes."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        found.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        found.update(array.tobytes())
    return found.hexdigest()
