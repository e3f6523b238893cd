"""One row, from a NumPy array to a NumPy array of probabilities, 784-30-1.

`python one_row.py CONTENDER` measures one contender.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contenders import OURS, PEERS, environment
from numpy.typing import NDArray

Array = NDArray[Any]
_CALLS = 2000
_OF_SCIKIT_LEARN = 1 / 5


def measure(quick: bool) -> dict[str, Any]:
    """Median seconds of a call by contender, and the probability that each found."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in (OURS, *PEERS)}
    for _ in range(2 if quick else 5):
        for name in found:
            command = [sys.executable, str(Path(__file__)), name]
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(2))
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        name: {"seconds": statistics.median(one["seconds"] for one in runs), "answer": runs[0]["answer"]}
        for name, runs in found.items()
    }


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows."""
    ours = values[OURS]["seconds"]
    best = min(values[name]["seconds"] for name in PEERS)
    figure = f"{ours / values['scikit-learn']['seconds']:.2f} of scikit-learn's time"
    reached = ours <= _OF_SCIKIT_LEARN * values["scikit-learn"]["seconds"] and ours < best
    apart = [name for name in PEERS if abs(values[name]["answer"] - values[OURS]["answer"]) > 1e-5]
    remark = f"invalid: {', '.join(apart)} answer otherwise" if apart else ""
    cells = [f"{values[name]['seconds'] * 1e6:.1f} us" for name in (OURS, *PEERS)]
    goal = "at most 1/5 of scikit-learn's time, and less than every peer's"
    return (
        [OURS, *PEERS, "figure", "goal", "reached", "remarks"],
        [[*cells, figure, goal, "yes" if reached else "no", remark]],
    )


def _values() -> list[Array]:
    rng = np.random.default_rng(0)
    shapes = ((784, 30), (30,), (30, 1), (1,))
    return [rng.standard_normal(shape, dtype=np.float32) * np.float32(0.05) for shape in shapes]


def _chainrule() -> Callable[[Array], Array]:
    from dataclasses import replace

    import chainrule as cr

    network = cr.Network([cr.Dense(30, "relu"), cr.Dense(1, "sigmoid")])
    X = np.random.default_rng(1).standard_normal((16, 784), dtype=np.float32)
    model = cr.fit(network, X, np.arange(16) % 2, epochs=0)
    model = replace(model, parameters=dict(zip(model.parameters, _values(), strict=True)))
    return model.predict_proba


def _numpy() -> Callable[[Array], Array]:
    W1, b1, W2, b2 = _values()

    def predict(x: Array) -> Array:
        hidden = x @ W1
        hidden += b1
        np.maximum(hidden, 0, out=hidden)
        return 1 / (1 + np.exp(-(hidden @ W2 + b2)))

    return predict


def _torch(*, compiled: bool = False) -> Callable[[Array], Array]:
    import torch

    values = [torch.from_numpy(value.T.copy()) for value in _values()]
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 30), torch.nn.ReLU(), torch.nn.Linear(30, 1), torch.nn.Sigmoid()
    )
    with torch.no_grad():
        for ours, value in zip(model.parameters(), values, strict=True):
            ours.copy_(value)
    used = torch.compile(model) if compiled else model

    def predict(x: Array) -> Array:
        with torch.inference_mode():
            return used(torch.from_numpy(x)).numpy()

    return predict


def _jax() -> Callable[[Array], Array]:
    import jax

    values = [jax.numpy.asarray(value) for value in _values()]

    @jax.jit
    def forward(values: Any, x: Any) -> Any:
        W1, b1, W2, b2 = values
        return jax.nn.sigmoid(jax.nn.relu(x @ W1 + b1) @ W2 + b2)

    return lambda x: np.asarray(forward(values, x))


def _scikit_learn() -> Callable[[Array], Array]:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier([30], max_iter=1, batch_size=2, solver="sgd")
    model.partial_fit(np.zeros((2, 784), np.float32), [0, 1], classes=[0, 1])
    W1, b1, W2, b2 = _values()
    model.coefs_, model.intercepts_ = [W1, W2], [b1, b2]
    return model.predict_proba


_MADE: dict[str, Callable[[], Callable[[Array], Array]]] = {
    OURS: _chainrule,
    "NumPy": _numpy,
    "PyTorch": _torch,
    "torch.compile": lambda: _torch(compiled=True),
    "JAX": _jax,
    "scikit-learn": _scikit_learn,
}


def main() -> None:
    predict = _MADE[sys.argv[1]]()
    rows = np.random.default_rng(2).standard_normal((64, 1, 784), dtype=np.float32)
    for row in rows:
        answer = predict(row)
    times = []
    for number in range(_CALLS):
        row = rows[number % len(rows)]
        began = time.perf_counter()
        predict(row)
        times.append(time.perf_counter() - began)
    print(json.dumps({"seconds": statistics.median(times), "answer": float(answer[0, -1])}))


if __name__ == "__main__":
    main()
