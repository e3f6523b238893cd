"""What stands behind and around the things: the same rooms, gardens and nights for dogs and all others."""

from random import Random

from PIL import Image

from chainrule.sample.drawing import BLACK, WHITE, Color, Pen, bend, from_hsv, mix


def backdrop(rng: Random, *, side: int, is_light: bool) -> Image.Image:
    """Return a square picture of a light or a dark scene: wall and floor, a pattern, and some clutter."""
    wall = _scenery(rng, is_light=is_light)
    floor = mix(wall, _scenery(rng, is_light=is_light), rng.uniform(0.3, 0.9))
    image = Image.new("RGB", (side, side), wall)
    pen = Pen(image)
    rng.choice((_plain, _stripes, _dots, _sky))(pen, rng, wall)
    pen.box(-1, rng.uniform(0.3, 0.75), 1, 1, floor)
    for _ in range(rng.choice((1, 2, 3, 4, 5, 6))):
        x = rng.choice((-1, 1)) * rng.uniform(0.6, 0.92)
        y = rng.uniform(-0.9, 0.9)
        color = mix(wall, from_hsv(rng.random(), rng.uniform(0.2, 0.7), rng.random()), rng.uniform(0.2, 0.6))
        rng.choice((_ball, _cushion, _tuft, _frame))(pen, x, y, rng.uniform(0.09, 0.2), color)
    return image


def _scenery(rng: Random, *, is_light: bool) -> Color:
    value = rng.uniform(0.74, 0.98) if is_light else rng.uniform(0.12, 0.36)
    return from_hsv(rng.random(), rng.uniform(0.05, 0.45), value)


def _faint(rng: Random, color: Color) -> Color:
    return mix(color, rng.choice((BLACK, WHITE)), rng.uniform(0.04, 0.14))


def _plain(pen: Pen, rng: Random, wall: Color) -> None:
    """Leave the wall as it is."""


def _stripes(pen: Pen, rng: Random, wall: Color) -> None:
    color, gap = _faint(rng, wall), rng.uniform(0.25, 0.45)
    x = -1 + rng.uniform(0, gap)
    while x < 1:
        pen.box(x, -1, x + gap / 2, 1, color)
        x += gap


def _dots(pen: Pen, rng: Random, wall: Color) -> None:
    color, gap = _faint(rng, wall), rng.uniform(0.35, 0.5)
    shift = rng.uniform(0, gap)
    for row in range(int(2 / gap) + 1):
        for column in range(int(2 / gap) + 1):
            x = -1 + shift / 2 + gap * (column + row % 2 / 2)
            pen.box(x - 0.05, -1 + row * gap, x + 0.05, -0.9 + row * gap, color)


def _sky(pen: Pen, rng: Random, wall: Color) -> None:
    color = _faint(rng, wall)
    for _ in range(2):
        x, y = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, -0.4)
        for dx, r in ((-0.18, 0.12), (0.0, 0.17), (0.18, 0.11)):
            pen.oval(x + dx, y, 0.16, r, color)


def _ball(pen: Pen, x: float, y: float, r: float, color: Color) -> None:
    pen.oval(x, y, r, r, color)
    pen.oval(x - r / 3, y - r / 3, r / 4, r / 4, mix(color, WHITE, 0.4))


def _cushion(pen: Pen, x: float, y: float, r: float, color: Color) -> None:
    pen.polygon([(x - r, y), (x, y - r), (x + r, y), (x, y + r)], color)


def _tuft(pen: Pen, x: float, y: float, r: float, color: Color) -> None:
    for lean in (-1, 0, 1):
        pen.stroke(bend((x, y + r), (x + lean * r / 3, y), (x + lean * r, y - r), steps=4), r / 3, color)


def _frame(pen: Pen, x: float, y: float, r: float, color: Color) -> None:
    pen.box(x - r, y - r, x + r, y + r, color)
    pen.box(x - r * 0.6, y - r * 0.6, x + r * 0.6, y + r * 0.6, mix(color, WHITE, 0.3))
