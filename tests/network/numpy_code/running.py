"""Running written code, and values in the form in which they lie in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expression
from chainrule.graph.shapes import Shape, has_examples
from chainrule.network.numpy_code.block import block
from chainrule.network.numpy_code.code import NumpyCode
from chainrule.network.numpy_code.header import definitions
from chainrule.network.numpy_code.layout import Layout
from chainrule.network.numpy_code.names import Names
from chainrule.network.numpy_code.scribe import Module

Array = NDArray[Any]


def run(text: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run code in a namespace of its own; what it warns of is an error."""
    namespace: dict[str, Any] = dict(given or {})
    with warnings.catch_warnings(), np.errstate(divide="warn", over="warn", invalid="warn"):
        warnings.simplefilter("error")
        exec(compile(text, "written code", "exec"), namespace)
    return namespace


def functions(code: NumpyCode) -> Any:
    """The functions of written code, which turn warnings into errors when they are called."""
    namespace = run(code.text)

    def strict(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            with warnings.catch_warnings(), np.errstate(divide="warn", over="warn", invalid="warn"):
                warnings.simplefilter("error")
                return function(*arguments, **named)

        return call

    return SimpleNamespace(**{name: strict(namespace[name]) for name in code.names})


def as_written(value: Any, shape: Shape, *, columns: bool) -> Array:
    """A value of the graph as it lies in the code."""
    array = np.asarray(value)
    if not columns:
        return array
    if len(shape) == 2:
        return array.T
    return array[:, None] if len(shape) == 1 and not has_examples(shape) else array


def computed(
    targets: Sequence[Expression], given: Mapping[Expression, Any], *, columns: bool, m: int
) -> list[Array]:
    """Write nodes as NumPy code, run it, and return their values as they lie in the code."""
    module = Module(Layout(columns))
    names = Names()
    known = {node: names.claim(str(node.name)) for node in given}
    results = [(names.claim(f"result{index}"), node) for index, node in enumerate(targets)]
    lines = [f"{line.name} = {line.text}" for line in block(module, results, known, names).lines]
    values = {known[node]: as_written(value, node.shape, columns=columns) for node, value in given.items()}
    namespace = run("\n".join([*definitions(module), "", *lines]), {**values, "m": m})
    return [np.asarray(namespace[name]) for name, _ in results]
