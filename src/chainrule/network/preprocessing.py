"""How raw rows become what the first layer reads: defined once, part of the graph, stored in the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._engine import is_clearly_finite
from chainrule.arguments import array_of
from chainrule.errors import UserError
from chainrule.graph.expression import Expression, constant

Kind = Literal["none", "scale", "standardize"]

_LARGEST_BYTE = 255
_LARGEST_FLOAT = float(np.finfo(np.float64).max)
# Numbers looked at in one go, so that checking does not need a second copy of the data.
_NUMBERS_AT_ONCE = 1 << 18
_REAL_DTYPES = {np.dtype(kind).name for kind in "?bBhHiIlLqQefdg"}


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """What happens to raw rows before the first layer, and which rows are acceptable.

    Attributes:
        kind: "none"; "scale" to 0..1 (bytes by 255, others by the range of each feature); "standardize" to mean 0
            and standard deviation 1 of each feature.
        features: how many numbers a row has.
        dtype: the NumPy dtype of the training rows.
        low, high: the range of the training rows.
        shift, scale: where not bytes are scaled: the row becomes (row - shift) * scale; shape (features,).
    """

    kind: Kind
    features: int
    dtype: str
    low: float
    high: float
    shift: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None

    @classmethod
    def learn(cls, X: NDArray[Any], choice: str | None, rows: NDArray[np.int64] | None = None) -> Preprocessing:
        """Decide from training rows: None scales bytes and leaves other numbers as they are.

        Args:
            X: rows, shape (m, features).
            choice: "scale", "standardize", "none" or None.
            rows: which rows to learn from, so that held-out ones do not count; None for all.

        Raises:
            UserError: an unknown choice, or rows that are no table of finite numbers.

        Example:
            >>> Preprocessing.learn(np.array([[0, 255]], dtype=np.uint8), None).kind
            'scale'
        """
        if choice is not None and choice not in get_args(Kind):
            raise UserError(f'preprocess is "scale", "standardize", "none" or None, not {choice!r}')
        check_rows(X, "X")
        used = np.arange(len(X)) if rows is None else rows
        if len(used) == 0:
            raise UserError("X has no rows: there is nothing to learn from")
        is_bytes = X.dtype == np.uint8
        kind: Any = choice or ("scale" if is_bytes else "none")
        low, high = _ranges(X, used)
        shift, scale = _shift_and_scale(X, used, kind, low, high)
        return cls(kind, X.shape[1], X.dtype.name, float(low.min()), float(high.max()), shift, scale)

    def expression(self, X: Expression) -> Expression:
        """Return the rows as the first layer reads them: part of the graph."""
        if self.shift is not None and self.scale is not None:
            return (X - constant(self.shift, "shift")) * constant(self.scale, "scale")
        return X / _LARGEST_BYTE if self.kind == "scale" else X

    def check(self, X: ArrayLike) -> NDArray[Any]:
        """Return rows that the model may read: bytes for one trained on bytes, if that is exact; else as they are.

        Raises:
            UserError: rows of another width, not finite, or of a range the model was not trained on.
        """
        return self.converted(self.checked(X))

    def checked(self, X: ArrayLike) -> NDArray[Any]:
        """Return rows that the model may read, as they are: `check` without the conversion, which needs memory.

        Raises:
            UserError: as `check`.
        """
        rows = array_of(X, "X")
        check_rows(rows, "X")
        if rows.shape[1] != self.features:
            raise UserError(f"X has {rows.shape[1]} features a row, but the model was trained on {self.features}")
        if self.dtype == "uint8":
            if rows.dtype != np.uint8:
                self._check_bytes(rows)
            return rows
        if rows.dtype.kind in "iu" and self._are_small and rows.size and rows.max() > 1:
            raise UserError(
                f"the model was trained on {self.dtype} from {self.low:g} to {self.high:g}, but X is {rows.dtype} "
                f"up to {rows.max()}: scale it as the training rows were, for example X / 255"
            )
        return rows

    @property
    def _are_small(self) -> bool:
        """Whether the training rows were fractions, as scaled bytes are."""
        return self.dtype.startswith("float") and self.low >= -1 and self.high <= 1

    def converted(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return checked rows as the model reads them: bytes for one trained on bytes."""
        return rows.astype(np.uint8) if self.dtype == "uint8" and rows.dtype != np.uint8 else rows

    def _check_bytes(self, rows: NDArray[Any]) -> None:
        step = _rows_at_once(rows)
        for start in range(0, len(rows), step):
            piece = rows[start : start + step]
            with np.errstate(invalid="ignore"):
                exact = (piece.astype(np.uint8) == piece).all()
            if not exact:
                raise UserError(
                    f"the model was trained on bytes (uint8, 0 to 255), but X is {rows.dtype} from {rows.min():g} "
                    f"to {rows.max():g} and cannot be converted exactly: give the raw rows, for example "
                    "(X * 255).round().astype('uint8')"
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings without the arrays, for a file."""
        return {
            "kind": self.kind,
            "features": self.features,
            "dtype": self.dtype,
            "low": self.low,
            "high": self.high,
        }

    @property
    def tensors(self) -> dict[str, NDArray[np.float64]]:
        """The arrays, for a file."""
        if self.shift is None or self.scale is None:
            return {}
        return {"preprocessing.shift": self.shift, "preprocessing.scale": self.scale}

    @classmethod
    def from_dict(cls, values: object, tensors: Mapping[str, NDArray[Any]]) -> Preprocessing:
        """Make preprocessing from what `to_dict` and `tensors` gave.

        Raises:
            UserError: malformed values.
        """
        if not isinstance(values, Mapping) or set(values) != {"kind", "features", "dtype", "low", "high"}:
            raise UserError("stored preprocessing has exactly kind, features, dtype, low and high")
        kind, features, dtype = values["kind"], values["features"], values["dtype"]
        if kind not in get_args(Kind) or type(features) is not int or features < 1 or not isinstance(dtype, str):
            raise UserError(f"stored preprocessing is malformed: {dict(values)}")
        if dtype not in _REAL_DTYPES:
            raise UserError(f"stored preprocessing is of the unknown dtype {dtype[:40]!r}")
        low, high = (_finite(values[name]) for name in ("low", "high"))
        shift, scale = tensors.get("preprocessing.shift"), tensors.get("preprocessing.scale")
        for array in (shift, scale):
            if array is None:
                continue
            if array.shape != (features,) or array.dtype.kind != "f" or not np.isfinite(array).all():
                raise UserError("stored preprocessing has an array of the wrong shape, or of numbers not finite")
        expects = kind == "standardize" or (kind == "scale" and dtype != "uint8")
        if (shift is not None, scale is not None) != (expects, expects):
            raise UserError(f"stored preprocessing {kind!r} lacks its arrays, or has ones it does not use")
        return cls(kind, features, dtype, low, high, shift, scale)


def _finite(value: object) -> float:
    # A whole number may be too large for a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST_FLOAT:
        raise UserError(f"stored preprocessing has a range that is no number: {str(value)[:40]}")
    return float(value)


def check_rows(X: NDArray[Any], name: str) -> None:
    """Refuse what is no table of finite real numbers; names the first bad place."""
    if X.dtype.kind not in "biuf":
        raise UserError(f"{name} must hold real numbers, but its dtype is {X.dtype}")
    if X.ndim != 2:
        raise UserError(f"{name} must have shape (m, features), one row an example, not {X.shape}")
    if X.shape[1] == 0:
        raise UserError(f"{name} has rows without a single number: its shape is {X.shape}")
    if X.dtype.kind != "f" or (X.size <= _NUMBERS_AT_ONCE and is_clearly_finite(X)):
        return
    step = _rows_at_once(X)
    for start in range(0, len(X), step):
        piece = X[start : start + step]
        if is_clearly_finite(piece):
            continue
        finite = np.isfinite(piece)
        if not finite.all():
            bad = np.argwhere(~finite)
            row, column = int(bad[0][0]) + start, int(bad[0][1])
            raise UserError(
                f"{name} holds {X[row, column]} at row {row}, column {column}: "
                "fill or drop values that are missing or not finite"
            )


def _rows_at_once(X: NDArray[Any]) -> int:
    return max(1, _NUMBERS_AT_ONCE // int(X.shape[1]))


def _pieces(X: NDArray[Any], used: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    step = _rows_at_once(X)
    for start in range(0, len(used), step):
        yield X[used[start : start + step]]


def _ranges(X: NDArray[Any], used: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the smallest and largest value of each feature."""
    low, high = np.full(X.shape[1], np.inf), np.full(X.shape[1], -np.inf)
    for piece in _pieces(X, used):
        low, high = np.minimum(low, piece.min(axis=0)), np.maximum(high, piece.max(axis=0))
    return low, high


def _shift_and_scale(
    X: NDArray[Any], used: NDArray[np.int64], kind: Kind, low: NDArray[Any], high: NDArray[Any]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    if kind == "standardize":
        # The mean of differences is exactly 0 where nothing differs.
        shift = _mean_of(X, used, low, 1) + low
        spread = np.sqrt(_mean_of(X, used, shift, 2))
    elif kind == "scale" and X.dtype != np.uint8:
        shift, spread = low, high - low
    else:
        return None, None
    # A feature that never varies carries nothing: it becomes 0.
    return shift, 1.0 / np.where(spread > 0, spread, 1.0)


def _mean_of(
    X: NDArray[Any], used: NDArray[np.int64], shift: NDArray[np.float64], power: int
) -> NDArray[np.float64]:
    total = np.zeros(X.shape[1])
    for piece in _pieces(X, used):
        total += ((piece - shift) ** power).sum(axis=0)
    return total / len(used)
