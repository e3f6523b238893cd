"""Training a network on rows and labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.data.settings import PictureSettings
from chainrule.data.splits import Splits, split
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.model import Model
from chainrule.network.losses import Loss
from chainrule.network.network import Network
from chainrule.network.preprocessing import Preprocessing, check_rows
from chainrule.training.batches import rows_in_batch
from chainrule.training.cost_graph import CostGraph, loss_for, output_activation, parameter_shapes
from chainrule.training.defaults import DEFAULTS
from chainrule.training.history import History
from chainrule.training.labels import ClassName, Labels, example_weights, read_labels
from chainrule.training.loop import Callback, Data, Plan, train
from chainrule.training.optimizers import Optimizer, optimizer_of
from chainrule.training.schedules import Schedule
from chainrule.training.stopping import Stopping


class TrainingWarning(UserWarning):
    """Training ended in a way that needs attention."""


def fit(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | Loss | Callable[[Expression, Expression], Expression] | None = None,
    optimizer: str | Optimizer = DEFAULTS.optimizer,
    learning_rate: float | Schedule | None = None,
    epochs: int = DEFAULTS.epochs,
    batch_size: int | str = DEFAULTS.batch_size,
    validation: float | tuple[ArrayLike, ArrayLike] | NDArray[np.int64] | None = None,
    rows: NDArray[np.int64] | None = None,
    seed: int = DEFAULTS.seed,
    preprocess: str | None = None,
    initial: Model | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    clip_norm: float | None = None,
    class_weight: str | dict[ClassName, float] | None = None,
    sample_weight: ArrayLike | None = None,
    classes: Sequence[ClassName] | None = None,
    pictures: PictureSettings | None = None,
    early_stopping: bool | None = None,
    patience: int = DEFAULTS.patience,
    tolerance: float | None = None,
    dtype: DTypeLike = np.float32,
    progress: bool | None = None,
    callbacks: Sequence[Callback] = (),
) -> Model:
    """Train a network.

    Args:
        network: the layers.
        X: rows, shape (m, features), any real dtype; bytes stay bytes in memory.
        y: labels, shape (m,) or (m, 1): class names, or whole numbers from 0; numbers for a regression.
        loss: by name or a function of (y_hat, y); None takes the cross-entropy that suits a sigmoid or softmax
            output, squared error for others.
        optimizer: by name ("sgd" is gradient descent) or an object such as `cr.GradientDescent(0.03)`.
        learning_rate: for an optimizer given by name; a number or a schedule. None takes its usual one.
        epochs: how often to go through all examples, at most.
        batch_size: examples in a step, or "all".
        validation: a share of the rows to hold out, or (X, y), or row numbers of X; None for none.
        rows: the row numbers of X to train on; None for all (but those held out).
        seed: decides initial parameters, held-out rows, order and dropout.
        preprocess: "scale", "standardize", "none", or None, which scales bytes and leaves other numbers.
        initial: a model to start from.
        l1, l2: penalties on the weights: J + l1 * sum|W| + l2 / 2 * sum W**2.
        clip_norm: largest norm of the gradient, for an optimizer given by name.
        class_weight: "balanced", or a weight by class.
        sample_weight: how much each example counts, shape (m,).
        classes: names of the classes in the order of their indices.
        pictures: how the rows were made from pictures, so that the model can read picture files.
        early_stopping: stop when the validation cost no longer falls and keep the best parameters; None does so
            where there is a validation set.
        patience: how many epochs to wait for that, or for `tolerance`.
        tolerance: stop when the relative change of the cost stays below this for `patience` epochs.
        dtype: float32, or float64.
        progress: show a bar; None shows it on a terminal.
        callbacks: functions told of each epoch's record; a true answer ends the training.

    Returns:
        The trained model; `model.history` has the epochs.

    Raises:
        UserError: arguments or data that do not fit.

    Warns:
        TrainingWarning: the cost overflowed; the model has the last good parameters.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("xor", count=200, seed=1)
        >>> network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(network, X, y, optimizer=cr.Adam(0.05), epochs=100, batch_size=20)
        >>> model.history[-1].accuracy > 0.9
        True
    """
    table = np.asarray(X)
    check_rows(table, "X")
    _check_epochs(epochs)
    chosen_loss = loss_for(network, loss)
    classify = chosen_loss.kind != "values" or _names_classes(network, y, classes)
    labels = read_labels(y, count=len(table), outputs=network.outputs, classes=classes, classify=classify)
    parts = _parts(labels, validation, rows, seed)
    preprocessing = Preprocessing.learn(table, preprocess, parts.train)
    if initial is not None:
        preprocessing = _same_network(initial, network, preprocessing)
    weights = example_weights(labels, class_weight, sample_weight, parts.train)
    graph = CostGraph.build(
        network, preprocessing, chosen_loss, weighted=weights is not None, classify=classify, l1=l1, l2=l2
    )
    chosen = optimizer_of(optimizer, learning_rate=learning_rate, clip_norm=clip_norm)
    first = None if initial is None else list(initial.parameters.values())
    descent = graph.descent(chosen, seed=seed, dtype=dtype, first=first)
    data = graph.data(table, labels, weights)
    if isinstance(validation, tuple):
        checked: Data | None = _other_data(graph, validation, preprocessing, labels)
    else:
        checked = data if len(parts.validation) else None
    early = checked is not None if early_stopping is None else early_stopping
    if early and checked is None:
        raise UserError("early stopping watches the validation cost: give validation=0.15 or validation=(X, y)")
    plan = Plan(
        data=data,
        count=len(parts.train),
        rows=None if len(parts.train) == len(table) else parts.train,
        validation=checked,
        validation_rows=None if isinstance(validation, tuple) else parts.validation,
        epochs=epochs,
        batch_size=rows_in_batch(batch_size, len(parts.train)),
        optimizer=chosen,
        stopping=Stopping(patience=patience, tolerance=tolerance, early=early),
        callbacks=callbacks,
        progress=progress,
    )
    history = train(descent, plan)
    _warn_if_diverged(history)
    return Model(
        network=network,
        parameters=dict(zip(graph.names, descent.values(), strict=True)),
        preprocessing=preprocessing,
        classes=labels.classes,
        loss=chosen_loss,
        pictures=pictures,
        history=history,
        training={
            "optimizer": type(chosen).__name__,
            "learning_rate": chosen.learning_rate if isinstance(chosen.learning_rate, int | float) else "schedule",
            "epochs": len(history),
            "best_epoch": history.best_epoch,
            "batch_size": batch_size,
            "l1": l1,
            "l2": l2,
            "seed": seed,
            "examples": len(parts.train),
            "stopped": history.stopped,
        },
    )


def _check_epochs(epochs: int) -> None:
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise UserError(f"epochs is a whole number from 0 up, not {epochs!r}")


def _names_classes(network: Network, y: ArrayLike, classes: Sequence[ClassName] | None) -> bool:
    """Tell whether a person's own loss is used on labels: named, or 0 and 1 for one sigmoid."""
    if classes is not None:
        return True
    labels = np.asarray(y)
    probability = output_activation(network) == "sigmoid" and network.outputs == 1
    return probability and labels.dtype.kind in "biu" and bool(np.isin(labels, (0, 1)).all())


def _parts(labels: Labels, validation: Any, rows: NDArray[np.int64] | None, seed: int) -> Splits:
    """Decide which rows to train on and which to check on."""
    every = np.arange(len(labels.values)) if rows is None else _row_numbers(rows, len(labels.values), "rows")
    none = np.empty(0, np.int64)
    if validation is None or isinstance(validation, tuple):
        return Splits(every, none, none)
    if isinstance(validation, int | float):
        parts = split(labels.values[every], validation=float(validation), test=0.0, seed=seed)
        return Splits(every[parts.train], every[parts.validation], none)
    held_out = _row_numbers(validation, len(labels.values), "validation")
    return Splits(np.setdiff1d(every, held_out), held_out, none)


def _row_numbers(rows: ArrayLike, count: int, name: str) -> NDArray[np.int64]:
    numbers = np.asarray(rows)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (numbers < 0).any() or (numbers >= count).any():
        raise UserError(f"{name} must be row numbers of X from 0 to {count - 1}: a list of whole numbers")
    return numbers.astype(np.int64)


def _same_network(initial: Model, network: Network, preprocessing: Preprocessing) -> Preprocessing:
    """Check that a model's parameters fit, and take over how it reads rows."""
    shapes = [array.shape for array in initial.parameters.values()]
    wanted = parameter_shapes(network, preprocessing.features)
    if shapes != wanted:
        raise UserError(
            f"the initial model has parameters of shapes {shapes}, but the network on {preprocessing.features} "
            f"features has {wanted}"
        )
    return initial.preprocessing


def _other_data(
    graph: CostGraph, validation: tuple[ArrayLike, ArrayLike], preprocessing: Preprocessing, labels: Labels
) -> Data:
    X, y = validation
    table = preprocessing.check(X)
    others = read_labels(
        y, count=len(table), outputs=graph.outputs, classes=labels.classes, classify=labels.classes is not None
    )
    return graph.data(table, others, None)


def _warn_if_diverged(history: History) -> None:
    if history.diverged:
        warnings.warn(
            f"{history.stopped}; the last good parameters were kept. Try a learning rate ten times smaller, "
            'scaled data (preprocess="standardize"), or clip_norm=1.0',
            TrainingWarning,
            stacklevel=3,
        )
