"""The value of a graph in NumPy, by default in float64: the reference that everything else is tested against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import CONSTANT, COUNT, DRAW, EXAMPLES, PARAMETER, VARIABLE, Expression, variable
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import substitute, topological
from chainrule.random import uniform

Values = Mapping[Any, ArrayLike]

_FROM_OUTSIDE = {VARIABLE, EXAMPLES, PARAMETER}


def value(
    expression: Expression,
    values: Values | None = None,
    *,
    dtype: DTypeLike = np.float64,
    rewrite: bool = True,
    seed: int = 0,
    step: int = 0,
    **by_name: ArrayLike,
) -> Any:
    """Compute an expression in NumPy.

    Args:
        expression: what to compute.
        values: the value of each input and parameter, by node or by name; an inner node may be given too. There
            may be nodes that the expression does not depend on: one mapping serves a cost and its gradients.
        dtype: the floating-point type of the computation.
        rewrite: compute a numerically sound copy (the same mathematics); False computes what is written.
        seed, step: the key of random numbers, for graphs with dropout.
        **by_name: more values by name.

    Returns:
        A NumPy number or array of the expression's shape.

    Raises:
        UserError: a missing value, a name that is not in the graph, a value of the wrong shape.

    Example:
        >>> import chainrule as cr
        >>> a, b, c = cr.variables("a b c")
        >>> J = 5 * (a * b + c)
        >>> float(cr.value(J, {a: 3.0, b: 2.0, c: 1.0})), float(cr.value(J, a=3, b=2, c=1))
        (35.0, 35.0)
    """
    given = bind([expression], values, by_name)
    root, given = _cut_at_given([expression], given)
    root = stable(root) if rewrite else root
    return evaluate(root, given, dtype=dtype, seed=seed, step=step)[root[0]][()]


def bind(
    roots: Sequence[Expression], values: Values | None, by_name: Mapping[str, ArrayLike]
) -> dict[Expression, NDArray[Any]]:
    """Find the node that each given value belongs to, and check its shape."""
    order = topological(roots)
    names = _nodes_by_name(order)
    found: dict[Expression, NDArray[Any]] = {}
    for key, given in [*(values or {}).items(), *by_name.items()]:
        node = key if isinstance(key, Expression) else _node_of(key, names)
        if node in found:
            raise UserError(f"{node} is given a value twice")
        found[node] = _checked(node, given)
    return found


def _nodes_by_name(order: Sequence[Expression]) -> dict[str, list[Expression]]:
    names: dict[str, list[Expression]] = {}
    for node in order:
        if node.name and node.op is not COUNT:
            names.setdefault(node.name, []).append(node)
    return names


def _node_of(key: Any, names: Mapping[str, list[Expression]]) -> Expression:
    nodes = names.get(key, []) if isinstance(key, str) else []
    if not nodes:
        there = ", ".join(sorted(names)) or "none"
        raise UserError(f"{key!r} is given a value, but no node has that name; the names are: {there}")
    if len(nodes) > 1:
        raise UserError(f"{len(nodes)} nodes have the name {key!r}: give their values by node, in a mapping")
    return nodes[0]


def _checked(node: Expression, given: ArrayLike) -> NDArray[Any]:
    array = np.asarray(given)
    if array.dtype.kind not in "biuf":
        raise UserError(f"the value of {node} must be real numbers, not {array.dtype}")
    fits = len(array.shape) == len(node.shape) and all(
        axis in (shapes.M, length) for axis, length in zip(node.shape, array.shape, strict=True)
    )
    if not fits:
        raise UserError(
            f"the value of {node} has shape {array.shape}, but {node} has shape {shapes.text(node.shape)}"
        )
    return array


def count_examples(given: Mapping[Expression, NDArray[Any]]) -> int | None:
    """Read the number of examples off the values; None where none of them has that axis."""
    counts = {
        array.shape[node.shape.index(shapes.M)]: node
        for node, array in given.items()
        if shapes.has_examples(node.shape)
    }
    if len(counts) > 1:
        parts = ", ".join(f"{node} has {count}" for count, node in counts.items())
        raise UserError(f"the values differ in their number of examples: {parts}")
    return next(iter(counts), None)


def _cut_at_given(
    roots: Sequence[Expression], given: Mapping[Expression, NDArray[Any]]
) -> tuple[list[Expression], dict[Expression, NDArray[Any]]]:
    """Replace nodes whose values are given by variables; those that are variables already stay."""
    leaves = {node: node if node.op in _FROM_OUTSIDE else variable(str(node), node.shape) for node in given}
    inner = {node: leaf for node, leaf in leaves.items() if leaf is not node}
    cut = substitute(roots, inner) if inner else list(roots)
    return cut, {leaves[node]: array for node, array in given.items()}


def evaluate(
    roots: Sequence[Expression],
    given: Mapping[Expression, NDArray[Any]],
    *,
    dtype: DTypeLike = np.float64,
    count: int | None = None,
    seed: int = 0,
    step: int = 0,
) -> dict[Expression, NDArray[Any]]:
    """Compute every node under the roots exactly as it is written, down to the nodes whose values are given.

    Args:
        roots: what to compute.
        given: values of leaves, or of inner nodes, which are then taken as they are.
        dtype: the floating-point type of the computation.
        count: the number of examples; None reads it off the given values.
        seed, step: the key of random numbers.

    Raises:
        UserError: a value that is missing.
    """
    count = count_examples(given) if count is None else count
    results: dict[Expression, NDArray[Any]] = {}
    with np.errstate(all="ignore"):
        for node in topological(roots, lambda node: () if node in given else node.inputs):
            if node in given:
                results[node] = given[node].astype(dtype)
            elif node.op.leaf:
                results[node] = np.asarray(_leaf_value(node, count, seed, step), dtype=dtype)
            else:
                inputs = [results[source] for source in node.inputs]
                results[node] = np.asarray(node.op.forward(*inputs, **node.attributes), dtype=dtype)
    return results


def _leaf_value(node: Expression, count: int | None, seed: int, step: int) -> Any:
    if node.op is CONSTANT:
        return node.attributes["value"]
    if node.op is COUNT or (node.op is DRAW and shapes.has_examples(node.shape)):
        if count is None:
            raise UserError("the number of examples is not known: no value with the axis m is given")
        if node.op is COUNT:
            return count
    if node.op is DRAW:
        shape = shapes.concrete(node.shape, count or 0)
        return uniform((seed, step, node.attributes["node"]), int(np.prod(shape))).reshape(shape)
    raise UserError(f"{node} has no value: give one, for example value(J, {{{node}: ...}}) or {node}=...")
