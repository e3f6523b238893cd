"""Programs as bytes: a safetensors container whose metadata is the program and whose tensors are its constants."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any, get_args

from numpy.typing import NDArray

from chainrule.compiler.program import (
    Buffer,
    BufferKind,
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Operand,
    OperandKind,
    Phase,
    Program,
    Reduce,
    ScalarStep,
    Shape,
    Transpose,
)
from chainrule.compiler.verify import MalformedProgram, verify
from chainrule.tensors import pack, unpack

FORMAT = "chainrule program 1"

_KINDS: dict[str, type[Instruction]] = {cls.__name__.lower(): cls for cls in (Matmul, Map, Reduce, Draw, Transpose)}


def to_bytes(program: Program) -> bytes:
    """Pack a program."""
    constants = {str(i): b.value for i, b in enumerate(program.buffers) if b.value is not None}
    content = {
        "buffers": [[b.name, b.kind, list(b.shape), b.slot, b.base] for b in program.buffers],
        "entries": [_entry_data(entry) for entry in program.entries.values()],
    }
    return pack(constants, {"format": FORMAT, "program": json.dumps(content)})


def _entry_data(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "phases": [[_section_data(p.prologue), _section_data(p.block)] for p in entry.phases],
        "epilogue": _section_data(entry.epilogue),
        "outputs": dict(entry.outputs),
    }


def _section_data(section: tuple[Instruction, ...]) -> list[dict[str, Any]]:
    return [{"is": type(item).__name__.lower(), **dataclasses.asdict(item)} for item in section]


def from_bytes(data: bytes) -> Program:
    """Read a packed program and verify it."""
    constants, metadata = unpack(data, what="the program")
    if metadata.get("format") != FORMAT:
        raise MalformedProgram(f"this is {metadata.get('format', 'nothing that I know')}, not {FORMAT!r}")
    try:
        content = json.loads(metadata["program"], object_pairs_hook=_without_twins)
        buffers = tuple(_buffer(i, item, constants) for i, item in enumerate(content["buffers"]))
        entries = _without_twins([(item["name"], _entry(item)) for item in content["entries"]])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as reason:
        raise MalformedProgram(f"malformed program: {reason!r}") from None
    program = Program(buffers, entries)
    if len(constants) != len([buffer for buffer in buffers if buffer.kind == "constant"]):
        raise MalformedProgram("malformed program: there are tensors that belong to no constant")
    verify(program)
    return program


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a mapping of names that are all different: no value may hide another."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a name comes twice among {[name for name, _ in pairs]}")
    return found


def _buffer(number: int, item: list[Any], constants: Mapping[str, NDArray[Any]]) -> Buffer:
    name, kind, shape, slot, base = item
    if kind not in get_args(BufferKind):
        raise ValueError(f"unknown kind of buffer {kind!r}")
    value = constants.get(str(number)) if kind == "constant" else None
    return Buffer(_text(name), kind, _shape(shape), _whole_or_none(slot), _whole_or_none(base), value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _wholes(values: Any) -> tuple[int, ...]:
    return tuple(_whole(value) for value in values)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _shape(axes: Any) -> Shape:
    return tuple("m" if axis == "m" else _whole(axis) for axis in axes)


def _entry(item: dict[str, Any]) -> Entry:
    phases = tuple(Phase(_section(prologue), _section(block)) for prologue, block in item["phases"])
    outputs = {_text(name): _whole(at) for name, at in item["outputs"].items()}
    return Entry(_text(item["name"]), phases, _section(item["epilogue"]), outputs)


def _section(items: Any) -> tuple[Instruction, ...]:
    return tuple(_instruction(item) for item in items)


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "destination": _whole,
    "a": _whole,
    "b": _whole,
    "source": _whole,
    "node": _whole,
    "transpose_a": _flag,
    "transpose_b": _flag,
    "accumulate": _flag,
    "kind": _text,
    "axes": _wholes,
    "destinations": _wholes,
    "sources": _wholes,
    "results": _wholes,
    "steps": lambda steps: tuple(_step(step) for step in steps),
}


def _instruction(item: dict[str, Any]) -> Instruction:
    kind = _KINDS[item["is"]]
    names = [one.name for one in dataclasses.fields(kind)]
    if set(item) != {"is", *names}:
        raise ValueError(f"{item['is']} has the fields {sorted(item)}")
    return kind(**{name: _FIELDS[name](item[name]) for name in names})


def _step(item: dict[str, Any]) -> ScalarStep:
    return ScalarStep(_text(item["opcode"]), tuple(_operand(operand) for operand in item["operands"]))


def _operand(item: dict[str, Any]) -> Operand:
    kind, value = item["kind"], item["value"]
    if kind not in get_args(OperandKind):
        raise ValueError(f"unknown kind of operand {kind!r}")
    if kind != "number":
        return Operand(kind, _whole(value))
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a number")
    return Operand(kind, float(value))
