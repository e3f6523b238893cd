"""How the page writes numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.evaluation.wording import percent, whole
from chainrule.explain.parts import LayerPart, Sum
from chainrule.graph.shapes import text as shape_text
from chainrule.graph.trace.wording import number_text

if TYPE_CHECKING:
    from markupsafe import Markup

_DIGITS = 3
_MOST_NEURONS = 256


def full(value: float) -> str:
    """Write a number with six significant digits and a proper minus.

    >>> full(-1 / 3)
    '−0.333333'
    """
    return number_text(value).replace("-", "−")


def short(value: float) -> str:
    """Write a number with three significant digits, whole ones in full.

    >>> short(0.73456), short(-1.5), short(255.0), short(12288)
    ('0.735', '−1.5', '255', '12288')
    """
    value = float(value)
    return full(value if value.is_integer() and abs(value) < 1e6 else float(f"{value:.{_DIGITS}g}"))


def signed(value: float) -> str:
    """Write a number with three significant digits and its sign.

    >>> signed(0.5), signed(-0.5), signed(0.0)
    ('+0.5', '−0.5', '0')
    """
    return f"+{short(value)}" if value > 0 else short(value)


def capital(text: str) -> str:
    """Begin with a capital letter.

    >>> capital("layer 1, ReLU")
    'Layer 1, ReLU'
    """
    return text[:1].upper() + text[1:]


def numbers(values: Sequence[float]) -> str:
    """Write one number, or several in brackets.

    >>> numbers((1.0,)), numbers((0.5, 2.0))
    ('1', '[0.5, 2]')
    """
    words = [full(value) for value in values]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def likeliest(shares: Iterable[tuple[Any, float]], most: int) -> list[tuple[Any, float]]:
    """Return the classes with the highest probabilities, the highest first.

    >>> likeliest([("cat", 0.2), ("dog", 0.7), ("owl", 0.1)], 2)
    [('dog', 0.7), ('cat', 0.2)]
    """
    return sorted(shares, key=lambda pair: -pair[1])[:most]


def largest_part(total: Sum) -> float:
    """Return the largest |part| of a sum, the whole among them: bars of one sum have one scale."""
    parts = [term.product for term in total.terms]
    return max(abs(part) for part in [*parts, total.rest, total.bias or 0.0, total.z])


def shown_neurons(layer: LayerPart) -> Sequence[int]:
    """Return the neurons whose numbers the page shows: of a layer that fits on it, all in order."""
    return range(layer.units) if layer.units <= _MOST_NEURONS else layer.shown


def bold_result(text: str) -> Markup:
    """Mark what stands after the last sign of equality.

    >>> str(bold_result("-log(0.5) = 0.693"))
    '-log(0.5) = <b>0.693</b>'
    """
    from markupsafe import Markup

    before, equal, result = text.rpartition(" = ")
    return Markup("{}{}<b>{}</b>").format(before, equal, result) if equal else Markup("{}").format(text)


# What the templates call; `negative` and `largest` keep them free of arithmetic.
FILTERS: Mapping[str, Any] = {
    "full": full,
    "short": short,
    "signed": signed,
    "capital": capital,
    "numbers": numbers,
    "likeliest": likeliest,
    "largest_part": largest_part,
    "shown_neurons": shown_neurons,
    "bold_result": bold_result,
    "percent": percent,
    "whole": whole,
    "shape": lambda shape: shape_text(tuple(shape)),
    "product": lambda shape: int(np.prod(shape)),
    "negative": lambda value: -value,
    "largest": lambda values: float(np.abs(values).max(initial=0.0)) or 1.0,
}
