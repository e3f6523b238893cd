"""Checks for people's own mathematics: derivatives against finite differences.

Example:
    >>> import chainrule as cr
    >>> from chainrule.testing import check_gradients
    >>> y_hat, y = cr.variables("y_hat y")
    >>> check_gradients(cr.abs(y_hat - y), [y_hat], {y_hat: 0.8, y: 1.0})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import Expression, variable
from chainrule.graph.gradients import gradients
from chainrule.graph.ops.reduction import sum
from chainrule.graph.value import Values, bind, value
from chainrule.graph.walk import topological

_Given = Mapping[Expression, NDArray[np.float64]]
_ORDINALS = {1: "first", 2: "second", 3: "third"}


def check_gradients(
    J: Expression,
    nodes: Sequence[Expression],
    values: Values,
    *,
    order: int = 2,
    step: float = 1e-5,
    tolerance: float = 1e-6,
) -> None:
    """Compare derivatives with central finite differences, in float64 and exactly as the graph is written.

    Args:
        J: a cost, or any expression (of one with more elements, the sum is differentiated).
        nodes: what to differentiate with respect to; each needs a value.
        values: the value of each input and parameter, by node or by name, away from kinks and poles.
        order: 1 checks the first derivatives; 2 also the second ones, along a fixed random direction.
        step: by how much an element is moved to each side (times its size where that is above 1).
        tolerance: the largest difference allowed (times the size of the derivative where that is above 1).

    Raises:
        AssertionError: two derivatives differ; the message tells the node, the position and both numbers.
        UserError: a node without a value.

    Example:
        >>> import chainrule as cr
        >>> x = cr.variable("x", (2,))
        >>> check_gradients(cr.softplus(x) ** 2, [x], {x: [0.5, -3.0]})
    """
    given: _Given = {node: array.astype(np.float64) for node, array in bind([J], values, {}).items()}
    for node in nodes:
        if node not in given:
            raise UserError(f"check_gradients: {node} has no value, so it cannot be moved; give one in values")
    generator = np.random.default_rng(0)
    for degree in range(1, order + 1):
        total = sum(J)
        nodes = _there([total], nodes)
        found = gradients(total, nodes)
        for node, gradient in zip(nodes, found, strict=True):
            _compare(total, node, gradient, given, degree, step, tolerance)
        J, given = _along_random_direction(nodes, found, given, generator)


def _there(roots: Sequence[Expression], nodes: Sequence[Expression]) -> list[Expression]:
    """Keep the nodes that the roots depend on: with respect to the others, both derivatives are 0."""
    known = set(topological(roots))
    return [node for node in nodes if node in known]


def _compare(
    J: Expression,
    node: Expression,
    gradient: Expression,
    given: _Given,
    degree: int,
    step: float,
    tolerance: float,
) -> None:
    computed = value(gradient, given, rewrite=False)
    for position in np.ndindex(computed.shape):
        by_rule, by_difference = computed[position], _slope(J, node, position, given, step)
        if not abs(by_rule - by_difference) <= tolerance * max(1.0, abs(by_difference)):
            where = f" at {position}" if position else ""
            raise AssertionError(
                f"the {_ORDINALS.get(degree, f'{degree}th')} derivative with respect to {node}{where} is "
                f"{by_rule:.10g} by the rules, but {by_difference:.10g} by finite differences"
            )


def _slope(J: Expression, node: Expression, position: tuple[int, ...], given: _Given, step: float) -> float:
    middle = given[node][position]
    length = step * max(1.0, abs(middle))
    costs = []
    for moved in (middle + length, middle - length):
        array = given[node].copy()
        array[position] = moved
        costs.append(value(J, {**given, node: array}, rewrite=False))
    return float((costs[0] - costs[1]) / (2 * length))


def _along_random_direction(
    nodes: Sequence[Expression], found: Sequence[Expression], given: _Given, generator: np.random.Generator
) -> tuple[Expression, _Given]:
    """Make one number of all gradients, each element with a weight of its own."""
    weights = {variable(f"direction {node}", node.shape): given[node].shape for node in nodes}
    directions = {node: generator.uniform(0.5, 1.5, shape) for node, shape in weights.items()}
    products = [sum(gradient * weight) for gradient, weight in zip(found, weights, strict=True)]
    total = products[0] if products else sum(0.0)
    for product in products[1:]:
        total = total + product
    return total, {**given, **directions}
