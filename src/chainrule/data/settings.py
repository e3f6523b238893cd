"""How a picture becomes a row of numbers: the settings that training, prediction and export share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from chainrule.errors import UserError

Color = Literal["rgb", "grey"]
Fit = Literal["squash", "pad", "crop"]

LARGEST = 4096


@dataclass(frozen=True)
class PictureSettings:
    """How a picture becomes a row of `features` bytes.

    Args:
        size: height and width in pixels that every picture is brought to, from 1 to 4096.
        color: "rgb" (three channels) or "grey" (one: luma by ITU-R 601, 0.299 R + 0.587 G + 0.114 B).
        fit: what happens to a picture that is not square. "squash" gives up its proportions, "pad" keeps them
            and fills up with mid grey (128), "crop" keeps them and cuts the middle out.

    Raises:
        UserError: a setting is none of these.

    >>> PictureSettings(size=32, color="grey").features
    1024
    """

    size: int = 64
    color: Color = "rgb"
    fit: Fit = "squash"

    def __post_init__(self) -> None:
        size: object = self.size  # whatever a file or a caller without type checks gave
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST:
            raise UserError(
                f"size is the width and height of a picture in pixels, a whole number from 1 to {LARGEST}; "
                f"it was {self.size!r}"
            )
        for name, value, allowed in (("color", self.color, get_args(Color)), ("fit", self.fit, get_args(Fit))):
            if value not in allowed:
                words = ", ".join(f'"{word}"' for word in allowed)
                raise UserError(f"{name} must be one of {words}; it was {value!r}")

    @property
    def channels(self) -> int:
        """How many numbers a pixel has: 3 in colour, 1 in grey."""
        return 3 if self.color == "rgb" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """The (height, width, channels) of a row, which lies in this order."""
        return (self.size, self.size, self.channels)

    @property
    def features(self) -> int:
        """How many numbers a row has: height x width x channels."""
        return self.size * self.size * self.channels

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for a file.

        >>> PictureSettings().to_dict()
        {'size': 64, 'color': 'rgb', 'fit': 'squash'}
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PictureSettings:
        """Make settings from what `to_dict` gave.

        Raises:
            UserError: a setting is missing, unknown or has no sensible value.

        >>> PictureSettings.from_dict({"size": 8, "color": "grey", "fit": "pad"}).shape
        (8, 8, 1)
        """
        expected = set(cls.__dataclass_fields__)
        if set(values) != expected:
            raise UserError(
                f"picture settings have exactly the names {', '.join(sorted(expected))}; "
                f"these had {', '.join(sorted(map(str, values))) or 'none'}"
            )
        return cls(**values)
