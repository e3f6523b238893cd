"""Small programs written by hand, and ways to break them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chainrule.compiler.program import (
    Buffer,
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Operand,
    Phase,
    Program,
    Reduce,
    ScalarStep,
    Transpose,
)

# What the programs below are made of, by number.
BUFFERS = (
    X := Buffer("X", "data", ("m", 3)),
    W := Buffer("W", "state", (3, 2)),
    rate := Buffer("rate", "scalar", ()),
    half := Buffer("half", "constant", (2,), value=np.array([0.5, 0.25])),
    z := Buffer("z", "temporary", ("m", 2), slot=0),
    a := Buffer("a", "temporary", ("m", 2), slot=1),
    total := Buffer("total", "accumulator", (3, 2)),
    out := Buffer("out", "rows", ("m", 2)),
    scaled := Buffer("scaled", "temporary", (3, 2), slot=2),
    size := Buffer("size", "result", ()),
    flat := Buffer("W", "view", (6,), base=1),
    top := Buffer("top", "accumulator", (2,)),
    turned := Buffer("turned", "temporary", (2, 3), slot=3),
    m := Buffer("m", "scalar", ()),
)
X_, W_, RATE, HALF, Z, A, TOTAL, OUT, SCALED, SIZE, FLAT, TOP, TURNED, COUNT = range(len(BUFFERS))


def step(opcode: str, *operands: int | float | str) -> ScalarStep:
    """Make a step: a whole number is a source, "0" an earlier step, 0.5 a number."""

    def operand(item: int | float | str) -> Operand:
        if isinstance(item, str):
            return Operand("step", int(item))
        return Operand("number", item) if isinstance(item, float) else Operand("source", item)

    return ScalarStep(opcode, tuple(operand(item) for item in operands))


def one_map(destination: int, sources: Sequence[int], *steps: ScalarStep) -> Map:
    return Map((destination,), tuple(sources), steps, (len(steps) - 1,))


SCALE = one_map(SCALED, [W_, HALF], step("multiply", 0, 1))
PRODUCT = Matmul(Z, X_, SCALED)
SQUASH = one_map(A, [Z], step("tanh", 0), step("add", "0", 0.5))
WRITE = one_map(OUT, [A], step("copy", 0))
ADD = Matmul(TOTAL, X_, A, transpose_a=True, accumulate=True)
HIGHEST = Reduce(TOP, A, "max", (0,), accumulate=True)
TURN = Transpose(TURNED, TOTAL)
MEASURE = Reduce(SIZE, TURNED, "sum", (0, 1))
UPDATE = one_map(
    W_, [W_, TOTAL, RATE, COUNT], step("multiply", 1, 2), step("divide", "0", 3), step("subtract", 0, "1")
)
PROLOGUE: tuple[Instruction, ...] = (SCALE,)
BLOCK: tuple[Instruction, ...] = (PRODUCT, SQUASH, WRITE, ADD, HIGHEST)
EPILOGUE: tuple[Instruction, ...] = (TURN, MEASURE, UPDATE)
OUTPUTS = {"out": OUT, "size": SIZE, "top": TOP}


def program(
    *,
    buffers: Mapping[int, Buffer] | None = None,
    prologue: Sequence[Instruction] = PROLOGUE,
    block: Sequence[Instruction] = BLOCK,
    epilogue: Sequence[Instruction] = EPILOGUE,
    more: Sequence[Phase] = (),
    outputs: Mapping[str, int] = OUTPUTS,
) -> Program:
    """The whole program, or one with something else in a place."""
    changed = dict(enumerate(BUFFERS)) | dict(buffers or {})
    phases = (Phase(tuple(prologue), tuple(block)), *more)
    entry = Entry("entry", phases, tuple(epilogue), outputs)
    return Program(tuple(changed[at] for at in sorted(changed)), {"entry": entry})


def draw_in_block(shape: tuple[int | str, ...]) -> Program:
    numbers = Buffer("numbers", "temporary", shape, slot=4)  # type: ignore[arg-type]
    return program(buffers={len(BUFFERS): numbers}, block=(*BLOCK, Draw(len(BUFFERS), 0)))
