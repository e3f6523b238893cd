"""Small trainings whose bits the tests compare: each reaches another part of the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.machine import Batches, Machine
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program
from chainrule.compiler.run_inputs import StepKey
from chainrule.graph import shapes
from chainrule.training.descent import Descent
from chainrule.training.optimizers import optimizer_of
from tests.compiler import networks

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Training:
    """A program with the entry `step`, its first state, and data."""

    program: Program
    state: Mapping[str, Array]
    data: Mapping[str, Array]
    rows: int
    scalars: Mapping[str, float] = field(default_factory=dict)

    def machine(self, threads: int = 1, kernels: str = "") -> EngineRun:
        return EngineRun(self.program, self.state, threads=threads, kernels=kernels)

    def reference(self) -> NumpyRun:
        return NumpyRun(self.program, self.state, dtype=np.float64)


def _training(
    sizes: tuple[int, ...], rows: int, optimizer: str, *, dtype: str = "float32", dropout: bool = False
) -> Training:
    random = np.random.default_rng(0)
    Z, parameters = networks.layers(sizes, scale=255 if dtype == "uint8" else None, dropout=dropout)
    J = networks.cross_entropy(Z) + 1e-3 * cr.sum(parameters[0] ** 2)
    values = {w: random.normal(size=shapes.fixed(w.shape), scale=0.1) for w in parameters}
    chosen = optimizer_of(optimizer, learning_rate=0.01, clip_norm=1.0 if dropout else None)
    descent = Descent(J, parameters, values, optimizer=chosen, seed=3)
    X = random.integers(0, 256, (rows, sizes[0])) if dtype == "uint8" else random.normal(size=(rows, sizes[0]))
    data = {"X": X.astype(dtype), "y": random.integers(0, 2, (rows, 1)).astype(np.float32)}
    return Training(descent.program, dict(descent.machine.state), data, rows)


def _two_phases() -> Training:
    random = np.random.default_rng(1)
    program = networks.two_phases().program
    data = {"x": random.normal(size=(40000, 3)).astype(np.float32)}
    return Training(program, {"w": random.normal(size=3)}, data, 40000)


TRAININGS: dict[str, Callable[[], Training]] = {
    "one neuron on many bytes": lambda: _training((200, 1), 4000, "momentum", dtype="uint8"),
    "many lanes": lambda: _training((40, 16, 5, 1), 900, "adam", dtype="float64"),
    "one lane, tiles over threads": lambda: _training((160, 128, 1), 100, "sgd"),
    "dropout and clipping": lambda: _training((70, 33, 9, 1), 333, "rmsprop", dtype="float16", dropout=True),
    "two phases": _two_phases,
}


def run_steps(machine: Machine, training: Training, batches: Batches, first: int = 1) -> dict[str, Array]:
    """Run all steps, however often the machine comes back for air; the outputs of each."""
    found: list[dict[str, Array]] = []
    done = 0
    while done < len(batches):
        left = batches.between(done, len(batches))
        steps = np.arange(first + done, first + len(batches), dtype=np.float64)
        scalars = {"learning_rate": np.full(len(left), 0.01), "step": steps}
        found.append(machine.run_steps("step", training.data, left, scalars, key=StepKey(3, first + done)))
        done += len(next(iter(found[-1].values())))
    return {name: np.concatenate([one[name] for one in found]) for name in found[0]}


def shuffled(training: Training, size: int, steps: int) -> Batches:
    """Batches of rows in a random order; every third has fewer rows."""
    random = np.random.default_rng(5)
    counts = [size if i % 3 else max(1, size // 3) for i in range(steps)]
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Batches(random.integers(0, training.rows, bounds[-1]), bounds)
