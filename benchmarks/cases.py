"""What is measured: each case is one description, from which chainrule and all peers build the same work."""

from __future__ import annotations

from dataclasses import dataclass, replace

# A whole number of batches, so that each step of every contender has the same shape.
_ROWS_OF_BATCH = {10: 60_000, 32: 60_000, 128: 60_032, 512: 60_416}


@dataclass(frozen=True)
class Case:
    """A training that every contender does: the same data, first values, order of rows and updates.

    Attributes:
        name: how `--only` picks it.
        features: numbers in a row.
        layers: units and activation of each layer; "own" is z / (1 + |z|), written by each as its own function.
        batch: rows in a step, drawn from all rows in a new order each epoch; None for all rows.
        rows: how many there are.
        steps: of one measured run.
        rate: learning rate.
        data: "float" rows, "bytes" from 0 to 255 that are divided by 255, or "standardised" bytes.
        loss: "cross_entropy" (binary or of classes, as the output says) or "own", sqrt(1 + (y_hat - y)**2) - 1.
        optimizer: "sgd", which is gradient descent, or "adam".
        dropout: share of the first layer's outputs that a step sets to 0.
        l2: penalty l2 / 2 * sum of W**2.
        weighted: whether rows have weights.
        with_set_up: whether everything from the raw rows in memory to the result is measured.
        limit: what bounds it: "products" (the bare products of its steps), "reading" (its rows' bytes, once a
            step), or "" where neither says much.
        nearest: for a held-out case, that with the goal it is compared with.
        goal: what to reach, in words; report.py counts it.
    """

    name: str
    features: int
    layers: tuple[tuple[int, str], ...]
    batch: int | None
    rows: int
    steps: int
    rate: float
    data: str = "float"
    loss: str = "cross_entropy"
    optimizer: str = "sgd"
    dropout: float = 0.0
    l2: float = 0.0
    weighted: bool = False
    with_set_up: bool = False
    limit: str = ""
    nearest: str = ""
    goal: str = ""

    @property
    def shape(self) -> str:
        """The units from input to output, such as 784-30-1."""
        return "-".join(str(units) for units in (self.features, *(units for units, _ in self.layers)))

    @property
    def rows_in_step(self) -> int:
        """How many rows a step reads."""
        return self.batch or self.rows

    @property
    def classes(self) -> int:
        """How many classes there are: 2 with one output."""
        return max(2, self.layers[-1][0])

    @property
    def tolerance(self) -> float:
        """How far costs may lie apart: for rounding, and for other random numbers where any are drawn."""
        return 0.03 if self.dropout else 2e-3

    def shortened(self, factor: int) -> Case:
        """The same case with fewer steps; set-up weighs more then, so such cases stay whole."""
        return self if self.with_set_up else replace(self, steps=max(2, self.steps // factor))


def _mini_batch(
    name: str, sizes: str, activation: str, batch: int, *, steps: int, rate: float, **more: object
) -> Case:
    features, *units = (int(number) for number in sizes.split("-"))
    output = "sigmoid" if units[-1] == 1 else "softmax"
    layers = (*((width, activation) for width in units[:-1]), (units[-1], output))
    return Case(name, features, layers, batch, _ROWS_OF_BATCH[batch], steps, rate, **more)  # type: ignore[arg-type]


MAIN = (
    _mini_batch("tiny", "2-4-1", "tanh", 10, steps=100_000, rate=0.05, goal="at most 1/4 of the best peer's time"),
    _mini_batch(
        "small", "784-30-1", "relu", 10, steps=12_000, rate=0.003, goal="at most 1/2 of the best peer's time"
    ),
    _mini_batch(
        "middle",
        "784-256-128-1",
        "relu",
        128,
        steps=938,
        rate=0.01,
        limit="products",
        goal="at most 1/1.3 of the best framework's time, or 85 % of the bare products' rate",
    ),
    _mini_batch(
        "large",
        "2048-4096-4096-1",
        "relu",
        512,
        steps=6,
        rate=0.0005,
        limit="products",
        goal="90 % of the bare products' rate, and less time than every framework",
    ),
    Case(
        "tall",
        12_288,
        ((1, "sigmoid"),),
        None,
        8_192,
        200,
        0.002,
        data="bytes",
        limit="reading",
        goal="at most 1/3 of the best peer's time; peak memory at most 1.3 times the bytes of X",
    ),
    Case(
        "wide",
        12_288,
        ((1, "sigmoid"),),
        None,
        209,
        2_000,
        0.001,
        data="bytes",
        with_set_up=True,
        goal="at most 1/10 of the best peer's time",
    ),
    Case(
        "wide long",
        12_288,
        ((1, "sigmoid"),),
        None,
        209,
        20_000,
        0.001,
        data="bytes",
        with_set_up=True,
        goal="at most 1/30 of the best peer's time",
    ),
    Case(
        "wide deep",
        12_288,
        ((20, "relu"), (7, "relu"), (5, "relu"), (1, "sigmoid")),
        None,
        2_048,
        500,
        0.002,
        data="bytes",
        with_set_up=True,
        goal="at most 1/4 of the best peer's time",
    ),
)

HELD_OUT = (
    _mini_batch("3-9-5-1 tanh", "3-9-5-1", "tanh", 10, steps=50_000, rate=0.05, nearest="tiny"),
    _mini_batch(
        "softmax with Adam", "700-33-3", "relu", 10, steps=6_000, rate=1e-4, optimizer="adam", nearest="small"
    ),
    _mini_batch(
        "own functions",
        "784-256-128-1",
        "own",
        128,
        steps=938,
        rate=0.05,
        loss="own",
        limit="products",
        nearest="middle",
    ),
    _mini_batch(
        "dropout with L2",
        "784-256-128-1",
        "relu",
        128,
        steps=938,
        rate=0.01,
        dropout=0.3,
        l2=0.01,
        limit="products",
        nearest="middle",
    ),
    _mini_batch("sample weights", "784-30-1", "relu", 10, steps=12_000, rate=0.003, weighted=True, nearest="small"),
    _mini_batch(
        "five layers", "784-160-96-64-32-1", "relu", 128, steps=938, rate=0.01, limit="products", nearest="middle"
    ),
    Case(
        "uint8 standardised",
        12_288,
        ((1, "sigmoid"),),
        None,
        8_192,
        200,
        1e-5,
        data="standardised",
        limit="reading",
        nearest="tall",
    ),
)

CASES = {case.name: case for case in (*MAIN, *HELD_OUT)}

# So many times the examples; already once they are more than four times the last-level cache.
SIZES = (1, 4, 16)
GROWTH = {
    f"{name} x{size}": replace(CASES[name], name=f"{name} x{size}", rows=size * rows, steps=steps(size))
    for name, rows, steps in (("middle", 60_032, lambda size: 938), ("tall", 12_288, lambda size: 96 // size))
    for size in SIZES
}
