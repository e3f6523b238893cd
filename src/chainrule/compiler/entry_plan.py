"""What the NumPy machine has to know of an entry before it runs it, found out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.map_plan import MapPlan
from chainrule.compiler.program import (
    Buffer,
    Entry,
    Instruction,
    Map,
    Matmul,
    Phase,
    Program,
    Reduce,
    concrete,
    destinations_of,
    elements,
    memory_of,
    sources_of,
)

Section = tuple[Instruction, ...]


@dataclass(frozen=True)
class Sum:
    """A sum (or maximum) over the examples: its buffer, its shape and the number it starts from."""

    at: int
    shape: tuple[int, ...]
    start: float


@dataclass(frozen=True)
class PhasePlan:
    """A phase: its instructions, its sums, the data it reads, and the rows in a block of the size aimed at."""

    prologue: Section
    block: Section
    sums: tuple[Sum, ...]
    data: tuple[int, ...]
    block_rows: int


@dataclass(frozen=True, eq=False)
class EntryPlan:
    """An entry: its phases, the data and scalars that it reads, and the plans of its maps by their identity."""

    entry: Entry
    phases: tuple[PhasePlan, ...]
    data: tuple[tuple[int, Buffer], ...]
    scalars: tuple[tuple[int, Buffer], ...]
    maps: dict[int, MapPlan]


def plan_entry(program: Program, entry: Entry, dtype: np.dtype[Any], block_bytes: int) -> EntryPlan:
    """Plan an entry for a machine of the given type, with blocks whose values by example are about that large."""
    used = [(at, program.buffers[at]) for at in sorted(_read_by(program, tuple(entry.instructions())))]
    return EntryPlan(
        entry,
        tuple(_plan_phase(program, phase, block_bytes // dtype.itemsize) for phase in entry.phases),
        tuple((at, buffer) for at, buffer in used if buffer.kind == "data"),
        tuple((at, buffer) for at, buffer in used if buffer.kind == "scalar"),
        {id(item): MapPlan(item, program.buffers, dtype) for item in entry.instructions() if isinstance(item, Map)},
    )


def _read_by(program: Program, section: Section) -> set[int]:
    return {memory_of(program.buffers, at) for item in section for at in sources_of(item)}


def _plan_phase(program: Program, phase: Phase, block_elements: int) -> PhasePlan:
    read = _read_by(program, phase.block)
    touched = read.union(*(destinations_of(item) for item in phase.block))
    width = sum(elements(program.buffers[at].shape) for at in touched if "m" in program.buffers[at].shape)
    return PhasePlan(
        phase.prologue,
        phase.block,
        tuple(_sum(program, item) for item in phase.block if isinstance(item, Matmul | Reduce) and item.accumulate),
        tuple(sorted(at for at in read if program.buffers[at].kind == "data")),
        max(1, block_elements // max(width, 1)),
    )


def _sum(program: Program, item: Matmul | Reduce) -> Sum:
    start = -np.inf if isinstance(item, Reduce) and item.kind == "max" else 0.0
    return Sum(item.destination, concrete(program.buffers[item.destination].shape, 0), start)
