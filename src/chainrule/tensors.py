"""Tensors with metadata in one block of bytes: the safetensors format, with a clear error for damaged data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError

_METADATA = "__metadata__"
_LENGTH_BYTES = 8
_LARGEST_HEADER = 100_000_000


def pack(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    """Pack arrays and strings.

    Raises:
        UserError: a tensor has the name that the format keeps for its metadata.

    Example:
        >>> tensors, metadata = unpack(pack({"w": np.zeros(2)}, {"name": "zeros"}))
        >>> tensors["w"].tolist(), metadata
        ([0.0, 0.0], {'name': 'zeros'})
    """
    from safetensors.numpy import save

    if _METADATA in tensors:
        raise UserError(
            f"a tensor cannot have the name {_METADATA}: the safetensors format keeps it; choose another"
        )
    # safetensors writes memory as it lies, so the order of the elements must be C's.
    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}
    return _with_metadata(save(arrays), metadata)


def _with_metadata(packed: bytes, metadata: Mapping[str, str]) -> bytes:
    """Put metadata into the header in a fixed order: the library's own order differs from call to call."""
    length = int.from_bytes(packed[:_LENGTH_BYTES], "little")
    header = json.loads(packed[_LENGTH_BYTES : _LENGTH_BYTES + length])
    text = json.dumps({_METADATA: dict(sorted(metadata.items())), **header}).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)  # the tensors after it stay aligned
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text + packed[_LENGTH_BYTES + length :]


def unpack(data: bytes, *, what: str = "file") -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read what `pack` wrote.

    Args:
        data: the bytes.
        what: how errors call it.

    Returns:
        The tensors and the metadata by name.

    Raises:
        UserError: the bytes are not of this format, or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    metadata = _metadata(data, what)
    try:
        return load(data), metadata
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError) as reason:
        raise UserError(f"{what} is damaged: {reason}") from None


def _metadata(data: bytes, what: str) -> dict[str, str]:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if len(data) < _LENGTH_BYTES or length > min(len(data) - _LENGTH_BYTES, _LARGEST_HEADER):
        raise UserError(f"{what} is not in the safetensors format, or was cut short")
    try:
        header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
        metadata: Any = header[_METADATA]
        good = isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())
    except (ValueError, KeyError, TypeError, RecursionError):
        good, metadata = False, {}
    if not good:
        raise UserError(f"{what} has no readable header: it is damaged, or not written by chainrule")
    return dict(metadata)
