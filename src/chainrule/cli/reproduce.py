"""`chainrule reproduce`: do a run again and compare the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.messages import FAILED, say, show, write
from chainrule.cli.options import Json
from chainrule.cli.train import every_warning_of_training

if TYPE_CHECKING:
    from chainrule.runs.again import Comparison


def reproduce(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The folder of a complete run, such as runs/dogs-1.")],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="A new folder for the run done again.  [default: runs/<RUN>-again-<n>]"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Do a run again and compare the models, byte by byte.

    The exit code is 0 where they are the same, 1 where they are not.
    """
    from chainrule.runs.again import reproduce as again

    with every_warning_of_training():
        found = again(Path(run), out=out, say=say)
    if json:
        from chainrule.files import to_json_bytes

        write(to_json_bytes(found.to_dict()))
    else:
        for line in summary(found):
            show(line)
    if not found.same_model:
        raise typer.Exit(FAILED)


def summary(found: Comparison) -> list[str]:
    """Return what a person wants to know, a line each."""
    lines = [f"{found.second} is {found.first} done again"]
    if found.same_model:
        return [*lines, "the model is the same, byte by byte"]
    lines.append("the model is another one")
    lines.append("the pictures read the same" if found.same_data else "the pictures, or their labels, have changed")
    for name, (then, now) in {**found.made_with, **found.figures}.items():
        lines.append(f"{name.replace('_', ' ')}: {then} then, {now} now")
    return lines
