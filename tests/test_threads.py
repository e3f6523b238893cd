"""How many threads are used."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule._engine import available_threads
from chainrule.errors import UserError
from chainrule.threads import VARIABLE, thread_count


@given(st.integers(1, 1024))
def test_what_is_asked_for_counts(count: int) -> None:
    assert thread_count(count) == thread_count(np.int64(count)) == count


def test_what_is_asked_for_counts_more_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "3")
    assert thread_count(2) == 2
    assert thread_count() == 3


@pytest.mark.parametrize("setting", [None, "", "  "], ids=["unset", "empty", "blank"])
def test_without_a_wish_the_machine_decides(setting: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if setting is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, setting)
    assert thread_count() == thread_count(None) == available_threads()


@pytest.mark.parametrize("bad", [0, -1, 1025, 1.5, True, "2", int])
def test_a_bad_number_is_refused_by_name(bad: Any) -> None:
    with pytest.raises(UserError, match="threads must be a whole number from 1 to 1024, but is"):
        thread_count(bad)


@pytest.mark.parametrize("bad", ["0", "-4", "many", "1.5"])
def test_a_bad_setting_is_refused_by_name(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, bad)
    with pytest.raises(UserError, match=f"CHAINRULE_THREADS must be .* but is .*{bad}.*; correct it"):
        thread_count()
