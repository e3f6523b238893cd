"""Training on a folder of pictures, beside its baselines, into a run folder."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.copies import CopySet
from chainrule.data.dataset import Dataset, Skipped
from chainrule.data.pictures import read_pictures
from chainrule.data.splits import Splits, split, write_splits
from chainrule.evaluation.metrics import Evaluation, evaluate, majority_baseline
from chainrule.evaluation.report import Report, write_report
from chainrule.files import to_json_bytes, write_atomically
from chainrule.fitting import fit
from chainrule.model import Model
from chainrule.network.network import Network, dense_network
from chainrule.runs.advice import advice_of_run
from chainrule.runs.copies import kept_together, write_copies
from chainrule.runs.folder import CHECKPOINT, MODEL, REPORT, new_run_folder, write_skipped
from chainrule.runs.question import Question, ask
from chainrule.runs.record import Record, data_hash, file_hash
from chainrule.runs.settings import RunSettings, described, program, shell_command
from chainrule.runs.words import told_of_data, told_of_training, uneven
from chainrule.threads import one_thread_for_products
from chainrule.training.advice import CAUSES, Advice
from chainrule.training.checkpoint import Checkpoints, Interrupted
from chainrule.training.rates import fit_optimizer

Say = Callable[[str], None]


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
        """Whether the cost overflowed and the last good parameters were kept."""
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
) -> Run:
    """Do the main job: read, split, train, judge, and write the run's folder.

    Args:
        settings: what to do.
        say: told of each decision, a line at a time.
        progress: show bars; None shows them on a terminal.
        notes: sentences for the top of the report.
        name: what the run's folder is called where the settings do not say; None for the name of the pictures.

    Raises:
        UserError: settings or pictures that cannot be used; no run folder is left then.
        WorkFailed: the run's folder cannot be made or its files cannot be written; those that were stay.
    """
    _network_maker(settings)
    place = Path(os.path.realpath(settings.pictures))
    name = name or (place.stem if place.is_file() else place.name)
    sources = [settings.pictures, *([settings.negative] if settings.negative else [])]
    # The folder is made before the work, so that a place that cannot be written to is known at once.
    with new_run_folder(settings.out, name, apart_from=sources) as folder:
        record = Record(settings, notes)
        record.write(folder)
        return carry_out(record, folder, say=say, progress=progress)


def carry_out(
    record: Record, folder: Path, *, threads: int | None = None, say: Say, progress: bool | None = None
) -> Run:
    """Do a run, or what is left of it, in its folder, which must be locked.

    Args:
        record: what was asked for.
        folder: where the files go. A training whose checkpoint is there goes on from it.
        threads: how many threads to use; None for what the run was told.
        say, progress: as for `train_on_pictures`.

    Raises:
        UserError, WorkFailed: as for `train_on_pictures`.
        Interrupted: a signal asked to stop; `chainrule resume` goes on.
    """
    try:
        return _carried_out(record, folder, threads=threads, say=say, progress=progress)
    except Interrupted:
        raise
    except KeyboardInterrupt:
        # What comes after the training has no checkpoint of its own.
        path = folder / CHECKPOINT
        if path.exists():
            raise Interrupted(f"stopped; to go on: {_to_resume(folder)}", signal.SIGINT, path) from None
        raise


def _carried_out(record: Record, folder: Path, *, threads: int | None, say: Say, progress: bool | None) -> Run:
    started = time.perf_counter()
    settings = record.here()
    settings = replace(settings, threads=settings.threads if threads is None else threads)
    dataset = _read(settings, progress)
    question = ask(dataset, settings.positive)
    together = kept_together(question.dataset, settings.group_by)
    question = replace(question, dataset=together.dataset)
    parts = split(
        question.dataset,
        validation=settings.validation,
        test=settings.test,
        seed=settings.seed,
        groups=together.group,
    )
    for words in told_of_data(settings, question, parts):
        say(words)
    for words in (*together.words, *uneven(question.dataset, settings)):
        say(words)
    network = _network_maker(settings)(len(question.dataset.classes))
    checkpoints = _checkpoints(settings, folder, say)
    model = _train(settings, network, question.dataset, parts, progress, checkpoints)
    for words in told_of_training(model.history):
        say(words)
    model.save(folder / MODEL)
    neuron = _one_neuron(settings, model, question.dataset, parts, progress)
    test = question.dataset.subset(parts.test)
    evaluation = evaluated(model, test)
    run = Run(
        folder=folder,
        model=model,
        evaluation=evaluation,
        majority=majority_baseline(question.dataset.y[parts.train], test.y, len(test.classes)),
        one_neuron=evaluation if neuron is model else evaluated(neuron, test),
        found=len(dataset),
        skipped=question.dataset.skipped,
        copies=together.sets,
        advice=advice_of_run(model, question.dataset, parts),
        predict_command=shell_command([program(), "predict"], [str(folder), test.paths[0]]),
        seconds=time.perf_counter() - started,
    )
    for one in run.advice:
        # A cost that overflowed or exploded was warned of with its causes.
        if one.kind not in CAUSES:
            say(f"to look at: {one.message}")
    _write(run, record, question, parts, test)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return run


def _checkpoints(settings: RunSettings, folder: Path, say: Say) -> Checkpoints | None:
    if settings.optimizer == "lbfgs":
        return None
    if (folder / CHECKPOINT).exists():
        say(f"going on from {folder / CHECKPOINT}")
    return Checkpoints(folder / CHECKPOINT, every=settings.checkpoint_every, how_to_go_on=_to_resume(folder))


def _to_resume(folder: Path) -> str:
    return shell_command([program(), "resume"], [str(folder)])


def _network_maker(settings: RunSettings) -> Callable[[int], Network]:
    """Check the architecture before any picture is read."""

    def make(classes: int) -> Network:
        outputs = 1 if classes == 2 else classes
        activations = settings.activation if settings.hidden else ()
        return dense_network(
            hidden=settings.hidden, activations=activations or ("relu",), outputs=outputs, dropout=settings.dropout
        )

    make(2)
    fit_optimizer(settings.optimizer, settings.rate, clip_norm=None)
    return make


def _read(settings: RunSettings, progress: bool | None) -> Dataset:
    return read_pictures(
        settings.pictures,
        size=settings.size,
        color=settings.color,  # type: ignore[arg-type]  # PictureSettings checks it
        fit=settings.fit,  # type: ignore[arg-type]
        label_from=settings.label_from,
        negative=settings.negative,
        strict=settings.strict,
        threads=settings.threads,
        progress=progress,
    )


def _train(
    settings: RunSettings,
    network: Network,
    dataset: Dataset,
    parts: Splits,
    progress: bool | None,
    checkpoints: Checkpoints | None = None,
) -> Model:
    with one_thread_for_products():
        return fit(
            network,
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
            patience=settings.patience,
            seed=settings.seed,
            progress=progress,
            engine=settings.engine,
            threads=settings.threads,
            checkpoint=checkpoints,
        )


def _one_neuron(
    settings: RunSettings, model: Model, dataset: Dataset, parts: Splits, progress: bool | None
) -> Model:
    """Train the simplest network on the same pictures, with settings of its own that suit it."""
    if not settings.hidden:
        return model
    simplest = dense_network(hidden=(), activations=("relu",), outputs=model.network.outputs, dropout=0.0)
    usual = RunSettings(
        pictures=settings.pictures,
        class_weight=settings.class_weight,
        seed=settings.seed,
        preprocess="scale",
        l2=0.0,
        engine=settings.engine,
        threads=settings.threads,
    )
    return _train(usual, simplest, dataset, parts, progress)


def evaluated(model: Model, dataset: Dataset) -> Evaluation:
    """Judge a model on a dataset of its classes."""
    probabilities = model.predict_proba(dataset.X)
    return evaluate(dataset.y, probabilities, classes=dataset.classes, threshold=model.threshold)


def _write(run: Run, record: Record, question: Question, parts: Splits, test: Dataset) -> None:
    hashes = {"data": data_hash(question.dataset), "model": file_hash(run.folder / MODEL)}
    replace(record, hashes=hashes).write(run.folder)
    write_atomically(run.folder / "history.csv", run.model.history.to_csv().encode())
    write_atomically(run.folder / "metrics.json", to_json_bytes(run.to_dict()))
    write_splits(run.folder / "splits.csv", question.dataset, parts)
    write_skipped(run.folder / "skipped.csv", run.skipped)
    write_copies(run.folder / "copies.csv", run.copies)
    # The last one: where it is, the run is complete.
    write_report(run.report, _report(run, record, question, parts, test))


def _report(run: Run, record: Record, question: Question, parts: Splits, test: Dataset) -> Report:
    y, tested = question.dataset.y, run.model.history.range_test
    simplest = "one neuron" if run.model.network.outputs == 1 else "one neuron a class"
    counts = {
        name: tuple(int((y[rows] == index).sum()) for rows in (parts.train, parts.validation, parts.test))
        for index, name in enumerate(question.dataset.classes)
    }
    return Report(
        title=question.title,
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
        range_test=None if tested is None else tested.to_dict(),
        advice=tuple((one.title, one.message) for one in run.advice),
        settings=described(record.settings),
        command=record.settings.command(),
        predict_command=run.predict_command,
        notes=record.notes,
        counts=counts,  # type: ignore[arg-type]  # three numbers each
    )
