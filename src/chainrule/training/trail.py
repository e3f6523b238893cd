"""Steps taken many at a time, with the way back to the last parameters that are known to be good.

A copy is made only now and then: to get to a step between two copies, the steps since the first of them are taken
again. They give the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.machine import Batches
from chainrule.training.descent import Descent
from chainrule.training.stopping import Values

Array = NDArray[Any]
Outputs = dict[str, Array]

# Chunks grow until one takes so many seconds: not much is lost when the end turns out to lie within one.
_SECONDS = 0.1
# The steps of one call, or of a chunk of more than one epoch; and the row numbers in such a chunk.
_MOST_STEPS = 1 << 14
_MOST_ROWS = 1 << 20


@dataclass(frozen=True, eq=False)
class Chunk:
    """Steps that are taken together.

    Attributes:
        first: the number of the first one, from 1.
        rates: the learning rate of each.
        batches: the rows of each.
    """

    first: int
    rates: NDArray[np.float64]
    batches: Batches

    def __len__(self) -> int:
        return len(self.rates)

    def between(self, start: int, stop: int) -> Chunk:
        """The steps from `start` to before `stop`, counted from 0."""
        return Chunk(self.first + start, self.rates[start:stop], self.batches.between(start, stop))


@dataclass(eq=False)
class _Mark:
    """Where the descent stood after `done` steps, and the chunks taken from there on.

    `state` is the whole state where steps may have to be taken again, `values` the parameters where not.
    """

    done: int
    state: Mapping[str, Array] | None
    values: Values | None
    chunks: list[Chunk] = field(default_factory=list)


class Trail:
    """A descent on data, with a memory of where it was.

    The last good parameters are those of the start of the last epoch in which a step had a cost that was a number.

    Args:
        descent: what takes the steps.
        data: the arrays by name, as `Descent.prepared` gives them.
        per_epoch: the steps of an epoch.

    Attributes:
        done: how many steps were taken whose cost was a number.
    """

    def __init__(self, descent: Descent, data: Mapping[str, Array], per_epoch: int) -> None:
        self.descent = descent
        self.done = 0
        self._data = data
        self._per_epoch = per_epoch
        self._marks: list[_Mark] = []
        self._wanted: tuple[int, ...] = ()
        self._values: Values | None = None

    def values(self) -> Values:
        """A copy of the parameters as they are now; made once, however often it is asked for."""
        if self._values is None:
            self._values = self.descent.values()
        return self._values

    def marks(self) -> list[tuple[int, Values]]:
        """Parameters that the trail can go back to, with the steps that were done then."""
        return [(mark.done, mark.values) for mark in self._marks if mark.values is not None]

    def go_on_from(self, done: int, marks: Sequence[tuple[int, Values]]) -> None:
        """Be where another trail was after so many steps; the descent has its state already."""
        self.done = done
        self._marks = [_Mark(at, None, values) for at, values in marks]
        self._values = None

    def take(self, chunk: Chunk, tell: Callable[[Outputs], None] | None = None) -> Outputs:
        """Take the steps of a chunk, or those up to the first whose cost is no number.

        A chunk goes on where the last one ended. It begins with an epoch, or ends in the epoch in which it begins.

        Args:
            chunk: the steps.
            tell: told now and then of the outputs of the chunk so far.

        Returns:
            The cost and metrics before each step that was taken. If the last cost is no number, `done` does not
            count that step, and the parameters are of no use until `go_back`.
        """
        if self.done % self._per_epoch == 0:
            self._mark(whole=len(chunk) > self._per_epoch)
        self._marks[-1].chunks.append(chunk)
        outputs = self._taken(chunk, tell)
        self.done += len(outputs["cost"])
        if len(outputs["cost"]) and not np.isfinite(outputs["cost"][-1]):
            self.done -= 1
        return outputs

    @property
    def good_epochs(self) -> int:
        """After how many epochs the last good parameters were."""
        return (self.done - 1) // self._per_epoch if self.done else 0

    def go_back(self) -> int:
        """Go back to the last good parameters; return after how many steps they were."""
        self.go_to(self.good_epochs * self._per_epoch)
        return self.done

    def keep(self, *wanted: int) -> None:
        """Keep the way back to these numbers of steps, ends of epochs in the last chunk; forget earlier wishes."""
        self._wanted = wanted

    def go_to(self, done: int) -> None:
        """Go back to where the parameters were after so many steps.

        That is the end of an epoch, not before the last good parameters or one that was to be kept, or any step of
        the last chunk.
        """
        mark = next((mark for mark in reversed(self._marks) if mark.done <= done), None)
        if mark is None:  # nothing was done
            return
        if mark.state is not None:
            self.descent.restore_state(mark.state)
        else:
            assert mark.values is not None
            self.descent.restore(mark.values)
        self._values = None
        for chunk in mark.chunks:
            left = done - (chunk.first - 1)
            if left > 0:
                self._taken(chunk.between(0, min(left, len(chunk))), None)
        self.done = done

    def _mark(self, *, whole: bool) -> None:
        # If the next step fails, the start of the epoch before is wanted.
        first = self._place_before(self.done - self._per_epoch)
        kept = {self._place_before(steps) for steps in self._wanted}.union(range(first, len(self._marks)))
        state = self.descent.whole_state() if whole else None
        marks = [mark for place, mark in enumerate(self._marks) if place in kept]
        self._marks = [*marks, _Mark(self.done, state, None if whole else self.values())]

    def _place_before(self, done: int) -> int:
        """Which mark is the last one from which the parameters after so many steps can be reached."""
        return max((place for place, mark in enumerate(self._marks) if mark.done <= done), default=0)

    def _taken(self, chunk: Chunk, tell: Callable[[Outputs], None] | None) -> Outputs:
        self._values = None
        parts: list[Outputs] = []
        done, most = 0, _MOST_STEPS
        while done < len(chunk):
            now = chunk.between(done, min(done + most, len(chunk)))
            parts.append(self.descent.steps(self._data, now.first, now.rates, now.batches))
            taken = len(parts[-1]["cost"])
            done += taken
            # A call is prepared for about as many steps as it has time for.
            most = min(2 * (taken if taken < len(now) else most), _MOST_STEPS)
            if tell is not None:
                tell(joined(parts))
            if not np.isfinite(parts[-1]["cost"][-1]):
                break
        return joined(parts)


def joined(parts: Sequence[Outputs]) -> Outputs:
    """The outputs of steps after one another; parts without any are left out."""
    parts = [part for part in parts if part]
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class Pace:
    """Says how much the next chunk may have: twice as much each time, until a chunk takes a while.

    Args:
        rows: the rows of one piece: of a step, or of an epoch.
        steps: the steps of one piece.

    Example:
        >>> pace = Pace(rows=10)
        >>> [pace.next() for _ in range(3)]
        [1, 2, 4]
    """

    def __init__(self, rows: int, *, steps: int = 1) -> None:
        self._most = max(1, min(_MOST_STEPS // steps, _MOST_ROWS // max(rows, 1)))
        self._next = 1
        self._asked: float | None = None

    def next(self) -> int:
        """How many pieces to take next."""
        now = time.perf_counter()
        if self._asked is not None and now - self._asked < _SECONDS:
            self._next = min(2 * self._next, self._most)
        self._asked = now
        return self._next
