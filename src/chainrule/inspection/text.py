"""What is known of a model as text for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from chainrule.graph import shapes
from chainrule.inspection import words
from chainrule.inspection.training_words import epochs, figures, training
from chainrule.inspection.weights import ArrayStatistics
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.layers import Dense
from chainrule.network.text import table

if TYPE_CHECKING:
    from chainrule.inspection.inspection import Inspection

_WIDTH, _INDENT, _NAMES = 80, 2, 15
_MOST_LAYERS, _MOST_CIRCLES = 24, 6
_UNITS = ("bytes", "kB", "MB", "GB")


def lines(found: Inspection) -> list[str]:
    """Return the text, a line each."""
    records = found.records
    sections: list[tuple[str, Iterable[str]]] = [
        ("network", _network(found)),
        ("training", _named(training(found.model.training, records.settings))),
        ("epochs", epochs(found.epochs, found.model.training.get("best_epoch"))),
        ("test", _named(figures(records.metrics))),
        ("weights", _weights(found.weights)),
        ("missing", _named([("", note) for note in records.notes])),
    ]
    written = [f"{words.kind(found.model)}, {_count(found.parameters, 'parameter')}", *_summary(found)]
    for title, section in sections:
        inner = [f"{' ' * _INDENT}{line}".rstrip() for line in section]
        if inner:
            written += ["", title, *inner]
    return written


def _summary(found: Inspection) -> Iterator[str]:
    model = found.model
    dtypes = ", ".join(sorted({one.dtype for one in found.weights}))
    rows = [
        ("reads", words.rows(model)),
        ("preprocessing", words.preprocessing(model)),
        ("answers", words.answers(model)),
        ("loss", model.loss.name),
        ("size", f"{size_text(found.bytes)}; numbers of {dtypes}"),
    ]
    if found.path is not None:
        rows.append(("file", str(found.path)))
    yield from (f"{' ' * _INDENT}{line}" for line in _named(rows))


def _named(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Write values after their names; long ones go on below themselves."""
    longest = max((len(name) for name, _ in rows), default=0)
    width = max(_NAMES, longest + 2) if longest else 0
    room = _WIDTH - _INDENT - width
    for name, value in rows:
        # Paths and commands stay whole, so that they can be copied.
        whole = textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False)
        first, *more = [value] if name in ("file", "command") else whole or [""]
        yield f"{name:<{width}}{first}"
        yield from (" " * width + line for line in more)


def _network(found: Inspection) -> Iterator[str]:
    """Draw the layers from top to bottom: a circle a neuron, between them the parameters."""
    model = found.model
    yield f"{'x':<{_NAMES}}{_circles(model.features)}  {_count(model.features, 'number')}"
    layers = _numbered(found)
    for at in shown(len(layers), _MOST_LAYERS):
        if at is None:
            yield f"{'...':<{_NAMES}}..."
            continue
        layer, number = layers[at]
        if not isinstance(layer, Dense):
            yield f"{'':<{_NAMES}}|  {layer!r}: in training alone"
            continue
        arrays = {name: model.parameters[name] for name in (f"W{number}", f"b{number}") if name in model.parameters}
        named = ", ".join(f"{name} {shapes.text(array.shape)}" for name, array in arrays.items())
        count = sum(int(array.size) for array in arrays.values())
        yield f"{'':<{_NAMES}}|  {named}: {_count(count, 'parameter')}"
        title = f"layer {number}" if layer.name is None else layer.name
        title = title if len(title) < _NAMES else f"{title[: _NAMES - 4]}..."
        neurons = f"{_count(layer.units, 'neuron')}, {layer.activation.name}"
        yield f"{title:<{_NAMES}}{_circles(layer.units)}  {neurons}"


def _numbered(found: Inspection) -> list[tuple[object, int]]:
    """Return the layers, each with the number of its Dense layer."""
    numbered: list[tuple[object, int]] = []
    number = 0
    for layer in found.model.network.layers:
        number += isinstance(layer, Dense)
        numbered.append((layer, number))
    return numbered


def _circles(count: int) -> str:
    drawn = ["o" if at is not None else "..." for at in shown(count, _MOST_CIRCLES)]
    return f"{' '.join(drawn):<{2 * _MOST_CIRCLES + 1}}"


def _weights(weights: Sequence[ArrayStatistics]) -> list[str]:
    rows: list[tuple[str, ...]] = [("", "shape", "min", "mean", "std", "max", "zeros")]
    for one in weights:
        numbers = [f"{value:.3g}" for value in (one.min, one.mean, one.std, one.max)]
        rows.append((one.name, shapes.text(one.shape), *numbers, f"{100 * one.zeros:.3g} %"))
    return table(rows, right=range(2, 7)).splitlines()


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def size_text(size: int) -> str:
    """Write how large a file is.

    >>> size_text(812), size_text(3_170_000)
    ('812 bytes', '3.17 MB')
    """
    value, unit = float(size), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g} {_UNITS[unit]}"
