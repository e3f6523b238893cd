"""Programs in the engine: the words are read, and every rule of the Python verifier holds there too."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

import chainrule as cr
from chainrule._engine import _check_program, _opcodes
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.program import Program
from chainrule.compiler.verify import MalformedProgram
from chainrule.compiler.words import words_of
from chainrule.network.activations import ACTIVATIONS, activation
from chainrule.opcodes import OPCODES
from chainrule.training.descent import Descent
from chainrule.training.optimizers import OPTIMIZERS, optimizer_of
from tests.compiler import graphs, networks, programs
from tests.compiler.graphs import Grown
from tests.compiler.programs import one_map, program, step
from tests.compiler.running import compile_entry
from tests.compiler.test_verify import BROKEN_BUFFERS, BROKEN_PROGRAMS
from tests.engine.reading import Words, read_back
from tests.engine.verdicts import verdict_of_python

# Faults that words cannot say: of names, of a value's shape or type, of what has no code.
_UNSAID = {
    "name 'W'",
    "name 'X'",
    "name 'm'",
    "the scalar m",
    "found under the name other",
    "its value is float32, not float64",
    "unknown opcode 'cosine'",
    "unknown reduction",
    "node of a draw is from 0",
}
# Faults that are found while the words are read, in other terms.
_UNREAD = {
    "kind constant has no axis of examples": "a constant is too large",
    "its value has shape": "numbers that belong to no constant",
    "slots are numbered below": "a number is out of range",
}


def test_the_opcodes_are_those_of_python_in_their_order() -> None:
    assert _opcodes() == [(name, opcode.arity) for name, opcode in OPCODES.items()]


@pytest.mark.parametrize("name", networks.PROGRAMS)
def test_programs_of_networks_pass(name: str) -> None:
    _check_program(*words_of(networks.PROGRAMS[name]().program))


@pytest.mark.parametrize("name", networks.PROGRAMS)
def test_words_keep_all_but_names(name: str) -> None:
    words = words_of(networks.PROGRAMS[name]().program)
    again = words_of(read_back(words))
    np.testing.assert_array_equal(again[0], words[0])
    np.testing.assert_array_equal(again[1], words[1])


def _training(optimizer: str, hidden: str) -> Program:
    X, W, b, v = cr.examples("X", features=5), *map(cr.parameter, "Wbv", [(5, 4), (4,), (4, 1)])
    Z = activation(hidden)(X @ W + b) @ v
    J = networks.cross_entropy(Z) + 0.01 * cr.sum(W**2)
    values = {w: np.zeros([axis for axis in w.shape if isinstance(axis, int)]) for w in (W, b, v)}
    evaluation = {"top": cr.sum(cr.max(cr.exp(Z)))}
    chosen = optimizer_of(optimizer, clip_norm=1.0)
    return Descent(J, [W, b, v], values, optimizer=chosen, evaluation=evaluation).program


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_programs_of_optimizers_pass(optimizer: str) -> None:
    _check_program(*words_of(_training(optimizer, "tanh")))


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_programs_of_activations_pass(hidden: str) -> None:
    _check_program(*words_of(_training("adam", hidden)))


@settings(derandomize=True, max_examples=60)
@given(graphs.grown())
def test_random_programs_pass(graph: Grown) -> None:
    outputs = {f"out{i}": node for i, node in enumerate(graph.pool[-3:]) if graphs.examples_first(node)}
    _check_program(*words_of(compile_entry(outputs).program))


def _refused(words: Words) -> str:
    with pytest.raises(MalformedProgram) as caught:
        _check_program(*words)
    return str(caught.value)


@pytest.mark.parametrize("rule", [rule for rule in BROKEN_BUFFERS if rule not in _UNSAID])
def test_rules_of_buffers(rule: str) -> None:
    at, buffer = BROKEN_BUFFERS[rule]
    _assert_refused_alike(rule, program(buffers={at: buffer}))


@pytest.mark.parametrize("rule", [rule for rule in BROKEN_PROGRAMS if rule not in _UNSAID])
def test_rules_of_entries(rule: str) -> None:
    _assert_refused_alike(rule, BROKEN_PROGRAMS[rule])


def _assert_refused_alike(rule: str, broken: Program) -> None:
    words = words_of(broken)
    said = _refused(words)
    if rule in _UNREAD:
        assert _UNREAD[rule] in said
    else:
        assert said == verdict_of_python(read_back(words))


def test_the_message_names_the_place() -> None:
    bad = one_map(programs.SIZE, [], step("add", 1.0))
    said = _refused(words_of(program(epilogue=(*programs.EPILOGUE, bad))))
    assert said == "malformed program: entry 0, epilogue, instruction 3: add: wrong number of operands"


def test_rows_may_be_given_out_under_two_names() -> None:
    x, w = cr.examples("x", features=2), cr.parameter("w", (2,))
    once = compile_entry({"z": x @ w}).program
    entry, at = once.entries["entry"], once.entries["entry"].outputs["z"]
    twice = replace(once, entries={"entry": replace(entry, outputs={"one": at, "two": at})})
    found = EngineRun(twice, {"w": np.ones(2)}).run("entry", {"x": np.ones((3, 2))})
    assert found["one"].tolist() == found["two"].tolist() == [2, 2, 2]
