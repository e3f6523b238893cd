"""How wide a text is, and the markup of raised, lowered and bold parts.

A drawing is read in whatever font is there. So the widths are those of DejaVu Sans, the widest of the common fonts
without serifs: what fits its box here fits in Arial, Segoe UI or Roboto too.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Weight = Literal["normal", "bold"]
Family = Literal["sans", "mono"]

# In thousandths of the size, from the space to the tilde.
_ASCII = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
_ASCII_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
    372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
    500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
    478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
)  # fmt: skip
# From capital alpha to small omega.
_GREEK = (
    684, 686, 557, 684, 632, 685, 752, 787, 295, 656, 684, 863, 748, 632, 787, 752, 603, 603, 632, 611, 611,
    787, 685, 787, 764, 295, 611, 659, 541, 634, 338, 579, 659, 638, 592, 612, 541, 544, 634, 612, 338, 589,
    592, 636, 559, 558, 612, 602, 635, 587, 634, 602, 579, 660, 578, 660, 837,
)  # fmt: skip
_OTHERS = {
    **dict.fromkeys("·’‘", 338), **dict.fromkeys("“”", 540), **dict.fromkeys("×÷±≤≥≠≈−", 838), "∂": 540, "∑": 720,
    "∇": 700, "√": 667, "–": 560, "°": 500, **dict.fromkeys("¹²³⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", 440),
}  # fmt: skip
_BOLDER = 1.13
_MONO, _MONO_OTHER = 602, 700
_UNKNOWN, _FULL_WIDTH, _EMOJI = 1000, 1000, 1350
# A raised or lowered part: its size, and how far it moves, as shares of the size around it.
_SMALLER, _UP, _DOWN = 0.72, 0.36, -0.2


@dataclass(frozen=True)
class Part:
    """A piece of a text in one size, at one height, of one weight.

    Attributes:
        text: its characters.
        scale: its size as a share of the whole text's.
        rise: how far it stands above the line, as a share of the whole text's size.
        bold: whether it is marked as bold.
    """

    text: str
    scale: float
    rise: float
    bold: bool = False


@lru_cache(maxsize=4096)
def parts_of(content: str) -> tuple[Part, ...]:
    """Read the markup of a text: `^{...}` is raised, `_{...}` lowered, `*{...}` bold.

    A mark that is not closed is plain text.

    >>> [(part.text, part.rise) for part in parts_of("W^{[1]} x_1")]
    [('W', 0.0), ('[1]', 0.36), (' x_1', 0.0)]
    """
    found: list[Part] = []
    _read(content, Part("", 1.0, 0.0), found)
    return tuple(found)


def _read(content: str, style: Part, found: list[Part]) -> None:
    start = place = 0
    while place < len(content):
        end = _closing(content, place + 1) if content[place] in "^_*" else -1
        if end < 0:
            place += 1
            continue
        if place > start:
            found.append(replace(style, text=content[start:place]))
        _read(content[place + 2 : end], _marked(style, content[place]), found)
        start = place = end + 1
    if start < len(content):
        found.append(replace(style, text=content[start:]))


def _marked(style: Part, mark: str) -> Part:
    if mark == "*":
        return replace(style, bold=True)
    shift = _UP if mark == "^" else _DOWN
    return replace(style, scale=style.scale * _SMALLER, rise=style.rise + style.scale * shift)


def _closing(content: str, opening: int) -> int:
    """Return where the bracket that opens at a place closes; -1 where none opens there or it stays open."""
    depth = 0
    for place in range(opening, len(content)):
        depth += (content[place] == "{") - (content[place] == "}")
        if depth == 0:
            return place if place > opening else -1
    return -1


def plain(content: str) -> str:
    """Return a text without its markup.

    >>> plain("W^{[1]}")
    'W[1]'
    """
    return "".join(part.text for part in parts_of(content))


def text_width(content: str, size: float = 13, weight: Weight = "normal", family: Family = "sans") -> float:
    """Measure a text with its markup, in the units of `size`; a little more than most fonts take.

    >>> text_width("W") > text_width("W^{1}") - text_width("W")
    True
    """
    return _width(content, weight, family) * size


@lru_cache(maxsize=4096)
def _width(content: str, weight: Weight, family: Family) -> float:
    total = 0.0
    for part in parts_of(content):
        own: Weight = "bold" if part.bold else weight
        total += part.scale * sum(_character(one, own, family) for one in part.text) / 1000
    return total


def _character(one: str, weight: Weight, family: Family) -> float:
    if family == "mono" and one.isascii():
        return _MONO
    if one.isascii():
        code = ord(one) - 32
        return (_ASCII_BOLD if weight == "bold" else _ASCII)[code] if 0 <= code < len(_ASCII) else _UNKNOWN
    width = _other(one)
    if family == "mono":
        return max(width, _MONO_OTHER)
    return width * _BOLDER if weight == "bold" else width


def _other(one: str) -> float:
    if one in _OTHERS:
        return _OTHERS[one]
    if 0x391 <= ord(one) <= 0x3C9:
        return _GREEK[ord(one) - 0x391]
    if unicodedata.combining(one):
        return 0
    if unicodedata.east_asian_width(one) in "WF":
        return _EMOJI if unicodedata.category(one) == "So" else _FULL_WIDTH
    letter = unicodedata.normalize("NFD", one)[0]
    if letter != one:
        return _character(letter, "normal", "sans")
    return _UNKNOWN


def shortened(
    content: str, width: float, size: float = 13, weight: Weight = "normal", family: Family = "sans"
) -> str:
    """Cut a text so that it fits a width, with an ellipsis where something was left out.

    >>> shortened("a * b + c * d + e", 60)
    'a * b +…'
    """
    if text_width(content, size, weight, family) <= width:
        return content
    kept = plain(content)
    low, high = 0, len(kept)
    while low < high:
        middle = (low + high + 1) // 2
        fits = text_width(kept[:middle].rstrip() + "…", size, weight, family) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return kept[:low].rstrip() + "…"
