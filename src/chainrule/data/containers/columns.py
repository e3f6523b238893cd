"""Which columns of a table hold the pictures and their labels, as Hugging Face and others name them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chainrule.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

PICTURES = ("image", "img", "picture", "photo")
LABELS = ("label", "labels", "fine_label", "class", "target", "category")


def picture_column(path: str, schema: pa.Schema) -> str:
    """Return the column of pictures: one with a usual name, or else the only one that holds bytes.

    Raises:
        UserError: there is none, or more than one and none with a usual name.
    """
    fit = [field.name for field in _told_apart(schema) if _holds_bytes(field.type)]
    return _chosen(path, schema, fit, PICTURES, "pictures: binary, or a struct with bytes in it")


def label_column(path: str, schema: pa.Schema) -> str:
    """Return the column of labels: one with a usual name, or else the only one whose classes have names.

    Raises:
        UserError: there is none, or more than one and none with a usual name.
    """
    fit = [field.name for field in _told_apart(schema) if _holds_labels(field.type)]
    usual = [name for name in fit if name.lower() in LABELS]
    named = [name for name in fit if class_names(schema, name)]
    # Any other numbers may be anything: the width of each picture, say.
    return _chosen(path, schema, usual or named, LABELS, "labels: whole numbers, words, or true and false")


def leaves(schema: pa.Schema, column: str) -> tuple[str, str | None]:
    """Return the columns of the bytes of pictures and, where they are told, of the paths of their files."""
    import pyarrow as pa

    found = schema.field(column).type
    if not pa.types.is_struct(found):
        return column, None
    place = found.get_field_index("path")
    has_paths = place >= 0 and _is_text(found.field(place).type)
    return f"{column}.bytes", f"{column}.path" if has_paths else None


def class_names(schema: pa.Schema, column: str) -> tuple[str, ...]:
    """Return the names of a column's classes as Hugging Face notes them beside the columns, or nothing.

    >>> from types import SimpleNamespace
    >>> noted = b'{"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}'
    >>> class_names(SimpleNamespace(metadata={b"huggingface": noted}), "label")
    ('cat', 'dog')
    """
    found: Any = None
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])
    except (KeyError, ValueError, RecursionError):
        return ()
    for key in ("info", "features", column, "names"):
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
        return ()
    return tuple(found)


def _chosen(path: str, schema: pa.Schema, fit: list[str], usual: tuple[str, ...], what: str) -> str:
    for name in usual:
        for column in fit:
            if column.lower() == name:
                return column
    if len(fit) == 1:
        return fit[0]
    there = ", ".join(f"{field.name} ({str(field.type)[:60]})" for field in list(schema)[:20])
    raise UserError(
        f"{path} has {'more than one' if fit else 'no'} column of {what}; such a column is best called one of "
        f"{', '.join(usual)}; the columns there are: {there or 'none'}"
    )


def _told_apart(schema: pa.Schema) -> list[pa.Field]:
    """Return the columns whose name no other one has."""
    return [field for field in schema if schema.get_field_index(field.name) >= 0]


def _holds_bytes(found: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_struct(found):
        place = found.get_field_index("bytes")
        return place >= 0 and _is_bytes(found.field(place).type)
    return _is_bytes(found)


def _is_bytes(found: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(found) or pa.types.is_large_binary(found) or pa.types.is_binary_view(found))


def _holds_labels(found: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(found):
        found = found.value_type
    return bool(pa.types.is_integer(found) or pa.types.is_boolean(found)) or _is_text(found)


def _is_text(found: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found))
