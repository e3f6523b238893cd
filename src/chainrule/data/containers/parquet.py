"""Tables of pictures in Parquet files, as Hugging Face publishes them. They are read in batches of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from chainrule.data.containers.columns import class_names, label_column, leaves, picture_column
from chainrule.data.containers.container import Contents, too_large
from chainrule.data.decode import PictureError
from chainrule.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that are read at a time: so many labels, and pictures of about so many bytes.
_LABELS_AT_ONCE = 8192
_PICTURES_AT_ONCE, _PICTURE_BYTES_AT_ONCE = 256, 16 << 20
_MOST_DIGITS = 18
# Without a buffer, all that a group of rows has in a column is read at once.
_BUFFER = 1 << 20


class ParquetTable:
    """A Parquet file, open for reading until it is left as a context.

    A picture in it is called by the number of its row, counted from 0, and the name of its file where that is told:
    `12/rex.jpg`.

    Args:
        path: the file.

    Raises:
        UserError: pyarrow is not installed, or the file is no Parquet or has no column of pictures.
    """

    only_pictures = True

    def __init__(self, path: str) -> None:
        try:
            from pyarrow import parquet
        except ImportError:
            raise UserError(
                f"{path}: Parquet files are read by pyarrow, which is not there: pip install 'chainrule[parquet]'"
            ) from None
        self.path = path
        with _clear_errors(path):
            self._file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
            self._schema = self._file.schema_arrow
        try:
            column = picture_column(path, self._schema)
        except UserError:
            self._file.close()
            raise
        self._bytes, self._paths = leaves(self._schema, column)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Close the file."""
        self._file.close()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes in their order, where the file tells them.

        Raises:
            UserError: there is no column of labels.
        """
        return class_names(self._schema, label_column(self.path, self._schema))

    def names(self) -> Iterator[str]:
        """Hand out the name of each row's picture.

        Raises:
            UserError: the file is damaged.
        """
        return (name for name, _ in self._named_rows([]))

    def labels(self) -> Iterator[tuple[str, str | None, str]]:
        """Hand out the name of each row's picture and its label, or None and why it has none.

        Raises:
            UserError: the file is damaged, or has no column of labels.
        """
        column = label_column(self.path, self._schema)
        names = self.class_names
        for name, values in self._named_rows([column]):
            label, problem = _label(values[0], names)
            yield name, label, problem

    def contents(self, wanted: Collection[str]) -> Contents:
        """Hand out pictures by name, in the order of the rows; those that are not there are left out.

        Raises:
            UserError: the file is damaged.
        """
        by_row: defaultdict[int, list[str]] = defaultdict(list)
        for name in wanted:
            number = name.split("/")[0]
            if number.isdecimal() and len(number) <= _MOST_DIGITS:
                by_row[int(number)].append(name)
        start = 0
        for group in range(self._file.metadata.num_row_groups):
            end = start + self._file.metadata.row_group(group).num_rows
            if any(row in by_row for row in range(start, end)):
                for row, value in enumerate(self._pictures_of(group), start):
                    for name in by_row.get(row, ()):
                        yield name, _content(f"{self.path}/{name}", value)
            start = end

    def _named_rows(self, columns: list[str]) -> Iterator[tuple[str, list[Any]]]:
        """Hand out each row's name and its values of some columns."""
        asked = columns if self._paths is None else [*columns, self._paths]
        if not asked:
            yield from ((str(row), []) for row in range(self._file.metadata.num_rows))
            return
        row = 0
        with _clear_errors(self.path):
            for batch in self._batches(_LABELS_AT_ONCE, asked):
                paths = [None] * len(batch) if self._paths is None else _texts(batch, self._paths)
                values = [batch.column(column).to_pylist() for column in columns]
                for path, *found in zip(paths, *values, strict=True):
                    yield _name(row, path), found
                    row += 1

    def _pictures_of(self, group: int) -> Iterator[pa.Scalar]:
        rows, size = self._file.metadata.row_group(group).num_rows, self._stored_bytes(group)
        at_once = max(1, min(_PICTURES_AT_ONCE, rows * _PICTURE_BYTES_AT_ONCE // max(size, 1)))
        with _clear_errors(self.path):
            for batch in self._batches(at_once, [self._bytes], row_groups=[group]):
                yield from _flat(batch.column(0))

    def _stored_bytes(self, group: int) -> int:
        """Return how many bytes all columns have in a group of rows; pictures are nearly all of it."""
        return int(self._file.metadata.row_group(group).total_byte_size)

    def _batches(self, rows: int, columns: list[str], **options: Any) -> Iterator[pa.RecordBatch]:
        batches: Iterator[pa.RecordBatch] = self._file.iter_batches(
            rows, columns=columns, use_threads=False, **options
        )
        return batches


@contextmanager
def _clear_errors(path: str) -> Iterator[None]:
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError, ValueError) as reason:
        words = (str(reason).splitlines() or [type(reason).__name__])[0]
        raise UserError(f"{path} cannot be read as a Parquet file: {words}; it is damaged: get it again") from None


def _flat(column: pa.Array) -> pa.Array:
    """Return the only thing that is left of a column of structs; another column as it is."""
    import pyarrow as pa

    return column.flatten()[0] if pa.types.is_struct(column.type) else column


def _texts(batch: pa.RecordBatch, leaf: str) -> list[str | None]:
    """Return the values of the leaf of a column of structs."""
    texts: list[str | None] = _flat(batch.column(leaf.rpartition(".")[0])).to_pylist()
    return texts


def _name(row: int, path: str | None) -> str:
    file = (path or "").replace("\\", "/").rsplit("/", 1)[-1]
    return f"{row}/{file}" if file else str(row)


def _label(value: object, names: tuple[str, ...]) -> tuple[str | None, str]:
    """Return a class and why there is none, one of which is nothing."""
    if value is None or value == "" or (names and value == -1):
        return None, "it has no label"
    if not names or not isinstance(value, int):
        return str(value), ""
    if 0 <= value < len(names):
        return names[value], ""
    return None, f"its label is {value}, but the classes go from 0 to {len(names) - 1}"


def _content(path: str, value: pa.Scalar) -> bytes | PictureError:
    if not value.is_valid:
        return PictureError(path, "the row holds no picture")
    problem = too_large(value.as_buffer().size)
    return PictureError(path, problem) if problem else bytes(value.as_py())
