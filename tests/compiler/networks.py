"""The networks whose programs the tests look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import chainrule as cr
from chainrule.compiler.differentiate import differentiate
from chainrule.compiler.lower import Compiled, EntrySpec, compile_program
from chainrule.graph.expression import Expression

RATE = cr.variable("learning_rate")


def layers(
    sizes: Sequence[int], *, scale: float | None = None, dropout: bool = False
) -> tuple[Expression, list[Expression]]:
    """Logits of a network with relu, and its parameters: W and b of each layer in turn."""
    A = cr.examples("X", features=sizes[0])
    A = A if scale is None else A / scale
    parameters: list[Expression] = []
    for number, (n, k) in enumerate(pairwise(sizes), start=1):
        W, b = cr.parameter(f"W{number}", (n, k)), cr.parameter(f"b{number}", (k,))
        parameters += [W, b]
        Z = A @ W + b
        A = cr.relu(Z)
        if dropout and number < len(sizes) - 1:
            A = cr.Dropout(0.5)(A, node=number)
    return Z, parameters


def cross_entropy(Z: Expression) -> Expression:
    y, a = cr.examples("y", features=1), cr.sigmoid(Z)
    return cr.mean(-(y * cr.log(a) + (1 - y) * cr.log(1 - a)))


def step(J: Expression, parameters: Sequence[Expression]) -> Compiled:
    found = differentiate(J, parameters)
    updates = {w: w - RATE * g for w, g in zip(parameters, found.gradients, strict=True)}
    return compile_program({"step": EntrySpec({"cost": found.cost}, updates)}, scalars=[RATE])


def value_and_gradient(J: Expression, parameters: Sequence[Expression]) -> Compiled:
    found = differentiate(J, parameters)
    gradients = {f"d{w.name}": g for w, g in zip(parameters, found.gradients, strict=True)}
    return compile_program({"value_and_gradient": EntrySpec({"cost": found.cost} | gradients)})


def forward(sizes: Sequence[int]) -> Compiled:
    Z, _ = layers(sizes, scale=255)
    return compile_program({"forward": EntrySpec({"y_hat": cr.sigmoid(Z)})})


def logistic_regression() -> Compiled:
    Z, parameters = layers([12288, 1], scale=255)
    return step(cross_entropy(Z), parameters)


def deep_network() -> Compiled:
    Z, parameters = layers([784, 256, 128, 1], scale=255)
    return step(cross_entropy(Z), parameters)


def gradient_of_deep_network() -> Compiled:
    Z, parameters = layers([784, 256, 128, 1], scale=255)
    return value_and_gradient(cross_entropy(Z), parameters)


def three_classes() -> Compiled:
    Z, parameters = layers([4, 3])
    return step(cr.mean(-cr.log(cr.softmax(Z)[cr.examples("y")])), parameters)


def dropout_and_penalty() -> Compiled:
    Z, parameters = layers([20, 8, 1], dropout=True)
    penalty = cr.sum(parameters[0] ** 2) + cr.sum(parameters[2] ** 2)
    return step(cross_entropy(Z) + 0.01 * penalty, parameters)


def two_phases() -> Compiled:
    x, w = cr.examples("x", features=3), cr.parameter("w", (3,))
    z = x @ w
    return step(cr.mean(z) ** 2 + cr.log(cr.sum(cr.exp(z))), [w])


PROGRAMS: dict[str, Callable[[], Compiled]] = {
    "step of logistic regression": logistic_regression,
    "step of a deep network": deep_network,
    "forward of a deep network": lambda: forward([784, 256, 128, 1]),
    "value and gradient of a deep network": gradient_of_deep_network,
    "step of softmax with three classes": three_classes,
    "step with dropout and a penalty": dropout_and_penalty,
    "step in two phases": two_phases,
}
