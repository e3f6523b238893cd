"""The training examples that are nearest to a row where the last layer reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.example import Array, Example, read_rows
from chainrule.explain.parts import Neighbour, Neighbours
from chainrule.explain.prediction import answer_of, label_text
from chainrule.graph.expression import Expression
from chainrule.graph.rewrite import stable
from chainrule.graph.value import evaluate

SHOWN = 6
# Numbers of rows that are worked on at once.
_NUMBERS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class Candidates:
    """Training examples among which the nearest are looked for.

    Attributes:
        rows: (m, n) as they were read.
        names: what each is called.
        paths: each one's file; empty where they come from no files.
        class_names: each one's class, or its numbers in words.
        of: how many training examples there are in all.
        note: why these are not all of them, in a sentence.
    """

    rows: NDArray[Any]
    names: Sequence[str]
    paths: Sequence[str]
    class_names: Sequence[str]
    of: int
    note: str = ""


def nearest(example: Example, candidates: Candidates, count: int = SHOWN) -> Neighbours:
    """Find the nearest examples by Euclidean distance in what the last layer reads.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=80)
        >>> network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
        >>> example = Example.of(cr.fit(network, X, y, epochs=2), X[7])
        >>> rows = Candidates(X, [f"row {i}" for i in range(80)], (), [str(one) for one in y], of=80)
        >>> found = nearest(example, rows, count=2)
        >>> found.space, found.found[0].name, found.found[0].distance < 1e-6
        ('A1, the last hidden layer (4 numbers)', 'row 7', True)
    """
    layers = example.layers
    space = example.X if len(layers) == 1 else layers[-2].A
    here = example.x if len(layers) == 1 else example.values([space])[0]
    points, outputs = _values(example, candidates.rows, [space, example.output])
    distances = np.sqrt(((points - here) ** 2).sum(axis=1))
    order = np.argsort(distances, kind="stable")[:count]
    return Neighbours(
        space=_space_words(len(layers), str(space.name), here.size),
        found=tuple(
            Neighbour(
                name=candidates.names[row],
                path=candidates.paths[row] if candidates.paths else None,
                class_name=candidates.class_names[row],
                answer=label_text(answer_of(example, outputs[row])[0]),
                distance=float(distances[row]),
                row=candidates.rows[row],
            )
            for row in order
        ),
        searched=len(candidates.rows),
        of=candidates.of,
        note=candidates.note,
    )


def _space_words(layers: int, name: str, size: int) -> str:
    if layers == 1:
        return f"X, the numbers that the one layer reads ({size:,} numbers)"
    return f"{name}, the last hidden layer ({size:,} number{'s' * (size > 1)})"


def _values(example: Example, rows: NDArray[Any], nodes: Sequence[Expression]) -> list[Array]:
    """Value nodes for many rows in float32, some rows at a time."""
    roots = stable(nodes)
    parameters = {node: array.astype(np.float32) for node, array in example.parameters.items()}
    at_once = max(1, _NUMBERS_AT_ONCE // rows.shape[1])
    pieces: list[list[Array]] = [[] for _ in roots]
    for first in range(0, len(rows), at_once):
        X = read_rows(example.model, rows[first : first + at_once], np.float32)
        found = evaluate(roots, {example.X: X, **parameters}, dtype=np.float32)
        for piece, root in zip(pieces, roots, strict=True):
            piece.append(found[root].astype(np.float64))
    return [np.concatenate(piece) for piece in pieces]
