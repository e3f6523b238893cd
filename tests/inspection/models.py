"""A model of every kind, trained in no time."""

from typing import Any

import numpy as np

import chainrule as cr


def double(z: cr.Expression) -> cr.Expression:
    return 2 * z


def _models() -> dict[str, cr.Model]:
    X, y = cr.points("gauss", count=40)
    pixels = (np.arange(40 * 16).reshape(40, 16) % 256).astype(np.uint8)
    neuron = cr.Network([cr.Dense(1, "sigmoid")])
    deep = cr.Network(
        [cr.Dense(4, "tanh"), cr.Dropout(0.2), cr.Dense(1, "sigmoid", name="the answer, in many words")]
    )
    few: dict[str, Any] = {"epochs": 2}
    grey = cr.PictureSettings(size=4, color="grey", fit="crop")
    return {
        "neuron": cr.fit(neuron, X, y, classes=["left", "right"], **few),
        "deep": cr.fit(deep, X, y, preprocess="standardize", optimizer="momentum", l2=0.1, epochs=12),
        "softmax": cr.fit(cr.Network([cr.Dense(3, "softmax")]), X, np.arange(40) % 3, **few),
        "numbers": cr.fit(cr.Network([cr.Dense(1)]), X, X[:, 0], **few),
        "own": cr.fit(cr.Network([cr.Dense(1, double)]), X, X[:, 0], **few),
        "bytes": cr.fit(neuron, pixels, y, **few),
        "scaled": cr.fit(neuron, X, y, preprocess="scale", **few),
        "pictures": cr.fit(neuron, pixels, y, classes=["cat", "dog"], pictures=grey, **few),
        "long": cr.fit(cr.Network([*[cr.Dense(2, "relu")] * 60, cr.Dense(1, "sigmoid")]), X, y, **few),
    }


MODELS = _models()
