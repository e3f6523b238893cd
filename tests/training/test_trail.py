"""Steps taken many at a time, and the way back: the same bits as if each had been taken for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.machine import Batches
from chainrule.training import trail
from chainrule.training.batches import BatchPlan
from chainrule.training.descent import Descent
from chainrule.training.trail import Chunk, Pace, Trail
from tests.training.epochs import batches_of_epoch

ROWS = np.random.default_rng(0).normal(size=(10, 2))
RATES = np.linspace(0.01, 0.2, 60)


class Walk:
    """A trail of a small descent, with the parameters after each step as one call a step gives them."""

    def __init__(self, size: int | None, *, bad: int | None = None) -> None:
        self.data = {"x": ROWS, "y": ROWS[:, 0] * 2}
        self.batches = BatchPlan(10, size, seed=2)
        rates = RATES if bad is None else np.where(np.arange(60) == bad - 1, 1e30, RATES)
        self.rates = rates
        alone, self.after = self.descent(), []
        for step in range(60):
            self.after.append(self.bits(alone))
            alone.steps(self.data, step + 1, rates[step : step + 1], self.batches.between(step, step + 1))
        self.own = self.descent()
        self.trail = Trail(self.own, self.data, self.batches.per_epoch)

    def descent(self) -> Descent:
        x, y = cr.examples("x", features=2), cr.examples("y")
        w, b = cr.parameter("w", (2,)), cr.parameter("b")
        J = cr.mean((x @ w + b - y) ** 2)
        return Descent(J, [w, b], {w: np.zeros(2), b: np.zeros(())}, optimizer=cr.Adam(1.0), engine="reference")

    def bits(self, descent: Descent) -> bytes:
        return b"".join(array.tobytes() for array in descent.values())

    def take(self, stop: int) -> NDArray[Any]:
        start = self.trail.done
        chunk = Chunk(start + 1, self.rates[start:stop], self.batches.between(start, stop))
        costs: NDArray[Any] = self.trail.take(chunk)["cost"]
        return costs

    def stands_after(self, step: int) -> bool:
        return self.bits(self.own) == self.after[step] == b"".join(a.tobytes() for a in self.trail.values())


def test_chunks_of_any_length_end_where_single_steps_do() -> None:
    for ends in ([1, 3, 20, 41, 59], [59], [4, 8, 12]):
        walk = Walk(None)
        for end in ends:
            walk.take(end)
            assert walk.stands_after(end)


@pytest.mark.parametrize("end", [3, 4, 5, 6, 9])
def test_any_step_of_the_last_chunk_can_be_gone_back_to(end: int) -> None:
    walk = Walk(None)
    walk.take(3)
    walk.take(9)
    walk.trail.go_to(end)
    assert walk.trail.done == end
    assert walk.stands_after(end)
    walk.take(20)
    assert walk.stands_after(20)


@pytest.mark.parametrize("size", [None, 5, 3], ids=str)
@pytest.mark.parametrize("bad", [1, 2, 3, 4, 5, 8, 9, 11, 13, 24, 25, 30])
@pytest.mark.parametrize("lengths", [[1] * 30, [1, 2, 4, 8, 16], [5, 1] * 6], ids=["one", "growing", "mixed"])
def test_the_last_good_parameters_are_those_at_the_start_of_the_last_epoch_with_a_number(
    size: int | None, bad: int, lengths: list[int]
) -> None:
    walk = Walk(size, bad=bad)
    per_epoch = walk.batches.per_epoch
    for length in lengths:
        costs = walk.take(min(59, walk.trail.done + length * per_epoch))
        if not np.isfinite(costs[-1]):
            break
    # The step with the large rate still has a cost that is a number; the next one has not.
    assert walk.trail.done == bad
    assert walk.trail.go_back() == (bad - 1) // per_epoch * per_epoch
    assert walk.stands_after((bad - 1) // per_epoch * per_epoch)


def test_chunks_may_end_within_an_epoch() -> None:
    walk = Walk(3, bad=9)  # epochs of four steps
    for end in (1, 3, 4, 7, 8, 10):
        walk.take(end)
    assert walk.trail.done == 9
    assert walk.trail.go_back() == 8
    assert walk.stands_after(8)


def test_a_slow_machine_that_comes_back_often_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.compiler import numpy_run

    monkeypatch.setattr(numpy_run, "SECONDS_A_CALL", 0.0)
    walk, told = Walk(5), []
    chunk = Chunk(1, RATES[:20], walk.batches.between(0, 20))
    outputs = walk.trail.take(chunk, lambda so_far: told.append(len(so_far["cost"])))
    assert told == list(range(1, 21))
    assert len(outputs["cost"]) == 20
    assert walk.stands_after(20)


def test_a_long_chunk_is_handed_over_in_parts_of_what_a_call_has_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "_MOST_STEPS", 16)
    asked: list[int] = []
    steps = Descent.steps

    def slow(self: Descent, data: Any, first: int, rates: Any, batches: Batches) -> Any:
        asked.append(len(rates))
        able = 3 if first < 20 else 100
        return steps(self, data, first, rates[:able], batches.between(0, min(able, len(rates))))

    walk = Walk(None)
    monkeypatch.setattr(Descent, "steps", slow)
    walk.take(59)
    assert asked == [16, 6, 6, 6, 6, 6, 6, 6, 12, 16, 4]
    assert walk.stands_after(59)


def test_copies_for_one_epoch_at_a_time_hold_the_parameters_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Descent) -> Any:
        raise AssertionError("the optimizer's state was copied")

    walk = Walk(5)
    monkeypatch.setattr(Descent, "whole_state", refused)
    for end in (2, 4, 5, 6):
        walk.take(end)
    assert walk.trail.go_back() == 4


def test_a_chunk_grows_until_it_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.01, 0.03, 0.5, 0.51])
    monkeypatch.setattr("chainrule.training.trail.time.perf_counter", lambda: next(clock))
    pace = Pace(rows=10)
    assert [pace.next() for _ in range(5)] == [1, 2, 4, 4, 8]


def test_a_chunk_stays_within_the_memory() -> None:
    for rows, steps, most in ((1 << 19, 1, 2), (1 << 25, 1, 1), (10, 1 << 13, 2)):
        pace = Pace(rows, steps=steps)
        assert max(pace.next() for _ in range(8)) == most


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (7, 6), (5, 1), (4, None)])
@pytest.mark.parametrize("rows", [None, np.array([7, 7, 1, 30, 2, 4, 9, 11, 12, 40])], ids=["all", "some"])
def test_batches_of_a_range_of_steps_are_those_of_its_epochs(
    count: int, size: int | None, rows: NDArray[np.int64] | None
) -> None:
    chosen = np.arange(count) if rows is None else rows[:count]
    plan = BatchPlan(count, size, seed=1, rows=None if rows is None else chosen)
    epochs = [[np.arange(count)] if size is None else batches_of_epoch(count, size, 1, e) for e in range(4)]
    expected = [chosen[batch].tolist() for epoch in epochs for batch in epoch]
    for start, stop in ((0, 1), (0, len(expected)), (1, 4), (3, 4)):
        found = plan.between(start, stop)
        taken = [found.rows_of(step) for step in range(len(found))]
        assert [np.arange(count).tolist() if t is None else t.tolist() for t in taken] == expected[start:stop]
