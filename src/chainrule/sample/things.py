"""Things that are no animals with fur: buildings, plants, vehicles, dishes, birds and fish."""

import math
from random import Random

from chainrule.sample.drawing import BLACK, WHITE, Color, Drawing, Paint, Pen, bend, mix, rounded

GLASS: Color = (176, 214, 226)
LEAF: Color = (86, 140, 70)


def house(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a house with a roof, a chimney, a door and windows."""
    width, top = rng.uniform(0.5, 0.62), rng.uniform(-0.22, -0.08)
    if rng.random() < 0.7:
        pen.box(0.22, -0.7, 0.38, top, paint.shaded(0.2))
    pen.box(-width, top, width, 0.76, paint.main)
    pen.polygon([(-width - 0.16, top + 0.05), (0, -0.78), (width + 0.16, top + 0.05)], paint.second)
    for k in range(6):
        y = top + 0.1 + 0.13 * k
        for x in (-0.4, -0.12, 0.16, 0.44):
            x += 0.14 * (k % 2) - 0.07
            pen.stroke([(x - 0.07, y), (x + 0.05, y)], 0.035, paint.shaded(0.3))
    for share in (0.3, 0.55, 0.8):
        y = -0.78 + share * (top + 0.83)
        pen.stroke([(-share * width, y), (share * width, y)], 0.03, mix(paint.second, BLACK, 0.35))
    door = rng.choice((-0.2, 0.0, 0.2))
    pen.box(door - 0.12, 0.32, door + 0.12, 0.76, paint.accent)
    pen.oval(door + 0.07, 0.55, 0.025, 0.025, WHITE)
    for x in (-0.36, 0.36):
        if abs(x - door) > 0.2:
            _window(pen, x, 0.2, 0.12, paint)
    _window(pen, 0.0, -0.3, 0.1, paint)


def tree(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a round tree with fruit or a fir with baubles."""
    pen.polygon([(-0.12, 0.1), (0.12, 0.1), (0.24, 0.78), (-0.24, 0.78)], paint.second)
    for x in (-0.08, 0.0, 0.08):
        pen.stroke([(x, 0.4), (x * 1.5, 0.72)], 0.035, mix(paint.second, BLACK, 0.3))
    (_fir if rng.random() < 0.4 else _crown)(pen, rng, paint)
    for _ in range(11):
        y = rng.uniform(-0.5, 0.2)
        x = rng.uniform(-0.3, 0.3) * (1.2 + y)
        pen.oval(x, y, 0.055, 0.055, paint.accent)


def _fir(pen: Pen, rng: Random, paint: Paint) -> None:
    for k, half in ((2, 0.68), (1, 0.58), (0, 0.44)):
        top = -0.8 + 0.36 * k
        pen.polygon([(0, top), (half, top + 0.55), (-half, top + 0.55)], paint.shaded(0.14 * k))
        for x in (-0.6, -0.2, 0.2, 0.6):
            pen.oval(x * half, top + 0.54, 0.2 * half, 0.06, paint.shaded(0.12 * k))


def _crown(pen: Pen, rng: Random, paint: Paint) -> None:
    pen.oval(0, -0.26, 0.5, 0.42, paint.main)
    for k in range(22):
        angle, reach = k * math.tau / 11 + rng.uniform(-0.2, 0.2), 0.48 if k < 11 else rng.uniform(0.08, 0.4)
        x, y, r = reach * math.cos(angle), -0.26 + 0.8 * reach * math.sin(angle), 0.19 if k < 11 else 0.08
        pen.oval(x, y, r, r, paint.main if k < 11 else paint.shaded(0.32))


def car(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a car from the side."""
    roof = rng.uniform(-0.52, -0.4)
    pen.polygon([(-0.5, 0.08), (-0.34, roof), (0.24, roof), (0.5, 0.08)], paint.main)
    pen.polygon([(-0.38, 0.05), (-0.27, roof + 0.09), (-0.05, roof + 0.09), (-0.05, 0.05)], GLASS)
    pen.polygon([(0.03, 0.05), (0.03, roof + 0.09), (0.2, roof + 0.09), (0.37, 0.05)], GLASS)
    pen.polygon(
        rounded([(-0.78, 0.04), (0.6, 0.04), (0.82, 0.14), (0.82, 0.44), (0.6, 0.46), (-0.78, 0.46)]),
        paint.main,
    )
    pen.box(-0.74, 0.3, 0.78, 0.37, paint.second)
    pen.oval(0.72, 0.2, 0.06, 0.06, (250, 226, 140))
    pen.box(-0.8, 0.12, -0.72, 0.24, (206, 66, 56))
    for x in (-0.02, 0.44):
        pen.stroke([(x, 0.06), (x, 0.44)], 0.025, paint.shaded(0.45))
        pen.stroke([(x - 0.14, 0.15), (x - 0.06, 0.15)], 0.04, paint.shaded(0.45))
    for x in (-0.44, 0.46):
        pen.oval(x, 0.46, 0.24, 0.24, paint.shaded(0.35))
        pen.oval(x, 0.48, 0.2, 0.2, BLACK)
        pen.oval(x, 0.48, 0.12, 0.12, paint.accent)
        pen.oval(x, 0.48, 0.05, 0.05, WHITE)


def flower(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a flower with petals, a stalk and two leaves."""
    stalk = bend((0, -0.1), (rng.uniform(-0.15, 0.15), 0.3), (0, 0.76))
    pen.stroke(stalk, 0.09, LEAF)
    pen.oval(0.24, 0.5, 0.26, 0.11, LEAF, turn=-0.5)
    pen.oval(-0.24, 0.6, 0.26, 0.11, LEAF, turn=0.5)
    for x, y in ((0.4, 0.42), (-0.4, 0.52)):
        pen.stroke([(0, y + 0.2), (x, y)], 0.025, mix(LEAF, BLACK, 0.4))
    for x in (-0.5, -0.38, 0.36, 0.5):
        pen.stroke(bend((x, 0.78), (x, 0.62), (x * 1.3, 0.54), steps=4), 0.045, LEAF)
    count, start = rng.choice((5, 6, 7, 8)), rng.uniform(0, math.tau)
    for k in range(count):
        angle = start + k * math.tau / count
        x, y = 0.32 * math.cos(angle), -0.24 + 0.32 * math.sin(angle)
        pen.oval(x, y, 0.28, 1.2 / count, paint.main if k % 2 else paint.shaded(0.12), turn=angle)
        pen.stroke([(x * 0.6, -0.24 + (y + 0.24) * 0.6), (x * 1.5, -0.24 + (y + 0.24) * 1.5)], 0.035, paint.second)
    pen.oval(0, -0.24, 0.19, 0.19, paint.second)
    pen.oval(0, -0.24, 0.1, 0.1, paint.accent)


def fish(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a fish with fins, stripes and bubbles."""
    height = rng.uniform(0.38, 0.46)
    pen.polygon([(-0.36, 0.0), (-0.82, -0.42), (-0.72, 0.0), (-0.82, 0.42)], paint.second)
    pen.polygon([(-0.3, -0.15), (-0.05, -0.68), (0.3, -0.58), (0.2, -0.15)], paint.second)
    pen.polygon([(-0.1, 0.3), (-0.14, 0.64), (0.2, 0.4)], paint.second)
    pen.oval(0.12, 0.0, 0.64, height, paint.main)
    if rng.random() < 0.5:
        for x in (-0.22, 0.0, 0.2):
            reach = height * 0.8
            pen.stroke(bend((x, -reach), (x + 0.12, 0), (x, reach), steps=6), 0.08, paint.second)
    for x, y in ((-0.32, 0), (-0.2, -0.16), (-0.2, 0.16), (-0.06, 0), (0.06, -0.2), (0.06, 0.2), (0.2, 0)):
        scale = bend((x, y - 0.09), (x + 0.12, y), (x, y + 0.09), steps=3)
        pen.stroke(scale, 0.03, paint.shaded(0.35))
    for y in (-0.24, 0.0, 0.24):
        pen.stroke([(-0.54, y / 2), (-0.74, y)], 0.035, mix(paint.second, BLACK, 0.35))
    pen.polygon(rounded([(0.02, 0.02), (-0.24, 0.12), (-0.2, 0.24), (0.06, 0.14)]), paint.accent)
    pen.oval(0.44, -0.08, 0.09, 0.09, WHITE)
    pen.oval(0.46, -0.08, 0.05, 0.05, BLACK)
    pen.stroke(bend((0.68, 0.08), (0.6, 0.14), (0.52, 0.1), steps=4), 0.03, paint.shaded(0.6))
    for k in range(3):
        pen.oval(0.6 + 0.06 * (k % 2), -0.4 - 0.14 * k, 0.05, 0.05, mix(GLASS, WHITE, 0.4))


def cup(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a cup with a handle on its saucer, steaming."""
    pen.oval(0, 0.62, 0.72, 0.13, paint.shaded(0.15))
    handle = [*bend((0.4, -0.05), (0.92, 0.0), (0.6, 0.28)), (0.35, 0.36)]
    pen.stroke(handle, 0.1, paint.main)
    pen.polygon(
        rounded([(-0.5, -0.5), (-0.5, 0.3), (-0.34, 0.62), (0.34, 0.62), (0.5, 0.3), (0.5, -0.5)]), paint.main
    )
    pen.polygon([(-0.5, -0.12), (0.5, -0.12), (0.49, 0.1), (-0.49, 0.1)], paint.second)
    for x in (-0.3, 0.0, 0.3):
        pen.oval(x, -0.01, 0.07, 0.07, paint.accent)
        pen.oval(x, -0.01, 0.03, 0.03, WHITE)
    pen.stroke([(-0.42, 0.2), (-0.3, 0.52)], 0.04, mix(paint.main, WHITE, 0.5))
    pen.stroke([(0.42, 0.2), (0.3, 0.52)], 0.04, mix(paint.main, BLACK, 0.4))
    pen.oval(0, -0.3, 0.5, 0.13, paint.shaded(0.1))
    pen.oval(0, -0.29, 0.43, 0.09, (92, 58, 38))
    for x in (-0.24, 0.0, 0.2):
        sway = rng.uniform(0.06, 0.14)
        pen.stroke(bend((x, -0.4), (x + sway, -0.54), (x - 0.02, -0.72)), 0.045, paint.shaded(0.3))


def boat(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a sailing boat on waves."""
    pen.stroke([(0, 0.36), (0, -0.76)], 0.06, (122, 88, 60))
    lean = rng.uniform(0.62, 0.74)
    pen.polygon([*bend((0.05, -0.74), (lean * 0.8, -0.3), (lean, 0.26)), (0.05, 0.26)], paint.main)
    pen.polygon(
        [*bend((-0.05, -0.66), (-lean * 0.7, -0.2), (-lean + 0.06, 0.26)), (-0.05, 0.26)], paint.shaded(0.12)
    )
    pen.polygon([(0, -0.78), (0.24, -0.7), (0, -0.62)], paint.accent)
    pen.polygon([(-0.78, 0.3), (0.8, 0.3), (0.54, 0.72), (-0.54, 0.72)], paint.second)
    for x in (-0.26, 0.0, 0.26):
        pen.oval(x, 0.48, 0.055, 0.055, WHITE)
    for y in (-0.3, -0.16, -0.02, 0.12):
        pen.stroke([(0.1, y), (0.06 + (lean - 0.06) * (y + 0.6) / 0.84, y)], 0.05, paint.accent)
    pen.stroke([(-0.66, 0.37), (0.68, 0.37)], 0.04, mix(paint.second, WHITE, 0.4))
    for x in (-0.6, -0.2, 0.2):
        pen.stroke(bend((x, 0.7), (x + 0.2, 0.86), (x + 0.4, 0.7), steps=5), 0.07, GLASS)


def bird(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a bird that perches on a branch."""
    pen.stroke([(-0.76, 0.66), (0.76, 0.6)], 0.09, (112, 82, 58))
    for x in (-0.02, 0.16):
        pen.stroke([(x, 0.4), (x, 0.62)], 0.045, (226, 150, 50))
    pen.polygon([(-0.3, -0.02), (-0.82, 0.22), (-0.74, 0.5), (-0.2, 0.46)], paint.second)
    pen.oval(0.04, 0.12, 0.52, 0.42, paint.main, turn=-0.3)
    pen.oval(0.32, -0.34, 0.31, 0.31, paint.main)
    pen.oval(0.22, 0.18, 0.28, 0.28, mix(paint.main, paint.accent, 0.55))
    for x in (-0.62, -0.4, 0.5):
        pen.oval(x, 0.72, 0.1, 0.05, LEAF, turn=0.6)
    wing = rng.uniform(0.3, 0.6)
    pen.polygon(rounded([(0.1, -0.1), (-0.5, 0.0 + wing / 3), (-0.3, 0.4), (0.16, 0.26)]), paint.second)
    for k in range(3):
        x, y = -0.2 + 0.1 * k, 0.26 - 0.04 * k
        pen.stroke(bend((x, y), (x + 0.08, y + 0.04), (x + 0.1, y - 0.06), steps=3), 0.03, paint.shaded(0.4))
    pen.polygon([(0.57, -0.46), (0.82, -0.31), (0.57, -0.2)], (232, 160, 52))
    pen.oval(0.38, -0.36, 0.07, 0.07, WHITE)
    pen.oval(0.4, -0.36, 0.045, 0.045, BLACK)
    if rng.random() < 0.5:
        for x in (0.2, 0.3):
            pen.stroke([(0.28, -0.58), (x, -0.76)], 0.05, paint.second)


def mushroom(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a spotted mushroom in the grass."""
    pen.polygon(rounded([(-0.22, -0.1), (0.22, -0.1), (0.34, 0.8), (-0.34, 0.8)]), mix(paint.main, WHITE, 0.5))
    for x in (-0.12, 0.0, 0.12):
        pen.stroke([(x, 0.2), (x * 1.3, 0.66)], 0.03, paint.shaded(0.3))
    pen.oval(0, 0.04, 0.68, 0.15, paint.shaded(0.45))
    cap = bend((-0.72, 0.04), (-0.68, -0.76), (0, -0.76)) + bend((0, -0.76), (0.68, -0.76), (0.72, 0.04))
    pen.polygon(cap, paint.second)
    for x, y, r in (
        (-0.36, -0.16, 0.1),
        (-0.1, -0.4, 0.12),
        (0.26, -0.3, 0.1),
        (0.12, -0.1, 0.08),
        (0.48, -0.1, 0.06),
    ):
        pen.oval(x + rng.uniform(-0.05, 0.05), y, r, r * 0.85, paint.main)
    for x in (-0.4, -0.2, 0.0, 0.2, 0.4):
        pen.stroke([(x * 0.8, 0.02), (x, 0.14)], 0.03, paint.shaded(0.75))
    pen.oval(0.48, 0.48, 0.2, 0.15, paint.second)
    for x in (0.4, 0.52):
        pen.oval(x, 0.46, 0.04, 0.04, paint.main)
    pen.stroke([(0.48, 0.6), (0.48, 0.74)], 0.1, mix(paint.main, WHITE, 0.5))
    for x in (-0.54, -0.42, -0.34, 0.3, 0.58):
        pen.stroke(bend((x, 0.78), (x, 0.6), (x * 1.2, 0.5), steps=4), 0.05, LEAF)


def _window(pen: Pen, x: float, y: float, half: float, paint: Paint) -> None:
    pen.box(x - half, y - half, x + half, y + half, paint.shaded(0.5))
    pane = half * 0.42
    for dx in (-pane, pane):
        for dy in (-pane, pane):
            r = pane * 0.85
            pen.box(x + dx - r, y + dy - r, x + dx + r, y + dy + r, GLASS)


THINGS: tuple[Drawing, ...] = (house, tree, car, flower, fish, cup, boat, bird, mushroom)
