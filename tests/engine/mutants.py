"""Programs with faults: words changed at random, and programs whose buffers and instructions were."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast, get_args

import numpy as np

from chainrule.compiler.program import Buffer, BufferKind, Entry, Instruction, Phase, Program
from chainrule.compiler.words import words_of
from chainrule.opcodes import OPCODES
from tests.compiler import networks, programs
from tests.engine.reading import MOST, Words

BASES: dict[str, Callable[[], Program]] = {
    "by hand": programs.program,
    "with a draw": lambda: programs.draw_in_block(("m", 2)),
    "two phases": lambda: networks.two_phases().program,
    "three classes": lambda: networks.three_classes().program,
    "dropout and penalty": lambda: networks.dropout_and_penalty().program,
    "forward": lambda: networks.forward([6, 5, 1]).program,
}

_EXTREMES = [0, 1, -1, -2, 2, 8, 9, MOST, MOST + 1, 2**31 - 1, 2**31, 2**32, -(2**31), 2**40, 2**40 + 1, 2**62]
_EXTREMES += [2**63 - 1, -(2**63), -(2**63) + 1, 0x43524C45]
_AXES: list[int | str] = ["m", "m", 1, 1, 2, 3, 4, 0, -5, 2**20, 2**40, 2**41, 2**62, 2**63 - 1]


def mutated_words(words: Words, choose: random.Random) -> Words:
    """Words with one to four changes; now and then also other numbers for the constants."""
    numbers = words[0].tolist()
    for _ in range(choose.choice([1, 1, 1, 2, 4])):
        _change_word(numbers, choose)
    constants = words[1]
    if choose.random() < 0.05:
        size = choose.choice([0, 1, len(constants), len(constants) + 1])
        constants = np.frombuffer(choose.randbytes(4 * size), np.float32)
    return np.array(numbers, dtype=np.int64), constants


def _change_word(numbers: list[int], choose: random.Random) -> None:
    if not numbers:
        return
    at, other = choose.randrange(len(numbers)), choose.randrange(len(numbers))
    match choose.randrange(9):
        case 0:
            flipped = numbers[at] ^ (1 << choose.choice([0, 1, 2, 3, choose.randrange(64)]))
            numbers[at] = (flipped + 2**63) % 2**64 - 2**63
        case 1:
            numbers[at], numbers[other] = numbers[other], numbers[at]
        case 2:
            del numbers[at : at + choose.choice([1, 1, 3, len(numbers)])]
        case 3:
            numbers.insert(at, choose.choice([numbers[other], *_EXTREMES]))
        case 4:
            numbers[at] = choose.choice(_EXTREMES)
        case 5 | 6:
            numbers[at] = min(max(numbers[at] + choose.choice([-1, 1]), -(2**63)), 2**63 - 1)
        case 7:
            numbers[at] = numbers[other]
        case _:
            numbers[at:at] = numbers[other : other + choose.randrange(8)]


def mutated_program(program: Program, choose: random.Random) -> Program:
    """A program with one to four changes to its buffers, instructions or outputs."""
    for _ in range(choose.choice([1, 1, 2, 4])):
        change = choose.choice([_with_other_buffer, _with_other_entry, _with_other_entry, _with_other_entry])
        program = change(program, choose)
    return program


def _with_other_buffer(program: Program, choose: random.Random) -> Program:
    buffers = list(program.buffers)
    at = choose.randrange(len(buffers))
    buffers[at] = _other_buffer(buffers[at], len(buffers), choose)
    if choose.random() < 0.1:
        buffers.append(replace(choose.choice(buffers), name=f"more {len(buffers)}"))
    return Program(tuple(buffers), program.entries)


def _other_buffer(buffer: Buffer, count: int, choose: random.Random) -> Buffer:
    match choose.randrange(5):
        case 0:
            kind = choose.choice(get_args(BufferKind))
            return replace(buffer, kind=cast("BufferKind", kind), slot=choose.choice([None, buffer.slot, 1]))
        case 1:
            return replace(buffer, slot=choose.choice([None, *range(-1, 8), count - 1, count, MOST]))
        case 2:
            return replace(buffer, base=choose.choice([None, -1, *range(count), count, MOST]))
        case 3:
            return replace(buffer, shape=_other_shape(buffer.shape, choose))
        case _:
            # A view of it, or the same memory in another form.
            shape = choose.choice([(1, *buffer.shape), (*buffer.shape, 1), buffer.shape[::-1]])
            return Buffer(buffer.name, "view", shape, base=choose.randrange(count))


def _other_shape(shape: tuple[Any, ...], choose: random.Random) -> tuple[Any, ...]:
    axes = list(shape)
    place = choose.randrange(len(axes) + 1)
    match choose.randrange(4):
        case 0:
            choose.shuffle(axes)
        case 1:
            axes.insert(place, choose.choice(_AXES))
        case 2:
            del axes[place : place + 1]
        case _:
            axes[place : place + 1] = [choose.choice(_AXES)]
    return tuple(axes)


def _with_other_entry(program: Program, choose: random.Random) -> Program:
    name = choose.choice(list(program.entries))
    changed = _other_entry(program.entries[name], len(program.buffers), choose)
    return Program(program.buffers, {**program.entries, name: changed})


def _other_entry(entry: Entry, count: int, choose: random.Random) -> Entry:
    sections = [list(part) for phase in entry.phases for part in (phase.prologue, phase.block)]
    sections.append(list(entry.epilogue))
    section, other = choose.choice([s for s in sections if s] or sections), choose.choice(sections)
    outputs = dict(entry.outputs)
    match choose.randrange(7):
        case 0 if section:
            del section[choose.randrange(len(section))]
        case 1 if section:
            other.insert(choose.randrange(len(other) + 1), choose.choice(section))
        case 2:
            choose.shuffle(section)
        case 3:
            outputs[choose.choice(["out", *outputs])] = choose.randrange(-1, count + 1)
        case _ if section:
            at = choose.randrange(len(section))
            section[at] = _other_instruction(section[at], count, choose)
    phases = tuple(Phase(tuple(sections[i]), tuple(sections[i + 1])) for i in range(0, len(sections) - 1, 2))
    return Entry(entry.name, phases, tuple(sections[-1]), outputs)


def _other_instruction(item: Instruction, count: int, choose: random.Random) -> Instruction:
    field = choose.choice(dataclasses.fields(item)).name
    value = getattr(item, field)
    return replace(item, **{field: _other_value(field, value, count, choose)})


def _other_value(field: str, value: Any, count: int, choose: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if field == "kind":
        return choose.choice(["sum", "max"])
    if field == "node":
        return choose.choice([0, 1, -1, 2**63 - 1])
    if field == "steps":
        return _other_steps(value, choose)
    if isinstance(value, int):
        return choose.randrange(-1, count + 1)
    numbers = list(value)
    place = choose.randrange(len(numbers) + 1)
    numbers[place : place + choose.choice([0, 1, 1])] = [choose.randrange(-1, 4 if field == "axes" else count)]
    return tuple(numbers[: choose.choice([len(numbers), len(numbers), len(numbers) - 1])])


def _other_steps(steps: tuple[Any, ...], choose: random.Random) -> tuple[Any, ...]:
    if not steps:
        return steps
    made = list(steps)
    at = choose.randrange(len(made))
    operands = list(made[at].operands)
    place = choose.randrange(len(operands) + 1)
    match choose.randrange(4):
        case 0:
            made[at] = replace(made[at], opcode=choose.choice(list(OPCODES)))
        case 1:
            made.insert(at, made[at])
        case 2 if place < len(operands) and operands[place].kind != "number":
            value = choose.randrange(-1, len(made))
            operands[place] = replace(operands[place], kind=choose.choice(["source", "step"]), value=value)
            made[at] = replace(made[at], operands=tuple(operands))
        case _:
            odd = replace(operands[0], kind="number", value=choose.choice([0.0, -1.5, 1e300, np.inf, np.nan]))
            operands[place : place + choose.choice([0, 1, 1, 1])] = [odd]
            made[at] = replace(made[at], operands=tuple(operands))
    return tuple(made)


def mutants(base: str, seed: int, count: int) -> list[Words]:
    """So many sets of words made from one program: half by its words, half by its instructions."""
    choose = random.Random(f"{base} {seed}")
    program = BASES[base]()
    words = words_of(program)
    found = []
    for number in range(count):
        made = mutated_words(words, choose) if number % 2 else words_of(mutated_program(program, choose))
        found.append(made)
    return found
