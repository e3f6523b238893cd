"""Trials as plain values: their order, their file, their table."""

from __future__ import annotations

import csv
from pathlib import Path

from chainrule.tuning.table import table
from chainrule.tuning.trials import Trial, best_first, best_of, write_trials
from tests.tuning.trials import trial

SEVERAL = [
    trial(1, 0.7),
    trial(2, 0.6, "pruned"),
    trial(3, 0.65, drawn={"hidden": (), "learning_rate": 1e-5}),
    trial(4, None, "overflowed", validation_accuracy=None, epoch=None),
    trial(5, 0.65),
    trial(6, 0.9, "pruned"),
]


def test_complete_trials_stand_before_others_and_the_first_of_equals_is_first() -> None:
    assert [one.number for one in best_first(SEVERAL)] == [3, 5, 1, 2, 6, 4]


def test_the_best_is_complete() -> None:
    best = best_of(SEVERAL)
    assert best is not None
    assert best.number == 3
    assert best_of([SEVERAL[1], SEVERAL[3]]) is None
    assert best_of([]) is None


def test_a_trial_comes_back_from_plain_values() -> None:
    assert [Trial.from_dict(one.to_dict()) for one in SEVERAL] == SEVERAL


def test_the_file_has_every_trial_the_best_first(tmp_path: Path) -> None:
    write_trials(tmp_path / "trials.csv", SEVERAL)
    with open(tmp_path / "trials.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["3", "5", "1", "2", "6", "4"]
    assert rows[0]["hidden"] == "none"
    assert rows[0]["learning_rate"] == "1e-05"
    assert rows[1]["hidden"] == "64,16"
    assert rows[-1]["validation_cost"] == ""
    assert rows[-1]["ending"] == "overflowed"


def test_the_table_leaves_out_settings_that_were_not_searched() -> None:
    head, row = table([Trial(1, "complete", 0.71234, 0.5, 1, 2, 0.5, {"l2": 0.3})])
    assert head == ["trial", "validation cost", "accuracy", "epochs", "time", "l2", "ended"]
    assert row == ["1", "0.7123", "50.0\u00a0%", "2", "0.5\u00a0s", "0.3", "complete"]


def test_the_table_has_a_dash_for_what_is_not_there() -> None:
    without = trial(4, None, "overflowed", validation_accuracy=None)
    row = table([trial(1, 0.5), Trial(**{**vars(without), "drawn": {"l2": 0.1}})])[2]
    assert row == ["4", "–", "–", "3", "1.5\u00a0s", "–", "–", "–", "0.1", "–", "–", "overflowed"]
