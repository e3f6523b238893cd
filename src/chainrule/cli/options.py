"""Options that several commands share, and the reading of values that typer does not know."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated

import typer

from chainrule.errors import UserError
from chainrule.threads import MOST

ModelOrRun = Annotated[
    str, typer.Argument(metavar="MODEL_OR_RUN", help="A model file, or the folder of a run.", show_default=False)
]
Pictures = Annotated[
    str,
    typer.Argument(
        metavar="PICTURES",
        help="A folder with a sub-folder of pictures for each class; such a folder in a .zip or .tar (.tar.gz, "
        ".tar.bz2, .tar.xz); a .parquet file, or a folder of those; or a CSV file: path,label[,split].",
        show_default=False,
    ),
]
Negative = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="A folder or an archive with pictures of anything else, where PICTURES holds one class alone.",
        show_default=False,
    ),
]
LabelFrom = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help=r"Read the class from each file's name: the first group of this expression, such as '^([a-z]+)\.'.",
        show_default=False,
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first picture that cannot be read.")]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, max=MOST, help="How many threads to use; all if left out.", show_default=False
    ),
]
Engine = Annotated[
    str,
    typer.Option(metavar="NAME", help="What computes: engine, or reference, which is NumPy and slower."),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Say the positive class from this probability on, 0 to 1; of two classes.  [default: the model's]",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout.")]

NONE = "none"
ENGINES = ("engine", "reference")


def one_of(option: str, given: str, names: Iterable[str]) -> str:
    """Return a name if it is one of those that an option takes.

    >>> one_of("--fit", "sqash", ("squash", "pad", "crop"))
    Traceback (most recent call last):
    chainrule.errors.UserError: --fit sqash: did you mean squash? Choose one of squash, pad, crop
    """
    known = tuple(names)
    if given in known:
        return given
    from difflib import get_close_matches

    close = get_close_matches(given.lower().replace("-", "_"), known, n=1)
    hint = f"did you mean {close[0]}? Choose" if close else "choose"
    raise UserError(f"{option} {given}: {hint} one of {', '.join(known)}")


def each_of(option: str, given: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return names that commas separate, each one of those that an option takes.

    >>> each_of("--activation", "relu, tanh", ("relu", "tanh"))
    ('relu', 'tanh')
    """
    known = tuple(names)
    return tuple(one_of(option, name.strip(), known) for name in given.split(","))


def layer_sizes(option: str, given: str, most: int) -> tuple[int, ...]:
    """Return the neurons of each hidden layer; none for the word "none".

    >>> layer_sizes("--hidden", "64,16", 1000), layer_sizes("--hidden", "none", 1000)
    ((64, 16), ())
    """
    if given.strip().lower() == NONE:
        return ()
    sizes = [_whole(word) for word in given.split(",")]
    if not all(1 <= size <= most for size in sizes):
        raise UserError(
            f"{option} {given}: give the neurons of each hidden layer, whole numbers from 1 to {most:,} with "
            f"commas between, such as 64,16; or {NONE}"
        )
    return tuple(sizes)


def batch_size(option: str, given: str) -> int | str:
    """Return the examples of a step, or "all".

    >>> batch_size("--batch-size", "64"), batch_size("--batch-size", "all")
    (64, 'all')
    """
    if given.strip().lower() == "all":
        return "all"
    size = _whole(given)
    if size < 1:
        raise UserError(f"{option} {given}: give the pictures of a step, a whole number from 1 up, or all")
    return size


def learning_rate(option: str, given: str | None, auto: str) -> float | str | None:
    """Return a number above 0, the word that leaves it to a test, or None where nothing is given.

    >>> learning_rate("--learning-rate", "0.01", "auto"), learning_rate("--learning-rate", "auto", "auto")
    (0.01, 'auto')
    """
    if given is None or given.strip().lower() == auto:
        return None if given is None else auto
    try:
        rate = float(given)
    except ValueError:
        raise UserError(f"{option} {given}: give a number that is above 0, or {auto}") from None
    return number(option, rate, low=0, ends="()")


def number(option: str, given: float, *, low: float, high: float = math.inf, ends: str = "[]") -> float:
    """Return a number if it lies in a range.

    Args:
        option: the option, for the message.
        given: its value.
        low, high: the ends of the range.
        ends: "[" or "(" and "]" or ")": whether each end is within the range or not.

    >>> number("--dropout", 1.0, low=0, high=1, ends="[)")
    Traceback (most recent call last):
    chainrule.errors.UserError: --dropout 1: give a number that is at least 0 and below 1
    """
    above = low <= given if ends[0] == "[" else low < given
    below = given <= high if ends[1] == "]" else given < high
    if above and below and math.isfinite(given):
        return given
    start = f"at least {low:g}" if ends[0] == "[" else f"above {low:g}"
    end = "" if math.isinf(high) else f" and {'at most' if ends[1] == ']' else 'below'} {high:g}"
    raise UserError(f"{option} {given:g}: give a number that is {start}{end}")


def _whole(word: str) -> int:
    """Return a whole number, or -1 for a word that is none."""
    stripped = word.strip()
    # More digits than this are no size of anything, and Python refuses to read some of them.
    return int(stripped) if stripped.isascii() and stripped.isdecimal() and len(stripped) < 19 else -1
