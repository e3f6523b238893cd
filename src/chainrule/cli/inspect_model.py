"""`chainrule inspect`: everything that is known of a model or a run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from chainrule.cli.messages import say, show, write
from chainrule.cli.options import Json, ModelOrRun
from chainrule.errors import UserError

_PROGRAMS = {
    "forward": "prediction",
    "step": "a step of training, for examples of equal weight, with the usual constants of the optimizer",
}


def inspect(
    model_or_run: ModelOrRun,
    program: Annotated[
        bool, typer.Option("--program", help="Show the compiled programs: prediction, and a step of training.")
    ] = False,
    draw: Annotated[
        str | None,
        typer.Option(metavar="FILE.svg", help="Draw the network with its weights.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let --draw replace a file.")] = False,
    json: Json = False,
) -> None:
    """Show what is known of a model: layers, preprocessing, training, weights.

    Of a run's folder the epochs and the figures on the test pictures are shown too.
    """
    if draw is not None:
        _check_place(draw, overwrite)
    elif overwrite:
        raise UserError("--overwrite lets --draw replace a file: give --draw FILE.svg too, or leave it out")
    from chainrule.inspection.inspection import inspect as inspected

    found = inspected(model_or_run)
    programs = found.programs if program else {}
    if draw is not None:
        found.draw().save(draw)
        say(f"drawn into {draw}")
    if json:
        from chainrule.files import to_json_bytes

        write(to_json_bytes(found.to_dict() | ({"programs": programs} if program else {})))
        return
    for line in [*found.lines(), *_listed(programs)]:
        show(line)


def _check_place(path: str, overwrite: bool) -> None:
    """Refuse a drawing that could not be written, before any work."""
    if os.path.splitext(path)[1].lower() != ".svg":
        raise UserError(f"--draw {path}: a drawing is written as SVG; give a name that ends in .svg")
    if os.path.lexists(path) and not overwrite:
        raise UserError(f"--draw {path}: it exists already; choose another name, or add --overwrite")


def _listed(programs: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for name, listing in programs.items():
        lines += ["", f"program: {_PROGRAMS[name]}", *(f"  {line}" for line in listing.splitlines())]
    return lines
