"""The steps of a trace as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph import shapes
from chainrule.graph.latex import latex
from chainrule.graph.latex_words import derivative_latex, name_latex, number_latex
from chainrule.graph.text import Notation
from chainrule.graph.trace.local import Edge, Local
from chainrule.graph.trace.wording import in_notation

Array = NDArray[Any]

_LARGEST_MATRIX = 6


def forward_latex(local: Local, value: Array, notation: Notation) -> str:
    """Write the value of a node: `u = a b = 6`."""
    right = [latex(local.alone, notation=notation)] if local.inputs else []
    return " = ".join([name_latex(local.label, notation), *right, value_latex(value, notation)])


def backward_latex(root: str, label: str, edges: Sequence[Edge], value: Array, notation: Notation) -> str:
    r"""Write the gradient of a node: `\frac{\partial J}{\partial a} = b = 2`."""
    left = derivative_latex(root, label, notation)
    right = " + ".join(_part_latex(root, edge, notation) for edge in edges)
    return " = ".join([left, *([right] if right else []), value_latex(value, notation)])


def _part_latex(root: str, edge: Edge, notation: Notation) -> str:
    of_node = derivative_latex(root, edge.target.label, notation)
    if edge.whole and edge.local is not None:
        local = derivative_latex(edge.target.label, edge.source_label, notation)
        return latex(edge.local, notation=notation) if edge.into_root else rf"{of_node} \, {local}"
    assert edge.part is not None
    return latex(edge.part, labels={edge.gradient: of_node}, notation=notation)


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
