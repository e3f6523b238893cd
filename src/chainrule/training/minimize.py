"""Minimising any cost that is an expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.arguments import array_of, float_dtype, whole
from chainrule.compiler.machine import engine_of
from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.walk import topological
from chainrule.progress import track
from chainrule.threads import thread_count
from chainrule.training.batches import BatchPlan, rows_in_batch
from chainrule.training.defaults import DEFAULTS
from chainrule.training.descent import Descent
from chainrule.training.dual_plan import Work
from chainrule.training.full_batch import check_suits, search
from chainrule.training.optimizers import LBFGS, Optimizer, optimizer_of
from chainrule.training.planned import planned_descent
from chainrule.training.snapshots import SnapshotRecorder, Wanted
from chainrule.training.trail import Chunk, Pace, Trail

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class StepSnapshot:
    """The parameters as they were after a step.

    Attributes:
        step: how many steps were done; 0 is the start.
        parameters: the value of each parameter, as an array that cannot be written to.
    """

    step: int
    parameters: Mapping[Expression, Array]

    def __getitem__(self, parameter: Expression) -> Array:
        """The value of one parameter."""
        return self.parameters[parameter]


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where a descent ended.

    Attributes:
        parameters: the last good value of each parameter.
        cost: the cost there, over all the data.
        costs: the cost before each step (of its batch), shape (steps,).
        diverged_at: the number of the step at which the cost was no longer a number, if that happened.
        snapshots: the parameters over time, as far as they were asked for: the path of the descent.
        plan: how the work was planned, in words: whether weights were kept as sums of the examples.
    """

    parameters: Mapping[Expression, Array]
    cost: float
    costs: NDArray[np.float64]
    diverged_at: int | None = None
    snapshots: tuple[StepSnapshot, ...] = ()
    plan: str = ""

    def __getitem__(self, parameter: Expression) -> Array:
        """The value of one parameter."""
        return self.parameters[parameter]


def minimize(
    J: Expression,
    parameters: Sequence[Expression],
    *,
    data: Mapping[Expression, ArrayLike] | None = None,
    optimizer: str | Optimizer = "sgd",
    steps: int = 1000,
    batch_size: int | str = "all",
    seed: int = 0,
    initial: Mapping[Expression, ArrayLike] | None = None,
    dtype: DTypeLike = np.float32,
    progress: bool | None = None,
    snapshots: Wanted = None,
    engine: str = DEFAULTS.engine,
    threads: int | None = None,
    dual: bool | None = None,
) -> Minimum:
    """Change parameters, step by step, so that a cost falls.

    Args:
        J: the cost: any expression that is a single number.
        parameters: the leaves of J to change.
        data: the value of every other leaf; those with examples are arrays with one row an example.
        optimizer: by name ("sgd" is gradient descent) or as an object with its learning rate.
        steps: how many steps to take.
        batch_size: examples in a step, drawn without repetition in a new order each epoch; "all" takes all.
        seed: decides initial values and the order of examples.
        initial: first values of parameters, instead of those they were made with.
        dtype: float32, or float64.
        progress: show a bar; None shows it on a terminal.
        snapshots: keep the parameters over time in the answer's `snapshots`: how many, spread over the steps, the
            start (step 0) and the end always among them; True or "steps" for each step; or a list of steps.
        engine: what runs the steps: "engine", or "reference", which is NumPy and also computes in float64.
        threads: how many threads the engine uses; None for all that this process may use. Results do not depend on
            it.
        dual: whether a parameter that is only multiplied with data is kept as a sum of the examples' rows, which
            costs less where there are fewer of them than features, and gives the same but for rounding; None where
            it pays. For gradient descent and momentum. The answer's `plan` says what was done.

    Returns:
        The parameters found and the costs on the way. If the cost overflows, the descent stops with the last
        parameters that gave a number.

    Raises:
        UserError: missing or unsuitable values.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.examples("X", features=1), cr.examples("y")
        >>> w, b = cr.parameter("w", (1,)), cr.parameter("b")
        >>> J = cr.mean((X @ w + b - y) ** 2)
        >>> data = {X: [[0.0], [1.0], [2.0]], y: [1.0, 3.0, 5.0]}
        >>> minimum = cr.minimize(J, [w, b], data=data, optimizer=cr.GradientDescent(0.2), steps=200)
        >>> round(float(minimum[w][0]), 2), round(float(minimum[b]), 2)
        (2.0, 1.0)
        >>> path = cr.minimize(J, [w, b], data=data, optimizer=cr.GradientDescent(0.2), steps=200, snapshots=[0, 1])
        >>> [round(float(snapshot[w][0]), 2) for snapshot in path.snapshots]
        [0.0, 1.73]
    """
    steps, seed = whole(steps, "steps", least=0), whole(seed, "seed")
    _check_parameters(J, parameters)
    given = _checked_data(J, parameters, data or {})
    values = _first_values(parameters, initial or {}, seed) | {
        leaf: array for leaf, array in given.items() if not shapes.has_examples(leaf.shape)
    }
    chosen = optimizer_of(optimizer)
    dtype, engine, threads = float_dtype(dtype), engine_of(engine), thread_count(threads)
    recorder = SnapshotRecorder.of(
        snapshots,
        total=steps,
        unit="steps",
        parameters=[shapes.size(w.shape) for w in parameters],
        itemsize=dtype.itemsize,
    )
    data_rows = {leaf: array for leaf, array in given.items() if shapes.has_examples(leaf.shape)}
    count = len(next(iter(data_rows.values()), ()))
    descent = planned_descent(
        J,
        parameters,
        values,
        work=Work(data_rows, None, steps, rows_in_batch(batch_size, count) or count),
        dual=dual,
        optimizer=chosen,
        dtype=dtype,
        seed=seed,
        engine=engine,
        threads=threads,
    )
    rows = {descent.names[leaf]: array for leaf, array in data_rows.items()}
    if isinstance(chosen, LBFGS):
        check_suits(J, batch=rows_in_batch(batch_size, count) or count, count=count)
        return _searched(descent, rows, chosen, steps, progress, recorder)
    return _descend(descent, rows, chosen, steps, batch_size, progress, recorder)


def _searched(
    descent: Descent,
    rows: Mapping[str, Array],
    optimizer: LBFGS,
    steps: int,
    progress: bool | None,
    recorder: SnapshotRecorder,
) -> Minimum:
    """Go down with L-BFGS, which ends by itself."""
    costs: list[float] = []
    final = np.nan
    recorder.take(0, descent.values)
    places = search(descent, descent.prepared(rows), None, optimizer)
    with closing(track(places, total=steps + 1, label="minimize", enabled=progress)) as tracked:
        for place in tracked:
            if place.length:
                costs.append(final)
                recorder.take(len(costs), descent.values)
            final = place.outputs["cost"]
            if place.reason is not None or len(costs) >= steps:
                break
    recorder.take_end(len(costs), descent.values)
    return _minimum(descent, final, np.array(costs), None if np.isfinite(final) else 1, recorder)


def _descend(
    descent: Descent,
    rows: Mapping[str, Array],
    optimizer: Optimizer,
    steps: int,
    batch_size: int | str,
    progress: bool | None,
    recorder: SnapshotRecorder,
) -> Minimum:
    rows = descent.prepared(rows)
    count = len(next(iter(rows.values()))) if rows else 0
    batches = BatchPlan(count, rows_in_batch(batch_size, count), descent.seed)
    trail = Trail(descent, rows, batches.per_epoch)
    recorder.take(0, trail.values)
    parts = _costs(trail, batches, optimizer, steps, recorder)
    costs = [np.empty(0), *track(parts, total=steps, label="minimize", enabled=progress, size=len)]
    return _ended(trail, rows, np.concatenate(costs)[: trail.done], steps, recorder)


def _costs(
    trail: Trail, batches: BatchPlan, optimizer: Optimizer, steps: int, recorder: SnapshotRecorder
) -> Iterator[Array]:
    """Take all steps, as many at a time as fit before the next snapshot; stop at a cost that is no number."""
    per_epoch = batches.per_epoch
    pace = Pace(batches.size)
    while trail.done < steps:
        start, length = trail.done, pace.next()
        if start % per_epoch:
            length = min(length, per_epoch - start % per_epoch)
        stop = int(min(start + length, steps, recorder.next_after(start)))
        rates = optimizer.rates_at(np.arange(start, stop) / per_epoch, -(-steps // per_epoch))
        outputs = trail.take(Chunk(start + 1, rates, batches.between(start, stop)))
        yield outputs["cost"]
        if trail.done < stop:
            return
        recorder.take(stop, trail.values)


def _ended(
    trail: Trail, rows: Mapping[str, Array], costs: Array, steps: int, recorder: SnapshotRecorder
) -> Minimum:
    """Keep the parameters at the end, or the last good ones where the cost is no number there."""
    descent = trail.descent
    final = descent.cost(rows)
    diverged, end = None, trail.done
    if trail.done < steps or not np.isfinite(final):
        diverged = trail.done + 1
        end = trail.go_back()
        final = descent.cost(rows)
    recorder.take_end(end, descent.values)
    return _minimum(descent, final, costs.astype(np.float64), diverged, recorder)


def _minimum(
    descent: Descent, final: float, costs: NDArray[np.float64], diverged: int | None, recorder: SnapshotRecorder
) -> Minimum:
    snapshots = [StepSnapshot(step, _for_reading(descent.found(values))) for step, values in recorder.kept]
    return Minimum(descent.found(), final, costs, diverged, tuple(snapshots), descent.plan)


def _for_reading(values: Mapping[Expression, Array]) -> Mapping[Expression, Array]:
    for array in values.values():
        array.flags.writeable = False
    return values


def _leaves(J: Expression) -> list[Expression]:
    return [node for node in topological([J]) if node.op.name in {"examples", "variable", "parameter"}]


def _check_parameters(J: Expression, parameters: Sequence[Expression]) -> None:
    leaves = _leaves(J)
    if not parameters:
        raise UserError(f"there is nothing to change: list the parameters of {J}")
    for w in parameters:
        if w not in leaves:
            raise UserError(f"{w} is to be changed, but it is not an input or parameter of {J}")
        if shapes.has_examples(w.shape):
            raise UserError(f"{w} holds examples, so it cannot be changed: give it in data={{{w}: ...}}")
    if len(set(parameters)) < len(parameters):
        raise UserError(f"a parameter is listed twice among {', '.join(map(str, parameters))}")


def _checked_data(
    J: Expression, parameters: Sequence[Expression], data: Mapping[Expression, ArrayLike]
) -> dict[Expression, Array]:
    leaves = _leaves(J)
    for leaf in data:
        if leaf not in leaves:
            raise UserError(f"{leaf} is given data, but {J} does not depend on it")
        if leaf in parameters:
            raise UserError(f"{leaf} is to be changed, so its first value goes into initial={{{leaf}: ...}}")
    for leaf in leaves:
        if leaf not in data and leaf not in parameters:
            raise UserError(
                f"{leaf} has no value: give it in data={{{leaf}: ...}}, or list it among the parameters"
            )
    found = {leaf: array_of(array, f"the data of {leaf}") for leaf, array in data.items()}
    for leaf, array in found.items():
        _check_array(leaf, array)
    counts = {len(array) for leaf, array in found.items() if shapes.has_examples(leaf.shape)}
    if len(counts) > 1:
        raise UserError(f"the data differ in their number of examples: {sorted(counts)}")
    if counts == {0}:
        raise UserError("the data hold no examples: there is nothing to learn from")
    return found


def _check_array(leaf: Expression, array: Array) -> None:
    fits = len(array.shape) == len(leaf.shape) and all(
        axis in ("m", length) for axis, length in zip(leaf.shape, array.shape, strict=True)
    )
    if not fits:
        raise UserError(f"the data of {leaf} have shape {array.shape}, not {shapes.text(leaf.shape)}")
    if array.dtype.kind not in "biuf":
        raise UserError(f"the data of {leaf} must be real numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UserError(f"the data of {leaf} hold values that are not finite numbers (NaN or infinity)")


def _first_values(
    parameters: Sequence[Expression], initial: Mapping[Expression, ArrayLike], seed: int
) -> dict[Expression, Array]:
    for leaf in initial:
        if leaf not in parameters:
            raise UserError(f"{leaf} is given a first value, but it is not among the parameters to change")
    values: dict[Expression, Array] = {}
    for index, w in enumerate(parameters):
        shape = shapes.fixed(w.shape)
        start = initial.get(w, w.attributes.get("init", 0.0))
        array = array_of(start(shape, (seed, index)) if callable(start) else start, f"the first value of {w}")
        if array.shape not in ((), shape):
            raise UserError(f"the first value of {w} has shape {array.shape}, not {shape}")
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise UserError(f"the first value of {w} must be finite numbers")
        values[w] = np.broadcast_to(array, shape)
    return values
