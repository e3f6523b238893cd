"""From every way that Pillow holds a picture to plain RGB or grey bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import Image

from chainrule.data.settings import Color

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A strip of about this many pixels is converted at a time, so that a large picture is never held twice.
STRIP_PIXELS = 1_000_000

_WHITE = (255, 255, 255)
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}


def to_color(image: Image.Image, color: Color, factors: tuple[int, int] = (1, 1)) -> Image.Image:
    """Bring a loaded picture to RGB or grey, averaging whole blocks of pixels on the way.

    Transparency is laid on white. Numbers of more than 8 bits are scaled to 0..255, by their type or, where the
    type says nothing (32-bit integers, floats), by the range that holds all of the picture's values.

    Args:
        image: a picture of any of Pillow's modes.
        color: "rgb" or "grey".
        factors: how many pixels (across, down) become one; the mean is taken after the conversion.

    Returns:
        A picture of mode "RGB" or "L". It is the same object where nothing had to be done.

    >>> to_color(Image.new("LA", (1, 1), (0, 128)), "rgb").getpixel((0, 0))
    (127, 127, 127)
    """
    mode = "RGB" if color == "rgb" else "L"
    limits = _limits(image) if _is_numeric(image) else None
    if factors == (1, 1):
        return _flat(image, mode, limits)
    width, height = image.size
    across, down = factors
    small = Image.new(mode, (-(-width // across), -(-height // down)))
    rows = down * max(1, STRIP_PIXELS // (width * down))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(height, top + rows)))
        small.paste(_flat(strip, mode, limits).reduce(factors), (0, top // down))
    return small


def _flat(image: Image.Image, mode: str, limits: tuple[float, float] | None) -> Image.Image:
    if limits is not None:
        image = _scaled(image, *limits)
    elif image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    if image.has_transparency_data:
        image = _on_white(image)
    if image.mode == mode:
        return image
    # Not every mode has a way to grey of its own (LAB has none), but each has one to RGB.
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    return image.convert(mode)


def _on_white(image: Image.Image) -> Image.Image:
    transparent = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(transparent, tuple) and max(transparent) > 255:
        # The transparent colour of a PNG of 16 bits keeps its 16 bits where Pillow holds the pixels in 8.
        image.info["transparency"] = tuple(value >> 8 for value in transparent)
    pixels = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, _WHITE)
    canvas.paste(pixels, mask=pixels)
    return canvas


def _is_numeric(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def _limits(image: Image.Image) -> tuple[float, float]:
    """Return the values that become 0 and 255."""
    if image.mode.startswith("I;"):
        return 0.0, 65535.0
    low, high = _extremes(image)
    if image.mode == "I":
        return 0.0, 65535.0 if high <= 65535 else 2.0**31 - 1
    for top in (1.0, 255.0, 65535.0):
        if low >= 0 and high <= top:
            return 0.0, top
    return low, high


def _extremes(image: Image.Image) -> tuple[float, float]:
    # Pillow's own extremes are lost when the first number is no number, hence the second look.
    low, high = (float(value) for value in image.getextrema() if not isinstance(value, tuple))
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    import numpy as np

    values = np.asarray(image)
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _scaled(image: Image.Image, low: float, high: float) -> Image.Image:
    import numpy as np  # only numbers of more than 8 bits need it, and a reading process starts sooner without

    numbers: NDArray[Any] = np.asarray(image)
    share = np.clip((np.nan_to_num(numbers, nan=low).astype(np.float64) - low) / (high - low), 0.0, 1.0)
    grey = np.rint(share * 255.0).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[numbers == transparent] = 255
    return Image.fromarray(grey)
