"""`cr.inspect`: everything that is known of a model or a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import UserError
from chainrule.graph.draw.colors import Theme
from chainrule.graph.draw.drawing import Drawing
from chainrule.graph.text import Notation
from chainrule.inspection import words
from chainrule.inspection.programs import listings
from chainrule.inspection.records import Records, read_records
from chainrule.inspection.weights import ArrayStatistics, statistics
from chainrule.model import Model, load


@dataclass(frozen=True, eq=False, repr=False)
class Inspection:
    """What is known of a model. Printing it gives the text that `chainrule inspect` writes.

    Attributes:
        model: the model.
        path: where it was read from; None for a model in memory.
        records: what the run's folder holds beside it; empty for a model without one.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, classes=["left", "right"], epochs=3)
        >>> found = cr.inspect(model)
        >>> found.parameters, [one.name for one in found.weights], found.to_dict()["classes"]
        (3, ['W1', 'b1'], ['left', 'right'])
    """

    model: Model
    path: Path | None
    records: Records

    @cached_property
    def weights(self) -> tuple[ArrayStatistics, ...]:
        """The statistics of each parameter: W1, b1, ..."""
        return statistics(self.model.parameters)

    @property
    def parameters(self) -> int:
        """How many parameters there are."""
        return sum(int(np.size(array)) for array in self.model.parameters.values())

    @cached_property
    def bytes(self) -> int:
        """How large the model's file is, or would be."""
        return len(self.model.to_bytes()) if self.path is None else self.path.stat().st_size

    @property
    def epochs(self) -> list[Mapping[str, Any]]:
        """A mapping for each epoch, as far as the model or its run remembers them."""
        return [*self.model.history.rows(), *([] if len(self.model.history) else self.records.epochs)]

    @property
    def programs(self) -> dict[str, str]:
        """The listings of the compiled programs: "forward", and "step" of the training where it is known."""
        return listings(self.model)

    def draw(self, *, notation: Notation = "rows", theme: Theme = "auto") -> Drawing:
        """Draw the network with its weights: the wider a line, the larger the weight; its colour is the sign."""
        model = self.model
        return model.network.draw(
            model.features, parameters=model.parameters, classes=model.classes, notation=notation, theme=theme
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but drawing and programs as plain values, ready for JSON."""
        model = self.model
        pictures = None if model.pictures is None else model.pictures.to_dict()
        return {
            "path": None if self.path is None else str(self.path),
            "bytes": self.bytes,
            "kind": words.kind(model),
            "answers": words.answers(model),
            "features": model.features,
            "pictures": pictures,
            "preprocessing": model.preprocessing.to_dict() | {"words": words.preprocessing(model)},
            "classes": None if model.classes is None else list(model.classes),
            "threshold": model.threshold,
            "loss": model.loss.name,
            "layers": model.network.to_dict()["layers"],
            "shapes": model.network.shapes(model.features, loss=model.loss).to_dict()["arrays"],
            "parameters": self.parameters,
            "weights": [one.to_dict() for one in self.weights],
            "training": dict(model.training),
            "epochs": [dict(epoch) for epoch in self.epochs],
            "settings": None if self.records.settings is None else dict(self.records.settings),
            "metrics": None if self.records.metrics is None else dict(self.records.metrics),
            "notes": list(self.records.notes),
        }

    def lines(self) -> list[str]:
        """Return the text, a line each; names from files stand in them as they are."""
        from chainrule.inspection.text import lines

        return lines(self)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__


def inspect(model_or_run: Model | str | os.PathLike[str]) -> Inspection:
    """Return what is known of a model: its layers, preprocessing, classes, training and weights.

    Args:
        model_or_run: a model, its file, or the folder of a run, whose settings, epochs and figures are read too.

    Raises:
        UserError: there is no such file or folder, or no model in it.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=40)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=3)
        >>> print(cr.inspect(model).lines()[0])
        logistic regression, 3 parameters
    """
    if isinstance(model_or_run, Model):
        return Inspection(model_or_run, None, Records())
    if not isinstance(model_or_run, str | os.PathLike):
        raise UserError(f"inspect takes a model, its file or a run's folder, not {type(model_or_run).__name__}")
    place = Path(model_or_run)
    model = load(place)
    if place.is_dir():
        return Inspection(model, place / "model.safetensors", read_records(place))
    return Inspection(model, place, Records())
