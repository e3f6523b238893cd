"""The picture as the page shows it: its planes, and the numbers of a square in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chainrule.explain.page_numbers import short
from chainrule.explain.parts import Input
from chainrule.explain.pixels import picture_address, plane_addresses

# The side of the square of pixels whose numbers are written out.
_WINDOW = 6


def picture_view(given: Input) -> dict[str, Any] | None:
    """Return the picture, its planes, and the numbers of a square in it; None of other rows."""
    if given.shape is None:
        return None
    square = window(given)
    side, (top, left) = square["window"], square["corner"]
    first = (top * given.shape[1] + left) * given.shape[2]
    pixels = given.row.reshape(given.shape)
    planes = [
        {
            "name": name,
            "address": address,
            "window": pixels[top : top + side, left : left + side, channel].astype(int).tolist(),
        }
        for channel, (name, address) in enumerate(plane_addresses(given.row, given.shape))
    ]
    return {
        "address": picture_address(given.row, given.shape),
        "planes": planes,
        "side": side,
        "top": top,
        "left": left,
        "first": ", ".join(
            f"{given.x_name}[{index}] = {short(given.x[index])}" for index in range(first, first + given.shape[2])
        ),
        "place": f"rows {top} to {top + side - 1}, columns {left} to {left + side - 1}",
    }


def window(given: Input) -> dict[str, Any]:
    """Return the side of the square whose numbers are written out, and its corner: where they differ most."""
    if given.shape is None:
        return {}
    height, width, _ = given.shape
    side = min(_WINDOW, height, width)
    grey = given.row.reshape(given.shape).mean(axis=2)
    spread = sliding_window_view(grey, (side, side)).std(axis=(2, 3))
    top, left = np.unravel_index(int(spread.argmax()), spread.shape)
    return {"window": side, "corner": (int(top), int(left))}
