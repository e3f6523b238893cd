"""Where a training is between two steps, in one file, so that it can go on from there to the same bits."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import from_zero
from chainrule.errors import UserError
from chainrule.files import write_atomically
from chainrule.sealed import sealed, unsealed
from chainrule.training.defaults import DEFAULTS
from chainrule.training.history import Epoch
from chainrule.training.stopping import Values
from chainrule.training.stops import StopRequests

Array = NDArray[Any]
# Parameters as they were after so many steps, or epochs.
Marks = Sequence[tuple[int, Values]]

FORMAT = 1
# At ends of epochs a checkpoint is written when the last one is so many seconds old.
_SECONDS_BETWEEN_EPOCHS = 1.0
# Writing takes at most about one part in so many of the time.
_SHARE = 20
# Bytes of data that are read to tell it from other data, at most, and at a time.
_MOST_HASHED, _BLOCK = 1 << 30, 1 << 22


class Interrupted(KeyboardInterrupt):
    """A training was asked to stop, and can go on from its checkpoint.

    Attributes:
        signal: the number of the signal that asked.
        path: where the checkpoint is.
    """

    def __init__(self, message: str, signal: int, path: Path) -> None:
        super().__init__(message)
        self.signal = signal
        self.path = path


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A training on its way.

    Attributes:
        done: how many steps are taken.
        seconds: how long the running epoch has taken so far.
        state: the parameters and the optimizer's state, by name.
        outputs: the cost and metrics of the running epoch's steps, by name, each of shape (steps,).
        marks: parameters after so many steps, at the starts of the last epochs: where an overflow leads back to.
        records: what is known of each epoch that is over.
        best: the best epoch, its validation cost and its parameters; None where that is not watched.
        snapshots: parameters that were kept after so many epochs.
    """

    done: int
    seconds: float
    state: Mapping[str, Array]
    outputs: Mapping[str, Array] = field(default_factory=dict)
    marks: Marks = ()
    records: Sequence[Epoch] = ()
    best: tuple[int, float, Values] | None = None
    snapshots: Marks = ()

    def to_bytes(self, key: str) -> bytes:
        """Return the content of a file; the key tells which training it belongs to."""
        tensors = {f"state {name}": array for name, array in self.state.items()}
        tensors |= {f"output {name}": array for name, array in self.outputs.items()}
        best = [] if self.best is None else [(self.best[0], self.best[2])]
        for kind, marks in (("mark", self.marks), ("best", best), ("snapshot", self.snapshots)):
            tensors |= {f"{kind} {at} {i}": array for at, values in marks for i, array in enumerate(values)}
        content = {
            "key": key,
            "done": self.done,
            "seconds": self.seconds,
            "records": [asdict(record) for record in self.records],
            "best_cost": None if self.best is None else self.best[1],
        }
        return sealed("checkpoint", FORMAT, content, tensors)

    @classmethod
    def from_bytes(cls, data: bytes) -> tuple[Checkpoint, str]:
        """Read the content of a file; return the checkpoint and the key that it was written with.

        Raises:
            UserError: it is no checkpoint, or it is damaged.
        """
        content, tensors = unsealed(data, "checkpoint", FORMAT)
        try:
            best = _marks(tensors, "best")
            records = tuple(_record(one) for one in content["records"])
            found = cls(
                done=_count(content["done"]),
                seconds=float(content["seconds"]),
                state=_named(tensors, "state "),
                outputs=_named(tensors, "output "),
                marks=_marks(tensors, "mark"),
                records=records,
                best=(best[0][0], float(content["best_cost"]), best[0][1]) if best else None,
                snapshots=_marks(tensors, "snapshot"),
            )
            return found, str(content["key"])
        except (KeyError, TypeError, ValueError, IndexError):
            raise UserError("the checkpoint file is damaged: its parts do not fit together") from None


class Checkpoints:
    """Writes a training's checkpoints into one file, and finds the last one again.

    Args:
        path: the file.
        every: seconds between two checkpoints within an epoch, from 0 up.
        how_to_go_on: what a person is told who stops the training.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, every: float = DEFAULTS.checkpoint_every, how_to_go_on: str = ""
    ) -> None:
        self.path = Path(path)
        self.every = every
        self.stops = StopRequests()
        self._how_to_go_on = how_to_go_on or f"call fit again with the same arguments and checkpoint={str(path)!r}"
        self._key = ""
        self._written = time.monotonic()
        self._pause = 0.0

    @classmethod
    def of(cls, given: str | os.PathLike[str] | Checkpoints | None, every: float) -> Checkpoints | None:
        """Read the arguments `checkpoint` and `checkpoint_every` of `cr.fit`.

        Raises:
            UserError: seconds below 0.
        """
        seconds = from_zero(every, "checkpoint_every")
        return cls(given, every=seconds) if isinstance(given, str | os.PathLike) else given

    def open(self, key: str) -> Checkpoint | None:
        """Find where a training was, and begin to count the time.

        Args:
            key: of the training, see `training_key`.

        Raises:
            UserError: the file is damaged, or of another training.
        """
        self._key = key
        self._written = time.monotonic()
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as reason:
            raise UserError(f"{self.path}: cannot be read: {reason.strerror}") from None
        try:
            found, key_then = Checkpoint.from_bytes(data)
        except UserError as reason:
            raise UserError(f"{self.path}: {reason}; remove it to train from the start") from None
        if key_then != key:
            raise UserError(
                f"{self.path}: the checkpoint is of another training: data, network, settings or chainrule "
                "itself have changed; bring that back, or remove the file to train from the start"
            )
        return found

    def is_due(self, *, epoch_over: bool) -> bool:
        """Tell whether it is time to write one."""
        if self.stops.signal is not None:
            return True
        passed = time.monotonic() - self._written
        wanted = min(self.every, _SECONDS_BETWEEN_EPOCHS) if epoch_over else self.every
        return passed >= max(wanted, self._pause)

    def write(self, checkpoint: Checkpoint) -> None:
        """Write one; where the training was asked to stop, it ends here.

        Raises:
            WorkFailed: it cannot be written; the one before stays.
            Interrupted: someone asked to stop.
        """
        began = time.monotonic()
        write_atomically(self.path, checkpoint.to_bytes(self._key))
        self._written = time.monotonic()
        self._pause = _SHARE * (self._written - began) if self.every else 0.0
        self.stop_if_asked(f" after {len(checkpoint.records):,} epochs and {checkpoint.done:,} steps in all")

    def stop_if_asked(self, when: str = "") -> None:
        """End the training where a signal asked for it.

        Raises:
            Interrupted: one did.
            KeyboardInterrupt: one did before there was a checkpoint.
        """
        if self.stops.signal is None:
            return
        if not self.path.exists():
            raise KeyboardInterrupt
        raise Interrupted(f"stopped{when}; to go on: {self._how_to_go_on}", self.stops.signal, self.path)


def _named(tensors: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}


def _marks(tensors: Mapping[str, Array], kind: str) -> list[tuple[int, Values]]:
    numbered = [tuple(map(int, name.split(" "))) for name in _named(tensors, f"{kind} ")]
    times = sorted({at for at, _ in numbered})
    return [(at, [tensors[f"{kind} {at} {i}"] for i in range(len(numbered) // len(times))]) for at in times]


def _record(values: Mapping[str, Any]) -> Epoch:
    if set(values) != {one.name for one in fields(Epoch)}:
        raise ValueError
    return Epoch(**values)


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def training_key(
    parts: Sequence[object], arrays: Sequence[tuple[Mapping[str, Array], NDArray[np.int64] | None]]
) -> str:
    """Return what tells a training from others: a SHA-256 over all that decides its bits.

    Args:
        parts: texts, numbers and bytes.
        arrays: arrays by name, each group with the numbers of the rows that are read; None for all.

    Example:
        >>> training_key([1, "adam"], []) == training_key([1, "sgd"], [])
        False
    """
    found = hashlib.sha256(repr(parts).encode())
    for group, rows in arrays:
        for name, array in sorted(group.items()):
            found.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
            for block in _blocks(array, rows):
                found.update(np.ascontiguousarray(block).data)
    return found.hexdigest()


def _blocks(array: Array, rows: NDArray[np.int64] | None) -> Iterator[Array]:
    """An array's rows, some at a time; of very large arrays some rows, evenly spread."""
    if array.ndim == 0 or not array.size:
        yield array
        return
    row_bytes = array.itemsize * (array.size // len(array))
    numbers = np.arange(len(array)) if rows is None else rows
    numbers = numbers[:: max(1, len(numbers) * row_bytes // _MOST_HASHED)]
    at_once = max(1, _BLOCK // row_bytes)
    for start in range(0, len(numbers), at_once):
        yield array[numbers[start : start + at_once]]
