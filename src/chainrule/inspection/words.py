"""What a model is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.network.layers import Dense
from chainrule.network.outputs import output_activation

if TYPE_CHECKING:
    from chainrule.model import Model

# What a single layer with this activation is called in textbooks.
_ONE_LAYER = {"sigmoid": "logistic regression", "softmax": "softmax regression", "identity": "linear regression"}
_FITS = {"squash": "squashed to", "pad": "padded to", "crop": "cropped to"}
_MOST_NAMED = 10


def kind(model: Model) -> str:
    """Say what a model is called, for example "logistic regression"."""
    dense = [layer for layer in model.network.layers if isinstance(layer, Dense)]
    activation = output_activation(model.network)
    if len(dense) == 1:
        return _ONE_LAYER.get(activation, f"one layer with {dense[0].activation.name}")
    return f"a network of {len(dense)} layers"


def answers(model: Model) -> str:
    """Say what a model answers."""
    if model.classes is None:
        return "one number" if model.network.outputs == 1 else f"{model.network.outputs} numbers"
    if len(model.classes) == 2:
        first, last = model.classes
        return f"{first} or {last}; {last} from a probability of {model.threshold:g} on"
    named = ", ".join(map(str, model.classes[:_MOST_NAMED]))
    more = ", ..." if len(model.classes) > _MOST_NAMED else ""
    return f"one of {len(model.classes)} classes: {named}{more}; the one of the largest probability"


def rows(model: Model) -> str:
    """Say what a model reads."""
    pictures = model.pictures
    if pictures is None:
        return f"rows of {model.features} numbers" if model.features > 1 else "rows of one number"
    color = "R, G, B of each pixel" if pictures.color == "rgb" else "the grey of each pixel"
    size = f"{pictures.size} x {pictures.size} pixels"
    return f"pictures {_FITS[pictures.fit]} {size}; {color}, row by row: {pictures.features} numbers"


def preprocessing(model: Model) -> str:
    """Say how the numbers are changed before the first layer reads them."""
    given = model.preprocessing
    if given.kind == "none":
        done = "none: the first layer reads the numbers as they are"
    elif given.kind == "standardize":
        done = (
            "standardize: from each number its mean over the training rows is subtracted, then it is divided by "
            "its standard deviation"
        )
    elif given.shift is None:
        done = "scale: each byte is divided by 255, which gives numbers from 0 to 1"
    else:
        done = "scale: the range that each number has in the training rows is brought to 0 to 1"
    return f"{done}. Trained on {given.dtype} from {given.low:g} to {given.high:g}"
