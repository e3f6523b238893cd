"""The code as a whole: what stands at the top, and its functions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from chainrule.graph.expression import Expression
from chainrule.graph.op import Array
from chainrule.graph.text import Notation
from chainrule.network.layers import Dense, Dropout
from chainrule.network.numpy_code.block import WIDTH, Line, block
from chainrule.network.numpy_code.costs import Cost
from chainrule.network.numpy_code.layout import shape_text
from chainrule.network.numpy_code.names import Names
from chainrule.network.numpy_code.scribe import Module

INDENT = "    "
_WIDEST_COLUMN = 46


def statements(
    module: Module, items: Sequence[tuple[str, Expression]], known: dict[Expression, str], names: Names
) -> tuple[list[Line], set[Expression], bool]:
    """Write one node after the other; each is known to those that follow.

    Returns:
        The lines, what they read of what was known before, and whether they read m.
    """
    lines: list[Line] = []
    outside, read, counts = set(known), set[Expression](), False
    for name, node in items:
        written = block(module, [(name, node)], known, names)
        lines += written.lines
        read |= written.read & outside
        counts = counts or written.counts
        known.setdefault(node, name)
    return lines, read, counts


def laid_out(lines: Iterable[tuple[str, str]], indent: str = INDENT) -> list[str]:
    """Put code and comments in two columns; a comment that finds no room stands above its line."""
    pairs = list(lines)
    column = max((len(code) for code, words in pairs if words and len(code) <= _WIDEST_COLUMN), default=0)
    result: list[str] = []
    for code, words in pairs:
        beside = f"{indent}{code:<{column}}  # {words}"
        if not words:
            result.append(f"{indent}{code}".rstrip())
        elif len(beside) <= WIDTH:
            result.append(beside)
        else:
            result += [f"{indent}# {words}", f"{indent}{code}"]
    return result


def listed(before: str, items: Sequence[str], after: str, indent: str = INDENT) -> list[str]:
    """Write items between brackets, on one line or on as many as they need."""
    line = f"{indent}{before}{', '.join(items)}{after}"
    if len(line) <= WIDTH:
        return [line]
    inner = indent + INDENT
    rows = textwrap.wrap(", ".join(item.replace(" ", "\0") for item in items) + ",", WIDTH - len(inner))
    return [f"{indent}{before}", *(f"{inner}{row}".replace("\0", " ") for row in rows), f"{indent}{after}"]


def unpacked(names: Iterable[str], mapping: str, indent: str = INDENT) -> list[str]:
    """Take values out of a dictionary: two a line, the W and b of a layer together."""
    names = list(names)
    lines: list[str] = []
    for pair in (names[start : start + 2] for start in range(0, len(names), 2)):
        taken = ", ".join(f'{mapping}["{name}"]' for name in pair)
        lines.append(f"{indent}{', '.join(pair)} = {taken}")
    return lines


def dictionary(values: Mapping[str, str]) -> list[str]:
    """The items of a dictionary.

    >>> dictionary({"W1": "dW1"})
    ['"W1": dW1']
    """
    return [f'"{name}": {value}' for name, value in values.items()]


def comment(words: str, indent: str = INDENT) -> list[str]:
    """Write a comment on lines of its own."""
    text = " ".join(words.split())
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#     ", break_long_words=False
    )


def top(title: str, facts: Sequence[tuple[str, str]], words: str) -> list[str]:
    """The docstring of the module."""
    width = max(len(name) for name, _ in facts) + 2
    lines = [f'"""{title}', "", *(f"{name:<{width}}{fact}" for name, fact in facts), ""]
    return [*lines, *textwrap.wrap(words, WIDTH), '"""', ""]


def definitions(module: Module) -> list[str]:
    """Imports, arrays of numbers, and functions that stand for operations."""
    lines = [*sorted(module.imports), ""] if module.imports else []
    lines.append("import numpy as np")
    if module.constants:
        lines.append("")
    for name, value in module.constants.items():
        lines += [f"{name} = np.array(", *(f"{INDENT}{row}" for row in _numbers(value)), ")"]
    for body, name in module.helpers.items():
        lines += ["", "", *body.replace("NAME", name, 1).rstrip("\n").split("\n")]
    return lines


def _numbers(value: Array) -> list[str]:
    """Write an array with all its digits."""
    text = np.array2string(
        value, separator=", ", threshold=value.size, max_line_width=WIDTH - 8, floatmode="unique"
    )
    return text.replace("nan", "np.nan").replace("inf", "np.inf").split("\n")


def facts(cost: Cost, module: Module, notation: Notation) -> list[tuple[str, str]]:
    """What the code is about: layers, loss, and the shapes of inputs and parameters."""
    layers = [
        f'Dense({layer.units}, "{layer.activation.name}")' if isinstance(layer, Dense) else f"{layer!r}"
        for layer in cost.network.layers
        if not isinstance(layer, Dropout) or layer.rate
    ]
    wrapped = textwrap.wrap(", ".join(layers), WIDTH - 10)
    found = [("layers" if row == 0 else "", text) for row, text in enumerate(wrapped)]
    found.append(("loss", cost.loss.name))
    whole = cost.all_examples
    kind = "one column an example" if notation == "columns" else "one row an example"
    labels = {"binary": "0 or 1", "categorical": "whole numbers from 0", "values": "numbers"}[cost.loss.kind]
    found.append(("X", f"{shape_text(module.layout.shape(whole.X.shape))}, {kind}"))
    found.append(("y", f"{shape_text(module.layout.shape(whole.y.shape))}, {labels}"))
    for node in cost.parameters:
        found.append((str(node.name), shape_text(module.layout.shape(node.shape))))
    return found


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
    text = UPDATE.replace("RATE", f"{learning_rate:g}" if learning_rate >= 1e-4 else repr(learning_rate))
    return text.replace("RNG", rng).rstrip("\n").split("\n")
