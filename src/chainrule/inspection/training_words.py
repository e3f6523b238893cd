"""How a model was trained, in words: as far as its file and its run's folder tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.errors import UserError
from chainrule.network.text import table
from chainrule.runs.settings import RunSettings

_MOST_EPOCHS = 8
# From here on counts are written with commas.
_LARGE = 10_000
_COLUMNS = ("cost", "accuracy", "validation_cost", "validation_accuracy", "learning_rate")
_FIGURES = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "log_loss")

Rows = list[tuple[str, str]]


def training(told: Mapping[str, Any], settings: Mapping[str, Any] | None) -> Rows:
    """Return names and words of how a model was trained; nothing where nothing is known.

    >>> training({"optimizer": "Adam", "learning_rate": 0.001, "seed": 3}, None)
    [('optimizer', 'Adam, learning rate 0.001'), ('seed', '3')]
    """
    left = {name: _word(value) for name, value in told.items()}
    rows: Rows = []
    if "optimizer" in left:
        rate = left.pop("learning_rate", "")
        how = "by a schedule" if rate == "schedule" else rate
        rows.append(("optimizer", left.pop("optimizer") + (f", learning rate {how}" if how else "")))
    if "examples" in left:
        batch = left.pop("batch_size", "")
        how = "all in one batch" if batch == "all" else f"in batches of {batch}"
        rows.append(("examples", left.pop("examples") + (f", {how}" if batch else "")))
    if "epochs" in left:
        best = left.pop("best_epoch", "None")
        kept = "" if best == "None" else f"; the parameters of epoch {best} were kept"
        rows.append(("epochs", left.pop("epochs") + kept))
    penalties = {name.upper(): left.pop(name, "0") for name in ("l1", "l2")}
    used = [f"{name} {value}" for name, value in penalties.items() if value != "0"]
    if used:
        rows.append(("penalties", ", ".join(used)))
    rows += [(name.replace("_", " "), value) for name, value in left.items()]
    command = _command(settings)
    return [*rows, ("command", command)] if command else rows


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int) and not isinstance(value, bool) and value >= _LARGE:
        return f"{value:,}"
    return str(value)


def _command(settings: Mapping[str, Any] | None) -> str | None:
    """Return the command that repeats a run; None where its settings are not those of this version."""
    if settings is None:
        return None
    try:
        return RunSettings.from_dict(settings).command()
    except UserError:
        return None


def epochs(rows: Sequence[Mapping[str, Any]], best: object) -> list[str]:
    """Return a table of some epochs: the first ones, the last one, the best one.

    >>> print(*epochs([{"epoch": 1, "cost": 0.5}, {"epoch": 2, "cost": 0.25}], None), sep=chr(10))
    epoch  cost
        1   0.5
        2  0.25
    """
    columns = [name for name in _COLUMNS if any(row.get(name) is not None for row in rows)]
    chosen = _chosen(rows, best)
    if not columns or not chosen:
        return []
    lines = [("epoch", *(name.replace("_", " ") for name in columns))]
    for at in chosen:
        numbers = ["" if rows[at].get(name) is None else f"{rows[at][name]:.4g}" for name in columns]
        mark = "*" if rows[at].get("epoch") == best else ""
        lines.append((f"{mark}{rows[at].get('epoch')}", *numbers))
    written = table(lines, right=range(len(columns) + 1)).splitlines()
    marked = any(line[0].startswith("*") for line in lines)
    return [*written, "* the epoch whose parameters were kept"] if marked else written


def _chosen(rows: Sequence[Mapping[str, Any]], best: object) -> list[int]:
    """Return which epochs are shown, spread evenly, with the best one among them."""
    last = len(rows) - 1
    if last < _MOST_EPOCHS:
        return list(range(len(rows)))
    spread = {round(step * last / (_MOST_EPOCHS - 1)) for step in range(_MOST_EPOCHS)}
    return sorted(spread | {at for at, row in enumerate(rows) if row.get("epoch") == best})


def figures(metrics: Mapping[str, Any] | None) -> Rows:
    """Return names and words of a run's figures on its test pictures."""
    test = (metrics or {}).get("test")
    if not isinstance(test, Mapping):
        return []
    assert metrics is not None
    rows: Rows = []
    for name in _FIGURES:
        value = test.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            rows.append((name.replace("_", " "), f"{value:.4g}"))
    one_neuron = metrics.get("one_neuron")
    others = {
        "most frequent class": metrics.get("majority_accuracy"),
        "one neuron": one_neuron.get("accuracy") if isinstance(one_neuron, Mapping) else None,
    }
    known = [f"{name} {value:.4g}" for name, value in others.items() if isinstance(value, int | float)]
    if rows and known:
        name, value = rows[0]
        rows[0] = (name, f"{value} (to compare: {', '.join(known)})")
    return rows
