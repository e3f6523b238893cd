"""Explanations for the tests of the page: of small pictures with awkward names, of tables, of a regression."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule.data.settings import PictureSettings
from chainrule.explain.build import explain
from chainrule.explain.explanation import Explanation

Array = NDArray[Any]

AWKWARD = "<script>window.hacked=1</script>"
CLASSES = ['<b>cat</b> & "co"', AWKWARD]
FILE = "pets/<img src=x onerror=window.hacked=2>'\".png"
SIZE = 12


def pictures(count: int = 30, size: int = SIZE) -> tuple[Array, Array]:
    """Noise of red, green and blue; class 1 is brighter in its upper half."""
    generator = np.random.default_rng(5)
    X = generator.integers(0, 180, (count, size, size, 3))
    y = np.arange(count) % 2
    X[y == 1, : size // 2] += 70
    return X.reshape(count, -1).astype(np.uint8), y


def picture_model(size: int = SIZE, hidden: tuple[int, ...] = (10, 4), **options: Any) -> cr.Model:
    X, y = pictures(size=size)
    layers = [cr.Dense(units, "tanh") for units in hidden]
    network = cr.Network([*layers, cr.Dropout(0.2), cr.Dense(1, "sigmoid")])
    model = cr.fit(network, X, y, classes=CLASSES, **{"epochs": 10, "preprocess": "standardize", **options})
    return replace(model, pictures=PictureSettings(size=size))


def of_picture(**options: Any) -> Explanation:
    X, y = pictures()
    return explain(picture_model(), X[1], CLASSES[0], path=FILE, among=(X, np.array(CLASSES)[y]), **options)


def of_table(outputs: int = 1) -> Explanation:
    X = np.random.default_rng(6).normal(size=(40, 5))
    output = cr.Dense(1, "sigmoid") if outputs == 1 else cr.Dense(outputs, "softmax")
    model = cr.fit(cr.Network([cr.Dense(3, "relu"), output]), X, np.arange(40) % max(outputs, 2), epochs=5)
    return explain(model, X[0])


def of_regression(y: float | None = None) -> Explanation:
    X = np.random.default_rng(7).normal(size=(40, 2))
    model = cr.fit(cr.Network([cr.Dense(3, "tanh"), cr.Dense(1)]), X, X[:, 0], epochs=5)
    return explain(model, X[0], y)
