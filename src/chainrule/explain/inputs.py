"""The picture, or the row, as numbers."""

from __future__ import annotations

import os

import numpy as np

from chainrule.explain.example import Example, ExplainedModel
from chainrule.explain.parts import Input, Number
from chainrule.graph.trace.wording import number_text, summary

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
# Of a row that is no picture, so many of its first numbers are written out.
_NUMBERS = 12


def input_part(example: Example, path: str | None) -> Input:
    """Describe what was read, and how it becomes what the first layer reads.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
        >>> [number.index for number in input_part(Example.of(model, X[0]), None).numbers]
        [0, 1]
    """
    model = example.model
    shape = None if model.pictures is None else model.pictures.shape
    raw_name = "X" if model.preprocessing.kind == "none" else "row" if shape is None else "pixels"
    formula, words = _preprocessing(model, raw_name)
    return Input(
        name="the row" if path is None else os.path.basename(path),
        path=path,
        shape=shape,
        dtype=str(example.row.dtype),
        raw_name=raw_name,
        x_name="X",
        formula=formula,
        preprocessing=words,
        row=example.row,
        x=example.x,
        numbers=tuple(number_at(example, index) for index in _chosen(example.row.size, shape)),
        summary=summary(example.x),
    )


def number_at(example: Example, index: int) -> Number:
    """Return one number of the row, with its place in the picture."""
    place, channel = place_of(example.model, index)
    return Number(index, place, channel, float(example.row[index]), float(example.x[index]))


def place_of(model: ExplainedModel, index: int) -> tuple[tuple[int, int, int] | None, str]:
    """Return the (row, column, channel) and the channel's name of a number of a picture; nothing for other rows."""
    if model.pictures is None:
        return None, ""
    row, column, channel = (int(part) for part in np.unravel_index(index, model.pictures.shape))
    return (row, column, channel), CHANNELS[model.pictures.channels][channel]


def _chosen(size: int, shape: tuple[int, int, int] | None) -> list[int]:
    """Choose the first two pixels, the one in the middle and the last; of other rows the first numbers."""
    if shape is None:
        return list(range(min(size, _NUMBERS)))
    height, width, channels = shape
    pixels = sorted({0, min(1, height * width - 1), (height // 2) * width + width // 2, height * width - 1})
    return [pixel * channels + channel for pixel in pixels for channel in range(channels)]


def _preprocessing(model: ExplainedModel, raw_name: str) -> tuple[str, str]:
    """Return the formula of the preprocessing, and what it does in words."""
    kind, shift = model.preprocessing.kind, model.preprocessing.shift
    if kind == "none":
        return "", "The first layer reads the numbers as they are."
    if shift is None:
        return f"X = {raw_name} / 255", "Each byte, from 0 to 255, becomes a number from 0 to 1."
    if kind == "standardize":
        words = (
            "The mean of the training rows is taken off each number, and the rest is divided by their standard "
            "deviation."
        )
        return f"X = ({raw_name} - mean) / deviation", words
    low, high = number_text(model.preprocessing.low), number_text(model.preprocessing.high)
    words = f"Each number is brought to 0 to 1 by the range of its feature (all together, {low} to {high})."
    return f"X = ({raw_name} - low) / (high - low)", words
