"""What a network is to learn: which loss falls, and what the labels mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.network.losses import Loss
from chainrule.network.network import Network
from chainrule.network.outputs import loss_for, output_activation
from chainrule.training.labels import ClassName, Labels, read_labels


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned: which loss falls, which labels are answered, and whether they name classes."""

    loss: Loss
    labels: Labels
    classify: bool


def task_of(
    network: Network,
    loss: str | Loss | Callable[[Expression, Expression], Expression] | None,
    y: ArrayLike,
    count: int,
    classes: Sequence[ClassName] | None,
) -> Task:
    """Find out what a network is to learn.

    Args:
        network: its last layer decides the loss where nothing is said.
        loss: by name, or a function; None for the one that suits.
        y: the labels.
        count: how many rows X has.
        classes: names of the classes; None reads them off y.

    Raises:
        UserError: a loss or labels that do not fit.
    """
    chosen = loss_for(network, loss)
    if chosen.kind == "values" and classes is not None and network.outputs > 1:
        raise UserError(
            f"{chosen.name} compares numbers, but classes are named: use categorical_cross_entropy, or leave the "
            f"classes out and give numbers of shape (m, {network.outputs})"
        )
    classify = chosen.kind != "values" or classes is not None or _names_classes(network, array_of(y, "y"))
    labels = read_labels(y, count=count, outputs=network.outputs, classes=classes, classify=classify)
    return Task(chosen, labels, classify)


def _names_classes(network: Network, labels: NDArray[Any]) -> bool:
    """Tell whether a loss of numbers is used on labels of one sigmoid: names, or 0 and 1."""
    if output_activation(network) != "sigmoid" or network.outputs > 1:
        return False
    texts = all(isinstance(label, str) for label in labels.flat)
    return texts or (labels.dtype.kind in "biu" and bool(np.isin(labels, (0, 1)).all()))
