"""Figures as the commands write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.evaluation.wording import NO_BREAK, interval, percent

if TYPE_CHECKING:
    from chainrule.evaluation.metrics import Evaluation


def count(number: int, thing: str) -> str:
    """Return a number of things.

    >>> count(1, "picture"), count(2000, "picture")
    ('1 picture', '2,000 pictures')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def share(value: float) -> str:
    """Return a share in per cent, with the spaces that every terminal has.

    >>> share(0.5)
    '50.0 %'
    """
    return percent(value).replace(NO_BREAK, " ")


def accuracy(evaluation: Evaluation) -> str:
    """Return an accuracy with its interval."""
    return accuracy_of(evaluation.to_dict())


def accuracy_of(figures: Mapping[str, Any]) -> str:
    """Return an accuracy with its interval, from the figures of an evaluation.

    >>> accuracy_of({"accuracy": 0.5, "accuracy_interval": [0.2, 0.8], "count": 8})
    '50.0 % (95 % interval 20.0 % to 80.0 %) of 8 pictures'
    """
    low_to_high = interval(*figures["accuracy_interval"]).replace(NO_BREAK, " ")
    return f"{share(figures['accuracy'])} (95 % interval {low_to_high}) of {count(figures['count'], 'picture')}"


def short_percent(probability: float) -> str:
    """Return a probability in whole per cent, where 0 and 100 stand for never and always alone.

    >>> [short_percent(p) for p in (0.934, 1.0, 0.9999, 0.001)]
    ['93 %', '100 %', '> 99 %', '< 1 %']
    """
    if 0.995 <= probability < 1:
        return "> 99 %"
    if 0 < probability < 0.005:
        return "< 1 %"
    return f"{probability * 100:.0f} %"


def table(rows: Mapping[str, str]) -> list[str]:
    """Return lines of names and values, with the values below one another.

    >>> table({"a": "1", "bcd": "2"})
    ['a    1', 'bcd  2']
    """
    width = max(map(len, rows))
    return [f"{name:<{width}}  {value}" for name, value in rows.items()]


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines whose cells stand below one another, to the right in their columns.

    >>> columns([["trial", "cost"], ["1", "0.52"]])
    ['trial  cost', '    1  0.52']
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
