"""chainrule: the case as a network and a cost, whose steps the engine takes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from contender import Array, Contender, Unsuited
from data import SEED, Work

import chainrule as cr
from chainrule.compiler.machine import Batches
from chainrule.training.descent import Descent


def own_activation(z: Any) -> Any:
    """A person's own activation."""
    return z / (1 + cr.abs(z))


def own_loss(y_hat: Any, y: Any) -> Any:
    """A person's own loss."""
    return cr.sqrt(1 + (y_hat - y) ** 2) - 1


class Steps(Contender):
    """The steps of a descent that is compiled already, as `cr.minimize` and `cr.fit` take them."""

    descent: Descent

    def prepare(self) -> None:
        J, connected, *_ = graph(self.work)
        values = dict(zip(connected.parameters, self.work.first_values(), strict=True))
        self.descent = Descent(
            J, connected.parameters, values, optimizer=optimizer(self.work), seed=SEED, engine="engine"
        )
        self.start = self.descent.whole_state()
        # The first step of a descent makes its buffers.
        self._take(1)

    def reset(self) -> None:
        self.descent.restore_state(self.start)

    def run(self) -> None:
        self._take(self.case.steps)

    def _take(self, steps: int) -> None:
        work, case = self.work, self.case
        data = {"X": work.X, "y": work.targets} | ({"weights": work.weights} if case.weighted else {})
        batches = Batches.all_rows(case.rows, steps)
        if case.batch is not None:
            batches = Batches(work.order.reshape(-1), np.arange(steps + 1) * case.batch)
        done = 0
        # A call comes back now and then, so that progress can be shown.
        while done < steps:
            rates = np.full(steps - done, case.rate)
            done += len(self.descent.steps(data, done + 1, rates, batches.between(done, steps))["cost"])

    def parameters(self) -> list[Array]:
        return self.descent.values()


class Minimize(Contender):
    """The whole call of `cr.minimize`: graph, compiling, drawing the order, steps, the cost at the end."""

    DUAL: ClassVar[bool | None] = None

    def prepare(self) -> None:
        # The package imports a function when it is first asked for; imports of peers are not measured either.
        self.minimize = cr.minimize

    def reset(self) -> None:
        pass

    def run(self) -> None:
        work = self.work
        J, connected, X, y, weights = graph(work)
        data = {X: work.X, y: work.targets} | ({} if weights is None else {weights: work.weights})
        self.found = self.minimize(
            J,
            connected.parameters,
            data=data,
            optimizer=optimizer(work),
            steps=work.case.steps,
            batch_size=work.case.batch or "all",
            seed=SEED,
            initial=dict(zip(connected.parameters, work.first_values(), strict=True)),
            progress=False,
            engine="engine",
            dual=self.DUAL,
        )

    def parameters(self) -> list[Array]:
        return [np.asarray(value) for value in self.found.parameters.values()]


class Direct(Minimize):
    """`cr.minimize` told to keep the weights as they are, where it would keep them as sums of rows."""

    DUAL = False

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        if not self.case.with_set_up:
            raise Unsuited("is the same as without")


def whole(work: Work, threads: int) -> Contender:
    """The whole call, where it is not what is compared with the peers anyway."""
    if work.case.with_set_up:
        raise Unsuited("is what is compared already")
    return Minimize(work, threads)


def chainrule(work: Work, threads: int) -> Contender:
    """What is compared with the peers: the steps, or everything where set-up counts."""
    return (Minimize if work.case.with_set_up else Steps)(work, threads)


def graph(work: Work) -> tuple[Any, ...]:
    """The cost of a case, the network in it, and its data: J, connected, X, y, weights."""
    case = work.case
    X = cr.examples("X", features=case.features)
    rows = X
    if case.data == "bytes":
        rows = X / 255
    elif case.data == "standardised":
        shift, scale = work.shift_and_scale
        rows = (X - cr.constant(shift)) * cr.constant(scale)
    layers: list[Any] = [cr.Dense(n, own_activation if g == "own" else g) for n, g in case.layers]
    if case.dropout:
        layers.insert(1, cr.Dropout(case.dropout))
    connected = cr.Network(layers).connect(rows, training=True)
    loss, y = _loss(work, connected.output)
    weights = cr.examples("weights") if case.weighted else None
    J = cr.mean(loss) if weights is None else cr.sum(weights * cr.reshape(loss, ("m",))) / cr.sum(weights)
    if case.l2:
        penalties = [cr.sum(W**2) for W in connected.weights]
        J = J + case.l2 / 2 * sum(penalties[1:], penalties[0])
    return J, connected, X, y, weights


def _loss(work: Work, y_hat: Any) -> tuple[Any, Any]:
    if work.targets.ndim == 1:
        y = cr.examples("y")
        return cr.categorical_cross_entropy(y_hat, y), y
    y = cr.examples("y", features=1)
    return (own_loss if work.case.loss == "own" else cr.binary_cross_entropy)(y_hat, y), y


def optimizer(work: Work) -> Any:
    """The case's optimizer."""
    return cr.Adam(work.case.rate) if work.case.optimizer == "adam" else cr.GradientDescent(work.case.rate)
