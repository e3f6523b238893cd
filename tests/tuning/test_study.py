"""The trials in their file: the same for a seed, whatever interrupts them, and pruned where they are bad."""

from __future__ import annotations

import sqlite3
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import UserError, WorkFailed
from chainrule.model import Model
from chainrule.runs.settings import RunSettings
from chainrule.training.history import Epoch, History
from chainrule.training.loop import Callback
from chainrule.tuning.space import Space
from chainrule.tuning.study import Train, opened, require_optuna
from chainrule.tuning.trials import Trial, best_of
from tests.tuning.trials import pretended, with_history
from tests.tuning.trials import space as all_of

pytest.importorskip("optuna")


def space(**settings: Any) -> Space:
    """What costs little to draw."""
    return all_of("hidden", "activation", "batch_size", "dropout", epochs=6, **settings)


def tried(path: Path, searched: Space, count: int, train: Train = pretended) -> list[Trial]:
    """Do trials until there are so many, without the times that they took."""
    with opened(path, searched) as study:
        while len(study.ended()) < count:
            study.next(train)
        return [replace(one, seconds=0.0) for one in study.ended()]


def test_a_seed_decides_the_trials(tmp_path: Path) -> None:
    first = tried(tmp_path / "a.sqlite", space(seed=3), 12)
    assert [one.number for one in first] == [*range(1, 13)]
    assert tried(tmp_path / "b.sqlite", space(seed=3), 12) == first
    # The first trial has the usual settings.
    assert tried(tmp_path / "c.sqlite", space(seed=4), 2) != first[:2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """The trials of a search that nothing interrupts."""
    return tried(tmp_path_factory.mktemp("whole") / "a.sqlite", space(), 13)


@pytest.mark.parametrize("interrupted", [1, 4, 12])
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(
    tmp_path: Path, whole: list[Trial], interrupted: int
) -> None:
    began = 0

    def interrupt(settings: RunSettings, callback: Callback) -> Model:
        nonlocal began
        began += 1
        if began == interrupted:
            callback(Epoch(1, 0.7, 0.5, 0.7, 0.5, 0.01, 0.1))
            raise KeyboardInterrupt
        return pretended(settings, callback)

    path = tmp_path / "parts.sqlite"
    with pytest.raises(KeyboardInterrupt):
        tried(path, space(), 13, interrupt)
    with opened(path, space()) as study:
        assert len(study.ended()) == interrupted - 1
    assert tried(path, space(), 13) == whole


def test_a_search_stops_and_goes_on_between_trials_too(tmp_path: Path, whole: list[Trial]) -> None:
    for count in (1, 11, 12):
        assert tried(tmp_path / "parts.sqlite", space(), count) == whole[:count]


def test_a_search_finds_what_is_better_than_the_usual_settings(tmp_path: Path) -> None:
    trials = tried(tmp_path / "a.sqlite", space(), 25)
    best = best_of(trials)
    assert best is not None
    assert best.cost < trials[0].cost - 0.5
    assert 0.0005 < best.drawn["learning_rate"] < 0.008


def test_bad_trials_are_pruned_but_none_of_the_first(tmp_path: Path) -> None:
    trials = tried(tmp_path / "a.sqlite", space(), 20)
    assert {one.ending for one in trials[:5]} == {"complete"}
    pruned = [one for one in trials if one.ending == "pruned"]
    assert pruned
    assert all(2 <= one.epochs < 6 for one in pruned)
    assert all(one.cost > best.cost for one in pruned if (best := best_of(trials)))


def test_a_trial_that_overflows_is_told_and_is_never_the_best(tmp_path: Path) -> None:
    def overflow(settings: RunSettings, callback: Callback) -> Model:
        good = Epoch(1, 0.1, 0.9, 0.01, 0.9, 0.01, 0.1)
        callback(good)
        return with_history(History((good,), 1, "the cost overflowed at step 9", diverged=True))

    trials = tried(tmp_path / "a.sqlite", space(), 2, overflow)
    assert [one.ending for one in trials] == ["overflowed", "overflowed"]
    best = best_of(tried(tmp_path / "a.sqlite", space(), 4))
    assert best is not None
    assert best.ending == "complete"


def test_a_trial_that_overflows_at_once_has_no_figures(tmp_path: Path) -> None:
    nothing = with_history(History((), None, "the cost overflowed at step 1", diverged=True))
    trials = tried(tmp_path / "a.sqlite", space(), 1, lambda settings, callback: nothing)
    assert trials[0].validation_cost is None
    assert trials[0].epochs == 0


def test_any_path_can_hold_the_trials(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory&c%20#d.sqlite"
    tried(path, space(), 1)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\x00" + bytes(2000)])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(content)
    with pytest.raises((UserError, WorkFailed), match=r"a\.sqlite"), opened(path, space()):
        pass


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match=r"a\.sqlite could not be read or written: unable to open"):
        tried(tmp_path / "nowhere" / "a.sqlite", space(), 1)


def test_another_program_that_holds_the_file_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.sqlite"
    tried(path, space(), 1)
    monkeypatch.setattr("chainrule.tuning.study._SECONDS_TO_WAIT", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises((UserError, WorkFailed), match="locked"):
            tried(path, space(), 2)
    finally:
        other.close()


def test_without_optuna_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"pip install 'chainrule\[tune\]'"):
        require_optuna()
