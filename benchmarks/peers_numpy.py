"""The peer written by hand in NumPy: arrays allocated once, every operation with out=, products by OpenBLAS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from contender import Array, Contender, Unsuited, timed
from data import Work


class NumPy(Contender):
    """Forward and backward written out for each layer."""

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        if self.case.dropout:
            raise Unsuited("needs random numbers of each step, which others draw faster")

    def prepare(self) -> None:
        case, m = self.case, self.case.rows_in_step
        self.X = None if case.with_set_up else self.work.floats()
        self.targets = self.work.targets
        self.W, self.b = self._first()
        self.dW, self.db = [np.empty_like(W) for W in self.W], [np.empty_like(b) for b in self.b]
        self.batch_X = np.empty((m, case.features), np.float32)
        self.batch_y = np.empty((m, *self.targets.shape[1:]), self.targets.dtype)
        self.Z = [np.empty((m, units), np.float32) for units, _ in case.layers]
        self.A = [np.empty_like(Z) for Z in self.Z]
        self.dZ = [np.empty_like(Z) for Z in self.Z]
        self.rows = np.arange(m)
        self.factor = np.full((m, 1), 1 / m, np.float32)
        self.order = self.work.order if case.batch else None
        self.block = m
        if case.optimizer == "adam":
            self.moments = [(np.empty_like(p), np.empty_like(p), np.empty_like(p)) for p in (*self.W, *self.b)]
        if case.batch is None:
            self._choose_block()

    def _choose_block(self) -> None:
        """Try what is quicker: all rows at once, or some that stay in cache until they are read again."""
        X = self.work.floats() if self.X is None else self.X
        self.sums = [(np.empty_like(W), np.empty_like(b)) for W, b in zip(self.W, self.b, strict=True)]
        times: dict[int, float] = {}
        for block in (len(X), *(rows for rows in (64, 256) if len(X) % rows == 0)):
            self.block = block
            self._full_step(X, 1)
            times[block] = min(timed(lambda: self._full_step(X, 1)).clock for _ in range(3))
        self.block = min(times, key=lambda block: times[block])

    def _first(self) -> tuple[list[Array], list[Array]]:
        values = [value.copy() for value in self.work.first_values()]
        return values[::2], values[1::2]

    def reset(self) -> None:
        first = self.work.first_values()
        for ours, value in zip(self.parameters(), first, strict=True):
            ours[...] = value
        for m, v, _ in self.moments if self.case.optimizer == "adam" else ():
            m[...], v[...] = 0, 0

    def parameters(self) -> list[Array]:
        return [part for both in zip(self.W, self.b, strict=True) for part in both]

    def run(self) -> None:
        if self.order is None:
            X = self.work.floats() if self.X is None else self.X
            for number in range(self.case.steps):
                self._full_step(X, number)
            return
        assert self.X is not None
        for number, rows in enumerate(self.order):
            # The mode "clip" spares NumPy a copy: rows are in range.
            self.X.take(rows, axis=0, out=self.batch_X, mode="clip")
            self.targets.take(rows, axis=0, out=self.batch_y, mode="clip")
            if self.case.weighted:
                weights = self.work.weights.take(rows)
                np.divide(weights[:, None], weights.sum(), out=self.factor)
            self._step(self.batch_X, self.batch_y, number)

    def _full_step(self, X: Array, number: int) -> None:
        if self.block == len(X):
            self._step(X, self.targets, number)
            return
        for start in range(0, len(X), self.block):
            rows = slice(start, start + self.block)
            self._differentiate(X[rows], self.targets[rows])
            for i, sums in enumerate(self.sums):
                for total, part in zip(sums, (self.dW[i], self.db[i]), strict=True):
                    np.add(total, part, out=total) if start else np.copyto(total, part)
        for i, (dW, db) in enumerate(self.sums):
            self.dW[i][...], self.db[i][...] = dW, db
        self._update(number)

    def _step(self, X: Array, y: Array, number: int) -> None:
        self._differentiate(X, y)
        self._update(number)

    def _differentiate(self, X: Array, y: Array) -> None:
        layers, m = self.case.layers, len(X)
        Zs, As, dZs = ([array[:m] for array in arrays] for arrays in (self.Z, self.A, self.dZ))
        A = X
        for i, (_, activation) in enumerate(layers):
            np.matmul(A, self.W[i], out=Zs[i])
            Zs[i] += self.b[i]
            FORWARD[activation](Zs[i], As[i])
            A = As[i]
        self._output_derivative(y, As[-1], dZs[-1])
        for i in range(len(layers) - 1, -1, -1):
            before = X if i == 0 else As[i - 1]
            np.matmul(before.T, dZs[i], out=self.dW[i])
            np.add.reduce(dZs[i], axis=0, out=self.db[i])
            if i:
                np.matmul(dZs[i], self.W[i].T, out=dZs[i - 1])
                BACKWARD[layers[i - 1][1]](Zs[i - 1], As[i - 1], dZs[i - 1])

    def _output_derivative(self, y: Array, y_hat: Array, dZ: Array) -> None:
        """dJ/dZ of the last layer."""
        if self.case.loss == "own":
            np.subtract(y_hat, y, out=dZ)
            dZ /= np.sqrt(1 + dZ * dZ)
            dZ *= y_hat * (1 - y_hat)
        elif y.ndim == 1:
            dZ[...] = y_hat
            dZ[self.rows[: len(y)], y] -= 1
        else:
            np.subtract(y_hat, y, out=dZ)
        dZ *= self.factor[: len(dZ)]

    def _update(self, number: int) -> None:
        rate = np.float32(self.case.rate)
        if self.case.optimizer == "adam":
            self._adam(number + 1)
            return
        for w, g in zip((*self.W, *self.b), (*self.dW, *self.db), strict=True):
            g *= rate
            w -= g

    def _adam(self, t: int) -> None:
        size = np.float32(self.case.rate / (1 - 0.9**t))
        scale = np.float32(1 / np.sqrt(1 - 0.999**t))
        for w, g, (m, v, s) in zip((*self.W, *self.b), (*self.dW, *self.db), self.moments, strict=True):
            m *= np.float32(0.9)
            np.multiply(g, np.float32(0.1), out=s)
            m += s
            v *= np.float32(0.999)
            np.multiply(g, g, out=s)
            s *= np.float32(0.001)
            v += s
            np.sqrt(v, out=s)
            s *= scale
            s += np.float32(1e-8)
            np.divide(m, s, out=s)
            s *= size
            w -= s


def _sigmoid(Z: Array, A: Array) -> None:
    np.negative(Z, out=A)
    np.exp(A, out=A)
    A += 1
    np.reciprocal(A, out=A)


def _softmax(Z: Array, A: Array) -> None:
    np.subtract(Z, Z.max(axis=1, keepdims=True), out=A)
    np.exp(A, out=A)
    A /= A.sum(axis=1, keepdims=True)


def _own(Z: Array, A: Array) -> None:
    np.abs(Z, out=A)
    A += 1
    np.divide(Z, A, out=A)


def _relu_backward(Z: Array, A: Array, dA: Array) -> None:
    dA *= A > 0


def _tanh_backward(Z: Array, A: Array, dA: Array) -> None:
    np.multiply(A, A, out=Z)
    np.subtract(1, Z, out=Z)
    dA *= Z


def _own_backward(Z: Array, A: Array, dA: Array) -> None:
    np.abs(Z, out=Z)
    Z += 1
    dA /= Z
    dA /= Z


FORWARD: dict[str, Callable[[Array, Array], object]] = {
    "relu": lambda Z, A: np.maximum(Z, 0, out=A),
    "tanh": lambda Z, A: np.tanh(Z, out=A),
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "own": _own,
}
BACKWARD = {"relu": _relu_backward, "tanh": _tanh_backward, "own": _own_backward}
