"""Each rule that machines rely on refuses a program that breaks it, and says what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Buffer, Draw, Entry, Map, Matmul, Phase, Program, Reduce, Transpose
from chainrule.compiler.verify import MalformedProgram, verify
from tests.compiler import programs as p
from tests.compiler.programs import one_map, program, step

NEW = len(p.BUFFERS)
scratch = Buffer("scratch", "temporary", ("m", 2), slot=0)
fixed = Buffer("fixed", "temporary", (3, 2), slot=2)


def test_the_whole_program_is_sound_and_runs() -> None:
    whole = program()
    verify(whole)
    machine = NumpyRun(whole, {"W": np.ones((3, 2))}, dtype=np.float64)
    X = np.arange(12.0).reshape(4, 3)
    found = machine.run("entry", {"X": X}, scalars={"rate": 0.1})
    a = np.tanh(X @ (np.ones((3, 2)) * [0.5, 0.25])) + 0.5
    np.testing.assert_allclose(found["out"], a)
    np.testing.assert_allclose(found["size"], (X.T @ a).sum())
    np.testing.assert_allclose(found["top"], a.max(axis=0))
    np.testing.assert_allclose(machine.state["W"], 1 - 0.1 * (X.T @ a) / 4)


BROKEN_BUFFERS: dict[str, tuple[int, Buffer]] = {
    "examples twice": (p.Z, replace(p.z, shape=("m", "m"))),
    "not positive": (p.W_, replace(p.W, shape=(3, 0))),
    "9 axes": (NEW, Buffer("deep", "state", (1,) * 9)),
    "more than 1099511627776 elements$": (NEW, Buffer("large", "result", (2**20, 2**20, 2))),
    "more than 1099511627776 elements together": (NEW, Buffer("large", "result", (2**20, 2**20))),
    "first axis of data": (p.X_, replace(p.X, shape=(3, "m"))),
    "first axis of rows": (p.OUT, replace(p.out, shape=(2, "m"))),
    "kind state has no axis of examples": (p.W_, replace(p.W, shape=("m", 2))),
    "kind scalar has no axis of examples": (p.RATE, replace(p.rate, shape=("m",))),
    "kind constant has no axis of examples": (p.HALF, replace(p.half, shape=("m",))),
    "kind accumulator has no axis of examples": (p.TOP, replace(p.top, shape=("m",))),
    "kind result has no axis of examples": (p.SIZE, replace(p.size, shape=("m",))),
    "temporaries alone have slots": (p.Z, replace(p.z, slot=None)),
    "total.*temporaries alone have slots": (p.TOTAL, replace(p.total, slot=9)),
    "views alone have a base": (p.FLAT, replace(p.flat, base=None)),
    "W.*views alone have a base": (p.W_, replace(p.W, base=0)),
    "constants alone have a value": (p.HALF, replace(p.half, value=None)),
    "rate.*constants alone have a value": (p.RATE, replace(p.rate, value=np.zeros(()))),
    "its value has shape": (p.HALF, replace(p.half, value=np.zeros(3))),
    "its value is float32, not float64": (p.HALF, replace(p.half, value=np.zeros(2, np.float32))),
    "no buffer 99": (p.FLAT, replace(p.flat, base=99)),
    "no buffer -1": (p.FLAT, replace(p.flat, base=-1)),
    "shows another view": (NEW, Buffer("W", "view", (2, 3), base=p.FLAT)),
    "another number of elements": (p.FLAT, replace(p.flat, shape=(5,))),
    "z has another number of elements|than z": (NEW, Buffer("z", "view", (2,), base=p.Z)),
    "mixes the examples": (NEW, Buffer("z", "view", (2, "m"), base=p.Z)),
    "name 'W'": (NEW, Buffer("W", "state", ())),
    "name 'X'": (NEW, Buffer("X", "scalar", ())),
    "name 'm'": (NEW, Buffer("m", "data", ("m",))),
    "the scalar m": (p.COUNT, replace(p.m, shape=(3,))),
    "slots are numbered below": (p.Z, replace(p.z, slot=10**9)),
    "slots are numbered": (p.Z, replace(p.z, slot=-1)),
    "slot 2 is for rows and for other values": (p.Z, replace(p.z, slot=2)),
}


@pytest.mark.parametrize("rule", BROKEN_BUFFERS)
def test_rules_of_buffers(rule: str) -> None:
    at, buffer = BROKEN_BUFFERS[rule]
    with pytest.raises(MalformedProgram, match=rule):
        verify(program(buffers={at: buffer}))


BROKEN_PROGRAMS: dict[str, Program] = {
    "no buffer 77": program(block=(replace(p.PRODUCT, a=77), *p.BLOCK[1:])),
    "no buffer -1": program(block=(replace(p.PRODUCT, destination=-1), *p.BLOCK[1:])),
    "X has examples, outside a block": program(epilogue=(Reduce(p.SIZE, p.X_, "sum", (0, 1), True),)),
    "z is read before it is written": program(block=p.BLOCK[1:]),
    "total is read before it is written": program(block=p.BLOCK[:3], outputs={}),
    "out is read before it is written": program(
        block=(*p.BLOCK[:2], one_map(p.A, [p.OUT], step("copy", 0)), p.WRITE)
    ),
    "size is read before": program(epilogue=(one_map(p.W_, [p.W_, p.SIZE], step("add", 0, 1)),), outputs={}),
    "z was overwritten in its slot": program(
        buffers={NEW: scratch},
        block=(p.PRODUCT, one_map(NEW, [p.Z], step("exp", 0)), p.SQUASH, *p.BLOCK[2:]),
    ),
    "scaled was overwritten in its slot": program(
        buffers={NEW: fixed}, prologue=(p.SCALE, one_map(NEW, [p.W_], step("exp", 0)))
    ),
    "sum top is not finished": program(block=(*p.BLOCK, one_map(p.OUT, [p.A, p.TOP], step("add", 0, 1)))),
    "block, instruction 0: the sum top": program(
        block=(one_map(p.OUT, [p.X_, p.TOP], step("add", 0, 1)), *p.BLOCK)
    ),
    "a sum is written twice": program(block=(*p.BLOCK, Reduce(p.TOP, p.A, "sum", (0,), True))),
    "epilogue.*a sum is written|sum is written twice": program(more=(Phase((), p.BLOCK),)),
    "rate is a scalar and cannot be written": program(
        epilogue=(*p.EPILOGUE, one_map(p.RATE, [], step("copy", 1.0)))
    ),
    "X is a data and": program(block=(*p.BLOCK, one_map(p.X_, [], step("copy", 1.0)))),
    "half is a constant and": program(epilogue=(*p.EPILOGUE, one_map(p.HALF, [], step("copy", 1.0)))),
    "W is a view and": program(epilogue=(*p.EPILOGUE, one_map(p.FLAT, [], step("copy", 1.0)))),
    "total: only sums accumulate": program(epilogue=(one_map(p.TOTAL, [], step("copy", 1.0)), *p.EPILOGUE)),
    "z: only sums accumulate|exactly if": program(block=(replace(p.PRODUCT, accumulate=True), *p.BLOCK[1:])),
    "scaled has no examples and is written in a block": program(block=(p.SCALE, *p.BLOCK)),
    "out has examples, outside a block": program(epilogue=(*p.EPILOGUE, Draw(p.OUT, 0))),
    "state changes in the epilogue": program(prologue=(p.SCALE, Draw(p.W_, 0))),
    "W is written over what is being read": program(
        buffers={NEW: Buffer("Q", "state", (2, 2))}, epilogue=(Matmul(p.W_, p.W_, NEW),), outputs={}
    ),
    "fixed is written over what is being read": program(
        buffers={NEW: replace(fixed, shape=(2, 3))}, prologue=(p.SCALE, Transpose(NEW, p.SCALED))
    ),
    "a transpose is of a matrix": program(epilogue=(Transpose(p.SIZE, p.TOP),)),
    "turned has shape": program(buffers={p.TURNED: replace(p.turned, shape=(3, 2))}),
    "the node of a draw": program(epilogue=(*p.EPILOGUE, Draw(p.SIZE, -1))),
    "node of a draw is from 0": program(epilogue=(*p.EPILOGUE, Draw(p.SIZE, 2**63))),
    "draws by example": p.draw_in_block((2, "m")),
    "a product is of matrices": program(epilogue=(Matmul(p.SIZE, p.TOP, p.TOP),)),
    "the inner axes of a product": program(block=(replace(p.PRODUCT, transpose_b=True), *p.BLOCK[1:])),
    "a product accumulates exactly if": program(block=(*p.BLOCK[:3], replace(p.ADD, accumulate=False), p.HIGHEST)),
    "axis of examples twice": program(
        buffers={NEW: replace(scratch, slot=4, shape=("m", 3))},
        block=(*p.BLOCK, Matmul(NEW, p.X_, p.X_, transpose_b=True)),
    ),
    "z has shape": program(buffers={p.Z: replace(p.z, shape=("m", 4))}),
    "a map writes something": program(epilogue=(*p.EPILOGUE, Map((), (), (step("copy", 1.0),), ()))),
    "one result a destination": program(epilogue=(*p.EPILOGUE, Map((p.SIZE,), (), (step("copy", 1.0),), (0, 0)))),
    "writes twice to the same": program(epilogue=(Map((p.SIZE, p.SIZE), (), (step("copy", 1.0),), (0, 0)),)),
    "twice to the same memory": program(
        buffers={NEW: fixed}, prologue=(Map((p.SCALED, NEW), (), (step("copy", 1.0),), (0, 0)),)
    ),
    "turned has shape .2, 3., not": program(epilogue=(Map((p.W_, p.TURNED), (), (step("copy", 1.0),), (0, 0)),)),
    "half does not broadcast": program(epilogue=(*p.EPILOGUE, one_map(p.SIZE, [p.HALF], step("copy", 0)))),
    "long does not broadcast": program(
        buffers={NEW: Buffer("long", "state", (1, 1))},
        epilogue=(*p.EPILOGUE, one_map(p.SIZE, [NEW], step("copy", 0))),
    ),
    "unknown opcode 'cosine'": program(epilogue=(*p.EPILOGUE, one_map(p.SIZE, [], step("cosine", 1.0)))),
    "add: wrong number of operands": program(epilogue=(*p.EPILOGUE, one_map(p.SIZE, [], step("add", 1.0)))),
    "no source 1": program(epilogue=(*p.EPILOGUE, one_map(p.SIZE, [p.RATE], step("copy", 1)))),
    "no source -1": program(epilogue=(*p.EPILOGUE, one_map(p.SIZE, [p.RATE], step("copy", -1)))),
    "no step 0": program(epilogue=(*p.EPILOGUE, one_map(p.SIZE, [p.RATE], step("copy", "0")))),
    "no step 1": program(epilogue=(*p.EPILOGUE, Map((p.SIZE,), (), (step("copy", 1.0),), (1,)))),
    "no step -1": program(epilogue=(*p.EPILOGUE, Map((p.SIZE,), (), (step("copy", 1.0),), (-1,)))),
    "written over a source of another shape": program(
        buffers={NEW: Buffer("row", "temporary", (2,), slot=2)},
        prologue=(one_map(NEW, [p.HALF], step("copy", 0)), one_map(p.SCALED, [NEW], step("copy", 0))),
    ),
    "unknown reduction": program(epilogue=(p.TURN, replace(p.MEASURE, kind="least"), p.UPDATE)),  # type: ignore[arg-type]
    "axes .0, 2. are not": program(epilogue=(p.TURN, replace(p.MEASURE, axes=(0, 2)), p.UPDATE)),
    "axes .0, 0. are not": program(epilogue=(p.TURN, replace(p.MEASURE, axes=(0, 0)), p.UPDATE)),
    "axes .-1,. are not": program(epilogue=(p.TURN, replace(p.MEASURE, axes=(-1,)), p.UPDATE)),
    "axes .. are not": program(epilogue=(p.TURN, replace(p.MEASURE, axes=()), p.UPDATE)),
    "a reduction accumulates exactly if": program(block=(*p.BLOCK[:4], replace(p.HIGHEST, accumulate=False))),
    "size has shape": program(epilogue=(p.TURN, replace(p.MEASURE, axes=(0,)), p.UPDATE)),
    "output out: is not a result": program(outputs={"out": p.Z}),
    "output out: is never written": program(block=(*p.BLOCK[:2], *p.BLOCK[3:])),
    "entry entry: the rows out are no output": program(outputs={"size": p.SIZE}),
    "output out: there is no buffer 40": program(outputs={"out": 40}),
    "found under the name other": Program(p.BUFFERS, {"other": Entry("entry", (), ())}),
}


@pytest.mark.parametrize("rule", BROKEN_PROGRAMS)
def test_rules_of_entries(rule: str) -> None:
    with pytest.raises(MalformedProgram, match=rule):
        verify(BROKEN_PROGRAMS[rule])


def test_values_of_one_block_are_gone_in_the_next() -> None:
    late = Buffer("late", "temporary", ("m", 2), slot=5)
    write = one_map(NEW, [p.A], step("exp", 0))
    read = one_map(p.OUT, [NEW], step("copy", 0))
    verify(program(buffers={NEW: late}, block=(*p.BLOCK, write, read)))
    with pytest.raises(MalformedProgram, match="late is read before it is written"):
        verify(program(buffers={NEW: late}, block=(read, *p.BLOCK, write)))


def test_values_of_one_phase_are_gone_in_the_next() -> None:
    late = Phase((), (one_map(p.OUT, [p.A], step("copy", 0)),))
    with pytest.raises(MalformedProgram, match="block 2, instruction 0: a is read before it is written"):
        verify(program(more=(late,)))


def test_rows_of_one_phase_are_there_in_the_next() -> None:
    other = Buffer("other", "rows", ("m", 2))
    late = Phase((), (one_map(NEW, [p.OUT, p.TOP], step("subtract", 0, 1)),))
    whole = program(buffers={NEW: other}, more=(late,), outputs={"out": p.OUT, "other": NEW})
    verify(whole)
    found = NumpyRun(whole, {"W": np.ones((3, 2))}).run("entry", {"X": np.eye(3)}, scalars={"rate": 0.0})
    np.testing.assert_allclose(found["other"], found["out"] - found["out"].max(axis=0))


def test_the_message_names_the_place() -> None:
    with pytest.raises(cr.UserError, match=r"entry entry, epilogue, instruction 3: unknown opcode 'cosine'"):
        verify(BROKEN_PROGRAMS["unknown opcode 'cosine'"])
