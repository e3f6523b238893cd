"""What to look at after a run: what its training says, and the pictures whose labels look wrong, by path."""

from __future__ import annotations

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.data.splits import Splits
from chainrule.model import Model
from chainrule.training.advice import CAUSES, Advice
from chainrule.training.signs import suspicious_labels


def advice_of_run(model: Model, dataset: Dataset, parts: Splits) -> tuple[Advice, ...]:
    """Return the advice on a run.

    Labels are doubted among all pictures that were held out, to validate and to test: those that were learned from
    may have been learned by heart, wrong labels and all.

    Args:
        model: as it was trained, with its history.
        dataset: all pictures.
        parts: which of them were held out.
    """
    advice = model.history.advice
    if any(one.kind in CAUSES for one in advice):
        return advice
    held_out = dataset.subset(np.concatenate([parts.validation, parts.test]))
    doubted = suspicious_labels(
        model.predict_proba(held_out.X),
        held_out.y,
        classes=held_out.classes,
        names=held_out.paths,
        of="held-out pictures",
    )
    others = [one for one in advice if one.kind != "suspicious_labels"]
    return (*others, doubted) if doubted is not None else tuple(others)
