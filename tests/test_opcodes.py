"""The scalar operations of the machine: what they mean, in place too, and at the ends of the numbers."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule.graph.op import REGISTRY
from chainrule.opcodes import OPCODES

Array = NDArray[np.float64]

POINTS = np.array([-3.0, -1.0, -0.5, -0.0, 0.0, 0.25, 1.0, 1.0, 2.5])
OTHERS = np.array([2.0, -1.0, 1.5, 0.0, -2.0, 0.25, -0.75, 3.0, 2.5])


def _sign(a: float) -> float:
    return float((a > 0) - (a < 0))


# What each opcode means, by Python's own arithmetic; log and its like are asked only where they are defined.
MEANING: dict[str, Callable[..., float]] = {
    "copy": lambda a: a,
    "negate": lambda a: -a,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: math.pow(a, b),
    "maximum": max,
    "minimum": min,
    "greater": lambda a, b: float(a > b),
    "greater_equal": lambda a, b: float(a >= b),
    "equal": lambda a, b: float(a == b),
    "where": lambda condition, a, b: a if condition != 0 else b,
    "absolute": abs,
    "sign": _sign,
    "square_root": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "erf": math.erf,
}


def operands(name: str) -> list[Array]:
    return [POINTS, OTHERS, OTHERS[::-1].copy()][: OPCODES[name].arity]


def expected(name: str) -> tuple[NDArray[np.bool_], Array]:
    """Where the operation is defined, and its values there."""
    values, defined = np.zeros(POINTS.size), np.ones(POINTS.size, bool)
    for i, numbers in enumerate(zip(*operands(name), strict=True)):
        try:
            values[i] = MEANING[name](*(float(number) for number in numbers))
        except (ValueError, ZeroDivisionError):
            defined[i] = False
    return defined, values


def test_every_opcode_has_a_meaning_here() -> None:
    assert MEANING.keys() == OPCODES.keys()
    assert all(opcode.name == name for name, opcode in OPCODES.items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPCODES)
def test_values(name: str, dtype: type) -> None:
    defined, values = expected(name)
    with np.errstate(all="ignore"):
        found = OPCODES[name].numpy(*(array.astype(dtype) for array in operands(name)))
    assert found.dtype == dtype
    assert defined.sum() >= 4
    np.testing.assert_allclose(
        found[defined], values[defined], rtol=1e-6 if dtype is np.float32 else 1e-14, atol=1e-12
    )


@pytest.mark.parametrize(("name", "position"), [(o.name, at) for o in OPCODES.values() for at in range(o.arity)])
def test_a_result_may_be_written_over_an_operand(name: str, position: int) -> None:
    with np.errstate(all="ignore"):
        apart = OPCODES[name].numpy(*operands(name))
        arrays = [array.copy() for array in operands(name)]
        found = OPCODES[name].numpy(*arrays, out=arrays[position])
    assert found is arrays[position]
    np.testing.assert_array_equal(found, apart)


@pytest.mark.parametrize("name", OPCODES)
def test_operands_broadcast_into_the_result(name: str) -> None:
    count = OPCODES[name].arity
    arrays = [np.array(0.5), np.array([0.25, 2.0]), np.array([[1.0], [2.0], [0.0]])][:count]
    out = np.empty((3, 2))
    with np.errstate(all="ignore"):
        OPCODES[name].numpy(*arrays, out=out)
        apart = OPCODES[name].numpy(*(np.broadcast_to(array, (3, 2)).copy() for array in arrays))
    np.testing.assert_array_equal(out, apart)


def test_the_sigmoid_of_large_numbers_is_0_or_1() -> None:
    with np.errstate(all="ignore"):
        found = OPCODES["sigmoid"].numpy(np.array([-np.inf, -1000.0, 1000.0, np.inf, np.nan], np.float32))
    np.testing.assert_array_equal(found, [0.0, 0.0, 1.0, 1.0, np.nan])


@pytest.mark.parametrize("name", ["maximum", "minimum", "add", "exp", "sigmoid", "erf", "sign", "absolute"])
def test_what_is_not_a_number_stays_so(name: str) -> None:
    arrays = [np.array([np.nan]), np.array([1.0])][: OPCODES[name].arity]
    assert np.isnan(OPCODES[name].numpy(*arrays)).all()


def test_every_opcode_is_that_of_an_operation_and_takes_as_many_inputs() -> None:
    named = {op.opcode: len(op.vjps) for op in REGISTRY.values() if op.opcode is not None}
    assert named == {name: opcode.arity for name, opcode in OPCODES.items()}
