"""What the commands write: words on stderr, data on stdout, and failures in one line."""

from __future__ import annotations

import io
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from chainrule.errors import UserError, WorkFailed

FAILED = 1
CANNOT_USE = 2
# A program that a signal ended exits with 128 and the signal's number, as shells have it.
_OF_SIGNALS, _CTRL_C = 128, 2


def prepare_streams() -> None:
    """Let a terminal that lacks a character show its number instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(words: str) -> None:
    """Write one line of words to stderr."""
    typer.echo(printable(words), err=True)


def show(text: str) -> None:
    """Write one line for people to stdout."""
    typer.echo(printable(text))


def write(data: bytes) -> None:
    """Write data to stdout as it is."""
    typer.echo(data, nl=False)


def printable(text: str) -> str:
    r"""Return text in one line, where characters that would control the terminal are spelt out.

    Names of files may hold line ends, escape sequences and bytes that are no characters.

    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    return "".join(one if one.isprintable() or unicodedata.category(one) == "Zs" else _spelt(one) for one in text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


@contextmanager
def failures_in_a_line() -> Iterator[None]:
    """Turn every failure that a person can meet into one line on stderr and an exit code; warnings into a line."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    except UserError as reason:
        raise _ended(f"error: {reason}", CANNOT_USE) from None
    except WorkFailed as reason:
        raise _ended(f"error: {reason}", FAILED) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough; typer ends quietly.
        raise
    except OSError as reason:
        place = "" if reason.filename is None else f"{reason.filename}: "
        raise _ended(f"error: {place}{reason.strerror or reason}", FAILED) from None
    except MemoryError:
        raise _ended("error: there is not enough memory; try smaller pictures or fewer neurons", FAILED) from None
    except KeyboardInterrupt as reason:
        signal = getattr(reason, "signal", _CTRL_C)
        raise _ended(str(reason) or "interrupted", _OF_SIGNALS + signal) from None


def _ended(words: str, code: int) -> typer.Exit:
    say(words)
    return typer.Exit(code)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    say(f"warning: {message}")
