"""The page of a search: its trials as a table and as plots, in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from chainrule.evaluation.pages import render_page
from chainrule.evaluation.wording import figure, interval, percent
from chainrule.files import write_atomically
from chainrule.runs.settings import as_typed
from chainrule.tuning.plots import progress_plot, setting_plots
from chainrule.tuning.search import Search
from chainrule.tuning.table import endings, table
from chainrule.tuning.trials import Trial


def write_page(path: Path, search: Search, trials: Sequence[Trial], run: Mapping[str, Any]) -> None:
    """Write the page of a search: one HTML file that needs no other file and no network.

    Args:
        path: the file to write; it is replaced whole or not at all.
        search: what was told.
        trials: all that there are, the best first; at least one is complete.
        run: the run with the settings of the best, as plain values.

    Raises:
        WorkFailed: the file cannot be written; an older page stays as it was.
    """
    write_atomically(path, render(search, trials, run).encode("utf-8", errors="replace"))


def render(search: Search, trials: Sequence[Trial], run: Mapping[str, Any]) -> str:
    """Return the page of a search as HTML."""
    best, test = trials[0], run["test"]
    assert best.validation_cost is not None
    head, *rows = table(trials)
    settings = search.space.with_drawn(best.drawn)
    return render_page(
        files("chainrule.tuning") / "search.html.j2",
        name=settings.name,
        best=best,
        cost=figure(best.validation_cost),
        test_accuracy=percent(test["accuracy"]),
        test_interval=interval(*test["accuracy_interval"]),
        test_count=f"{test['count']:,}",
        count=f"{len(trials):,}",
        endings=endings(trials),
        chosen=[(name.replace("_", " "), as_typed(value)) for name, value in best.drawn.items()],
        progress=progress_plot(trials),
        settings=setting_plots(trials),
        head=head,
        rows=rows,
        train_command=settings.command(),
        predict_command=run["predict_command"],
        tune_command=search.command(),
    )
