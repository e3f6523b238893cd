"""Programs from their words, read in Python as `engine/decode.cpp` reads them; names are numbers."""

from __future__ import annotations

import math
import struct
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
    Phase,
    Program,
    Reduce,
    ReduceKind,
    ScalarStep,
    Shape,
    Transpose,
)
from chainrule.opcodes import OPCODES

Words = tuple[NDArray[np.int64], NDArray[np.float32]]

MOST = 2**24
_KINDS = get_args(BufferKind)
_OPERANDS = get_args(OperandKind)
_OPCODES = list(OPCODES)


class Unreadable(Exception):
    """The words are no program."""


def read_back(words: Words) -> Program:
    """The program that the words say; Unreadable where they say none."""
    return _Reader(words).program()


class _Reader:
    def __init__(self, words: Words) -> None:
        self.words, self.constants = words[0].tolist(), words[1]
        self.place = self.numbers = 0

    def program(self) -> Program:
        self._must(self._word() == 0x43524C45 and self._word() == 1)
        buffers, entries = self._count(), self._count()
        found = Program(
            tuple(self._buffer(number) for number in range(buffers)),
            {str(number): self._entry(str(number)) for number in range(entries)},
        )
        self._must(self.place == len(self.words) and self.numbers == len(self.constants))
        return found

    def _must(self, condition: bool) -> None:
        if not condition:
            raise Unreadable

    def _word(self) -> int:
        self._must(self.place < len(self.words))
        self.place += 1
        return int(self.words[self.place - 1])

    def _between(self, low: int, high: int) -> int:
        found = self._word()
        self._must(low <= found <= high)
        return found

    def _count(self) -> int:
        return self._between(0, min(MOST, len(self.words) - self.place))

    def _at(self) -> int:
        return self._between(-1, MOST)

    def _flag(self) -> bool:
        return self._between(0, 1) == 1

    def _places(self) -> tuple[int, ...]:
        return tuple(self._at() for _ in range(self._count()))

    def _buffer(self, number: int) -> Buffer:
        kind = _KINDS[self._between(0, len(_KINDS) - 1)]
        slot, base = self._at(), self._at()
        axes = [self._word() for _ in range(self._count())]
        shape: Shape = tuple("m" if axis == -1 else axis for axis in axes)
        offset = self._word()
        value = None if offset == -1 else self._value(offset, axes)
        return Buffer(
            f"buffer {number}", kind, shape, None if slot < 0 else slot, None if base < 0 else base, value
        )

    def _value(self, offset: int, axes: list[int]) -> NDArray[np.float64]:
        size = 1
        for axis in axes:
            self._must(0 < axis <= MOST)
            size *= axis
            self._must(size <= MOST * 64)
        self._must(offset == self.numbers and size <= len(self.constants) - offset)
        self.numbers += size
        found = self.constants[offset : offset + size].astype(np.float64)
        # NumPy knows fewer axes than a damaged program may name; the rules refuse those.
        return found.reshape(axes) if len(axes) <= 32 else found

    def _entry(self, name: str) -> Entry:
        phases = tuple(Phase(self._section(), self._section()) for _ in range(self._count()))
        epilogue = self._section()
        return Entry(name, phases, epilogue, {str(i): at for i, at in enumerate(self._places())})

    def _section(self) -> tuple[Instruction, ...]:
        return tuple(self._instruction() for _ in range(self._count()))

    def _instruction(self) -> Instruction:
        match self._between(0, 4):
            case 0:
                return Matmul(self._at(), self._at(), self._at(), self._flag(), self._flag(), self._flag())
            case 1:
                destinations, sources = self._places(), self._places()
                steps = tuple(self._step() for _ in range(self._count()))
                return Map(destinations, sources, steps, self._places())
            case 2:
                destination, source = self._at(), self._at()
                kind: ReduceKind = "max" if self._flag() else "sum"
                return Reduce(destination, source, kind, self._places(), self._flag())
            case 3:
                return Draw(self._at(), self._word())
            case _:
                return Transpose(self._at(), self._at())

    def _step(self) -> ScalarStep:
        opcode = _OPCODES[self._between(0, len(_OPCODES) - 1)]
        return ScalarStep(opcode, tuple(self._operand() for _ in range(self._count())))

    def _operand(self) -> Operand:
        kind = _OPERANDS[self._between(0, len(_OPERANDS) - 1)]
        if kind == "number":
            number = struct.unpack("<d", struct.pack("<q", self._word()))[0]
            return Operand(kind, math.nan if math.isnan(number) else number)
        return Operand(kind, self._at())
