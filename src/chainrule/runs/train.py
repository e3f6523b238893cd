"""Training on a folder of pictures, beside its baselines, into a run folder."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.augment import augmented_rows
from chainrule.data.copies import CopySet
from chainrule.data.dataset import Dataset, Skipped
from chainrule.data.splits import write_splits
from chainrule.evaluation.metrics import Evaluation, evaluate, majority_baseline
from chainrule.evaluation.report import Report, write_report
from chainrule.files import to_json_bytes, write_atomically
from chainrule.fitting import fit
from chainrule.model import Model
from chainrule.network.network import Network, dense_network
from chainrule.runs.advice import advice_of_run
from chainrule.runs.copies import write_copies
from chainrule.runs.folder import CHECKPOINT, MODEL, REPORT, new_run_folder, write_skipped
from chainrule.runs.prepare import Prepared, Say, prepare
from chainrule.runs.record import Record, data_hash, file_hash
from chainrule.runs.settings import RunSettings, described, program, shell_command, to_resume
from chainrule.runs.words import told_of_training
from chainrule.threads import one_thread_for_products
from chainrule.training.advice import CAUSES, Advice
from chainrule.training.checkpoint import Checkpoints, Interrupted
from chainrule.training.loop import Callback
from chainrule.training.rates import fit_optimizer

# Pictures of the report that show how they were augmented, and in how many epochs.
_AUGMENTED_SHOWN, _EPOCHS_SHOWN = 4, 6


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run.

    Attributes:
        folder: where its files are.
        model: the trained model.
        evaluation: the model's figures on the test pictures.
        majority: the test accuracy of always answering the most frequent class.
        one_neuron: the figures of one neuron (or one a class) trained on the same pictures.
        found: how many pictures were read.
        skipped: the files that were left out.
        copies: the pictures that are there more than once.
        advice: what to look at.
        predict_command: what to type next.
        seconds: how long the run took.
    """

    folder: Path
    model: Model
    evaluation: Evaluation
    majority: float
    one_neuron: Evaluation
    found: int
    skipped: tuple[Skipped, ...]
    copies: tuple[CopySet, ...]
    advice: tuple[Advice, ...]
    predict_command: str
    seconds: float

    @property
    def report(self) -> Path:
        """The report's file."""
        return self.folder / REPORT

    @property
    def diverged(self) -> bool:
        """Whether the cost overflowed and the best parameters until then were kept."""
        return self.model.history.diverged

    def to_dict(self) -> dict[str, Any]:
        """The run as plain values."""
        tested = self.model.history.range_test
        return {
            "folder": str(self.folder),
            "report": str(self.report),
            "found": self.found,
            "skipped": len(self.skipped),
            "copies": len(self.copies),
            "conflicts": sum(one.is_conflict for one in self.copies),
            "classes": list(self.evaluation.classes),
            "test": self.evaluation.to_dict(),
            "majority_accuracy": self.majority,
            "one_neuron": self.one_neuron.to_dict(),
            "stopped": self.model.history.stopped,
            "diverged": self.diverged,
            "range_test": None if tested is None else tested.to_dict(),
            "advice": [one.to_dict() for one in self.advice],
            "predict_command": self.predict_command,
            "seconds": round(self.seconds, 3),
        }


def train_on_pictures(
    settings: RunSettings,
    *,
    say: Say,
    progress: bool | None = None,
    notes: tuple[str, ...] = (),
    name: str | None = None,
    prepared: Prepared | None = None,
) -> Run:
    """Do the main job: read, split, train, judge, and write the run's folder.

    Args:
        settings: what to do.
        say: told of each decision, a line at a time.
        progress: show bars; None shows them on a terminal.
        notes: sentences for the top of the report.
        name: what the run's folder is called where the settings do not say; None for the name of the pictures.
        prepared: the pictures, where they have been read with the same settings; None reads them.

    Raises:
        UserError: settings or pictures that cannot be used; no run folder is left then.
        WorkFailed: the run's folder cannot be made or its files cannot be written; those that were stay.
    """
    check(settings)
    # The folder is made before the work, so that a place that cannot be written to is known at once.
    with new_run_folder(settings.out, name or settings.name, apart_from=settings.sources) as folder:
        record = Record(settings, notes)
        record.write(folder)
        return carry_out(record, folder, say=say, progress=progress, prepared=prepared)


def carry_out(
    record: Record,
    folder: Path,
    *,
    threads: int | None = None,
    say: Say,
    progress: bool | None = None,
    prepared: Prepared | None = None,
) -> Run:
    """Do a run, or what is left of it, in its folder, which must be locked.

    Args:
        record: what was asked for.
        folder: where the files go. A training whose checkpoint is there goes on from it.
        threads: how many threads to use; None for what the run was told.
        say, progress, prepared: as for `train_on_pictures`.

    Raises:
        UserError, WorkFailed: as for `train_on_pictures`.
        Interrupted: a signal asked to stop; `chainrule resume` goes on.
    """
    try:
        return _carried_out(record, folder, threads, say, progress, prepared)
    except Interrupted:
        raise
    except KeyboardInterrupt:
        # What comes after the training has no checkpoint of its own.
        path = folder / CHECKPOINT
        if path.exists():
            raise Interrupted(f"stopped; to go on: {to_resume(folder)}", signal.SIGINT, path) from None
        raise


def _carried_out(
    record: Record,
    folder: Path,
    threads: int | None,
    say: Say,
    progress: bool | None,
    prepared: Prepared | None,
) -> Run:
    started = time.perf_counter()
    settings = record.here()
    settings = replace(settings, threads=settings.threads if threads is None else threads)
    if prepared is None:
        prepared = prepare(settings, say=say, progress=progress)
    dataset, parts = prepared.dataset, prepared.parts
    checkpoints = _checkpoints(settings, folder, say)
    model = trained(settings, prepared, progress=progress, checkpoints=checkpoints)
    for words in told_of_training(model.history):
        say(words)
    model.save(folder / MODEL)
    neuron = _one_neuron(settings, model, prepared, progress)
    test = dataset.subset(parts.test)
    evaluation = evaluated(model, test)
    run = Run(
        folder=folder,
        model=model,
        evaluation=evaluation,
        majority=majority_baseline(dataset.y[parts.train], test.y, len(test.classes)),
        one_neuron=evaluation if neuron is model else evaluated(neuron, test),
        found=prepared.found,
        skipped=dataset.skipped,
        copies=prepared.copies,
        advice=advice_of_run(model, dataset, parts),
        predict_command=shell_command([program(), "predict"], [str(folder), test.paths[0]]),
        seconds=time.perf_counter() - started,
    )
    for one in run.advice:
        # A cost that overflowed or exploded was warned of with its causes.
        if one.kind not in CAUSES:
            say(f"to look at: {one.message}")
    _write(run, record, prepared, test)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return run


def _checkpoints(settings: RunSettings, folder: Path, say: Say) -> Checkpoints | None:
    if settings.optimizer == "lbfgs":
        return None
    if (folder / CHECKPOINT).exists():
        say(f"going on from {folder / CHECKPOINT}")
    return Checkpoints(folder / CHECKPOINT, every=settings.checkpoint_every, how_to_go_on=to_resume(folder))


def check(settings: RunSettings) -> None:
    """Check the architecture and the optimizer before any picture is read.

    Raises:
        UserError: settings that do not fit together.
    """
    _network(settings, 2)
    fit_optimizer(settings.optimizer, settings.rate, clip_norm=None)


def _network(settings: RunSettings, classes: int) -> Network:
    return dense_network(
        hidden=settings.hidden,
        activations=(settings.activation if settings.hidden else ()) or ("relu",),
        outputs=1 if classes == 2 else classes,
        dropout=settings.dropout,
    )


def trained(
    settings: RunSettings,
    prepared: Prepared,
    *,
    progress: bool | None = None,
    checkpoints: Checkpoints | None = None,
    callbacks: Sequence[Callback] = (),
) -> Model:
    """Train the network of a run on the part of its pictures that is there for it.

    Args:
        settings: what to do.
        prepared: the pictures, read with the same settings.
        progress: show a bar; None shows it on a terminal.
        checkpoints: where to note how far the training is.
        callbacks: told of each epoch; a true answer ends the training.

    Raises:
        UserError, WorkFailed, KeyboardInterrupt: as for `cr.fit`.
    """
    dataset, parts = prepared.dataset, prepared.parts
    with one_thread_for_products():
        return fit(
            _network(settings, len(dataset.classes)),
            dataset.X,
            dataset.y,
            rows=parts.train,
            validation=parts.validation,
            classes=dataset.classes,
            pictures=dataset.pictures,
            preprocess=settings.preprocess,
            optimizer=settings.optimizer,
            learning_rate=settings.rate,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            l1=settings.l1,
            l2=settings.l2,
            class_weight=settings.class_weight,
            augment=settings.changes,
            patience=settings.patience,
            seed=settings.seed,
            progress=progress,
            engine=settings.engine,
            threads=settings.threads,
            checkpoint=checkpoints,
            callbacks=callbacks,
        )


def _one_neuron(settings: RunSettings, model: Model, prepared: Prepared, progress: bool | None) -> Model:
    """Train the simplest network on the same pictures, with settings of its own that suit it."""
    if not settings.hidden:
        return model
    usual = RunSettings(
        pictures=settings.pictures,
        hidden=(),
        class_weight=settings.class_weight,
        seed=settings.seed,
        preprocess="scale",
        l2=0.0,
        dropout=0.0,
        engine=settings.engine,
        threads=settings.threads,
    )
    return trained(usual, prepared, progress=progress)


def evaluated(model: Model, dataset: Dataset) -> Evaluation:
    """Judge a model on a dataset of its classes."""
    probabilities = model.predict_proba(dataset.X)
    return evaluate(dataset.y, probabilities, classes=dataset.classes, threshold=model.threshold)


def _write(run: Run, record: Record, prepared: Prepared, test: Dataset) -> None:
    hashes = {"data": data_hash(prepared.dataset), "model": file_hash(run.folder / MODEL)}
    replace(record, hashes=hashes).write(run.folder)
    write_atomically(run.folder / "history.csv", run.model.history.to_csv().encode())
    write_atomically(run.folder / "metrics.json", to_json_bytes(run.to_dict()))
    write_splits(run.folder / "splits.csv", prepared.dataset, prepared.parts)
    write_skipped(run.folder / "skipped.csv", run.skipped)
    write_copies(run.folder / "copies.csv", run.copies)
    # The last one: where it is, the run is complete.
    write_report(run.report, _report(run, record, prepared, test))


def _augmented_examples(settings: RunSettings, prepared: Prepared) -> NDArray[np.uint8] | None:
    """Some training pictures and what the first epochs made of them."""
    dataset, parts = prepared.dataset, prepared.parts
    assert dataset.pictures is not None
    augmented = augmented_rows(settings.changes, dataset.pictures.shape, dataset.X)
    if augmented is None:
        return None
    chosen = parts.train[:: max(1, len(parts.train) // _AUGMENTED_SHOWN)][:_AUGMENTED_SHOWN]
    rows = np.asarray(dataset.X[chosen])
    epochs = [augmented.of_step(rows, settings.seed, 1 + epoch, chosen) for epoch in range(_EPOCHS_SHOWN)]
    return np.stack([rows, *epochs], axis=1)


def _report(run: Run, record: Record, prepared: Prepared, test: Dataset) -> Report:
    y, parts, tested = prepared.dataset.y, prepared.parts, run.model.history.range_test
    simplest = "one neuron" if run.model.network.outputs == 1 else "one neuron a class"
    counts = {
        name: tuple(int((y[rows] == index).sum()) for rows in (parts.train, parts.validation, parts.test))
        for index, name in enumerate(prepared.dataset.classes)
    }
    return Report(
        title=prepared.question.title,
        evaluation=run.evaluation,
        baselines=(("most frequent class", run.majority), (simplest, run.one_neuron)),
        history=run.model.history.rows(),
        best_epoch=run.model.history.best_epoch,
        classes=test.classes,
        y_test=test.y,
        probabilities=np.asarray(run.model.predict_proba(test.X)),
        paths=test.paths,
        X_test=test.X,
        pictures=test.pictures,
        first_layer=run.model.parameters["W1"],
        skipped=run.skipped,
        copies=run.copies,
        augmented=_augmented_examples(record.settings, prepared),
        range_test=None if tested is None else tested.to_dict(),
        advice=tuple((one.title, one.message) for one in run.advice),
        settings=described(record.settings),
        command=record.settings.command(),
        predict_command=run.predict_command,
        notes=record.notes,
        counts=counts,  # type: ignore[arg-type]  # three numbers each
    )
