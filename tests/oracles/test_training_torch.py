"""Training step by step against PyTorch, from the same first values and on the same batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from tests.training.epochs import batches_of_epoch

torch = pytest.importorskip("torch")
F = torch.nn.functional

COUNT, SIZE, EPOCHS, SEED = 50, 10, 10, 3
Step = Callable[[Any, NDArray[np.int64]], Any]


def rows_and_labels(classes: int) -> tuple[NDArray[Any], NDArray[Any]]:
    generator = np.random.default_rng(7)
    X = generator.normal(size=(COUNT, 4)).astype(np.float32)
    # Classes of different size, so that balancing matters.
    score = X[:, 0] * X[:, 1] + 0.5 * X[:, 2]
    return X, np.digitize(score, np.quantile(score, [0.7, 0.9][: classes - 1])).astype(np.int64)


def trained_by_torch(
    network: cr.Network,
    X: NDArray[Any],
    optimizer: Callable[[Any], Any],
    cost: Step,
    activate: Callable[[Any], Any],
    l2: float,
) -> tuple[list[NDArray[Any]], list[float]]:
    """Train the same layers on the same batches; return parameters, and each epoch's mean cost without penalty."""
    first = cr.initial_values(network.connect(cr.examples("X", features=4)).parameters, SEED)
    W1, b1, W2, b2 = parameters = [torch.tensor(a, dtype=torch.float32, requires_grad=True) for a in first]
    rows, update = torch.tensor(X), optimizer(parameters)
    costs = []
    for epoch in range(EPOCHS):
        total = 0.0
        for batch in batches_of_epoch(COUNT, SIZE, SEED, epoch):
            update.zero_grad()
            J = cost(activate(rows[batch] @ W1 + b1) @ W2 + b2, batch)
            (J + l2 / 2 * ((W1**2).sum() + (W2**2).sum())).backward()
            update.step()
            total += J.item() * len(batch)
        costs.append(total / COUNT)
    return [p.detach().numpy() for p in parameters], costs


OPTIMIZERS = {
    "sgd": (cr.GradientDescent(0.2), lambda p: torch.optim.SGD(p, lr=0.2)),
    "adam": (cr.Adam(0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
}


def check(
    network: cr.Network, labels: NDArray[Any], name: str, cost: Step, activate: Callable[[Any], Any], **options: Any
) -> None:
    X, _ = rows_and_labels(2)
    ours, theirs = OPTIMIZERS[name]
    model = cr.fit(network, X, labels, optimizer=ours, epochs=EPOCHS, batch_size=SIZE, seed=SEED, **options)
    expected, costs = trained_by_torch(network, X, theirs, cost, activate, options.get("l2", 0.0))
    for found, other in zip(model.parameters.values(), expected, strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, other, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose([epoch.cost for epoch in model.history], costs, rtol=2e-5)


BINARY = cr.Network([cr.Dense(6, "tanh"), cr.Dense(1, "sigmoid")])
THREE = cr.Network([cr.Dense(6, "relu"), cr.Dense(3, "softmax")])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_binary_cross_entropy(name: str) -> None:
    _, y = rows_and_labels(2)
    target = torch.tensor(y, dtype=torch.float32)[:, None]

    def cost(z: Any, batch: NDArray[np.int64]) -> Any:
        return F.binary_cross_entropy_with_logits(z, target[batch])

    check(BINARY, y, name, cost, torch.tanh)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_softmax_cross_entropy_with_l2(name: str) -> None:
    _, y = rows_and_labels(3)
    target = torch.tensor(y)

    def cost(z: Any, batch: NDArray[np.int64]) -> Any:
        return F.cross_entropy(z, target[batch])

    check(THREE, y, name, cost, torch.relu, l2=0.01)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_balanced_classes(name: str) -> None:
    _, y = rows_and_labels(3)
    target = torch.tensor(y)
    by_class = torch.tensor(COUNT / (3 * np.bincount(y)), dtype=torch.float32)

    def cost(z: Any, batch: NDArray[np.int64]) -> Any:
        return F.cross_entropy(z, target[batch], weight=by_class)

    check(THREE, y, name, cost, torch.relu, class_weight="balanced")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_of_examples(name: str) -> None:
    _, y = rows_and_labels(2)
    importance = np.random.default_rng(0).uniform(0.1, 3.0, COUNT)
    target, w = torch.tensor(y, dtype=torch.float32)[:, None], torch.tensor(importance, dtype=torch.float32)

    def cost(z: Any, batch: NDArray[np.int64]) -> Any:
        each = F.binary_cross_entropy_with_logits(z, target[batch], reduction="none")[:, 0]
        return (w[batch] * each).sum() / w[batch].sum()

    check(BINARY, y, name, cost, torch.tanh, sample_weight=importance)


def test_squared_and_absolute_error() -> None:
    _, y = rows_and_labels(3)
    network = cr.Network([cr.Dense(6, "tanh"), cr.Dense(1)])
    target = torch.tensor(y, dtype=torch.float32)[:, None]
    for loss, peer in (("squared_error", F.mse_loss), ("absolute_error", F.l1_loss)):

        def cost(z: Any, batch: NDArray[np.int64], peer: Any = peer) -> Any:
            return peer(z, target[batch])

        check(network, y, "adam", cost, torch.tanh, loss=loss)
