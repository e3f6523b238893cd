"""Pieces of LaTeX and how they join: which brackets are needed, and what stands between two factors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from chainrule.graph.latex_words import number_latex
from chainrule.graph.op import REGISTRY

# How strongly a piece binds: infix signs as their operations say; an atom needs no brackets, cases always do.
ATOM, LOOSEST = 100, 0
SUM, PRODUCT, SIGNED, POWER = (REGISTRY[name].precedence for name in ("add", "multiply", "negate", "power"))
# A function before its argument, as log x: a factor, but not the base of a power.
APPLIED = SIGNED - 5
_LONGEST_EXPONENT = 40
_TALL = re.compile(r"\\frac|\\sum|\\begin|\\left")
_LAYER = re.compile(r"(.*\^\{\[\d+\])\}", re.DOTALL)
_UPRIGHT_END = re.compile(r"\\(?:mathrm|text)\{[^{}]*\}(?:_\{[^{}]*\})?$")


@dataclass(frozen=True)
class Piece:
    """A written part of a formula, with what decides how it joins others.

    Attributes:
        text: the LaTeX.
        binding: how strongly it binds.
        array: whether it has more than one element, so that a product with another array needs a sign.
        kind: of a product of arrays, "odot" or "matmul".
        open: whether what follows at its right would be read as part of it, as after `log x`.
        name: whether it is only a name, to which an index can be put.
    """

    text: str
    binding: int = ATOM
    array: bool = False
    kind: str = ""
    open: bool = False
    name: bool = False


def named(text: str, array: bool) -> Piece:
    """Return the piece of a name; one with its layer as a superscript is in the way of a power."""
    return Piece(text, POWER if _LAYER.fullmatch(text) else ATOM, array, name=True)


def foreign(text: str, array: bool) -> Piece:
    r"""Judge how strongly LaTeX of unknown making binds by the signs outside of its brackets.

    >>> foreign("-2", False).binding == LOOSEST, foreign(r"3 \times 10^{-5}", False).binding == PRODUCT
    (True, True)
    """
    bare, before = text, ""
    while bare != before:
        bare, before = re.sub(r"\{[^{}]*\}|\([^()]*\)", "", bare), bare
    if bare.startswith("-"):
        return Piece(text, LOOSEST, array)
    if re.search(r"[+-]", bare):
        return Piece(text, SUM, array)
    if re.search(r"\\times|\\cdot|\\odot|\\,", bare):
        return Piece(text, PRODUCT, array)
    return Piece(text, SIGNED if r"\frac" in bare else POWER if "^" in bare else ATOM, array)


def enclosed(text: str, pair: str = "()") -> str:
    """Put a text in brackets, as tall as what they hold.

    >>> enclosed("a + b")
    '(a + b)'
    """
    return rf"\left{pair[0]} {text} \right{pair[1]}" if _TALL.search(text) else f"{pair[0]}{text}{pair[1]}"


def bracketed(part: Piece, least: int, *, right: bool = False) -> str:
    """Put a piece that binds less than `least` in brackets, or one with a minus that stands right of a sign."""
    clear = part.binding >= least and not (right and part.text.startswith("-"))
    return part.text if clear else enclosed(part.text)


def plus(a: Piece, b: Piece) -> Piece:
    """Write a sum."""
    return Piece(f"{bracketed(a, SUM)} + {bracketed(b, SUM, right=True)}", SUM)


def minus(a: Piece, b: Piece) -> Piece:
    """Write a difference."""
    return Piece(f"{bracketed(a, SUM)} - {bracketed(b, SUM + 1, right=True)}", SUM)


def negated(a: Piece) -> Piece:
    """Write a minus before a piece."""
    binding = min(max(a.binding, PRODUCT), SIGNED)
    return Piece(f"-{bracketed(a, PRODUCT, right=True)}", binding, kind=a.kind, open=a.open)


def times(a: Piece, b: Piece) -> Piece:
    """Write a product element by element."""
    return joined(a, b, "odot" if a.array and b.array else "")


def joined(a: Piece, b: Piece, kind: str) -> Piece:
    """Write a product: "odot" of arrays element by element, "matmul", or "" where one of the two is a number."""
    mixed = {kind or a.kind or b.kind, ""}
    a_clear = a.binding >= PRODUCT and not a.open and a.kind in mixed
    b_clear = b.binding >= PRODUCT and b.kind in mixed and not b.text.startswith("-")
    if kind == "matmul" and b.binding == PRODUCT:  # the order in which it is computed
        b_clear = False
    left, right = (part.text if clear else enclosed(part.text) for part, clear in ((a, a_clear), (b, b_clear)))
    sign = r" \odot " if kind == "odot" else _between(left, right, matrices=kind == "matmul")
    return Piece(f"{left}{sign}{right}", PRODUCT, kind=kind or a.kind or b.kind, open=b.open and b_clear)


def _between(left: str, right: str, *, matrices: bool) -> str:
    """Choose what stands between two factors that are only put side by side, so that they read as two."""
    number = left[-1].isdigit()
    mixed_number = number and re.match(r"\\frac\{\d", right)
    words = right.startswith((r"\mathrm", r"\text")) or _UPRIGHT_END.search(left)
    if right[0].isdigit() or mixed_number or (words and not matrices):
        return r" \cdot "
    call = right.startswith(("(", "[", r"\left")) and not number
    fractions = r"\frac" in left and right.startswith(r"\frac")
    return r" \, " if call or fractions or words else " "


def fraction(a: Piece, b: Piece) -> Piece:
    """Write a quotient."""
    return Piece(rf"\frac{{{a.text}}}{{{b.text}}}", SIGNED)


def raised(a: Piece, b: Piece) -> Piece:
    """Write a power."""
    return Piece(f"{bracketed(a, ATOM)}^{{{b.text}}}", POWER)


def exponential(a: Piece) -> Piece:
    """Write e to a power, or as a function where that would be hard to read."""
    if len(a.text) > _LONGEST_EXPONENT or _TALL.search(a.text) or "e^{" in a.text:
        return Piece(rf"\exp{enclosed(a.text)}")
    return Piece(f"e^{{{a.text}}}", POWER)


def logarithm(a: Piece) -> Piece:
    """Write a logarithm, of a single letter without brackets."""
    if (a.binding == ATOM or a.name) and "(" not in a.text and not _TALL.search(a.text):
        return Piece(rf"\log {a.text}", APPLIED, open=True)
    return Piece(rf"\log{enclosed(a.text)}", APPLIED)


def tangent(a: Piece) -> Piece:
    """Write a hyperbolic tangent."""
    return Piece(rf"\tanh{enclosed(a.text)}", APPLIED)


def transposed(a: Piece) -> Piece:
    """Write a transpose; of a name with its layer in one superscript."""
    layer = _LAYER.fullmatch(a.text) if a.name else None
    return Piece(rf"{layer[1]}\top}}" if layer else rf"{bracketed(a, ATOM)}^{{\top}}", POWER, a.array)


def indexed(a: Piece) -> Piece:
    """Write one example's value of what has a name."""
    layer = _LAYER.fullmatch(a.text)
    return Piece(f"{layer[1]}(i)}}" if layer else f"{a.text}^{{(i)}}", POWER)


def picked(values: Piece, labels: Piece) -> Piece:
    """Write the value at a label, as an index below."""
    text = bracketed(values, ATOM)
    if text.endswith("}") and "_{" in text:
        text = enclosed(text)
    return Piece(f"{text}_{{{labels.text}}}")


# The operations that are not written as name(...); products, sums over axes and cases depend on more than pieces.
RULES: dict[str, Callable[..., Piece]] = {
    "add": plus,
    "subtract": minus,
    "negate": negated,
    "divide": fraction,
    "power": raised,
    "exp": exponential,
    "expm1": lambda a: minus(exponential(a), Piece("1")),
    "log": logarithm,
    "log1p": lambda a: logarithm(plus(Piece("1"), a)),
    "sqrt": lambda a: Piece(rf"\sqrt{{{a.text}}}"),
    "abs": lambda a: Piece(rf"\left| {a.text} \right|"),
    "tanh": tangent,
    "transpose": transposed,
    "pick": picked,
}


def number(value: float) -> Piece:
    """Write a number."""
    return foreign(number_latex(value), array=False)
