"""Memory: temporaries that are never needed at the same time share a slot, and unused buffers are dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from chainrule.compiler.program import (
    Buffer,
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Phase,
    Program,
    Reduce,
    Shape,
    Transpose,
    destinations_of,
    elements,
    memory_of,
    sources_of,
)
from chainrule.compiler.table import BufferTable

_OWN_KINDS = {"temporary", "accumulator", "constant"}


def allocate(entry: Entry, table: BufferTable) -> None:
    """Give each temporary of an entry a slot, by replacing its buffer in the table."""
    instructions = list(entry.instructions())
    last_read = _last_reads(entry, table)
    pool = _Pool(next_slot=1 + max((b.slot for b in table.buffers if b.slot is not None), default=-1))
    live: set[int] = set()
    for position, instruction in enumerate(instructions):
        dying = {at for at in live if last_read.get(at, -1) <= position}
        targets = [at for at in destinations_of(instruction) if table.buffers[at].kind == "temporary"]
        # A map goes element by element, so it may write over a source of the same shape that it reads last.
        reusable = {at for at in dying if isinstance(instruction, Map) and _same_shape(table, at, targets)}
        for at in reusable:
            pool.free(table.buffers[at])
        for at in targets:
            if table.buffers[at].slot is None:
                table.buffers[at] = replace(table.buffers[at], slot=pool.take(table.buffers[at].shape))
                live.add(at)
        for at in dying - reusable:
            pool.free(table.buffers[at])
        live -= dying


def _same_shape(table: BufferTable, at: int, targets: Sequence[int]) -> bool:
    return any(table.buffers[at].shape == table.buffers[target].shape for target in targets)


def _last_reads(entry: Entry, table: BufferTable) -> dict[int, int]:
    """Find where each buffer is read last; a block repeats, so what it takes from outside lives to its end."""
    last: dict[int, int] = {}
    position = 0
    for _, section in entry.sections():
        end = position + len(section) - 1
        written = {at for item in section for at in destinations_of(item)}
        for item in section:
            for at in (table.memory(source) for source in sources_of(item)):
                last[at] = max(last.get(at, 0), position if at in written else end)
            position += 1
    return last


@dataclass
class _Pool:
    """Free slots by the kind of their size: rows of examples or fixed."""

    next_slot: int

    def __post_init__(self) -> None:
        self.free_slots: dict[bool, list[tuple[int, int]]] = {True: [], False: []}

    def take(self, shape: Shape) -> int:
        size, free = elements(shape), self.free_slots["m" in shape]
        if not free:
            self.next_slot += 1
            return self.next_slot - 1
        # The smallest that is large enough, or else the largest, which grows.
        best = min(free, key=lambda item: (item[0] < size, item[0] if item[0] >= size else -item[0]))
        free.remove(best)
        return best[1]

    def free(self, buffer: Buffer) -> None:
        assert buffer.slot is not None
        self.free_slots["m" in buffer.shape].append((elements(buffer.shape), buffer.slot))


def compact(buffers: Sequence[Buffer], entries: Mapping[str, Entry]) -> Program:
    """Drop buffers that nothing uses, number the rest anew, and give temporaries names of their own."""
    used = {at for entry in entries.values() for at in _used_by(entry)}
    used |= {memory_of(buffers, at) for at in used}
    kept = [at for at, b in enumerate(buffers) if at in used or b.kind in {"data", "state", "scalar"}]
    new = {at: number for number, at in enumerate(kept)}
    names = _names(buffers, kept)
    bases = [buffers[at].base for at in kept]
    renumbered = tuple(
        replace(buffers[at], name=names[at], base=None if base is None else new[base])
        for at, base in zip(kept, bases, strict=True)
    )
    return Program(renumbered, {name: _renumber_entry(entry, new) for name, entry in entries.items()})


def _names(buffers: Sequence[Buffer], kept: Sequence[int]) -> dict[int, str]:
    """Number what the compiler named, past the names that people gave."""
    numbers = {name: count(1) for name in ("t", "sum", "constant")}
    own = {at for at in kept if buffers[at].kind in _OWN_KINDS and buffers[at].name in numbers}
    taken = {buffers[at].name for at in kept if at not in own}
    names: dict[int, str] = {}
    for at in kept:
        base = buffers[at].name
        names[at] = next(n for i in numbers[base] if (n := f"{base}{i}") not in taken) if at in own else base
    return names


def _used_by(entry: Entry) -> set[int]:
    used = set(entry.outputs.values())
    for item in entry.instructions():
        used.update(sources_of(item), destinations_of(item))
    return used


def _renumber_entry(entry: Entry, new: Mapping[int, int]) -> Entry:
    def section(items: Sequence[Instruction]) -> tuple[Instruction, ...]:
        return tuple(_renumber(item, new) for item in items)

    return Entry(
        entry.name,
        tuple(Phase(section(phase.prologue), section(phase.block)) for phase in entry.phases),
        section(entry.epilogue),
        {name: new[at] for name, at in entry.outputs.items()},
    )


def _renumber(item: Instruction, new: Mapping[int, int]) -> Instruction:
    match item:
        case Map():
            return replace(
                item,
                destinations=tuple(new[at] for at in item.destinations),
                sources=tuple(new[at] for at in item.sources),
            )
        case Matmul():
            return replace(item, destination=new[item.destination], a=new[item.a], b=new[item.b])
        case Reduce() | Transpose():
            return replace(item, destination=new[item.destination], source=new[item.source])
        case Draw():
            return replace(item, destination=new[item.destination])
