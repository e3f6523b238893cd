"""How good a trained model is: its learning curves, its calibration, and what other thresholds would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import UserError
from chainrule.evaluation.calibration import CalibrationBin, calibration_bins, calibration_error
from chainrule.evaluation.thresholds import THRESHOLDS, ThresholdRow, threshold_table
from chainrule.plots.models import Models, titled
from chainrule.plots.style import SMALL_SIZE, FigureTheme, Style, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# From this ratio on, a linear axis shows only the first epochs of a falling cost.
_LOGARITHMIC_RATIO = 50
_DASHES, _DOTS = (0, (4, 1.5)), (0, (1, 2))
_GRID = np.linspace(0, 1, 201)
_FIGURES = (("precision", "forward"), ("recall", "backward"), ("f1", "parameter"), ("accuracy", "input"))
_TABLE = ("threshold", "answered", "false alarms", "missed", "precision", "recall", "F1", "accuracy")


def learning_curves(models: Models, *, theme: FigureTheme = "light") -> Figure:
    """Draw cost and accuracy over the epochs: of the training rows dashed, of the validation rows as a line.

    Args:
        models: a trained model, a list of them, or models by title.
        theme: "light" or "dark".

    Returns:
        The figure; where a model's answers are numbers it has no accuracy.

    Raises:
        UserError: a model without a history, such as one read from a file.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=60)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=20, validation=0.3)
        >>> [axes.get_xlabel() for axes in cr.plots.learning_curves(model).axes]
        ['epoch', 'epoch']
    """
    named = titled(models)
    for title, model in named.items():
        if not len(model.history):
            raise UserError(
                f"{title} has no epochs to draw: plot the model that cr.fit returned (a model's file does not "
                "store its history; a run folder has it in history.csv)"
            )
    figures = ["cost"]
    if any(epoch.accuracy is not None for model in named.values() for epoch in model.history):
        figures.append("accuracy")
    with styled(theme) as style:
        size = (4.6 * len(figures) + 0.6, 3.9)
        figure, axes = style.figure(columns=len(figures), size=size, title="Learning curves")
        for panel, name in zip(axes[0], figures, strict=True):
            for number, (title, model) in enumerate(named.items()):
                colors = (style.series[0], style.series[1]) if len(named) == 1 else (style.series[number % 8],) * 2
                words = "" if len(named) == 1 else f"{title}: "
                _learning_curve(panel, style, model.history.rows(), name, words, colors)
                if model.history.best_epoch is not None and len(named) == 1:
                    label = f"epoch {model.history.best_epoch}, kept"
                    panel.axvline(
                        model.history.best_epoch, color=style.color("soft"), linewidth=1.2, ls=_DOTS, label=label
                    )
            _dress_learning(panel, style, name)
            if len(named) == 1:
                style.legend(panel)
        if len(named) > 1:
            style.legend_below(figure, axes[0, 0].lines)
        return figure


def _learning_curve(
    axes: Axes, style: Style, rows: list[dict[str, Any]], name: str, words: str, colors: tuple[str, str]
) -> None:
    epochs = [row["epoch"] for row in rows]
    kinds = (("training", name, _DASHES), ("validation", f"validation_{name}", "-"))
    for (kind, column, dashes), color in zip(kinds, colors, strict=True):
        values = np.array([np.nan if row[column] is None else row[column] for row in rows], np.float64)
        if np.isfinite(values).any():
            marker = "o" if np.isfinite(values).sum() == 1 else ""
            axes.plot(epochs, values, color=color, linestyle=dashes, marker=marker, label=f"{words}{kind}")


def _dress_learning(axes: Axes, style: Style, name: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.set_ylabel(name)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    # A line of two points is the mark of the epoch that was kept.
    drawn = [np.asarray(line.get_ydata(), np.float64) for line in axes.lines if np.size(line.get_xdata()) > 2]
    values = np.concatenate([*drawn, [np.nan]])
    values = values[np.isfinite(values)]
    if name == "cost" and values.size and values.min() > 0 and values.max() / values.min() > _LOGARITHMIC_RATIO:
        axes.set_yscale("log")
    style.panel_title(axes, name.capitalize(), "lower is better" if name == "cost" else "higher is better")


def calibration(
    y: ArrayLike,
    probability: ArrayLike | Mapping[str, ArrayLike],
    *,
    bins: SupportsIndex = 10,
    theme: FigureTheme = "light",
) -> Figure:
    """Draw whether probabilities mean what they say: of what gets 80 %, does 80 % come true?

    Args:
        y: (m,) truth, 1 for the positive class, 0 for the rest.
        probability: (m,) of the positive class, such as `model.predict_proba(X)[:, 1]`; or several by title.
        bins: in how many ranges examples are put together.
        theme: "light" or "dark".

    Raises:
        UserError: labels that are not 0 and 1, probabilities outside 0 to 1, or different lengths.

    Example:
        >>> import chainrule as cr
        >>> figure = cr.plots.calibration([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.9])
        >>> len(figure.axes)
        2
    """
    several = dict(probability) if isinstance(probability, Mapping) else {"": probability}
    found = {str(title): calibration_bins(y, chances, bins=bins) for title, chances in several.items()}
    if not any(found.values()):
        raise UserError("there are no examples: y is empty")
    with styled(theme) as style:
        figure, axes = style.figure(rows=2, size=(6.4, 6.2), title="Do the probabilities mean what they say?")
        # The counts need a third of the height that the curve has.
        axes[0, 0].get_gridspec().set_height_ratios([3, 1])
        above, below = axes[:, 0]
        above.plot([0, 1], [0, 1], color=style.color("soft"), linewidth=1.2, linestyle=_DOTS, label="as they say")
        for number, (title, ranges) in enumerate(found.items()):
            _calibration_line(above, title, ranges, style.series[number % 8])
            _calibration_counts(below, ranges, style.series[number % 8], number, len(found))
        above.set_ylabel("share that comes true")
        style.panel_title(
            above, "Probability and outcome", "below the line too high, above it too low; bars: 95 % intervals"
        )
        style.legend(above, loc="upper left")
        below.set_xlabel("probability of the positive class")
        below.set_ylabel("examples")
        for panel in (above, below):
            panel.set_xlim(-0.02, 1.02)
        above.set_ylim(-0.03, 1.05)
        return figure


def _calibration_line(axes: Axes, title: str, ranges: list[CalibrationBin], color: str) -> None:
    error = calibration_error(ranges)
    x, y = [one.mean_probability for one in ranges], [one.share for one in ranges]
    label = f"{title or 'the model'}: off by {error:.3f} on average"
    axes.plot(x, y, color=color, marker="o", markersize=5, label=label)
    axes.vlines(
        x, [one.interval[0] for one in ranges], [one.interval[1] for one in ranges], color=color, linewidth=1
    )


def _calibration_counts(axes: Axes, ranges: list[CalibrationBin], color: str, number: int, of: int) -> None:
    for one in ranges:
        width = (one.high - one.low) * 0.9 / of
        axes.bar(one.low + (one.high - one.low) * 0.05 + width * (number + 0.5), one.count, width, color=color)


def thresholds(y: ArrayLike, probability: ArrayLike, *, used: float = 0.5, theme: FigureTheme = "light") -> Figure:
    """Draw what a binary answer is worth at every threshold, with a table.

    Args:
        y: (m,) truth, 1 for the positive class, 0 for the rest.
        probability: (m,) of the positive class, such as `model.predict_proba(X)[:, 1]`.
        used: the threshold in use.
        theme: "light" or "dark".

    Raises:
        UserError: labels that are not 0 and 1, probabilities outside 0 to 1, or different lengths.

    Example:
        >>> import chainrule as cr
        >>> figure = cr.plots.thresholds([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
        >>> [line.get_label() for line in figure.axes[0].lines]
        ['precision', 'recall', 'F1', 'accuracy', 'in use: 0.5']
    """
    rows = threshold_table(y, probability, _GRID.tolist())
    table = threshold_table(y, probability, sorted({*THRESHOLDS, used}))
    if rows[0].accuracy is None:
        raise UserError("there are no examples: y is empty")
    with styled(theme) as style:
        figure, axes = style.figure(columns=2, size=(11.5, 4.4), title="What other thresholds would do")
        axes[0, 0].get_gridspec().set_width_ratios([1, 1.25])
        curves, beside = axes[0]
        for name, role in _FIGURES:
            values = [np.nan if (value := getattr(row, name)) is None else value for row in rows]
            curves.plot(_GRID, values, color=style.color(role), label="F1" if name == "f1" else name)
        curves.axvline(used, color=style.color("soft"), linewidth=1.2, linestyle=_DOTS, label=f"in use: {used:g}")
        curves.set_xlabel("answered as positive from this probability on")
        curves.set_ylim(-0.02, 1.04)
        style.legend(curves, loc="lower center", ncols=2)
        _draw_table(beside, style, table, used)
        return figure


def _draw_table(axes: Axes, style: Style, rows: list[ThresholdRow], used: float) -> None:
    axes.axis("off")
    table = axes.table(
        cellText=[_cells(row) for row in rows],
        colLabels=list(_TABLE),
        colWidths=[0.12, 0.12, 0.15, *[0.12] * 5],
        loc="center",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(SMALL_SIZE)
    table.scale(1, 1.5)
    for (row, _), cell in table.get_celld().items():
        cell.set_edgecolor(style.color("line"))
        cell.set_text_props(color=style.color("soft" if row == 0 else "ink"))
        if row and rows[row - 1].threshold == used:
            cell.set_text_props(weight="bold", color=style.color("forward"))


def _cells(row: ThresholdRow) -> list[str]:
    shares = (row.precision, row.recall, row.f1, row.accuracy)
    return [
        f"{row.threshold:g}",
        *(f"{count:,}" for count in (row.answered, row.false_positives, row.false_negatives)),
        *("–" if share is None else f"{share:.3f}" for share in shares),
    ]
