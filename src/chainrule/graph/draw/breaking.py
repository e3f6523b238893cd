"""Long formulas, broken at their operators."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.graph.draw.fonts import Weight, text_width

# A line may be a little longer than asked for where that saves another one.
_SLACK = 1.06
# No line is shorter than this share of the width, where that can be helped.
_LEAST = 0.25
_TIGHTNESS = {**dict.fromkeys("+-", 0), **dict.fromkeys("*@", 1), **dict.fromkeys([">", ">=", "<", "**", "/"], 3)}


def broken(text: str, width: float, size: float = 13, weight: Weight = "normal") -> list[str]:
    """Break a formula before its operators, the outermost first, so that its lines fit a width.

    >>> broken("-(y * log(A2) + (1 - y) * log(1 - A2))", 170)
    ['-(y * log(A2)', '+ (1 - y) * log(1 - A2))']
    """
    if text_width(text, size, weight) <= _SLACK * width:
        return [text]
    places = list(_breaks(text))
    if not places:
        return [text]
    whole = text_width(text, size, weight)

    def cost(place: tuple[int, int]) -> tuple[bool, float, float]:
        position, tightness = place
        first = text_width(text[:position], size, weight)
        # A break deeper inside is worth it where it saves a line.
        return (
            not _LEAST * width <= first <= width,
            tightness + 2.5 * (whole - first > _SLACK * width),
            abs(first - whole / 2),
        )

    position = min(places, key=cost)[0]
    return [text[:position].rstrip(), *broken(text[position:].lstrip(), width, size, weight)]


def _breaks(text: str) -> Iterable[tuple[int, int]]:
    """Yield where an operator begins, and how strongly it binds."""
    depth = 0
    words = text.split(" ")
    position = 0
    for number, word in enumerate(words):
        if number and word in _TIGHTNESS:
            yield position, 2 * depth + _TIGHTNESS[word]
        elif number and words[number - 1].endswith(","):
            yield position, 2 * depth + 1
        depth += word.count("(") - word.count(")")
        position += len(word) + 1
