"""The lines of a drawing as commands, with the corners rounded and arrowheads at their ends."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from chainrule.errors import UserError

Point = tuple[float, float]
# A command (M, L, C, Q or Z) and its points; the last point is where it ends.
Command = tuple[str, list[Point]]

_POINTS = {"M": 1, "L": 1, "C": 3, "Q": 2, "Z": 0}
_TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
HEAD = 7.0


def number(value: float) -> str:
    """Write a coordinate with at most two decimals.

    >>> number(1.5), number(-0.001), number(3.14159)
    ('1.5', '0', '3.14')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def through(points: Sequence[Point], rounded: float = 0) -> list[Command]:
    """Return the commands of straight lines through points, with rounded corners."""
    commands: list[Command] = [("M", [points[0]])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(rounded, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        if radius < 0.5:
            commands.append(("L", [corner]))
            continue
        commands.append(("L", [_toward(corner, before, radius)]))
        commands.append(("Q", [corner, _toward(corner, after, radius)]))
    commands.append(("L", [points[-1]]))
    return commands


def curved(points: Sequence[Point]) -> list[Command]:
    """Return the commands of a curve that runs level from left to right (or right to left) at every point."""
    commands: list[Command] = [("M", [points[0]])]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        commands.append(("L", [(x1, y1)]) if y0 == y1 else ("C", [(middle, y0), (middle, y1), (x1, y1)]))
    return commands


def parsed(d: str) -> list[Command]:
    """Read path data of absolute commands M, L, C, Q and Z.

    >>> parsed("M0 0L10 5")
    [('M', [(0.0, 0.0)]), ('L', [(10.0, 5.0)])]
    """
    commands: list[Command] = []
    tokens = _TOKEN.findall(d)
    place = 0
    while place < len(tokens):
        letter = tokens[place]
        if letter not in _POINTS:
            raise UserError(f"a path has the absolute commands M, L, C, Q and Z, not {letter!r}")
        numbers = [float(token) for token in tokens[place + 1 : place + 1 + 2 * _POINTS[letter]]]
        commands.append((letter, list(zip(numbers[::2], numbers[1::2], strict=True))))
        place += 1 + 2 * _POINTS[letter]
    return commands


def written(commands: Sequence[Command]) -> str:
    """Write commands as path data."""
    return "".join(letter + " ".join(f"{number(x)} {number(y)}" for x, y in points) for letter, points in commands)


def all_points(commands: Sequence[Command]) -> list[Point]:
    """Return every point, those that only pull at a curve too: the path lies within them."""
    return [point for _, points in commands for point in points]


def with_head(commands: Sequence[Command], width: float) -> tuple[list[Command], list[Point]]:
    """Return a path that ends within its arrowhead, and the corners of that head, whose tip is the path's end."""
    points = all_points(commands)
    tip = points[-1]
    before = next((point for point in reversed(points) if math.dist(point, tip) > 0.01), (tip[0] - 1, tip[1]))
    length = HEAD * (0.6 + 0.4 * width)
    base = _toward(tip, before, length)
    across = ((base[1] - tip[1]) * 0.42, (tip[0] - base[0]) * 0.42)
    head = [tip, (base[0] + across[0], base[1] + across[1]), (base[0] - across[0], base[1] - across[1])]
    letter, last = commands[-1]
    end = _toward(tip, before, min(length * 0.8, math.dist(tip, before)))
    return [*commands[:-1], (letter, [*last[:-1], end])], head


def _toward(start: Point, goal: Point, length: float) -> Point:
    share = length / (math.dist(start, goal) or 1)
    return start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share
