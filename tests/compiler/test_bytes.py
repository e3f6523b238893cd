"""Programs as bytes: what is read back is the same program, and damaged bytes are an error."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import chainrule as cr
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program, concrete
from chainrule.tensors import pack, unpack
from tests.compiler import graphs, programs
from tests.compiler.graphs import Grown
from tests.compiler.networks import PROGRAMS
from tests.compiler.running import Array, compile_entry


def assert_same(a: Program, b: Program) -> None:
    assert a.entries == b.entries
    for one, other in zip(a.buffers, b.buffers, strict=True):
        assert [one.name, one.kind, one.shape, one.slot, one.base] == [
            other.name,
            other.kind,
            other.shape,
            other.slot,
            other.base,
        ]
        np.testing.assert_array_equal(one.value, other.value)
    assert a.listing() == b.listing()


@pytest.mark.parametrize("name", PROGRAMS)
def test_networks_come_back(name: str) -> None:
    program = PROGRAMS[name]().program
    assert_same(program, Program.from_bytes(program.to_bytes()))


@settings(derandomize=True, max_examples=60)
@given(graphs.grown())
def test_random_programs_come_back(graph: Grown) -> None:
    outputs = {f"out{i}": node for i, node in enumerate(graph.pool[-3:]) if graphs.examples_first(node)}
    program = compile_entry(outputs).program
    assert_same(program, Program.from_bytes(program.to_bytes()))


def test_every_kind_of_instruction_comes_back() -> None:
    program = programs.draw_in_block(("m", 2))
    assert_same(program, Program.from_bytes(program.to_bytes()))


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan, 0.1, -0.0, 5e-324, 2.0**60])
def test_numbers_keep_every_bit(number: float) -> None:
    program = compile_entry(
        {"out": cr.maximum(cr.parameter("w"), number), "c": cr.constant([number, 1.0]) @ [1, 2.0]}
    )
    back = Program.from_bytes(program.program.to_bytes())
    (item, *_) = back.entries["entry"].epilogue
    assert np.float64(item.steps[0].operands[1].value).tobytes() == np.float64(number).tobytes()  # type: ignore[union-attr]


_FRESH = """
import sys
import numpy as np
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program

with open(sys.argv[1], "rb") as file:
    program = Program.from_bytes(file.read())
state = {name: np.full(program.buffers[at].shape, 0.01) for name, at in program.named("state").items()}
machine = NumpyRun(program, state, dtype=np.float64)
data = {"X": np.arange(40.0).reshape(2, 20), "y": np.ones((2, 1))}
print(repr(float(machine.run("step", data, scalars={"learning_rate": 0.1})["cost"])))
print(program.listing() != "")
strangers = [name for name in sys.modules if name.startswith(("chainrule.graph", "chainrule.network"))]
assert not strangers, strangers
"""


def test_a_program_runs_in_a_process_that_knows_no_graphs(tmp_path: Path) -> None:
    program = PROGRAMS["step with dropout and a penalty"]().program
    (tmp_path / "program").write_bytes(program.to_bytes())
    command = [sys.executable, "-W", "error", "-c", _FRESH, str(tmp_path / "program")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    state = {
        name: np.full(concrete(program.buffers[at].shape, 0), 0.01) for name, at in program.named("state").items()
    }
    data: dict[str, Array] = {"X": np.arange(40.0).reshape(2, 20), "y": np.ones((2, 1))}
    here = NumpyRun(program, state, dtype=np.float64).run("step", data, scalars={"learning_rate": 0.1})
    assert printed == [repr(float(here["cost"])), "True"]


def _set(*path: str | int, value: object) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


def _twice(content: Any) -> None:
    content["entries"].append(content["entries"][0])


_first = ("entries", 0, "phases", 0, 1, 0)
_map = ("entries", 0, "phases", 0, 0, 0)

CHANGES: dict[str, Callable[[Any], None]] = {
    "an entry twice": _twice,
    "no entries": lambda content: content.pop("entries"),
    "entries that are a number": _set("entries", value=3),
    "an entry that is a text": _set("entries", 0, value="step"),
    "an entry named by a number": _set("entries", 0, "name", value=3),
    "an entry named by a list": _set("entries", 0, "name", value=["step"]),
    "outputs that are a list": _set("entries", 0, "outputs", value=["cost"]),
    "an output that is true": _set("entries", 0, "outputs", "out", value=True),
    "a phase of three sections": _set("entries", 0, "phases", 0, value=[[], [], []]),
    "phases that are null": _set("entries", 0, "phases", value=None),
    "an unknown instruction": _set(*_first, "is", value="halt"),
    "an instruction without a kind": lambda content: content["entries"][0]["epilogue"].append({}),
    "an instruction that is a list": lambda content: content["entries"][0]["epilogue"].append([]),
    "a field too many": _set(*_first, "speed", value=1),
    "a field that is a float": _set(*_first, "a", value=1.0),
    "a field that is true": _set(*_first, "a", value=True),
    "a negative field": _set(*_first, "a", value=-1),
    "a huge field": _set(*_first, "a", value=10**400),
    "a flag that is a number": _set(*_first, "accumulate", value=1),
    "a step that is a list": _set(*_map, "steps", value=[[]]),
    "an operand of an unknown kind": _set(*_map, "steps", 0, "operands", 0, "kind", value="guess"),
    "an operand that is a text": _set(*_map, "steps", 0, "operands", 0, value={"kind": "number", "value": "1"}),
    "an operand that is true": _set(*_map, "steps", 0, "operands", 0, value={"kind": "number", "value": True}),
    "an operand too large": _set(*_map, "steps", 0, "operands", 0, value={"kind": "number", "value": 10**400}),
    "a source that is a float": _set(*_map, "steps", 0, "operands", 0, value={"kind": "source", "value": 0.5}),
    "an opcode that is a number": _set(*_map, "steps", 0, "opcode", value=5),
    "a buffer of four": _set("buffers", 0, value=["X", "data", ["m", 3], None]),
    "a buffer of unknown kind": _set("buffers", 0, 1, value="register"),
    "a buffer of a kind that is a list": _set("buffers", 0, 1, value=[]),
    "a buffer without a name": _set("buffers", 0, 0, value=None),
    "a shape that is a number": _set("buffers", 0, 2, value=3),
    "a shape with another letter": _set("buffers", 0, 2, value=["m", "n"]),
    "an axis that is a float": _set("buffers", 0, 2, value=["m", 3.0]),
    "a negative axis": _set("buffers", 1, 2, value=[3, -2]),
    "a huge axis": _set("buffers", 8, 2, value=[3, 10**30]),
    "a slot that is a text": _set("buffers", 4, 3, value="0"),
    "a constant that became state": _set("buffers", programs.HALF, 1, value="state"),
    "a state that became a constant": _set("buffers", programs.W_, 1, value="constant"),
    "deep lists": _set("buffers", value=json.loads("[" * 900 + "]" * 900)),
}


def _changed(change: Callable[[Any], None]) -> bytes:
    tensors, metadata = unpack(programs.program().to_bytes())
    content = json.loads(metadata["program"])
    change(content)
    return pack(tensors, {**metadata, "program": json.dumps(content)})


@pytest.mark.parametrize("change", CHANGES)
def test_changed_bytes_are_refused(change: str) -> None:
    Program.from_bytes(_changed(lambda content: None))
    with pytest.raises(cr.UserError, match="malformed program"):
        Program.from_bytes(_changed(CHANGES[change]))


def _with_metadata(**changes: str) -> bytes:
    tensors, metadata = unpack(programs.program().to_bytes())
    return pack(tensors, {**metadata, **changes})


METADATA = {
    "another format": _with_metadata(format="chainrule program 9"),
    "no format": pack({}, {"program": "{}"}),
    "no program": pack({}, {"format": "chainrule program 1"}),
    "text that is not JSON": _with_metadata(program="{"),
    "a list": _with_metadata(program="[]"),
    "null": _with_metadata(program="null"),
    "JSON too deep": _with_metadata(program="[" * 100_000),
    "a name twice": _with_metadata(program='{"buffers": [], "entries": [], "entries": []}'),
    "a number too long": _with_metadata(program='{"buffers": [' + "9" * 5000 + '], "entries": []}'),
    "constants missing": pack({}, unpack(programs.program().to_bytes())[1]),
    "a constant of another type": pack({"3": np.zeros(2, np.float32)}, unpack(programs.program().to_bytes())[1]),
    "a constant of another shape": pack({"3": np.zeros(3)}, unpack(programs.program().to_bytes())[1]),
    "a constant too many": pack({"3": np.zeros(2), "4": np.zeros(2)}, unpack(programs.program().to_bytes())[1]),
    "nothing": b"",
}


@pytest.mark.parametrize("case", METADATA)
def test_other_containers_are_refused(case: str) -> None:
    with pytest.raises(cr.UserError):
        Program.from_bytes(METADATA[case])
