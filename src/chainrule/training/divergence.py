"""Why a cost overflowed or exploded: the likely causes, each with the number that speaks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.training.advice import Advice
from chainrule.training.ranges import Outlier, Range

# A cost so many times that of the start has exploded, if it has been so for a while. Batches, warm-up and momentum
# make healthy costs rise by a few times for some steps, seldom by ten, and never to stay there.
EXPLODED = 10.0
# A while: this part of the epochs, but not fewer than this many where there are as many.
_LAST_PART, _LAST_EPOCHS = 0.25, 3

# Standardized numbers rarely exceed 5; what is larger than this in the first layer's rows is not scaled.
_LARGE = 10.0
# Targets of this size ask for answers that small first weights are far away from.
_LARGE_TARGETS = 100.0
# From so many times the usual learning rate on, that is what to go back to; else to a tenth of it.
_FAR_FROM_USUAL = 100.0


@dataclass(frozen=True)
class Explosion:
    """A cost that grew and stayed large.

    Attributes:
        start, end: the cost at the first and at the last parameters, on the same rows.
        epochs: for how many epochs, the last ones, it has been large.
    """

    start: float
    end: float
    epochs: int


@dataclass(frozen=True)
class Situation:
    """What is known of a training that went wrong.

    Attributes:
        optimizer: its name.
        rate: the largest learning rate so far; None where the optimizer finds the length of its steps.
        usual_rate: the one that the optimizer takes where nothing is said.
        follows_slope: whether a step is as long as the slope is steep, as in gradient descent and momentum.
        rows: the rows as the first layer reads them.
        standardized: whether they are standardized.
        outlier: a number of X far outside its column.
        targets: the targets of a regression; None for classes.
        target_outlier: a target far outside the others.
    """

    optimizer: str
    rate: float | None
    usual_rate: float
    follows_slope: bool
    rows: Range
    standardized: bool
    outlier: Outlier | None = None
    targets: Range | None = None
    target_outlier: Outlier | None = None


def explosion(
    start: float | None, end: float | None, costs: Sequence[float], *, plain: float = 0.0
) -> Explosion | None:
    """Tell whether a cost, though finite, has exploded: for a while, and at the end, it is over 10 times the first.

    A while is the last quarter of the epochs, at least the last three (or all, where there are fewer). A cost that
    is merely large for some steps, or comes down again, has not exploded.

    Args:
        start: the cost at the first parameters; None where it is not known.
        end: the cost at the last parameters, on the same rows.
        costs: the mean cost of each epoch.
        plain: the cost of always giving the same answer; a training that starts from a good model, with less, is
            measured by this.

    Example:
        >>> explosion(0.7, 90.0, [5.0, 40.0, 70.0, 90.0])
        Explosion(start=0.7, end=90.0, epochs=3)
        >>> explosion(0.7, 0.4, [500.0, 40.0, 2.0, 0.5]) is None
        True
    """
    if start is None or end is None or not costs or not start > 0:
        return None
    large = EXPLODED * max(start, plain)
    last = min(len(costs), max(_LAST_EPOCHS, math.ceil(_LAST_PART * len(costs))))
    if not (end > large and all(cost > large for cost in costs[-last:])):
        return None
    below = [place for place, cost in enumerate(costs) if not cost > large]
    return Explosion(start, end, len(costs) - 1 - below[-1] if below else len(costs))


def explosion_advice(found: Explosion, kept: int | None) -> Advice:
    """Say how much a cost has grown, and of which epoch the parameters were kept; None where it is the start."""
    times = found.end / found.start
    epochs = "epoch" if found.epochs == 1 else f"{found.epochs} epochs"
    return Advice(
        "exploding_cost",
        f"the cost exploded: it was {found.end:.3g} at the end, {times:.3g} times that of the start "
        f"({found.start:.3g}), and more than {EXPLODED:g} times that in the last {epochs}; {kept_words(kept)}",
        {"start": found.start, "end": found.end, "epochs": found.epochs, "kept": kept or 0},
    )


def kept_words(kept: int | None) -> str:
    """Say of which epoch the parameters were kept, after a cost that overflowed or exploded; None for the start.

    >>> kept_words(3)
    'the best parameters, those of epoch 3, were kept'
    """
    if kept is None:
        return "the first parameters were kept, as none were better"
    return f"the best parameters, those of epoch {kept}, were kept"


def likely_causes(situation: Situation) -> list[Advice]:
    """Return what may have made a cost overflow or explode, the likeliest first; at least one thing.

    Data come first: a rate that is usual for scaled rows is too large for others. The learning rate is named where
    it is above the optimizer's usual one, or where nothing else was found.
    """
    found = [
        *_outlier(situation.outlier, "X"),
        *_outlier(situation.target_outlier, "y"),
        *_unscaled_features(situation),
        *_large_targets(situation),
    ]
    if situation.rate is not None and (situation.rate > situation.usual_rate or not found):
        found.append(_learning_rate(situation, situation.rate))
    return found or [_unexplained()]


def _outlier(found: Outlier | None, name: str) -> list[Advice]:
    if found is None:
        return []
    place = f"row {found.row}, column {found.column}"
    return [
        Advice(
            "outlier",
            f"{name} holds the extreme value {found.value:.6g} at {place}, where nine of ten values lie between "
            f"{found.low:.4g} and {found.high:.4g}: correct it or leave the row out",
            {
                "of": name,
                "value": found.value,
                "row": found.row,
                "column": found.column,
                "low": found.low,
                "high": found.high,
            },
        )
    ]


def _unscaled_features(situation: Situation) -> list[Advice]:
    rows = situation.rows
    if situation.standardized or situation.outlier is not None or not abs(rows.largest) > _LARGE:
        return []
    return [
        Advice(
            "unscaled_features",
            f"the features are not scaled: the first layer reads numbers up to {rows.largest:.4g} (row {rows.row}, "
            f"column {rows.column}), {rows.root_mean_square:.3g} in the root mean square; try "
            'preprocess="standardize"',
            {
                "largest": rows.largest,
                "row": rows.row,
                "column": rows.column,
                "root_mean_square": rows.root_mean_square,
            },
        )
    ]


def _large_targets(situation: Situation) -> list[Advice]:
    targets = situation.targets
    if targets is None or not targets.root_mean_square > _LARGE_TARGETS:
        return []
    size = targets.root_mean_square
    return [
        Advice(
            "large_targets",
            f"the targets are large: {size:.3g} in the root mean square, up to {targets.largest:.4g} (row "
            f"{targets.row}); divide y by {size:.1g}, and multiply the answers by it",
            {"root_mean_square": size, "largest": targets.largest, "row": targets.row},
        )
    ]


def _learning_rate(situation: Situation, rate: float) -> Advice:
    usual = situation.usual_rate
    tried = usual if rate > _FAR_FROM_USUAL * usual else rate / 10
    numbers = {"rate": rate, "usual": usual}
    bound = ""
    steady = 1 / (1 + situation.rows.row_square)
    if situation.follows_slope and steady > 0:
        # The squared error of one linear neuron has the curvature 2 x x^T, so steps are steady below one over the
        # largest eigenvalue of the mean of x x^T, which is at most the mean of x^T x, the bias's 1 among it
        # (LeCun and others, "Efficient BackProp", 1998).
        tried = min(tried, steady)
        numbers["steady"] = steady
        bound = f"; on these rows a neuron's steps of squared error are sure to be steady below {steady:.2g}"
    numbers["try"] = tried
    return Advice(
        "learning_rate",
        f"the learning rate {rate:g} may be too large ({situation.optimizer}'s usual one is {usual:g}{bound}); "
        f"try {tried:.1g}, or gradients clipped by their norm (clip_norm=1)",
        numbers,
    )


def _unexplained() -> Advice:
    return Advice(
        "exploding_cost",
        "neither the rows nor the targets nor a learning rate explain it: look for a loss or an activation of your "
        "own that is not finite, such as the logarithm of 0",
    )
