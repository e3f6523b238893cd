"""A descent in the coordinates of the dual form, which takes data and gives weights as the direct one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.compiler.aligned import aligned_rows
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.machine import Machine, engine_of, machine_for
from chainrule.compiler.run_inputs import OneHot
from chainrule.graph import shapes
from chainrule.graph.expression import EXAMPLES, Expression, examples
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import topological
from chainrule.training.descent import Descent
from chainrule.training.dual import DualForm, DualWeight, dual_form
from chainrule.training.dual_candidates import Candidates
from chainrule.training.dual_plan import Work, checks_by_gram, checks_by_weights
from chainrule.training.gram import Rows, gram
from chainrule.training.optimizers import Optimizer

Array = NDArray[Any]
Numbers = NDArray[np.int64]


class _AsGiven(dict[str, Array]):
    """Data to evaluate with weights, not with products of rows."""


class DualDescent(Descent):
    """A descent in which some weights are sums of the examples' rows.

    Its own parameters and values are the coordinates; `found` gives the parameters of the cost.

    Args:
        candidates: the cost, its metrics and its evaluation as `find_candidates` was given them, in this order.
        parameters: what the cost is minimised over.
        values: their first values, and those of every other leaf that is not data.
        work: the data and what is done with them.
        metrics, evaluation: the names of the metrics and of what is evaluated.
        optimizer, dtype, seed, engine, threads: as for a Descent.
    """

    def __init__(
        self,
        candidates: Candidates,
        parameters: Sequence[Expression],
        values: Mapping[Expression, Array],
        *,
        work: Work,
        metrics: Sequence[str],
        evaluation: Sequence[str],
        optimizer: Optimizer,
        dtype: DTypeLike,
        seed: int,
        engine: str,
        threads: int | None,
    ) -> None:
        at_zero = {w: not np.any(values[w]) for w in candidates.uses}
        form = dual_form(candidates, parameters, len(work.basis), at_zero=at_zero)
        self._form, self._work, self._dtype = form, work, np.dtype(dtype)
        self._trained = tuple(parameters)
        self._start = {one.W: np.asarray(values[one.W], dtype) for one in form.weights}
        direct = dict(zip(evaluation, candidates.roots[1 + len(metrics) :], strict=True))
        self._direct = _Direct(form, direct, values, dtype=dtype, engine=engine, threads=threads)
        self._rows = Rows(form.X, work.data, work.basis)
        self._gram = gram(self._rows, dtype=dtype)
        first: dict[Expression, Array] = {w: values[w] for w in values if w not in self._start}
        first[form.gram] = self._gram
        products = self._direct.products(work.data, work.basis, self._start)
        for one in form.weights:
            first |= _first_values(one, self._start[one.W], products.get(one.W))
        super().__init__(
            form.J,
            form.parameters,
            first,
            optimizer=optimizer,
            metrics=dict(zip(metrics, form.others, strict=False)),
            evaluation=dict(zip(evaluation, form.others[len(metrics) :], strict=True)),
            dtype=dtype,
            seed=seed,
            engine=engine,
            threads=threads,
            form=form,
        )
        self.names = {**self.names, **_more_names(form.X, self.names)}

    def prepared(self, data: Mapping[str, Array], rows: Numbers | None = None) -> dict[str, Array]:
        """Return data as the steps read them: products of rows in the place of rows.

        Args:
            data: the arrays by name.
            rows: which rows will be read; None for all. The products of others are not computed.
        """
        form, leaves = self._form, self._leaves()
        arrays = {leaf: data[self.names[leaf]] for leaf in leaves}
        count = len(next(iter(arrays.values())))
        numbers = np.arange(count) if rows is None else np.unique(rows)
        made: dict[Expression, Array] = {form.K: self._products(arrays, numbers, count)}
        made[form.E] = self._places(count, all(arrays[leaf] is self._work.data[leaf] for leaf in leaves))
        products = self._direct.products(arrays, numbers, self._start)
        for one in form.weights:
            if one.start is not None:
                product = products[one.W]
                made[one.start] = np.zeros((count, *product.shape[1:]), self._dtype)
                made[one.start][numbers] = product
        read = set(self.program.named("data"))
        others = {name: array for name, array in data.items() if name in read}
        return super().prepared(others | {self.names[leaf]: made[leaf] for leaf in made if leaf in self.names})

    def prepared_to_check(self, data: Mapping[str, Array], rows: Numbers | None = None) -> dict[str, Array]:
        """Return data as `evaluate` reads them: products of rows, or rows as they are where that costs less."""
        work, M = self._work, len(self._rows)
        outputs = sum(shapes.size(one.W.shape[1:]) for one in self._form.weights)
        costs = [cost(self._form.X, work, M, outputs) for cost in (checks_by_gram, checks_by_weights)]
        return self.prepared(data, rows) if costs[0] <= costs[1] else _AsGiven(super().prepared(data))

    def evaluate(self, data: Mapping[str, Array], *, rows: Numbers | None = None) -> dict[str, float]:
        """Compute the expressions of `evaluation` on other data, or on other rows."""
        if not isinstance(data, _AsGiven):
            return super().evaluate(data, rows=rows)
        by_leaf = {leaf: data[name] for leaf, name in self.names.items() if leaf.op is EXAMPLES and name in data}
        return self._direct.evaluate(by_leaf, self.found(), rows)

    def found(self, values: Sequence[Array] | None = None) -> dict[Expression, Array]:
        """Return the parameters of the cost, now or at the coordinates that `values` gave."""
        coordinates = dict(zip(self.parameters, self.values() if values is None else values, strict=True))
        weights = self._form.weights
        sums = self._direct.sums(self._work.data, self._rows.numbers, [coordinates[one.C] for one in weights])
        formed = {}
        for one, total in zip(weights, sums, strict=True):
            scale = 1.0 if one.scale is None else coordinates[one.scale]
            formed[one.W] = (scale * self._start[one.W] + total).astype(self._dtype)
        return {w: formed[w] if w in formed else coordinates[w] for w in self._trained}

    def _leaves(self) -> list[Expression]:
        return [node for node in topological([self._form.X]) if node.op is EXAMPLES]

    def _places(self, count: int, known: bool) -> OneHot:
        """Which of the rows that are learned from each row is: none where they are not known."""
        places = np.full(count, -1)
        if known:
            places[self._rows.numbers] = np.arange(len(self._rows))
        return OneHot.at(places)

    def _products(self, arrays: Mapping[Expression, Array], numbers: Numbers, count: int) -> Array:
        known = all(arrays[leaf] is self._work.data[leaf] for leaf in arrays)
        basis = self._rows.numbers
        K = aligned_rows(count, len(basis), self._dtype)
        if known:
            K[basis] = self._gram
            numbers = np.setdiff1d(numbers, basis)
        if len(numbers):
            K[numbers] = gram(Rows(self._form.X, arrays, numbers), self._rows, dtype=self._dtype)
        return K


def _first_values(one: DualWeight, start: Array, known: Array | None) -> dict[Expression, Array]:
    values = {one.C: np.zeros(shapes.fixed(one.C.shape))}
    if one.scale is not None:
        values[one.scale] = np.ones(())
    if one.known is not None and one.start_square is not None and known is not None:
        values[one.known] = known
        values[one.start_square] = np.sum(np.square(start, dtype=np.float64))
    return values


def _more_names(X: Expression, names: Mapping[Expression, str]) -> dict[Expression, str]:
    """Name the data that the program itself does not read any more."""
    more: dict[Expression, str] = {}
    for leaf in topological([X]):
        if leaf.op is EXAMPLES and leaf not in names:
            name = leaf.name or "X"
            while name in {*names.values(), *more.values()}:
                name += "'"
            more[leaf] = name
    return more


class _Direct:
    """Products with rows themselves: X' W, X'^T C, and what is evaluated of weights."""

    def __init__(
        self,
        form: DualForm,
        evaluation: Mapping[str, Expression],
        values: Mapping[Expression, Array],
        *,
        dtype: DTypeLike,
        engine: str,
        threads: int | None,
    ) -> None:
        self._coordinates = [
            examples(f"{one.W}.C", features=shapes.fixed(one.W.shape[1:]) or None) for one in form.weights
        ]
        # Weights that start at zero have no products to begin with.
        self._started = [one.W for one in form.weights if one.start is not None]
        entries = {"sums": EntrySpec({str(i): form.X.T @ c for i, c in enumerate(self._coordinates)})}
        if self._started:
            entries["products"] = EntrySpec({str(i): form.X @ w for i, w in enumerate(self._started)})
        if evaluation:
            entries["evaluate"] = EntrySpec(dict(zip(evaluation, stable(list(evaluation.values())), strict=True)))
        compiled = compile_program(entries)
        self._names = compiled.names
        state = {compiled.names[leaf]: value for leaf, value in values.items() if leaf in compiled.names}
        self._machine: Machine = machine_for(
            compiled.program, state, engine=engine_of(engine), threads=threads, dtype=dtype
        )

    def products(
        self, data: Mapping[Expression, Array], numbers: Numbers, weights: Mapping[Expression, Array]
    ) -> dict[Expression, Array]:
        """Rows times weights, of those that do not start at zero."""
        if not self._started:
            return {}
        self._set(weights)
        outputs = self._machine.run("products", self._named(data), rows=numbers)
        return {w: outputs[str(i)] for i, w in enumerate(self._started)}

    def sums(self, data: Mapping[Expression, Array], numbers: Numbers, C: Sequence[Array]) -> list[Array]:
        """The sum of rows, each times its row of C."""
        count = len(next(iter(data.values())))
        named = self._named(data)
        for leaf, array in zip(self._coordinates, C, strict=True):
            named[self._names[leaf]] = np.zeros((count, *array.shape[1:]), array.dtype)
            named[self._names[leaf]][numbers] = array
        outputs = self._machine.run("sums", named, rows=numbers)
        return [outputs[str(i)] for i in range(len(C))]

    def evaluate(
        self, data: Mapping[Expression, Array], values: Mapping[Expression, Array], rows: Numbers | None
    ) -> dict[str, float]:
        """Compute what is evaluated, at other values of the parameters."""
        self._set(values)
        outputs = self._machine.run("evaluate", self._named(data), rows=rows)
        return {name: float(value) for name, value in outputs.items()}

    def _set(self, values: Mapping[Expression, Array]) -> None:
        for leaf, value in values.items():
            if leaf in self._names:
                self._machine.state[self._names[leaf]][...] = value

    def _named(self, data: Mapping[Expression, Array]) -> dict[str, Array]:
        return {self._names[leaf]: array for leaf, array in data.items() if leaf in self._names}
