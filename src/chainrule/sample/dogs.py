"""Cartoon dogs: several breeds, sitting, standing or as a portrait."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from chainrule.sample.drawing import (
    BLACK,
    WHITE,
    Color,
    Drawing,
    Paint,
    Pen,
    Place,
    Point,
    bend,
    flipped,
    mix,
    nose_color,
    rounded,
)


@dataclass(frozen=True)
class Breed:
    """What makes a breed: its ears, half the width of its head, how big its muzzle is, and its coat."""

    ears: Literal["hanging", "folded", "pointed", "curly"]
    width: float
    muzzle: float
    coat: Literal["plain", "patch", "spots", "blaze"]


BREEDS = {
    "beagle": Breed("hanging", 0.36, 1.0, "blaze"),
    "labrador": Breed("folded", 0.40, 1.1, "plain"),
    "dalmatian": Breed("hanging", 0.36, 1.0, "spots"),
    "terrier": Breed("folded", 0.37, 1.0, "patch"),
    "shepherd": Breed("pointed", 0.36, 1.1, "plain"),
    "poodle": Breed("curly", 0.34, 0.9, "plain"),
    "bulldog": Breed("folded", 0.43, 1.25, "patch"),
    "spaniel": Breed("hanging", 0.38, 1.0, "plain"),
}


@dataclass(frozen=True)
class Coat:
    """The colours of one dog."""

    fur: Color
    ears: Color
    muzzle: Color
    marks: Color
    limbs: Color
    collar: Color
    nose: Color

    @classmethod
    def random(cls, rng: Random, paint: Paint) -> "Coat":
        """Return a coat: muzzle, chest and paws are paler or darker than the fur, as blazes and masks are."""
        muzzle = paint.marking(rng)
        return cls(
            fur=paint.main,
            ears=paint.second,
            muzzle=muzzle,
            marks=paint.second,
            limbs=paint.shaded(0.1),
            collar=paint.accent,
            nose=nose_color(rng, muzzle),
        )


def sitting_dog(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a dog that sits and looks at you, its tail at one side."""
    breed, coat = rng.choice([*BREEDS.values()]), Coat.random(rng, paint)
    _tail(pen, rng, coat, (0.3, 0.62))
    pen.oval(0, 0.42, 0.34, 0.36, coat.fur)
    for x in (-0.3, 0.3):
        pen.oval(x, 0.63, 0.19, 0.17, coat.limbs)
    pen.oval(0, 0.36, 0.17, 0.24, coat.muzzle)
    for x in (-0.14, 0.14):
        pen.stroke([(x, 0.42), (x, 0.7)], 0.17, coat.fur)
        pen.oval(x * 1.1, 0.74, 0.12, 0.075, coat.muzzle)
    pen.polygon([(-0.26, 0.08), (0.26, 0.08), (0.24, 0.19), (-0.24, 0.19)], coat.collar)
    pen.oval(0, 0.22, 0.055, 0.055, mix(coat.collar, WHITE, 0.6))
    _head(pen, rng, breed, coat, Place(0, -0.26))


def portrait_dog(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw the head and shoulders of a dog."""
    breed, coat = rng.choice([*BREEDS.values()]), Coat.random(rng, paint)
    pen.polygon(
        rounded([(-0.26, 0.0), (0.26, 0.0), (0.38, 0.45), (0.66, 0.82), (-0.66, 0.82), (-0.38, 0.45)]),
        coat.fur,
    )
    pen.oval(0, 0.58, 0.2, 0.22, coat.muzzle)
    pen.polygon([(-0.32, 0.26), (0.32, 0.26), (0.36, 0.4), (-0.36, 0.4)], coat.collar)
    pen.oval(0, 0.44, 0.065, 0.065, mix(coat.collar, WHITE, 0.6))
    _head(pen, rng, breed, coat, Place(0, -0.18, 1.12))


def standing_dog(pen: Pen, rng: Random, paint: Paint) -> None:
    """Draw a dog that stands across the picture and turns its head to you."""
    breed, coat = rng.choice([*BREEDS.values()]), Coat.random(rng, paint)
    _tail(pen, rng, coat, (0.62, 0.2))
    for x in (0.0, 0.58):
        pen.stroke([(x, 0.4), (x, 0.74)], 0.13, coat.limbs)
    pen.polygon(rounded([(-0.4, 0.02), (0.72, 0.02), (0.78, 0.55), (-0.4, 0.6)]), coat.fur)
    if breed.coat in ("patch", "spots"):
        pen.oval(0.38, 0.2, 0.16, 0.11, coat.marks)
    for x in (-0.2, 0.42):
        pen.stroke([(x, 0.4), (x, 0.72)], 0.15, coat.fur)
        pen.oval(x - 0.03, 0.75, 0.11, 0.065, coat.muzzle)
    _head(pen, rng, breed, coat, Place(-0.22, -0.22, 0.92))


# As often as they are drawn.
DOGS: tuple[Drawing, ...] = (*[sitting_dog] * 3, *[portrait_dog] * 2, standing_dog)


def _tail(pen: Pen, rng: Random, coat: Coat, root: Point) -> None:
    """Draw a short thick tail that wags upwards from its root."""
    x, y = root
    tip = (min(x + rng.uniform(0.24, 0.36), 0.74), y - rng.uniform(0.3, 0.45))
    curve = bend(root, (min(x + 0.36, 0.76), y), tip)
    pen.stroke(curve, 0.13, coat.fur)
    pen.stroke(curve[-3:], 0.11, coat.marks)


def _head(pen: Pen, rng: Random, breed: Breed, coat: Coat, place: Place) -> None:
    """Draw a head at a place, a little tilted, that looks a little to one side."""
    head = pen.at(replace(place, turn=rng.uniform(-0.12, 0.12)))
    face = head.at(Place(rng.uniform(-0.05, 0.05), rng.uniform(-0.04, 0.04)))
    if breed.ears == "pointed":
        _ears(head, rng, breed, coat)
    head.oval(0, 0, breed.width, 0.36, coat.fur)
    head.oval(0, 0.12, breed.width * 0.95, 0.26, coat.fur)
    _marks(face, rng, breed, coat)
    if breed.ears != "pointed":
        _ears(head, rng, breed, coat)
    _eyes(face, coat)
    _muzzle(face, rng, breed, coat)


def _ears(head: Pen, rng: Random, breed: Breed, coat: Coat) -> None:
    """Draw both ears; one may hang a little lower than the other."""
    if breed.ears == "curly":
        _curls(head, rng, breed, coat)
        return
    for side in (flipped, list):
        head.polygon(side(rounded(_ear(breed, rng.uniform(-0.04, 0.06)))), coat.ears)


def _ear(breed: Breed, droop: float) -> list[Point]:
    """Return the corners of a right ear."""
    w = breed.width
    if breed.ears == "hanging":
        upper = [(w - 0.16, -0.34), (w + 0.12, -0.3), (w + 0.2, 0.1)]
        return [*upper, (w + 0.12, 0.42 + droop), (w - 0.06, 0.36 + droop), (w - 0.04, -0.05)]
    if breed.ears == "folded":
        upper = [(w - 0.22, -0.36), (w + 0.02, -0.4), (w + 0.24, -0.2)]
        return [*upper, (w + 0.22, 0.1 + droop), (w + 0.02, 0.16 + droop), (w - 0.06, -0.16)]
    tip = [(w - 0.02, -0.63), (w + 0.08, -0.59)]
    return [(w - 0.3, -0.1), (w - 0.26, -0.42), *tip, (w + 0.04, -0.1)]


def _curls(head: Pen, rng: Random, breed: Breed, coat: Coat) -> None:
    """Draw a poodle's curly ears and the curls above its forehead."""
    for side in (-1, 1):
        low = 0.2 + rng.uniform(-0.04, 0.06)
        for x, y, r in ((0.0, -0.2, 0.14), (0.06, 0.0, 0.17), (0.06, low, 0.17)):
            head.oval(side * (breed.width + x), y, r, r, coat.ears)
    for x, y in ((-0.14, -0.34), (0.0, -0.38), (0.14, -0.34)):
        head.oval(x, y, 0.14, 0.13, coat.ears)


def _marks(head: Pen, rng: Random, breed: Breed, coat: Coat) -> None:
    """Draw the coat's pattern on the face."""
    if breed.coat == "blaze":
        head.polygon([(-0.05, -0.35), (0.05, -0.35), (0.12, 0.1), (-0.12, 0.1)], coat.muzzle)
    elif breed.coat == "patch":
        head.oval(0.17, -0.08, 0.15, 0.17, coat.marks)
    elif breed.coat == "spots":
        for _ in range(5):
            r = rng.uniform(0.025, 0.05)
            head.oval(rng.uniform(-0.26, 0.26), rng.uniform(-0.28, 0.1), r, r, coat.marks)


def _eyes(face: Pen, coat: Coat) -> None:
    """Draw dark eyes on pale fur and bright ones on dark fur."""
    for x in (-0.17, 0.17):
        if sum(coat.fur) < 330:
            face.oval(x, -0.07, 0.075, 0.085, mix(coat.fur, WHITE, 0.8))
            face.oval(x, -0.06, 0.045, 0.055, BLACK)
        else:
            face.oval(x, -0.06, 0.06, 0.07, BLACK)
        face.oval(x + 0.02, -0.085, 0.02, 0.02, WHITE)


def _muzzle(face: Pen, rng: Random, breed: Breed, coat: Coat) -> None:
    """Draw the muzzle with its two cheeks, the nose and, on most dogs, a tongue."""
    w = breed.muzzle
    if rng.random() < 0.65:
        tongue = (226, 104, 120)
        face.oval(rng.uniform(-0.03, 0.03), 0.36, 0.08, rng.uniform(0.1, 0.15), tongue)
    face.oval(0, 0.15, 0.15 * w, 0.16, coat.muzzle)
    for x in (-0.1, 0.1):
        face.oval(x * w, 0.22, 0.14 * w, 0.12, coat.muzzle)
    face.stroke([(0, 0.12), (0, 0.26)], 0.025, coat.nose)
    face.stroke(bend((-0.14 * w, 0.27), (-0.05, 0.33), (0, 0.26), steps=5), 0.025, coat.nose)
    face.stroke(bend((0.14 * w, 0.27), (0.05, 0.33), (0, 0.26), steps=5), 0.025, coat.nose)
    face.polygon(rounded([(-0.12, 0.02), (0.12, 0.02), (0.1, 0.13), (0, 0.17), (-0.1, 0.13)]), coat.nose)
    face.oval(-0.03, 0.06, 0.025, 0.015, mix(coat.nose, WHITE, 0.5))
