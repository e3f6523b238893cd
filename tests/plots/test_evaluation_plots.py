"""Learning curves, calibration and thresholds: the lines hold the numbers of the model and of the evaluation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle

import chainrule as cr
from chainrule.evaluation.calibration import calibration_bins
from chainrule.evaluation.thresholds import threshold_table

RNG = np.random.default_rng(3)
P = RNG.uniform(size=200)
Y = (RNG.uniform(size=200) < P).astype(int)


def model(**options: Any) -> cr.Model:
    X, y = cr.points("gauss", count=80)
    return cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=12, **options)


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.lines}


def test_learning_curves_are_the_history() -> None:
    trained = model(validation=0.25)
    cost, accuracy = cr.plots.learning_curves(trained).axes
    rows = trained.history.rows()
    assert list(lines(cost)["training"].get_ydata()) == [row["cost"] for row in rows]
    assert list(lines(cost)["validation"].get_ydata()) == [row["validation_cost"] for row in rows]
    assert list(lines(accuracy)["validation"].get_ydata()) == [row["validation_accuracy"] for row in rows]
    assert list(lines(cost)["training"].get_xdata()) == list(range(1, 13))


def test_the_epoch_that_was_kept_is_marked() -> None:
    trained = model(validation=0.25)
    best = trained.history.best_epoch
    (cost, _) = cr.plots.learning_curves(trained).axes
    assert lines(cost)[f"epoch {best}, kept"].get_xdata()[0] == best


def test_without_validation_there_is_one_line() -> None:
    cost, _ = cr.plots.learning_curves(model()).axes
    assert list(lines(cost)) == ["training"]


def test_numbers_have_no_accuracy() -> None:
    X = RNG.normal(size=(40, 2))
    trained = cr.fit(cr.Network([cr.Dense(1)]), X, X @ [1.0, -2.0], epochs=3, loss="squared_error")
    assert [axes.get_ylabel() for axes in cr.plots.learning_curves(trained).axes] == ["cost"]


def test_several_models_share_the_panels() -> None:
    figure = cr.plots.learning_curves({"slow": model(), "quick": model(seed=1)})
    assert list(lines(figure.axes[0])) == ["slow: training", "quick: training"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["slow: training", "quick: training"]


def test_a_cost_over_decades_has_a_logarithmic_axis() -> None:
    trained = model()
    epochs = tuple(replace(epoch, cost=10.0**-number) for number, epoch in enumerate(trained.history))
    falling = replace(trained, history=replace(trained.history, epochs=epochs))
    assert cr.plots.learning_curves(falling).axes[0].get_yscale() == "log"
    assert cr.plots.learning_curves(trained).axes[0].get_yscale() == "linear"


def test_a_model_without_history_is_refused() -> None:
    trained = model()
    with pytest.raises(cr.UserError, match=r"no epochs to draw: plot the model that cr\.fit returned"):
        cr.plots.learning_curves(replace(trained, history=cr.History()))


def test_calibration_draws_the_ranges_and_their_counts() -> None:
    above, below = cr.plots.calibration(Y, P, bins=5).axes
    ranges = calibration_bins(Y, P, bins=5)
    (line,) = (line for label, line in lines(above).items() if label.startswith("the model"))
    assert list(line.get_xdata()) == [one.mean_probability for one in ranges]
    assert list(line.get_ydata()) == [one.share for one in ranges]
    bars = [bar for bar in below.patches if isinstance(bar, Rectangle)]
    assert [bar.get_height() for bar in bars] == [one.count for one in ranges]


def test_calibration_of_several_models_tells_them_apart() -> None:
    above, below = cr.plots.calibration(Y, {"one": P, "two": P**2}).axes
    labels = [label.split(":")[0] for label in lines(above)]
    assert labels == ["as they say", "one", "two"]
    bars = sorted((bar.get_extents().x0, bar.get_extents().x1) for bar in below.patches)
    assert all(right <= left + 1e-9 for (_, right), (left, _) in pairwise(bars))


def test_thresholds_draw_the_figures_and_the_table() -> None:
    figure = cr.plots.thresholds(Y, P, used=0.35)
    curves, beside = figure.axes
    at = threshold_table(Y, P, [0.25])[0]
    drawn = lines(curves)
    for label, value in (("precision", at.precision), ("recall", at.recall), ("F1", at.f1)):
        assert drawn[label].get_ydata()[50] == value
    (table,) = beside.tables
    cells = {place: cell.get_text().get_text() for place, cell in table.get_celld().items()}
    (row,) = (row for (row, column), text in cells.items() if column == 0 and text == "0.35")
    found = threshold_table(Y, P, [0.35])[0]
    assert cells[row, 1] == str(found.answered)
    assert cells[row, 7] == f"{found.accuracy:.3f}"
    assert table.get_celld()[row, 0].get_text().get_fontweight() == "bold"


@pytest.mark.parametrize("plot", [cr.plots.calibration, cr.plots.thresholds])
def test_no_examples_and_no_probabilities_are_refused(plot: Any) -> None:
    with pytest.raises(cr.UserError, match="no examples"):
        plot([], [])
    with pytest.raises(cr.UserError, match="between 0 and 1"):
        plot([0, 1], [0.5, 7.0])
    with pytest.raises(cr.UserError, match="theme"):
        plot([0, 1], [0.5, 0.6], theme="blue")
