"""Programs as the words that the engine reads: whole numbers in a row, and the numbers of the constants."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import get_args

import numpy as np
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
    Program,
    Reduce,
    ScalarStep,
    Transpose,
)
from chainrule.opcodes import OPCODES

_MAGIC, _VERSION = 0x43524C45, 1
_EXAMPLES = -1
_KINDS = {kind: code for code, kind in enumerate(get_args(BufferKind))}
_OPERANDS = {kind: code for code, kind in enumerate(get_args(OperandKind))}
_OPCODES = {name: code for code, name in enumerate(OPCODES)}


def words_of(program: Program) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Write a program as words and the numbers of its constants; entries and buffers keep their order.

    `engine/decode.cpp` reads them.

    Example:
        >>> words, constants = words_of(Program((), {}))
        >>> len(words), len(constants)
        (4, 0)
    """
    constants = [buffer.value.ravel() for buffer in program.buffers if buffer.value is not None]
    words = [_MAGIC, _VERSION, len(program.buffers), len(program.entries)]
    offset = 0
    for buffer in program.buffers:
        words += _buffer(buffer, offset)
        offset += 0 if buffer.value is None else buffer.value.size
    for entry in program.entries.values():
        words += _entry(entry)
    with np.errstate(over="ignore"):
        numbers = np.concatenate(constants).astype(np.float32) if constants else np.empty(0, np.float32)
    return np.array(words, dtype=np.int64), numbers


def _buffer(buffer: Buffer, offset: int) -> list[int]:
    shape = [_EXAMPLES if axis == "m" else axis for axis in buffer.shape]
    slot = -1 if buffer.slot is None else buffer.slot
    base = -1 if buffer.base is None else buffer.base
    return [_KINDS[buffer.kind], slot, base, *_listed(shape), -1 if buffer.value is None else offset]


def _listed(numbers: Sequence[int]) -> list[int]:
    return [len(numbers), *numbers]


def _entry(entry: Entry) -> Iterator[int]:
    yield len(entry.phases)
    for phase in entry.phases:
        yield from _section(phase.prologue)
        yield from _section(phase.block)
    yield from _section(entry.epilogue)
    yield from _listed(list(entry.outputs.values()))


def _section(section: Sequence[Instruction]) -> Iterator[int]:
    yield len(section)
    for item in section:
        yield from _instruction(item)


def _instruction(item: Instruction) -> list[int]:
    match item:
        case Matmul():
            flags = [int(item.transpose_a), int(item.transpose_b), int(item.accumulate)]
            return [0, item.destination, item.a, item.b, *flags]
        case Map():
            steps = [word for step in item.steps for word in _step(step)]
            return [
                1,
                *_listed(item.destinations),
                *_listed(item.sources),
                len(item.steps),
                *steps,
                *_listed(item.results),
            ]
        case Reduce():
            maximum = int(item.kind == "max")
            return [2, item.destination, item.source, maximum, *_listed(item.axes), int(item.accumulate)]
        case Draw():
            return [3, item.destination, item.node]
        case Transpose():
            return [4, item.destination, item.source]


def _step(step: ScalarStep) -> list[int]:
    return [
        _OPCODES[step.opcode],
        len(step.operands),
        *(word for operand in step.operands for word in _operand(operand)),
    ]


def _operand(operand: Operand) -> tuple[int, int]:
    if operand.kind == "number":
        return _OPERANDS["number"], struct.unpack("<q", struct.pack("<d", operand.value))[0]
    return _OPERANDS[operand.kind], int(operand.value)
