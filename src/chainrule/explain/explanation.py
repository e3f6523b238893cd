"""One answer of a model, explained: all parts, as a page, as text, as data."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.errors import UserError
from chainrule.explain.example import Example
from chainrule.explain.parts import Backward, Cost, Input, LayerPart, Neighbours, Prediction, Update
from chainrule.explain.saliency import Saliency
from chainrule.files import to_json_bytes, write_atomically

_ENDINGS = (".html", ".json")


@dataclass(frozen=True, eq=False)
class Explanation:
    """One answer of a model with everything that led to it; made by `Model.explain`.

    Attributes:
        title: what is explained, such as "dog.12.jpg: dog, 93.1 %".
        network: the table of the layers.
        input: the picture or row as numbers.
        layers: each layer's Z and A, the first layer first.
        prediction: the answer as the sum of its parts.
        cost: what it costs; None for a regression without a label.
        backward: the gradients; None for a regression without a label.
        update: a step of gradient descent; None for a regression without a label.
        saliency: which features the answer rests on.
        neighbours: the nearest training examples; None where they are not there.
        no_neighbours: why they are not there, in a sentence; empty where they are.
        example: the model's graph on this row, from which the page draws; it is no part of the data.
    """

    title: str
    network: str
    input: Input
    layers: tuple[LayerPart, ...]
    prediction: Prediction
    cost: Cost | None
    backward: Backward | None
    update: Update | None
    saliency: Saliency
    neighbours: Neighbours | None
    no_neighbours: str
    example: Example = field(repr=False)

    def text(self) -> str:
        """Return the walk through the explanation as text, for a terminal."""
        from chainrule.explain.text import explanation_text

        return explanation_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values for JSON; the gradients of parameters as summaries."""
        from chainrule.explain.data import explanation_data

        return explanation_data(self)

    def html(self) -> str:
        """Return the explanation as one page that needs nothing else."""
        from chainrule.explain.page import explanation_page

        return explanation_page(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the explanation to a file: a page (.html) or data (.json).

        Raises:
            UserError: another ending.
            WorkFailed: the file cannot be written.
        """
        ending = Path(path).suffix.lower()
        if ending not in _ENDINGS:
            raise UserError(f"{os.fspath(path)}: an explanation is saved as .html (a page) or .json (data)")
        # Names of files may hold bytes that are no characters: they are spelt out.
        page = self.html().encode("utf-8", "backslashreplace") if ending == ".html" else None
        write_atomically(path, to_json_bytes(self.to_dict()) if page is None else page)

    def _repr_html_(self) -> str:
        from html import escape

        # In a frame of its own, so that the page's styles and scripts leave the notebook alone.
        return f'<iframe srcdoc="{escape(self.html())}" width="100%" height="720" style="border:0"></iframe>'

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Explanation of {self.title}>"
