"""What a trained network answers to rows: its program, run in blocks, by as many threads at once as there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.machine import Machine, engine_of, machine_for
from chainrule.compiler.program import Program
from chainrule.graph.expression import examples
from chainrule.graph.rewrite import stable
from chainrule.network.network import Network
from chainrule.network.preprocessing import Preprocessing
from chainrule.threads import thread_count

Array = NDArray[Any]

# Rows go through in blocks of about this many bytes, so that rows that are converted need little memory, and Ctrl-C
# does not have to wait.
BLOCK_BYTES = 32 << 20


class Predictor:
    """Computes what the last layer gives.

    Several Python threads may use one at the same time: they take turns, since a machine runs one entry at a time.

    Args:
        network: the layers.
        parameters: W1, b1, ... by name.
        preprocessing: how rows become numbers.
        engine: "engine" or "reference".
        threads: how many threads the engine uses; None for all that this process may use.

    Attributes:
        program: the compiled program. Its entry `forward` gives the outputs. With a single output p there is also
            `probabilities` of two classes: 1 - p of the first and p of the second.
    """

    def __init__(
        self,
        network: Network,
        parameters: Mapping[str, Array],
        preprocessing: Preprocessing,
        *,
        engine: str,
        threads: int | None,
    ) -> None:
        self._given = network, parameters, preprocessing, engine, threads
        self._preprocessing = preprocessing
        output = network.connect(preprocessing.expression(examples("X", features=preprocessing.features))).output
        y_hat = stable([output])[0]
        entries = {"forward": EntrySpec({"y_hat": y_hat})}
        if output.shape[1] == 1:
            entries["probabilities"] = EntrySpec({"y_hat": y_hat * [-1.0, 1.0] + [1.0, 0.0]})
        self.program: Program = compile_program(entries).program
        self._engine, self._threads = engine_of(engine), thread_count(threads)

    @cached_property
    def _machine(self) -> Machine:
        # Made when the first rows come: who only looks at the program needs no threads.
        return machine_for(self.program, self._given[1], engine=self._engine, threads=self._threads)

    def __reduce__(self) -> tuple[Any, ...]:
        # A machine cannot be copied, but made again.
        return _predictor, self._given

    def __call__(self, X: Any, entry: str = "forward") -> NDArray[np.float32]:
        """Return the outputs for rows, shape (m, outputs).

        Args:
            X: rows of shape (m, features), also an array that lies in a file (`np.memmap`).
            entry: one of the program's.

        Raises:
            UserError: rows unlike those the model was trained on.
        """
        rows = self._preprocessing.checked(X)
        if rows.nbytes <= BLOCK_BYTES:
            return self._outputs(rows, entry)
        at_once = max(1, BLOCK_BYTES // (rows.itemsize * self._preprocessing.features))
        parts = (rows[at : at + at_once] for at in range(0, len(rows), at_once))
        return np.concatenate([self._outputs(part, entry) for part in parts])

    def _outputs(self, rows: Array, entry: str) -> NDArray[np.float32]:
        return self._machine.run(entry, {"X": self._preprocessing.converted(rows)})["y_hat"]


def _predictor(
    network: Network,
    parameters: Mapping[str, Array],
    preprocessing: Preprocessing,
    engine: str,
    threads: int | None,
) -> Predictor:
    return Predictor(network, parameters, preprocessing, engine=engine, threads=threads)
