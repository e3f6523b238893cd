"""Reads drawings back: groups, texts and the room that each text takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

from chainrule.graph.draw.fonts import text_width

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Text:
    """A text and its rectangle: left, top, right, bottom."""

    content: str
    room: tuple[float, float, float, float]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def groups(svg: str, cls: str) -> list[ElementTree.Element]:
    """The groups of a class."""
    return [g for g in parsed(svg).iter(f"{SVG}g") if f"cr-{cls}" in g.get("class", "").split()]


def words(element: ElementTree.Element) -> list[str]:
    """The texts inside an element, without the markup."""
    return ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]


def texts(svg: str) -> list[Text]:
    """Every text of a drawing; raised and lowered parts count as wide as the others."""
    found = []
    for text in parsed(svg).iter(f"{SVG}text"):
        content = "".join(text.itertext())
        size, x, y = (float(text.get(name, "0")) for name in ("font-size", "x", "y"))
        bold = text.get("font-weight") == "bold"
        width = text_width(content, size, "bold" if bold else "normal")
        left = x - width * {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor", "start"), 0.0)
        found.append(Text(content, (left, y - 0.75 * size, left + width, y + 0.2 * size)))
    return found


def overlapping(svg: str) -> list[tuple[str, str]]:
    """The pairs of texts that lie on each other."""
    return [
        (one.content, other.content)
        for one, other in combinations(texts(svg), 2)
        if one.room[0] < other.room[2] - 0.5
        and other.room[0] < one.room[2] - 0.5
        and one.room[1] < other.room[3] - 0.5
        and other.room[1] < one.room[3] - 0.5
    ]


def boxes(svg: str) -> dict[str, tuple[float, float, float, float]]:
    """The rectangle of each node: left, top, right, bottom."""
    found = {}
    for group in groups(svg, "node"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, y, w, h = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
        found[group.get("data-name", "")] = (x, y, x + w, y + h)
    return found


def picture_room(svg: str) -> tuple[float, float, float, float]:
    """The rectangle that is seen."""
    x, y, w, h = map(float, re.split(r"[ ,]+", parsed(svg).get("viewBox", "")))
    return x, y, x + w, y + h
