"""Programs changed at random are refused, or they run: nothing in between."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program, concrete, elements
from chainrule.errors import UserError, WorkFailed
from chainrule.opcodes import OPCODES
from chainrule.tensors import pack, unpack
from tests.compiler import networks, programs

_ROWS = 3
_MOST_ELEMENTS = 10**6

BASES: dict[str, Callable[[], Program]] = {
    "by hand": programs.program,
    "with a draw": lambda: programs.draw_in_block(("m", 2)),
    "two phases": lambda: networks.two_phases().program,
    "three classes": lambda: networks.three_classes().program,
    "dropout and penalty": lambda: networks.dropout_and_penalty().program,
}

_ODD: list[Any] = [
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    3,
    5,
    64,
    10**6,
    2**63,
    10**40,
    0.5,
    1e308,
    float("nan"),
    float("inf"),
]
_ODD += [
    "",
    "m",
    "sum",
    "max",
    "source",
    "step",
    "number",
    "W",
    "X",
    "rows",
    "result",
    "temporary",
    "view",
    "state",
]
_ODD += [[], {}, [0], ["m", 2], [2, "m"], [1] * 9, *OPCODES]


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Every container in the content with each of its keys."""
    keys = list(content) if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else []
    return [place for key in keys for place in ((content, key), *_places(content[key]))]


def _mutated(content: Any, choose: random.Random) -> None:
    for _ in range(choose.choice([1, 1, 1, 2, 3])):
        places = _places(content)
        if not places:
            return
        container, key = choose.choice(places)
        other_container, other_key = choose.choice(places)
        kind = choose.randrange(6)
        if kind == 0:
            del container[key]
        elif kind == 1 and isinstance(container, list):
            container.insert(key, json.loads(json.dumps(container[key])))
        elif kind == 2:
            container[key] = json.loads(json.dumps(other_container[other_key]))
        elif kind == 3 and isinstance(container[key], int):
            container[key] += choose.choice([-1, 1])
        elif kind == 4 and isinstance(container[key], list):
            choose.shuffle(container[key])
        else:
            container[key] = choose.choice(_ODD)


def _mutants(base: Program, count: int) -> Iterator[bytes]:
    choose = random.Random(0)
    tensors, metadata = unpack(base.to_bytes())
    for _ in range(count):
        content = json.loads(metadata["program"])
        _mutated(content, choose)
        yield pack(tensors, {**metadata, "program": json.dumps(content)})


def _damaged(data: bytes, count: int) -> Iterator[bytes]:
    choose = random.Random(1)
    for _ in range(count):
        broken = bytearray(data[: choose.randrange(len(data))] if choose.random() < 0.2 else data)
        for _ in range(choose.choice([0, 1, 1, 2, 8])):
            if broken:
                # More often in the length and the header's beginning than evenly.
                broken[choose.randrange(choose.choice([10, 100, len(broken)])) % len(broken)] = choose.randrange(
                    256
                )
        yield bytes(broken)


def _runs(program: Program) -> bool:
    """Run every entry on buffers of the right shapes; False for programs that are too large to try."""
    if sum(elements(buffer.shape, _ROWS) for buffer in program.buffers) > _MOST_ELEMENTS:
        return False

    def ones(name: str, at: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.ones(concrete(program.buffers[at].shape, _ROWS))

    machine = NumpyRun(program, {name: ones(name, at) for name, at in program.named("state").items()})
    data = {name: ones(name, at) for name, at in program.named("data").items()}
    scalars: Any = {name: ones(name, at) for name, at in program.named("scalar").items()}
    for name in program.entries:
        try:
            machine.run(name, data, scalars=scalars, rows=np.arange(_ROWS))
        except WorkFailed:
            return False
    return True


def _count_that_run(candidates: Iterator[bytes]) -> int:
    found = 0
    for data in candidates:
        try:
            program = Program.from_bytes(data)
        except UserError:
            continue
        program.listing()
        found += _runs(program)
    return found


@pytest.mark.parametrize("base", BASES)
def test_mutants_are_refused_or_run(base: str) -> None:
    count = 700
    # Some changes do no harm (a name, a number); were there none or only such, the test would show nothing.
    assert 0.02 * count < _count_that_run(_mutants(BASES[base](), count)) < 0.6 * count


@pytest.mark.parametrize("base", BASES)
def test_damaged_bytes_are_refused_or_run(base: str) -> None:
    assert _count_that_run(_damaged(BASES[base]().to_bytes(), 500)) < 300
