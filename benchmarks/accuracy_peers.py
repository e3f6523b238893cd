"""One training on MNIST until 98 % of the held-out digits are right: `python accuracy_peers.py CONTENDER SEED`.

It prints, epoch after epoch, the seconds of training so far and the share of right answers. Looking at the answers
is not counted, nor is JAX's compiling; scaling the pixels is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DATA = Path(__file__).parents[2] / "shared" / "data" / "mnist" / "train.npz"
ENOUGH = 0.98
HELD_OUT = 10_000
MOST_EPOCHS = 16
# Seconds so far and share of right answers, after each epoch.
Course = Iterator[tuple[float, float]]


class Digits:
    """The rows: bytes of shape (m, 784); the last 10,000 are held out."""

    def __init__(self) -> None:
        with np.load(DATA) as file:
            X, y = file["images"].reshape(-1, 784), file["labels"]
        self.X, self.y = X[:-HELD_OUT], y[:-HELD_OUT]
        self.X_held_out, self.y_held_out = X[-HELD_OUT:], y[-HELD_OUT:]

    def scaled(self) -> Array:
        """The rows for training as peers read them."""
        return self.X.astype(np.float32) / np.float32(255)

    def accuracy(self, answers: Array) -> float:
        """The share of right answers on the rows held out, given an array of shape (m, 10)."""
        return float((answers.argmax(axis=1) == self.y_held_out).mean())


def chainrule(digits: Digits, seed: int, hidden: int, *, epochs: int) -> Course:
    """`cr.fit` with its defaults; the number of epochs is said, since the learning rate falls over them."""
    import chainrule as cr

    network = cr.Network([cr.Dense(hidden, "relu"), cr.Dense(10, "softmax")])
    fit = cr.fit  # that imports it, and imports are not counted for the peers either
    began = time.perf_counter()
    model = fit(network, digits.X, digits.y, epochs=epochs, seed=seed, snapshots="epochs", progress=False)
    total = time.perf_counter() - began
    scaled = digits.X_held_out.astype(np.float32) / np.float32(255)
    # What is not in the epochs is set-up: it comes first.
    passed = total - sum(epoch.seconds for epoch in model.history)
    for epoch, snapshot in zip(model.history, model.history.snapshots[1:], strict=True):
        passed += epoch.seconds
        W1, b1, W2, b2 = snapshot.parameters.values()
        yield passed, digits.accuracy(np.maximum(scaled @ W1 + b1, 0) @ W2 + b2)


def scikit_learn(digits: Digits, seed: int, hidden: int, *, batch: int = 128, rate: float = 1e-3) -> Course:
    """MLPClassifier, epoch by epoch."""
    from sklearn.neural_network import MLPClassifier

    held_out = digits.X_held_out.astype(np.float32) / np.float32(255)
    model = MLPClassifier([hidden], batch_size=batch, learning_rate_init=rate, alpha=0.0, random_state=seed)
    began = time.perf_counter()
    X, passed = digits.scaled(), 0.0
    while True:
        model.partial_fit(X, digits.y, classes=np.arange(10))
        passed += time.perf_counter() - began
        yield passed, digits.accuracy(model.predict_proba(held_out))
        began = time.perf_counter()


def pytorch(
    digits: Digits, seed: int, hidden: int, *, batch: int = 128, rate: float = 1e-3, decay: int = 0
) -> Course:
    """Eager, with the fused Adam; over `decay` epochs the learning rate falls to 0."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(2)
    model = torch.nn.Sequential(torch.nn.Linear(784, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    steps = decay * -(-len(digits.X) // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: max(0.0, 1 - t / steps) if steps else 1.0)
    held_out = torch.from_numpy(digits.X_held_out).to(torch.float32) / 255
    began = time.perf_counter()
    X, y, passed = torch.from_numpy(digits.X).to(torch.float32) / 255, torch.from_numpy(digits.y), 0.0
    while True:
        for rows in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
        passed += time.perf_counter() - began
        with torch.inference_mode():
            right = digits.accuracy(model(held_out).numpy())
        yield passed, right
        began = time.perf_counter()


def jax(digits: Digits, seed: int, hidden: int, *, batch: int = 128, rate: float = 1e-3, decay: int = 0) -> Course:
    """All steps of an epoch in one jitted lax.scan; over `decay` epochs the learning rate falls to 0."""
    import jax as j
    from jax import numpy as jnp

    def cost(values: Any, X: Any, y: Any) -> Any:
        W1, b1, W2, b2 = values
        answers = j.nn.log_softmax(j.nn.relu(X @ W1 + b1) @ W2 + b2)
        return -jnp.take_along_axis(answers, y[:, None], axis=1).mean()

    def step(carry: Any, rows: Any, X: Any, y: Any) -> tuple[Any, None]:
        values, ms, vs, t = carry
        gradients, t = j.grad(cost)(values, X[rows], y[rows]), t + 1
        ms = [0.9 * m + 0.1 * g for m, g in zip(ms, gradients, strict=True)]
        vs = [0.999 * v + 0.001 * g * g for v, g in zip(vs, gradients, strict=True)]
        left = jnp.maximum(0.0, 1 - t / (decay * steps)) if decay else 1.0
        size, scale = left * rate / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        new = [w - size * m / (jnp.sqrt(v) * scale + 1e-8) for w, m, v in zip(values, ms, vs, strict=True)]
        return (new, ms, vs, t), None

    def epoch(carry: Any, X: Any, y: Any, order: Any) -> Any:
        return j.lax.scan(lambda carry, rows: step(carry, rows, X, y), carry, order)[0]

    rng = np.random.default_rng(seed)
    values = [
        jnp.asarray(rng.standard_normal(shape, dtype=np.float32) * np.sqrt(2 / shape[0], dtype=np.float32))
        if len(shape) > 1
        else jnp.zeros(shape)
        for shape in ((784, hidden), (hidden,), (hidden, 10), (10,))
    ]
    state = (values, [jnp.zeros_like(w) for w in values], [jnp.zeros_like(w) for w in values], jnp.zeros(()))
    steps = len(digits.X) // batch

    def drawn() -> Any:
        return jnp.asarray(rng.permutation(len(digits.X))[: steps * batch].reshape(steps, batch).astype(np.int32))

    compiled = j.jit(epoch, donate_argnums=0)
    j.block_until_ready(compiled(j.tree.map(jnp.copy, state), jnp.asarray(digits.scaled()), digits.y, drawn()))
    held_out = digits.X_held_out.astype(np.float32) / np.float32(255)
    began = time.perf_counter()
    X, y, passed = jnp.asarray(digits.scaled()), jnp.asarray(digits.y), 0.0
    while True:
        state = j.block_until_ready(compiled(state, X, y, drawn()))
        passed += time.perf_counter() - began
        W1, b1, W2, b2 = (np.asarray(w) for w in state[0])
        yield passed, digits.accuracy(np.maximum(held_out @ W1 + b1, 0) @ W2 + b2)
        began = time.perf_counter()


TRAININGS: dict[str, Callable[..., Course]] = {
    "chainrule": chainrule,
    "scikit-learn": scikit_learn,
    "PyTorch": pytorch,
    "JAX": jax,
}


def main() -> None:
    name, seed, hidden, *settings = sys.argv[1:]
    more = {key: json.loads(value) for key, value in (setting.split("=") for setting in settings)}
    course = []
    for passed, accuracy in TRAININGS[name](Digits(), int(seed), int(hidden), **more):
        course.append((passed, accuracy))
        if accuracy >= ENOUGH or len(course) == MOST_EPOCHS:
            break
    print(json.dumps(course))


if __name__ == "__main__":
    main()
