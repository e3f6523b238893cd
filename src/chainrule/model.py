"""The trained thing: network, parameters, preprocessing and class names; and the file that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments import array_of
from chainrule.compiler.program import Program
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.files import write_atomically
from chainrule.model_file import content_of, packed, unpacked
from chainrule.network.losses import Loss
from chainrule.network.network import Network
from chainrule.network.preprocessing import Preprocessing
from chainrule.prediction import Predictor
from chainrule.training.defaults import DEFAULTS
from chainrule.training.history import History
from chainrule.training.labels import ClassName
from chainrule.training.model_graph import ModelGraph

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation
    from chainrule.graph.trace.trace import Trace

Array = NDArray[Any]

# Rows of numbers, or the paths of picture files (or of one).
Rows: TypeAlias = "ArrayLike | Path | Sequence[str | Path]"

# Of more picture files than fill this many bytes as rows, some are read and answered at a time.
_PICTURE_BYTES = 256 << 20


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
        engine: what computes its answers: "engine", or "reference", which is NumPy.
        threads: how many threads the engine uses; None for all that this process may use. Neither is in the file.

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
    engine: str = DEFAULTS.engine
    threads: int | None = None

    @property
    def features(self) -> int:
        """How many numbers a row has."""
        return self.preprocessing.features

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(
            self.network, self.parameters, self.preprocessing, engine=self.engine, threads=self.threads
        )

    @cached_property
    def _probabilities_entry(self) -> str:
        """The entry that gives the probability of each class."""
        return "probabilities" if self.network.outputs == 1 else "forward"

    @property
    def program(self) -> Program:
        """The compiled program that predicts: print `model.program.listing()`.

        Its entry `forward` gives the outputs; where there is one, `probabilities` gives those of two classes.
        """
        return self._predictor.program

    def outputs(self, X: Rows) -> NDArray[np.float32]:
        """Return what the last layer gives, shape (m, outputs).

        Args:
            X: rows of shape (m, features), or the paths of picture files.

        Raises:
            UserError: rows unlike those the model was trained on, or a picture that cannot be read.
        """
        return self._answers(X, "forward")

    def _answers(self, X: Rows, entry: str) -> NDArray[np.float32]:
        if isinstance(X, np.ndarray):
            return self._predictor(X, entry)
        if isinstance(X, str | Path):
            X = [X]
        if not _are_paths(X):
            return self._predictor(X, entry)
        return np.concatenate([self._predictor(rows, entry) for rows in self._picture_blocks(X)])

    def _picture_blocks(self, paths: Any) -> Iterator[Array]:
        """Read as many pictures at a time as should be in memory together."""
        at_once = max(1, _PICTURE_BYTES // self.features)
        for start in range(0, len(paths), at_once):
            yield self._read_pictures(paths[start : start + at_once])

    def _read_pictures(self, paths: Any) -> Array:
        from chainrule.data.pictures import read_rows

        if self.pictures is None:
            raise UserError("this model was trained on rows, not pictures: give an array of rows")
        rows, _, skipped = read_rows(paths, self.pictures, threads=self.threads)
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
        return self._answers(X, self._probabilities_entry)

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
        return packed(self, pictures=self.pictures, threshold=self.threshold, training=self.training)


def _are_paths(X: Any) -> bool:
    return isinstance(X, list | tuple) and bool(X) and all(isinstance(item, str | Path) for item in X)


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
    data = content_of(path)
    try:
        return from_bytes(data)
    except UserError as reason:
        raise UserError(f"{path}: {reason}") from None


def from_bytes(data: bytes) -> Model:
    """Make a model from the content of its file."""
    return Model(**unpacked(data))
