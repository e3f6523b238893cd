"""`chainrule tune`: search the settings of a training, and train with the best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli import training_options as given
from chainrule.cli.messages import say, show, write
from chainrule.cli.options import Engine, Json, LabelFrom, Negative, Strict, Threads
from chainrule.cli.texts import accuracy_of, columns, table
from chainrule.cli.train import every_warning_of_training
from chainrule.errors import UserError
from chainrule.training.defaults import DEFAULTS

if TYPE_CHECKING:
    from chainrule.tuning.tune import Tuned

# What may be given to a search that goes on; all else is as it was told.
_NEW_WHEN_RESUMED = ("pictures", "resume", "trials", "threads", "json")


def tune(
    context: typer.Context,
    pictures: Annotated[
        str | None,
        typer.Argument(
            metavar="PICTURES",
            help="A folder with a sub-folder of pictures for each class, or a CSV file, as for `train`.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"How many trainings to try, in all.  [default: {DEFAULTS.trials}]"),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Go on with the search in this folder, with the settings that it has."),
    ] = None,
    positive: given.Positive = None,
    negative: Negative = None,
    label_from: LabelFrom = None,
    strict: Strict = False,
    size: given.Size = DEFAULTS.picture_size,
    color: given.ColorName = "rgb",
    fit: given.FitName = "squash",
    preprocess: given.Preprocess = DEFAULTS.picture_preprocess,
    hidden: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,...", help="Neurons of each hidden layer, or none for no layer; searched if left out."
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Of all hidden layers, or one for each; searched if left out."),
    ] = None,
    optimizer: given.OptimizerName = DEFAULTS.optimizer,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", help="How far a step goes, above 0; searched if left out.")
    ] = None,
    epochs: given.Epochs = DEFAULTS.epochs,
    batch_size: Annotated[
        str | None, typer.Option(metavar="N", help="Pictures in a step, or all; searched if left out.")
    ] = None,
    patience: given.Patience = DEFAULTS.patience,
    l1: given.L1 = 0.0,
    l2: Annotated[
        float | None,
        typer.Option("--l2", metavar="WEIGHT", help="Penalty l2 / 2 * sum W**2; searched if left out."),
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Share of hidden values set to 0 in a step; searched if left out."),
    ] = None,
    class_weight: given.ClassWeight = None,
    validation: given.Validation = DEFAULTS.validation,
    test: given.Test = DEFAULTS.test,
    seed: given.Seed = DEFAULTS.seed,
    group_by: given.GroupBy = None,
    threads: Threads = None,
    engine: Engine = DEFAULTS.engine,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="A new folder for the search.  [default: runs/<name of PICTURES>-tune-<n>]"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Search the settings of a training, and train with the best.

    Learning rate, layers, activation, l2, batch size and dropout are searched, but for those that are given. Trials
    are compared by the cost of the validation pictures. Needs Optuna: pip install 'chainrule[tune]'.
    """
    from chainrule.tuning.tune import go_on

    with every_warning_of_training():
        if resume is not None:
            _refuse_settings(context)
            tell(go_on(Path(resume), trials=trials, pictures=pictures, threads=threads, say=say), json=json)
            return
        if pictures is None:
            raise UserError("give a folder of pictures (chainrule tune pets) or a search to go on with (--resume)")
        _refuse_search(out)
        tell(_begun(context.params, trials=DEFAULTS.trials if trials is None else trials), json=json)


def _refuse_settings(context: typer.Context) -> None:
    """Refuse settings that a search which goes on cannot change."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in _NEW_WHEN_RESUMED and source is not None and source.name == "COMMANDLINE":
            raise UserError(
                f"--{name.replace('_', '-')}: a search goes on with the settings that it began with; leave it out, "
                "or begin a new search without --resume"
            )


def _refuse_search(out: str | None) -> None:
    """Say how to go on where the new folder is that of a search."""
    from chainrule.runs.folder import SEARCH
    from chainrule.runs.settings import to_resume_search

    if out is not None and Path(out, SEARCH).exists():
        raise UserError(f"--out {out}: there is a search already; to go on with it: {to_resume_search(Path(out))}")


def _begun(options: Mapping[str, Any], *, trials: int) -> Tuned:
    from chainrule.tuning.space import SEARCHABLE, Space, check_optimizer
    from chainrule.tuning.tune import tune as search

    # Settings of a run would only say what a run needs with it.
    check_optimizer(options["optimizer"])
    told = {name: value for name, value in options.items() if name not in {"trials", "resume", "json"}}
    given_ones = {name for name in SEARCHABLE if told[name] is not None}
    settings = given.run_settings(
        **{name: value for name, value in told.items() if name not in SEARCHABLE or name in given_ones}
    )
    return search(Space.around(settings, given_ones), trials=trials, say=say)


def tell(tuned: Tuned, *, json: bool) -> None:
    """Show a finished search to a person or a program."""
    if json:
        from chainrule.files import to_json_bytes

        write(to_json_bytes(tuned.to_dict()))
        return
    for line in summary(tuned):
        show(line)


def summary(tuned: Tuned) -> list[str]:
    """Return the table of trials, and what a person wants to know at the end, a line each."""
    from chainrule.evaluation.wording import NO_BREAK, figure
    from chainrule.tuning.table import endings
    from chainrule.tuning.table import table as of_trials

    best = tuned.best
    ends = {
        "trials": f"{len(tuned.trials):,}: {endings(tuned.trials)}",
        "best": f"trial {best.number}: {best.words()}",
        "validation cost": figure(best.validation_cost),
        "test accuracy": accuracy_of(tuned.run["test"]),
        "report": str(tuned.page),
        "next": tuned.run["predict_command"],
    }
    return [line.replace(NO_BREAK, " ") for line in (*columns(of_trials(tuned.trials)), "", *table(ends))]
