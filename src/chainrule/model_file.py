"""The file of a model: what is written, and what is checked when it is read back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.graph.expression import examples
from chainrule.network.losses import loss_from_dict
from chainrule.network.network import Network
from chainrule.network.preprocessing import Preprocessing
from chainrule.sealed import sealed, unsealed
from chainrule.training.labels import ClassName
from chainrule.training.model_graph import TrainedModel

Array = NDArray[Any]

FORMAT = 1
_LARGEST_FILE = 16 << 30
_PARTS = {"network", "parameters", "preprocessing", "classes", "loss", "pictures", "threshold", "training"}


def packed(
    model: TrainedModel, *, pictures: PictureSettings | None, threshold: float, training: Mapping[str, Any]
) -> bytes:
    """Return the content of a model's file: the same model gives the same bytes."""
    tensors = {**model.parameters, **model.preprocessing.tensors}
    content = {
        "network": model.network.to_dict(),
        "parameters": list(model.parameters),
        "preprocessing": model.preprocessing.to_dict(),
        "classes": None if model.classes is None else list(model.classes),
        "loss": model.loss.to_dict(model.network.outputs),
        "pictures": None if pictures is None else pictures.to_dict(),
        "threshold": float(threshold),
        "training": dict(training),
    }
    return sealed("model", FORMAT, content, tensors)


def content_of(path: str | os.PathLike[str]) -> bytes:
    """Read a model's file, or the one in a run's folder.

    Raises:
        UserError: there is no such file, or it cannot be read.
    """
    place = Path(path)
    if place.is_dir():
        place = place / "model.safetensors"
        if not place.exists():
            raise UserError(f"{path}: the folder holds no model.safetensors; give a run's folder or a model file")
    try:
        if place.stat().st_size > _LARGEST_FILE:
            raise UserError(f"{path}: the file is too large to be a model")
        return place.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file or folder") from None
    except OSError as reason:
        raise UserError(f"{path}: cannot be read: {reason.strerror}") from None


def unpacked(data: bytes) -> dict[str, Any]:
    """Return the parts of a model from the content of its file, by the names of the model's attributes.

    Raises:
        UserError: it is no model, it is damaged, or a newer chainrule wrote it.
    """
    content, tensors = unsealed(data, "model", FORMAT)
    if set(content) != _PARTS:
        raise UserError("the model file is damaged: its description lacks parts, or has unknown ones")
    return _parts(content, tensors)


def _parts(content: Mapping[str, Any], tensors: Mapping[str, Array]) -> dict[str, Any]:
    network = Network.from_dict(content["network"])
    preprocessing = Preprocessing.from_dict(content["preprocessing"], tensors)
    pictures = None if content["pictures"] is None else PictureSettings.from_dict(_mapping(content["pictures"]))
    if pictures is not None and pictures.features != preprocessing.features:
        raise UserError("the model file is damaged: its pictures have another size than its rows")
    threshold = content["threshold"]
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise UserError(f"the model file is damaged: its threshold is {threshold!r}")
    return {
        "network": network,
        "parameters": _parameters(network, preprocessing, content["parameters"], tensors),
        "preprocessing": preprocessing,
        "classes": _classes(content["classes"], network.outputs),
        "loss": loss_from_dict(content["loss"], network.outputs),
        "pictures": pictures,
        "threshold": float(threshold),
        "training": _mapping(content["training"]),
    }


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"the model file is damaged: {str(value)[:40]!r} is no mapping")
    return value


def _classes(names: object, outputs: int) -> tuple[ClassName, ...] | None:
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) or type(name) is int for name in names):
        raise UserError("the model file is damaged: its classes are no names")
    if len(names) != max(outputs, 2) or len(set(names)) != len(names):
        raise UserError(f"the model file is damaged: {len(names)} classes for {outputs} outputs")
    return tuple(names)


def _parameters(
    network: Network, preprocessing: Preprocessing, names: object, tensors: Mapping[str, Array]
) -> dict[str, Array]:
    connected = network.connect(examples("X", features=preprocessing.features))
    wanted = {str(node.name): tuple(node.shape) for node in connected.parameters}
    if not isinstance(names, list) or names != list(wanted):
        raise UserError(f"the model file is damaged: its network has the parameters {', '.join(wanted)}")
    found: dict[str, Array] = {}
    for name, shape in wanted.items():
        array = tensors.get(name)
        if array is None or array.shape != shape or array.dtype.kind != "f":
            raise UserError(f"the model file is damaged: {name} is missing, or not of shape {shape}")
        if not np.isfinite(array).all():
            raise UserError(f"the model file is damaged: {name} holds numbers that are not finite")
        found[name] = array
    return found
