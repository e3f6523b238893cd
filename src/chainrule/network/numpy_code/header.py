"""What stands around the functions of a network: the docstring, arrays of numbers, operations, the update."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.op import Array
from chainrule.network.layers import Dense, Dropout
from chainrule.network.numpy_code.block import WIDTH
from chainrule.network.numpy_code.costs import Cost
from chainrule.network.numpy_code.layout import Layout, shape_text
from chainrule.network.numpy_code.page import INDENT, wrapped
from chainrule.network.numpy_code.scribe import Module, number


def top(title: str, facts: Sequence[tuple[str, str]], words: str) -> list[str]:
    """The docstring of the module."""
    width = max(len(name) for name, _ in facts) + 2
    lines = [f'"""{title}', "", *(f"{name:<{width}}{fact}" for name, fact in facts), ""]
    for paragraph in words.split("\n"):
        lines += textwrap.wrap(paragraph, WIDTH)
    return [*lines, '"""', ""]


def definitions(module: Module) -> list[str]:
    """Imports, arrays of numbers, and functions that stand for operations."""
    lines = [*sorted(module.imports), ""] if module.imports else []
    lines.append("import numpy as np")
    if module.constants:
        lines.append("")
    for name, value in module.constants.items():
        lines += _constant(name, value)
    for body, name in module.helpers.items():
        lines += ["", "", *body.replace("NAME", name, 1).rstrip("\n").split("\n")]
    return lines


def _constant(name: str, value: Array) -> list[str]:
    """Write an array with all its digits, on one line if it fits."""
    width = WIDTH - len(INDENT)
    text = np.array2string(
        value, separator=", ", threshold=value.size, max_line_width=width, formatter={"float_kind": repr_of}
    )
    if "\n" not in text and len(name) + len(text) + len(" = np.array()") <= WIDTH:
        return [f"{name} = np.array({text})"]
    return [f"{name} = np.array(", *(f"{INDENT}{row}" for row in text.split("\n")), ")"]


def repr_of(value: float | np.floating[Any]) -> str:
    """Write a number as a float, so that an array of whole numbers is one of floats too.

    >>> repr_of(2.0), repr_of(float("-inf"))
    ('2.0', '-np.inf')
    """
    return repr(float(value)) if np.isfinite(value) else number(float(value)).text


def facts(cost: Cost, layout: Layout) -> list[tuple[str, str]]:
    """What the code is about: layers, loss, and the shapes of inputs and parameters."""
    layers = [
        f'Dense({layer.units}, "{_word(layer.activation.name)}")' if isinstance(layer, Dense) else f"{layer!r}"
        for layer in cost.network.layers
        if not isinstance(layer, Dropout) or layer.rate
    ]
    found = [("" if row else "layers", text) for row, text in enumerate(wrapped(layers, WIDTH - 10))]
    found.append(("loss", _word(cost.loss.name)))
    kind = "one column an example" if layout.columns else "one row an example"
    labels = {"binary": "0 or 1", "categorical": "whole numbers from 0", "values": "numbers"}[cost.loss.kind]
    whole = cost.all_examples
    found.append(("X", f"{shape_text(layout.shape(whole.X.shape))}, {kind}"))
    found.append(("y", f"{shape_text(layout.shape(whole.y.shape))}, {labels}"))
    return found + [(str(node.name), shape_text(layout.shape(node.shape))) for node in cost.parameters]


def _word(name: str) -> str:
    return name if name.isidentifier() else "custom"


UPDATE = '''def update(parameters, gradients, learning_rate):
    """One step downhill: W := W - learning_rate * dW, for every parameter."""
    return {
        name: parameters[name] - learning_rate * gradients[name] for name in parameters
    }


def gradient_descent(X, y, parametersRNG, learning_rate=RATE, steps=1000):
    """Take many steps; return the parameters, and the cost before each step."""
    costs = []
    for step in range(steps):
        J, gradients = cost_and_gradients(X, y, parametersRNG)
        parameters = update(parameters, gradients, learning_rate)
        costs.append(J)
    return parameters, costs
'''


def update_functions(learning_rate: float, rng: str) -> list[str]:
    """The functions `update` and `gradient_descent`."""
    text = UPDATE.replace("RATE", number(learning_rate).text)
    return text.replace("RNG", rng).rstrip("\n").split("\n")
