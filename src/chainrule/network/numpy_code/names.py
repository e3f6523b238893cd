"""Names in the code: Python's rules kept, none used for two things."""

from __future__ import annotations

import builtins
import keyword
import re

# What the written functions use for themselves.
_RESERVED = """np math i m rng name value values parameters gradients learning_rate steps step costs forward cost
    backward update cost_and_gradients gradient_descent l O I""".split()  # noqa: SIM905


class Names:
    """The names that are taken.

    >>> names = Names()
    >>> names.claim("A1"), names.claim("A1"), names.claim("lambda"), names.claim("y hat")
    ('A1', 'A1_2', 'lambda_2', 'y_hat')
    """

    def __init__(self, taken: set[str] | None = None) -> None:
        self.taken = set(_RESERVED) if taken is None else set(taken)

    def claim(self, wish: str) -> str:
        """Return the wished name, or the next like it that is free."""
        word = re.sub(r"\W", "_", wish) or "value"
        word = word if word.isidentifier() or keyword.iskeyword(word) else f"v_{word}"
        name, number = word, 1
        while name in self.taken or keyword.iskeyword(name) or hasattr(builtins, name):
            number += 1
            name = f"{word}_{number}"
        self.taken.add(name)
        return name

    def numbered(self, letter: str) -> str:
        """Return the first free name of a letter and a number."""
        number = 1
        while f"{letter}{number}" in self.taken:
            number += 1
        return self.claim(f"{letter}{number}")

    def inside(self) -> Names:
        """The names of a function: its own, and none that the module has."""
        return Names(self.taken)
