"""The limits: the products of a case's steps by OpenBLAS alone, and its rows' bytes read and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from contender import Array, Contender, Unsuited
from data import Work


class Products(Contender):
    """The products of each step: forward, the derivative by each W, and by each layer's input but the first."""

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        if self.case.limit != "products":
            raise Unsuited("its limit is another")

    def prepare(self) -> None:
        rng, case = np.random.default_rng(0), self.case
        m, before = case.rows_in_step, case.features
        self.products: list[tuple[Array, Array, Array]] = []
        for i, (units, _) in enumerate(case.layers):
            A, W, Z = (
                rng.standard_normal(shape, dtype=np.float32) for shape in ((m, before), (before, units), (m, units))
            )
            self.products += [(A, W, np.empty_like(Z)), (A.T, Z, np.empty_like(W))]
            if i:
                self.products.append((Z, W.T, np.empty_like(A)))
            before = units
        self._step()

    def reset(self) -> None:
        pass

    def run(self) -> None:
        for _ in range(self.case.steps):
            self._step()

    def _step(self) -> None:
        for a, b, c in self.products:
            np.matmul(a, b, out=c)

    def parameters(self) -> list[Array]:
        return []


class Reading(Contender):
    """The bytes of all rows read once a step, by as many threads as work."""

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        if self.case.limit != "reading":
            raise Unsuited("its limit is another")

    def prepare(self) -> None:
        self.parts = np.array_split(self.work.X.reshape(-1).view(np.uint64), self.threads)
        self.pool = ThreadPoolExecutor(self.threads)
        self.run()

    def reset(self) -> None:
        pass

    def run(self) -> None:
        for _ in range(self.case.steps):
            # One of the quickest ways in NumPy to look at every byte.
            list(self.pool.map(np.bitwise_xor.reduce, self.parts))

    def parameters(self) -> list[Array]:
        return []


class Machine(Contender):
    """A bare product of 1024 x 1024 matrices, which tells how slow the machine is just now."""

    STEPS = 20

    def prepare(self) -> None:
        rng = np.random.default_rng(0)
        self.a, self.b = (rng.standard_normal((1024, 1024), dtype=np.float32) for _ in range(2))
        self.c = np.empty_like(self.a)
        self.run()

    def reset(self) -> None:
        pass

    def run(self) -> None:
        for _ in range(self.STEPS):
            np.matmul(self.a, self.b, out=self.c)

    def parameters(self) -> list[Array]:
        return []
