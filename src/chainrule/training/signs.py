"""Signs of a training that does not go well, each a function from numbers to advice or None.

Each threshold is written where it is used, with the reason for it: a healthy training must not be talked about.
docs/guides/advice.md tells what they were tried on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.training.advice import Advice
from chainrule.training.history import Epoch
from chainrule.training.labels import ClassName
from chainrule.training.probe import LayerSeen

# Some relu neurons that never fire are usual, more so with dropout and penalties; half a layer is not.
_DEAD_SHARE = 0.5
# A neuron is saturated if it is at its limits for nearly all rows; one that draws a line is so on both its sides.
_SATURATED_ROWS, _SATURATED_SHARE = 0.98, 0.5
# Gradients of healthy networks differ from layer to layer by tens, those that stand still by many thousands.
_VANISHED, _EXPLODED = 1e-4, 1e4

# A gap in accuracy of ten points that chance, with so many deviations, does not explain.
_GAP, _DEVIATIONS = 0.1, 3.0
# A validation cost that has risen by a fifth while the training cost fell by a fifth.
_RISE, _FALL = 1.2, 0.8
# It does not count before the costs are apart.
_APART = 1.5
# Where a tenth of the first cost is left, what was to be learned was learned: a cost that rises from there is that
# of single rows, hidden neurons may well be sure of themselves, and gradients are small as they should be.
LEARNED = 0.1

# What a good model thinks of a wrong label: less than one in twenty, shared by the other classes where there are
# more than two. Wrong labels among those that it learned from, and that early stopping watches, keep it from being
# surer.
_UNLIKELY = 0.05
# One that errs more often than this cannot judge labels.
_JUDGES_FROM = 0.9
# Its own mistakes are of every certainty, wrong labels stand apart: of those to whose label it gives less than a
# quarter, so many must be so unlikely. On clean digits about 15 % are, with 2 % of wrong labels 34 %.
_ODD, _ODD_SHARE = 0.25, 0.3
_EXAMPLES_NAMED, _EXAMPLES_KEPT = 5, 50


def dead_neurons(layers: Sequence[LayerSeen], rows: int) -> Advice | None:
    """Find layers of which half the relu neurons are 0 for every row: no gradient ever moves them again.

    Args:
        layers: all of them.
        rows: how many rows were looked at.
    """
    relu = [layer for layer in layers if layer.activation == "relu"]
    counts = [(layer.number, int((~layer.active).sum()), len(layer.active)) for layer in relu]
    told = _layers_with_many(counts, _DEAD_SHARE)
    if not told:
        return None
    return Advice(
        "dead_neurons",
        f"relu neurons are dead, 0 for each of {rows:,} rows: {told}; try a smaller learning rate, standardized "
        "rows, or leaky_relu",
        {"rows": rows, "layers": _counted(counts, "dead")},
    )


def saturated_neurons(layers: Sequence[LayerSeen], rows: int) -> Advice | None:
    """Find hidden layers of which half the sigmoid or tanh neurons are at their limits for nearly every row.

    The last layer's are not counted: there, to be near 0 or 1 is to be certain.

    Args:
        layers: all of them.
        rows: how many rows were looked at.
    """
    curved = [layer for layer in layers[:-1] if layer.activation in ("sigmoid", "tanh")]
    counts = [(layer.number, int((layer.at_limit >= _SATURATED_ROWS).sum()), len(layer.active)) for layer in curved]
    told = _layers_with_many(counts, _SATURATED_SHARE)
    if not told:
        return None
    return Advice(
        "saturated_neurons",
        f"sigmoid or tanh neurons are saturated, at their limits for at least {_percent(_SATURATED_ROWS)} of "
        f'{rows:,} rows: {told}; try preprocess="standardize", a smaller learning rate, or relu',
        {"rows": rows, "layers": _counted(counts, "saturated")},
    )


def _layers_with_many(counts: Sequence[tuple[int, int, int]], share: float) -> str:
    return ", ".join(
        f"{count} of {units} in layer {number}" for number, count, units in counts if count >= share * units
    )


def _counted(counts: Sequence[tuple[int, int, int]], word: str) -> list[dict[str, int]]:
    return [{"layer": number, word: count, "units": units} for number, count, units in counts]


def uneven_gradients(layers: Sequence[LayerSeen]) -> Advice | None:
    """Compare the gradients of the rows in the first layer and in the last.

    They are those of each row, not of the cost: at the end of a training the rows' gradients cancel in the last
    layer first, which would make a ratio of dJ/dW say nothing.
    """
    if len(layers) < 2 or not layers[-1].signal > 0:
        return None
    first, last = layers[0], layers[-1]
    ratio = first.signal / last.signal
    if _VANISHED < ratio < _EXPLODED or not math.isfinite(ratio):
        return None
    vanishing = ratio <= _VANISHED
    remedy = (
        "try relu in the place of sigmoid or tanh, initial weights of He or Glorot, or fewer layers"
        if vanishing
        else "try smaller initial weights, or gradients clipped by their norm (clip_norm=1)"
    )
    numbers = {
        "ratio": ratio,
        "layers": [
            {"layer": layer.number, "row_gradient": layer.signal, "dJ/dW": layer.gradient} for layer in layers
        ],
    }
    return Advice(
        "vanishing_gradients" if vanishing else "exploding_gradients",
        f"gradients {'vanish' if vanishing else 'explode'} on their way back: a row's gradient in the first layer "
        f"is {ratio:.1g} times that in the last (the norm of dJ/dW{first.number} is {first.gradient:.2g}, that of "
        f"dJ/dW{last.number} {last.gradient:.2g}); {remedy}",
        numbers,
    )


def overfitting(epochs: Sequence[Epoch], best_epoch: int | None, *, start: float, checked: int) -> Advice | None:
    """Tell whether training examples are answered much better than others.

    That is where the accuracy at the kept epoch differs by more than ten points and more than chance explains, or
    where the validation cost has risen by a fifth from its least while the training cost fell by a fifth.

    Args:
        epochs: the records.
        best_epoch: the epoch whose parameters were kept; None for the last.
        start: the cost before the first step.
        checked: how many validation examples there are.
    """
    if not epochs or epochs[-1].validation_cost is None:
        return None
    kept = epochs[-1 if best_epoch is None else best_epoch - 1]
    numbers: dict[str, Any] = {"kept_epoch": kept.epoch}
    found = [*_accuracy_gap(kept, checked, numbers), *_rising_cost(epochs, start, numbers)]
    if not found:
        return None
    kept_words = "" if best_epoch is None else f" (the parameters of epoch {best_epoch} were kept)"
    return Advice(
        "overfitting",
        f"{'; '.join(found)}{kept_words}: it learns rows by heart; try more rows, a penalty (l2), dropout, or a "
        "smaller network",
        numbers,
    )


def _accuracy_gap(kept: Epoch, checked: int, numbers: dict[str, Any]) -> list[str]:
    if kept.accuracy is None or kept.validation_accuracy is None or not checked:
        return []
    share, gap = kept.validation_accuracy, kept.accuracy - kept.validation_accuracy
    # Even with all or none right, a few rows may be so by chance: half a row counts as the other.
    spread = math.sqrt(max(share * (1 - share), 0.5 / checked) / checked)
    if not gap > max(_GAP, _DEVIATIONS * spread):
        return []
    numbers |= {"accuracy": kept.accuracy, "validation_accuracy": share}
    told = f"{_percent(kept.accuracy)} of the training rows are answered right, but {_percent(share)} of the others"
    return [told]


def _rising_cost(epochs: Sequence[Epoch], start: float, numbers: dict[str, Any]) -> list[str]:
    checked = [math.inf if epoch.validation_cost is None else epoch.validation_cost for epoch in epochs]
    best, last = epochs[int(np.argmin(checked))], epochs[-1]
    assert best.validation_cost is not None
    assert last.validation_cost is not None
    rises = LEARNED * start < best.validation_cost < last.validation_cost / _RISE
    if not (rises and last.cost < _FALL * best.cost and last.validation_cost > _APART * last.cost):
        return []
    numbers |= {
        "best_epoch": best.epoch,
        "cost": [best.cost, last.cost],
        "validation_cost": [best.validation_cost, last.validation_cost],
    }
    told = (
        f"the validation cost rose from {best.validation_cost:.3g} in epoch {best.epoch} to "
        f"{last.validation_cost:.3g} while the training cost fell from {best.cost:.3g} to {last.cost:.3g}"
    )
    return [told]


def suspicious_labels(
    probabilities: NDArray[Any],
    y: NDArray[np.int64],
    *,
    classes: Sequence[ClassName],
    names: Sequence[str],
    of: str,
) -> Advice | None:
    """Find examples whose label a good model thinks very unlikely: they may be labelled wrongly.

    Args:
        probabilities: of each class, shape (m, k).
        y: the index of each example's label, shape (m,).
        classes: the names of the classes.
        names: what each example is called.
        of: what the examples are, such as "held-out rows".

    Example:
        >>> found = suspicious_labels(
        ...     np.array([[0.999, 0.001]] * 49 + [[0.002, 0.998]]), np.array([0] * 50), classes=["cat", "dog"],
        ...     names=[f"row {i}" for i in range(50)], of="rows"
        ... )
        >>> found.numbers["found"], found.numbers["examples"][0]["name"]
        (1, 'row 49')
    """
    if not len(y):
        return None
    own, answers = probabilities[np.arange(len(y)), y], probabilities.argmax(axis=1)
    unlikely = _UNLIKELY / (probabilities.shape[1] - 1)
    doubted, odd = np.flatnonzero(own < unlikely), int((own < _ODD).sum())
    accuracy = float((answers == y).mean())
    if not len(doubted) or len(doubted) < _ODD_SHARE * odd or accuracy < _JUDGES_FROM:
        return None
    ordered = doubted[np.argsort(own[doubted], kind="stable")]
    examples = [
        {
            "name": names[i],
            "label": classes[int(y[i])],
            "answer": classes[int(answers[i])],
            "probability": float(own[i]),
        }
        for i in ordered[:_EXAMPLES_KEPT].tolist()
    ]
    told = ", ".join(
        f"{one['name']} ({one['label']}: {_percent(one['probability'])}; answered {one['answer']})"
        for one in examples[:_EXAMPLES_NAMED]
    )
    more = f", and {len(doubted) - _EXAMPLES_NAMED} more" if len(doubted) > _EXAMPLES_NAMED else ""
    return Advice(
        "suspicious_labels",
        f"{len(doubted)} of {len(y):,} {of} may be labelled wrongly, as their own label gets less than "
        f"{_percent(unlikely)}: {told}{more}; look at them, and correct the labels or leave them out",
        {"looked_at": len(y), "found": len(doubted), "accuracy": accuracy, "examples": examples},
    )


def _percent(share: Any) -> str:
    return "under 0.001 %" if 0 < share < 1e-5 else f"{100 * share:.3g} %"
