"""A network with a cost, taken apart: what is computed for each example, and what follows from the sum."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chainrule.graph.expression import (
    DRAW,
    Expression,
    example_count,
    examples,
    is_constant,
    variable,
)
from chainrule.graph.gradients import gradients
from chainrule.graph.rewrite import stable_copies
from chainrule.graph.walk import substitute, topological
from chainrule.network.connected import Connected
from chainrule.network.layers import Dropout
from chainrule.network.losses import Function, Loss, mean_cost, per_example
from chainrule.network.network import Network
from chainrule.network.numpy_code.one_example import one_example
from chainrule.network.numpy_code.sound import Chain, chain
from chainrule.network.outputs import labels_input, loss_for
from chainrule.network.penalties import penalised


@dataclass(frozen=True)
class Examples:
    """What is computed for each example, all of them at once or one alone.

    Attributes:
        X, y: the inputs.
        forward: the named nodes of the network and its random numbers, by name, in order.
        L: the loss in its sound form.
        each: one loss an example, read from `loss`.
        loss: stands for L.
        in_loss: the named nodes between the output and L, by name.
        chain: the derivatives.
    """

    X: Expression
    y: Expression
    forward: Mapping[str, Expression]
    L: Expression
    each: Expression
    loss: Expression
    in_loss: Mapping[str, Expression]
    chain: Chain


@dataclass(frozen=True)
class Cost:
    """The graph of a network with a cost.

    Attributes:
        network: the network.
        loss: the loss function.
        written: L as it was written.
        sound: whether its sound form is computed with the same operations.
        all_examples: with the axis m.
        parameters: W1, b1, ...
        total: stands for the sum of the losses.
        J: the cost, read from `total`.
        J_of_losses: the cost, read from `all_examples.loss`.
        factor: dJ/d(total).
        penalties: what the penalties add to the derivative by a parameter.
    """

    network: Network
    loss: Loss
    written: Expression
    sound: bool
    all_examples: Examples
    parameters: list[Expression]
    total: Expression
    J: Expression
    J_of_losses: Expression
    factor: Expression
    penalties: Mapping[Expression, Expression]

    @classmethod
    def build(
        cls, network: Network, features: int, loss: str | Loss | Function | None, *, l1: float, l2: float
    ) -> Cost:
        """Connect a network and its loss.

        Raises:
            UserError: a loss that does not suit the network, or strengths of penalties that make no sense.
        """
        X = examples("X", features=features)
        connected = network.connect(X, training=True)
        chosen = loss_for(network, loss)
        y = labels_input(chosen, connected.output)
        L = chosen(connected.output, y)
        found = _named(connected)
        inside = _named_inside(L, found)
        copies = stable_copies([*found.values(), *inside.values(), L])
        forward = {name: copies[node] for name, node in found.items()}
        in_loss = {name: copies[node] for name, node in inside.items()}
        each = per_example(copies[L])
        everything = _examples(X, y, forward, in_loss, copies[L], each, connected.parameters)
        total = variable("total")
        mean = mean_cost(everything.loss)
        J_of_losses = penalised(mean, connected.weights, l1=l1, l2=l2)
        J = substitute([J_of_losses], {mean: total / example_count()})[0]
        reached = [W for W in connected.parameters if W in set(topological([J]))]
        factor, *added = gradients(J, [total, *reached])
        return cls(
            network=network,
            loss=chosen,
            written=L,
            sound=_operations(copies[L]) <= _operations(L),
            all_examples=everything,
            parameters=connected.parameters,
            total=total,
            J=J,
            J_of_losses=J_of_losses,
            factor=factor,
            penalties=dict(zip(reached, added, strict=True)),
        )

    def one_example(self) -> Examples:
        """The same without the axis m."""
        whole = self.all_examples
        each = per_example(whole.L)
        one = one_example([*whole.forward.values(), *whole.in_loss.values(), each, whole.X, whole.y])
        forward = {name: one[node] for name, node in whole.forward.items()}
        in_loss = {name: one[node] for name, node in whole.in_loss.items()}
        return _examples(one[whole.X], one[whole.y], forward, in_loss, one[whole.L], one[each], self.parameters)

    def gradient(self, parameter: Expression, of_sum: Expression) -> Expression:
        """The derivative of J by a parameter, from that of the sum of the losses."""
        if self.factor.op.name == "divide" and is_constant(self.factor.inputs[0], 1.0):
            mean = of_sum / self.factor.inputs[1]
        else:
            mean = self.factor * of_sum
        return mean + self.penalties[parameter] if parameter in self.penalties else mean

    @property
    def drops(self) -> bool:
        """Whether dropout draws random numbers."""
        return any(isinstance(layer, Dropout) and layer.rate > 0 for layer in self.network.layers)


def _named(connected: Connected) -> dict[str, Expression]:
    """The named nodes of a network in order, its random numbers as U1, U2, ..., and what dropout leaves of A."""
    dropped: dict[Expression, str] = {}
    before = "X"
    for layer in connected.layers:
        if isinstance(layer.layer, Dropout) and layer.layer.rate:
            dropped[layer.A] = f"{before}_dropped"
        before = layer.A.name or before
    found: dict[str, Expression] = {}
    draws = 0
    for node in topological([connected.output]):
        draws += node.op is DRAW
        wish = f"U{draws}" if node.op is DRAW else dropped.get(node) or (None if node.op.leaf else node.name)
        if wish:
            found[_free(wish, found)] = node
    return found


def _named_inside(L: Expression, before: Mapping[str, Expression]) -> dict[str, Expression]:
    """The nodes that a person's own loss has named."""
    known, found = set(before.values()), dict[str, Expression]()
    for node in topological([L], lambda node: () if node in known else node.inputs):
        if node.name and not node.op.leaf and node not in known and node is not L:
            found[_free(node.name, {*before, *found, "L"})] = node
    return found


def _operations(L: Expression) -> set[str]:
    return {node.op.name for node in topological([L])}


def _free(wish: str, taken: Collection[str]) -> str:
    name, number = wish, 1
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    return name


def _examples(
    X: Expression,
    y: Expression,
    forward: Mapping[str, Expression],
    in_loss: Mapping[str, Expression],
    L: Expression,
    each: Expression,
    parameters: list[Expression],
) -> Examples:
    found = chain({**forward, **in_loss, "L": L}, each, parameters)
    settled = dict(found.forward)
    sound = settled.pop("L")
    inner = {name: settled.pop(name) for name in in_loss}
    loss = variable("L", L.shape)
    return Examples(X, y, settled, sound, substitute([each], {L: loss})[0], loss, inner, found)
