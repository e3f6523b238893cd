"""Cartoon cats: what tells them from the dogs is their shape, never their colour."""

from dataclasses import replace
from random import Random

from chainrule.sample.drawing import (
    BLACK,
    WHITE,
    Color,
    Drawing,
    Paint,
    Pen,
    Place,
    bend,
    flipped,
    mix,
    nose_color,
    rounded,
)

PINK: Color = (222, 130, 138)


def sitting_cat(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a slender cat that sits and looks at you, its thin tail curled up at one side."""
    fur = paint.main
    curl = rng.uniform(0.5, 0.58)
    tail = bend((0.2, 0.72), (0.74, 0.78), (0.66, 0.4)) + bend((0.66, 0.4), (curl, 0.1), (curl - 0.06, 0.26))
    pen.stroke(tail, 0.07, fur)
    pen.stroke(tail[-5:], 0.07, paint.second)
    pen.polygon(rounded([(-0.16, 0.0), (0.16, 0.0), (0.3, 0.5), (0.36, 0.8), (-0.36, 0.8), (-0.3, 0.5)]), fur)
    pen.oval(0, 0.34, 0.1, 0.17, paint.marking(rng))
    for x in (-0.09, 0.09):
        pen.stroke([(x, 0.46), (x, 0.72)], 0.11, paint.shaded(0.08))
        pen.oval(x, 0.76, 0.085, 0.05, paint.second)
    _head(pen, rng, paint, Place(0, -0.2))


def portrait_cat(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw the head and shoulders of a cat with a collar."""
    pen.polygon(
        rounded([(-0.2, 0.0), (0.2, 0.0), (0.3, 0.45), (0.56, 0.82), (-0.56, 0.82), (-0.3, 0.45)]), paint.main
    )
    pen.oval(0, 0.62, 0.14, 0.18, paint.marking(rng))
    pen.polygon([(-0.25, 0.3), (0.25, 0.3), (0.28, 0.4), (-0.28, 0.4)], paint.accent)
    pen.oval(0, 0.44, 0.055, 0.055, mix(paint.accent, WHITE, 0.6))
    _head(pen, rng, paint, Place(0, -0.1, 1.15))


CATS: tuple[Drawing, ...] = (sitting_cat, portrait_cat)


def _head(pen: Pen, rng: Random, paint: Paint, place: Place) -> None:
    """Draw a round head with upright ears at a place, a little tilted, that looks a little to one side."""
    head = pen.at(replace(place, turn=rng.uniform(-0.12, 0.12)))
    for side in (flipped, list):
        head.polygon(side([(0.38, 0.0), (0.4, -0.56), (0.33, -0.56), (0.06, -0.26)]), paint.main)
        head.polygon(side([(0.32, -0.1), (0.35, -0.46), (0.15, -0.25)]), mix(paint.second, PINK, 0.5))
    head.oval(0, 0, 0.43, 0.33, paint.main)
    if rng.random() < 0.6:
        for x, length in ((-0.11, 0.1), (0, 0.15), (0.11, 0.1)):
            head.stroke([(x, -0.3), (x, -0.3 + length)], 0.05, paint.second)
    _face(head.at(Place(rng.uniform(-0.05, 0.05), rng.uniform(-0.04, 0.04))), rng, paint)


def _face(face: Pen, rng: Random, paint: Paint) -> None:
    """Draw slit pupils, a small nose and whiskers."""
    for x in (-0.18, 0.18):
        face.oval(x, -0.02, 0.1, 0.085, mix(paint.accent, WHITE, 0.45), turn=0.3 if x < 0 else -0.3)
        face.oval(x, -0.02, 0.03, 0.08, BLACK)
    muzzle = paint.marking(rng)
    nose = nose_color(rng, muzzle)
    face.oval(0, 0.17, 0.15, 0.11, muzzle)
    face.polygon([(-0.07, 0.07), (0.07, 0.07), (0, 0.15)], nose)
    for side in (flipped, list):
        face.stroke(side(bend((0, 0.15), (0.02, 0.23), (0.09, 0.21), steps=4)), 0.025, nose)
        for rise in (-0.05, 0.03, 0.11):
            face.stroke(side([(0.12, 0.16 + rise / 3), (0.54, 0.14 + rise)]), 0.022, paint.shaded(0.55))
