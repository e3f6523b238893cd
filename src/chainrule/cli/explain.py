"""`chainrule explain`: why a model answers as it does for one picture, as a page, as text or as JSON."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli import options
from chainrule.cli.messages import say, show, write
from chainrule.cli.options import Json, ModelOrRun
from chainrule.errors import UserError

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation
    from chainrule.model import Model

_ENDINGS = (".html", ".json")


def explain(
    model_or_run: ModelOrRun,
    picture: Annotated[list[str], typer.Argument(metavar="PICTURE", help="One picture.", show_default=False)],
    label: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="The right answer; the model's own if left out.",
            show_default=False,
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            metavar="RATE",
            help="How far the update goes that is shown, above 0.  [default: as the model was trained]",
            show_default=False,
        ),
    ] = None,
    all_pictures: Annotated[
        bool,
        typer.Option(
            "--all-pictures",
            help="Look for the nearest among all training pictures, which takes time, and not in a sample of 400.",
        ),
    ] = False,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Where to write: .html or .json.  [default: <picture>-explained.html, here]"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the explanation instead of writing a page.")] = False,
    json: Json = False,
) -> None:
    """Explain one answer, from the picture's numbers to the prediction, the cost, every gradient and an update.

    The page needs nothing but a browser. The nearest training pictures are shown where MODEL_OR_RUN is a run and
    its pictures are still there.
    """
    _check_choices(text=text, json=json, out=out, force=force, learning_rate=learning_rate)
    path = _one_picture(picture)
    from chainrule.model import load

    model = load(model_or_run)
    if model.pictures is None:
        raise UserError(
            f"{model_or_run}: this model was trained on rows, not on pictures: explain a row from Python, "
            f"chainrule.load({model_or_run!r}).explain(row)"
        )
    found = model.explain(
        path,
        _label(model, label),
        learning_rate=learning_rate,
        run=_run_folder(model_or_run),
        all_pictures=all_pictures,
    )
    if text:
        for line in found.text().splitlines():
            show(line)
    if json:
        from chainrule.files import to_json_bytes

        write(to_json_bytes(found.to_dict()))
    if out is not None or not (text or json):
        _save(found, out, path, force=force, quiet=text or json)


def _check_choices(*, text: bool, json: bool, out: str | None, force: bool, learning_rate: float | None) -> None:
    if text and json:
        raise UserError("--text and --json cannot be used together; choose one")
    if out is not None and Path(out).suffix.lower() not in _ENDINGS:
        raise UserError(f"--out {out}: name a file that ends in .html (a page) or .json (data)")
    if out is not None and not force:
        _check_free(out)
    if learning_rate is not None:
        options.number("--learning-rate", learning_rate, low=0, ends="(]")


def _check_free(out: str) -> None:
    if os.path.lexists(out):
        raise UserError(f"--out {out}: it exists already; choose another name, or overwrite it with --force")


def _one_picture(pictures: list[str]) -> str:
    if len(pictures) > 1:
        raise UserError(
            f"explain takes one picture, but {len(pictures)} were given: {pictures[0]}, {pictures[1]}"
            f"{', ...' * (len(pictures) > 2)}"
        )
    path = pictures[0]
    if os.path.isdir(path):
        raise UserError(f"{path} is a folder; name one picture in it")
    return path


def _run_folder(model_or_run: str) -> str | None:
    """Return the run's folder: the one that was given, or the one that the model's file lies in."""
    folder = model_or_run if os.path.isdir(model_or_run) else os.path.dirname(model_or_run) or os.curdir
    return folder if os.path.exists(os.path.join(folder, "splits.csv")) else None


def _label(model: Model, given: str | None) -> object:
    """Turn a word into a class of the model, or into the numbers of a regression."""
    if given is None:
        return None
    if model.classes is not None:
        names = {str(name): name for name in model.classes}
        return names[options.one_of("--label", given, names)]
    try:
        return [float(word) for word in given.split(",")]
    except ValueError:
        raise UserError(
            f"--label {given}: the model answers with numbers: give them, with commas between"
        ) from None


def _save(found: Explanation, out: str | None, picture: str, *, force: bool, quiet: bool) -> None:
    place = _default_place(picture, force=force) if out is None else out
    found.save(place)
    if quiet:
        say(f"written to {place}")
        return
    show(found.title)
    show(place)


def _default_place(picture: str, *, force: bool) -> str:
    """Return a name in the current folder, with a number where others are taken."""
    stem = f"{Path(picture).stem}-explained"
    for number in itertools.count(1):
        place = f"{stem}.html" if number == 1 else f"{stem}-{number}.html"
        if force or not os.path.lexists(place):
            return place
    raise AssertionError("numbers do not end")
