"""Graphs as plain data for files, and back: what is read is rebuilt through the registry and checked, never run.

The data holds `nodes`, each a list of four (operation, positions of its inputs, attributes, name) after its inputs,
and `roots`, positions of nodes. Arrays are nested lists beside their shape; shapes of results are inferred again.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import CONSTANT, COUNT, DRAW, EXAMPLES, PARAMETER, VARIABLE, Expression, is_constant
from chainrule.graph.op import REGISTRY, Array, Op
from chainrule.graph.walk import topological

MOST_NODES = 10_000
MOST_NUMBERS = 1_000_000
_LARGEST = 2**31 - 1
_LARGEST_FLOAT = float(np.finfo(np.float64).max)
_MOST_AXES = 8
_LONGEST_NAME = 200


def to_data(roots: Sequence[Expression]) -> dict[str, Any]:
    """Turn expressions into plain values (dicts, lists, texts, numbers) that JSON holds exactly.

    Args:
        roots: expressions; what they share stays shared.

    Returns:
        A dict for `from_data`.

    Raises:
        UserError: a graph that a file cannot hold: a parameter with an initializer, a number that is not finite,
            an empty array, or more nodes or numbers than `from_data` takes.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> to_data([2.5 * z])["nodes"][2]
        ['multiply', [0, 1], {}, None]
    """
    order = topological(roots)
    if len(order) > MOST_NODES:
        raise UserError(f"a graph in a file has at most {MOST_NODES:,} operations, but this one has {len(order):,}")
    positions = {node: position for position, node in enumerate(order)}
    nodes = [_node_to_data(node, [positions[source] for source in node.inputs]) for node in order]
    if sum(_numbers_in(node) for node in order) > MOST_NUMBERS:
        raise UserError(f"a graph in a file has at most {MOST_NUMBERS:,} constant numbers; this one has more")
    return {"nodes": nodes, "roots": [positions[root] for root in roots]}


def from_data(data: object) -> list[Expression]:
    """Rebuild the expressions that `to_data` stored.

    Args:
        data: what `to_data` returned, perhaps through a JSON file. It may come from anywhere: it is checked whole.

    Returns:
        The roots. Variables and other leaves are new nodes, found by name among the leaves of the roots.

    Raises:
        UserError: anything malformed; the message says which node and why.

    Example:
        >>> import chainrule as cr
        >>> z = cr.variable("z")
        >>> print(from_data(to_data([2.5 * cr.exp(z)]))[0])
        2.5 * exp(z)
    """
    whole = _record(data, "a stored graph", ("nodes", "roots"))
    items = _list(whole["nodes"], "the nodes of a stored graph", most=MOST_NODES)
    reader = _Reader()
    for item in items:
        reader.read(item)
    roots = _list(whole["roots"], "the roots of a stored graph", most=MOST_NODES)
    return [reader.nodes[_position(root, len(items), "a root")] for root in roots]


# Attributes: how each is written and read. The names that an operation has are those of its forward function.


class _Kind(NamedTuple):
    write: Callable[[Any], Any]
    read: Callable[[Any, str], Any]


_LEAF_ATTRIBUTES = {
    VARIABLE: ("shape",),
    EXAMPLES: ("shape",),
    PARAMETER: ("shape", "init"),
    COUNT: (),
    CONSTANT: ("value",),
    DRAW: ("shape", "node"),
}


def attribute_names(op: Op) -> tuple[str, ...]:
    """Return the names of the attributes that an operation is stored with.

    >>> from chainrule.graph.op import REGISTRY
    >>> attribute_names(REGISTRY["sum"])
    ('axes', 'keepdims')
    """
    if op.leaf:
        return _LEAF_ATTRIBUTES[op]
    if op.opcode is not None or not isinstance(op.forward, FunctionType):
        return ()  # the machine's scalar operations and NumPy's own functions have nothing but inputs
    return tuple(inspect.signature(op.forward).parameters)[_arity(op) :]


def _arity(op: Op) -> int:
    return len(op.vjps)


def _write_array(value: Array) -> dict[str, Any]:
    array = np.asarray(value, dtype=np.float64)
    if not array.size or not np.isfinite(array).all():
        raise UserError("a graph in a file has finite numbers only and no empty arrays; this one has others")
    return {"shape": list(array.shape), "values": array.tolist()}


def _write_initial(value: object) -> dict[str, Any]:
    if callable(value):
        raise UserError("a graph with a parameter that has an initializer cannot be stored; give it a number first")
    return _write_array(np.asarray(value))


def _read_array(value: object, what: str) -> Array:
    record = _record(value, what, ("shape", "values"))
    shape = _read_shape(record["shape"], what)
    if shapes.has_examples(shape) or shapes.size(shape) > MOST_NUMBERS:
        raise UserError(
            f"{what} has shape {shapes.text(shape)}: an array has known axes and {MOST_NUMBERS:,} numbers"
        )
    sizes = shapes.concrete(shape, 0)
    return np.array(_flat(record["values"], sizes, what), dtype=np.float64).reshape(sizes)


def _flat(values: object, sizes: tuple[int, ...], what: str) -> list[float]:
    if not sizes:
        return [_read_number(values, what)]
    rows = _list(values, what, most=sizes[0])
    if len(rows) != sizes[0]:
        raise UserError(f"{what} has an axis of {len(rows)} numbers where its shape says {sizes[0]}")
    return [number for row in rows for number in _flat(row, sizes[1:], what)]


def _read_number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError(f"{what} must be a number, not {_shown(value)}")
    # Compared before it is converted: JSON's whole numbers may be larger than any float.
    if not -_LARGEST_FLOAT <= value <= _LARGEST_FLOAT:
        raise UserError(f"{what} must be finite, not {_shown(value)}")
    return float(value)


def _read_whole(value: object, what: str, *, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LARGEST:
        raise UserError(f"{what} must be a whole number from {least} to {_LARGEST}, not {_shown(value)}")
    return value


def _read_shape(value: object, what: str) -> shapes.Shape:
    axes = _list(value, f"the shape of {what}", most=_MOST_AXES)
    shape: shapes.Shape = tuple(
        shapes.M if axis == shapes.M else _read_whole(axis, f"an axis of {what}", least=1) for axis in axes
    )
    if shape.count(shapes.M) > 1 or shapes.size(shape) > _LARGEST:
        raise UserError(f"{what} cannot have shape {shapes.text(shape)}")
    return shape


def _read_axes(value: object, what: str) -> tuple[int, ...]:
    axes = [_read_whole(axis, what) for axis in _list(value, what, most=_MOST_AXES)]
    if axes != sorted(set(axes)):
        raise UserError(f"{what} must be in order and each once, not {axes}")
    return tuple(axes)


def _read_bool(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{what} must be true or false, not {_shown(value)}")
    return value


_KINDS: dict[str, _Kind] = {
    "alpha": _Kind(float, _read_number),
    "axes": _Kind(list, _read_axes),
    "classes": _Kind(int, lambda value, what: _read_whole(value, what, least=1)),
    "init": _Kind(_write_initial, _read_array),
    "keepdims": _Kind(bool, _read_bool),
    "node": _Kind(int, _read_whole),
    "shape": _Kind(list, _read_shape),
    "value": _Kind(_write_array, _read_array),
}


def _node_to_data(node: Expression, inputs: list[int]) -> list[Any]:
    if node.name is not None and len(node.name) > _LONGEST_NAME:
        raise UserError(f"a name in a stored graph has at most {_LONGEST_NAME} characters: {_shown(node.name)}")
    stored = {name: _KINDS[name].write(node.attributes[name]) for name in attribute_names(node.op)}
    for name, value in stored.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"{node.op.name}: {name} is {value}; a graph in a file has finite numbers only")
    return [node.op.name, inputs, stored, node.name]


def _numbers_in(node: Expression) -> int:
    return shapes.size(node.shape) if node.op in (CONSTANT, PARAMETER) else 0


class _Reader:
    """Rebuilds nodes one after the other and keeps count of what they hold."""

    def __init__(self) -> None:
        self.nodes: list[Expression] = []
        self.numbers = 0

    def read(self, item: object) -> None:
        """Check one node's data and build it on those before it."""
        what = f"node {len(self.nodes)} of a stored graph"
        parts = _list(item, what, most=4)
        if len(parts) != 4:
            raise UserError(
                f"{what} must be an operation, its inputs, attributes and name; it has {len(parts)} parts"
            )
        op = _read_op(parts[0], what)
        inputs = self._inputs(op, parts[1], what)
        attributes = _read_attributes(op, parts[2], f"{what} ({op.name})")
        try:
            node = Expression(op, inputs, attributes, _read_name(parts[3], what))
        except UserError as reason:
            raise UserError(f"{what}: {reason}") from None
        _check_node(node, what)
        self.numbers += _numbers_in(node)
        if self.numbers > MOST_NUMBERS:
            raise UserError(f"a stored graph has more than {MOST_NUMBERS:,} constant numbers")
        self.nodes.append(node)

    def _inputs(self, op: Op, value: object, what: str) -> list[Expression]:
        positions = _list(value, f"the inputs of {what}", most=MOST_NODES)
        if len(positions) != _arity(op):
            raise UserError(f"{what}: {op.name} takes {_arity(op)} inputs, not {len(positions)}")
        return [self.nodes[_position(item, len(self.nodes), f"an input of {what}")] for item in positions]


def _read_op(name: object, what: str) -> Op:
    if not isinstance(name, str) or name not in REGISTRY:
        raise UserError(f"{what} has the unknown operation {_shown(name)}; was it made by a newer version?")
    return REGISTRY[name]


def _read_attributes(op: Op, value: object, what: str) -> dict[str, Any]:
    names = attribute_names(op)
    stored = _record(value, f"the attributes of {what}", names)
    attributes = {name: _KINDS[name].read(stored[name], f"{name} of {what}") for name in names}
    if op is CONSTANT:
        attributes["value"].flags.writeable = False
        attributes["shape"] = attributes["value"].shape
    if op is COUNT:
        attributes["shape"] = ()
    return attributes


def _read_name(name: object, what: str) -> str | None:
    if name is not None and (not isinstance(name, str) or len(name) > _LONGEST_NAME):
        raise UserError(
            f"the name of {what} must be a text of at most {_LONGEST_NAME} characters, not {_shown(name)}"
        )
    return name


def _check_node(node: Expression, what: str) -> None:
    """Check what no shape rule sees."""
    if shapes.size(node.shape) > _LARGEST or len(node.shape) > _MOST_AXES:
        raise UserError(f"{what} would have shape {shapes.text(node.shape)}: that is too large")
    if node.op is EXAMPLES and node.shape[:1] != (shapes.M,):
        raise UserError(f"{what}: data has the axis of examples first, not shape {shapes.text(node.shape)}")
    if node.op is PARAMETER:
        initial = node.attributes["init"].shape
        if shapes.has_examples(node.shape) or initial not in ((), node.shape):
            raise UserError(f"{what}: a parameter of shape {shapes.text(node.shape)} cannot start as {initial}")
    if node.op.name == "broadcast_to":
        count = node.inputs[1]
        known = (
            count.op is COUNT if shapes.has_examples(node.shape) else count.shape == () and is_constant(count, 1.0)
        )
        if not known:
            raise UserError(f"{what}: the second input of broadcast_to must be the number of examples")


# Pieces of any record.


def _record(value: object, what: str, names: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        there = sorted(map(_shown, value)) if isinstance(value, dict) else _shown(value)
        raise UserError(f"{what} must have exactly {', '.join(names) or 'nothing'}, not {_shown(there)}")
    return value


def _list(value: object, what: str, *, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise UserError(f"{what} must be a list, not {_shown(value)}")
    if len(value) > most:
        raise UserError(f"{what} must have at most {most:,} entries, not {len(value):,}")
    return value


def _position(value: object, count: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
        raise UserError(f"{what} must be the position of one of the {count} nodes before it, not {_shown(value)}")
    return value


def _shown(value: object) -> str:
    """Show a value in an error without trusting its size or its depth."""
    if isinstance(value, str | int | float) or value is None:
        text = repr(value) if not isinstance(value, int) or abs(value) < 10**30 else "a huge number"
        return text if len(text) <= 60 else f"{text[:57]}..."
    return (
        f"a {type(value).__name__} of {len(value)} entries" if isinstance(value, list | dict) else str(type(value))
    )
