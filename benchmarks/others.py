"""The measurements beside training, by name: each has a title, takes its figures, and shows them as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import accuracy
import growth
import one_row
import start

Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True)
class Other:
    """One such measurement: `measure(quick)` gives plain values, from which `table` makes head and rows."""

    title: str
    measure: Callable[[bool], dict[str, Any]]
    table: Callable[[dict[str, Any]], Table]


OTHERS = {
    "start": Other("Start", start.measure, start.table),
    "one row": Other("One row", one_row.measure, one_row.table),
    "growth": Other("More examples", growth.measure, growth.table),
    "accuracy": Other("Time to accuracy", accuracy.measure, accuracy.table),
}
