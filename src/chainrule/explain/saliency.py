"""Saliency: which features of a row an answer rests on, seen in four ways.

All four start from the model's graph. Gradients are taken by what the first layer reads, the row after
preprocessing, so that features of different units can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import UserError
from chainrule.explain.explained import Explained, explained
from chainrule.explain.occlusion import Occlusion, occlude
from chainrule.training.model_graph import TrainedModel

Array = NDArray[np.float64]

# Integrated gradients: steps are doubled until the attributions add up to this share of f(x) - f(baseline).
_FIRST_STEPS, _MOST_STEPS = 64, 512
_TOLERANCE = 0.005
# Rows of the path that are worked on at once, so that a large picture needs little memory.
_NUMBERS_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class Integrated:
    """Integrated gradients with their completeness.

    Attributes:
        attributions: (n,) how much each feature adds to f, compared with the baseline.
        baseline: (n,) the row to compare with, in the units of the rows.
        baseline_name: "mean" (of the training rows), "black", or "zero" for rows that are no pictures.
        steps: how many points of the way from the baseline to the row were looked at.
        f: f(x), the explained output of the row.
        f_baseline: f(baseline).
    """

    attributions: Array
    baseline: Array
    baseline_name: str
    steps: int
    f: float
    f_baseline: float

    @property
    def total(self) -> float:
        """The sum of the attributions; completeness says that it is f(x) - f(baseline)."""
        return float(self.attributions.sum())

    @property
    def difference(self) -> float:
        """f(x) - f(baseline)."""
        return self.f - self.f_baseline

    @property
    def error(self) -> float:
        """How far the sum is from f(x) - f(baseline): what the finite number of steps costs."""
        return abs(self.total - self.difference)


@dataclass(frozen=True, eq=False)
class Saliency:
    """Four answers to "which features mattered?", each of shape (n,).

    Attributes:
        explained: which output f is explained, in words: "logit of dog", or "y_hat".
        target: the index of its class, or of its output.
        x: what the first layer reads.
        gradient: df/dx.
        gradient_times_input: df/dx * x.
        integrated: integrated gradients.
        occlusion: what covering a part of the row does.
    """

    explained: str
    target: int
    x: Array
    gradient: Array
    gradient_times_input: Array
    integrated: Integrated
    occlusion: Occlusion


def saliency(
    model: TrainedModel,
    row: ArrayLike,
    *,
    target: int | None = None,
    shape: tuple[int, int, int] | None = None,
    baseline: str | None = None,
) -> Saliency:
    """Tell which features of a row an answer rests on.

    Args:
        model: the trained model.
        row: shape (n,), as the model was trained on.
        target: the index of the class to explain, or of the output where answers are numbers; None for the answer.
        shape: (height, width, channels) where the row is a picture.
        baseline: what integrated gradients compare with: "mean" of the training rows (known where rows are
            standardised), or "black" (every number 0); None for the mean where it is known.

    Returns:
        The four maps. Of a classifier, the logit of the class is explained, since the probability hardly moves
        where it is close to 0 or 1; with one output, the logit of the negative class is -Z.

    Raises:
        UserError: a row that the model cannot read, a class, shape or baseline that is not there.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=20)
        >>> found = saliency(model, X[0], target=1)
        >>> found.explained, bool((found.gradient == model.parameters["W1"][:, 0]).all())
        ('logit of 1', True)
        >>> found.integrated.error < 1e-9
        True
    """
    raw = _one_row(model, row)
    if shape is not None and int(np.prod(shape)) != raw.size:
        raise UserError(f"a picture of shape {shape} has {int(np.prod(shape))} numbers, but the row has {raw.size}")
    output = explained(model, raw, target)
    x = output.read(raw[None])[0]
    gradient = gradient_of(output, x)
    return Saliency(
        explained=output.name,
        target=output.target,
        x=x,
        gradient=gradient,
        gradient_times_input=gradient * x,
        integrated=integrated_gradients(output, raw, *_baseline(model, raw, baseline, picture=shape is not None)),
        occlusion=occlude(output, raw, shape),
    )


def gradient_of(output: Explained, x: Array) -> Array:
    """Return df/dx of one row: how much f changes for a small change of each feature.

    Source: Simonyan, Vedaldi, Zisserman 2013, "Deep Inside Convolutional Networks", section 3; times the input,
    it is the first-order part of what each feature contributes (Shrikumar et al. 2016, "Not Just a Black Box").

    Args:
        output: the explained output.
        x: shape (n,), what the first layer reads.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
        >>> gradient_of(explained(model, X[0]), X[0]).shape
        (2,)
    """
    gradient: Array = output.gradients(x[None])[0]
    return gradient


def integrated_gradients(output: Explained, row: NDArray[Any], baseline: Array, name: str) -> Integrated:
    """Integrate the gradient along the straight way from a baseline to the row.

    Feature i gets (x_i - x'_i) times the mean of df/dx_i over the way from x' to x, here by the midpoint rule.
    Source: Sundararajan, Taly, Yan 2017, "Axiomatic Attribution for Deep Networks", section 3; proposition 1 is
    the completeness: the attributions add up to f(x) - f(x').

    Args:
        output: the explained output.
        row: shape (n,), as the model was trained on.
        baseline: shape (n,), in the same units.
        name: what the baseline is called.

    Returns:
        The attributions. Steps are doubled from 64 up to 512 until they add up to f(x) - f(x') within 0.5 %.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")]), X, y, epochs=20)
        >>> found = integrated_gradients(explained(model, X[0]), X[0], np.zeros(2), "zero")
        >>> found.error <= 0.005 * abs(found.difference)
        True
    """
    end, start = output.read(row[None])[0], output.read(baseline[None])[0]
    f, f_baseline = (float(value) for value in output.values(np.stack([end, start])))
    steps = _FIRST_STEPS
    while True:
        attributions = (end - start) * _mean_gradient(output, start, end, steps)
        error = abs(float(attributions.sum()) - (f - f_baseline))
        if steps >= _MOST_STEPS or not error > _TOLERANCE * abs(f - f_baseline):
            return Integrated(attributions, baseline, name, steps, f, f_baseline)
        steps *= 2


def _mean_gradient(output: Explained, start: Array, end: Array, steps: int) -> Array:
    shares = (np.arange(steps) + 0.5) / steps
    at_once = max(1, _NUMBERS_AT_ONCE // start.size)
    total = np.zeros(start.size)
    for first in range(0, steps, at_once):
        way = start + shares[first : first + at_once, None] * (end - start)
        total += output.gradients(way).sum(axis=0)
    mean: Array = total / steps
    return mean


def _one_row(model: TrainedModel, row: ArrayLike) -> NDArray[Any]:
    array = np.asarray(row)
    if array.ndim == 2 and len(array) == 1:
        array = array[0]
    if array.ndim != 1:
        raise UserError(f"one row is explained at a time, of shape (features,), not {array.shape}")
    checked: NDArray[Any] = model.preprocessing.check(array[None])[0]
    return checked


def _baseline(model: TrainedModel, row: NDArray[Any], choice: str | None, *, picture: bool) -> tuple[Array, str]:
    mean = model.preprocessing.shift if model.preprocessing.kind == "standardize" else None
    if choice not in {None, "mean", "black"}:
        raise UserError(f'the baseline is "mean" or "black", not {choice!r:.60}')
    if choice == "mean" and mean is None:
        raise UserError(
            "the mean of the training rows is known only where they were standardised: take the baseline "
            '"black", where every number is 0'
        )
    if mean is not None and choice != "black":
        return mean.astype(np.float64), "mean"
    return np.zeros(row.size), "black" if picture else "zero"
