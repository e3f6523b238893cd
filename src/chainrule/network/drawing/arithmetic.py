"""Arithmetic in drawings: printed with so many digits that what is printed is right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.graph.trace.wording import significant
from chainrule.network.drawing.words import bracketed, short

_DIGITS = range(3, 7)


def product(factors: Sequence[float], result: float) -> tuple[str, str]:
    """Write a product and what it gives: the factors with enough digits that theirs is the result that is printed.

    Args:
        factors: at least two.
        result: their product, printed with three digits.

    Returns:
        The factors with the sign, `=` or, where six digits do not suffice, `≈`; and the result.

    >>> product([1.0052, 0.0051624], 0.00518925)
    ('1.005 × 0.005162 =', '0.00519')
    """
    given = short(result)
    for digits in _DIGITS:
        texts = [significant(factor, digits) for factor in factors]
        if short(math.prod(map(float, texts))) == given:
            return f"{_times(texts)} =", given
    return f"{_times([significant(factor, _DIGITS[0]) for factor in factors])} ≈", given


def step(before: float, rate: float, slope: float) -> tuple[str, str]:
    """Write `before - rate × slope` and what it gives, with enough digits that the change is seen.

    >>> step(2.71, 0.1, -0.0205)
    ('2.71 - 0.1 × (-0.0205) =', '2.712')
    """
    after = before - rate * slope
    for places, digits in ((one, other) for one in _DIGITS for other in _DIGITS if other >= one):
        texts = [significant(number, digits) for number in (before, rate, slope)]
        old, share, gradient = map(float, texts)
        given = significant(after, places)
        seen = given != significant(before, places) or after == before
        if seen and significant(old - share * gradient, places) == given:
            return f"{texts[0]} - {texts[1]} × {bracketed(texts[2])} =", given
    texts = [significant(number, _DIGITS[-1]) for number in (before, rate, slope)]
    return f"{texts[0]} - {texts[1]} × {bracketed(texts[2])} ≈", significant(after, _DIGITS[-1])


def change(before: float, difference: float) -> str:
    """Write a small change of a number, both to the places that the change needs.

    >>> change(2.7096, 0.00205)
    '2.7096 + 0.0021 = 2.7117'
    """
    if not difference or not math.isfinite(before) or not math.isfinite(difference):
        return f"= {short(before + difference)}"
    places = max(1 - _power(difference), _DIGITS[0] - 1 - _power(before), 0)
    if places > 2 * _DIGITS[-1] or abs(before) >= 10 ** _DIGITS[-1] or abs(difference) >= 10 ** _DIGITS[-1]:
        return f"{short(before)} {_signed(short(difference))}"
    old, added = (f"{number:.{places}f}" for number in (before, difference))
    return f"{old} {_signed(added)} = {float(old) + float(added):.{places}f}"


def adds_up(terms: Sequence[float], total: float) -> bool:
    """Tell whether numbers as they are printed add up to their sum as it is printed.

    >>> adds_up([1.25, 2.5], 3.75), adds_up([1.2349, 2.5049], 3.7398)
    (True, False)
    """
    return short(sum(float(short(term)) for term in terms)) == short(total)


def _power(value: float) -> int:
    """The power of ten of a number's first digit."""
    return math.floor(math.log10(abs(value))) if value else 0


def _times(texts: Sequence[str]) -> str:
    return " × ".join([texts[0], *(bracketed(text) for text in texts[1:])])


def _signed(text: str) -> str:
    return f"- {text[1:]}" if text.startswith("-") else f"+ {text}"
