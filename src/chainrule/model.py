"""The trained thing: network, parameters, preprocessing and class names; and the file that holds it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of
from chainrule.compiler.lower import EntrySpec, compile_program
from chainrule.compiler.numpy_run import NumpyRun
from chainrule.compiler.program import Program
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.files import write_atomically
from chainrule.graph.expression import examples
from chainrule.graph.rewrite import stable
from chainrule.network.losses import Loss, loss_from_dict
from chainrule.network.network import Network
from chainrule.network.preprocessing import Preprocessing
from chainrule.tensors import pack, unpack
from chainrule.training.history import History
from chainrule.training.labels import ClassName
from chainrule.training.model_graph import ModelGraph

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation
    from chainrule.graph.trace.trace import Trace

Array = NDArray[Any]

# Rows of numbers, or the paths of picture files (or of one).
Rows: TypeAlias = "ArrayLike | Path | Sequence[str | Path]"

FORMAT = 1
_LARGEST_FILE = 16 << 30
_LONGEST_NUMBER = 9


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network, with everything that is needed to predict.

    Attributes:
        network: its layers.
        parameters: W1, b1, W2, ... by name; W of shape (n_in, n_out), b of shape (n_out,).
        preprocessing: how rows become numbers.
        classes: names in the order of `predict_proba`'s columns; the last of two is the positive class. None where
            the answers are numbers.
        loss: what was minimised.
        pictures: how picture files become rows; None for other data.
        threshold: the probability from which on the positive class is said.
        training: how it was trained, as plain values.
        history: the epochs; empty for a model read from a file.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=100)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, classes=["left", "right"], learning_rate=0.1)
        >>> model.predict_proba(X).shape, sorted(set(model.predict(X).tolist()))
        ((100, 2), ['left', 'right'])
    """

    network: Network
    parameters: Mapping[str, Array]
    preprocessing: Preprocessing
    classes: tuple[ClassName, ...] | None
    loss: Loss
    pictures: PictureSettings | None = None
    threshold: float = 0.5
    training: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)

    @property
    def features(self) -> int:
        """How many numbers a row has."""
        return self.preprocessing.features

    @cached_property
    def _machine(self) -> NumpyRun:
        X = examples("X", features=self.features)
        output = self.network.connect(self.preprocessing.expression(X)).output
        program = compile_program({"forward": EntrySpec({"y_hat": stable([output])[0]})}).program
        return NumpyRun(program, self.parameters)

    @property
    def program(self) -> Program:
        """The compiled program that predicts: its entry is `forward`; print `model.program.listing()`."""
        return self._machine.program

    def outputs(self, X: Rows) -> NDArray[np.float32]:
        """Return what the last layer gives, shape (m, outputs).

        Args:
            X: rows of shape (m, features), or the paths of picture files.

        Raises:
            UserError: rows unlike those the model was trained on, or a picture that cannot be read.
        """
        if isinstance(X, str | Path):
            X = [X]
        rows = self._read_pictures(X) if _are_paths(X) else self.preprocessing.check(array_of(X, "X"))
        return np.asarray(self._machine.run("forward", {"X": rows})["y_hat"])

    def _read_pictures(self, paths: Any) -> Array:
        from chainrule.data.pictures import read_rows

        if self.pictures is None:
            raise UserError("this model was trained on rows, not pictures: give an array of rows")
        rows, _, skipped = read_rows(paths, self.pictures)
        if skipped:
            raise UserError(f"{skipped[0].path} cannot be read as a picture: {skipped[0].reason}")
        return rows

    def predict_proba(self, X: Rows) -> NDArray[np.float32]:
        """Return the probability of each class, shape (m, k), in the order of `classes`.

        Args:
            X: rows of shape (m, features), or the paths of picture files.

        Raises:
            UserError: rows unlike those the model was trained on, or a model whose answers are numbers.
        """
        if self.classes is None:
            raise UserError("this model answers with numbers, not classes: use predict or outputs")
        found = self.outputs(X)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def predict(self, X: Rows) -> Array:
        """Return the class name of each row, shape (m,); numbers of shape (m, outputs) for a regression."""
        if self.classes is None:
            return self.outputs(X)
        return np.array(self.classes)[self.predict_index(self.predict_proba(X))]

    def predict_index(self, probabilities: Array) -> NDArray[np.int64]:
        """Return the index of the class to say for each row of probabilities."""
        if probabilities.shape[1] == 2:
            return (probabilities[:, 1] >= self.threshold).astype(np.int64)
        return np.asarray(probabilities.argmax(axis=1))

    def trace(self, X: Rows, y: ArrayLike) -> Trace:
        """Trace the cost of some examples: every value in float64, and after `backward` every gradient.

        Args:
            X: rows of shape (m, features), or the paths of picture files.
            y: the label of each: classes, or the numbers of a regression.

        Returns:
            The trace of J, the mean loss as the model predicts: without dropout and penalties. Print it, draw it,
            or give it to `model.network.draw(trace=...)`.

        Raises:
            UserError: rows or labels that the model cannot read.

        Example:
            >>> import chainrule as cr
            >>> X, y = cr.points("gauss", count=100)
            >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, learning_rate=0.1)
            >>> trace = model.trace(X[:5], y[:5]).backward()
            >>> trace.value("A1").shape, trace.gradient("W1").shape
            ((5, 1), (2, 1))
        """
        if isinstance(X, str | Path):
            X = [X]
        rows = self._read_pictures(X) if _are_paths(X) else array_of(X, "X")
        return ModelGraph.of(self, rows, y).trace(self.parameters)

    def explain(
        self,
        x: Rows,
        y: object = None,
        *,
        learning_rate: float | None = None,
        run: str | os.PathLike[str] | None = None,
        all_pictures: bool = False,
        among: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> Explanation:
        """Explain one answer: every number from the input to the prediction, the cost, the gradients, an update.

        Args:
            x: one row of shape (features,) or (1, features), or the path of a picture file.
            y: the right label: a class, or the numbers of a regression; None takes the answer for it.
            learning_rate: of the update that is shown; None takes the one that the model was trained with.
            run: the folder of the run that trained the model, for the nearest training pictures.
            all_pictures: whether all of them are looked at; otherwise, of many, an even sample of at most 400.
            among: rows and labels (X, y) in which the nearest are looked for, in place of a run's.

        Returns:
            The explanation: notebooks show it; print it, or `save` it as a page (.html) or as data (.json).

        Raises:
            UserError: more than one row, a row or label that the model cannot read, a picture that cannot be read.

        Example:
            >>> import chainrule as cr
            >>> X, y = cr.points("gauss", count=100)
            >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, learning_rate=0.1)
            >>> explanation = model.explain(X[0], y[0])
            >>> explanation.update.cost_after < explanation.update.cost_before
            True
        """
        from chainrule.explain.build import explain

        if isinstance(x, str | Path):
            x = [x]
        pictures = _are_paths(x)
        path = os.fspath(x[0]) if pictures else None  # type: ignore[index, arg-type]
        row = self._read_pictures(x) if pictures else array_of(x, "x")
        options: dict[str, Any] = {"run": run, "all_pictures": all_pictures, "among": among}
        return explain(self, row, y, learning_rate=learning_rate, path=path, **options)

    def summary(self) -> str:
        """Return a text table of the layers."""
        return self.network.summary(self.features)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one .safetensors file, all or nothing.

        Raises:
            WorkFailed: the file cannot be written.
        """
        write_atomically(path, self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the content of the model's file: the same model gives the same bytes."""
        tensors = {**self.parameters, **self.preprocessing.tensors}
        content = {
            "network": self.network.to_dict(),
            "parameters": list(self.parameters),
            "preprocessing": self.preprocessing.to_dict(),
            "classes": None if self.classes is None else list(self.classes),
            "loss": self.loss.to_dict(self.network.outputs),
            "pictures": None if self.pictures is None else self.pictures.to_dict(),
            "threshold": float(self.threshold),
            "training": dict(self.training),
        }
        description = json.dumps(content, sort_keys=True, allow_nan=False)
        metadata = {
            "format": f"chainrule model {FORMAT}",
            "model": description,
            "model_sha256": _digest(description),
            "sha256": fingerprint(tensors),
        }
        return pack(tensors, metadata)


def _are_paths(X: Any) -> bool:
    return isinstance(X, list | tuple) and bool(X) and all(isinstance(item, str | Path) for item in X)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def fingerprint(tensors: Mapping[str, Array]) -> str:
    """Return the SHA-256 of tensors: their names, dtypes, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model from its file, or from a run's folder.

    Args:
        path: a .safetensors file that `Model.save` wrote, or a folder that holds `model.safetensors`.

    Raises:
        UserError: there is no such file, it is no model, it is damaged, or a newer chainrule wrote it.

    Example:
        >>> import chainrule as cr
        >>> cr.load("no/such/file")
        Traceback (most recent call last):
        chainrule.errors.UserError: no/such/file: there is no such file or folder
    """
    place = Path(path)
    if place.is_dir():
        place = place / "model.safetensors"
        if not place.exists():
            raise UserError(f"{path}: the folder holds no model.safetensors; give a run's folder or a model file")
    try:
        if place.stat().st_size > _LARGEST_FILE:
            raise UserError(f"{path}: the file is too large to be a model")
        data = place.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file or folder") from None
    except OSError as reason:
        raise UserError(f"{path}: cannot be read: {reason.strerror}") from None
    try:
        return from_bytes(data)
    except UserError as reason:
        raise UserError(f"{path}: {reason}") from None


def from_bytes(data: bytes) -> Model:
    """Make a model from the content of its file."""
    tensors, metadata = unpack(data, what="the model file")
    _check_format(metadata.get("format", ""))
    if metadata.get("sha256") != fingerprint(tensors):
        raise UserError("the model file is damaged: its numbers are not those that were written")
    try:
        if metadata["model_sha256"] != _digest(metadata["model"]):
            raise UserError("the model file is damaged: its description is not the one that was written")
        content = json.loads(metadata["model"], parse_constant=_no_constant)
        wanted = {"network", "parameters", "preprocessing", "classes", "loss", "pictures", "threshold", "training"}
        if not isinstance(content, dict) or set(content) != wanted:
            raise UserError("the model file is damaged: its description lacks parts, or has unknown ones")
    except UserError:
        raise
    except (KeyError, ValueError, RecursionError):
        raise UserError("the model file is damaged: its description cannot be read") from None
    return _model(content, tensors)


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not allowed")


def _check_format(name: str) -> None:
    kind, _, number = name.rpartition(" ")
    if kind != "chainrule model" or not (number.isascii() and number.isdigit()) or number.startswith("0"):
        raise UserError("this is no chainrule model")
    if len(number) > _LONGEST_NUMBER or int(number) > FORMAT:
        raise UserError(
            f"a newer chainrule wrote this model (format {number:.20}; this one reads {FORMAT}): update chainrule"
        )


def _model(content: Mapping[str, Any], tensors: Mapping[str, Array]) -> Model:
    network = Network.from_dict(content["network"])
    preprocessing = Preprocessing.from_dict(content["preprocessing"], tensors)
    pictures = None if content["pictures"] is None else PictureSettings.from_dict(_mapping(content["pictures"]))
    if pictures is not None and pictures.features != preprocessing.features:
        raise UserError("the model file is damaged: its pictures have another size than its rows")
    threshold = content["threshold"]
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise UserError(f"the model file is damaged: its threshold is {threshold!r}")
    return Model(
        network=network,
        parameters=_parameters(network, preprocessing, content["parameters"], tensors),
        preprocessing=preprocessing,
        classes=_classes(content["classes"], network.outputs),
        loss=loss_from_dict(content["loss"], network.outputs),
        pictures=pictures,
        threshold=float(threshold),
        training=_mapping(content["training"]),
    )


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
