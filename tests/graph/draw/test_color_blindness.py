"""The roles of drawings are told apart by readers who do not tell red from green."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule.graph.draw.colors import ROLES

ROLES_OF_LINES = ("forward", "backward", "parameter", "input")
# What such readers see, in linear light: Machado, Oliveira, Fernandes (2009), severity 1.
SEEN = {
    "deuteranopia": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
# Two in Lab that are as far apart as this look plainly different.
LEAST = 15.0


def lab(color: str, sight: str) -> NDArray[np.float64]:
    channels = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    light = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(SEEN[sight]) @ light, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SEEN)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("pair", [*combinations(ROLES_OF_LINES, 2)], ids="-".join)
def test_no_two_roles_look_alike(pair: tuple[str, str], theme: int, sight: str) -> None:
    one, other = (lab(ROLES[role][theme], sight) for role in pair)
    assert np.linalg.norm(one - other) > LEAST
