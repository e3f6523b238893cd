"""Lines of code: comments beside them, long lists on several, dictionaries packed and unpacked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from chainrule.network.numpy_code.block import WIDTH

INDENT = "    "
_WIDEST_COLUMN = 46


def laid_out(lines: Iterable[tuple[str, str]], indent: str = INDENT) -> list[str]:
    """Put code and comments in two columns; a comment that finds no room stands above its line."""
    pairs = list(lines)
    column = max((len(code) for code, words in pairs if words and len(code) <= _WIDEST_COLUMN), default=0)
    result: list[str] = []
    for code, words in pairs:
        beside = f"{indent}{code:<{column}}  # {words}"
        if not words:
            result.append(f"{indent}{code}".rstrip())
        elif len(beside) <= WIDTH:
            result.append(beside)
        else:
            result += [f"{indent}# {words}", f"{indent}{code}"]
    return result


def listed(before: str, items: Sequence[str], after: str, indent: str = INDENT) -> list[str]:
    """Write items between brackets, on one line or on as many as they need."""
    line = f"{indent}{before}{', '.join(items)}{after}"
    if len(line) <= WIDTH:
        return [line]
    inner = indent + INDENT
    rows = wrapped(items, WIDTH - len(inner) - 1)
    return [f"{indent}{before}", *(f"{inner}{row.rstrip(',')}," for row in rows), f"{indent}{after}"]


def wrapped(items: Sequence[str], width: int) -> list[str]:
    """Put items with commas between them on lines, none of them cut.

    >>> wrapped(["Dense(4)", "Dense(2)"], 10)
    ['Dense(4),', 'Dense(2)']
    """
    whole = ", ".join(item.replace(" ", "\0") for item in items)
    rows = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return [row.replace("\0", " ") for row in rows]


def unpacked(names: Sequence[str], mapping: str, indent: str = INDENT) -> list[str]:
    """Take values out of a dictionary: two a line, the W and b of a layer together, where there is room.

    >>> unpacked(["W1", "b1", "W2"], "parameters", indent="")
    ['W1, b1 = parameters["W1"], parameters["b1"]', 'W2 = parameters["W2"]']
    """
    lines: list[str] = []
    for start in range(0, len(names), 2):
        pair = names[start : start + 2]
        taken = [f'{mapping}["{name}"]' for name in pair]
        line = f"{indent}{', '.join(pair)} = {', '.join(taken)}"
        single = [f"{indent}{name} = {value}" for name, value in zip(pair, taken, strict=True)]
        lines += [line] if len(line) <= WIDTH else single
    return lines


def dictionary(values: Mapping[str, str]) -> list[str]:
    """The items of a dictionary.

    >>> dictionary({"W1": "dW1"})
    ['"W1": dW1']
    """
    return [f'"{name}": {value}' for name, value in values.items()]


def comment(words: str, indent: str = INDENT) -> list[str]:
    """Write a comment on lines of its own."""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#     ", break_long_words=False
    )
