"""Reads LaTeX of numbers back, by the rules of mathematics: so that a missing bracket changes a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

# What stands for a space, and brackets that differ only in their height.
_NOTHING = re.compile(r"\\left(?=[(\[])|\\right(?=[)\]])|\\,|\s+")
# Which of two bars opens and which closes is said by what stands before it.
_BARS = {r"\left|": "⟨", r"\right|": "⟩"}
_TOKEN = re.compile(r"\\begin\{cases\}|\\end\{cases\}|\\text\{[^{}]*\}|\\[a-zA-Z]+|\\\\|\d+\.?\d*|.", re.DOTALL)
_RELATIONS = {">": np.greater, "<": np.less, r"\geq": np.greater_equal, r"\leq": np.less_equal, "=": np.equal}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    r"\tanh": np.tanh,
    r"\sigma": lambda z: 1 / (1 + np.exp(-z)),
    r"\exp": np.exp,
}
_ENDS = {")", "]", "}", "⟩", "+", "-", ",", "&", r"\\", r"\end{cases}", r"\neq", "", *_RELATIONS}


def read(text: str, values: Mapping[str, float]) -> float:
    """Compute a formula, given the value of each letter."""
    for bar, bracket in _BARS.items():
        text = text.replace(bar, bracket)
    reader = _Reader(_TOKEN.findall(_NOTHING.sub(" ", text).replace("  ", " ")), values)
    result = reader.sum()
    assert reader.next == "", f"{reader.tokens[reader.at :]} is left of {text}"
    return float(result)


class _Reader:
    def __init__(self, tokens: list[str], values: Mapping[str, float]) -> None:
        self.tokens = [token for token in tokens if token != " "]
        self.values = values
        self.at = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.next
        assert expected is None or token == expected, f"{expected} expected at {self.tokens[self.at :]}"
        self.at += 1
        return token

    def sum(self) -> float:
        total = self.product()
        while self.next in {"+", "-"}:
            sign = 1 if self.take() == "+" else -1
            assert self.next != "-", "a minus after a sign needs brackets"
            total += sign * self.product()
        return total

    def product(self) -> float:
        if self.next == "-":
            self.take()
            return -self.product()
        result = self.power()
        while self.next not in _ENDS:
            if self.next in {r"\cdot", r"\times"}:
                self.take()
            result *= self.power()
        return result

    def power(self) -> float:
        base = self.atom()
        if self.next == "^":
            self.take()
            base = float(np.float64(base) ** self.group())
            assert self.next != "^", "a power of a power needs brackets"
        return base

    def group(self, opening: str = "{", closing: str = "}") -> float:
        self.take(opening)
        result = self.sum()
        self.take(closing)
        return result

    def atom(self) -> float:
        token = self.next
        if token == "(":
            return self.group("(", ")")
        if token == "⟨":
            return abs(self.group("⟨", "⟩"))
        if token == "[":
            return self.indicator()
        self.take()
        if token == r"\frac":
            above = self.group()
            return float(np.float64(above) / self.group())
        if token == r"\sqrt":
            return float(np.sqrt(self.group()))
        if token == r"\log":  # without brackets it takes what binds together
            return float(np.log(self.power()))
        if token in {r"\max", r"\min"}:
            return self.extreme(token)
        if token in _FUNCTIONS:
            return float(_FUNCTIONS[token](self.group("(", ")")))
        if token == r"\begin{cases}":
            return self.cases()
        if token == "e":
            return float(np.e)
        return float(token) if token[0].isdigit() else self.values[token]

    def extreme(self, token: str) -> float:
        self.take("(")
        first = self.sum()
        self.take(",")
        second = self.sum()
        self.take(")")
        return float((np.maximum if token == r"\max" else np.minimum)(first, second))

    def indicator(self) -> float:
        self.take("[")
        result = self.relation()
        self.take("]")
        return result

    def relation(self) -> float:
        left = self.sum()
        if self.next == r"\neq":
            self.take()
            return float(left != self.sum())
        relation = _RELATIONS[self.take()]
        return float(relation(left, self.sum()))

    def cases(self) -> float:
        then = self.sum()
        self.take("&")
        self.take(r"\text{if }")
        holds = self.relation()
        self.take("\\\\")
        otherwise = self.sum()
        self.take("&")
        self.take(r"\text{otherwise}")
        self.take(r"\end{cases}")
        return then if holds else otherwise
