"""The descent: a cost, its gradients and an optimizer, compiled to one program and run step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.augment import Augmented
from chainrule.compiler.differentiate import Differentiated, differentiate
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.machine import Batches, engine_of, machine_for, readable
from chainrule.compiler.run_inputs import StepKey
from chainrule.errors import UserError
from chainrule.graph.expression import Expression, variable
from chainrule.graph.ops.elementwise import minimum, sqrt
from chainrule.graph.ops.reduction import sum as sum_of
from chainrule.graph.rewrite import stable
from chainrule.graph.shapes import fixed
from chainrule.training.defaults import DEFAULTS
from chainrule.training.optimizers import LBFGS, Optimizer

Array = NDArray[Any]

# PyTorch's clip_grad_norm_ adds this to the norm before it divides.
_CLIP_EPSILON = 1e-6


class Form(Protocol):
    """What a descent does with gradients, where its parameters are coordinates of others."""

    def differentiate(self, J: Expression, parameters: Sequence[Expression]) -> Differentiated:
        """Return the cost and the gradients that the optimizer is given."""

    def square_norms(self, gradients: Mapping[Expression, Expression]) -> list[Expression]:
        """Return the squares of the norms of gradients, by parameter."""


class _Plain:
    """Parameters that are themselves."""

    def differentiate(self, J: Expression, parameters: Sequence[Expression]) -> Differentiated:
        return differentiate(J, parameters)

    def square_norms(self, gradients: Mapping[Expression, Expression]) -> list[Expression]:
        return [sum_of(g**2) for g in gradients.values()]


class Descent:
    """A program that changes parameters so that a cost falls.

    Args:
        J: the cost, a number.
        parameters: what to change: leaves of J.
        values: the first value of each parameter, and of every other leaf of J that is neither data nor changed.
        optimizer: how to change them.
        metrics: more numbers to compute in each step, by name, from the state before the step.
        evaluation: expressions of the entry `evaluate`, which changes nothing.
        dtype: float32, or float64 as a reference.
        seed: the key of random numbers such as dropout's.
        engine: "engine" or "reference", which is NumPy's machine; float64 is always the reference's.
        threads: how many threads the engine uses; None for all that this process may use.
        form: what stands in the place of the parameters' own gradients; None for nothing.

    Attributes:
        plan: how the training was planned, in words, where there was something to decide.
        augmented: which data are pictures that `steps` changes at random, and how; None for none.
    """

    def __init__(
        self,
        J: Expression,
        parameters: Sequence[Expression],
        values: Mapping[Expression, Array],
        *,
        optimizer: Optimizer,
        metrics: Mapping[str, Expression] | None = None,
        evaluation: Mapping[str, Expression] | None = None,
        dtype: DTypeLike = np.float32,
        seed: int = 0,
        engine: str = DEFAULTS.engine,
        threads: int | None = None,
        form: Form | None = None,
    ) -> None:
        form = form or _Plain()
        if J.shape != ():
            raise UserError(f"the cost must be a single number, but {J} has shape {J.shape}; take cr.mean of it")
        self.parameters = tuple(parameters)
        self.seed = seed
        self.plan = ""
        self.augmented: Augmented | None = None
        rate, step = variable("learning_rate"), variable("step")
        differentiated = form.differentiate(J, parameters)
        by_parameter = dict(zip(self.parameters, differentiated.gradients, strict=True))
        extra = dict(zip(metrics or {}, stable(list((metrics or {}).values())), strict=True))
        figures = {"cost": differentiated.cost}
        updates: dict[Expression, Expression] = {}
        if isinstance(optimizer, LBFGS):
            by_place = {f"gradient {i}": g for i, g in enumerate(differentiated.gradients)}
            entries = {"value_and_gradient": EntrySpec(figures | by_place | extra)}
        else:
            updates = _updates(by_parameter, form, optimizer, rate, step)
            entries = {"step": EntrySpec(figures | extra, updates)}
        if evaluation:
            sound = stable(list(evaluation.values()))
            entries["evaluate"] = EntrySpec(dict(zip(evaluation, sound, strict=True)))
        else:
            entries["cost"] = EntrySpec(figures)
        compiled = compile_program(entries, scalars=[rate, step], state=self.parameters)
        self.names = compiled.names
        self.program = compiled.program
        # The optimizer's own state starts at zero.
        start = {compiled.names[leaf]: np.zeros(fixed(leaf.shape)) for leaf in updates}
        start |= {compiled.names[leaf]: value for leaf, value in values.items() if leaf in compiled.names}
        chosen = engine_of(engine)
        self._converts = chosen == "engine" and np.dtype(dtype) == np.float32
        self.machine = machine_for(self.program, start, engine=chosen, threads=threads, dtype=dtype)

    def prepared(self, data: Mapping[str, Array], rows: NDArray[np.int64] | None = None) -> dict[str, Array]:
        """Return data as the machine reads them, so that what must be converted is so once and not in each call.

        Args:
            data: the arrays by name.
            rows: which rows will be read; None for all.
        """
        return {name: readable(array) if self._converts else array for name, array in data.items()}

    def prepared_to_check(
        self, data: Mapping[str, Array], rows: NDArray[np.int64] | None = None
    ) -> dict[str, Array]:
        """Return data as `evaluate` reads them; the arguments are those of `prepared`."""
        return self.prepared(data, rows)

    def step(
        self,
        data: Mapping[str, Array],
        number: int,
        learning_rate: float,
        *,
        rows: NDArray[np.int64] | None = None,
    ) -> dict[str, float]:
        """Take step `number` (from 1) on the given rows; return the cost and metrics as they were before it."""
        scalars = {"learning_rate": learning_rate, "step": float(number)}
        key = StepKey(self.seed, number)
        outputs = self.machine.run("step", data, rows=rows, scalars=scalars, key=key)
        return {name: float(value) for name, value in outputs.items()}

    def steps(
        self, data: Mapping[str, Array], first: int, rates: NDArray[np.float64], batches: Batches
    ) -> dict[str, Array]:
        """Take many steps.

        Args:
            data: the arrays by name.
            first: the number of the first step, from 1.
            rates: the learning rate of each step, shape (steps,).
            batches: the rows of each step.

        Returns:
            The cost and metrics as they were before each step that was taken. All are taken, or fewer where a tenth
            of a second is over, or where the cost is not finite; that step is the last.
        """
        scalars = {"learning_rate": rates, "step": np.arange(first, first + len(rates), dtype=np.float64)}
        return self.machine.run_steps(
            "step", data, batches, scalars, key=StepKey(self.seed, first), augmented=self.augmented
        )

    def evaluate(self, data: Mapping[str, Array], *, rows: NDArray[np.int64] | None = None) -> dict[str, float]:
        """Compute the expressions of `evaluation` on other data, or on other rows."""
        outputs = self.machine.run("evaluate", data, rows=rows)
        return {name: float(value) for name, value in outputs.items()}

    def cost(self, data: Mapping[str, Array]) -> float:
        """Compute the cost alone, without its gradients; a descent with an `evaluation` has that in its place."""
        return float(self.machine.run("cost", data)["cost"])

    def values(self) -> list[Array]:
        """Copy the parameters as they are now."""
        return [self.machine.state[self.names[parameter]].copy() for parameter in self.parameters]

    def found(self, values: Sequence[Array] | None = None) -> dict[Expression, Array]:
        """Return what the cost was minimised over: as it is now, or as it was when `values` gave its answer."""
        return dict(zip(self.parameters, self.values() if values is None else values, strict=True))

    def whole_state(self) -> dict[str, Array]:
        """Copy the parameters and the optimizer's state as they are now."""
        return {name: array.copy() for name, array in self.machine.state.items()}

    def restore_state(self, state: Mapping[str, Array]) -> None:
        """Set the parameters and the optimizer's state to what `whole_state` gave."""
        for name, array in state.items():
            self.machine.state[name][...] = array

    def restore(self, values: Sequence[Array]) -> None:
        """Set the parameters to values of before; the optimizer's state stays."""
        for parameter, value in zip(self.parameters, values, strict=True):
            self.machine.state[self.names[parameter]][...] = value


def _updates(
    gradients: Mapping[Expression, Expression],
    form: Form,
    optimizer: Optimizer,
    rate: Expression,
    step: Expression,
) -> dict[Expression, Expression]:
    if optimizer.clip_norm is not None:
        gradients = dict(zip(gradients, clipped(gradients, form, optimizer.clip_norm), strict=True))
    updates: dict[Expression, Expression] = {}
    for w, g in gradients.items():
        update = optimizer.update(w, g, learning_rate=rate, step=step)
        updates |= {w: update.parameter, **update.state}
    return updates


def clipped(gradients: Mapping[Expression, Expression], form: Form, largest_norm: float) -> list[Expression]:
    """Scale gradients down together, so that the root of the sum of all squares is at most `largest_norm`."""
    norm = sqrt(reduce(add, form.square_norms(gradients)))
    factor = minimum(1.0, largest_norm / (norm + _CLIP_EPSILON))
    return [factor * g for g in gradients.values()]
