"""The models that a plot is of: one, several, or several by title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import UserError
from chainrule.network.layers import Dense
from chainrule.network.network import Network
from chainrule.training.history import Snapshot
from chainrule.training.model_graph import TrainedModel

# One model, several, or several with their titles.
Models: TypeAlias = "TrainedModel | Sequence[TrainedModel] | Mapping[str, TrainedModel]"


def snapshots_of(model: TrainedModel) -> tuple[Snapshot, ...]:
    """Return a model's snapshots, at least two.

    Raises:
        UserError: there are none; the message says how to keep them.
    """
    snapshots = model.history.snapshots
    if len(snapshots) < 2:
        kept = "only one snapshot was" if snapshots else "no snapshots were"
        raise UserError(
            f"this plot shows a model over time, but {kept} kept: train with cr.fit(..., snapshots=50) and plot "
            "that model (a model's file does not store them)"
        )
    return snapshots


def thinned(snapshots: Sequence[Snapshot], most: int) -> list[Snapshot]:
    """Return some snapshots spread evenly, the first and the last among them; all where they are not too many."""
    chosen = np.unique(np.linspace(0, len(snapshots) - 1, min(most, len(snapshots))).round().astype(int))
    return [snapshots[place] for place in chosen]


def titled(models: Models) -> dict[str, TrainedModel]:
    """Bring one model or several into one form, by title; without titles, their hidden layers name them.

    Raises:
        UserError: there is none, or something that is no model.
    """
    if isinstance(models, Mapping):
        found = {str(title): model for title, model in models.items()}
    else:
        given: Any = models
        listed = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
        found = {}
        for model in listed:
            title = described(_checked(model).network)
            found[title if title not in found else f"{title} ({len(found) + 1})"] = model
    if not found:
        raise UserError("there is no model to plot: give one, a list of models, or models by title")
    return {title: _checked(model) for title, model in found.items()}


def _checked(model: Any) -> TrainedModel:
    if not all(hasattr(model, name) for name in ("network", "parameters", "preprocessing", "history")):
        raise UserError(f"{model!r:.60} is no trained model: give what cr.fit or cr.load returns")
    return model  # type: ignore[no-any-return]


def described(network: Network) -> str:
    """Describe a network's hidden layers in a few words.

    >>> described(Network([Dense(8, "relu"), Dense(8, "relu"), Dense(1, "sigmoid")]))
    '2 hidden layers, relu'
    """
    hidden = [layer for layer in network.layers if isinstance(layer, Dense)][:-1]
    if not hidden:
        return "no hidden layer"
    names = list(dict.fromkeys(layer.activation.name for layer in hidden))
    return f"{len(hidden)} hidden layer{'s' * (len(hidden) > 1)}, {' and '.join(names)}"
