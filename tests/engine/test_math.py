"""exp, log, tanh and their like: close to the true value, exact at the extremes, the same on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from chainrule.opcodes import OPCODES
from tests.engine.kernels import KERNELS, Array, apply, bits

# The largest error allowed, in units in the last place of float32.
LIMITS = {
    "exp": 2.0,
    "log": 2.0,
    "log1p": 2.0,
    "expm1": 2.0,
    "tanh": 2.0,
    "sigmoid": 2.0,
    "erf": 2.0,
    "power": 4.0,
    "square_root": 0.5,
}
UNARY = [name for name in LIMITS if name != "power"]

INF = math.inf
LEAST = 2.0**-149
LARGEST = float(np.finfo(np.float32).max)
EXTREMES = [
    0.0,
    1.0,
    2.0,
    0.5,
    3.0,
    1.5,
    LEAST,
    2.0**-126,
    2.0**-127,
    LARGEST,
    2.0**24,
    2.0**24 - 1,
    87.0,
    88.7,
    104.0,
]
SPECIAL = np.array([*EXTREMES, *(-x for x in EXTREMES), INF, -INF, math.nan], np.float32)


def every_exponent(count: int, seed: int) -> Array:
    """Return numbers of both signs and of all exponents of float32, denormal ones too, in a random order."""
    random = np.random.default_rng(seed)
    exponents = np.repeat(np.arange(255, dtype=np.uint32) << 23, count)
    mantissas = random.integers(0, 1 << 23, exponents.size, dtype=np.uint32)
    signs = random.integers(0, 2, exponents.size, dtype=np.uint32) << 31
    numbers = (exponents | mantissas | signs).view(np.float32)
    return np.asarray(random.permutation(np.concatenate([numbers, SPECIAL])))


def errors(found: Array, true: Array) -> Array:
    """Return how far float32 numbers are from true ones, in units in the last place; nan where both are nan."""
    with np.errstate(invalid="ignore"):
        exponent = np.maximum(np.frexp(true)[1] - 1, -126)
    unit = np.ldexp(1.0, np.where(np.isfinite(true), exponent, 127) - 23)
    # Beyond the largest number an infinity is as good as 2^128.
    limited = [np.clip(np.asarray(values, np.float64), -(2.0**128), 2.0**128) for values in (found, true)]
    return np.asarray(np.abs(limited[0] - limited[1]) / unit)


def check(name: str, found: Array, true: Array) -> None:
    assert (np.isnan(found) == np.isnan(true)).all()
    there = ~np.isnan(true)
    error = errors(found[there], true[there])
    assert error.max() <= LIMITS[name], f"{name}: {error.max()} at {np.flatnonzero(there)[error.argmax()]}"
    negative = np.signbit(true[there])
    assert (np.signbit(found[there]) == negative).all()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", UNARY)
def test_numbers_of_all_sizes(name: str, kernels: str) -> None:
    x = every_exponent(40, seed=1)
    with np.errstate(all="ignore"):
        true = OPCODES[name].numpy(x.astype(np.float64))
    if name == "sigmoid":
        # Where exp(-x) overflows even in float64 it is exp(x) that is left, far below the least float32.
        true = np.where(x < -700, 0.0, true)
    check(name, apply(name, x, kernels=kernels), true)


@pytest.mark.parametrize("name", UNARY)
def test_numbers_of_everyday_size(name: str) -> None:
    x = np.random.default_rng(2).normal(0, 3, 100_000).astype(np.float32)
    with np.errstate(all="ignore"):
        check(name, apply(name, x), OPCODES[name].numpy(x.astype(np.float64)))


SPECIAL_VALUES: dict[str, list[tuple[float, float]]] = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (89.0, INF), (-104.0, 0.0), (-103.97, LEAST)],
    "log": [
        (1.0, 0.0),
        (0.0, -INF),
        (-0.0, -INF),
        (INF, INF),
        (-1.0, math.nan),
        (-INF, math.nan),
        (-LEAST, math.nan),
    ],
    "log1p": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (-1.0, -INF),
        (INF, INF),
        (-1.5, math.nan),
        (LEAST, LEAST),
        (-LEAST, -LEAST),
    ],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (-200.0, -1.0), (89.0, INF), (-LEAST, -LEAST)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (20.0, 1.0), (-9.5, -1.0), (LEAST, LEAST)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (1000.0, 1.0), (-1000.0, 0.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (5.0, 1.0), (-5.0, -1.0)],
    "square_root": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1.0, math.nan), (4.0, 2.0)],
}


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", SPECIAL_VALUES)
def test_special_values(name: str, kernels: str) -> None:
    given, expected = np.array([*SPECIAL_VALUES[name], (math.nan, math.nan)], np.float32).T
    assert bits(apply(name, given, kernels=kernels)) == bits(np.ascontiguousarray(expected))


def powers(count: int, seed: int) -> tuple[Array, Array]:
    """Return bases and exponents: moderate and whole ones, and pairs whose powers are near the ends of float32."""
    random = np.random.default_rng(seed)
    base = np.concatenate([random.uniform(0.2, 4, 4 * count), every_exponent(count // 200, seed)]).astype(
        np.float32
    )
    with np.errstate(all="ignore"):
        ends = random.uniform(-150, 129, base.size) / np.log2(np.abs(base))
    whole = np.round(random.normal(0, 6, base.size))
    which = random.integers(0, 3, base.size)
    exponent = np.choose(which, [ends, whole, random.normal(0, 4, base.size)])
    return base, exponent.astype(np.float32)


@pytest.mark.parametrize("kernels", KERNELS)
def test_powers(kernels: str) -> None:
    x, y = powers(4000, seed=3)
    with np.errstate(all="ignore"):
        true = np.power(x.astype(np.float64), y.astype(np.float64))
    check("power", apply("power", x, y, kernels=kernels), true)


@pytest.mark.parametrize("kernels", KERNELS)
def test_powers_of_special_numbers_are_those_of_c(kernels: str) -> None:
    x, y = (pair.ravel() for pair in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        true = np.power(x.astype(np.float64), y.astype(np.float64))
    check("power", apply("power", x, y, kernels=kernels), true)


@pytest.mark.parametrize("name", LIMITS)
def test_every_processor_gives_the_same_bits(name: str) -> None:
    operands = powers(2000, seed=4) if name == "power" else (every_exponent(30, seed=4),)
    best = bits(apply(name, *operands, kernels=KERNELS[0]))
    for kernels in KERNELS[1:]:
        assert bits(apply(name, *operands, kernels=kernels)) == best


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", LIMITS)
def test_a_number_does_not_depend_on_its_neighbours(name: str, kernels: str) -> None:
    operands = powers(600, seed=5) if name == "power" else (every_exponent(4, seed=5),)
    together = apply(name, *operands, kernels=kernels)
    order = np.random.default_rng(6).permutation(together.size)
    shuffled = apply(name, *(operand[order] for operand in operands), kernels=kernels)
    assert bits(shuffled) == bits(together[order])
    alone = [apply(name, *(operand[i : i + 1] for operand in operands), kernels=kernels)[0] for i in range(200)]
    assert bits(np.array(alone)) == bits(together[:200])


BOUNDED: dict[str, tuple[float, float]] = {"tanh": (-1, 1), "sigmoid": (0, 1), "erf": (-1, 1)}


@pytest.mark.parametrize("name", BOUNDED)
def test_bounds_are_kept(name: str) -> None:
    found = apply(name, np.linspace(-110, 110, 400_001, dtype=np.float32))
    low, high = BOUNDED[name]
    assert low == found.min()
    assert high == found.max()


ODD: list[str] = ["tanh", "erf"]


@pytest.mark.parametrize("name", ODD)
def test_odd_functions_are_odd(name: str) -> None:
    x = every_exponent(20, seed=7)
    assert bits(apply(name, -x)) == bits(-apply(name, x))


EXACT: dict[str, Callable[..., Array]] = {
    "copy": np.positive,
    "negate": np.negative,
    "absolute": np.absolute,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.true_divide,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
}


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", EXACT)
def test_simple_operations_are_those_of_numpy(name: str, kernels: str) -> None:
    a, b = (pair.ravel() for pair in np.meshgrid(SPECIAL, SPECIAL))
    operands = (a, b)[: OPCODES[name].arity]
    with np.errstate(all="ignore"):
        expected = EXACT[name](*operands).astype(np.float32)
    assert bits(apply(name, *operands, kernels=kernels)) == bits(expected)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", ["maximum", "minimum", "sign"])
def test_these_are_equal_to_numpys_and_keep_nan(name: str, kernels: str) -> None:
    a, b = (pair.ravel() for pair in np.meshgrid(SPECIAL, SPECIAL))
    operands = (a, b)[: OPCODES[name].arity]
    with np.errstate(all="ignore"):
        expected = OPCODES[name].numpy(*operands)
    assert np.array_equal(apply(name, *operands, kernels=kernels), expected, equal_nan=True)


@pytest.mark.parametrize("kernels", KERNELS)
def test_where_takes_what_the_condition_says(kernels: str) -> None:
    a, b = (pair.ravel() for pair in np.meshgrid(SPECIAL, SPECIAL))
    found = apply("where", a, b, -b, kernels=kernels)
    assert bits(found) == bits(np.where(a != 0, b, -b))


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", OPCODES)
def test_single_numbers_stand_for_all(name: str, kernels: str) -> None:
    random = np.random.default_rng(8)
    arity = OPCODES[name].arity
    for length in [2, 16, 37]:
        whole = [random.uniform(0.1, 2, length).astype(np.float32) for _ in range(arity)]
        for singles in range(1 << arity):
            mixed = [values[:1] if singles >> i & 1 else values for i, values in enumerate(whole)]
            repeated = [np.broadcast_to(values, (length,)) for values in mixed]
            found = apply(name, *mixed, kernels=kernels, length=length)
            assert bits(found) == bits(apply(name, *repeated, kernels=kernels))
