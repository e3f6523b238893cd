"""The steps of a trace as LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.latex import latex
from chainrule.graph.latex_words import derivative_latex, name_latex, number_latex
from chainrule.graph.text import Notation
from chainrule.graph.trace.local import Edge, Local
from chainrule.graph.trace.wording import in_notation

Array = NDArray[Any]

_LARGEST_MATRIX = 6


def forward_latex(local: Local, value: Array, notation: Notation) -> str:
    r"""Write the value of a node: `u = a b = 3 \cdot 2 = 6`; arrays are not put in."""
    right = [latex(local.alone, notation=notation)] if local.inputs else []
    given = {node: array for node, array in local.given.items() if node is not local.alone}
    if right and all(array.ndim == 0 for array in given.values()):
        right.append(latex(local.alone, labels=_numbers(given), notation=notation))
    return _equal([name_latex(local.label, notation), *right, value_latex(value, notation)])


def backward_latex(
    root: str, label: str, edges: Sequence[Edge], gradients: Sequence[Array], value: Array, notation: Notation
) -> str:
    r"""Write the gradient of a node: `\frac{\partial J}{\partial a} = b = 2`.

    Args:
        root, label: the words of the root and of the node.
        edges: through which the gradient comes.
        gradients: those of the nodes where the edges end.
        value: the result.
        notation: "rows" or "columns".
    """
    right = [" + ".join(_part_latex(root, edge, notation) for edge in edges)] if edges else []
    if edges and all(array.ndim == 0 for array in (value, *gradients)):
        parts = [_numbers_latex(*pair, notation) for pair in zip(edges, gradients, strict=True)]
        right.append(" + ".join([*parts[:1], *map(_bracketed, parts[1:])]))
    return _equal([derivative_latex(root, label, notation), *right, value_latex(value, notation)])


def _part_latex(root: str, edge: Edge, notation: Notation) -> str:
    of_node = derivative_latex(root, edge.target.label, notation)
    if edge.whole and edge.local is not None:
        local = derivative_latex(edge.target.label, edge.source_label, notation)
        return latex(edge.local, notation=notation) if edge.into_root else rf"{of_node} \, {local}"
    assert edge.part is not None
    return latex(edge.part, labels={edge.gradient: of_node}, notation=notation)


def _numbers_latex(edge: Edge, gradient: Array, notation: Notation) -> str:
    """Write an edge's part of a gradient with the numbers put in."""
    if edge.whole and edge.local is not None and edge.local_value is not None:
        if edge.into_root:
            return latex(edge.local, labels=_numbers(edge.target.given), notation=notation)
        factors = [number_latex(float(factor)) for factor in (gradient, edge.local_value)]
        return r" \cdot ".join([_bracketed(factors[0]), _bracketed(factors[1])])
    assert edge.part is not None
    return latex(edge.part, labels=_numbers({**edge.target.given, edge.gradient: gradient}), notation=notation)


def _numbers(given: Mapping[Expression, Array]) -> dict[Expression, str]:
    return {node: number_latex(float(array)) for node, array in given.items()}


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _equal(sides: Sequence[str]) -> str:
    """Put an equals sign between sides, once where two in a row are the same."""
    return " = ".join([sides[0], *(side for before, side in pairwise(sides) if side != before)])


def value_latex(array: Array, notation: Notation) -> str:
    """Write a value: a number, a short array as a matrix, a longer one by its shape."""
    array = in_notation(array, notation)
    if array.size > _LARGEST_MATRIX:
        return rf"\text{{array of shape {shapes.text(array.shape)}}}"
    if array.ndim == 0:
        return number_latex(float(array))
    rows = np.atleast_2d(array)
    cells = r" \\ ".join(" & ".join(number_latex(float(x)) for x in row) for row in rows)
    return rf"\begin{{bmatrix}} {cells} \end{{bmatrix}}"
