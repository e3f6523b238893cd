"""What the tests of the levels of detail share: networks with numbers, and what their drawings say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np

import chainrule as cr
from chainrule.graph.draw.drawing import Drawing
from tests.network.drawing.rectangles import Rectangle, boxes, cut_by, outside, overlapping, texts

_SVG = "{http://www.w3.org/2000/svg}"
_STRAIGHT = re.compile(r"M([-\d.]+) ([-\d.]+)L([-\d.]+) ([-\d.]+)")
Numbers = dict[str, Any]


def dense(sizes: Sequence[int], *, hidden: str = "relu", output: str = "") -> cr.Network:
    """Return a network of these sizes, the input's first."""
    last = output or ("sigmoid" if sizes[-1] == 1 else "softmax")
    return cr.Network([*(cr.Dense(units, hidden) for units in sizes[1:-1]), cr.Dense(sizes[-1], last)])


def numbers(sizes: Sequence[int], *, m: int = 5, seed: int = 0, labels: bool = True) -> Numbers:
    """Return parameters, rows and labels for a network of these sizes."""
    rng = np.random.default_rng(seed)
    parameters: dict[str, Any] = {}
    for number, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{number}"] = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
        parameters[f"b{number}"] = 0.1 * rng.normal(size=n_out)
    found: Numbers = {"parameters": parameters, "X": rng.normal(size=(m, sizes[0]))}
    if labels:
        found["y"] = rng.integers(0, max(sizes[-1], 2), m)
    return found


def traced(network: cr.Network, given: Numbers) -> cr.Trace:
    """Return the trace of the network's cost with gradients, built apart from any drawing."""
    X = cr.examples("X", features=given["X"].shape[1])
    y_hat = network.connect(X).output
    y = cr.examples("y", features=1)
    J = cr.mean(cr.binary_cross_entropy(y_hat, y).named("L")).named("J")
    return cr.trace(J, {X: given["X"], y: given["y"][:, None], **given["parameters"]}).backward()


@dataclass(frozen=True)
class Group:
    """A group of a drawing: its class, its `data-...` attributes, what is written in it."""

    cls: str
    data: dict[str, str]
    texts: tuple[str, ...]

    @property
    def written(self) -> str:
        """Its texts one after the other, as one line."""
        return " ".join(self.texts)


def groups(drawing: Drawing, cls: str, **data: str) -> list[Group]:
    """Return the groups of a class, with attributes of these values."""
    found = []
    for element in ElementTree.fromstring(drawing.svg).iter(f"{_SVG}g"):
        attributes = {key.removeprefix("data-"): value for key, value in element.attrib.items() if key != "class"}
        inside = tuple("".join(text.itertext()) for text in element.iter(f"{_SVG}text"))
        group = Group(element.attrib["class"].removeprefix("cr-"), attributes, inside)
        if group.cls == cls and all(attributes.get(key) == value for key, value in data.items()):
            found.append(group)
    return found


def node(drawing: Drawing, name: str) -> Group:
    """Return the one node of a name."""
    (found,) = groups(drawing, "node", name=name)
    return found


def edges(drawing: Drawing, kind: str) -> list[tuple[str, str]]:
    """Return where the edges of a kind start and end, in the order in which they are drawn."""
    return [(group.data["source"], group.data["target"]) for group in groups(drawing, "edge", kind=kind)]


def written(drawing: Drawing) -> list[str]:
    """Return all texts."""
    return [text.what for text in texts(drawing.svg)]


def crossed(drawing: Drawing) -> list[str]:
    """Return the texts that a straight line of an edge runs through."""
    boxes = texts(drawing.svg)
    lines = []
    for group in ElementTree.fromstring(drawing.svg).iter(f"{_SVG}g"):
        if group.get("class") == "cr-edge" and group.find(f"{_SVG}text") is None:
            for path in group.iter(f"{_SVG}path"):
                lines += [tuple(map(float, found)) for found in _STRAIGHT.findall(path.attrib["d"])]
    return [box.what for box in boxes for line in lines if _runs_through(line, box)]


def assert_clear(drawing: Drawing) -> None:
    """Nothing overlaps, nothing is cut or lies outside, no line runs through a text."""
    assert overlapping(texts(drawing.svg)) == []
    assert cut_by(boxes(drawing.svg), texts(drawing.svg)) == []
    assert tangled(boxes(drawing.svg)) == []
    assert outside(drawing.svg) == []
    assert crossed(drawing) == []


def tangled(found: list[Rectangle]) -> list[tuple[str, str]]:
    """Return the pairs of boxes that share a place though neither holds the other."""
    smaller = [Rectangle(b.left + 0.1, b.top + 0.1, b.right - 0.1, b.bottom - 0.1, b.what) for b in found]
    return [
        (one.what, other.what)
        for one, other in combinations(smaller, 2)
        if one.meets(other) and not one.holds(other) and not other.holds(one)
    ]


def _runs_through(line: tuple[float, ...], box: Rectangle) -> bool:
    x0, y0, x1, y1 = line
    steps = np.linspace(0, 1, 60)
    x, y = x0 + (x1 - x0) * steps, y0 + (y1 - y0) * steps
    return bool(((box.left < x) & (x < box.right) & (box.top < y) & (y < box.bottom)).any())
