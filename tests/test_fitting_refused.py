"""Arguments and data that `cr.fit` refuses, each with a message that says what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr

from .test_fitting import NEURON, X, Y, fit


def with_nan(shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.zeros(shape)
    array[1] = np.nan
    return array


BAD: list[tuple[dict[str, Any], str]] = [
    ({"table": X[:10]}, "X has 10 rows but y has 60"),
    ({"table": X[:, 0]}, r"X must have shape \(m, features\)"),
    ({"table": X[:, :0]}, "without a single number"),
    ({"table": X[:0], "y": Y[:0]}, "nothing to learn"),
    ({"table": with_nan((60, 2))}, "X holds nan at row 1, column 0"),
    ({"table": np.full((60, 2), np.inf)}, "X holds inf"),
    ({"table": X.astype(object)}, "dtype is object"),
    ({"table": X.astype(str)}, "dtype is <U"),
    ({"table": X * 1j}, "dtype is complex"),
    ({"table": [[1.0], [1.0, 2.0]]}, "rows of one length"),
    ({"y": with_nan((60,))}, "y holds a value that is no number, at row 1"),
    ({"y": np.stack([Y, Y], axis=1)}, r"y must have shape \(m,\)"),
    ({"y": np.full(60, 3)}, "there is 1 class"),
    ({"y": np.arange(60)}, "60 different labels"),
    ({"network": cr.Network([cr.Dense(2)]), "y": X[:, 0]}, r"y must have shape \(m, 2\)"),
    ({"network": cr.Network([cr.Dense(1)]), "y": np.array(["a"] * 60)}, "y must hold numbers"),
    ({"network": cr.Network([cr.Dense(3, "softmax")]), "loss": "binary_cross_entropy"}, "tells two classes apart"),
    ({"network": cr.Network([cr.Dense(2)]), "loss": "squared_error", "classes": ["a", "b"]}, "compares numbers"),
    ({"loss": "best"}, "no loss"),
    ({"classes": ["a"]}, r"1 class \(a\)"),
    ({"epochs": -1}, "epochs must be a whole number from 0 up"),
    ({"epochs": 1.5}, "epochs must be"),
    ({"epochs": True}, "epochs must be"),
    ({"batch_size": 0}, "batch size"),
    ({"batch_size": "half"}, "batch size"),
    ({"batch_size": 2.5}, "batch size"),
    ({"patience": 0}, "patience must be"),
    ({"tolerance": -1.0}, "tolerance must be"),
    ({"seed": 0.5}, "seed must be"),
    ({"dtype": np.int32}, "float32 or float64"),
    ({"dtype": "number"}, "float32 or float64"),
    ({"learning_rate": 0}, "learning rate must be"),
    ({"optimizer": cr.Adam(), "clip_norm": 1.0}, "to the optimizer itself"),
    ({"clip_norm": -1.0}, "clip_norm must be"),
    ({"l2": -0.1}, "l2 must be"),
    ({"l1": "much"}, "l1 must be"),
    ({"preprocess": "blur"}, "preprocess is"),
    ({"sample_weight": with_nan((60,))}, "sample_weight"),
    ({"class_weight": "fair"}, "class_weight is"),
    ({"validation": 1.0}, "validation"),
    ({"validation": True}, "validation"),
    ({"validation": (X, Y, Y)}, "not 3 things"),
    ({"validation": (X[:0], Y[:0])}, "empty"),
    ({"validation": (X[:, :1], Y)}, "1 features a row"),
    ({"validation": (X, Y + 5)}, "none of the classes"),
    ({"validation": np.array([60])}, "validation must be row numbers of X from 0 to 59"),
    ({"validation": np.arange(60)}, "holds out every row"),
    ({"validation": np.array([], int)}, "names no rows"),
    ({"early_stopping": True}, "give validation=0.15"),
    ({"pictures": cr.PictureSettings(size=8)}, "pictures of"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=str)
def test_what_cannot_be_used_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cr.UserError, match=message):
        fit(**options)


@pytest.mark.parametrize(
    "rows", [np.array([-1]), np.array([60]), np.array([0.5]), np.ones(60, bool), [[1]]], ids=str
)
def test_row_numbers_out_of_range_are_refused(rows: Any) -> None:
    with pytest.raises(cr.UserError, match="rows must be row numbers"):
        cr.fit(NEURON, X, Y, rows=rows)


def test_labels_of_one_class_among_two_numbers_are_learned() -> None:
    model = fit(y=np.zeros(60, int), epochs=50, optimizer=cr.Adam(0.1))
    assert model.classes == (0, 1)
    assert (model.predict(X) == 0).mean() > 0.9
