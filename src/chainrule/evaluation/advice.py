"""What a run's figures mean, in plain sentences, and what would help."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Neighbours are equal in 1 to 10 % of a photograph and in most of a drawing, a digit or a plot.
_FLAT_SHARE = 0.25
_PICTURES_LOOKED_AT = 200
_GOOD_ACCURACY = 0.8


def looks_photographed(X: NDArray[Any], shape: tuple[int, int, int]) -> bool:
    """Tell photographs from drawings, digits and plots, by how seldom neighbouring pixels are exactly equal.

    Args:
        X: (m, height * width * channels) pictures, one a row.
        shape: (height, width, channels).

    Returns:
        True where in half of the pictures fewer than a quarter of the horizontal neighbours are equal.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).integers(0, 256, (4, 8 * 8 * 3), np.uint8)
    >>> looks_photographed(noise, (8, 8, 3)), looks_photographed(np.zeros_like(noise), (8, 8, 3))
    (True, False)
    """
    if len(X) == 0 or shape[1] < 2:
        return False
    some = X[:: -(-len(X) // _PICTURES_LOOKED_AT)].reshape(-1, *shape)
    equal = (some[:, :, 1:] == some[:, :, :-1]).all(axis=3)
    return bool(np.median(equal.mean(axis=(1, 2))) < _FLAT_SHARE)


def raw_pixels_limit(low: float, photographed: bool) -> bool:
    """Tell whether the page should say that raw pixels, not the training, hold the accuracy down.

    That is so for photographs when the lower end of the accuracy's 95 % interval is under 80 %: a dense
    network ties each weight to one position of a picture, while what is photographed may stand anywhere.

    >>> raw_pixels_limit(0.61, True), raw_pixels_limit(0.61, False), raw_pixels_limit(0.9, True)
    (True, False, False)
    """
    return photographed and low < _GOOD_ACCURACY


def verdict(share: float, low: float, other: float, other_high: float) -> str:
    """Compare an accuracy with a baseline's, on the same test examples.

    Args:
        share: the network's accuracy.
        low: the lower end of its interval.
        other: the baseline's accuracy.
        other_high: the upper end of its interval.

    >>> verdict(0.64, 0.61, 0.5, 0.53)
    'clearly better: the intervals do not overlap'
    """
    if low > other_high:
        return "clearly better: the intervals do not overlap"
    if share > other:
        return "better here, but the intervals overlap: more test examples would tell whether it is chance"
    if share == other:
        return "no better: the same share of answers is right"
    return "no better: fewer answers are right"
