"""Exercises and their keys."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import UserError
from tests.graph.trace.test_trace import story


def test_every_result_but_the_inputs_is_blank_unless_said() -> None:
    worksheet = story().backward().worksheet()
    assert [line for line in worksheet.lines if "______" not in line] == ["a = 3", "b = 2", "c = 1", "dJ/dJ = 1"]
    assert worksheet.lines[3] == "u = a * b = ______ (1)"
    assert worksheet.key[0] == "u = a * b = 3 * 2 = 6"
    assert len(worksheet.key) == sum("______" in line for line in worksheet.lines)


def test_chosen_values_gradients_and_local_derivatives_are_blank() -> None:
    worksheet = story().backward().worksheet(["v", "du/da", "dJ/da"])
    blank = [line for line in str(worksheet).splitlines() if "______" in line]
    assert blank == ["v = u + c = ______ (1)", "du/da = b = ______ (2)", "dJ/da = dJ/du * du/da = ______ (3)"]
    assert worksheet.key_text.splitlines()[1] == "(2) du/da = b = 2"


def test_a_formula_that_is_its_own_result_is_not_given_away() -> None:
    assert "dv/du = ______ (1)" in story().backward().worksheet(["dv/du"]).lines


def test_numbers_put_in_do_not_give_a_blank_away() -> None:
    lines = story().backward().worksheet(["u"]).lines
    assert "v = u + c = 7" in lines


def test_without_gradients_there_are_values_alone() -> None:
    assert len(story().worksheet().lines) == 6


def test_what_is_not_there_cannot_be_blank() -> None:
    with pytest.raises(UserError, match="there is no 'w' to leave blank; there are: a, b, c, u, v, J"):
        story().worksheet(["w"])


def test_a_single_name_is_enough() -> None:
    x = cr.variable("x")
    assert cr.trace(x**2, x=3).worksheet("J").key == ("J = x ** 2 = 3 ** 2 = 9",)
