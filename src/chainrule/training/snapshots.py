"""Parameters kept over time, so that a training can be looked at afterwards."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.training.stopping import Values, all_finite

# How many (the ends among them), True or a word for every one, or which; None for none.
Wanted: TypeAlias = "int | bool | str | Sequence[int] | NDArray[np.integer[Any]] | None"

# More than this is refused: it would fill the memory of a small machine.
_MOST_BYTES = 1 << 30


class SnapshotRecorder:
    """Keeps copies of the parameters at the times that were asked for.

    Args:
        wanted: at which times.
        ends: whether to add where a training ended, and what it kept, if those are other times.
    """

    def __init__(self, wanted: Iterable[int] = (), *, ends: bool = False) -> None:
        self._wanted = frozenset(wanted)
        self._times = sorted(self._wanted)
        self._ends = ends
        self._kept: dict[int, Values] = {}

    @classmethod
    def of(
        cls, wanted: Wanted, *, total: int, unit: str, parameters: Sequence[int], itemsize: int
    ) -> SnapshotRecorder:
        """Read the argument `snapshots`.

        Args:
            wanted: what was asked for.
            total: how many epochs or steps there will be at most.
            unit: "epochs" or "steps".
            parameters: how many numbers each parameter has.
            itemsize: bytes of a number.

        Raises:
            UserError: no number, word or list that makes sense, or more than the memory should hold.

        Example:
            >>> recorder = SnapshotRecorder.of(3, total=10, unit="epochs", parameters=[2, 1], itemsize=4)
            >>> for number in range(11):
            ...     recorder.take(number, lambda: [np.zeros(2), np.zeros(1)])
            >>> [number for number, values in recorder.kept]
            [0, 5, 10]
        """
        if wanted is None or wanted is False:
            return cls()
        chosen = _numbers(wanted, total, unit)
        _check_memory(len(chosen), sum(parameters) * itemsize)
        listed = not isinstance(wanted, bool | str | int | np.integer)
        return cls(chosen, ends=not listed)

    def next_after(self, number: int) -> float:
        """The next time that is wanted; infinity where there is none."""
        place = bisect_right(self._times, number)
        return self._times[place] if place < len(self._times) else math.inf

    def take(self, number: int, values: Callable[[], Values]) -> None:
        """Keep copies of the parameters, which `values` makes, if those of this time are wanted."""
        if number in self._wanted:
            self._keep(number, values())

    def take_end(self, number: int, values: Callable[[], Values]) -> None:
        """Keep copies of the parameters at the end, or of those that stay, unless they are there."""
        if self._ends and number not in self._kept:
            self._keep(number, values())

    def _keep(self, number: int, values: Values) -> None:
        # What overflowed cannot be looked at.
        if all_finite(values):
            for array in values:
                array.flags.writeable = False
            self._kept[number] = values

    def go_on_from(self, kept: Iterable[tuple[int, Values]]) -> None:
        """Hold what another one kept."""
        for number, values in kept:
            self._keep(number, values)

    @property
    def kept(self) -> list[tuple[int, Values]]:
        """What was kept, in the order of time."""
        return sorted(self._kept.items(), key=lambda item: item[0])


def _numbers(wanted: Any, total: int, unit: str) -> list[int]:
    if wanted is True or (isinstance(wanted, str) and wanted == unit):
        return list(range(total + 1))
    if isinstance(wanted, int | np.integer):
        count = whole(wanted, "snapshots (where it is how many)", least=2)
        return sorted({round(number) for number in np.linspace(0, total, min(count, total + 1)).tolist()})
    if isinstance(wanted, str | bytes) or not isinstance(wanted, Iterable):
        raise UserError(
            f'snapshots is how many to keep, True or "{unit}" for all {unit}, or a list of {unit} such as '
            f"[0, {min(10, total)}], not {wanted!r:.60}"
        )
    return _listed(list(wanted), total, unit)


def _listed(wanted: list[Any], total: int, unit: str) -> list[int]:
    if not wanted:
        raise UserError(f"snapshots is an empty list: name the {unit} to keep, or leave it out to keep none")
    numbers = [whole(number, f"each of the {unit} in snapshots", least=0) for number in wanted]
    beyond = [number for number in numbers if number > total]
    if beyond:
        raise UserError(
            f"snapshots asks for {beyond[0]} {unit}, but there are only {total}: list numbers from 0 to {total}"
        )
    return sorted(set(numbers))


def _check_memory(count: int, each: int) -> None:
    if count * each > _MOST_BYTES:
        fitting = _MOST_BYTES // max(each, 1)
        advice = (
            f"ask for fewer, at most snapshots={fitting}"
            if fitting > 1
            else "this network is too large for snapshots"
        )
        raise UserError(
            f"{count:,} snapshots of {each:,} bytes would take {count * each:,} bytes of memory, more than the "
            f"{_MOST_BYTES:,} that are allowed: {advice}"
        )
