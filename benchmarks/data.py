"""The rows, labels, first values and order of a case: the same numbers for every contender."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from cases import Case
from numpy.typing import NDArray

from chainrule.training.batches import BatchPlan

Array = NDArray[Any]
SEED = 0
# Rows of the cost that is compared at the end.
_COMPARED = 4096


@dataclass(frozen=True)
class Work:
    """The arrays of a case."""

    case: Case

    def make(self) -> None:
        """Make what is otherwise made when it is first asked for: no run is to pay for it."""
        case = self.case
        more = {"weights": case.weighted, "shift_and_scale": case.data == "standardised", "order": case.batch}
        for name in ("X", "targets", *(name for name, wanted in more.items() if wanted)):
            getattr(self, name)

    @cached_property
    def X(self) -> Array:
        """Rows, float32 or uint8."""
        case, rng = self.case, np.random.default_rng(1)
        shape = (case.rows, case.features)
        if case.data == "float":
            return rng.standard_normal(shape, dtype=np.float32)
        # As in photographs: each has a brightness of its own.
        X = rng.integers(0, 256, shape, dtype=np.uint8)
        X >>= rng.integers(0, 3, (case.rows, 1), dtype=np.uint8)
        return X

    @cached_property
    def y(self) -> Array:
        """Labels, whole numbers from 0: what a linear teacher says, with one in ten at random."""
        rng = np.random.default_rng(2)
        used = min(self.case.features, 64)
        teacher = rng.standard_normal((used, self.case.classes)).astype(np.float32)
        seen = self.X[:, :used].astype(np.float32)
        y = (seen - seen.mean(axis=0)) @ teacher
        y = y.argmax(axis=1)
        return np.where(rng.random(len(y)) < 0.1, rng.integers(0, self.case.classes, len(y)), y)

    @cached_property
    def targets(self) -> Array:
        """Labels as a loss reads them: float32 of shape (m, 1) for one output, whole numbers (m,) for more."""
        return self.y.astype(np.int64) if self.case.layers[-1][0] > 1 else self.y.astype(np.float32)[:, None]

    @cached_property
    def weights(self) -> Array:
        """How much each row counts, float32 of shape (m,); their mean is near 1."""
        return np.random.default_rng(3).uniform(0.5, 1.5, self.case.rows).astype(np.float32)

    @cached_property
    def shift_and_scale(self) -> tuple[Array, Array]:
        """Mean and 1 / standard deviation of each feature, of standardised bytes."""
        shift = self.X.mean(axis=0, dtype=np.float64)
        square = np.zeros(self.case.features)
        for start in range(0, len(self.X), 1024):
            square += ((self.X[start : start + 1024] - shift) ** 2).sum(axis=0)
        return shift, 1.0 / np.sqrt(square / len(self.X))

    def floats(self) -> Array:
        """The rows as peers read them: float32, scaled."""
        X = self.X
        if self.case.data == "float":
            return X
        result = np.empty(X.shape, np.float32)
        shift, scale = (0.0, 1 / 255) if self.case.data == "bytes" else self.shift_and_scale
        shift, scale = np.float32(shift), np.float32(scale)
        for start in range(0, len(X), 1024):
            part = result[start : start + 1024]
            np.subtract(X[start : start + 1024], shift, out=part)
            part *= scale
        return result

    def first_values(self) -> list[Array]:
        """W1, b1, W2, ... in float32: a start that trains well."""
        rng, values, before = np.random.default_rng(4), [], self.case.features
        for units, activation in self.case.layers:
            spread = np.sqrt((2.0 if activation == "relu" else 1.0) / before)
            start = rng.standard_normal((before, units)) * spread
            # Logistic regression starts at zero.
            values += [np.float32(start if len(self.case.layers) > 1 else 0 * start), np.zeros(units, np.float32)]
            before = units
        return values

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """The row numbers of each step's batch, shape (steps, batch): as `cr.minimize` draws them."""
        case = self.case
        assert case.batch
        rows = BatchPlan(case.rows, case.batch, SEED).between(0, case.steps).rows
        assert rows is not None
        return rows[: case.steps * case.batch].reshape(case.steps, case.batch)

    def cost(self, parameters: list[Array]) -> float:
        """The cost without penalties and dropout, in float64, on the first rows."""
        count = min(_COMPARED, self.case.rows)
        X = self.X[:count].astype(np.float64)
        if self.case.data == "bytes":
            X /= 255
        elif self.case.data == "standardised":
            shift, scale = self.shift_and_scale
            X = (X - shift) * scale
        A, layers = X, iter(self.case.layers)
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            Z = A @ W.astype(np.float64) + b
            A = _activated(next(layers)[1], Z)
        loss = _loss(self.case, A, self.y[:count])
        return float(np.average(loss, weights=self.weights[:count] if self.case.weighted else None))


def _activated(activation: str, Z: Array) -> Array:
    if activation == "softmax":
        powers = np.exp(Z - Z.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    functions = {
        "relu": lambda: np.maximum(Z, 0),
        "tanh": lambda: np.tanh(Z),
        "sigmoid": lambda: 1 / (1 + np.exp(-Z)),
        "own": lambda: Z / (1 + np.abs(Z)),
    }
    return functions[activation]()


def _loss(case: Case, y_hat: Array, y: Array) -> Array:
    if case.layers[-1][0] > 1:
        return -np.log(y_hat[np.arange(len(y)), y])
    right = y_hat[:, 0]
    if case.loss == "own":
        return np.sqrt(1 + (right - y) ** 2) - 1
    return -np.log(np.where(y == 1, right, 1 - right))
