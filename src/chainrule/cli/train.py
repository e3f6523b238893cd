"""`chainrule train`: from a folder of labelled pictures to a run's folder with model, figures and report."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from chainrule.cli import options
from chainrule.cli.messages import FAILED, say, show, write
from chainrule.cli.options import Engine, Json, LabelFrom, Negative, Pictures, Strict, Threads
from chainrule.cli.texts import accuracy, count, share, table
from chainrule.data.settings import LARGEST, Color, Fit
from chainrule.training.defaults import DEFAULTS

if TYPE_CHECKING:
    from chainrule.runs.settings import RunSettings
    from chainrule.runs.train import Run

_RATE = f"{DEFAULTS.picture_learning_rate:g} for {DEFAULTS.optimizer}, the usual one of each other optimizer"
_OPTIMIZERS = "sgd, momentum, nesterov, rmsprop, adam, adamw, lbfgs"
_ACTIVATIONS = "relu, leaky_relu, elu, softplus, gelu, silu, tanh, sigmoid, softmax, identity"


def train(
    pictures: Pictures,
    positive: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS", help="The class to tell from the rest; all classes are told apart if left out."
        ),
    ] = None,
    negative: Negative = None,
    label_from: LabelFrom = None,
    strict: Strict = False,
    size: Annotated[
        int,
        typer.Option(
            min=1, max=LARGEST, metavar="PIXELS", help="Width and height that each picture is brought to."
        ),
    ] = DEFAULTS.picture_size,
    color: Annotated[str, typer.Option(metavar="NAME", help="rgb or grey.")] = "rgb",
    fit: Annotated[
        str, typer.Option(metavar="NAME", help="What makes a picture square: squash, pad (with grey) or crop.")
    ] = "squash",
    preprocess: Annotated[
        str,
        typer.Option(metavar="NAME", help="What pixels become: standardize (mean 0, deviation 1) or scale (0..1)."),
    ] = DEFAULTS.picture_preprocess,
    hidden: Annotated[
        str,
        typer.Option(metavar="N,N,...", help="Neurons of each hidden layer, or none for logistic regression."),
    ] = ",".join(map(str, DEFAULTS.hidden)),
    activation: Annotated[
        str,
        typer.Option(metavar="NAME,...", help=f"Of all hidden layers, or one for each: {_ACTIVATIONS}."),
    ] = DEFAULTS.activation,
    optimizer: Annotated[str, typer.Option(metavar="NAME", help=f"One of {_OPTIMIZERS}.")] = DEFAULTS.optimizer,
    learning_rate: Annotated[
        str | None,
        typer.Option(
            metavar="RATE",
            help=f"How far a step goes, above 0; auto finds a rate by trying growing ones.  [default: {_RATE}]",
        ),
    ] = None,
    epochs: Annotated[
        int, typer.Option(min=0, metavar="N", help="How often to go through all pictures, at most.")
    ] = DEFAULTS.epochs,
    batch_size: Annotated[str, typer.Option(metavar="N", help="Pictures in a step, or all.")] = str(
        DEFAULTS.batch_size
    ),
    patience: Annotated[
        int, typer.Option(min=1, metavar="N", help="Stop after so many epochs without a better validation cost.")
    ] = DEFAULTS.patience,
    l1: Annotated[float, typer.Option("--l1", metavar="WEIGHT", help="Penalty l1 * sum|W|, from 0 up.")] = 0.0,
    l2: Annotated[
        float, typer.Option("--l2", metavar="WEIGHT", help="Penalty l2 / 2 * sum W**2, from 0 up.")
    ] = DEFAULTS.l2,
    dropout: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of hidden values set to 0 in a step, 0 to below 1.")
    ] = DEFAULTS.dropout,
    class_weight: Annotated[
        str | None, typer.Option(metavar="NAME", help="balanced: rare classes weigh as much as frequent ones.")
    ] = None,
    validation: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the pictures to choose the best epoch by, 0 to 1.")
    ] = DEFAULTS.validation,
    test: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the pictures to judge the model by, 0 to 1.")
    ] = DEFAULTS.test,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Decides the split, the first parameters and the order.")
    ] = DEFAULTS.seed,
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Pictures in whose paths this finds the same stay on one side of the split: '(rex|ida)_'.",
        ),
    ] = None,
    threads: Threads = None,
    engine: Engine = DEFAULTS.engine,
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
    """Train a model on a folder of labelled pictures.

    Each sub-folder is a class. The run's folder gets the model, its figures on pictures kept apart, and a report.
    """
    from chainrule.runs.settings import RunSettings
    from chainrule.training.rates import AUTO

    settings = RunSettings(
        pictures=pictures,
        negative=negative,
        label_from=label_from,
        positive=positive,
        strict=strict,
        size=size,
        color=options.one_of("--color", color, get_args(Color)),
        fit=options.one_of("--fit", fit, get_args(Fit)),
        preprocess=options.one_of("--preprocess", preprocess, ("standardize", "scale")),
        hidden=_hidden(hidden),
        activation=_activations(activation),
        optimizer=_optimizer(optimizer),
        learning_rate=options.learning_rate("--learning-rate", learning_rate, AUTO),
        epochs=epochs,
        batch_size=options.batch_size("--batch-size", batch_size),
        l1=options.number("--l1", l1, low=0),
        l2=options.number("--l2", l2, low=0),
        dropout=options.number("--dropout", dropout, low=0, high=1, ends="[)"),
        class_weight=_class_weight(class_weight),
        patience=patience,
        validation=options.number("--validation", validation, low=0, high=1, ends="()"),
        test=options.number("--test", test, low=0, high=1, ends="()"),
        seed=seed,
        group_by=group_by,
        threads=threads,
        engine=options.one_of("--engine", engine, options.ENGINES),
        checkpoint_every=options.number("--checkpoint-every", checkpoint_every, low=0),
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
        say(f"error: the cost overflowed; {run.folder} holds the last good parameters")
        raise typer.Exit(FAILED)


@contextmanager
def every_warning_of_training() -> Iterator[None]:
    """Show the same warning again where it comes again."""
    from chainrule.fitting import TrainingWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", TrainingWarning)
        yield


def _hidden(given: str) -> tuple[int, ...]:
    from chainrule.network.layers import MOST_UNITS

    return options.layer_sizes("--hidden", given, MOST_UNITS)


def _activations(given: str) -> tuple[str, ...]:
    from chainrule.network.activations import ACTIVATIONS

    return options.each_of("--activation", given, ACTIVATIONS)


def _optimizer(given: str) -> str:
    from chainrule.training.optimizers import NAMES

    return options.one_of("--optimizer", given, NAMES)


def _class_weight(given: str | None) -> str | None:
    return None if given is None else options.one_of("--class-weight", given, ("balanced",))
