"""The peer in JAX: all steps in one jitted lax.scan, whose parameters are donated."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from contender import Array, Contender
from data import Work
from jax import numpy as jnp

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "own": lambda z: z / (1 + jnp.abs(z))}


class Jax(Contender):
    """One compiled function takes all steps: it gathers the rows of each, differentiates and updates."""

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        self.scan = jax.jit(self._scan, donate_argnums=0)

    def prepare(self) -> None:
        case = self.case
        self.X = None if case.with_set_up else jnp.asarray(self.work.floats())
        self.targets = jnp.asarray(self.work.targets)
        self.weights = jnp.asarray(self.work.weights) if case.weighted else None
        # 32 bits suffice for row numbers, and are what JAX gathers by.
        self.order = jnp.asarray(self.work.order.astype(np.int32)) if case.batch else None
        self.reset()
        X = jnp.asarray(self.work.floats()) if self.X is None else self.X
        self.carry = jax.block_until_ready(self._call(X))

    def reset(self) -> None:
        values = [jnp.array(value) for value in self.work.first_values()]
        adam = self.case.optimizer == "adam"
        moments = [jnp.zeros_like(value) for value in (*values, *values)] if adam else []
        self.carry = jax.block_until_ready((values, moments, jnp.zeros((), jnp.float32), jax.random.key(0)))

    def run(self) -> None:
        X = self.X
        if X is None:
            X = _scaled(self.work.X)
        self.carry = jax.block_until_ready(self._call(X))

    def parameters(self) -> list[Array]:
        return [np.asarray(value) for value in self.carry[0]]

    def _call(self, X: Any) -> Any:
        return self.scan(self.carry, X, self.targets, self.weights, self.order)

    def _scan(self, carry: Any, X: Any, y: Any, weights: Any, order: Any) -> Any:
        def step(carry: Any, rows: Any) -> tuple[Any, None]:
            values, moments, number, key = carry
            taken = (
                (X, y, weights) if rows is None else (X[rows], y[rows], None if weights is None else weights[rows])
            )
            key, drawn = jax.random.split(key) if self.case.dropout else (key, None)
            gradients = jax.grad(self._cost)(values, *taken, drawn)
            number = number + 1
            if self.case.optimizer == "adam":
                values, moments = self._adam(values, gradients, moments, number)
            else:
                values = [w - self.case.rate * g for w, g in zip(values, gradients, strict=True)]
            return (values, moments, number, key), None

        length = self.case.steps if order is None else None
        return jax.lax.scan(step, carry, order, length=length)[0]

    def _cost(self, values: Any, X: Any, y: Any, weights: Any, key: Any) -> Any:
        case, A = self.case, X
        for i, (_, activation) in enumerate(case.layers):
            Z = A @ values[2 * i] + values[2 * i + 1]
            A = ACTIVATIONS[activation](Z) if activation in ACTIVATIONS else Z
            if i == 0 and case.dropout:
                A = A * (jax.random.uniform(key, A.shape) >= case.dropout) / (1 - case.dropout)
        if y.ndim == 1:
            return -jnp.take_along_axis(jax.nn.log_softmax(A), y[:, None], axis=1).mean()
        if case.loss == "own":
            return (jnp.sqrt(1 + (jax.nn.sigmoid(A) - y) ** 2) - 1).mean()
        losses = jax.nn.softplus(A) - y * A
        if weights is not None:
            return (losses[:, 0] * weights).sum() / weights.sum()
        penalty = sum(jnp.sum(W * W) for W in values[::2]) * (case.l2 / 2) if case.l2 else 0.0
        return losses.mean() + penalty

    def _adam(self, values: Any, gradients: Any, moments: Any, t: Any) -> Any:
        count = len(values)
        ms = [0.9 * m + 0.1 * g for m, g in zip(moments[:count], gradients, strict=True)]
        vs = [0.999 * v + 0.001 * g * g for v, g in zip(moments[count:], gradients, strict=True)]
        size, scale = self.case.rate / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        new = [w - size * m / (jnp.sqrt(v) * scale + 1e-8) for w, m, v in zip(values, ms, vs, strict=True)]
        return new, [*ms, *vs]


@jax.jit
def _scaled(X: Any) -> Any:
    return X.astype(jnp.float32) / 255
