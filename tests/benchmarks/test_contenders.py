"""The benchmarks' contenders do the same work, and their report doubts what is not comparable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.exists(), reason="source packages come without the benchmarks")


@pytest.fixture(autouse=True)
def _modules_of_benchmarks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let their modules, which are scripts side by side, be imported, and forget them afterwards."""
    names = {path.stem for path in BENCHMARKS.glob("*.py")}
    before = {name: sys.modules.pop(name) for name in names & set(sys.modules)}
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in names & set(sys.modules):
        del sys.modules[name]
    sys.modules.update(before)


def _small_work(name: str) -> Any:
    case = import_module("cases").CASES[name]
    rows = 64 if case.batch is None else 4 * case.batch
    features = min(case.features, 40)
    return import_module("data").Work(replace(case, rows=rows, features=features, steps=6))


def _cost(work: Any, module: str, kind: str) -> float:
    contender = getattr(import_module(module), kind)(work, 1)
    contender.prepare()
    contender.reset()
    contender.run()
    return float(work.cost(contender.parameters()))


@pytest.mark.parametrize(
    "name",
    ["tiny", "tall", "wide deep", "softmax with Adam", "own functions", "sample weights", "uint8 standardised"],
)
def test_chainrule_and_numpy_end_at_the_same_cost(name: str) -> None:
    work = _small_work(name)
    ours, theirs = _cost(work, "ours", "chainrule"), _cost(work, "peers_numpy", "NumPy")
    assert ours == pytest.approx(theirs, rel=1e-4)
    assert ours < work.cost(work.first_values())


@pytest.mark.parametrize("kind", ["Torch", "ScikitLearn"])
@pytest.mark.parametrize("name", ["tiny", "tall", "softmax with Adam"])
def test_peers_end_at_the_cost_of_numpy(name: str, kind: str) -> None:
    work = _small_work(name)
    module = "peers_torch" if kind == "Torch" else "peers_sklearn"
    assert _cost(work, module, kind) == pytest.approx(_cost(work, "peers_numpy", "NumPy"), rel=1e-4)


def test_the_whole_call_draws_the_same_order_of_rows_as_everyone_is_given() -> None:
    work = _small_work("tiny")
    assert _cost(work, "ours", "Minimize") == _cost(work, "ours", "Steps")


def _row(**seconds: tuple[float, float]) -> Any:
    """A row of the case tiny in which each contender took so many seconds in all and ended at such a cost."""
    result, case = import_module("measure").Result, import_module("cases").CASES["tiny"]
    found = {name: result([clock], [clock], [0.0], cost) for name, (clock, cost) in seconds.items()}
    return import_module("results").Row(case, {2: found})


def test_a_peer_that_ends_at_another_cost_makes_its_row_invalid() -> None:
    assert _row(chainrule=(0.1, 0.2), NumPy=(2.0, 0.2), JAX=(0.4, 0.2)).problems == []
    problems = _row(chainrule=(0.1, 0.2), NumPy=(2.0, 0.2), JAX=(0.4, 0.3)).problems
    assert problems == ["invalid: JAX ends at another cost, 0.3 in place of 0.2"]


def test_a_cost_that_is_no_number_makes_its_row_invalid() -> None:
    assert "invalid" in _row(chainrule=(0.1, 0.2), NumPy=(2.0, 0.2), JAX=(0.4, float("nan"))).problems[0]


def test_a_peer_slower_than_it_is_known_to_be_spoils_its_row() -> None:
    (problem,) = _row(chainrule=(0.1, 0.2), NumPy=(2.0, 0.2), JAX=(0.8, 0.2)).problems
    assert problem.startswith("spoilt: JAX takes 2.00 times")


def test_the_goal_counts_the_best_peer() -> None:
    goals, results = import_module("goals"), import_module("results").Results()
    (verdict,) = goals.verdicts(results, _row(chainrule=(0.1, 0.2), NumPy=(2.0, 0.2), JAX=(0.39, 0.2)))
    assert (verdict.figure, verdict.reached) == ("3.9 times as fast", False)
    (verdict,) = goals.verdicts(results, _row(chainrule=(0.1, 0.2), NumPy=(2.0, 0.2), JAX=(0.4, 0.2)))
    assert verdict.reached is True


def test_results_are_read_as_they_were_saved(tmp_path: Path) -> None:
    results = import_module("results").Results()
    row = _row(chainrule=(0.1, 0.2), JAX=(0.4, 0.2))
    results.rows["tiny"] = row
    results.save(tmp_path)
    assert import_module("results").Results.read(tmp_path).rows["tiny"] == row
