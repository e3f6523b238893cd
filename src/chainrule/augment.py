"""Pictures changed at random in each epoch, so that a network sees more than there are.

What happens to a picture depends on the seed, the epoch and the number of its row alone. The engine makes the same
bytes as it gathers a step's rows (engine/augment.cpp).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import from_zero
from chainrule.errors import UserError
from chainrule.random import uniform

Bytes = NDArray[np.uint8]

# Tells these numbers apart from others of the same seed.
_STREAM = 0x6175676D656E74
_NUMBERS = 8  # for each picture
_GREY = 128


@dataclass(frozen=True)
class Augmentation:
    """How pictures are changed; each change has a size of its own in each picture and epoch.

    Args:
        flip: whether half of them are mirrored, left and right.
        shift: up to which share of its size a picture is moved, along each axis; what comes in repeats the edge.
        brightness: by which share of the range of bytes all of them rise or fall, at most.
        contrast: by which share bytes move away from the middle grey or towards it, at most.
        cutout: which share of its side a square has that is painted grey (DeVries and Taylor, 2017), anywhere.

    Raises:
        UserError: a share below 0, or of 1 or more.

    Example:
        >>> Augmentation.of("flip,shift")
        Augmentation(flip=True, shift=0.125, brightness=0.0, contrast=0.0, cutout=0.0)
    """

    flip: bool = False
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    cutout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "brightness", "contrast", "cutout"):
            from_zero(getattr(self, name), f"the {name} of an augmentation", below=1)

    @classmethod
    def of(cls, names: str | Iterable[str] | Augmentation | None) -> Augmentation | None:
        """Read names, each with its usual size; None where nothing is changed.

        Raises:
            UserError: a name is unknown.
        """
        if isinstance(names, Augmentation):
            return names if names != cls() else None
        words = names.split(",") if isinstance(names, str) else list(names or ())
        found = cls()
        for word in words:
            name = word.strip() if isinstance(word, str) else word
            if name not in USUAL:
                raise UserError(f"pictures are augmented by {', '.join(USUAL)}, not {word!r}")
            found = replace(found, **{name: USUAL[name]})
        return found if words else None

    def words(self) -> str:
        """Return the names of the changes."""
        return ", ".join(one.name for one in fields(self) if getattr(self, one.name))


USUAL: dict[str, Any] = {"flip": True, "shift": 1 / 8, "brightness": 0.2, "contrast": 0.2, "cutout": 1 / 4}


@dataclass(frozen=True)
class Augmented:
    """The augmentation of one array of rows.

    Attributes:
        name: of the data.
        shape: of a picture, (height, width, channels).
        how: what is done.
        steps_an_epoch: how many steps go by until all pictures are changed anew.
    """

    name: str
    shape: tuple[int, int, int]
    how: Augmentation
    steps_an_epoch: int

    def amounts(self) -> list[int]:
        """The numbers that the engine is given: shape, flip, sizes in pixels, levels of 255 or parts of 256."""
        height, width, _ = self.shape
        side = min(height, width)
        how = self.how
        shares = [round(how.shift * side), round(how.brightness * 255), round(how.contrast * 256)]
        return [*self.shape, int(how.flip), *shares, round(how.cutout * side), self.steps_an_epoch]

    def of_step(self, rows: Bytes, seed: int, step: int, examples: NDArray[np.int64]) -> Bytes:
        """Change the rows of a step, counted from 1; `examples` are their numbers among all rows."""
        epoch = (step - 1) // self.steps_an_epoch
        changed = [self._one(row, seed, epoch, int(number)) for row, number in zip(rows, examples, strict=True)]
        return np.array(changed, np.uint8).reshape(rows.shape)

    def _one(self, row: Bytes, seed: int, epoch: int, example: int) -> Bytes:
        height, width, channels = self.shape
        _, _, _, flip, shift, brightness, contrast, cutout, _ = self.amounts()
        drawn = uniform((seed, epoch, _STREAM), _NUMBERS, start=example * _NUMBERS)
        down, right, lighter, stronger = (
            int(number * (2 * most + 1)) - most
            for number, most in zip(drawn[1:5], (shift, shift, brightness, contrast), strict=True)
        )
        across = np.arange(width)[::-1] if flip and drawn[0] < 0.5 else np.arange(width)
        y, x = np.clip(np.arange(height) - down, 0, height - 1), np.clip(across - right, 0, width - 1)
        picture = row.reshape(height, width, channels)[y][:, x].astype(np.int32)
        if brightness or contrast:
            picture = np.clip(((picture - _GREY) * (256 + stronger) >> 8) + _GREY + lighter, 0, 255)
        if cutout:
            top, left = int(drawn[5] * height) - cutout // 2, int(drawn[6] * width) - cutout // 2
            picture[max(top, 0) : max(top + cutout, 0), max(left, 0) : max(left + cutout, 0)] = _GREY
        return picture.astype(np.uint8)


def augmented_rows(
    names: str | Iterable[str] | Augmentation | None, shape: tuple[int, int, int] | None, X: NDArray[Any]
) -> Augmented | None:
    """Return how the rows of the data X are changed; None where they are not.

    Args:
        names: as for `Augmentation.of`.
        shape: of the pictures that the rows were; None where they are no pictures.
        X: the rows.

    Raises:
        UserError: rows that are no pictures, or no bytes.
    """
    how = Augmentation.of(names)
    if how is None:
        return None
    if shape is None or X.dtype != np.uint8:
        raise UserError(
            "augment changes pictures: give pictures=, the settings that the rows were made with, and rows of bytes"
        )
    return Augmented("X", shape, how, steps_an_epoch=1)
