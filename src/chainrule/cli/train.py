"""`chainrule train`: from labelled pictures to a run's folder with model, figures and report."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli import training_options as given
from chainrule.cli.messages import FAILED, say, show, write
from chainrule.cli.options import Engine, Json, LabelFrom, Negative, Pictures, Strict, Threads
from chainrule.cli.texts import accuracy, count, share, table
from chainrule.training.defaults import DEFAULTS

if TYPE_CHECKING:
    from chainrule.runs.settings import RunSettings
    from chainrule.runs.train import Run

_RATE = f"{DEFAULTS.picture_learning_rate:g} for {DEFAULTS.optimizer}, the usual one of each other optimizer"


def train(
    pictures: Pictures,
    positive: given.Positive = None,
    negative: Negative = None,
    label_from: LabelFrom = None,
    strict: Strict = False,
    size: given.Size = DEFAULTS.picture_size,
    color: given.ColorName = "rgb",
    fit: given.FitName = "squash",
    preprocess: given.Preprocess = DEFAULTS.picture_preprocess,
    hidden: Annotated[
        str,
        typer.Option(metavar="N,N,...", help="Neurons of each hidden layer, or none for logistic regression."),
    ] = ",".join(map(str, DEFAULTS.hidden)),
    activation: Annotated[
        str,
        typer.Option(metavar="NAME,...", help=f"Of all hidden layers, or one for each: {given.ACTIVATION_NAMES}."),
    ] = DEFAULTS.activation,
    optimizer: given.OptimizerName = DEFAULTS.optimizer,
    learning_rate: Annotated[
        str | None,
        typer.Option(
            metavar="RATE",
            help=f"How far a step goes, above 0; auto finds a rate by trying growing ones.  [default: {_RATE}]",
        ),
    ] = None,
    epochs: given.Epochs = DEFAULTS.epochs,
    batch_size: Annotated[str, typer.Option(metavar="N", help="Pictures in a step, or all.")] = str(
        DEFAULTS.batch_size
    ),
    patience: given.Patience = DEFAULTS.patience,
    l1: given.L1 = 0.0,
    l2: Annotated[
        float, typer.Option("--l2", metavar="WEIGHT", help="Penalty l2 / 2 * sum W**2, from 0 up.")
    ] = DEFAULTS.l2,
    dropout: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of hidden values set to 0 in a step, 0 to below 1.")
    ] = DEFAULTS.dropout,
    class_weight: given.ClassWeight = None,
    augment: given.Augment = None,
    validation: given.Validation = DEFAULTS.validation,
    test: given.Test = DEFAULTS.test,
    seed: given.Seed = DEFAULTS.seed,
    group_by: given.GroupBy = None,
    threads: Threads = None,
    engine: Engine = DEFAULTS.engine,
    no_cache: given.NoCache = False,
    checkpoint_every: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="How often to note within an epoch where the training is, from 0 up."),
    ] = DEFAULTS.checkpoint_every,
    out: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="A new folder for the run.  [default: runs/<name of PICTURES>-<n>]"),
    ] = None,
    json: Json = False,
) -> None:
    """Train a model on a folder of labelled pictures, or an archive or a table of them.

    Each sub-folder is a class. The run's folder gets the model, its figures on pictures kept apart, and a report.
    """
    settings = given.run_settings(
        pictures=pictures,
        negative=negative,
        label_from=label_from,
        positive=positive,
        strict=strict,
        size=size,
        color=color,
        fit=fit,
        preprocess=preprocess,
        hidden=hidden,
        activation=activation,
        optimizer=optimizer,
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=batch_size,
        l1=l1,
        l2=l2,
        dropout=dropout,
        class_weight=class_weight,
        augment=augment,
        patience=patience,
        validation=validation,
        test=test,
        seed=seed,
        group_by=group_by,
        threads=threads,
        engine=engine,
        no_cache=no_cache,
        checkpoint_every=checkpoint_every,
        out=out,
    )
    tell(carry_out(settings), json=json)


def carry_out(settings: RunSettings, notes: tuple[str, ...] = ()) -> Run:
    """Do the run, saying on stderr what is decided on the way."""
    from chainrule.runs.train import train_on_pictures

    with every_warning_of_training():
        return train_on_pictures(settings, say=say, notes=notes)


def tell(run: Run, *, json: bool) -> None:
    """Show a finished run to a person or a program."""
    if json:
        from chainrule.files import to_json_bytes

        write(to_json_bytes(run.to_dict()))
    else:
        for line in summary(run):
            show(line)
    fail_if_diverged(run)


def summary(run: Run) -> list[str]:
    """Return what a person wants to know at the end of a run, a line each."""
    skipped = count(len(run.skipped), "file") + " skipped"
    if run.skipped:
        skipped += f" (listed in {run.folder / 'skipped.csv'})"
    return table(
        {
            "found": f"{count(run.found, 'picture')}, {skipped}",
            "test accuracy": accuracy(run.evaluation),
            "most frequent class": f"{share(run.majority)} if it were always the answer",
            "one neuron": accuracy(run.one_neuron),
            "report": str(run.report),
            "next": run.predict_command,
        }
    )


def fail_if_diverged(run: Run) -> None:
    """End with an exit code that scripts notice, if the parameters are not those that were asked for."""
    if run.diverged:
        say(f"error: the cost overflowed; {run.folder} holds the best parameters until then")
        raise typer.Exit(FAILED)


@contextmanager
def every_warning_of_training() -> Iterator[None]:
    """Show the same warning again where it comes again."""
    from chainrule.fitting import TrainingWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", TrainingWarning)
        yield
