"""The pen, the colours and the things that are drawn."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from chainrule.sample.cats import CATS
from chainrule.sample.dogs import BREEDS, DOGS
from chainrule.sample.drawing import BLACK, WHITE, Drawing, Paint, Pen, Place, bend, mix, rounded, tone
from chainrule.sample.scenes import backdrop
from chainrule.sample.things import THINGS

SIDE = 96
# No paint has this colour, so what differs from it has been drawn.
BLANK = (255, 0, 255)

ALL = {drawing.__name__: drawing for drawing in (*DOGS, *CATS, *THINGS)}
every_drawing = pytest.mark.parametrize("drawing", ALL.values(), ids=ALL.keys())
seeds = st.integers(0, 2**32)


def drawn_box(image: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(image, Image.new("RGB", image.size, BLANK)).getbbox()


def alone(drawing: Drawing, seed: int, *, place: Place | None = None) -> Image.Image:
    """Draw a thing on a blank picture."""
    rng = Random(seed)
    image = Image.new("RGB", (SIDE, SIDE), BLANK)
    place = place or Place.random(rng)
    drawing(Pen(image, place), rng, Paint.random(rng, is_light=rng.random() < 0.5))
    return image


@every_drawing
@settings(max_examples=25)
@given(seed=seeds)
def test_a_thing_fills_the_middle_and_stays_inside_the_picture(drawing: Drawing, seed: int) -> None:
    box = drawn_box(alone(drawing, seed))
    assert box is not None
    left, top, right, bottom = box
    assert 0 < left < SIDE / 2 < right < SIDE
    assert 0 < top < SIDE / 2 < bottom < SIDE
    assert right - left > SIDE / 4
    assert bottom - top > SIDE / 3


@every_drawing
def test_a_thing_looks_different_every_time(drawing: Drawing) -> None:
    pictures = {alone(drawing, seed, place=Place()).tobytes() for seed in range(8)}
    assert len(pictures) == 8


def test_every_breed_is_drawn_differently() -> None:
    assert len(set(BREEDS.values())) == len(BREEDS)


def blot(place: Place | None, *, inner: Place | None = None) -> tuple[float, float]:
    """Return where a small blot right of the middle lands, in pixels from the middle of the picture."""
    image = Image.new("RGB", (SIDE, SIDE), BLANK)
    pen = Pen(image, place)
    (pen.at(inner) if inner else pen).oval(0.5, 0, 0.08, 0.08, BLACK)
    box = drawn_box(image)
    assert box is not None
    return (box[0] + box[2] - SIDE) / 2, (box[1] + box[3] - SIDE) / 2


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (None, (24, 0)),
        (Place(x=-0.25, y=0.5), (12, 24)),
        (Place(scale=0.5), (12, 0)),
        (Place(mirrored=True), (-24, 0)),
        (Place(turn=math.pi / 2), (0, 24)),
        (Place(turn=math.pi / 2, mirrored=True), (0, -24)),
    ],
)
def test_a_place_moves_what_is_drawn(place: Place | None, expected: tuple[float, float]) -> None:
    assert blot(place) == pytest.approx(expected, abs=1)


def test_a_part_has_its_place_within_the_thing() -> None:
    # Within the part the blot is a quarter right of its middle, which a half turn makes the left.
    outer, inner = Place(x=0.25, scale=0.5, mirrored=True), Place(x=0.5, scale=0.5, turn=math.pi)
    assert blot(outer, inner=inner) == pytest.approx((12 - 12 + 6, 0), abs=1)


def test_thin_strokes_are_still_seen() -> None:
    image = Image.new("RGB", (SIDE, SIDE), BLANK)
    Pen(image).stroke([(-0.5, 0), (0.5, 0)], 0.001, BLACK)
    assert drawn_box(image) is not None


def test_a_box_is_filled_up_to_its_edges() -> None:
    image = Image.new("RGB", (SIDE, SIDE), BLANK)
    Pen(image).box(-0.5, -0.5, 0.5, 0.5, BLACK)
    assert drawn_box(image) == pytest.approx((24, 24, 72, 72), abs=1)
    assert image.crop((26, 26, 70, 70)).getcolors() == [(44 * 44, BLACK)]


def test_a_bend_goes_from_start_to_end_and_half_way_to_its_middle() -> None:
    curve = bend((0, 0), (1, 2), (2, 0), steps=10)
    assert curve[0] == (0.0, 0.0)
    assert curve[5] == pytest.approx((1, 1))
    assert curve[10] == (2.0, 0.0)


def test_a_rounded_outline_cuts_the_corners() -> None:
    outline = rounded([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    assert max(math.hypot(x, y) for x, y in outline) < 1.1
    assert min(math.hypot(x, y) for x, y in outline) >= 1


def test_mixing_goes_from_one_colour_to_the_other() -> None:
    assert mix(BLACK, WHITE, 0) == BLACK
    assert mix(BLACK, WHITE, 1) == WHITE
    assert mix((0, 0, 0), (100, 200, 50), 0.5) == (50, 100, 25)


@given(seed=seeds)
def test_dark_tones_are_darker_than_light_ones(seed: int) -> None:
    rng = Random(seed)
    assert max(tone(rng, is_light=False)) < 100 < max(tone(rng, is_light=True))


@settings(max_examples=25)
@given(seed=seeds)
def test_a_dark_scene_is_darker_than_a_light_one(seed: int) -> None:
    dark, light = (
        backdrop(Random(seed), side=32, is_light=is_light).convert("L").resize((1, 1)).tobytes()[0]
        for is_light in (False, True)
    )
    assert dark < light
