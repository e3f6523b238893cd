"""The command line: `chainrule train`, `resume`, `reproduce`, `predict` and so on, one file each.

Data goes to stdout, words to stderr. Exit codes: 0 done, 1 the work failed (at least in part), 2 what was asked or
given cannot be used, 130 interrupted. Whatever is slow to import is imported inside the commands, so that help and
mistakes answer at once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chainrule.cli import demo, evaluate, explain, inspect_model, predict, reproduce, resume, train, tune
from chainrule.cli.messages import failures_in_a_line, prepare_streams

__all__ = ["app", "main"]


class Commands(TyperGroup):
    """The commands, whose failures end in one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        with failures_in_a_line():
            return super().invoke(ctx)


# Help without markup does not import rich, which would double the time it takes.
app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(train.train, tune.tune, resume.resume, reproduce.reproduce, predict.predict, evaluate.evaluate),
    *(explain.explain, inspect_model.inspect, demo.demo),
):
    app.command()(command)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    prepare_streams()
    app(prog_name="chainrule")


def _show_version(wanted: bool) -> None:
    if wanted:
        import chainrule

        typer.echo(f"chainrule {chainrule.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Train, explain and ship logistic regression and deep neural networks."""
