"""`chainrule predict`: the class of each picture, as text, CSV or JSON; and copies sorted by class."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli import options
from chainrule.cli.messages import FAILED, say, write
from chainrule.cli.options import ModelOrRun, Threads, Threshold
from chainrule.cli.texts import count

if TYPE_CHECKING:
    from chainrule.cli.answers import Answer
    from chainrule.cli.formats import Format
    from chainrule.cli.sorting import Sorter

FORMATS = ("text", "csv", "json")


def predict(
    model_or_run: ModelOrRun,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Pictures, and folders, archives and .parquet files of them.",
            show_default=False,
        ),
    ],
    threshold: Threshold = None,
    format: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="text, csv or json.  [default: text to a terminal, csv elsewhere]"),
    ] = None,
    sort_into: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER", help="Copy each picture into the sub-folder of its class; none is overwritten."
        ),
    ] = None,
    threads: Threads = None,
) -> None:
    """Say the class of each picture.

    A picture that cannot be read gets a line with the reason, and the exit code is 1 in the end.
    """
    if format is not None:
        options.one_of("--format", format, FORMATS)
    if threshold is not None:
        options.number("--threshold", threshold, low=0, high=1)
    from chainrule.cli.answers import answers, load_for_pictures
    from chainrule.cli.formats import format_for
    from chainrule.cli.sorting import Sorter
    from chainrule.data.pictures import picture_paths
    from chainrule.progress import track

    model = load_for_pictures(model_or_run, threshold, threads)
    classes = [str(name) for name in model.classes or ()]
    files = picture_paths(paths)
    sorter = None if sort_into is None else Sorter(sort_into, classes, paths, files)
    to_terminal = sys.stdout.isatty()
    form = format_for(format or ("text" if to_terminal else "csv"), classes, files)
    # Lines on the same terminal show the progress themselves, and a bar would run through them.
    bar = False if to_terminal else None
    with closing(track(answers(model, files, threads), total=len(files), label="Predicting", enabled=bar)) as shown:
        unreadable = _write_all(shown, form, classes, sorter)
    if sorter is not None:
        say(sorter.summary())
    if unreadable:
        say(f"{unreadable:,} of {count(len(files), 'file')} could not be read")
        raise typer.Exit(FAILED)


def _write_all(answers: Iterable[Answer], form: Format, classes: Sequence[str], sorter: Sorter | None) -> int:
    """Write and sort answers as they come; return how many files could not be read."""
    unreadable = 0
    write(_bytes(form.start()))
    for answer in answers:
        if answer.index is None:
            unreadable += 1
        elif sorter is not None:
            sorter.copy(answer.path, classes[answer.index])
        write(_bytes(form.row(answer)))
    write(_bytes(form.end()))
    return unreadable


def _bytes(text: str) -> bytes:
    # Names of files that are no UTF-8 come out with the bytes they have on the disk.
    return text.encode("utf-8", "surrogateescape")
