"""What a drawing covers: the rectangles of its texts and boxes, read back from the SVG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

from chainrule.graph.draw.fonts import Family, Weight, text_width

_SVG = "{http://www.w3.org/2000/svg}"
# Letters reach so far above and below the line, as shares of their size.
_ABOVE, _BELOW = 0.74, 0.22


@dataclass(frozen=True)
class Rectangle:
    """A place that is covered, and by what."""

    left: float
    top: float
    right: float
    bottom: float
    what: str

    def meets(self, other: Rectangle) -> bool:
        """Whether both cover a common place."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Rectangle) -> bool:
        """Whether the other lies within it."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def texts(svg: str) -> list[Rectangle]:
    """Return the rectangle of every text."""
    return [_text(element) for element in ElementTree.fromstring(svg).iter(f"{_SVG}text")]


def _text(element: ElementTree.Element) -> Rectangle:
    size = float(element.attrib["font-size"])
    family: Family = "mono" if "cr-mono" in element.get("class", "") else "sans"
    width = sum(
        text_width(content, part_size, weight, family) for content, part_size, weight in _parts(element, size)
    )
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor", "start")]
    return Rectangle(left, y - _ABOVE * size, left + width, y + _BELOW * size, "".join(element.itertext()))


def _parts(element: ElementTree.Element, size: float) -> Iterator[tuple[str, float, Weight]]:
    weight: Weight = "bold" if element.get("font-weight") == "bold" else "normal"
    yield element.text or "", size, weight
    for part in element:
        own: Weight = "bold" if part.get("font-weight") == "bold" else weight
        yield part.text or "", float(part.get("font-size", size)), own
        yield part.tail or "", size, weight


def boxes(svg: str) -> list[Rectangle]:
    """Return every box but the paper."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{_SVG}rect"):
        if element.get("class") == "cr-f-paper":
            continue
        x, y, width, height = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
        found.append(Rectangle(x, y, x + width, y + height, f"box at {x:g}, {y:g}"))
    return found


def overlapping(rectangles: list[Rectangle]) -> list[tuple[str, str]]:
    """Return the pairs that cover a common place."""
    return [(one.what, other.what) for one, other in combinations(rectangles, 2) if one.meets(other)]


def cut_by(box_list: list[Rectangle], text_list: list[Rectangle]) -> list[tuple[str, str]]:
    """Return the texts that a box meets without holding them."""
    return [
        (box.what, text.what) for box in box_list for text in text_list if box.meets(text) and not box.holds(text)
    ]


def outside(svg: str) -> list[str]:
    """Return the texts and boxes that lie outside the picture."""
    left, top, width, height = (float(x) for x in ElementTree.fromstring(svg).attrib["viewBox"].split())
    whole = Rectangle(left, top, left + width, top + height, "the picture")
    return [one.what for one in [*texts(svg), *boxes(svg)] if not whole.holds(one)]
