"""Exercises from a trace: chosen results are left blank, and a key has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.errors import UserError
from chainrule.graph.text import Notation
from chainrule.graph.trace.wording import value_text

if TYPE_CHECKING:
    from chainrule.graph.trace.trace import Trace

_BLANK = "______"


@dataclass(frozen=True)
class Line:
    """One line of a worksheet.

    Attributes:
        name: what is asked for: `u`, `du/da` or `dJ/du`.
        formula: how it is computed; empty for an input.
        result: its value in words.
        solution: the line with the numbers put in, for the key.
    """

    name: str
    formula: str
    result: str
    solution: str


@dataclass(frozen=True)
class Worksheet:
    """An exercise and its key.

    Attributes:
        lines: the lines of the exercise; each blank has a number.
        key: the solutions, in the order of those numbers.
    """

    lines: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def key_text(self) -> str:
        """The key, a line each."""
        return "\n".join(f"({number}) {solution}" for number, solution in enumerate(self.key, start=1))

    def __str__(self) -> str:
        return "\n".join(self.lines)


def worksheet_of(trace: Trace, blank: Iterable[str] | None, notation: Notation) -> Worksheet:
    """Make an exercise of a trace; see `Trace.worksheet`."""
    lines = _lines(trace, notation)
    chosen = _chosen(lines, blank)
    written, key = [], []
    for line in lines:
        result = line.result
        if line.name in chosen:
            key.append(line.solution)
            result = f"{_BLANK} ({len(key)})"
        parts = [line.name, line.formula, result]
        # A formula that is its own result, such as dv/du = 1, would give the blank away.
        if line.formula == line.result:
            parts.remove(line.formula)
        written.append(" = ".join(part for part in parts if part))
    return Worksheet(tuple(written), tuple(key))


def _lines(trace: Trace, notation: Notation) -> list[Line]:
    steps = list(trace.steps(notation=notation))
    found = [Line(step.label, step.formula, step.result, step.text) for step in steps]
    if not trace.has_gradients:
        return found
    first_backward = next(place for place, step in enumerate(steps) if step.kind == "backward")
    found[first_backward:first_backward] = [
        Line(
            edge.name, edge.local_formula(notation), value_text(edge.local_value, notation), edge.text_in(notation)
        )
        for edge in trace.backward_edges
        if edge.local_value is not None and not edge.into_root
    ]
    return found


def _chosen(lines: list[Line], blank: Iterable[str] | None) -> set[str]:
    if blank is None:
        return {line.name for line in lines if line.formula}
    chosen = {blank} if isinstance(blank, str) else set(blank)
    unknown = chosen - {line.name for line in lines}
    if unknown:
        there = ", ".join(dict.fromkeys(line.name for line in lines))
        raise UserError(f"there is no {sorted(unknown)[0]!r} to leave blank; there are: {there}")
    return chosen
