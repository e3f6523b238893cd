"""A canvas that writes SVG: boxes, circles, paths and texts in the colours of their roles."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

from numpy.typing import NDArray

from chainrule.graph.draw import paths
from chainrule.graph.draw.colors import ROLES, Theme, Use, check_theme, class_of, style_sheet
from chainrule.graph.draw.fonts import Family, Weight, parts_of, plain, text_width
from chainrule.graph.draw.paths import Point, number
from chainrule.graph.draw.png import png

Anchor = Literal["start", "middle", "end"]

_MARGIN = 16.0
# A drawing shrinks to fit its page, but not so far that it cannot be read; then the page scrolls.
_LEAST_SHRUNK = 0.6
# How far letters reach above and below the line, as shares of their size.
ASCENT, DESCENT = 0.8, 0.24
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Canvas:
    """A drawing in the making. Coordinates may be any; the picture is as large as what is drawn.

    Every class that it writes begins with `cr-`; its rules hold under the drawing's own class alone, and there are
    no ids, so that any number of drawings stand on one page.

    Args:
        title: what the drawing shows, for people who cannot see it.
        theme: "auto" follows the page's preference for light or dark, "light" and "dark" do not.
        description: more about it.
        margin: the space around what is drawn.

    Example:
        >>> canvas = Canvas("One box", theme="light")
        >>> with canvas.group("node", name="u"):
        ...     canvas.box(0, 0, 60, 30)
        ...     canvas.text(30, 19, "u^{(i)}", anchor="middle", weight="bold")
        >>> 'class="cr-node" data-name="u"' in canvas.render()
        True
    """

    def __init__(
        self, title: str, *, theme: Theme = "auto", description: str = "", margin: float = _MARGIN
    ) -> None:
        self.title, self.description, self.margin = title, description, margin
        self.theme = check_theme(theme)
        self._parts: list[str] = []
        self._uses: set[tuple[Use, str]] = set()
        self._left = self._top = float("inf")
        self._right = self._bottom = float("-inf")

    def extend(self, x: float, y: float) -> None:
        """Make the picture so large that it holds a point."""
        self._left, self._right = min(self._left, x), max(self._right, x)
        self._top, self._bottom = min(self._top, y), max(self._bottom, y)

    @property
    def extents(self) -> tuple[float, float, float, float]:
        """What is drawn so far, without the margin: left, top, right, bottom."""
        if self._left > self._right:
            return 0.0, 0.0, 0.0, 0.0
        return self._left, self._top, self._right, self._bottom

    @contextmanager
    def group(self, cls: str, /, *, tooltip: str = "", **data: object) -> Iterator[None]:
        """Put what is drawn inside into a group of class `cr-CLS` with `data-...` attributes.

        Args:
            cls: the class, without `cr-`; more of them with spaces between.
            tooltip: what a browser shows where the pointer rests on the group.
            **data: `of=3` becomes `data-of="3"`; an underscore becomes a hyphen.
        """
        classes = " ".join(f"cr-{word}" for word in cls.split())
        attributes = "".join(f" data-{key.replace('_', '-')}={_quoted(str(value))}" for key, value in data.items())
        self._parts.append(f'<g class="{classes}"{attributes}>')
        if tooltip:
            self._parts.append(f"<title>{_escaped(plain(tooltip))}</title>")
        yield
        self._parts.append("</g>")

    def text(
        self,
        x: float,
        y: float,
        content: str,
        *,
        size: float = 13,
        anchor: Anchor = "start",
        ink: str = "ink",
        weight: Weight = "normal",
        family: Family = "sans",
        cls: str = "",
    ) -> None:
        """Write a text on the line at `y`.

        Args:
            x, y: where it starts, has its middle, or ends (`anchor`), on the line that letters stand on.
            content: what to write; `^{...}` is raised, `_{...}` lowered, `*{...}` bold.
            size: of the letters.
            anchor: "start", "middle" or "end".
            ink: a role, or a colour as #rrggbb.
            weight: "normal" or "bold".
            family: "sans" or "mono".
            cls: a class of its own, written as `cr-CLS`.
        """
        width = text_width(content, size, weight, family)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        self.extend(left, y - ASCENT * size)
        self.extend(left + width, y + DESCENT * size)
        classes = [f"cr-{cls}"] if cls else []
        classes += ["cr-mono"] if family == "mono" else []
        attributes = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
        if anchor != "start":
            attributes += f' text-anchor="{anchor}"'
        if weight == "bold":
            attributes += ' font-weight="bold"'
        if len(parts_of(content)) > 1:  # or some programs drop the spaces beside raised parts
            attributes += ' xml:space="preserve"'
        self._parts.append(f"<text {attributes}{self._painted(classes, fill=ink)}>{_spans(content, size)}</text>")

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        radius: float = 6,
        fill: str = "panel",
        ink: str = "line",
        dash: bool = False,
        line_width: float = 1.2,
        opacity: float = 1,
    ) -> None:
        """Draw a rectangle with rounded corners; `fill` and `ink` are roles, colours as #rrggbb, or "none"."""
        self.extend(x, y)
        self.extend(x + width, y + height)
        corners = f' rx="{number(radius)}"' if radius else ""
        self._parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"{corners}'
            f"{self._outlined(fill, ink, line_width, dash, opacity)}/>"
        )

    def circle(
        self,
        x: float,
        y: float,
        r: float,
        *,
        fill: str = "panel",
        ink: str = "line",
        dash: bool = False,
        line_width: float = 1.2,
        opacity: float = 1,
    ) -> None:
        """Draw a circle around a point."""
        self.extend(x - r, y - r)
        self.extend(x + r, y + r)
        self._parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}"'
            f"{self._outlined(fill, ink, line_width, dash, opacity)}/>"
        )

    def path(
        self,
        points: Sequence[Point] | str,
        *,
        ink: str = "line",
        width: float = 1.5,
        arrow: bool = True,
        dash: bool = False,
        opacity: float = 1,
        rounded: float = 0,
        curved: bool = False,
        fill: str = "none",
    ) -> None:
        """Draw a line through points, with an arrowhead at its end.

        Args:
            points: at least two of them; or path data of absolute commands M, L, C, Q and Z.
            ink: a role, or a colour as #rrggbb.
            width: of the line.
            arrow: whether its end has a head, whose tip is the last point.
            dash: whether it is dashed.
            opacity: from 0 to 1.
            rounded: the radius of its corners.
            curved: run level at every point, in smooth curves between them.
            fill: of what it encloses.
        """
        if isinstance(points, str):
            commands = paths.parsed(points)
        else:
            commands = paths.curved(points) if curved else paths.through(points, rounded)
        for point in paths.all_points(commands):
            self.extend(*point)
        head: list[Point] = []
        if arrow:
            commands, head = paths.with_head(commands, width)
        self._parts.append(
            f'<path d="{paths.written(commands)}"{self._outlined(fill, ink, width, dash, opacity)}/>'
        )
        if head:
            self.polygon(head, fill=ink, opacity=opacity)

    def polygon(self, points: Sequence[Point], *, fill: str = "ink", opacity: float = 1) -> None:
        """Fill the shape between points."""
        for point in points:
            self.extend(*point)
        d = paths.written([*paths.through(points), ("Z", [])])
        self._parts.append(f'<path d="{d}"{self._painted([], fill=fill)}{_opacity(opacity)}/>')

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        ink: str = "line",
        width: float = 1.2,
        dash: bool = False,
        opacity: float = 1,
    ) -> None:
        """Draw a straight line."""
        self.path([(x1, y1), (x2, y2)], ink=ink, width=width, arrow=False, dash=dash, opacity=opacity)

    def cell(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Fill a rectangle with a colour of its own, such as a pixel's; it has no outline and sharp edges."""
        self.cells(x, y, [[color]], width, height)

    def cells(self, x: float, y: float, colors: Sequence[Sequence[str]], width: float, height: float) -> None:
        """Fill a grid of rectangles with colours, one list a row; neighbours of one colour become one."""
        self.extend(x, y)
        self.extend(x + width * max(map(len, colors)), y + height * len(colors))
        by_color: dict[str, list[str]] = {}
        for row, line in enumerate(colors):
            for start, end in _runs(line):
                wide, high = number(width * (end - start)), number(height)
                corner = f"M{number(x + width * start)} {number(y + height * row)}"
                by_color.setdefault(line[start], []).append(f"{corner}h{wide}v{high}h-{wide}z")
        for color, shapes in by_color.items():
            sharp = 'shape-rendering="crispEdges"'
            self._parts.append(f'<path d="{"".join(shapes)}" {sharp}{self._painted([], fill=color)}/>')

    def image(self, x: float, y: float, width: float, height: float, pixels: NDArray[Any]) -> None:
        """Draw a picture, uint8 of shape (height, width, 3), stretched over a rectangle; its pixels stay sharp."""
        self.extend(x, y)
        self.extend(x + width, y + height)
        place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        data = b64encode(png(pixels)).decode()
        self._parts.append(
            f'<image {place} preserveAspectRatio="none" style="image-rendering:pixelated" '
            f'href="data:image/png;base64,{data}"/>'
        )

    def _outlined(self, fill: str, ink: str, width: float, dash: bool, opacity: float) -> str:
        more = f' stroke-width="{number(width)}"' if ink != "none" else ""
        more += ' stroke-dasharray="5 4"' if dash else ""
        return self._painted([], fill=fill, stroke=ink) + more + _opacity(opacity)

    def _painted(self, classes: list[str], **colors: str) -> str:
        """Return the classes of roles, and colours that are no role as attributes."""
        found, attributes = list(classes), ""
        for use, color in colors.items():
            if color in ROLES:
                chosen: Use = "fill" if use == "fill" else "stroke"
                self._uses.add((chosen, color))
                found.append(class_of(chosen, color))
            elif color.startswith("#") or color == "none":
                attributes += "" if (use, color) == ("stroke", "none") else f' {use}="{color}"'
            else:
                raise ValueError(f"{color!r} is no role and no colour; the roles are {', '.join(ROLES)}")
        return (f' class="{" ".join(found)}"' if found else "") + attributes

    def render(self) -> str:
        """Return the drawing as an SVG document; the same drawing is the same text."""
        left, top, right, bottom = self.extents
        left, top = left - self.margin, top - self.margin
        width, height = right + self.margin - left, bottom + self.margin - top
        uses: set[tuple[Use, str]] = {*self._uses, ("fill", "paper")}
        rules = style_sheet(uses, self.theme)
        size = f'width="{number(width)}" height="{number(height)}"'
        description = f"<desc>{_escaped(plain(self.description))}</desc>" if self.description else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="cr-drawing cr-{self.theme}" role="img" {size} '
            f'viewBox="{number(left)} {number(top)} {number(width)} {number(height)}" '
            f'style="max-width:100%;min-width:{number(width * _LEAST_SHRUNK)}px;height:auto">'
            f"<title>{_escaped(plain(self.title))}</title>{description}<style>{rules}</style>"
            f'<rect class="cr-f-paper" x="{number(left)}" y="{number(top)}" {size} rx="8"/>'
            + "\n".join(["", *self._parts, "</svg>\n"])
        )


def _opacity(opacity: float) -> str:
    return "" if opacity == 1 else f' opacity="{number(opacity)}"'


def _runs(line: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for place in range(1, len(line) + 1):
        if place == len(line) or line[place] != line[start]:
            yield start, place
            start = place


def _spans(content: str, size: float) -> str:
    """Write a text's parts, each moved by what it stands above or below the one before."""
    written, height = [], 0.0
    for part in parts_of(content):
        text = _escaped(part.text)
        style = f' dy="{number((height - part.rise) * size)}"' if part.rise != height else ""
        style += f' font-size="{number(part.scale * size)}"' if part.scale != 1 else ""
        style += ' font-weight="bold"' if part.bold else ""
        written.append(f"<tspan{style}>{text}</tspan>" if style else text)
        height = part.rise
    return "".join(written)


def _escaped(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _quoted(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))
