"""A person's own functions from expressions to an expression: calling, checking, storing and loading them.

They are stored as the expression graph that they build, so a file holds mathematics and never code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import CONSTANT, COUNT, VARIABLE, Expression, variable
from chainrule.graph.serialize import from_data, to_data
from chainrule.graph.shapes import Shape
from chainrule.graph.walk import substitute, topological

Function: TypeAlias = Callable[..., Expression]


def display_name(function: Function) -> str:
    """Name a function for messages and tables; "custom" where it has no name of its own.

    >>> display_name(lambda z: z)
    'custom'
    """
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else "custom"


def call(function: Function, what: str, *arguments: Expression) -> Expression:
    """Call a person's function, which must return an expression.

    Raises:
        UserError: it failed (with the failure as its cause) or returned something else.
    """
    try:
        result: object = function(*arguments)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{what} failed on expressions ({type(error).__name__}: {error}); it gets expressions, so build it "
            "from operators and chainrule's own functions, for example cr.exp instead of NumPy's exp"
        ) from error
    if not isinstance(result, Expression):
        raise UserError(f"{what} must return an expression, not {type(result).__name__}")
    return result


def probe(function: Function, what: str, arguments: Mapping[str, Shape]) -> tuple[Expression, list[Expression]]:
    """Call a person's function on variables and check that it fits into any graph.

    Args:
        function: takes one expression for each argument.
        what: the function, for messages.
        arguments: the name and shape of each variable, the first of which the result must depend on.

    Returns:
        The result and the variables.

    Raises:
        UserError: the function fails, has parameters or data of its own, or lets examples meet.
    """
    inputs = [variable(name, shape) for name, shape in arguments.items()]
    result = call(function, what, *inputs)
    _check_graph(result, inputs, what)
    return result, inputs


def store(function: Function, what: str, arguments: Mapping[str, Shape]) -> dict[str, Any]:
    """Return the graph that a function builds on variables, as plain values."""
    return to_data([probe(function, what, arguments)[0]])


def load(data: object, what: str, arguments: Mapping[str, Shape]) -> Function:
    """Return a function that builds a stored graph on its arguments.

    Raises:
        UserError: the data is malformed or not a graph of these arguments; and, by the returned function, an
            argument of another shape than the graph was stored for.
    """
    roots = from_data(data)
    if len(roots) != 1:
        raise UserError(f"{what} is stored as a graph with one result, not {len(roots)}")
    (root,) = roots
    found = {node.name: node for node in topological([root]) if node.op is VARIABLE}
    variables = [found.get(name, variable(name, shape)) for name, shape in arguments.items()]
    for node, shape in zip(variables, arguments.values(), strict=True):
        if node.shape != shape:
            raise UserError(
                f"{what} is stored with {node} of shape {_text(node.shape)} where {_text(shape)} belongs"
            )
    _check_graph(root, variables, what)

    def function(*given: Expression) -> Expression:
        for node, expression in zip(variables, given, strict=True):
            if expression.shape != node.shape:
                raise UserError(
                    f"{what} was stored for {node} of shape {_text(node.shape)}, not {_text(expression.shape)}"
                )
        return substitute([root], dict(zip(variables, given, strict=True)))[0]

    return function


def _text(shape: Shape) -> str:
    return shapes.text(shape)


def _check_graph(result: Expression, inputs: list[Expression], what: str) -> None:
    order = topological([result])
    if inputs[0] not in order:
        raise UserError(f"{what} does not depend on {inputs[0]}, so nothing could be learned through it")
    depends = set(inputs)
    for node in order:
        _check_leaf(node, inputs, what)
        if any(source.op is COUNT and node.op.name != "broadcast_to" for source in node.inputs):
            raise UserError(f"{what} uses the number of examples; each example must stand alone")
        if any(source in depends for source in node.inputs):
            depends.add(node)
            if not shapes.has_examples(node.shape):
                raise UserError(f"{what} mixes examples in {node}; each example must stand alone: say axis=1")


def _check_leaf(node: Expression, inputs: list[Expression], what: str) -> None:
    if node.op.leaf and node.op is not CONSTANT and node.op is not COUNT and node not in inputs:
        names = " and ".join(str(item) for item in inputs)
        raise UserError(f"{what} uses {node}, but it may use nothing but {names} and constants")
