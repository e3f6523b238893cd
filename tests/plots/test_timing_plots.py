"""Times of one step with a loop and without."""

from __future__ import annotations

from collections.abc import Mapping
from time import sleep
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.lines import Line2D

import chainrule as cr
from chainrule.plots import timing_plots
from chainrule.plots.timing_plots import measured

LOOP, VECTORISED, PROGRAM = "loop over the examples", "vectorised: all at once", "chainrule's compiled program"


def lines(figure: Any) -> dict[str, Line2D]:
    return {str(line.get_label()): line for line in figure.axes[0].lines}


def test_three_forms_are_drawn_over_the_sizes() -> None:
    found = lines(cr.plots.loops_against_vectorised([100, 10], features=3))
    assert list(found) == [LOOP, VECTORISED, PROGRAM]
    for line in found.values():
        assert np.asarray(line.get_xdata()).tolist() == [10, 100]
        assert (np.asarray(line.get_ydata()) > 0).all()


def test_at_many_examples_the_loop_is_far_slower_and_the_title_says_how_much() -> None:
    figure = cr.plots.loops_against_vectorised([2000], features=3)
    slow, quick = (float(np.asarray(lines(figure)[name].get_ydata())[0]) for name in (LOOP, VECTORISED))
    assert slow > 10 * quick
    ratio = f"{float(f'{slow / quick:.2g}'):,.0f}"
    assert figure.get_suptitle() == f"At 2,000 examples, all at once is {ratio} times faster than a loop"
    assert f"{ratio} ×" in [text.get_text() for text in figure.axes[0].texts]


def test_all_forms_compute_the_same_step() -> None:
    features = 4
    X, y = timing_plots._data(50, features)
    parameters = {"W1": np.linspace(-1, 1, features)[:, None], "b1": np.array([0.3])}
    a = 1 / (1 + np.exp(-(X @ parameters["W1"] + parameters["b1"])))
    expected = {
        "W1": parameters["W1"] - 0.1 * X.T @ (a - y) / 50,
        "b1": parameters["b1"] - 0.1 * (a - y).mean(axis=0),
    }
    for name, step in timing_plots._forms(features).items():
        for _ in range(2):  # a step starts from the parameters that it is given, not from its last ones
            after = step(X, y, parameters)
            assert after.keys() == expected.keys(), name
            for key in expected:
                np.testing.assert_allclose(after[key], expected[key], rtol=1e-12, err_msg=name)


def test_the_slowest_form_stops_before_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing_plots, "_BUDGET", 0.1)

    def slow(X: Any, y: Any, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        sleep(1e-4 * len(X))
        return parameters

    def quick(X: Any, y: Any, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    times = measured({"slow": slow, "quick": quick}, [1, 10, 100_000], 2)
    assert times[0].sizes == (1, 10)
    assert times[1].sizes == (1, 10, 100_000)
    assert times[0].seconds[1] >= 1e-3


def test_axes_are_powers_of_ten_with_units() -> None:
    figure = cr.plots.loops_against_vectorised([10], features=2)
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    figure.draw_without_rendering()
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert len(ticks) >= 2
    assert all(tick.split()[1] in {"ns", "µs", "ms", "s"} for tick in ticks)
    assert axes.get_xlabel() == "examples m"
    assert axes.get_ylabel() == "time of one step"


def test_nothing_is_left_in_matplotlib() -> None:
    before = dict(matplotlib.rcParams)
    cr.plots.loops_against_vectorised([5], features=2, theme="dark")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("sizes", "features", "message"),
    [
        ([], 3, "sizes are numbers of examples"),
        (100, 3, "sizes are numbers of examples"),
        ("many", 3, "a number of examples must be a whole number from 1 up"),
        ([0, 10], 3, "a number of examples must be a whole number from 1 up, not 0"),
        ([2.5], 3, "a number of examples must be a whole number"),
        ([10], 0, "features must be a whole number from 1 up"),
        ([10_000_000], 3, "too many to measure"),
    ],
)
def test_sizes_that_make_no_sense_are_an_error(sizes: Any, features: int, message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        cr.plots.loops_against_vectorised(sizes, features=features)
