"""Colours, curves and the pen that the sample's things are drawn with.

Things are drawn in their own coordinates: x to the right, y downwards, the middle of the picture at (0, 0)
and its edges at -1 and 1. The pen mirrors, scales, turns and shifts them to their place in the picture.
"""

import colorsys
import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

Color = tuple[int, int, int]
Point = tuple[float, float]

BLACK: Color = (24, 20, 22)
WHITE: Color = (250, 248, 244)

_CIRCLE = [(math.cos(k * math.tau / 28), math.sin(k * math.tau / 28)) for k in range(28)]


@dataclass(frozen=True)
class Place:
    """Where a thing stands: its middle (in halves of the picture), its scale and its turn (in radians)."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    turn: float = 0.0
    mirrored: bool = False

    @classmethod
    def random(cls, rng: Random) -> "Place":
        """Return a place near the middle, a little turned, mirrored or not."""
        return cls(
            x=rng.uniform(-0.07, 0.07),
            y=rng.uniform(-0.07, 0.07),
            scale=rng.uniform(0.86, 1.0),
            turn=math.radians(rng.uniform(-8, 8)),
            mirrored=rng.random() < 0.5,
        )


@dataclass(frozen=True)
class Paint:
    """The colours of one thing; every kind of thing takes them from the same distribution."""

    main: Color
    second: Color
    accent: Color
    is_light: bool

    @classmethod
    def random(cls, rng: Random, *, is_light: bool) -> "Paint":
        """Return the colours of a light or a dark thing, with a second colour of either contrast."""
        main = tone(rng, is_light=is_light)
        if rng.random() < 0.5:
            second = mix(main, tone(rng, is_light=not is_light), rng.uniform(0.45, 0.8))
        else:
            second = mix(main, BLACK if is_light else WHITE, rng.uniform(0.1, 0.3))
        accent = from_hsv(rng.random(), rng.uniform(0.55, 0.85), rng.uniform(0.5, 0.9))
        return cls(main, second, accent, is_light)

    def marking(self, rng: Random) -> Color:
        """Return the main colour made clearly paler or darker, for bellies, muzzles and paws."""
        towards = WHITE if rng.random() < 0.58 else BLACK
        return mix(self.main, towards, rng.uniform(0.3, 0.6))

    def shaded(self, amount: float) -> Color:
        """Return the main colour moved by `amount` (0 to 1) towards the opposite tone."""
        return mix(self.main, BLACK if self.is_light else WHITE, amount)


def from_hsv(hue: float, saturation: float, value: float) -> Color:
    """Return the colour of a hue (in turns), a saturation and a value (both 0 to 1)."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def mix(first: Color, second: Color, share: float) -> Color:
    """Return the colour that has `share` (0 to 1) of the second and the rest of the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def tone(rng: Random, *, is_light: bool) -> Color:
    """Return a light or a dark colour: mostly browns, sometimes a grey or another hue."""
    kind = rng.random()
    if kind < 0.6:
        hue, saturation = rng.uniform(0.03, 0.13), rng.uniform(0.2, 0.6)
    elif kind < 0.8:
        hue, saturation = rng.random(), rng.uniform(0.0, 0.08)
    else:
        hue, saturation = rng.random(), rng.uniform(0.1, 0.35)
    return from_hsv(hue, saturation, rng.uniform(0.76, 0.98) if is_light else rng.uniform(0.13, 0.36))


def nose_color(rng: Random, ground: Color) -> Color:
    """Return the colour of a nose that can be seen on its ground: black or brown, or else rosy or grey."""
    if sum(ground) > 240:
        return rng.choice((BLACK, BLACK, (72, 40, 34)))
    return rng.choice(((208, 142, 132), (168, 160, 158), (188, 124, 104)))


def bend(start: Point, middle: Point, end: Point, *, steps: int = 10) -> list[Point]:
    """Return points on the curve from start to end that is pulled towards middle (a quadratic Bezier curve)."""
    points = []
    for k in range(steps + 1):
        t = k / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        points.append((a * start[0] + b * middle[0] + c * end[0], a * start[1] + b * middle[1] + c * end[1]))
    return points


def rounded(corners: Sequence[Point], *, steps: int = 5) -> list[Point]:
    """Return the outline through the corners' midpoints that rounds every corner off."""
    middles = [
        ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
    ]
    outline: list[Point] = []
    for k, corner in enumerate(corners):
        outline += bend(middles[k - 1], corner, middles[k], steps=steps)[:-1]
    return outline


def flipped(points: Iterable[Point]) -> list[Point]:
    """Return the points mirrored left to right."""
    return [(-x, y) for x, y in points]


class Pen:
    """Draws filled shapes on an image, in the coordinates of a thing at its place."""

    def __init__(self, image: Image.Image, place: Place | None = None) -> None:
        """Draw on a square RGB image; without a place, in the coordinates of the whole picture."""
        half = image.width / 2
        self._draw = ImageDraw.Draw(image)
        self._unit, self._x, self._y = half, (half, 0.0, half), (0.0, half, half)
        if place is not None:
            moved = self.at(place)
            self._unit, self._x, self._y = moved._unit, moved._x, moved._y

    def at(self, place: Place) -> "Pen":
        """Return a pen for a part of the thing that has its own place in it, as a head on a body."""
        pen = copy.copy(self)
        cosine, sine = math.cos(place.turn) * place.scale, math.sin(place.turn) * place.scale
        side = -1.0 if place.mirrored else 1.0
        (a, b, c), (d, e, f) = self._x, self._y
        pen._unit = self._unit * place.scale
        pen._x = (side * (a * cosine + b * sine), b * cosine - a * sine, a * place.x + b * place.y + c)
        pen._y = (side * (d * cosine + e * sine), e * cosine - d * sine, d * place.x + e * place.y + f)
        return pen

    def _placed(self, points: Iterable[Point]) -> list[Point]:
        (a, b, c), (d, e, f) = self._x, self._y
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]

    def polygon(self, points: Iterable[Point], color: Color) -> None:
        """Fill the polygon with these corners."""
        self._draw.polygon(self._placed(points), fill=color)

    def oval(self, x: float, y: float, rx: float, ry: float, color: Color, *, turn: float = 0.0) -> None:
        """Fill an ellipse around (x, y) with the radii rx and ry, turned clockwise by `turn` radians."""
        cosine, sine = math.cos(turn), math.sin(turn)
        self.polygon(
            [(x + rx * c * cosine - ry * s * sine, y + rx * c * sine + ry * s * cosine) for c, s in _CIRCLE],
            color,
        )

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)

    def stroke(self, points: Sequence[Point], width: float, color: Color) -> None:
        """Draw a line with round ends through the points, `width` wide."""
        placed = self._placed(points)
        thickness = max(1, round(width * self._unit))
        self._draw.line(placed, fill=color, width=thickness, joint="curve")
        if thickness > 2:
            radius = thickness / 2
            for x, y in (placed[0], placed[-1]):
                self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


Drawing = Callable[[Pen, Random, Paint], None]
