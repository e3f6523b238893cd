"""Things chosen by name, with help for a name that is misspelt."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from chainrule.errors import UserError

T = TypeVar("T")


def chosen(what: str, name: object, registry: Mapping[str, T]) -> T:
    """Return what is registered under a name.

    Args:
        what: the kind of thing, for the message, for example "activation".
        name: the name that a person gave.
        registry: the things by name.

    Raises:
        UserError: no such name; the message lists the names and suggests the closest.

    >>> chosen("loss", "squard_error", {"squared_error": 1, "absolute_error": 2})
    Traceback (most recent call last):
    chainrule.errors.UserError: there is no loss 'squard_error'; did you mean 'squared_error'? There are: ...
    """
    if isinstance(name, str) and name in registry:
        return registry[name]
    names = ", ".join(registry)
    if not isinstance(name, str):
        raise UserError(f"{what}: give one of the names {names}, not {_short(name)}")
    close = get_close_matches(name.lower().replace("-", "_").replace(" ", "_"), registry, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise UserError(f"there is no {what} {_short(name)}{hint} There are: {names}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
