"""Names, numbers and derivatives in LaTeX."""

from __future__ import annotations

import re

import numpy as np

from chainrule.graph.text import Notation, check_notation

_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
    "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
}  # fmt: skip
# y_hat, y1, y_hat1, x_max: one letter, perhaps with an accent, and what stands below it.
_LETTER = re.compile(r"([^\W\d_]+)(\d*)(?:_(hat|bar|tilde|dot))?(\d*)(?:_([^\W_]+))?")
_LAYER = re.compile(r"([WbZA])([1-9]\d*)")
_DERIVATIVE = re.compile(r"d(.+)/d(.+)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d*)?(e[+-]?\d+)?")
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
}
_LARGEST_WHOLE = 1e15


def name_latex(name: str, notation: Notation = "rows") -> str:
    r"""Write a name: one letter with what belongs to it as mathematics, a longer word upright.

    Args:
        name: any text, such as `y_hat`, `W1`, `alpha`, `learning_rate` or `dJ/dW1`.
        notation: with "columns", W, b, Z and A carry their layer in brackets.

    Raises:
        UserError: an unknown notation.

    Example:
        >>> [name_latex(name) for name in ("y_hat", "W1", "theta0", "x_max")]
        ['\\hat{y}', 'W_{1}', '\\theta_{0}', 'x_{\\mathrm{max}}']
        >>> print(name_latex("learning_rate"), name_latex("W1", "columns"))
        \mathrm{learning\_rate} W^{[1]}
    """
    layer = _LAYER.fullmatch(name) if check_notation(notation) == "columns" else None
    if layer:
        return f"{layer[1]}^{{[{layer[2]}]}}"
    derivative = _DERIVATIVE.fullmatch(name)
    if derivative:
        return derivative_latex(derivative[1], derivative[2], notation)
    if _NUMBER.fullmatch(name):
        return number_latex(float(name))
    return _letter(name) or _word(name)


def derivative_latex(root: str, label: str, notation: Notation = "rows") -> str:
    r"""Write the derivative of one named thing by another.

    >>> print(derivative_latex("J", "W1"))
    \frac{\partial J}{\partial W_{1}}
    """
    return rf"\frac{{\partial {name_latex(root, notation)}}}{{\partial {name_latex(label, notation)}}}"


def number_latex(value: float) -> str:
    r"""Write a number with at most six significant digits, whole numbers whole.

    >>> [number_latex(x) for x in (3.0, 1 / 3, 1.2e-5, -1e-7, float("inf"))]
    ['3', '0.333333', '1.2 \\times 10^{-5}', '-10^{-7}', '\\infty']
    """
    if not np.isfinite(value):
        return r"\mathrm{NaN}" if np.isnan(value) else r"\infty" if value > 0 else r"-\infty"
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < _LARGEST_WHOLE:
        return f"{value:.0f}"
    digits, _, exponent = f"{value:.6g}".partition("e")
    if not exponent:
        return digits
    power = f"10^{{{int(exponent)}}}"
    return {"1": power, "-1": f"-{power}"}.get(digits, rf"{digits} \times {power}")


def _letter(name: str) -> str | None:
    found = _LETTER.fullmatch(name)
    if not found or not (len(found[1]) == 1 or found[1] in _GREEK):
        return None
    letter, number, accent, more, below = found.groups()
    text = _symbol(letter)
    if accent:
        text = rf"\{accent}{{{text}}}"
    lower = [part for part in (number, more, below and _lower(below)) if part]
    return f"{text}_{{{','.join(lower)}}}" if lower else text


def _symbol(letter: str) -> str:
    return rf"\{letter}" if letter in _GREEK else letter


def _lower(below: str) -> str:
    if below.isdigit() or len(below) == 1 or below in _GREEK:
        return _symbol(below)
    return rf"\mathrm{{{below}}}"


def _word(name: str) -> str:
    numbered = re.fullmatch(r"([^\W\d_]+)(\d+)", name)
    if numbered:
        return rf"\mathrm{{{numbered[1]}}}_{{{numbered[2]}}}"
    if re.fullmatch(r"\w+", name):
        return rf"\mathrm{{{escaped(name)}}}"
    return rf"\text{{{escaped(name)}}}"


def escaped(text: str) -> str:
    r"""Write any characters so that LaTeX prints them.

    >>> print(escaped("50% {of} a_b"))
    50\% \{of\} a\_b
    """
    return "".join(_ESCAPES.get(sign, sign if sign.isprintable() else " ") for sign in text)
