"""Temporaries share slots, and nothing is read from a slot that another value has taken."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import chainrule as cr
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.numpy_run import NumpyRun, _OneRun
from chainrule.compiler.program import Instruction, Program, destinations_of, memory_of, sources_of
from chainrule.compiler.verify import MalformedProgram, verify
from tests.compiler import graphs
from tests.compiler.graphs import Grown
from tests.compiler.networks import PROGRAMS, cross_entropy, forward, layers, value_and_gradient
from tests.compiler.running import compile_entry, run


def slots(program: Program, *, by_row: bool) -> set[int | None]:
    return {b.slot for b in program.buffers if b.kind == "temporary" and ("m" in b.shape) == by_row}


def test_the_slots_of_prediction_do_not_grow_with_depth() -> None:
    shallow, deep = (slots(forward([8] * depth + [1]).program, by_row=True) for depth in (3, 30))
    assert len(deep) == len(shallow) == 2


def test_the_slots_of_training_grow_by_one_a_layer() -> None:
    counts = []
    for depth in (3, 10, 11):
        Z, parameters = layers([8] * depth + [1])
        counts.append(len(slots(value_and_gradient(cross_entropy(Z), parameters).program, by_row=True)))
    assert counts[2] == counts[1] + 1 == counts[0] + 8


def test_a_chain_that_no_map_can_fuse_takes_turns_on_slots() -> None:
    X, w = cr.examples("X", features=4), cr.parameter("w", (4, 4))
    value = X
    for _ in range(12):
        value = cr.softmax(value @ w)
    assert len(slots(compile_entry({"out": value}).program, by_row=True)) <= 4


def test_parameters_prepared_once_do_not_share_with_rows() -> None:
    for build in PROGRAMS.values():
        program = build().program
        assert not slots(program, by_row=True) & slots(program, by_row=False)


def test_entries_share_leaves_but_no_temporaries() -> None:
    X, w = cr.examples("X", features=4), cr.parameter("w", (4, 4))
    program = program_of({"a": cr.tanh(X @ w) @ w, "b": cr.exp(X @ w) @ w})
    touched = [
        {at for item in entry.instructions() for at in destinations_of(item)} for entry in program.entries.values()
    ]
    assert not touched[0] & touched[1]
    assert list(program.named("data")) == ["X"]
    assert list(program.named("state")) == ["w"]


def program_of(entries: Mapping[str, cr.Expression]) -> Program:
    return compile_program({name: EntrySpec({"out": node}) for name, node in entries.items()}).program


class Poison:
    """After each instruction, fills with NaN every temporary that is not read again before it is written."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def after(self, run: _OneRun, section: tuple[Instruction, ...], position: int, later: set[int]) -> None:
        buffers = self.program.buffers
        rest = section[position + 1 :]
        alive: set[int] = set(later)
        for item in reversed(rest):
            alive -= set(destinations_of(item))
            alive |= {memory_of(buffers, at) for at in sources_of(item)}
        keep = {buffers[at].slot for at in alive}
        for at, buffer in enumerate(buffers):
            if buffer.slot is not None and buffer.slot not in keep and at in run.arrays:
                run.arrays[at][...] = np.nan


def poisoned(program: Program, name: str, patch: pytest.MonkeyPatch) -> None:
    """Make runs of an entry poison what is dead."""
    entry, poison = program.entries[name], Poison(program)
    original = _OneRun._execute
    order = [section for _, section in entry.sections()]

    def read(sections: list[tuple[Instruction, ...]]) -> set[int]:
        return {
            memory_of(program.buffers, at) for section in sections for item in section for at in sources_of(item)
        }

    def execute(self: Any, section: tuple[Instruction, ...], start: int, stop: int) -> None:
        index = next(i for i, known in enumerate(order) if known is section)
        # A block runs again: what it takes from outside is alive until its end.
        outside = read([section]) - {at for item in section for at in destinations_of(item)}
        for position, item in enumerate(section):
            original(self, (item,), start, stop)
            poison.after(self, section, position, read(order[index + 1 :]) | outside)

    patch.setattr(_OneRun, "_execute", execute)


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_of_networks_do_not_change_when_dead_slots_are_poisoned(name: str) -> None:
    compiled = PROGRAMS[name]()
    random = np.random.default_rng(0)
    program = compiled.program
    (entry,) = program.entries
    values = {at: b.shape for at, b in enumerate(program.buffers) if b.kind in {"data", "state"}}
    given = {
        program.buffers[at].name: random.random(tuple(5 if n == "m" else n for n in s)) for at, s in values.items()
    }
    data = {name: given[name] for name in program.named("data")}
    if "y" in data:
        data["y"] = np.ones_like(data["y"])
    states = []
    for poison in (False, True):
        machine = NumpyRun(program, given)
        with pytest.MonkeyPatch.context() as patch:
            if poison:
                poisoned(program, entry, patch)
            results = machine.run(entry, data, scalars={"learning_rate": 0.1})
        assert any(np.isnan(memory).any() for memory in machine._slots.values()) == poison
        states.append({**results, **machine.state})
    for key, expected in states[0].items():
        assert np.isfinite(expected).all()
        np.testing.assert_array_equal(states[1][key], expected)


@settings(derandomize=True, max_examples=60)
@given(graphs.grown())
def test_results_of_random_graphs_do_not_change_when_dead_slots_are_poisoned(graph: Grown) -> None:
    outputs = {f"out{i}": node for i, node in enumerate(graph.pool[-4:]) if graphs.examples_first(node)}
    compiled = compile_entry(outputs)
    expected, _ = run(compiled, graph.values, block=2)
    with pytest.MonkeyPatch.context() as patch:
        poisoned(compiled.program, "entry", patch)
        found, _ = run(compiled, graph.values, block=2)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_a_slot_shared_wrongly_is_refused_and_would_change_results() -> None:
    X, w = cr.examples("X", features=4), cr.parameter("w", (4, 4))
    Z = X @ w
    program = compile_entry({"out": (cr.tanh(Z) @ w) * cr.exp(Z)}).program
    merged = [replace(b, slot=0) if b.kind == "temporary" else b for b in program.buffers]
    broken = Program(tuple(merged), program.entries)
    with pytest.raises(MalformedProgram, match=r"overwritten|over what is being read"):
        verify(broken)
    data = {"X": np.ones((3, 4))}
    right, wrong = (NumpyRun(p, {"w": np.eye(4)}).run("entry", data)["out"] for p in (program, broken))
    assert not np.array_equal(right, wrong)
