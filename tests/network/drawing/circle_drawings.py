"""Drawings of circles and lines, read back from the SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.etree import ElementTree

from chainrule.graph.draw.drawing import Drawing
from tests.network.drawing.rectangles import Rectangle, texts

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Circle:
    """A neuron: what it is called, its layer, where it lies, and what is written in it."""

    name: str
    layer: int
    x: float
    y: float
    r: float
    texts: tuple[Rectangle, ...]

    def touches(self, box: Rectangle) -> bool:
        """Whether a rectangle reaches into the circle."""
        x = min(max(self.x, box.left), box.right)
        y = min(max(self.y, box.top), box.bottom)
        return math.hypot(x - self.x, y - self.y) < self.r

    def holds(self, box: Rectangle) -> bool:
        """Whether a rectangle lies within the circle."""
        corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
        return all(math.hypot(x - self.x, y - self.y) <= self.r for x, y in corners)

    @property
    def written(self) -> list[str]:
        """The texts in it, from top to bottom."""
        return [text.what for text in self.texts]


@dataclass(frozen=True)
class Line:
    """A weight: between which neurons, what its tooltip says, and its look."""

    source: str
    target: str
    tooltip: str
    width: float
    ink: str
    dashed: bool
    number: str


def circles(drawing: Drawing) -> list[Circle]:
    """Return the neurons."""
    found = []
    for group in _groups(drawing, "node"):
        (circle,) = group.iter(f"{SVG}circle")
        x, y, r = (float(circle.attrib[name]) for name in ("cx", "cy", "r"))
        inside = tuple(texts(ElementTree.tostring(group, encoding="unicode")))
        found.append(Circle(group.attrib["data-name"], int(group.attrib["data-layer"]), x, y, r, inside))
    return found


def lines(drawing: Drawing) -> list[Line]:
    """Return the weights, in the order in which they are drawn."""
    found = []
    for group in _groups(drawing, "edge"):
        (path,) = group.iter(f"{SVG}path")
        found.append(
            Line(
                group.attrib["data-source"],
                group.attrib["data-target"],
                group.findtext(f"{SVG}title") or "",
                float(path.attrib["stroke-width"]),
                path.attrib["class"].removeprefix("cr-s-"),
                "stroke-dasharray" in path.attrib,
                "".join("".join(text.itertext()) for text in group.iter(f"{SVG}text")),
            )
        )
    return found


def written(drawing: Drawing, cls: str | None = None) -> list[str]:
    """Return all texts, or those in groups of a class."""
    parts = [ElementTree.fromstring(drawing.svg)] if cls is None else _groups(drawing, cls)
    return ["".join(text.itertext()) for part in parts for text in part.iter(f"{SVG}text")]


def _groups(drawing: Drawing, cls: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(drawing.svg)
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == f"cr-{cls}"]
