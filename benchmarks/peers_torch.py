"""The peers in PyTorch: eager as most people write it, and the whole step under `torch.compile`."""

from __future__ import annotations

import numpy as np
import torch
from contender import Array, Contender
from data import Work
from torch import Tensor, nn
from torch.nn import functional as F

_ADAM = {"betas": (0.9, 0.999), "eps": 1e-8}


class Own(nn.Module):
    """A person's own activation."""

    def forward(self, z: Tensor) -> Tensor:
        return z / (1 + z.abs())


ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "own": Own}


def network(work: Work) -> nn.Sequential:
    """The layers up to the last logits."""
    case, parts, before = work.case, [], work.case.features
    for i, (units, activation) in enumerate(case.layers):
        parts.append(nn.Linear(before, units))
        if activation in ACTIVATIONS:
            parts.append(ACTIVATIONS[activation]())
        if i == 0 and case.dropout:
            parts.append(nn.Dropout(case.dropout))
        before = units
    return nn.Sequential(*parts)


class Torch(Contender):
    """Eager: a Sequential, autograd, and the fused optimizer."""

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        torch.set_num_threads(threads)
        torch.manual_seed(0)

    def prepare(self) -> None:
        case = self.case
        self.model = network(self.work)
        self.X = None if case.with_set_up else torch.from_numpy(self.work.floats())
        self.targets = torch.from_numpy(self.work.targets)
        self.weights = torch.from_numpy(self.work.weights) if case.weighted else None
        self.order = torch.from_numpy(self.work.order) if case.batch else None
        self.reset()
        self._warm_up()

    def _warm_up(self) -> None:
        """One step on the first rows, so that nothing is loaded or compiled in what is measured."""
        if self.X is not None:
            rows = slice(0, self.case.rows_in_step)
            self._step(self.X[rows], self.targets[rows], None if self.weights is None else self.weights[rows])

    def reset(self) -> None:
        with torch.no_grad():
            for ours, value in zip(self.model.parameters(), self.work.first_values(), strict=True):
                ours.copy_(torch.from_numpy(value.T))
        values = list(self.model.parameters())
        if self.case.optimizer == "adam":
            self.optimizer = torch.optim.Adam(values, lr=self.case.rate, fused=True, **_ADAM)
        else:
            self.optimizer = torch.optim.SGD(values, lr=self.case.rate, fused=True)

    def parameters(self) -> list[Array]:
        return [value.detach().numpy().T.copy() for value in self.model.parameters()]

    def run(self) -> None:
        X = self.X
        if X is None:
            X = torch.from_numpy(self.work.X).to(torch.float32).div_(255)
        if self.order is None:
            for _ in range(self.case.steps):
                self._step(X, self.targets, None)
            return
        for rows in self.order:
            weights = None if self.weights is None else self.weights[rows]
            self._step(X[rows], self.targets[rows], weights)

    def _step(self, X: Tensor, y: Tensor, weights: Tensor | None) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self._cost(X, y, weights).backward()
        self.optimizer.step()

    def _cost(self, X: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
        Z = self.model(X)
        if y.ndim == 1:
            return F.cross_entropy(Z, y)
        if self.case.loss == "own":
            return ((1 + (torch.sigmoid(Z) - y) ** 2).sqrt() - 1).mean()
        if weights is not None:
            losses = F.binary_cross_entropy_with_logits(Z, y, reduction="none")[:, 0]
            return (losses * weights).sum() / weights.sum()
        cost = F.binary_cross_entropy_with_logits(Z, y)
        if self.case.l2:
            penalties = [W.square().sum() for W in self.model.parameters() if W.ndim == 2]
            cost = cost + self.case.l2 / 2 * sum(penalties[1:], penalties[0])
        return cost


class CompiledTorch(Torch):
    """Gathering, forward, backward and update compiled into one piece of machine code."""

    def prepare(self) -> None:
        torch._inductor.config.cpp.threads = self.threads
        self._compiled = torch.compile(self._whole_step, dynamic=False, fullgraph=True)
        super().prepare()

    def reset(self) -> None:
        with torch.no_grad():
            for ours, value in zip(self.model.parameters(), self.work.first_values(), strict=True):
                ours.copy_(torch.from_numpy(value.T))
        self.names = [name for name, _ in self.model.named_parameters()]
        self.values = [value.detach() for value in self.model.parameters()]
        self.moments = [torch.zeros_like(value) for value in (*self.values, *self.values)]
        self.corrections = torch.zeros(2)

    def _warm_up(self) -> None:
        X = torch.from_numpy(self.work.floats()) if self.X is None else self.X
        rows = None if self.order is None else self.order[0]
        self._take(X, rows, 1)

    def run(self) -> None:
        X = self.X
        if X is None:
            X = torch.from_numpy(self.work.X).to(torch.float32).div_(255)
        steps = [None] * self.case.steps if self.order is None else self.order
        for number, rows in enumerate(steps, start=1):
            self._take(X, rows, number)

    def _take(self, X: Tensor, rows: Tensor | None, number: int) -> None:
        if self.case.optimizer == "adam":
            self.corrections[0] = self.case.rate / (1 - 0.9**number)
            self.corrections[1] = (1 - 0.999**number) ** -0.5
        self._compiled(self.values, self.moments, self.corrections, X, self.targets, self.weights, rows)

    def _whole_step(
        self,
        values: list[Tensor],
        moments: list[Tensor],
        corrections: Tensor,
        X: Tensor,
        y: Tensor,
        weights: Tensor | None,
        rows: Tensor | None,
    ) -> None:
        if rows is not None:
            X, y = X[rows], y[rows]
            weights = None if weights is None else weights[rows]

        def cost(values: list[Tensor]) -> Tensor:
            by_name = dict(zip(self.names, values, strict=True))
            return self._functional_cost(by_name, X, y, weights)

        gradients = torch.func.grad(cost)(values)
        for i, (w, g) in enumerate(zip(values, gradients, strict=True)):
            if self.case.optimizer == "adam":
                m, v = moments[i], moments[len(values) + i]
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.999).addcmul_(g, g, value=0.001)
                w.sub_(corrections[0] * m / (v.sqrt() * corrections[1] + _ADAM["eps"]))
            else:
                w.sub_(g, alpha=self.case.rate)

    def _functional_cost(self, by_name: dict[str, Tensor], X: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
        Z = torch.func.functional_call(self.model, by_name, (X,))
        if y.ndim == 1:
            return F.cross_entropy(Z, y)
        if self.case.loss == "own":
            return ((1 + (torch.sigmoid(Z) - y) ** 2).sqrt() - 1).mean()
        if weights is not None:
            losses = F.binary_cross_entropy_with_logits(Z, y, reduction="none")[:, 0]
            return (losses * weights).sum() / weights.sum()
        cost = F.binary_cross_entropy_with_logits(Z, y)
        if self.case.l2:
            cost = cost + self.case.l2 / 2 * sum(W.square().sum() for W in by_name.values() if W.ndim == 2)
        return cost

    def parameters(self) -> list[Array]:
        return [np.array(value.numpy().T) for value in self.values]
