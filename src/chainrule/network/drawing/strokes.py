"""How a line shows a weight, or the gradient of a weight."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PLAIN = 1.2
_THINNEST, _WIDEST, _FAINTEST = 0.6, 5.0, 0.12
# Small weights fade faster than their lines get thin, or many of them would hide the few that matter.
_FADE = 1.4


def largest(weights: NDArray[Any]) -> float:
    """Return the largest finite size among weights; 0 where none is finite.

    >>> largest(np.array([[0.5, -2.0, np.nan]]))
    2.0
    """
    finite = np.abs(weights[np.isfinite(weights)])
    return float(finite.max()) if finite.size else 0.0


def stroke(weight: float | None, most: float, *, gradient: bool = False) -> dict[str, Any]:
    """Return how to draw the line of a weight: the wider, the larger; its colour is the weight's sign.

    The gradient of a weight has the colour of everything that goes backward; where it is negative, it is dashed.

    Zero is thin and grey; what is no number at all is grey and dashed.

    >>> stroke(-1.0, 2.0)
    {'ink': 'negative', 'width': 2.8, 'opacity': 0.45, 'dash': False}
    """
    if weight is None:
        return {"ink": "line", "width": _PLAIN}
    if math.isnan(weight):
        return {"ink": "line", "width": _PLAIN, "dash": True}
    share = min(abs(weight) / most, 1.0) if most else float(math.isinf(weight))
    if weight == 0:
        return {"ink": "line", "width": _THINNEST}
    ink = "backward" if gradient else "negative" if weight < 0 else "positive"
    return {
        "ink": ink,
        "width": round(_THINNEST + (_WIDEST - _THINNEST) * share, 2),
        "opacity": round(_FAINTEST + (1 - _FAINTEST) * share**_FADE, 2),
        "dash": gradient and weight < 0,
    }
