"""Saliency as the page shows it: four maps to lay over the picture, or bars by feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.evaluation.wording import percent
from chainrule.explain.pixels import Overlay, Shape, overlay, pixel_sums
from chainrule.explain.saliency import Saliency

Array = NDArray[np.float64]

# Of a row that is no picture, so many features are listed.
_MOST_FEATURES = 40
_BASELINES = {
    "mean": "the mean of the training rows",
    "black": "an all-black picture",
    "zero": "a row of zeros",
}


@dataclass(frozen=True, eq=False)
class Map:
    """One way of asking what mattered.

    Attributes:
        key: "gradient", "input", "integrated" or "occlusion": the page's words for it stand in its template.
        title: its name.
        values: (n,) one number a feature.
        overlay: the map of a picture; None of other rows.
    """

    key: str
    title: str
    values: Array
    overlay: Overlay | None


@dataclass(frozen=True, eq=False)
class Feature:
    """One feature of a row that is no picture, in all maps.

    Attributes:
        name: such as "X[3]".
        value: what the first layer reads.
        cells: for each map its number, and the largest of the map.
    """

    name: str
    value: float
    cells: tuple[tuple[float, float], ...]


def saliency_view(found: Saliency, shape: Shape | None) -> dict[str, Any]:
    """Return what the page's template needs.

    Args:
        found: the four maps.
        shape: (height, width, channels) of a picture; None of other rows.
    """
    maps = _maps(found, shape)
    difference = abs(found.integrated.difference)
    return {
        "explained": found.explained,
        "maps": maps,
        "occlusion": found.occlusion,
        "share": _share(found, found.occlusion.share),
        "lowest": _share(found, found.occlusion.lowest),
        "features": [] if shape else _features(found, maps),
        "integrated": found.integrated,
        "baseline": _BASELINES[found.integrated.baseline_name],
        "share_apart": f"{percent(found.integrated.error / difference)} of the difference" if difference else "",
    }


def _maps(found: Saliency, shape: Shape | None) -> list[Map]:
    maps = (
        ("gradient", "Gradient", found.gradient),
        ("input", "Gradient × input", found.gradient_times_input),
        ("integrated", "Integrated gradients", found.integrated.attributions),
        ("occlusion", "Occlusion", found.occlusion.drops),
    )
    return [
        Map(key, title, values, None if shape is None else overlay(_pixels(key, values, shape)))
        for key, title, values in maps
    ]


def _pixels(key: str, values: Array, shape: Shape) -> Array:
    """One number a pixel: the sum of its colours', but a patch covers them together and so counts once."""
    return pixel_sums(values, shape) / (shape[2] if key == "occlusion" else 1)


def _share(found: Saliency, share: float) -> str:
    return percent(share) if found.occlusion.share_name.startswith("probability") else f"{share:.3g}"


def _features(found: Saliency, maps: list[Map]) -> list[Feature]:
    strength = np.abs(found.integrated.attributions)
    strongest = np.argsort(-strength, kind="stable")[:_MOST_FEATURES]
    shown = np.sort(strongest) if len(strength) <= _MOST_FEATURES else strongest
    most = [float(np.abs(map.values).max(initial=0.0)) for map in maps]
    return [
        Feature(
            name=f"X[{index}]",
            value=float(found.x[index]),
            cells=tuple((float(map.values[index]), largest) for map, largest in zip(maps, most, strict=True)),
        )
        for index in shown
    ]
