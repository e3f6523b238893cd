"""The colours of drawings by the role they play, on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from chainrule.errors import UserError

Theme = Literal["auto", "light", "dark"]

# For each role its colour on a light and on a dark page. Every one that text may have is legible (a contrast of at
# least 4.5) on the paper, on the panel and on every soft fill; a test computes it.
# The roles of lines that stand side by side are told apart by readers who do not tell red from green, too.
ROLES: dict[str, tuple[str, str]] = {
    "ink": ("#18202e", "#e9edf4"),
    "soft": ("#566073", "#a9b4c6"),
    "line": ("#b3bccb", "#4b586d"),
    "paper": ("#ffffff", "#12161e"),
    "panel": ("#f4f6f9", "#1d2430"),
    "forward": ("#0b57a8", "#82bdff"),
    "forward-soft": ("#e4effb", "#16304f"),
    "backward": ("#b03a05", "#ffa470"),
    "backward-soft": ("#fdebdf", "#43240f"),
    "parameter": ("#8a0f6b", "#ff64c8"),
    "parameter-soft": ("#fbe6f3", "#47153a"),
    "input": ("#0a6650", "#62d8b4"),
    "input-soft": ("#dff4ed", "#0f362c"),
    "positive": ("#0b57a8", "#82bdff"),
    "positive-soft": ("#e4effb", "#16304f"),
    "negative": ("#b03a05", "#ffa470"),
    "negative-soft": ("#fdebdf", "#43240f"),
}
TEXT_ROLES = ("ink", "soft", "forward", "backward", "parameter", "input", "positive", "negative")
GROUNDS = ("paper", "panel", *(role for role in ROLES if role.endswith("-soft")))

Use = Literal["fill", "stroke"]
# Classes of rules that a drawing uses: a role as a fill or as a stroke.
Uses = Iterable[tuple[Use, str]]

_SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif'
_MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'


def check_theme(theme: Theme) -> Theme:
    """Return a theme that is known.

    Raises:
        UserError: another word.

    >>> check_theme("dark")
    'dark'
    """
    if theme not in get_args(Theme):
        raise UserError(f'theme is "auto" (as the page), "light" or "dark", not {theme!r}')
    return theme


def class_of(use: Use, role: str) -> str:
    """Return the class of a role.

    >>> class_of("stroke", "forward")
    'cr-s-forward'
    """
    return f"cr-{use[0]}-{role}"


def style_sheet(uses: Uses, theme: Theme) -> str:
    """Write the rules of a drawing. They hold under the class of its theme alone: no page's elements change.

    Colours stand in them as they are: programs such as Inkscape know no variables.
    """
    scope = f".cr-{theme}"
    used = sorted(set(uses))
    light, dark = (_rules(scope, used, side) for side in (0, 1))
    fonts = f"{scope} text{{font-family:{_SANS}}}{scope} .cr-mono{{font-family:{_MONO}}}"
    if theme == "auto":
        return f"{fonts}{light}@media (prefers-color-scheme:dark){{{dark}}}"
    return fonts + (light if theme == "light" else dark)


def _rules(scope: str, used: list[tuple[Use, str]], side: int) -> str:
    return "".join(f"{scope} .{class_of(use, role)}{{{use}:{ROLES[role][side]}}}" for use, role in used)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, from 1 to 21, as the Web Content Accessibility Guidelines define it.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
