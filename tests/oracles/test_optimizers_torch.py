"""Optimizers and schedules against PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

import chainrule as cr
from chainrule.training.optimizers import OPTIMIZERS, Optimizer

torch = pytest.importorskip("torch")

STEPS = 12
START = np.array([[0.4, -1.3], [0.9, 2.1]])
SHIFT = 0.6

# Constants unlike the usual ones, so that each is seen to matter.
PEERS: dict[str, tuple[Optimizer, Callable[..., Any], dict[str, Any]]] = {
    "sgd": (cr.GradientDescent(0.03), torch.optim.SGD, {}),
    "momentum": (cr.Momentum(0.02, 0.8), torch.optim.SGD, {"momentum": 0.8}),
    "nesterov": (cr.Nesterov(0.02, 0.8), torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    "rmsprop": (cr.RMSprop(0.02, 0.95, 1e-3), torch.optim.RMSprop, {"alpha": 0.95, "eps": 1e-3}),
    "adam": (cr.Adam(0.03, 0.8, 0.95, 1e-3), torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-3}),
    "adamw": (
        cr.AdamW(0.03, 0.8, 0.95, 1e-3, 0.2),
        torch.optim.AdamW,
        {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2},
    ),
}
DEFAULTS = {
    "sgd": torch.optim.SGD,
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


def ours(optimizer: Optimizer, dtype: DTypeLike) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Minimise a cost with several valleys; return the parameters at the end and the costs on the way."""
    W, b = cr.parameter("W", (2, 2)), cr.parameter("b", (2,))
    J = cr.mean((W**2 - 1) ** 2) + cr.sum(cr.sigmoid(W @ b)) + 0.5 * cr.sum((b - SHIFT) ** 2)
    initial = {W: START, b: np.array([0.1, -0.2])}
    minimum = cr.minimize(J, [W, b], initial=initial, optimizer=optimizer, steps=STEPS, dtype=dtype)
    return minimum[W], minimum[b], minimum.costs


def theirs(
    make: Callable[..., Any], clip: float | None, dtype: Any
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    W = torch.tensor(START, dtype=dtype, requires_grad=True)
    b = torch.tensor([0.1, -0.2], dtype=dtype, requires_grad=True)
    optimizer = make([W, b])
    costs = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        J = ((W**2 - 1) ** 2).mean() + torch.sigmoid(W @ b).sum() + 0.5 * ((b - SHIFT) ** 2).sum()
        J.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_([W, b], clip)
        optimizer.step()
        costs.append(J.item())
    return W.detach().numpy(), b.detach().numpy(), np.array(costs)


def test_every_registered_optimizer_has_a_peer() -> None:
    assert set(PEERS) == set(DEFAULTS) == set(OPTIMIZERS)
    assert all(type(PEERS[name][0]) is kind for name, kind in OPTIMIZERS.items())


@pytest.mark.parametrize("clip", [None, 0.5, 50.0])
@pytest.mark.parametrize("name", PEERS)
def test_steps_are_those_of_pytorch(name: str, clip: float | None) -> None:
    optimizer, peer, constants = PEERS[name]
    found = ours(replace(optimizer, clip_norm=clip), np.float64)
    rate = optimizer.learning_rate
    expected = theirs(lambda p: peer(p, lr=rate, **constants), clip, torch.float64)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PEERS)
def test_the_usual_constants_are_those_of_pytorch(name: str) -> None:
    kind = OPTIMIZERS[name]
    found = ours(kind(0.02), np.float64)
    expected = theirs(lambda p: DEFAULTS[name](p, lr=0.02), None, torch.float64)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PEERS)
def test_float32_stays_close(name: str) -> None:
    optimizer, peer, constants = PEERS[name]
    rate = optimizer.learning_rate
    found = ours(optimizer, np.float32)
    expected = theirs(lambda p: peer(p, lr=rate, **constants), None, torch.float32)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", [name for name in PEERS if name != "sgd"])
def test_a_changed_constant_would_be_noticed(name: str) -> None:
    optimizer, peer, constants = PEERS[name]
    rate = optimizer.learning_rate
    expected = theirs(lambda p: peer(p, lr=rate, **constants), None, torch.float64)[0]
    for constant in set(optimizer.__dataclass_fields__) - {"learning_rate", "clip_norm"}:
        changed = replace(optimizer, **{constant: getattr(optimizer, constant) * 1.001})
        assert np.abs(ours(changed, np.float64)[0] - expected).max() > 1e-10, constant


def rates_of(make: Callable[[Any], Any], rate: float, epochs: int) -> list[float]:
    """PyTorch's rate at the start of each epoch, and after the last."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    schedule = make(optimizer)
    rates = []
    for _ in range(epochs):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return rates


def test_step_decay_is_steplr() -> None:
    schedule = cr.StepDecay(0.1, every=3, factor=0.5)
    expected = rates_of(lambda o: torch.optim.lr_scheduler.StepLR(o, 3, 0.5), 0.1, 10)
    np.testing.assert_allclose([schedule(epoch, 10) for epoch in range(10)], expected)


def test_cosine_is_cosineannealinglr() -> None:
    schedule = cr.Cosine(0.1, final=0.01)
    expected = rates_of(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 10, eta_min=0.01), 0.1, 11)
    np.testing.assert_allclose([schedule(epoch, 10) for epoch in range(11)], expected)


def test_one_cycle_is_onecyclelr() -> None:
    # PyTorch counts 101 points, of which the last is the end and the 30th after the first the summit.
    def make(optimizer: Any) -> Any:
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.1, total_steps=101, pct_start=31 / 101, cycle_momentum=False
        )

    expected = rates_of(make, 0.1, 100)
    np.testing.assert_allclose([cr.OneCycle(0.1)(epoch, 100) for epoch in range(100)], expected, rtol=1e-9)


def test_warm_up_is_linearlr_from_zero() -> None:
    expected = rates_of(lambda o: torch.optim.lr_scheduler.LinearLR(o, 1e-12, 1.0, total_iters=4), 0.1, 8)
    np.testing.assert_allclose([cr.WarmUp(0.1, epochs=4)(epoch, 8) for epoch in range(1, 8)], expected[1:])
