"""The dual form: weights of wide data as a combination of the examples, W = s * W0 + X'^T C.

Where W enters a cost through one product P = X' @ W of data, its gradient is X'^T dJ/dP, and with a penalty
c * sum(W ** 2) also 2 c W. So gradient descent, with or without momentum, never leaves the sums of W0 and of the
rows of X'. In the coordinates C (a row for each example) and s the same steps are taken, with the gradients
dJ/dP + 2 c C and 2 c s, and a forward product is P = s * (X' W0) + K C with K = X' X'^T: nothing is as long as a
row of X any more. (The representer theorem: Kimeldorf, Wahba, 1971.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.differentiate import Differentiated, differentiate
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, examples, parameter, variable
from chainrule.graph.ops.elementwise import maximum
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.walk import substitute, topological
from chainrule.training.dual_candidates import Candidates, Uses


@dataclass(frozen=True, eq=False)
class DualWeight:
    """A parameter W and what stands in its place.

    Attributes:
        W: the parameter, of shape (n, h) or (n,).
        C: its coordinates, a row for each example that is learned from.
        start: Z0 = X' W0 as data; None where W0 is 0.
        known: Z0 of the examples that are learned from, for norms; None where W0 is 0.
        scale: s; None where it stays 1.
        square: a leaf that stands for sum(W ** 2) in the cost; None where the cost has no such term.
        start_square: a leaf that stands for sum(W0 ** 2); None where W0 is 0.
    """

    W: Expression
    C: Expression
    start: Expression | None
    known: Expression | None
    scale: Expression | None
    square: Expression | None
    start_square: Expression | None


@dataclass(frozen=True, eq=False)
class DualForm:
    """A cost in coordinates.

    Attributes:
        X: the preprocessed rows X' that every dual weight is multiplied with.
        K: products of rows with the examples that are learned from, as data of shape (m, M).
        E: which of those an example is, as data of shape (m, M): a 1 in its place (`OneHot`).
        gram: K of those examples among themselves, of shape (M, M), for norms.
        weights: the parameters in dual form.
        parameters: what to change, in the order of the parameters of the cost: C in the place of W, the rest as it
            was, and at the end each s.
        J: the cost, in which leaves stand for sum(W ** 2).
        others: metrics and whatever else was to be rewritten.
    """

    X: Expression
    K: Expression
    E: Expression
    gram: Expression
    weights: tuple[DualWeight, ...]
    parameters: tuple[Expression, ...]
    J: Expression
    others: tuple[Expression, ...]

    def differentiate(self, J: Expression, parameters: Sequence[Expression]) -> Differentiated:
        """Return the gradients by which coordinates move as the weights would; J and parameters are the form's."""
        squares = {one.square: one for one in self.weights if one.square is not None}
        scales = {one.scale for one in self.weights if one.scale is not None}
        plain = [node for node in parameters if node not in scales]
        found = differentiate(J, [*plain, *squares])
        by_node = dict(zip([*plain, *squares], found.gradients, strict=True))
        for one in self.weights:
            by_node[one.C] = self._by_example(by_node[one.C])
            if one.square is not None:
                by_node[one.C] = by_node[one.C] + 2 * by_node[one.square] * one.C
                if one.scale is not None:
                    by_node[one.scale] = 2 * by_node[one.square] * one.scale
        written = {leaf: self.norm(one, one.C, one.scale) for leaf, one in squares.items()}
        cost, *changed = substitute([found.cost, *(by_node[node] for node in parameters)], written)
        return Differentiated(cost, changed)

    def _by_example(self, gradient: Expression) -> Expression:
        """From K^T dJ/dP, the gradient with respect to C, make E^T dJ/dP: the change of W is X'^T of it."""
        transposes = {
            node: self.E.T
            for node in topological([gradient])
            if node.op.name == "transpose" and node.inputs[0] is self.K
        }
        assert transposes, f"{gradient} has no product over the examples"
        return substitute([gradient], transposes)[0]

    def norm(self, one: DualWeight, C: Expression, s: Expression | float | None) -> Expression:
        """Return sum((s * W0 + X'^T C) ** 2) for coordinates; s is 1 where it is None."""
        total = sum_of(C * (self.gram @ C))
        if one.known is not None and one.start_square is not None and s != 0.0:
            factor = 1.0 if s is None else s
            total = total + 2 * factor * sum_of(one.known * C) + factor * factor * one.start_square
        # Rounding may take it below zero, where roots have no value.
        return maximum(total, 0.0)

    def square_norms(self, gradients: Mapping[Expression, Expression]) -> list[Expression]:
        """Return the squares of the norms of the gradients that the coordinates stand for, one a parameter."""
        dual = {one.C: one for one in self.weights}
        scales = {one.scale for one in self.weights}
        norms = []
        for node, gradient in gradients.items():
            if node in dual:
                scale = dual[node].scale
                norms.append(self.norm(dual[node], gradient, 0.0 if scale is None else gradients[scale]))
            elif node not in scales:
                norms.append(sum_of(gradient**2))
        return norms


def dual_form(
    found: Candidates, parameters: Sequence[Expression], count: int, *, at_zero: Mapping[Expression, bool]
) -> DualForm:
    """Write a cost in coordinates.

    Args:
        found: the parameters to write as sums of rows.
        parameters: all that are trained.
        count: how many examples are learned from.
        at_zero: whether each of the found parameters starts at zero.

    Example:
        >>> import chainrule as cr
        >>> X, w, b = cr.examples("X", features=9), cr.parameter("w", (9,)), cr.parameter("b")
        >>> from chainrule.training.dual_candidates import find_candidates
        >>> found = find_candidates([cr.mean((X @ w + b) ** 2)], [w, b])
        >>> form = dual_form(found, [w, b], 4, at_zero={w: True})
        >>> print(form.J)
        mean((K @ w.C + b) ** 2)
        >>> print(form.differentiate(form.J, form.parameters).gradients[0])
        1 / m * (E.T @ (2 * (K @ w.C + b)))
    """
    K, E = examples("K", features=count), examples("E", features=count)
    weights = tuple(_dual_weight(w, uses, count, at_zero[w]) for w, uses in found.uses.items())
    replaced: dict[Expression, Expression] = {}
    squares: dict[Expression, Expression] = {}
    gram = variable("gram", (count, count))
    form = DualForm(found.X, K, E, gram, weights, (), found.roots[0], ())
    for one in weights:
        uses = found.uses[one.W]
        replaced |= dict.fromkeys(uses.products, _product(one, K))
        if one.square is not None:
            replaced |= dict.fromkeys(uses.squares, one.square)
            squares[one.square] = form.norm(one, one.C, one.scale)
    J, *others = substitute(found.roots, replaced)
    coordinates = {one.W: one.C for one in weights}
    changed = [coordinates.get(w, w) for w in parameters] + [one.scale for one in weights if one.scale is not None]
    return DualForm(found.X, K, E, gram, weights, tuple(changed), J, tuple(substitute(others, squares)))


def _dual_weight(w: Expression, uses: Uses, count: int, at_zero: bool) -> DualWeight:
    outputs = shapes.fixed(w.shape[1:])
    square = variable(f"{w}.square") if uses.squares else None
    C = parameter(f"{w}.C", (count, *outputs))
    if at_zero:
        return DualWeight(w, C, None, None, None, square, None)
    return DualWeight(
        w,
        C,
        examples(f"{w}.start", features=outputs or None),
        variable(f"{w}.known", (count, *outputs)),
        parameter(f"{w}.scale", (), 1.0) if uses.squares else None,
        square,
        variable(f"{w}.start_square"),
    )


def _product(one: DualWeight, K: Expression) -> Expression:
    product = K @ one.C
    if one.start is None:
        return product
    return product + (one.start if one.scale is None else one.scale * one.start)
