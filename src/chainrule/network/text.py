"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def table(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """Line up columns, two spaces apart, without trailing spaces.

    Args:
        rows: texts, equally many in each row.
        right: positions of the columns that are aligned at their right, as numbers are.

    >>> print(table([("name", "count"), ("a", "10")], right=(1,)))
    name  count
    a        10
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if position in right else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
