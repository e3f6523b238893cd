"""One table of examples of every operation, with values away from kinks; other tests iterate over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expression, apply
from chainrule.graph.op import REGISTRY
from chainrule.graph.shapes import Shape

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """An expression with an operation at its root.

    `moves` tells which inputs can be moved a little: labels cannot. `shapes` tells where the axis of examples is.
    """

    op: str
    build: Callable[..., Expression]
    values: Sequence[Values]
    shapes: Sequence[Shape] = ()
    moves: Sequence[bool] = ()
    inputs: tuple[Expression, ...] = field(init=False)
    node: Expression = field(init=False)

    def __post_init__(self) -> None:
        shapes = self.shapes or [value.shape for value in self.values]
        inputs = tuple(cr.variable(name, shape) for name, shape in zip("abc", shapes, strict=False))
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "node", self.build(*inputs))

    def __str__(self) -> str:
        shapes = ",".join(str(node.shape).replace(" ", "").replace("'", "") for node in self.inputs)
        attributes = ",".join(f"{key}={value}" for key, value in self.node.attributes.items())
        return f"{self.op}-{shapes}-{attributes}-{self.node}".replace(" ", "")

    @property
    def given(self) -> dict[Expression, Values]:
        return dict(zip(self.inputs, self.values, strict=True))

    @property
    def moved(self) -> list[Expression]:
        moves = self.moves or [True] * len(self.inputs)
        return [node for node, moves_it in zip(self.inputs, moves, strict=True) if moves_it]

    def cost(self) -> tuple[Expression, dict[Expression, Values]]:
        """A sum in which each element of the result has a weight of its own, and the values for it."""
        shape = np.shape(cr.value(self.node, self.given))
        weights = cr.variable("weights", self.node.shape)
        numbers = 0.7 + 0.6 * np.cos(np.arange(int(np.prod(shape)))).reshape(shape)
        return cr.sum(self.node * weights), {**self.given, weights: numbers}


def some(*shape: int, low: float = -2.0, high: float = 2.0) -> Values:
    """Numbers spread over a range without pattern: none twice, none at a kink."""
    steps = np.arange(1, int(np.prod(shape)) + 1)
    fractions = (0.123 + steps * 0.61803398875) % 1.0
    return np.asarray(low + (high - low) * fractions).reshape(shape)


def elementwise(name: str, *values: Values, moves: Sequence[bool] = (), **attributes: Any) -> Case:
    return Case(name, partial(apply, name, **attributes), values, moves=moves)


def reductions(name: str) -> list[Case]:
    """All choices of axes, with and without keeping them, with and without an axis of examples."""
    shapes: list[Shape] = [(3,), (2, 3), ("m",), ("m", 3), (2, "m"), (2, 2, 2)]
    cases = []
    for shape in shapes:
        values = some(*(4 if axis == "m" else axis for axis in shape))
        positions = range(len(shape))
        for axes in chain.from_iterable(combinations(positions, count + 1) for count in positions):
            for keepdims in (False, True):
                build = partial(apply, name, axes=axes, keepdims=keepdims)
                cases.append(Case(name, build, [values], [shape]))
    return cases


def products() -> list[Case]:
    """Vectors and matrices, with the axis of examples (here of length 4) wherever it may be."""
    shapes: list[tuple[Shape, Shape]] = [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((1, 3), (3, 1)),
        (("m",), ("m",)),
        (("m", 3), (3,)),
        (("m", 3), (3, 2)),
        ((3, "m"), ("m",)),
        ((3, "m"), ("m", 2)),
        (("m",), ("m", 2)),
        ((3,), (3, "m")),
        ((2, 3), (3, "m")),
    ]
    return [
        Case("matmul", cr.matmul, [some(*(4 if axis == "m" else axis for axis in shape)) for shape in pair], pair)
        for pair in shapes
    ]


def reshapes() -> list[Case]:
    pairs: list[tuple[Shape, Shape]] = [
        ((6,), (2, 3)),
        ((2, 3), (3, 2)),
        ((1,), ()),
        (("m",), ("m", 1)),
        (("m", 1), ("m",)),
        (("m",), (1, "m")),
        (("m", 6), ("m", 2, 3)),
        ((2, "m", 3), (2, "m", 3, 1)),
    ]
    return [
        Case(
            "reshape",
            partial(cr.reshape, shape=after),
            [some(*(4 if axis == "m" else axis for axis in before))],
            [before],
        )
        for before, after in pairs
    ]


def broadcasts() -> list[Case]:
    pairs: list[tuple[Shape, Shape]] = [
        ((), (3,)),
        ((3,), (2, 3)),
        ((2, 1), (2, 3)),
        ((1, 3), (2, 3)),
        (("m",), (2, "m")),
        (("m", 1), ("m", 3)),
    ]
    return [
        Case(
            "broadcast_to",
            partial(cr.broadcast_to, shape=after),
            [some(*(4 if axis == "m" else axis for axis in before))],
            [before],
        )
        for before, after in pairs
    ]


_LABELS = np.array([2.0, 0.0, 1.0, 2.0])

_CASES = [
    *(elementwise(name, some(6)) for name in ("copy", "negate", "exp", "expm1", "tanh", "sigmoid", "erf")),
    *(elementwise(name, some(6)) for name in ("relu", "softplus", "silu", "gelu", "abs", "sign")),
    *(elementwise(name, some(6, low=0.2, high=3.0)) for name in ("log", "sqrt")),
    elementwise("log1p", some(6, low=-0.8, high=3.0)),
    elementwise("leaky_relu", some(6), alpha=0.01),
    elementwise("leaky_relu", some(6), alpha=0.3),
    elementwise("elu", some(6), alpha=1.0),
    elementwise("elu", some(6), alpha=0.4),
    *(elementwise(name, some(6), np.flip(some(6)).copy()) for name in ("add", "subtract", "multiply")),
    *(elementwise(name, some(6), np.flip(some(6)).copy()) for name in ("maximum", "minimum")),
    elementwise("divide", some(6), some(6, low=0.5, high=2.0)),
    elementwise("power", some(6, low=0.3, high=2.0), some(6)),
    Case("power", lambda a: a**3, [some(6)]),
    Case("power", lambda a: a**-1.5, [some(6, low=0.3, high=2.0)]),
    Case("power", lambda b: 2.0**b, [some(6)]),
    Case("multiply", lambda a: apply("multiply", a, a), [some(6)]),
    Case("divide", lambda a: apply("divide", 3.0, a), [some(6, low=0.5, high=2.0)]),
    *(
        elementwise(name, some(6), np.flip(some(6)).copy())
        for name in ("greater", "greater_equal", "less", "less_equal", "equal")
    ),
    elementwise(
        "where",
        np.array([1.0, 0.0, 1.0, 0.0, -2.0, 0.0]),
        some(6),
        np.flip(some(6)).copy(),
        moves=(False, True, True),
    ),
    elementwise("logit_cross_entropy", some(6), some(6, low=0.0, high=1.0)),
    *products(),
    Case("transpose", cr.transpose, [some(2, 3)]),
    Case("transpose", cr.transpose, [some(4, 3)], [("m", 3)]),
    *reductions("sum"),
    *reductions("mean"),
    *reductions("max"),
    *(Case(f.__name__, f, [some(3)]) for f in (cr.softmax, cr.logsumexp)),
    *(Case(f.__name__, f, [some(2, 3)]) for f in (cr.softmax, cr.logsumexp)),
    *(Case(f.__name__, f, [some(4, 3)], [("m", 3)]) for f in (cr.softmax, cr.logsumexp)),
    *reshapes(),
    *broadcasts(),
    Case("pick", cr.pick, [some(4, 3), _LABELS], [("m", 3), ("m",)], moves=(True, False)),
    Case("pick", cr.pick, [some(4, 3), _LABELS], moves=(True, False)),
    Case("one_hot", partial(cr.one_hot, classes=3), [_LABELS], [("m",)], moves=(False,)),
]

CASES: dict[str, list[Case]] = {name: [] for name in REGISTRY}
for case in _CASES:
    CASES[case.op].append(case)

ALL = [case for cases in CASES.values() for case in cases]
