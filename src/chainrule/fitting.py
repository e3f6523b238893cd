"""Training a network on rows and labels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.arguments import array_of, float_dtype, from_zero, whole
from chainrule.augment import Augmentation, augmented_rows
from chainrule.compiler.machine import engine_of
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.model import Model
from chainrule.network.losses import Loss
from chainrule.network.network import Network
from chainrule.network.preprocessing import Preprocessing, check_rows
from chainrule.threads import thread_count
from chainrule.training.advice import CAUSES
from chainrule.training.batches import rows_in_batch
from chainrule.training.checkpoint import Checkpoints
from chainrule.training.checkup import with_advice
from chainrule.training.cost_graph import CostGraph, parameter_shapes
from chainrule.training.defaults import DEFAULTS
from chainrule.training.diagnosis import plain_cost
from chainrule.training.divergence import kept_words
from chainrule.training.dual_plan import Work
from chainrule.training.full_batch import check_suits, train_full_batch
from chainrule.training.history import History
from chainrule.training.labels import ClassName, Labels, example_weights, read_labels
from chainrule.training.loop import Callback, Data, Plan, train
from chainrule.training.optimizers import LBFGS, Optimizer
from chainrule.training.parts import parts_of
from chainrule.training.rates import fit_optimizer
from chainrule.training.schedules import Schedule
from chainrule.training.snapshots import SnapshotRecorder, Wanted
from chainrule.training.stopping import Stopping
from chainrule.training.task import task_of
from chainrule.training.tested_rate import with_tested_rate


class TrainingWarning(UserWarning):
    """Training ended in a way that needs attention.

    Example:
        >>> import chainrule as cr
        >>> import warnings
        >>> X, y = cr.points("gauss", count=40)
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("error", cr.TrainingWarning)
        ...     model = cr.fit(cr.Network([cr.Dense(1)]), 1e3 * X, y, optimizer=cr.GradientDescent(1e3))
        Traceback (most recent call last):
        chainrule.fitting.TrainingWarning: the cost overflowed at step ...
    """


def fit(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | Loss | Callable[[Expression, Expression], Expression] | None = None,
    optimizer: str | Optimizer = DEFAULTS.optimizer,
    learning_rate: float | str | Schedule | None = None,
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
    snapshots: Wanted = None,
    engine: str = DEFAULTS.engine,
    threads: int | None = None,
    dual: bool | None = None,
    augment: str | Sequence[str] | Augmentation | None = None,
    checkpoint: str | os.PathLike[str] | Checkpoints | None = None,
    checkpoint_every: float = DEFAULTS.checkpoint_every,
) -> Model:
    """Train a network.

    Args:
        network: the layers.
        X: rows, shape (m, features), any real dtype; bytes stay bytes in memory.
        y: labels, shape (m,) or (m, 1): class names, or whole numbers from 0; numbers for a regression.
        loss: by name or a function of (y_hat, y); None takes the cross-entropy that suits a sigmoid or softmax
            output, squared error for others.
        optimizer: by name ("sgd" is gradient descent) or an object such as `cr.GradientDescent(0.03)`.
        learning_rate: for an optimizer given by name; a number or a schedule. None takes its usual one; Adam's
            falls from 0.003 to 0 over all epochs, along half a cosine. "auto" finds one by a range test, up to 100
            steps with growing rates from the first parameters, to which the training then goes back;
            `model.history.range_test` has its curve.
        epochs: how often to go through all examples, at most.
        batch_size: examples in a step, or "all".
        validation: a share of the rows to hold out, or (X, y), or row numbers of X; None for none.
        rows: the row numbers of X to train on; None for all (but those held out).
        seed: decides initial parameters, held-out rows, order and dropout.
        preprocess: "scale", "standardize", "none", or None, which scales bytes and leaves other numbers.
        initial: a model to start from; its preprocessing and classes stay.
        l1, l2: penalties on the weights: J + l1 * sum|W| + l2 / 2 * sum W**2.
        clip_norm: largest norm of the gradient, for an optimizer given by name.
        class_weight: "balanced", or a weight by class.
        sample_weight: how much each example counts, shape (m,); 0 leaves it out.
        classes: names of the classes in the order of their indices.
        pictures: how the rows were made from pictures, so that the model can read picture files.
        early_stopping: stop when the validation cost no longer falls and keep the best parameters; None does so
            where there is a validation set.
        patience: how many epochs to wait for that, or for `tolerance`.
        tolerance: stop when the relative change of the cost stays below this for `patience` epochs.
        dtype: float32, or float64.
        progress: show a bar; None shows it on a terminal.
        callbacks: functions told of each epoch's record; a true answer ends the training.
        snapshots: keep the parameters over time in `model.history.snapshots`: how many, spread over the epochs, the
            start (epoch 0) and the end always among them; True or "epochs" for each epoch; or a list of epochs.
        engine: what computes, in training and in prediction: "engine", or "reference", which is NumPy; training in
            float64 is always the reference's.
        threads: how many threads the engine uses; None for all that this process may use. Results do not depend on
            it.
        dual: whether the first layer's weights are kept as sums of the examples' rows, which costs less where there
            are fewer of them than features, and gives the same but for rounding; None where it pays. For gradient
            descent and momentum. `model.history.plan` says what was done.
        augment: how pictures are changed at random in each epoch: names such as "flip,shift", or an
            `cr.Augmentation`. For bytes, with `pictures`.
        checkpoint: a file that says where the training is, written now and then. Where it is there, the training
            goes on from it and ends in the same model; Ctrl-C and SIGTERM end the training with a checkpoint.
        checkpoint_every: seconds between two of them within an epoch, from 0 up.

    Returns:
        The trained model; `model.history` has the epochs, the snapshots and advice on what to look at, which
        `model.save` does not store.

    Raises:
        UserError: arguments or data that do not fit; a checkpoint that is damaged or of another training.
        WorkFailed: a checkpoint cannot be written; the one before stays.
        KeyboardInterrupt: Ctrl-C.

    Warns:
        TrainingWarning: the cost overflowed; or it exploded: over the last quarter of the epochs it is more than
            ten times that of the start. The model has the best parameters: by the validation cost, or without
            validation those before or after the epoch of the lowest cost. The likely causes stand in the warning
            and in `model.history.advice`.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("xor", count=200, seed=1)
        >>> network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(
        ...     network, X, y, preprocess="standardize", optimizer=cr.Adam(0.05), epochs=100, batch_size=20, seed=1
        ... )
        >>> model.history[-1].accuracy > 0.97
        True
    """
    table = array_of(X, "X")
    check_rows(table, "X")
    if initial is not None:
        table = _continued(initial, network, table, preprocess)
        classes = initial.classes if classes is None else classes
    task = task_of(network, loss, y, len(table), classes)
    seed = whole(seed, "seed")
    parts = parts_of(task.labels, validation, rows, seed)
    weights = example_weights(task.labels, class_weight, sample_weight, parts.train)
    train_rows = parts.train if weights is None else parts.train[weights[parts.train] > 0]
    preprocessing = Preprocessing.learn(table, preprocess, train_rows) if initial is None else initial.preprocessing
    _check_pictures(pictures, preprocessing)
    graph = CostGraph.build(
        network,
        preprocessing,
        task.loss,
        weighted=weights is not None,
        classify=task.classify,
        l1=from_zero(l1, "l1"),
        l2=from_zero(l2, "l2"),
    )
    data = graph.data(table, task.labels, weights)
    checked: Data = data
    checked_rows = parts.validation
    if isinstance(validation, tuple):
        checked, checked_rows = _other_data(graph, validation, preprocessing, task.labels)
    chosen = fit_optimizer(optimizer, learning_rate, clip_norm)
    epochs, dtype = whole(epochs, "epochs", least=0), float_dtype(dtype)
    engine, used_threads = engine_of(engine), thread_count(threads)
    plan = Plan(
        data=data,
        count=len(train_rows),
        rows=None if np.array_equal(train_rows, np.arange(len(table))) else train_rows,
        validation=checked if len(checked_rows) else None,
        validation_rows=checked_rows,
        epochs=epochs,
        batch_size=rows_in_batch(batch_size, len(train_rows)),
        optimizer=chosen,
        stopping=Stopping(patience, tolerance, _stops_early(early_stopping, len(checked_rows))),
        callbacks=callbacks,
        progress=progress,
        augmented=augmented_rows(augment, None if pictures is None else pictures.shape, table),
        checkpoints=Checkpoints.of(checkpoint, checkpoint_every),
        snapshots=SnapshotRecorder.of(
            snapshots, total=epochs, unit="epochs", parameters=graph.sizes, itemsize=dtype.itemsize
        ),
        plain_cost=plain_cost(graph.loss, data["y"], train_rows, task.labels.classes),
    )
    first = None if initial is None else list(initial.parameters.values())
    descent = graph.descent(
        chosen,
        seed=seed,
        dtype=dtype,
        first=first,
        engine=engine,
        threads=used_threads,
        work=None if plan.augmented else _work(graph, plan),
        dual=dual,
    )
    tested = None
    if isinstance(learning_rate, str):
        plan, tested = with_tested_rate(descent, plan)
    if isinstance(chosen, LBFGS):
        check_suits(graph.J, batch=plan.batch_size or plan.count, count=plan.count)
        history = train_full_batch(descent, plan, chosen)
    else:
        history = replace(train(descent, plan), range_test=tested)
    found = descent.found()
    history = with_advice(
        history,
        graph,
        plan,
        found,
        task.labels.classes,
        standardized=preprocessing.kind == "standardize",
        dtype=dtype,
    )
    _warn_of_what_went_wrong(history)
    return Model(
        network=network,
        parameters=dict(zip(graph.names, found.values(), strict=True)),
        preprocessing=preprocessing,
        classes=task.labels.classes,
        loss=task.loss,
        pictures=pictures,
        history=history,
        training=_told(plan, history, l1=float(l1), l2=float(l2), seed=seed),
        engine=engine,
        threads=threads,
    )


def _stops_early(wanted: bool | None, checked: int) -> bool:
    if wanted and not checked:
        raise UserError("early stopping watches the validation cost: give validation=0.15 or validation=(X, y)")
    return bool(checked) if wanted is None else wanted


def _continued(initial: Model, network: Network, X: NDArray[Any], preprocess: str | None) -> NDArray[Any]:
    """Check that a model can go on with a network and rows; return the rows as it reads them."""
    kind = initial.preprocessing.kind
    if preprocess not in (None, kind):
        raise UserError(
            f"the initial model reads rows with preprocess={kind!r}: leave preprocess out, or the model"
        )
    rows = initial.preprocessing.check(X)
    shapes = [array.shape for array in initial.parameters.values()]
    wanted = parameter_shapes(network, rows.shape[1])
    if shapes != wanted:
        raise UserError(
            f"the initial model has parameters of shapes {shapes}, but the network on {rows.shape[1]} features "
            f"has {wanted}"
        )
    return rows


def _check_pictures(pictures: PictureSettings | None, preprocessing: Preprocessing) -> None:
    if pictures is not None and pictures.features != preprocessing.features:
        raise UserError(
            f"pictures of {pictures.shape} have {pictures.features} numbers, but rows of X have "
            f"{preprocessing.features}: give the settings that the rows were made with"
        )


def _other_data(
    graph: CostGraph, validation: tuple[ArrayLike, ArrayLike], preprocessing: Preprocessing, labels: Labels
) -> tuple[Data, NDArray[np.int64]]:
    """Check examples given for validation; return them and the numbers of all their rows."""
    if len(validation) != 2:
        raise UserError(f"validation is a share, row numbers or a pair (X, y), not {len(validation)} things")
    table = preprocessing.check(validation[0])
    others = read_labels(
        validation[1],
        count=len(table),
        outputs=graph.outputs,
        classes=labels.classes,
        classify=labels.classes is not None,
    )
    return graph.data(table, others, None), np.arange(len(table))


def _work(graph: CostGraph, plan: Plan) -> Work:
    """What a training will do, for its planning."""
    batch = plan.batch_size or plan.count
    return Work(
        data=graph.by_leaf(plan.data),
        rows=plan.rows,
        steps=plan.epochs * -(-plan.count // max(batch, 1)),
        batch=batch,
        checks=plan.epochs if plan.validation is not None else 0,
        checked=0 if plan.validation_rows is None else len(plan.validation_rows),
    )


def _told(plan: Plan, history: History, *, l1: float, l2: float, seed: int) -> dict[str, Any]:
    """How a model was trained, as plain values for its file."""
    rate = plan.optimizer.learning_rate
    return {
        "optimizer": type(plan.optimizer).__name__,
        "learning_rate": "schedule" if callable(rate) else float(rate),
        "epochs": len(history),
        "best_epoch": history.best_epoch,
        "batch_size": plan.batch_size or "all",
        "l1": l1,
        "l2": l2,
        "seed": seed,
        "examples": plan.count,
        "stopped": history.stopped,
    }


def _warn_of_what_went_wrong(history: History) -> None:
    if not (history.diverged or history.exploded):
        return
    ended = f"{history.stopped}; {kept_words(history.best_epoch)}; likely causes: " if history.diverged else ""
    causes = "; ".join(advice.message for advice in history.advice if advice.kind in CAUSES)
    warnings.warn(ended + causes, TrainingWarning, stacklevel=3)
